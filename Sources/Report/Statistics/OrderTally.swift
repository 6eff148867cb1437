import Domain

/// What became of the orders.
struct OrderTally: Sendable {
    /// Count of sent orders by final state, and of refused ones by reason, in order of first appearance until printed.
    struct Counter: Hashable, Sendable {
        private(set) var entries: [(name: String, count: Int)] = []
        /// More names than this are counted together: reasons come from venues and scripts.
        private static let limit = 64

        mutating func count(_ name: String) {
            if let index = entries.firstIndex(where: { $0.name == name }) {
                entries[index].count += 1
            } else if entries.count < Counter.limit {
                entries.append((name, 1))
            } else {
                entries[Counter.limit - 1].count += 1
                entries[Counter.limit - 1].name = "other"
            }
        }

        var total: Int { entries.reduce(0) { $0 + $1.count } }

        /// By name.
        var json: JSON {
            let sorted = entries.sorted { Array($0.name.utf8).lexicographicallyPrecedes(Array($1.name.utf8)) }
            return .object(sorted.map { JSON.Member(key: $0.name, value: .integer($0.count)) })
        }

        static func == (lhs: Counter, rhs: Counter) -> Bool { lhs.json == rhs.json }
        func hash(into hasher: inout Hasher) { hasher.combine(json) }
    }

    private(set) var sent = 0
    private(set) var states = Counter()
    private(set) var rejections = Counter()
    /// In base units.
    private var quantity = Amount.zero
    private var filled = Amount.zero

    mutating func order(_ row: OrderRow, _ instrument: Instrument) {
        if row.isSent {
            sent += 1
            states.count(row.state)
        }
        guard row.isAccepted else {
            if !row.isSent || row.state == "rejected" { rejections.count(row.reason.isEmpty ? row.state : row.reason) }
            return
        }
        quantity += instrument.baseLot * row.quantity.lots
        filled += instrument.baseLot * row.filled.lots
    }

    var fillRatio: Double? { quantity > .zero ? filled.ratio(to: quantity) : nil }
}
