/// The amendments of one order that were sent and are not answered yet. Venues answer them in the order of sending.
///
/// An amendment that names no price keeps the price of the one before it, if the venue accepts that; likewise the quantity.
public struct AmendsInFlight: Hashable, Sendable, BitwiseCopyable {
    /// More than this many at once are counted, but what they name is remembered until all are answered.
    private static let remembered: UInt8 = 16

    private var count: UInt8 = 0
    /// One bit an amendment, the oldest lowest: whether it names a price.
    private var naming: UInt16 = 0
    /// The same for quantities.
    private var sizing: UInt16 = 0
    private var lastPrice = Price(ticks: 0)
    private var lastQuantity = Quantity.zero

    public init() {}

    public var isEmpty: Bool { count == 0 }
    /// The price at which the order will stand if everything is accepted; nil where nothing in flight names one.
    public var price: Price? { naming == 0 ? nil : lastPrice }
    /// What will be open then, fills meanwhile left out; nil where nothing in flight names a quantity.
    public var quantity: Quantity? { sizing == 0 ? nil : lastQuantity }

    mutating func sent(_ request: AmendRequest) {
        let bit: UInt16 = 1 << UInt16(min(count, AmendsInFlight.remembered - 1))
        if !request.keepsPrice { (naming, lastPrice) = (naming | bit, request.price) }
        if !request.keepsQuantity { (sizing, lastQuantity) = (sizing | bit, request.quantity) }
        if count < .max { count += 1 }
    }

    /// The oldest one was accepted or refused.
    mutating func answered() {
        guard count > 0 else { return }
        count -= 1
        if count >= AmendsInFlight.remembered { return }
        (naming, sizing) = count == 0 ? (0, 0) : (naming >> 1, sizing >> 1)
    }
}
