internal import Domain
internal import Synchronization
public import Venues

/// Our orders that live or may live, as the kill switch reads them without the desk.
///
/// In the live process the desk adds an order before its bytes leave, again when it learns the venue's id, and removes it when its end is
/// known; in others a ``LedgerFollower`` fills it. A lock is held for one dictionary operation only; the reader takes the whole dictionary by reference.
public final class LiveOrderRegistry: Sendable {
    struct Entry: Hashable {
        var reference: VenueOrderReference
        /// When its bytes left, or were about to: monotonic ns.
        var sent: Int64
    }

    /// How much of what was sent is in here.
    enum Coverage: Hashable {
        case whole
        /// What was sent and is not in here may still be executed: only time proves anything.
        case unsure(why: String)
    }

    private struct State {
        var orders: [Key: Entry] = [:]
        var coverage = Coverage.whole
    }

    private let state = Mutex(State())

    private struct Key: Hashable {
        let venue: String
        let clientID: String
    }

    public init() {}

    /// Puts an order in, or what is known of it anew. Orders without a client id are found by listings.
    public func add(_ order: VenueOrderReference, venue: String) { add(order, venue: venue, sent: KillRunner.now) }

    func add(_ order: VenueOrderReference, venue: String, sent: Int64) {
        guard let clientID = order.clientID else { return }
        state.withLock { state in
            let key = Key(venue: venue, clientID: clientID)
            state.orders[key] = Entry(reference: order, sent: state.orders[key]?.sent ?? sent)
        }
    }

    /// The order's end is proven.
    public func remove(clientID: String, venue: String) {
        state.withLock { _ = $0.orders.removeValue(forKey: Key(venue: venue, clientID: clientID)) }
    }

    public var count: Int { state.withLock { $0.orders.count } }

    var coverage: Coverage { state.withLock { $0.coverage } }

    func cover(_ coverage: Coverage) { state.withLock { $0.coverage = coverage } }

    /// The venue's orders, by client id.
    func entries(of venue: String) -> [Entry] {
        state.withLock { $0.orders }.filter { $0.key.venue == venue }.values.sorted { ($0.reference.clientID ?? "") < ($1.reference.clientID ?? "") }
    }

    /// The venue's orders, by client id.
    public func orders(of venue: String) -> [VenueOrderReference] { entries(of: venue).map(\.reference) }
}
