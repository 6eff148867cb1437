internal import Domain
internal import JSON

/// An order as the venue shows it.
///
/// - Source: the venue's page, 6.2 and 7.
struct SmartValorOrder: Equatable {
    var id = ""
    var instrument: Int64 = 0
    var side: Side?
    var isMarket = false
    var status = ""
    var price: ExactDecimal?
    var quantity: ExactDecimal?
    var executed: ExactDecimal?
    var received: Timestamp?

    private static let names: [StaticString] = [
        "id", "instrumentId", "side", "type", "status", "price", "quantity", "executedQuantity", "receivedTimestamp",
    ]

    init(_ bytes: Bytes) throws(JSONError) {
        var reader = JSONReader(bytes)
        try self.init(&reader)
    }

    init(_ reader: inout JSONReader) throws(JSONError) {
        var fields = JSONFields(SmartValorOrder.names)
        try reader.beginObject()
        while let field = try fields.next(in: &reader) {
            switch field {
            case 0: id = try reader.optionalText() ?? ""
            case 1: instrument = try reader.optionalInteger() ?? 0
            case 2: side = SmartValorWords.side(try reader.optionalText())
            case 3: isMarket = try reader.optionalText()?.uppercased() == "MARKET"
            case 4: status = try reader.optionalText() ?? ""
            case 5: price = try reader.optionalDecimal()
            case 6: quantity = try reader.optionalDecimal()
            case 7: executed = try reader.optionalDecimal()
            default: received = try reader.optionalMilliseconds()
            }
        }
        guard !id.isEmpty else { throw JSONError(offset: 0, expected: "an order with an id") }
    }

    func order(symbol: String, clientID: String?, now: Timestamp) -> VenueOrder {
        let state: VenueOrder.State =
            switch status.uppercased() {
            case "UNKNOWN", "ACCEPTED": .pending
            case "WORKING": .open
            case "FULLYEXECUTED": .filled
            case "CANCELED", "CANCELLED": .cancelled
            case "REJECTED": .rejected(.venue, code: status, message: "")
            case "EXPIRED": .expired
            case _: .unrecognised(status)
            }
        return VenueOrder(
            reference: VenueOrderReference(clientID: clientID, venueID: id, symbol: symbol), state: state, side: side, price: isMarket ? nil : price,
            quantity: quantity, cumulativeQuantity: executed, created: received, updated: now)
    }
}

/// A trade of ours or of others.
struct SmartValorTrade: Equatable {
    var id = ""
    var instrument: Int64 = 0
    var order: String?
    var side: Side?
    var price: ExactDecimal?
    var quantity: ExactDecimal?
    var fee: ExactDecimal?
    var time: Timestamp?

    init(_ reader: inout JSONReader) throws(JSONError) {
        var fields = JSONFields(["id", "instrumentId", "orderId", "side", "price", "quantity", "fee", "timestamp"])
        try reader.beginObject()
        while let field = try fields.next(in: &reader) {
            switch field {
            case 0: id = try reader.optionalText() ?? ""
            case 1: instrument = try reader.optionalInteger() ?? 0
            case 2: order = try reader.optionalText()
            case 3: side = SmartValorWords.side(try reader.optionalText())
            case 4: price = try reader.optionalDecimal()
            case 5: quantity = try reader.optionalDecimal()
            case 6: fee = try reader.optionalDecimal()
            default: time = try reader.optionalMilliseconds()
            }
        }
        guard !id.isEmpty else { throw JSONError(offset: 0, expected: "a trade with an id") }
    }

    /// As an execution of ours; nil where it names no order.
    func fill(symbol: String, quote: String, clientID: String?, now: Timestamp) -> VenueFill? {
        guard let order, let side, let price, let quantity, quantity.mantissa > 0 else { return nil }
        return VenueFill(
            tradeID: id, reference: VenueOrderReference(clientID: clientID, venueID: order, symbol: symbol), side: side, price: price,
            quantity: quantity, fee: fee ?? .zero, feeCurrency: quote, liquidity: nil, time: time ?? now)
    }
}

/// An instrument: addressed by its number, told to people by its products.
struct SmartValorInstrument: Equatable {
    var id: Int64 = 0
    var base = ""
    var quote = ""

    init(_ reader: inout JSONReader) throws(JSONError) {
        var fields = JSONFields(["id", "product1", "product2"])
        try reader.beginObject()
        while let field = try fields.next(in: &reader) {
            switch field {
            case 0: id = try reader.optionalInteger() ?? 0
            case 1: base = try SmartValorWords.code(&reader)
            default: quote = try SmartValorWords.code(&reader)
            }
        }
        guard id > 0, !base.isEmpty, !quote.isEmpty else { throw JSONError(offset: 0, expected: "an instrument with id and two products") }
    }

    /// The venue's own label is not to be relied on.
    var symbol: String { "\(base)_\(quote)" }
}

enum SmartValorWords {
    static func side(_ text: String?) -> Side? {
        switch text?.uppercased() {
        case "BUY": .buy
        case "SELL": .sell
        case _: nil
        }
    }

    /// The `isoCode` of a product.
    static func code(_ reader: inout JSONReader) throws(JSONError) -> String {
        var fields = JSONFields(["isoCode"])
        var code = ""
        try reader.beginObject()
        while try fields.next(in: &reader) != nil { code = try reader.optionalText() ?? "" }
        return code
    }

    /// Each element of a list.
    static func each(_ bytes: Bytes?, _ body: (inout JSONReader) throws(JSONError) -> Void) throws(JSONError) {
        guard let bytes else { throw JSONError(offset: 0, expected: "a list") }
        var reader = JSONReader(bytes)
        try reader.beginArray()
        var count = 0
        while try reader.nextElement() {
            count += 1
            guard count <= 100_000 else { throw reader.wrong("at most 100000 rows") }
            try body(&reader)
        }
        try reader.finish()
    }

    /// One number of an object: `timestamp`, `amount`.
    static func integer(_ key: StaticString, of bytes: Bytes?) throws(JSONError) -> Int64? {
        guard let bytes else { return nil }
        var reader = JSONReader(bytes)
        var fields = JSONFields([key])
        try reader.beginObject()
        guard try fields.next(in: &reader) != nil else { return nil }
        return try reader.optionalInteger()
    }

    /// The texts of a refusal.
    static func refusal(_ bytes: Bytes) -> String {
        var reader = JSONReader(bytes)
        var fields = JSONFields(["error", "message", "status"])
        var texts: [String] = []
        do throws(JSONError) {
            try reader.beginObject()
            while try fields.next(in: &reader) != nil {
                if try reader.peek() == .string { texts.append(try reader.text()) } else { try reader.skip() }
            }
        } catch {
            return ""
        }
        return texts.joined(separator: ": ")
    }

    static func balance(_ reader: inout JSONReader) throws(JSONError) -> VenueBalance {
        var fields = JSONFields(["product", "totalBalance", "hold", "availableBalance"])
        var (code, total, hold, available) = ("", ExactDecimal.zero, ExactDecimal.zero, ExactDecimal?.none)
        try reader.beginObject()
        while let field = try fields.next(in: &reader) {
            switch field {
            case 0: code = try SmartValorWords.code(&reader)
            case 1: total = try reader.optionalDecimal() ?? .zero
            case 2: hold = try reader.optionalDecimal() ?? .zero
            default: available = try reader.optionalDecimal()
            }
        }
        guard !code.isEmpty else { throw JSONError(offset: 0, expected: "a balance with a product") }
        return VenueBalance(currency: code, total: total, available: available ?? total, reserved: hold)
    }

    /// A whole book: one list, both sides mixed, equal prices added up.
    static func book(_ bytes: Bytes, _ grids: InstrumentGrids) throws -> BookData {
        var book = BookData()
        var reader = JSONReader(bytes)
        try reader.beginArray()
        while try reader.nextElement() {
            var fields = JSONFields(["side", "price", "quantity"])
            var (side, ticks, size): (Side?, Int64?, Int64?) = (nil, nil, nil)
            try reader.beginObject()
            while let field = try fields.next(in: &reader) {
                switch field {
                case 0: side = SmartValorWords.side(try reader.optionalText())
                case 1: ticks = try grids.ticks(try reader.scalar())
                default: size = try grids.units(try reader.scalar())
                }
            }
            guard let side, let ticks, let size else { throw MarketFault(why: "a level without side, price or quantity") }
            switch side {
            case .buy: add(BookLevel(ticks: ticks, size: size), to: &book.bids)
            case .sell: add(BookLevel(ticks: ticks, size: size), to: &book.asks)
            }
        }
        return book
    }

    private static func add(_ level: BookLevel, to levels: inout [BookLevel]) {
        if let place = levels.firstIndex(where: { $0.ticks == level.ticks }) {
            let (sum, overflow) = levels[place].size.addingReportingOverflow(level.size)
            levels[place].size = overflow ? .max : sum
        } else if levels.count < 1_000 {
            levels.append(level)
        }
    }
}
