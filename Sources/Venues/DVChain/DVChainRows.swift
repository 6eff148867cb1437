internal import Domain
internal import JSON

/// One order or trade as the venue shows it, over REST and on the socket.
///
/// - Source: the venue's page, 4.7 and 5.2.
struct DVChainRow: Equatable {
    var id = ""
    var asset = ""
    var counter = "USD"
    var side: Side?
    /// Of the execution; nil while there is none.
    var price: ExactDecimal?
    var limit: ExactDecimal?
    var quantity: ExactDecimal?
    var status = ""
    var created: Timestamp?
    var filled: Timestamp?
    var cancelled: Timestamp?
    var key: String?
    var tag: String?

    private static let names: [StaticString] = [
        "_id", "asset", "counterAsset", "side", "price", "limitPrice", "quantity", "status", "createdAt", "filledAt", "cancelledAt", "tradeKey",
        "clientTag",
    ]

    init(_ bytes: Bytes) throws(JSONError) {
        var reader = JSONReader(bytes)
        try self.init(&reader)
    }

    init(_ reader: inout JSONReader) throws(JSONError) {
        var fields = JSONFields(DVChainRow.names)
        try reader.beginObject()
        while let field = try fields.next(in: &reader) {
            switch field {
            case 0: id = try reader.optionalText() ?? ""
            case 1: asset = try reader.optionalText() ?? ""
            case 2: counter = try reader.optionalText() ?? "USD"
            case 3: side = DVChainWords.side(try reader.optionalText())
            case 4: price = try reader.optionalDecimal().flatMap { $0.mantissa > 0 ? $0 : nil }
            case 5: limit = try reader.optionalDecimal().flatMap { $0.mantissa > 0 ? $0 : nil }
            case 6: quantity = try reader.optionalDecimal()
            case 7: status = try reader.optionalText() ?? ""
            case 8: created = try DVChainWords.time(&reader)
            case 9: filled = try DVChainWords.time(&reader)
            case 10: cancelled = try DVChainWords.time(&reader)
            case 11: key = try reader.optionalText()
            case 12: tag = try reader.optionalText()
            default: preconditionFailure("a field without a place")
            }
        }
        guard !id.isEmpty, !asset.isEmpty else { throw JSONError(offset: 0, expected: "an order with _id and asset") }
    }

    var symbol: String { "\(asset)/\(counter)" }
    var isComplete: Bool { status.lowercased() == "complete" }

    func order(clientID: String?, now: Timestamp) -> VenueOrder {
        let state: VenueOrder.State =
            switch status.lowercased() {
            case "open": .open
            case "complete": .filled
            case "cancelled", "canceled": .cancelled
            case "expired": .expired
            case "rejected": .rejected(.venue, code: status, message: "")
            case _: .unrecognised(status)
            }
        return VenueOrder(
            reference: VenueOrderReference(clientID: clientID, venueID: id, symbol: symbol), state: state, side: side, price: limit ?? price,
            quantity: quantity, cumulativeQuantity: isComplete ? quantity : nil, created: created, updated: filled ?? cancelled ?? created ?? now)
    }

    /// The one fill of an order that is complete: all of it, at its price, without a fee.
    func fill(clientID: String?, now: Timestamp) -> VenueFill? {
        guard isComplete, let side, let price, let quantity else { return nil }
        return VenueFill(
            tradeID: id, reference: VenueOrderReference(clientID: clientID, venueID: id, symbol: symbol), side: side, price: price,
            quantity: quantity, fee: .zero, feeCurrency: counter, liquidity: nil, time: filled ?? created ?? now)
    }
}

enum DVChainWords {
    /// Ours, without regard to case: one version of the API answers in lower case.
    static func side(_ text: String?) -> Side? {
        switch text?.lowercased() {
        case "buy": .buy
        case "sell": .sell
        case _: nil
        }
    }

    static func side(_ side: Side) -> String { side == .buy ? "Buy" : "Sell" }

    /// RFC 3339, or milliseconds since the epoch.
    static func time(_ reader: inout JSONReader) throws(JSONError) -> Timestamp? {
        guard let text = try reader.optionalScalar() else { return nil }
        if let value = text.integer {
            let (nanoseconds, overflow) = value.multipliedReportingOverflow(by: 1_000_000)
            return overflow ? nil : Timestamp(nanoseconds: nanoseconds)
        }
        return ISOTime.parse(text)
    }

    /// `BTC/USD` as its parts.
    static func pair(_ symbol: String) -> (asset: String, counter: String)? {
        let parts = symbol.split(separator: "/", omittingEmptySubsequences: false)
        return parts.count == 2 && !parts[0].isEmpty && !parts[1].isEmpty ? (String(parts[0]), String(parts[1])) : nil
    }
}

/// Lists of rows and what stands beside them.
struct DVChainPage {
    var rows: [DVChainRow] = []
    var total: Int64?
    var pages: Int64?

    /// `{"data":[…],"total":…,"pageCount":…}`, or a bare list.
    init(_ bytes: Bytes) throws(JSONError) {
        var reader = JSONReader(bytes)
        if try reader.peek() == .array {
            try read(&reader)
            return
        }
        var fields = JSONFields(["data", "total", "pageCount"])
        try reader.beginObject()
        while let field = try fields.next(in: &reader) {
            switch field {
            case 0: if try !reader.nextIsNull() { try read(&reader) }
            case 1: total = try reader.optionalInteger()
            default: pages = try reader.optionalInteger()
            }
        }
        guard fields.has(0) else { throw JSONError(offset: 0, expected: "a list under data") }
    }

    private mutating func read(_ reader: inout JSONReader) throws(JSONError) {
        try reader.beginArray()
        while try reader.nextElement() { rows.append(try DVChainRow(&reader)) }
    }
}

/// The answer to a request for a quote.
struct DVChainQuote: Equatable {
    var asset = ""
    var counter = "USD"
    var side: Side?
    var price: ExactDecimal?
    var quantity: ExactDecimal?
    var key: String?
    /// How long it lives from when the venue made it, ns.
    var life: Span?
    var serverTime: Timestamp?

    init(_ bytes: Bytes) throws(JSONError) {
        var reader = JSONReader(bytes)
        var fields = JSONFields(["asset", "counterAsset", "side", "price", "qty", "tradeKey", "expiresIn", "serverTime", "expiresAt"])
        var expires: Timestamp?
        try reader.beginObject()
        while let field = try fields.next(in: &reader) {
            switch field {
            case 0: asset = try reader.optionalText() ?? ""
            case 1: counter = try reader.optionalText() ?? "USD"
            case 2: side = DVChainWords.side(try reader.optionalText())
            case 3: price = try reader.optionalDecimal()
            case 4: quantity = try reader.optionalDecimal()
            case 5: key = try reader.optionalText()
            case 6:
                // More than a day is no quote, and would not fit.
                if let value = try reader.optionalInteger() { life = Span(nanoseconds: min(max(value, 0), 86_400_000) * 1_000_000) }
            case 7: serverTime = try reader.optionalMilliseconds()
            default: expires = try reader.optionalMilliseconds()
            }
        }
        if life == nil, let expires, let serverTime { life = max(expires - serverTime, .zero) }
    }
}

/// A signed net position and the credit that is left on both sides of it.
struct DVChainLimits {
    var balances: [VenueBalance] = []

    init(_ bytes: Bytes) throws(JSONError) {
        var reader = JSONReader(bytes)
        var fields = JSONFields(["assets"])
        try reader.beginObject()
        while try fields.next(in: &reader) != nil {
            if try reader.nextIsNull() { continue }
            try reader.beginArray()
            while try reader.nextElement() { balances.append(try DVChainLimits.row(&reader)) }
        }
        guard fields.has(0) else { throw JSONError(offset: 0, expected: "a list under assets") }
    }

    private static func row(_ reader: inout JSONReader) throws(JSONError) -> VenueBalance {
        var fields = JSONFields(["asset", "maxSell", "maxBuy", "position"])
        var (asset, sell, position) = ("", ExactDecimal.zero, ExactDecimal.zero)
        try reader.beginObject()
        while let field = try fields.next(in: &reader) {
            switch field {
            case 0: asset = try reader.optionalText() ?? ""
            case 1: sell = try reader.optionalDecimal() ?? .zero
            case 2: _ = try reader.optionalDecimal()
            default: position = try reader.optionalDecimal() ?? .zero
            }
        }
        guard !asset.isEmpty else { throw JSONError(offset: 0, expected: "an asset") }
        var balance = VenueBalance(currency: asset, total: position, available: sell, reserved: .zero)
        balance.isCredit = true
        return balance
    }
}
