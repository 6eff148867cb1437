internal import Domain

/// What a request was for, so that its answer finds its place.
enum RequestPurpose {
    case authenticate
    case arm
    case subscribe(channel: String, link: VenueLink)
    case unsubscribe
    case place(clientID: String)
    case cancel(VenueOrderReference)
    case amend(VenueOrderReference, price: Price, total: Quantity)
    /// One instrument's orders (as part of a wave where the whole account is meant), or the account's where there is no symbol.
    case cancelAll(symbol: String?, wave: UInt64?)
    case page(job: UInt64)
    /// One that only the venue's own folder understands, by a number of its own.
    case other(UInt64)

    var isHandshake: Bool {
        switch self {
        case .authenticate, .arm, .subscribe, .unsubscribe: true
        case .place, .cancel, .amend, .cancelAll, .page, .other: false
        }
    }
}

/// A request that is to go, or has gone. `Call` is how the venue writes one.
struct Outgoing<Call> {
    var purpose: RequestPurpose
    var call: Call
    var route: RequestRoute
    var attempts = 1
    /// Monotonic; not before this moment.
    var notBefore = Int64.min

    init(purpose: RequestPurpose, call: Call, route: RequestRoute, attempts: Int = 1, notBefore: Int64 = .min) {
        (self.purpose, self.call, self.route, self.attempts, self.notBefore) = (purpose, call, route, attempts, notBefore)
    }

    /// Cancels go before what waits, and into the share kept for them.
    var isUrgent: Bool {
        switch purpose {
        case .cancel, .cancelAll: true
        case .authenticate, .arm, .subscribe, .unsubscribe, .place, .amend, .page, .other: false
        }
    }
}

/// The way a request takes.
enum RequestRoute: Equatable {
    case socket(VenueLink)
    case rest
}

/// A request without an answer.
struct PendingRequest<Call> {
    var outgoing: Outgoing<Call>
    var sent: VenueTime
}

/// Ids of requests on sockets in the order of their deadlines, which is the order in which they went.
struct ReplyDeadlines {
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

/// A cancel of the whole account where the venue has no single call for it: one an instrument, or one an order, after a listing.
struct CancelWave {
    var symbols: Set<String> = []
    /// Only this instrument's orders; every one where nil.
    var symbol: String?
    var outstanding = 0
    var isListing = true
    var failure: String?
}

/// How often a book was asked for anew.
struct BookResync {
    var isAwaited = false
    var count = 0
    var last = Int64.min / 2
}
