internal import Domain
internal import JSON

/// Orders, executions, balances and instruments as the venue writes them, in all of its shapes.
enum ValrPrivate {
    /// Where an order was shown: a word that means one thing on the open list means another in the history.
    enum Place { case open, push, history }

    private static let orderNames: [StaticString] = [
        "orderId", "side", "orderSide", "remainingQuantity", "quantity", "originalQuantity", "price", "originalPrice", "currencyPair", "createdAt",
        "orderCreatedAt", "updatedAt", "orderUpdatedAt", "customerOrderId", "status", "orderStatusType", "failedReason", "timeInForce",
        "totalExecutedQuantity", "type", "orderType",
    ]

    static func order(_ bytes: Bytes, _ place: Place, now: Timestamp) throws(JSONError) -> ValrOrder {
        var reader = JSONReader(bytes)
        var fields = JSONFields(orderNames)
        var (id, client, pair, status): (String?, String?, String?, String) = (nil, nil, nil, "")
        var (reason, force, type, side): (String, String, String, Side?) = ("", "", "", nil)
        var (remaining, shown, original): (ExactDecimal?, ExactDecimal?, ExactDecimal?) = (nil, nil, nil)
        var (price, executed): (ExactDecimal?, ExactDecimal?) = (nil, nil)
        var (created, updated): (Timestamp?, Timestamp?) = (nil, nil)
        try reader.beginObject()
        while let field = try fields.next(in: &reader) {
            switch field {
            case 0: id = try reader.optionalText()
            case 1, 2: side = Side(valr: try reader.optionalScalar()) ?? side
            case 3: remaining = try reader.optionalDecimal()
            case 4: shown = try reader.optionalDecimal()
            case 5: original = try reader.optionalDecimal()
            case 6, 7: price = try reader.optionalDecimal() ?? price
            case 8: pair = try reader.optionalText()
            case 9, 10: created = try reader.optionalTime() ?? created
            case 11, 12: updated = try reader.optionalTime() ?? updated
            case 13: client = try reader.optionalText()
            case 14, 15: status = try reader.optionalText() ?? status
            case 16: reason = try reader.optionalText() ?? ""
            case 17: force = try reader.optionalText() ?? ""
            case 18: executed = try reader.optionalDecimal()
            case 19, 20: type = try reader.optionalText() ?? type
            default: preconditionFailure("a field without a place")
            }
        }
        try reader.finish()
        guard let id, let pair else { throw JSONError(offset: 0, expected: "an order with orderId and currencyPair") }
        // `quantity` of the open list is what remains; elsewhere it may be the whole.
        let left = remaining ?? (place == .history ? nil : shown)
        let whole = original ?? (place == .history ? shown : nil)
        let filled = executed ?? whole.flatMap { whole in left.flatMap { whole.adding(-$0) } }
        let state = state(status, reason, place, hasFills: filled.map { $0.mantissa > 0 } ?? false)
        let order = VenueOrder(
            reference: VenueOrderReference(clientID: client, venueID: id, symbol: pair), state: state, side: side, price: price, quantity: whole,
            cumulativeQuantity: filled, created: created, updated: updated ?? created ?? now)
        let isBrief = force == "IOC" || force == "FOK" || type == "market" || type == "simple"
        let wasFailed = ValrPrivate.plain(status) == "failed"
        return ValrOrder(order: order, mayHaveEnded: isBrief && state == .open, failedWithFills: wasFailed && order.state == .cancelled)
    }

    /// - Source: VALR's order statuses, compared without case, spaces, `_` and `-`.
    private static func state(_ status: String, _ reason: String, _ place: Place, hasFills: Bool) -> VenueOrder.State {
        switch plain(status) {
        case "placed", "active", "ordermodified": return .open
        // Live on the open list; elsewhere the rest of it is gone.
        case "partiallyfilled": return place == .history ? .cancelled : .open
        case "partiallyfilledduetoslippage": return .cancelled
        case "filled": return .filled
        case "cancelled", "canceled":
            if case .rejected(.postOnly)? = ValrError.verdict(of: reason), !hasFills { return .rejected(.postOnly, code: "", message: reason) }
            return .cancelled
        case "failed": return hasFills ? .cancelled : .rejected(ValrError.reason(reason), code: "", message: reason)
        case "expired": return .expired
        case let other: return .unrecognised(other)
        }
    }

    private static func plain(_ status: String) -> String {
        String(decoding: status.lowercased().utf8.filter { $0 != 32 && $0 != 95 && $0 != 45 }, as: UTF8.self)
    }

    private static let tradeNames: [StaticString] = [
        "id", "orderId", "currencyPair", "price", "quantity", "side", "fee", "feeCurrency", "tradedAt", "customerOrderId", "makerReward",
        "makerRewardCurrency",
    ]

    /// An execution, and whether its fee was told.
    static func fill(_ bytes: Bytes, now: Timestamp) throws(JSONError) -> (fill: VenueFill, hasFee: Bool) {
        var reader = JSONReader(bytes)
        var fields = JSONFields(tradeNames)
        var (id, orderID, pair, client): (String?, String?, String?, String?) = (nil, nil, nil, nil)
        var (price, quantity, fee, reward): (ExactDecimal?, ExactDecimal?, ExactDecimal?, ExactDecimal?) = (nil, nil, nil, nil)
        var (feeCurrency, rewardCurrency, side, time): (String?, String?, Side?, Timestamp?) = (nil, nil, nil, nil)
        try reader.beginObject()
        while let field = try fields.next(in: &reader) {
            switch field {
            case 0: id = try reader.optionalText()
            case 1: orderID = try reader.optionalText()
            case 2: pair = try reader.optionalText()
            case 3: price = try reader.optionalDecimal()
            case 4: quantity = try reader.optionalDecimal()
            case 5: side = Side(valr: try reader.optionalScalar())
            case 6: fee = try reader.optionalDecimal()
            case 7: feeCurrency = try reader.optionalText()
            case 8: time = try reader.optionalTime()
            case 9: client = try reader.optionalText()
            case 10: reward = try reader.optionalDecimal()
            case 11: rewardCurrency = try reader.optionalText()
            default: preconditionFailure("a field without a place")
            }
        }
        try reader.finish()
        guard let id, let orderID, let pair, let side, let price, let quantity else {
            throw JSONError(offset: 0, expected: "an execution with id, orderId, currencyPair, side, price and quantity")
        }
        let isReward = fee.map { $0.mantissa == 0 } ?? true && reward != nil
        let made = VenueFill(
            tradeID: id, reference: VenueOrderReference(clientID: client, venueID: orderID, symbol: pair), side: side, price: price,
            quantity: quantity, fee: isReward ? -(reward ?? .zero) : fee ?? .zero, feeCurrency: (isReward ? rewardCurrency : feeCurrency) ?? "",
            liquidity: isReward ? .maker : nil, time: time ?? now)
        return (made, fee != nil || reward != nil)
    }

    private static let balanceNames: [StaticString] = ["currency", "available", "reserved", "total"]

    /// Of a listing, where the currency is a text, or of a push, where it is an object whose `shortName` counts.
    static func balance(_ bytes: Bytes) throws(JSONError) -> VenueBalance {
        var reader = JSONReader(bytes)
        var fields = JSONFields(balanceNames)
        var (currency, total, available, reserved): (String?, ExactDecimal?, ExactDecimal?, ExactDecimal?) = (nil, nil, nil, nil)
        try reader.beginObject()
        while let field = try fields.next(in: &reader) {
            switch field {
            case 0:
                guard try reader.peek() == .object else { currency = try reader.optionalText(); continue }
                var inner = JSONFields(["shortName", "symbol"])
                var symbol: String?
                try reader.beginObject()
                while let name = try inner.next(in: &reader) {
                    if name == 0 { currency = try reader.optionalText() } else { symbol = try reader.optionalText() }
                }
                currency = currency ?? symbol
            case 1: available = try reader.optionalDecimal()
            case 2: reserved = try reader.optionalDecimal()
            case 3: total = try reader.optionalDecimal()
            default: preconditionFailure("a field without a place")
            }
        }
        try reader.finish()
        guard let currency, let whole = total ?? available else { throw JSONError(offset: 0, expected: "a balance with currency and total") }
        return VenueBalance(currency: currency, total: whole, available: available ?? whole, reserved: reserved ?? .zero)
    }

    private static let pairNames: [StaticString] = [
        "symbol", "baseCurrency", "quoteCurrency", "active", "minBaseAmount", "maxBaseAmount", "minQuoteAmount", "tickSize", "baseDecimalPlaces",
        "currencyPairType",
    ]

    /// Nil for what is no spot pair.
    static func instrument(_ bytes: Bytes) throws(JSONError) -> VenueInstrument? {
        var reader = JSONReader(bytes)
        var fields = JSONFields(pairNames)
        var (symbol, base, quote, isActive, isSpot): (String?, String?, String?, Bool, Bool) = (nil, nil, nil, true, true)
        var (least, most, notional, tick): (ExactDecimal?, ExactDecimal?, ExactDecimal?, ExactDecimal?) = (nil, nil, nil, nil)
        var places: Int64?
        try reader.beginObject()
        while let field = try fields.next(in: &reader) {
            switch field {
            case 0: symbol = try reader.optionalText()
            case 1: base = try reader.optionalText()
            case 2: quote = try reader.optionalText()
            case 3: if try reader.peek() == .bool { isActive = try reader.bool() } else { try reader.skip() }
            case 4: least = try reader.optionalDecimal()
            case 5: most = try reader.optionalDecimal()
            case 6: notional = try reader.optionalDecimal()
            case 7: tick = try reader.optionalDecimal()
            case 8: places = try reader.optionalInteger()
            case 9: isSpot = try reader.optionalText().map { $0.uppercased() == "SPOT" } ?? true
            default: preconditionFailure("a field without a place")
            }
        }
        try reader.finish()
        guard let symbol, let base, let quote else { throw JSONError(offset: 0, expected: "a pair with symbol, baseCurrency and quoteCurrency") }
        guard isSpot else { return nil }
        let lot = places.flatMap { (0...18).contains($0) ? ExactDecimal(mantissa: 1, scale: Int($0)) : nil }
        return VenueInstrument(
            symbol: symbol, base: base, quote: quote, tick: tick.flatMap { $0.mantissa > 0 ? $0 : nil }, lot: lot, minQuantity: least,
            maxQuantity: most, minNotional: notional, isTrading: isActive)
    }
}

/// An order as it was shown, and what that leaves open.
struct ValrOrder {
    var order: VenueOrder
    /// It cannot rest, so that a part of it may be all that there will be.
    var mayHaveEnded: Bool
    /// The venue says that it failed, and filled some of it.
    var failedWithFills: Bool
}
