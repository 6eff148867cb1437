internal import Domain
internal import JSON

/// Orders, executions, balances and instruments as the venue writes them.
enum CryptoComPrivate {
    private static let orderNames: [StaticString] = [
        "status", "reason", "side", "price", "quantity", "order_id", "client_oid", "client_order_id", "create_time", "update_time",
        "instrument_name", "cumulative_quantity",
    ]
    private static let tradeNames: [StaticString] = [
        "side", "instrument_name", "fee", "trade_id", "create_time", "traded_price", "traded_quantity", "fee_currency", "order_id",
        "client_oid", "client_order_id", "liquidity_indicator",
    ]

    /// - Parameter symbol: The instrument where the order does not name one itself.
    static func order(
        _ bytes: Bytes, symbol: String?, now: Timestamp, grids: (String) -> InstrumentGrids?
    ) throws(JSONError) -> VenueOrder {
        var reader = JSONReader(bytes)
        var fields = JSONFields(orderNames)
        var (status, orderID, name, side): (String?, String?, String?, Side?) = (nil, nil, symbol, nil)
        var (client, otherClient, reason): (String?, String?, String?) = (nil, nil, nil)
        var (price, quantity, cumulative): (ExactDecimal?, ExactDecimal?, ExactDecimal?) = (nil, nil, nil)
        var (created, updated): (Timestamp?, Timestamp?) = (nil, nil)
        try reader.beginObject()
        while let field = try fields.next(in: &reader) {
            switch field {
            case 0: status = try reader.optionalText()
            case 1: reason = try reader.optionalText()
            case 2: side = try CryptoComPrivate.side(&reader)
            case 3: price = try reader.optionalDecimal()
            case 4: quantity = try reader.optionalDecimal()
            case 5: orderID = try reader.optionalText()
            case 6: client = try reader.optionalText()
            case 7: otherClient = try reader.optionalText()
            case 8: created = try reader.optionalMilliseconds()
            case 9: updated = try reader.optionalMilliseconds()
            case 10: name = try reader.optionalText() ?? name
            case 11: cumulative = try reader.optionalDecimal()
            default: preconditionFailure("a field without a place")
            }
        }
        try reader.finish()
        guard let orderID, let name else { throw JSONError(offset: 0, expected: "an order with order_id and instrument_name") }
        let grid = grids(name)
        return VenueOrder(
            reference: VenueOrderReference(clientID: client ?? otherClient, venueID: orderID, symbol: name),
            state: state(status, reason: reason), side: side, price: price.map { grid?.price.cleaned($0) ?? $0 },
            quantity: quantity.map { grid?.quantity.cleaned($0) ?? $0 },
            cumulativeQuantity: cumulative.map { grid?.quantity.cleaned($0) ?? $0 }, created: created, updated: updated ?? created ?? now)
    }

    private static func state(_ status: String?, reason: String?) -> VenueOrder.State {
        switch status ?? "" {
        case "ACTIVE": .open
        case "PENDING": .pending
        case "FILLED": .filled
        case "CANCELED", "CANCELLED": .cancelled
        case "EXPIRED": .expired
        case "REJECTED":
            .rejected(RequestVerdict.cryptocomReason(reason.flatMap { Int64($0) }), code: reason ?? "", message: "the venue refused the order")
        case let other: .unrecognised(other)
        }
    }

    private static func side(_ reader: inout JSONReader) throws(JSONError) -> Side? {
        switch try reader.optionalText() {
        case "BUY": .buy
        case "SELL": .sell
        case nil, .some: nil
        }
    }

    static func fill(
        _ bytes: Bytes, symbol: String?, now: Timestamp, grids: (String) -> InstrumentGrids?
    ) throws(JSONError) -> VenueFill {
        var reader = JSONReader(bytes)
        var fields = JSONFields(tradeNames)
        var (orderID, name, side, trade): (String?, String?, Side?, String?) = (nil, symbol, nil, nil)
        var (client, otherClient, currency, liquidity): (String?, String?, String?, String?) = (nil, nil, nil, nil)
        var (price, quantity, fee): (ExactDecimal?, ExactDecimal?, ExactDecimal?) = (nil, nil, nil)
        var created: Timestamp?
        try reader.beginObject()
        while let field = try fields.next(in: &reader) {
            switch field {
            case 0: side = try CryptoComPrivate.side(&reader)
            case 1: name = try reader.optionalText() ?? name
            case 2: fee = try reader.optionalDecimal()
            case 3: trade = try reader.optionalText()
            case 4: created = try reader.optionalMilliseconds()
            case 5: price = try reader.optionalDecimal()
            case 6: quantity = try reader.optionalDecimal()
            case 7: currency = try reader.optionalText()
            case 8: orderID = try reader.optionalText()
            case 9: client = try reader.optionalText()
            case 10: otherClient = try reader.optionalText()
            case 11: liquidity = try reader.optionalText()
            default: preconditionFailure("a field without a place")
            }
        }
        try reader.finish()
        guard let orderID, let name, let side, let trade, let price, let quantity else {
            throw JSONError(offset: 0, expected: "an execution with order_id, trade_id, instrument_name, side, traded_price and traded_quantity")
        }
        let grid = grids(name)
        return VenueFill(
            tradeID: trade, reference: VenueOrderReference(clientID: client ?? otherClient, venueID: orderID, symbol: name), side: side,
            price: grid?.price.cleaned(price) ?? price, quantity: grid?.quantity.cleaned(quantity) ?? quantity, fee: fee ?? .zero,
            feeCurrency: currency ?? "", liquidity: liquidity.flatMap { $0 == "MAKER" ? .maker : $0 == "TAKER" ? .taker : nil },
            time: created ?? now)
    }

    private static let balanceNames: [StaticString] = ["currency", "balance", "available", "order", "stake"]

    static func balance(_ bytes: Bytes) throws(JSONError) -> VenueBalance {
        var reader = JSONReader(bytes)
        var fields = JSONFields(balanceNames)
        var currency: String?
        var (total, available, order): (ExactDecimal?, ExactDecimal?, ExactDecimal?) = (nil, nil, nil)
        try reader.beginObject()
        while let field = try fields.next(in: &reader) {
            switch field {
            case 0: currency = try reader.optionalText()
            case 1: total = try reader.optionalDecimal()
            case 2: available = try reader.optionalDecimal()
            case 3: order = try reader.optionalDecimal()
            case 4: try reader.skip()
            default: preconditionFailure("a field without a place")
            }
        }
        try reader.finish()
        guard let currency, let total = total ?? available else {
            throw JSONError(offset: 0, expected: "a balance with currency and balance")
        }
        return VenueBalance(currency: currency, total: total, available: available ?? total, reserved: order ?? .zero)
    }

    private static let instrumentNames: [StaticString] = [
        "instrument_name", "quote_currency", "base_currency", "price_decimals", "quantity_decimals", "max_quantity", "min_quantity",
    ]

    static func instrument(_ bytes: Bytes) throws(JSONError) -> VenueInstrument {
        var reader = JSONReader(bytes)
        var fields = JSONFields(instrumentNames)
        var (name, base, quote): (String?, String?, String?) = (nil, nil, nil)
        var (priceDecimals, quantityDecimals): (Int64?, Int64?) = (nil, nil)
        var (least, most): (ExactDecimal?, ExactDecimal?) = (nil, nil)
        try reader.beginObject()
        while let field = try fields.next(in: &reader) {
            switch field {
            case 0: name = try reader.optionalText()
            case 1: quote = try reader.optionalText()
            case 2: base = try reader.optionalText()
            case 3: priceDecimals = try reader.optionalInteger()
            case 4: quantityDecimals = try reader.optionalInteger()
            case 5: most = try reader.optionalDecimal()
            case 6: least = try reader.optionalDecimal()
            default: preconditionFailure("a field without a place")
            }
        }
        try reader.finish()
        guard let name else { throw JSONError(offset: 0, expected: "an instrument with instrument_name") }
        let parts = name.split(separator: "_", maxSplits: 1).map(String.init)
        return VenueInstrument(
            symbol: name, base: base ?? parts.first ?? name, quote: quote ?? (parts.count > 1 ? parts[1] : ""),
            tick: step(priceDecimals), lot: step(quantityDecimals), minQuantity: least, maxQuantity: most)
    }

    private static func step(_ places: Int64?) -> ExactDecimal? {
        guard let places, (0...18).contains(places) else { return nil }
        return ExactDecimal(mantissa: 1, scale: Int(places))
    }
}
