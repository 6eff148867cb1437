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
    // C13. Base currency where `inBase`.
    case insufficientBalance(needed: Amount, available: Amount, inBase: Bool)
    // C16, C17, C19.
    case duplicate
    case duplicateWithin(age: Span, window: Span)
    case selfMatch(own: Price)
    case reduceOnly(positionLots: Int64, afterLots: Int64)
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
        case .maxOpenOrders: 9
        case .maxOpenValue: 10
        case .maxPosition: 11
        case .insufficientBalance: 13
        case .duplicate, .duplicateWithin: 16
        case .selfMatch: 17
        case .reduceOnly: 19
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
        case .insufficientBalance: "insufficient_balance"
        case .duplicate, .duplicateWithin: "duplicate"
        case .selfMatch: "self_match"
        case .reduceOnly: "reduce_only"
        }
    }
}
