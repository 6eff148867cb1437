internal import Domain
internal import JSON

/// A question under way: its pages, its windows, what it has gathered.
struct CryptoComJob {
    enum Owner {
        case query(VenueQueryID)
        case wave(UInt64)
        /// Asked for the `Date` of its answer only.
        case clock
    }
    enum Kind {
        case instruments
        case openOrders(symbol: String?)
        case detail(VenueOrderReference)
        case history(symbol: String?)
        case fills(symbol: String?)
        case balances
        case serverTime
    }

    static let pageSize = 200
    /// The venue answers at most 24 hours at once.
    static let longest: Int64 = 86_399_999

    let owner: Owner
    let kind: Kind
    var page = 0
    /// The window being read and the end of all, in milliseconds.
    var from: Int64 = 0
    var to: Int64 = 0
    var end: Int64 = 0
    var orders: [VenueOrder] = []
    var fills: [VenueFill] = []
    /// What a row was, so that one that moved to the next page counts once.
    var seen: Set<String> = []
    var restarts = 0
    /// As the last answer's header told it.
    var venueTime: Timestamp?

    init(owner: Owner, kind: Kind) { (self.owner, self.kind) = (owner, kind) }

    /// With the first of the windows between two times.
    init(owner: Owner, kind: Kind, from: Timestamp, to: Timestamp) {
        self.init(owner: owner, kind: kind)
        self.from = max(0, from.nanoseconds / 1_000_000)
        // Times of the venue are whole milliseconds: the last one begun counts.
        end = max(self.from, to.nanoseconds / 1_000_000 + (to.nanoseconds % 1_000_000 > 0 ? 1 : 0))
        self.to = min(end, self.from + CryptoComJob.longest)
    }

    mutating func nextWindow() -> Bool {
        guard to < end else { return false }
        (from, page) = (to, 0)
        to = min(end, from + CryptoComJob.longest)
        return true
    }

    /// From the first page again: rows moved between pages while they were read.
    mutating func restart() -> Bool {
        restarts += 1
        (page, orders, fills, seen) = (0, [], [], [])
        return restarts <= 3
    }

    var method: String {
        switch kind {
        case .instruments: CryptoComMethod.instruments
        case .openOrders: CryptoComMethod.openOrders
        case .detail: CryptoComMethod.detail
        case .history: CryptoComMethod.history
        case .fills: CryptoComMethod.trades
        case .balances: CryptoComMethod.account
        case .serverTime: CryptoComMethod.ticker
        }
    }

    /// - Parameter sample: An instrument that there is, for the question that only wants a header.
    func params(sample: String?) -> [CryptoComField] {
        switch kind {
        case .instruments, .balances: return []
        case .serverTime: return sample.map { [CryptoComField("instrument_name", $0)] } ?? []
        case .detail(let reference): return [CryptoComField("order_id", reference.venueID ?? "")]
        case .openOrders(let symbol):
            return CryptoComJob.named(symbol)
                + [CryptoComField("page_size", String(CryptoComJob.pageSize)), CryptoComField("page", String(page))]
        case .history(let symbol), .fills(let symbol):
            return CryptoComJob.named(symbol) + [
                CryptoComField("start_ts", from), CryptoComField("end_ts", to), CryptoComField("page_size", Int64(CryptoComJob.pageSize)),
                CryptoComField("page", Int64(page)),
            ]
        }
    }

    private static func named(_ symbol: String?) -> [CryptoComField] { symbol.map { [CryptoComField("instrument_name", $0)] } ?? [] }
}

/// Reads lists of results.
enum CryptoComRows {
    /// Calls `body` with each element of the list under `key`; answers how many there were and the `count` beside it.
    static func each(
        _ key: StaticString, of result: Bytes?, _ body: (Bytes) throws(JSONError) -> Void
    ) throws(JSONError) -> (rows: Int, count: Int64?) {
        guard let result else { throw JSONError(offset: 0, expected: "a result") }
        var reader = JSONReader(result)
        var fields = JSONFields([key, "count"])
        var (rows, count): (Int, Int64?) = (0, nil)
        try reader.beginObject()
        while let field = try fields.next(in: &reader) {
            if field == 1 {
                count = try reader.optionalInteger()
                continue
            }
            if try reader.nextIsNull() { continue }
            try reader.beginArray()
            while try reader.nextElement() {
                rows += 1
                try body(try reader.raw())
            }
        }
        guard fields.has(0) else { throw JSONError(offset: 0, expected: "a list") }
        return (rows, count)
    }

    /// `order_info` and `trade_list` of one order; no order where the venue shows none.
    static func detail(
        _ result: Bytes?, symbol: String, now: Timestamp, grids: (String) -> CryptoComGrids?
    ) throws(JSONError) -> (VenueOrder?, [VenueFill]) {
        guard let result else { return (nil, []) }
        var reader = JSONReader(result)
        var fields = JSONFields(["order_info", "trade_list"])
        var order: VenueOrder?
        var fills: [VenueFill] = []
        try reader.beginObject()
        while let field = try fields.next(in: &reader) {
            if try reader.nextIsNull() { continue }
            if field == 0 {
                let bytes = try reader.raw()
                var inner = JSONReader(bytes)
                try inner.beginObject()
                if try inner.nextKey() != nil { order = try CryptoComPrivate.order(bytes, symbol: symbol, now: now, grids: grids) }
                continue
            }
            try reader.beginArray()
            while try reader.nextElement() {
                fills.append(try CryptoComPrivate.fill(try reader.raw(), symbol: symbol, now: now, grids: grids))
            }
        }
        return (order, fills)
    }
}

/// The ids in the answer to a placement.
struct CryptoComOrderID {
    var venueID: String?

    init(_ result: Bytes?) {
        guard let result else { return }
        var reader = JSONReader(result)
        var fields = JSONFields(["order_id"])
        do throws(JSONError) {
            try reader.beginObject()
            if try fields.next(in: &reader) != nil { venueID = try reader.optionalText() }
        } catch {
            venueID = nil
        }
    }
}
