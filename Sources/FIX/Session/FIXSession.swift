internal import Domain

/// One FIX 4.2 session of an initiator as a value: events in, actions out; no I/O, no clock.
///
/// Application messages of ours are never sent again: a ResendRequest is answered by a gap-fill, whatever it asks for (C36).
///
/// - Source: FIX 4.2 with errata 20010501, "Session protocol"; `docs/safety.md`, F57 to F68.
public struct FIXSession: Sendable {
    public enum Phase: Hashable, Sendable { case disconnected, loggingOn, active, loggingOut }

    /// Messages that are missing.
    struct Gap: Hashable, Sendable {
        /// The highest number known to have been sent.
        var upTo: Int64
        /// What was expected when it was last asked for.
        var from: Int64
        var asked: Int64
        var attempts = 1
    }

    struct Queued: Sendable {
        var sequence: Int64
        var message: FIXMessage
        /// Acted on already when it came: only its number counts.
        var isDone: Bool
    }

    public let settings: FIXSettings
    public internal(set) var phase = Phase.disconnected
    public internal(set) var numbers: FIXSequence
    public internal(set) var logonFailures = 0
    /// The next logon resets, whatever the policy says of ordinary ones.
    var mustReset: Bool
    var isReset = false
    var kept: FIXSequence?
    var framer: FIXFramer
    var gap: Gap?
    var queue: [Queued] = []
    var queuedBytes = 0
    /// A TestRequest that must be answered before orders go: after a logon that went on counting.
    var sync: String?
    /// A TestRequest because of silence.
    var hasTested = false
    var testCount: UInt64 = 0
    var lastIn: Int64 = 0
    var lastOut: Int64 = 0
    /// Of a Logon's or Logout's answer, monotonic.
    var deadline: Int64 = .max
    var armed: Int64 = .max
    var isReadyTold = false
    var garbled = 0
    var sentApplications: [Int64] = []
    var recentExecutions: [String] = []
    var now = FIXMoment(wall: Timestamp(nanoseconds: 0), monotonic: 0)
    var out: [FIXAction] = []

    /// - Parameter numbers: As kept; nil where there are none, or they are lost.
    public init(_ settings: FIXSettings, numbers: FIXSequence?) {
        self.settings = settings
        self.numbers = numbers ?? .first
        kept = numbers
        mustReset = numbers == nil && settings.reset.whenLost
        framer = FIXFramer(longest: settings.longestMessage)
    }

    /// Whether application messages may go (C36).
    public var isReady: Bool { phase == .active && gap == nil && sync == nil }

    /// Too many logons failed in a row: a person should look.
    public var isExhausted: Bool { logonFailures >= settings.mostLogonFailures }

    /// - Parameter actions: Appended to, in the order in which they are to be done.
    public mutating func handle(_ event: FIXEvent, at now: FIXMoment, into actions: inout [FIXAction]) {
        begin(now, &actions)
        switch event {
        case .connected(let credentials): connected(credentials)
        case .received(let bytes): received(bytes)
        case .disconnected(let why): if phase != .disconnected { ended(wasLoggingOut ? .ours : .closed(why), closes: false) }
        case .timer: timer()
        case .logout(let text): logout(text)
        }
        finish(&actions)
    }

    /// Sends an application message.
    ///
    /// - Returns: Its number, by which a Reject names it; nil where none may go, and nothing left.
    public mutating func send(_ type: String, _ body: FIXBody, at now: FIXMoment, into actions: inout [FIXAction]) -> Int64? {
        precondition(!FIXType.isAdministrative(type), "the session's own messages are the session's")
        guard isReady else { return nil }
        begin(now, &actions)
        let sequence = numbers.sender
        sentApplications.append(sequence)
        if sentApplications.count > 8_192 { sentApplications.removeFirst(4_096) }
        transmit(type, body)
        finish(&actions)
        return sequence
    }

    private mutating func begin(_ now: FIXMoment, _ actions: inout [FIXAction]) {
        self.now = now
        swap(&out, &actions)
    }

    private mutating func finish(_ actions: inout [FIXAction]) {
        keep()
        arm()
        swap(&out, &actions)
    }

    var wasLoggingOut: Bool { phase == .loggingOut }

    mutating func tell(_ news: FIXNews) { out.append(.tell(news)) }

    mutating func keep() {
        guard kept != numbers else { return }
        kept = numbers
        out.append(.keep(numbers))
    }

    // MARK: - Sending

    mutating func transmit(_ type: String, _ body: FIXBody = FIXBody()) {
        let header = FIXHeader(type: type, sequence: numbers.sender, sender: settings.sender, target: settings.target, time: now.wall)
        numbers.sender += 1
        // The number is on disk before the bytes are on the wire: it is never used twice.
        keep()
        write(header.message(body, version: settings.version))
    }

    mutating func write(_ bytes: [UInt8]) {
        out.append(.write(bytes))
        lastOut = now.monotonic
    }

    // MARK: - The life of a connection

    private mutating func connected(_ credentials: FIXBody) {
        precondition(phase == .disconnected, "a session has one connection at a time")
        phase = .loggingOn
        framer = FIXFramer(longest: settings.longestMessage)
        (gap, queue, queuedBytes, sync, hasTested) = (nil, [], 0, nil, false)
        (isReadyTold, garbled) = (false, 0)
        isReset = settings.reset.onLogon || mustReset
        if isReset {
            numbers = .first
            sentApplications = []
        }
        var body = credentials
        body.add(FIXTag.encryptMethod, 0)
        body.add(FIXTag.heartBtInt, settings.heartbeatSeconds)
        if isReset { body.add(FIXTag.resetSeqNumFlag, true) }
        transmit(FIXType.logon, body)
        lastIn = now.monotonic
        deadline = now.monotonic + settings.logonTimeout.nanoseconds
    }

    private mutating func logout(_ text: String) {
        switch phase {
        case .disconnected, .loggingOut: return
        case .loggingOn: return ended(.ours, closes: true)
        case .active:
            sendLogout(text)
            phase = .loggingOut
            deadline = now.monotonic + settings.logoutTimeout.nanoseconds
        }
    }

    mutating func sendLogout(_ text: String) {
        var body = FIXBody()
        body.add(FIXTag.text, text)
        transmit(FIXType.logout, body)
    }

    /// The connection is over; what the policy says is done with the numbers.
    mutating func ended(_ ending: FIXEnding, closes: Bool) {
        let wasLoggingOn = phase == .loggingOn
        phase = .disconnected
        if wasLoggingOn, ending != .ours { logonFailures += 1 }
        let isLogout: Bool =
            switch ending {
            case .ours, .loggedOut: true
            case .refused, .closed, .silent, .noAnswer, .sequenceTooLow, .gap, .violation: false
            }
        if settings.reset.onDisconnect || (settings.reset.onLogout && isLogout) { numbers = .first }
        (gap, queue, queuedBytes, sync) = (nil, [], 0, nil)
        (deadline, armed, isReadyTold) = (.max, .max, false)
        if closes { out.append(.disconnect) }
        tell(.ended(ending))
    }

    /// Says good-bye and why, and closes without waiting.
    mutating func leave(_ ending: FIXEnding) {
        sendLogout(ending.text)
        ended(ending, closes: true)
    }

    /// The owner learns once when orders may go, and once when not.
    mutating func tellReadiness(_ why: String = "") {
        guard isReady != isReadyTold else { return }
        isReadyTold = isReady
        tell(isReady ? .ready : .notReady(why: why))
    }
}
