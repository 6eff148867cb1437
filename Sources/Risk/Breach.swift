public import Domain

/// Why a request was refused: one case a rule, with the numbers that a person will ask for.
public enum Breach: Error, Hashable, Sendable, BitwiseCopyable {
    // C1, well-formed.
    case unknownInstrument(index: Int)
    case badQuantity(lots: Int64)
    /// Price × quantity is larger than any account can hold.
    case tooLarge(lots: Int64)
    case badPrice(ticks: Int64)
    case badStop(ticks: Int64)
    case badExpire(expire: Timestamp, now: Timestamp)
    case unsupportedType(OrderType)
    case unsupportedTimeInForce(OrderType, TimeInForce)
    /// Post-only with something that cannot rest.
    case unsupportedPostOnly(OrderType, TimeInForce)
    case minQuantity(asked: Quantity, limit: Quantity)
    case minNotional(asked: Amount, limit: Amount)
    // C2, C3.
    case maxOrderQuantity(asked: Quantity, limit: Quantity)
    case maxOrderValue(asked: Amount, limit: Amount)
    // C4. No fresh reference price, or none at all; the control says which limit needed it.
    case noReference(control: UInt8)
    case priceCollar(asked: Price, limit: Price)
    // C9 to C11.
    case maxOpenOrders(asked: Int, limit: Int)
    case maxOpenValue(asked: Amount, limit: Amount)
    /// The position if everything live on this side fills.
    case maxPosition(worstLots: Int64, limitLots: Int64)
    // C5 to C8.
    /// In parts of 10^9.
    case collarOverTime(parts: Int64, limit: Int64)
    case bookInvalid(BookFault)
    case throttled(count: Int, limit: Int)
    case repeatedFills(count: Int, limit: Int)
    // C12.
    case maxGross(asked: Amount, limit: Amount)
    case maxNet(asked: Amount, limit: Amount)
    // C18, C20, C25, C26.
    case notPermitted
    case state(TradingState)
    case notReconciled
    case tooManyUnknown(count: Int, limit: Int)
    case unknownTooOld(age: Span, limit: Span)
    // C13. Base currency where `inBase`.
    case insufficientBalance(needed: Amount, available: Amount, inBase: Bool)
    // C16, C17, C19.
    case duplicate
    case duplicateWithin(age: Span, window: Span)
    case selfMatch(own: Price)
    case reduceOnly(positionLots: Int64, afterLots: Int64)
    // C35.
    case quote(QuoteFault)
}

/// Why a book cannot be quoted on.
public enum BookFault: Hashable, Sendable, BitwiseCopyable {
    case gap, empty, crossed
    case stale(age: Span, limit: Span)
}

extension Breach {
    /// The number of the control, as `docs/risk.md` lists them.
    public var control: Int {
        switch self {
        case .unknownInstrument, .badQuantity, .tooLarge, .badPrice, .badStop, .badExpire, .unsupportedType,
            .unsupportedTimeInForce, .unsupportedPostOnly, .minQuantity, .minNotional: 1
        case .maxOrderQuantity: 2
        case .maxOrderValue: 3
        case .noReference(let control): Int(control)
        case .priceCollar: 4
        case .collarOverTime: 5
        case .bookInvalid: 6
        case .throttled: 7
        case .repeatedFills: 8
        case .maxOpenOrders: 9
        case .maxOpenValue: 10
        case .maxPosition: 11
        case .maxGross, .maxNet: 12
        case .insufficientBalance: 13
        case .duplicate, .duplicateWithin: 16
        case .selfMatch: 17
        case .notPermitted: 18
        case .reduceOnly: 19
        case .state: 20
        case .notReconciled: 25
        case .tooManyUnknown, .unknownTooOld: 26
        case .quote: 35
        }
    }

    /// The stable code that strategies and files see as an order's `reason`.
    public var code: String {
        switch self {
        case .unknownInstrument: "unknown_instrument"
        case .badQuantity, .tooLarge: "bad_qty"
        case .badPrice: "bad_price"
        case .badStop: "bad_stop"
        case .badExpire: "bad_expire"
        case .unsupportedType: "unsupported_type"
        case .unsupportedTimeInForce: "unsupported_tif"
        case .unsupportedPostOnly: "unsupported_post_only"
        case .minQuantity: "min_qty"
        case .minNotional: "min_notional"
        case .maxOrderQuantity: "max_order_qty"
        case .maxOrderValue: "max_order_value"
        case .noReference: "no_reference"
        case .priceCollar: "price_collar"
        case .maxOpenOrders: "max_open_orders"
        case .maxOpenValue: "max_open_value"
        case .maxPosition: "max_position"
        case .collarOverTime: "collar_over_time"
        case .bookInvalid: "book_invalid"
        case .throttled: "throttled"
        case .repeatedFills: "repeated_fills"
        case .maxGross: "max_gross"
        case .maxNet: "max_net"
        case .notPermitted: "not_permitted"
        case .state(let state): state.name
        case .notReconciled: "not_reconciled"
        case .tooManyUnknown, .unknownTooOld: "too_many_unknown"
        case .insufficientBalance: "insufficient_balance"
        case .duplicate, .duplicateWithin: "duplicate"
        case .selfMatch: "self_match"
        case .reduceOnly: "reduce_only"
        case .quote(let fault): fault.code
        }
    }
}
