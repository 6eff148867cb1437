internal import Domain
internal import JSON

/// Lists of the venue that rarely change. Their keys may have spaces around them.
enum ApifinyReference {
    /// A row's fields as texts, keys trimmed; numbers as they are written.
    static func fields(_ row: Bytes) throws(JSONError) -> [String: String] {
        var reader = JSONReader(row)
        var fields: [String: String] = [:]
        try reader.beginObject()
        while let key = try reader.nextKey() {
            let name = key.bytes.trimmed.text
            switch try reader.peek() {
            case .string, .number: fields[name] = try reader.optionalText()
            case .bool: fields[name] = try reader.bool() ? "true" : "false"
            case .null, .object, .array: try reader.skip()
            }
        }
        try reader.finish()
        return fields
    }

    static func symbol(_ row: Bytes) throws(JSONError) -> VenueInstrument {
        let told = try fields(row)
        guard let symbol = told["symbol"], let base = told["baseAsset"], let quote = told["quoteAsset"] else {
            throw JSONError(offset: 0, expected: "a symbol with symbol, baseAsset and quoteAsset")
        }
        func number(_ key: String) -> ExactDecimal? { told[key].flatMap { try? ExactDecimal($0) }.flatMap { $0.mantissa > 0 ? $0 : nil } }
        return VenueInstrument(
            symbol: symbol, base: base, quote: quote, tick: number("tickSize"), lot: number("stepSize"), minQuantity: number("minQuantity"),
            maxQuantity: number("maxQuantity"), minNotional: number("minNotional"), isTrading: told["status"].map { $0 == "enabled" } ?? true)
    }

    /// The account's state at the venue; nil where it may trade.
    static func hindrance(_ result: Bytes?, venue: String) throws(JSONError) -> String? {
        guard let row = try ApifinyEnvelope.first(result) else { return "the venue does not know the account" }
        var reader = JSONReader(row)
        var fields = JSONFields(["accountStatus", "subAccountInfo"])
        var status: String?
        var own: String?
        try reader.beginObject()
        while let field = try fields.next(in: &reader) {
            if field == 0 {
                status = try reader.optionalText()
                continue
            }
            try ApifinyEnvelope.each(try reader.raw()) { row throws(JSONError) in
                let sub = try ApifinyReference.fields(row)
                if sub["venue"] == venue { own = sub["accountStatus"] }
            }
        }
        for word in [status, own].compactMap({ $0 }) where word != "OPENED" {
            return "the account is \(word): \(word == "RESTRICTED" ? "it may only be asked" : "it may do nothing")"
        }
        return nil
    }
}

/// The account's share of each trade, as a fraction.
struct ApifinyCommission: Equatable {
    var taker: ExactDecimal
    var maker: ExactDecimal

    init(_ row: Bytes) throws(JSONError) {
        let told = try ApifinyReference.fields(row)
        guard let taker = told["takeFee"].flatMap({ try? ExactDecimal($0) }), let maker = told["makeFee"].flatMap({ try? ExactDecimal($0) }) else {
            throw JSONError(offset: 0, expected: "rates with takeFee and makeFee")
        }
        (self.taker, self.maker) = (taker, maker)
    }
}
