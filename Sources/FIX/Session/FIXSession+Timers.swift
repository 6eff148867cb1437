internal import Domain

/// Heartbeats, silence, answers that do not come.
extension FIXSession {
    mutating func timer() {
        armed = .max
        switch phase {
        case .disconnected: return
        case .loggingOn: if now.monotonic >= deadline { ended(.noAnswer("Logon"), closes: true) }
        case .loggingOut: if now.monotonic >= deadline { ended(.ours, closes: true) }
        case .active: watch()
        }
    }

    private mutating func watch() {
        if now.monotonic >= lastIn + deadAfter { return ended(.silent, closes: true) }
        if now.monotonic >= lastIn + testAfter, !hasTested {
            hasTested = true
            testRequest()
        }
        if let gap, now.monotonic >= gap.asked + settings.resendTimeout.nanoseconds { gapTimedOut(gap) }
        if phase == .active, now.monotonic >= lastOut + settings.heartbeat { transmit(FIXType.heartbeat) }
    }

    private var testAfter: Int64 { settings.heartbeat / 10 * settings.testAfterTenths }
    private var deadAfter: Int64 { settings.heartbeat / 10 * settings.deadAfterTenths }

    @discardableResult
    mutating func testRequest() -> String {
        testCount += 1
        let id = "PERIGEE-\(testCount)"
        var body = FIXBody()
        body.add(FIXTag.testReqID, id)
        transmit(FIXType.testRequest, body)
        return id
    }

    private mutating func gapTimedOut(_ old: Gap) {
        // Some of it came: that is progress, and the rest is asked for with a count of its own.
        let attempts = numbers.target > old.from ? 1 : old.attempts + 1
        guard attempts <= 3 else { return leave(.gap) }
        askAgain(upTo: old.upTo, attempts: attempts)
    }

    mutating func askAgain(upTo: Int64, attempts: Int) {
        gap = Gap(upTo: upTo, from: numbers.target, asked: now.monotonic, attempts: attempts)
        var body = FIXBody()
        body.add(FIXTag.beginSeqNo, numbers.target)
        body.add(FIXTag.endSeqNo, 0)
        transmit(FIXType.resendRequest, body)
    }

    /// Asks to be woken at the next thing that is due; a timer that comes too early finds nothing and is set anew.
    mutating func arm() {
        guard phase != .disconnected else { return }
        var due = deadline
        if phase == .active {
            due = min(lastOut + settings.heartbeat, lastIn + (hasTested ? deadAfter : testAfter))
            if let gap { due = min(due, gap.asked + settings.resendTimeout.nanoseconds) }
        }
        guard due < armed else { return }
        armed = due
        out.append(.wake(after: Span(nanoseconds: max(0, due - now.monotonic))))
    }
}
