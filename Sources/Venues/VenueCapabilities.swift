public import Domain

/// What a venue can do: the row of its table in `perigee venues`, and what the runtime's procedures are chosen by.
public struct VenueCapabilities: Hashable, Sendable {
    public enum ClientIDs: String, Sendable {
        /// The venue has no place for one.
        case none
        /// It is told back in listings and streams, and cannot be asked for.
        case echoed
        /// An order can be asked for by it.
        case lookup
    }
    public enum CancelAll: String, Sendable { case account, instrument, emulated }
    public enum Delivery: String, Sendable { case push, poll }

    public var orderTypes: Set<OrderType>
    public var timesInForce: Set<TimeInForce>
    public var hasPostOnly: Bool
    public var clientIDs: ClientIDs
    /// Whether the venue itself refuses a second order under one client id: only then may a placement be sent again.
    public var refusesRepeatedClientIDs: Bool
    public var hasAmend: Bool
    public var cancelAll: CancelAll
    public var hasCancelOnDisconnect: Bool
    public var marketData: Delivery
    public var privateUpdates: Delivery
    public var hasServerTime: Bool
    public var hasSandbox: Bool
    /// A lost request may still be executed for this long; `request_ttl` overrides it.
    public var acceptanceBound: Span
    /// Two empty listings prove an empty account only when they are this far apart.
    public var proofSpacing: Span
    /// The venue's published limit of order messages, and how long a window it counts them in.
    public var messageRate: Int
    public var messageWindow: Span
    /// How the venue's own id of an order is made of ours; nil where the venue makes it.
    public var naming: OrderNaming?
    /// Whether a dealer answers requests for quotes there.
    public var quotesOnRequest = false

    public init(
        orderTypes: Set<OrderType>, timesInForce: Set<TimeInForce>, hasPostOnly: Bool, clientIDs: ClientIDs, refusesRepeatedClientIDs: Bool,
        hasAmend: Bool, cancelAll: CancelAll, hasCancelOnDisconnect: Bool, marketData: Delivery, privateUpdates: Delivery,
        hasServerTime: Bool, hasSandbox: Bool, acceptanceBound: Span, proofSpacing: Span, messageRate: Int, messageWindow: Span,
        naming: OrderNaming? = nil
    ) {
        (self.orderTypes, self.timesInForce, self.hasPostOnly) = (orderTypes, timesInForce, hasPostOnly)
        (self.clientIDs, self.refusesRepeatedClientIDs, self.hasAmend) = (clientIDs, refusesRepeatedClientIDs, hasAmend)
        (self.cancelAll, self.hasCancelOnDisconnect) = (cancelAll, hasCancelOnDisconnect)
        (self.marketData, self.privateUpdates) = (marketData, privateUpdates)
        (self.hasServerTime, self.hasSandbox) = (hasServerTime, hasSandbox)
        (self.acceptanceBound, self.proofSpacing) = (acceptanceBound, proofSpacing)
        (self.messageRate, self.messageWindow) = (messageRate, messageWindow)
        self.naming = naming
    }
}
