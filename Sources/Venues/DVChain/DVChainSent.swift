internal import Domain

/// What this session sent and what it knows of it since: by which name a row of the venue is ours, and which orders are worth a look.
struct DVChainSent {
    struct Entry {
        var clientID: String
        var symbol: String
        var side: Side
        var quantity: ExactDecimal
        /// Nil for a market order.
        var price: ExactDecimal?
        /// Of an accepted quote.
        var key: String?
        var at: Timestamp
        var venueID: String?
        var isFinal = false
        /// Its placement has no answer, and we have been told so.
        var isLost = false
    }

    private static let capacity = 2_048
    private(set) var entries: [Entry] = []

    mutating func add(_ entry: Entry) {
        if entries.count >= DVChainSent.capacity {
            // What ended goes first, the oldest of it.
            if let place = entries.firstIndex(where: \.isFinal) { entries.remove(at: place) } else { entries.removeFirst() }
        }
        entries.append(entry)
    }

    func entry(_ clientID: String) -> Entry? { entries.last { $0.clientID == clientID } }
    var live: [Entry] { entries.filter { !$0.isFinal } }

    mutating func learn(_ clientID: String, venueID: String?, isFinal: Bool) {
        guard let place = entries.lastIndex(where: { $0.clientID == clientID }) else { return }
        if let venueID { entries[place].venueID = venueID }
        if isFinal { entries[place].isFinal = true }
    }

    /// The client id that a row is ours by: its tag, its id, its key, or where the tag was dropped by all that was sent.
    func owner(of row: DVChainRow) -> String? {
        if let own = row.tag.flatMap(DVChainTag.clientID) { return own }
        if let known = entries.last(where: { $0.venueID == row.id }) { return known.clientID }
        if let key = row.key, let named = entries.last(where: { $0.key == key }) { return named.clientID }
        guard row.tag == nil else { return nil }
        let alike = entries.filter { looksLike($0, row) }
        // Two that look alike cannot be told apart.
        return alike.count == 1 ? alike[0].clientID : nil
    }

    private func looksLike(_ entry: Entry, _ row: DVChainRow) -> Bool {
        guard entry.venueID == nil, !entry.isFinal, entry.symbol == row.symbol, entry.side == row.side, same(entry.quantity, row.quantity) else {
            return false
        }
        if let price = entry.price {
            guard let limit = row.limit, same(limit, price) else { return false }
        }
        guard let created = row.created else { return true }
        return created.nanoseconds >= entry.at.nanoseconds - 5_000_000_000
    }

    private func same(_ lhs: ExactDecimal, _ rhs: ExactDecimal?) -> Bool {
        guard let rhs else { return false }
        let common = max(lhs.scale, rhs.scale)
        guard let left = lhs.scaled(to: common), let right = rhs.scaled(to: common) else { return false }
        return left == right
    }

    /// Whether a placement ended without an answer since the last look.
    func hasNews(_ names: OrderNames) -> Bool { entries.contains { !$0.isFinal && !$0.isLost && $0.venueID == nil && names.placing[$0.clientID] == nil } }

    mutating func noteLost(_ names: OrderNames) -> [Entry] {
        var lost: [Entry] = []
        for place in entries.indices where !entries[place].isFinal && !entries[place].isLost && entries[place].venueID == nil {
            if names.placing[entries[place].clientID] != nil { continue }
            entries[place].isLost = true
            lost.append(entries[place])
        }
        return lost
    }
}
