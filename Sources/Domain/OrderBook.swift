/// The single orders of a recorded market, on tapes that hold them (level 3), kept so that a ``Book`` of levels can be.
///
/// An open-addressing table over the tape's order ids: no allocation per event once it has grown.
public struct OrderBook: Sendable {
    private struct Entry: Sendable, BitwiseCopyable {
        var id: Int64
        var ticks: Int64
        /// 0 marks a free place.
        var size: Int64
        var side: Side
    }

    private var table: [Entry]
    private var used = 0

    public init() { table = [] }

    public mutating func clear() {
        table.removeAll(keepingCapacity: false)
        used = 0
    }

    /// Applies an `orderAdd`, `orderModify`, `orderCancel` or `orderFill` record to the levels.
    public mutating func apply(_ record: UnsafePointer<MarketRecord>, to book: inout Book) {
        let id = unsafe record.pointee.e
        switch unsafe record.pointee.kind {
        case .orderAdd:
            unsafe set(id, ticks: record.pointee.a, size: record.pointee.b, side: record.pointee.side ?? .buy, in: &book)
        case .orderModify:
            guard let place = find(id) else { return }
            unsafe set(id, ticks: record.pointee.a, size: record.pointee.b, side: table[place].side, in: &book)
        case .orderCancel:
            remove(id, in: &book)
        case .orderFill:
            guard let place = find(id) else { return }
            let entry = table[place]
            let left = unsafe entry.size - record.pointee.b
            set(id, ticks: entry.ticks, size: max(left, 0), side: entry.side, in: &book)
        case .level, .clear, .trade, .quote, .bar, .status:
            return
        }
    }

    private mutating func set(_ id: Int64, ticks: Int64, size: Int64, side: Side, in book: inout Book) {
        remove(id, in: &book)
        guard size > 0 else { return }
        book.set(side, ticks: ticks, size: book.size(side, ticks: ticks) + size)
        insert(Entry(id: id, ticks: ticks, size: size, side: side))
    }

    private mutating func remove(_ id: Int64, in book: inout Book) {
        guard let place = find(id) else { return }
        let entry = table[place]
        book.set(entry.side, ticks: entry.ticks, size: max(book.size(entry.side, ticks: entry.ticks) - entry.size, 0))
        vacate(place)
    }

    private static func hash(_ id: Int64, _ mask: Int) -> Int {
        Int(truncatingIfNeeded: UInt64(bitPattern: id) &* 0x9E37_79B9_7F4A_7C15 >> 20) & mask
    }

    private func find(_ id: Int64) -> Int? {
        guard !table.isEmpty else { return nil }
        let mask = table.count - 1
        var place = OrderBook.hash(id, mask)
        while table[place].size != 0 {
            if table[place].id == id { return place }
            place = (place + 1) & mask
        }
        return nil
    }

    private mutating func insert(_ entry: Entry) {
        if used * 2 >= table.count { grow() }
        let mask = table.count - 1
        var place = OrderBook.hash(entry.id, mask)
        while table[place].size != 0 { place = (place + 1) & mask }
        table[place] = entry
        used += 1
    }

    /// Moves later entries of the run back, so that no search stops short of them.
    private mutating func vacate(_ start: Int) {
        let mask = table.count - 1
        var hole = start
        var next = (hole + 1) & mask
        while table[next].size != 0 {
            let home = OrderBook.hash(table[next].id, mask)
            if (next - home) & mask >= (next - hole) & mask {
                table[hole] = table[next]
                hole = next
            }
            next = (next + 1) & mask
        }
        table[hole].size = 0
        used -= 1
    }

    private mutating func grow() {
        let old = table
        table = Array(repeating: Entry(id: 0, ticks: 0, size: 0, side: .buy), count: max(64, old.count * 2))
        used = 0
        for entry in old where entry.size != 0 { insert(entry) }
    }
}
