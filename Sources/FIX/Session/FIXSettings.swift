public import Domain

/// When both sides begin to count from one again. What a venue wants is configuration.
public struct FIXResetPolicy: Hashable, Sendable {
    /// `141=Y` at every logon.
    public var onLogon: Bool
    public var onLogout: Bool
    public var onDisconnect: Bool
    /// Where the numbers are lost or do not fit the peer's: reset at the next logon; else stop and say so.
    public var whenLost: Bool

    public init(onLogon: Bool = true, onLogout: Bool = true, onDisconnect: Bool = true, whenLost: Bool = true) {
        (self.onLogon, self.onLogout, self.onDisconnect, self.whenLost) = (onLogon, onLogout, onDisconnect, whenLost)
    }
}

/// What a session is made from.
public struct FIXSettings: Hashable, Sendable {
    public var version = "FIX.4.2"
    public var sender: String
    public var target: String
    /// HeartBtInt, in whole seconds.
    public var heartbeatSeconds: Int64
    public var reset: FIXResetPolicy
    /// Without an answer to our Logon or Logout for so long we close.
    public var logonTimeout = Span.seconds(10)
    public var logoutTimeout = Span.seconds(2)
    /// SendingTime may be this far from our clock.
    public var clockTolerance = Span.seconds(120)
    /// Of silence, in tenths of the heartbeat: when a TestRequest goes, and when the connection is dead.
    public var testAfterTenths: Int64 = 12
    public var deadAfterTenths: Int64 = 20
    /// A gap that does not get smaller for so long is asked for again, three times in all.
    public var resendTimeout = Span.seconds(10)
    /// Logons in a row that may fail before nobody should try any more.
    public var mostLogonFailures = 5
    /// Messages and bytes behind a gap that are kept; what is over comes again with the resend.
    public var mostQueued = 2_048
    public var mostQueuedBytes = 4 << 20
    public var longestMessage = 1 << 18
    /// Types of application messages that the owner can read; others get a BusinessMessageReject.
    public var understood: [String] = [FIXType.executionReport, FIXType.orderCancelReject, FIXType.businessMessageReject]

    public init(sender: String, target: String, heartbeatSeconds: Int64 = 30, reset: FIXResetPolicy = FIXResetPolicy()) {
        precondition(heartbeatSeconds > 0, "a session without heartbeats cannot tell a dead peer")
        (self.sender, self.target, self.heartbeatSeconds, self.reset) = (sender, target, heartbeatSeconds, reset)
    }

    var heartbeat: Int64 { heartbeatSeconds * 1_000_000_000 }
}

/// Both clocks of the moment.
public struct FIXMoment: Hashable, Sendable, BitwiseCopyable {
    public var wall: Timestamp
    /// Monotonic, ns.
    public var monotonic: Int64
    public init(wall: Timestamp, monotonic: Int64) { (self.wall, self.monotonic) = (wall, monotonic) }
}

/// What comes to a session.
public enum FIXEvent: Sendable {
    /// A connection is there; the fields identify us in the Logon, before `98`.
    case connected(credentials: FIXBody)
    case received([UInt8])
    case disconnected(why: String)
    case timer
    case logout(text: String)
}

/// What a session wants done, in order.
public enum FIXAction: Hashable, Sendable {
    /// Into the file of numbers, before the bytes that follow.
    case keep(FIXSequence)
    case write([UInt8])
    case disconnect
    /// ``FIXEvent/timer`` then; replaces the one before.
    case wake(after: Span)
    case tell(FIXNews)
}

/// What a session tells its owner.
public enum FIXNews: Hashable, Sendable {
    /// - reset: Both sides count from one again: what was missed will never come, ask for it otherwise.
    case loggedOn(reset: Bool)
    /// Application messages may go: logged on, and nothing is missing in either direction.
    case ready
    /// Something is missing: none may go until the next `ready`.
    case notReady(why: String)
    case application(FIXMessage)
    /// A message of ours was refused by the session.
    case rejected(FIXRejection)
    /// The peer asked for application messages of ours again, and got a gap-fill: what became of them is to be found out (C36).
    case notResent(sequences: [Int64])
    case ended(FIXEnding)
    case alarm(String)
}

/// A session-level Reject, or a BusinessMessageReject, of a message of ours.
public struct FIXRejection: Hashable, Sendable {
    /// RefSeqNum: the number that our message bore.
    public var sequence: Int64
    public var type: String?
    /// RefTagID.
    public var tag: Int64?
    public var reason: Int64?
    public var text: String
}

/// Why a connection ended.
public enum FIXEnding: Hashable, Sendable {
    /// The peer did not take our Logon.
    case refused(String)
    case loggedOut(String)
    case closed(String)
    case silent
    case noAnswer(String)
    case sequenceTooLow(expected: Int64, received: Int64)
    /// A gap that was not filled.
    case gap
    case violation(String)
    /// We wanted it.
    case ours

    public var text: String {
        switch self {
        case .refused(let text): "the logon was refused: \(text)"
        case .loggedOut(let text): "logged out by the peer" + (text.isEmpty ? "" : ": \(text)")
        case .closed(let why): why
        case .silent: "nothing was heard, not even after a TestRequest"
        case .noAnswer(let what): "no answer to our \(what)"
        case .sequenceTooLow(let expected, let received): "MsgSeqNum \(received) where \(expected) was expected"
        case .gap: "missing messages were not sent again"
        case .violation(let text): text
        case .ours: "logged out"
        }
    }
}
