internal import Domain
internal import JSON

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
        _ result: Bytes?, symbol: String, now: Timestamp, grids: (String) -> InstrumentGrids?
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
