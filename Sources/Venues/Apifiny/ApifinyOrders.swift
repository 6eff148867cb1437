internal import Domain
internal import JSON

/// An order object, as answers and pushes have it: the order's state, and its last execution.
struct ApifinyOrder {
    var venueID = ""
    var venue: String?
    var symbol = ""
    var side: Side?
    var price: ExactDecimal?
    var quantity: ExactDecimal?
    var cumulative: ExactDecimal?
    var open: ExactDecimal?
    var status = ""
    var created: Timestamp?
    var updated: Timestamp?
    var commission: ExactDecimal?
    var commissionCurrency: String?
    var lastQuantity: ExactDecimal?
    var lastPrice: ExactDecimal?
    var lastTime: Timestamp?
    var isTaker: Bool?

    private static let names: [StaticString] = [
        "venue", "orderId", "symbol", "orderSide", "limitPrice", "quantity", "filledCumulativeQuantity", "openQuantity", "orderStatus", "createdAt",
        "updatedAt", "lastCommission", "lastCommissionCurrency", "lastFilledQuantity", "lastFilledPrice", "lastFilledCreatedAt", "isTaker",
    ]

    init(_ bytes: Bytes) throws(JSONError) {
        var reader = JSONReader(bytes)
        var fields = JSONFields(ApifinyOrder.names)
        try reader.beginObject()
        while let field = try fields.next(in: &reader) { try read(field, &reader) }
        try reader.finish()
        guard !venueID.isEmpty else { throw JSONError(offset: 0, expected: "an order with orderId") }
    }

    private mutating func read(_ field: Int, _ reader: inout JSONReader) throws(JSONError) {
        switch field {
        case 0: venue = try reader.optionalText()
        case 1: venueID = ApifinyOrder.trimmed(try reader.optionalText() ?? "")
        case 2: symbol = try reader.optionalText() ?? ""
        case 3:
            let text = try reader.optionalText()
            side = text == "BUY" ? .buy : text == "SELL" ? .sell : nil
        case 4: price = try reader.optionalDecimal()
        case 5: quantity = try reader.optionalDecimal()
        case 6: cumulative = try reader.optionalDecimal()
        case 7: open = try reader.optionalDecimal()
        case 8: status = try reader.optionalText() ?? ""
        case 9: created = try reader.optionalMilliseconds()
        case 10: updated = try reader.optionalMilliseconds()
        case 11: commission = try reader.optionalDecimal()
        case 12: commissionCurrency = try reader.optionalText()
        case 13: lastQuantity = try reader.optionalDecimal()
        case 14: lastPrice = try reader.optionalDecimal()
        case 15: lastTime = try reader.optionalMilliseconds()
        case 16: isTaker = try reader.peek() == .bool ? try reader.bool() : try ApifinyOrder.skipped(&reader)
        default: preconditionFailure("a field without a place")
        }
    }

    private static func skipped(_ reader: inout JSONReader) throws(JSONError) -> Bool? {
        try reader.skip()
        return nil
    }

    /// Ids of the samples have spaces around them.
    static func trimmed(_ text: String) -> String { text.contains(" ") ? text.split(separator: " ").joined() : text }

    /// What was executed in all: a row that is filled and says nothing is filled whole.
    var executed: ExactDecimal? {
        if status == "FILLED", cumulative.map({ $0.mantissa == 0 }) ?? true { return quantity }
        return cumulative
    }

    /// - Parameter isListedOpen: The venue lists it among the open ones: `PART_FILLED` is then no end.
    func state(isListedOpen: Bool) -> VenueOrder.State {
        switch status {
        case "PENDING_SUBMIT": .pending
        case "SUBMITTED": .open
        case "PART_FILLED": isListedOpen || open.map { $0.mantissa > 0 } ?? false ? .open : .cancelled
        case "FILLED": .filled
        case "CANCELLED", "CANCELED": .cancelled
        case "REJECTED": .rejected(.venue, code: "REJECTED", message: "the venue refused the order")
        case "EXPIRED": .expired
        case let other: .unrecognised(other)
        }
    }

    func reference(_ naming: OrderNaming) -> VenueOrderReference {
        VenueOrderReference(clientID: naming.clientID(of: venueID), venueID: venueID, symbol: symbol)
    }

    func told(_ naming: OrderNaming, isListedOpen: Bool = false, now: Timestamp, grids: InstrumentGrids?) -> VenueOrder {
        VenueOrder(
            reference: reference(naming), state: state(isListedOpen: isListedOpen), side: side, price: price.map { grids?.price.cleaned($0) ?? $0 },
            quantity: quantity.map { grids?.quantity.cleaned($0) ?? $0 }, cumulativeQuantity: executed.map { grids?.quantity.cleaned($0) ?? $0 },
            created: created ?? OrderNaming.created(venueID), updated: updated ?? created ?? now)
    }
}

/// One execution, before it has a name: the venue gives it none.
struct ApifinyExecution {
    let order: ApifinyOrder
    let quantity: ExactDecimal
    let price: ExactDecimal
    let time: Timestamp

    /// Nil where the object tells of none.
    init?(_ order: ApifinyOrder, now: Timestamp, grids: InstrumentGrids?) {
        guard let quantity = order.lastQuantity, quantity.mantissa > 0, let price = order.lastPrice, order.side != nil else { return nil }
        self.order = order
        (self.quantity, self.price) = (grids?.quantity.cleaned(quantity) ?? quantity, grids?.price.cleaned(price) ?? price)
        time = order.lastTime ?? order.updated ?? now
    }

    /// The fill by what its order had executed with it: the same from a push, a listing, and a FIX report.
    func fill(cumulative: ExactDecimal, _ naming: OrderNaming) -> VenueFill {
        VenueFill(
            tradeID: cumulative.description, reference: order.reference(naming), side: order.side ?? .buy, price: price, quantity: quantity,
            fee: order.commission ?? .zero, feeCurrency: order.commissionCurrency ?? "", liquidity: order.isTaker.map { $0 ? .taker : .maker }, time: time)
    }

    /// What pushes and reports named already: by order, the quantity of each name.
    typealias Told = [String: [String: ExactDecimal]]

    /// Fills of whole lists: what each order had executed is the sum of its rows, oldest first.
    ///
    /// Executions of one millisecond stand in an order that their times do not tell: the one in which they agree with what was told is taken.
    /// - Parameter rows: Every row of each order that is in it.
    static func fills(_ rows: [ApifinyExecution], _ naming: OrderNaming, told: Told = [:]) -> [VenueFill] {
        let isNewestFirst = (rows.first?.time ?? Timestamp(nanoseconds: 0)) > (rows.last?.time ?? Timestamp(nanoseconds: 0))
        let listed = (isNewestFirst ? Array(rows.reversed()) : rows).enumerated()
        let ordered = listed.sorted { ($0.element.time, $0.offset) < ($1.element.time, $1.offset) }.map(\.element)
        let turned = listed.sorted { ($0.element.time, $1.offset) < ($1.element.time, $0.offset) }.map(\.element)
        var venueIDs: [String] = []
        for row in ordered where !venueIDs.contains(row.order.venueID) { venueIDs.append(row.order.venueID) }
        return venueIDs.flatMap { venueID in
            let known = told[venueID] ?? [:]
            let (straight, other) = (summed(ordered, of: venueID, naming), summed(turned, of: venueID, naming))
            return agreement(other, known) > agreement(straight, known) ? other : straight
        }
    }

    private static func summed(_ rows: [ApifinyExecution], of venueID: String, _ naming: OrderNaming) -> [VenueFill] {
        var total = ExactDecimal.zero
        var fills: [VenueFill] = []
        for row in rows where row.order.venueID == venueID {
            guard let sum = total.adding(row.quantity) else { continue }
            total = sum
            fills.append(row.fill(cumulative: sum, naming))
        }
        return fills
    }

    private static func agreement(_ fills: [VenueFill], _ known: [String: ExactDecimal]) -> Int {
        known.isEmpty ? 0 : fills.count { known[$0.tradeID] == $0.quantity }
    }
}

/// One row of `listBalance`, or of an asset push.
enum ApifinyBalance {
    static func read(_ bytes: Bytes) throws(JSONError) -> VenueBalance {
        var reader = JSONReader(bytes)
        var fields = JSONFields(["currency", "amount", "available", "frozen"])
        var (currency, total, available, frozen): (String?, ExactDecimal?, ExactDecimal?, ExactDecimal?) = (nil, nil, nil, nil)
        try reader.beginObject()
        while let field = try fields.next(in: &reader) {
            switch field {
            case 0: currency = try reader.optionalText()
            case 1: total = try reader.optionalDecimal()
            case 2: available = try reader.optionalDecimal()
            default: frozen = try reader.optionalDecimal()
            }
        }
        try reader.finish()
        guard let currency, let total = total ?? (available ?? .zero).adding(frozen ?? .zero) else {
            throw JSONError(offset: 0, expected: "a balance with currency and amount")
        }
        return VenueBalance(currency: currency, total: total, available: available ?? total, reserved: frozen ?? .zero)
    }
}
