public import Domain

/// One row of `fills.csv`, and what the statistics need beside it.
public struct FillRow: Hashable, Sendable {
    /// At the desk.
    public var time: Timestamp
    /// At the venue.
    public var exchangeTime: Timestamp
    public var instrument: InstrumentID
    /// The client id, as text.
    public var orderID: String
    public var venueOrderID: String
    public var side: Side
    public var price: Price
    public var quantity: Quantity
    /// Paid is positive, a rebate negative; in `feeCurrency`.
    public var fee: Amount
    public var feeCurrency: String
    public var liquidity: Liquidity
    public var tag: String
    /// Signed lots, this fill included.
    public var positionAfter: Int64
    /// How much of the position this fill closed; above zero it is a *trade*.
    public var reducedLots: Int64
    /// At average cost, its own fee and its share of the entry fees taken off; zero for a fill that closes nothing. In the reporting currency.
    public var realisedPnL: Amount
    public var fillID: String
    /// Price × quantity in the reporting currency; nil: the instrument is quoted in it.
    public var notional: Amount?
    /// The fee in the reporting currency; nil: `fee` is in it.
    public var feeValue: Amount?

    public init(
        time: Timestamp, exchangeTime: Timestamp, instrument: InstrumentID, orderID: String, venueOrderID: String,
        side: Side, price: Price, quantity: Quantity, fee: Amount, feeCurrency: String, liquidity: Liquidity,
        tag: String = "", positionAfter: Int64, reducedLots: Int64, realisedPnL: Amount, fillID: String,
        notional: Amount? = nil, feeValue: Amount? = nil
    ) {
        (self.time, self.exchangeTime, self.instrument) = (time, exchangeTime, instrument)
        (self.orderID, self.venueOrderID, self.side) = (orderID, venueOrderID, side)
        (self.price, self.quantity, self.fee, self.feeCurrency) = (price, quantity, fee, feeCurrency)
        (self.liquidity, self.tag, self.positionAfter) = (liquidity, tag, positionAfter)
        (self.reducedLots, self.realisedPnL, self.fillID) = (reducedLots, realisedPnL, fillID)
        (self.notional, self.feeValue) = (notional, feeValue)
    }

    static let header =
        "time,exchange_time,instrument,order_id,venue_order_id,side,price,qty,fee,fee_currency,liquidity,tag,position_after,realised_pnl,fill_id\n"

    func write(into buffer: inout TextBuffer, _ own: Instrument, name: String) {
        buffer.append(time.nanoseconds); buffer.comma()
        buffer.append(exchangeTime.nanoseconds); buffer.comma()
        buffer.append(field: name); buffer.comma()
        buffer.append(field: orderID); buffer.comma()
        buffer.append(field: venueOrderID); buffer.comma()
        buffer.append(side.name); buffer.comma()
        buffer.append(own.decimal(price)); buffer.comma()
        buffer.append(own.decimal(quantity)); buffer.comma()
        buffer.append(fee); buffer.comma()
        buffer.append(field: feeCurrency); buffer.comma()
        buffer.append(liquidity.name); buffer.comma()
        buffer.append(field: tag); buffer.comma()
        buffer.append(own.decimal(lots: positionAfter)); buffer.comma()
        buffer.append(realisedPnL); buffer.comma()
        buffer.append(field: fillID)
        buffer.newline()
    }
}

/// One row of `orders.csv`.
public struct OrderRow: Hashable, Sendable {
    /// The client id, as text.
    public var id: String
    public var venueOrderID: String
    public var instrument: InstrumentID
    public var side: Side
    public var type: OrderType
    public var timeInForce: TimeInForce
    /// The limit, else the trigger of a stop, else nil.
    public var price: Price?
    public var quantity: Quantity
    public var created: Timestamp
    public var acknowledged: Timestamp?
    public var closed: Timestamp?
    /// As scripts see it: `filled`, `cancelled`, `rejected`, `expired`, `open`, …
    public var state: String
    public var filled: Quantity
    /// Exact, or rounded to 10^-24; nil without a fill. In the quote currency.
    public var averagePrice: Amount?
    public var reason: String
    public var tag: String
    /// Whether it passed every limit and the venue took it: only such orders count in `fill_ratio`.
    public var isAccepted: Bool
    /// Whether it passed every limit and left, whatever the venue said: such orders are `orders`.
    public var isSent: Bool

    public init(
        id: String, venueOrderID: String, instrument: InstrumentID, side: Side, type: OrderType, timeInForce: TimeInForce,
        price: Price?, quantity: Quantity, created: Timestamp, acknowledged: Timestamp?, closed: Timestamp?,
        state: String, filled: Quantity, averagePrice: Amount?, reason: String = "", tag: String = "", isAccepted: Bool,
        isSent: Bool? = nil
    ) {
        (self.id, self.venueOrderID, self.instrument, self.side) = (id, venueOrderID, instrument, side)
        (self.type, self.timeInForce, self.price, self.quantity) = (type, timeInForce, price, quantity)
        (self.created, self.acknowledged, self.closed, self.state) = (created, acknowledged, closed, state)
        (self.filled, self.averagePrice, self.reason, self.tag) = (filled, averagePrice, reason, tag)
        self.isAccepted = isAccepted
        self.isSent = isSent ?? isAccepted
    }

    static let header =
        "id,venue_order_id,instrument,side,type,tif,price,qty,created,acked,closed,state,filled,avg_price,reason,tag\n"

    func write(into buffer: inout TextBuffer, _ own: Instrument, name: String) {
        buffer.append(field: id); buffer.comma()
        buffer.append(field: venueOrderID); buffer.comma()
        buffer.append(field: name); buffer.comma()
        buffer.append(side.name); buffer.comma()
        buffer.append(type.name); buffer.comma()
        buffer.append(timeInForce.name); buffer.comma()
        if let price { buffer.append(own.decimal(price)) }
        buffer.comma()
        buffer.append(own.decimal(quantity)); buffer.comma()
        buffer.append(created.nanoseconds); buffer.comma()
        if let acknowledged { buffer.append(acknowledged.nanoseconds) }
        buffer.comma()
        if let closed { buffer.append(closed.nanoseconds) }
        buffer.comma()
        buffer.append(field: state); buffer.comma()
        buffer.append(own.decimal(filled)); buffer.comma()
        if let averagePrice { buffer.append(averagePrice) }
        buffer.comma()
        buffer.append(field: reason); buffer.comma()
        buffer.append(field: tag)
        buffer.newline()
    }
}

/// One row of `equity.csv`, all amounts in the reporting currency; the drawdown is the writer's.
public struct EquityRow: Hashable, Sendable, BitwiseCopyable {
    public enum Kind: UInt8, Hashable, Sendable, BitwiseCopyable {
        case sample = 0, fill = 1
        public var name: String { self == .sample ? "sample" : "fill" }
    }

    public var time: Timestamp
    public var kind: Kind
    public var equity: Amount
    public var cash: Amount
    public var positionValue: Amount
    /// The latest market record at or before `time`; only the equity calendar asks for it.
    public var lastRecord: Timestamp

    public init(
        time: Timestamp, kind: Kind, equity: Amount, cash: Amount, positionValue: Amount, lastRecord: Timestamp? = nil
    ) {
        (self.time, self.kind, self.equity, self.cash, self.positionValue) = (time, kind, equity, cash, positionValue)
        self.lastRecord = lastRecord ?? time
    }

    static let header = "time,kind,equity,cash,position_value,drawdown\n"

    func write(into buffer: inout TextBuffer, drawdown: Int128) {
        buffer.append(time.nanoseconds); buffer.comma()
        buffer.append(kind.name); buffer.comma()
        buffer.append(equity); buffer.comma()
        buffer.append(cash); buffer.comma()
        buffer.append(positionValue); buffer.comma()
        buffer.append(mantissa: drawdown, scale: DrawdownStatistics.places)
        buffer.newline()
    }
}
