import Domain
import Market

/// The rules of price-time matching with a list and nothing else: what ``MatchingBook`` is checked against.
struct NaiveBook {
    struct Entry: Hashable {
        var serial: UInt64
        var side: Side
        var price: Int64
        var lots: Int64
        var owner: UInt16
    }

    struct Change: Hashable {
        var kind: BookEvent.Kind
        var entry: Entry
        /// The event's quantity, and what the level holds afterwards.
        var lots: Int64
        var level: Int64
        var taker: UInt16
    }

    var entries: [Entry] = []
    var serial: UInt64 = 0
    var changes: [Change] = []

    func level(_ side: Side, _ price: Int64) -> Int64 {
        entries.filter { $0.side == side && $0.price == price }.reduce(0) { $0 + $1.lots }
    }

    /// Best price first, then first come.
    func queue(_ side: Side) -> [Entry] {
        entries.filter { $0.side == side }
            .sorted { $0.price == $1.price ? $0.serial < $1.serial : ($0.price < $1.price) == (side == .sell) }
    }

    private mutating func note(_ kind: BookEvent.Kind, _ entry: Entry, _ lots: Int64, taker: UInt16) {
        changes.append(Change(kind: kind, entry: entry, lots: lots, level: level(entry.side, entry.price), taker: taker))
    }

    mutating func match(_ side: Side, _ lots: Int64, limit: Int64, owner: UInt16) -> Int64 {
        var leaves = lots
        while leaves > 0, let head = queue(side.opposite).first,
            side == .buy ? head.price <= limit : head.price >= limit
        {
            guard let index = entries.firstIndex(where: { $0.serial == head.serial }) else { break }
            let filled = min(leaves, head.lots)
            leaves -= filled
            entries[index].lots -= filled
            if entries[index].lots == 0 { entries.remove(at: index) }
            note(.filled, head, filled, taker: owner)
        }
        return leaves
    }

    mutating func place(_ side: Side, _ lots: Int64, at price: Int64, owner: UInt16, postOnly: Bool) -> UInt64? {
        if postOnly, let head = queue(side.opposite).first, side == .buy ? price >= head.price : price <= head.price { return nil }
        let leaves = match(side, lots, limit: price, owner: owner)
        if leaves == 0 { return nil }
        serial += 1
        let entry = Entry(serial: serial, side: side, price: price, lots: leaves, owner: owner)
        entries.append(entry)
        note(.added, entry, leaves, taker: owner)
        return serial
    }

    mutating func cancel(_ serial: UInt64) -> Bool {
        guard let index = entries.firstIndex(where: { $0.serial == serial }) else { return false }
        let entry = entries.remove(at: index)
        note(.cancelled, entry, entry.lots, taker: entry.owner)
        return true
    }

    mutating func reduce(_ serial: UInt64, to lots: Int64) -> Bool {
        guard let index = entries.firstIndex(where: { $0.serial == serial }), lots > 0, lots < entries[index].lots else {
            return false
        }
        entries[index].lots = lots
        note(.reduced, entries[index], lots, taker: entries[index].owner)
        return true
    }
}
