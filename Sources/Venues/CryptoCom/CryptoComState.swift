internal import Domain

/// What a request was for, so that its answer finds its place.
enum CryptoComPurpose {
    case authenticate
    case arm
    case subscribe(channel: String, link: VenueLink)
    case unsubscribe
    case place(clientID: String)
    case cancel(VenueOrderReference)
    /// One instrument's orders, as part of a wave where the whole account is meant.
    case cancelAll(symbol: String, wave: UInt64?)
    case page(job: UInt64)
}

/// A request without an answer.
struct CryptoComPending {
    var outgoing: CryptoComOutgoing
    var sent: VenueTime
}

/// A request that is to go, or has gone.
struct CryptoComOutgoing {
    enum Route: Equatable { case market, user, rest }

    var purpose: CryptoComPurpose
    var method: String
    var params: [CryptoComField] = []
    var route: Route
    var attempts = 1
    /// Monotonic; not before this moment.
    var notBefore = Int64.min

    /// Cancels go before what waits, and into the share kept for them.
    var isUrgent: Bool {
        switch purpose {
        case .cancel, .cancelAll: true
        case .authenticate, .arm, .subscribe, .unsubscribe, .place, .page: false
        }
    }
}

/// Ids of requests on sockets in the order of their deadlines, which is the order in which they went.
struct CryptoComDeadlines {
    private var entries: [(id: UInt64, at: Int64)] = []
    private var head = 0

    var isEmpty: Bool { head == entries.count }
    var first: (id: UInt64, at: Int64)? { head < entries.count ? entries[head] : nil }

    mutating func append(_ id: UInt64, at deadline: Int64) { entries.append((id, deadline)) }

    mutating func removeFirst() {
        head += 1
        if head > 256, head * 2 > entries.count {
            entries.removeFirst(head)
            head = 0
        }
    }
}

/// Which venue id belongs to which of our ids, as far as this session saw it: the venue cancels by its own ids only.
struct CryptoComOrderIDs {
    struct Placement {
        var request: UInt64
        var symbol: String
    }

    private static let capacity = 16_384
    private var venueIDs: [String: String] = [:]
    private var order: [String] = []
    /// Placements without an answer, by client id.
    private(set) var placing: [String: Placement] = [:]
    /// Placements whose answer is lost, by the request: a late answer still tells the venue's id.
    private var late: [UInt64: VenueOrderReference] = [:]
    private var lateOrder: [UInt64] = []
    private var lateClients: Set<String> = []
    /// Cancels that wait for the venue's id, by client id.
    private var cancels: [String: VenueOrderReference] = [:]

    func venueID(of clientID: String) -> String? { venueIDs[clientID] }
    /// Whether the venue may yet tell an id of this order.
    func isUnanswered(_ clientID: String) -> Bool { placing[clientID] != nil || lateClients.contains(clientID) }
    func isLate(_ clientID: String) -> Bool { lateClients.contains(clientID) }

    mutating func place(_ clientID: String, request: UInt64, symbol: String) {
        placing[clientID] = Placement(request: request, symbol: symbol)
    }

    /// The placement is answered, by whatever message.
    mutating func settle(_ clientID: String) { placing[clientID] = nil }

    mutating func learn(_ clientID: String, _ venueID: String) {
        if venueIDs.updateValue(venueID, forKey: clientID) == nil { order.append(clientID) }
        lateClients.remove(clientID)
        if order.count > CryptoComOrderIDs.capacity * 2 {
            for old in order.prefix(CryptoComOrderIDs.capacity) { venueIDs[old] = nil }
            order.removeFirst(CryptoComOrderIDs.capacity)
        }
    }

    /// Keeps the request in mind after its answer was waited for in vain, or another message told what it would have.
    mutating func keep(_ request: UInt64, _ reference: VenueOrderReference, isLost: Bool) {
        late[request] = reference
        lateOrder.append(request)
        if isLost, let clientID = reference.clientID { lateClients.insert(clientID) }
        if lateOrder.count > CryptoComOrderIDs.capacity * 2 {
            for old in lateOrder.prefix(CryptoComOrderIDs.capacity) {
                if let clientID = late.removeValue(forKey: old)?.clientID { lateClients.remove(clientID) }
            }
            lateOrder.removeFirst(CryptoComOrderIDs.capacity)
        }
    }

    mutating func takeLate(_ request: UInt64) -> VenueOrderReference? { late.removeValue(forKey: request) }

    mutating func wait(_ reference: VenueOrderReference, _ clientID: String) { cancels[clientID] = reference }
    func waitingCancel(_ clientID: String) -> VenueOrderReference? { cancels[clientID] }
    mutating func takeCancel(_ clientID: String) -> VenueOrderReference? { cancels.removeValue(forKey: clientID) }
}

/// A cancel of the whole account: one cancel-all an instrument, and a listing for instruments that we do not know.
struct CryptoComWave {
    var symbols: Set<String> = []
    var outstanding = 0
    var isListing = true
    var failure: String?
}

/// How often a book was asked for anew.
struct CryptoComResync {
    var isAwaited = false
    var count = 0
    var last = Int64.min / 2
}
