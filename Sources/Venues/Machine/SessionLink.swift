internal import Domain
internal import Transport

/// One connection's way from nothing to ready.
struct SessionLink {
    enum Phase: Equatable {
        case idle, connecting, settling, authenticating, arming, subscribing, ready, waiting, refused
    }

    /// The socket that carries it now; a session may move a link to another one.
    var socket: SocketID
    let link: VenueLink
    var phase = Phase.idle
    /// Subscriptions without an acknowledgement.
    var outstanding = 0
    var backoff = Backoff()
    /// Refused steps of the handshake since the link was last ready.
    var failures = 0
    var hasAskedAgain = false
    var normalCloses = 0

    init(_ link: VenueLink) { (socket, self.link) = (SocketID(link.rawValue), link) }

    var settle: VenueToken { VenueToken(10 + UInt64(link.rawValue) * 10) }
    var heartbeat: VenueToken { VenueToken(11 + UInt64(link.rawValue) * 10) }
    var reconnect: VenueToken { VenueToken(12 + UInt64(link.rawValue) * 10) }

    /// Whether there is a connection, or one is being made.
    var hasSocket: Bool {
        switch phase {
        case .connecting, .settling, .authenticating, .arming, .subscribing, .ready: true
        case .idle, .waiting, .refused: false
        }
    }
    /// Whether authenticated requests may go.
    var isAuthenticated: Bool {
        switch phase {
        case .arming, .subscribing, .ready: true
        case .idle, .connecting, .settling, .authenticating, .waiting, .refused: false
        }
    }
}

/// Timers that every session has; its own begin at 100.
enum SessionTimer {
    static let sweep = VenueToken(1)
    static let pump = VenueToken(2)
}
