internal import Synchronization
public import Venues

/// Our orders that live or may live, as the kill switch reads them without the desk.
///
/// The desk adds an order before its bytes leave, again when it learns the venue's id, and removes it when its end is known. A lock is held
/// for one dictionary operation only; the reader takes the whole dictionary by reference.
public final class LiveOrderRegistry: Sendable {
    private let orders = Mutex<[Key: VenueOrderReference]>([:])

    private struct Key: Hashable {
        let venue: String
        let clientID: String
    }

    public init() {}

    /// Puts an order in, or what is known of it anew. Orders without a client id are found by listings.
    public func add(_ order: VenueOrderReference, venue: String) {
        guard let clientID = order.clientID else { return }
        orders.withLock { $0[Key(venue: venue, clientID: clientID)] = order }
    }

    /// The order's end is proven.
    public func remove(clientID: String, venue: String) {
        orders.withLock { _ = $0.removeValue(forKey: Key(venue: venue, clientID: clientID)) }
    }

    public var count: Int { orders.withLock { $0.count } }

    /// The venue's orders, by client id.
    public func orders(of venue: String) -> [VenueOrderReference] {
        orders.withLock { $0 }.filter { $0.key.venue == venue }.values.sorted { ($0.clientID ?? "") < ($1.clientID ?? "") }
    }
}
