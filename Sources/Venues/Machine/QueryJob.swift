internal import Domain

/// A question under way: its pages, its windows, what it has gathered.
struct QueryJob {
    enum Owner {
        case query(VenueQueryID)
        case wave(UInt64)
        /// Asked for the venue's clock only.
        case clock
        /// A session's own, by a number of its own.
        case own(UInt64)
    }
    enum Kind {
        case instruments
        case openOrders(symbol: String?)
        case detail(VenueOrderReference)
        case history(symbol: String?)
        case fills(symbol: String?)
        case balances
        case serverTime
        /// One that only the venue's own folder understands.
        case own(UInt64)
    }

    let owner: Owner
    let kind: Kind
    var page = 0
    /// Which of several requests this question is at, for venues that need more than one.
    var step = 0
    /// The window being read and the end of all, in milliseconds.
    var from: Int64 = 0
    var to: Int64 = 0
    var end: Int64 = 0
    var instruments: [VenueInstrument] = []
    var orders: [VenueOrder] = []
    var fills: [VenueFill] = []
    /// What a row was, so that one that moved to the next page counts once.
    var seen: Set<String> = []
    var restarts = 0
    /// Rows as they came, and orders that must be asked for by themselves: for venues whose executions are only known in their order's whole list.
    var rows: [[UInt8]] = []
    var incomplete: [String] = []
    /// Where the first window began, in milliseconds.
    var begin: Int64 = 0
    /// As the last answer's header told it.
    var venueTime: Timestamp?

    init(owner: Owner, kind: Kind) { (self.owner, self.kind) = (owner, kind) }

    /// With the first of the windows between two times.
    ///
    /// - Parameter longest: What the venue answers at once, in milliseconds.
    init(owner: Owner, kind: Kind, from: Timestamp, to: Timestamp, longest: Int64) {
        self.init(owner: owner, kind: kind)
        self.from = max(0, from.nanoseconds / 1_000_000)
        begin = self.from
        // Times of a venue are whole milliseconds: the last one begun counts.
        end = max(self.from, to.nanoseconds / 1_000_000 + (to.nanoseconds % 1_000_000 > 0 ? 1 : 0))
        self.to = longest > end - self.from ? end : self.from + longest
    }

    mutating func nextWindow(_ longest: Int64) -> Bool {
        guard to < end else { return false }
        (from, page) = (to, 0)
        to = longest > end - from ? end : from + longest
        return true
    }

    /// From the first page again: rows moved between pages while they were read.
    mutating func restart() -> Bool {
        restarts += 1
        (page, orders, fills, seen) = (0, [], [], [])
        return restarts <= 3
    }

    /// Takes orders that no earlier page showed.
    mutating func take(_ page: [VenueOrder]) {
        for order in page where seen.insert(order.reference.venueID ?? order.reference.clientID ?? "").inserted { orders.append(order) }
    }

    /// Takes fills that no earlier page showed. A trade id alone is not one: two orders of ours may meet in one trade.
    mutating func take(_ page: [VenueFill]) {
        for fill in page {
            let key = "\(fill.tradeID)/\(fill.reference.venueID ?? "")/\(fill.side.name)/\(fill.reference.symbol)"
            if seen.insert(key).inserted { fills.append(fill) }
        }
    }
}
