internal import Domain

/// What the peer sends, before its number is looked at.
extension FIXSession {
    mutating func received(_ bytes: [UInt8]) {
        guard phase != .disconnected else { return }
        framer.append(bytes)
        while phase != .disconnected, let frame = framer.next() { take(frame) }
    }

    private mutating func take(_ frame: FIXFramer.Frame) {
        do throws(FIXGarbled) {
            switch frame {
            case .garbled(let why): throw FIXGarbled(why: why)
            case .message(let bytes): process(try FIXMessage(bytes))
            case .tooLong(let beginning, let length):
                var message = try FIXMessage(beginning)
                message.fault = FIXFault(.tooLong, tag: nil, "a message of \(length) bytes is longer than the \(settings.longestMessage) that are taken")
                process(message)
            }
        } catch {
            // Ignored, as FIX asks: its number is not used up, and the gap that the next message shows brings it again (F63).
            garbled += 1
            if garbled <= 3 { tell(.alarm("what cannot be read was ignored: \(error.why)")) }
        }
    }

    private mutating func process(_ message: FIXMessage) {
        lastIn = now.monotonic
        hasTested = false
        if message.text(FIXTag.beginString) != settings.version {
            return refuse("BeginString is \(message.text(FIXTag.beginString) ?? ""), not \(settings.version)")
        }
        guard let sequence = message.sequence else { return refuse("MsgSeqNum is missing") }
        if let why = strangeness(of: message) {
            if phase != .loggingOn { reject(message, FIXFault(why.0, tag: why.1, why.2)) }
            return refuse(why.2)
        }
        if phase == .loggingOn { return firstAnswer(message, sequence) }
        if message.type == FIXType.sequenceReset, !message.flag(FIXTag.gapFillFlag) { return hardReset(message) }
        if sequence > numbers.target {
            tooHigh(message, sequence)
        } else if sequence < numbers.target {
            tooLow(message, sequence)
        } else {
            accept(message, isDone: false)
            drainQueue()
        }
        closeGap()
    }

    /// Somebody else's message, or of another time.
    private func strangeness(of message: FIXMessage) -> (FIXFault.Reason, Int, String)? {
        if let sender = message.text(FIXTag.senderCompID), sender != settings.target {
            return (.compID, FIXTag.senderCompID, "SenderCompID is \(sender), not \(settings.target)")
        }
        if let target = message.text(FIXTag.targetCompID), target != settings.sender {
            return (.compID, FIXTag.targetCompID, "TargetCompID is \(target), not \(settings.sender)")
        }
        guard let sent = message.time(FIXTag.sendingTime) else { return nil }
        if (sent - now.wall).nanoseconds.magnitude > settings.clockTolerance.nanoseconds.magnitude {
            return (.sendingTime, FIXTag.sendingTime, "SendingTime accuracy problem: \(FIXTime.text(sent)) at our \(FIXTime.text(now.wall))")
        }
        return nil
    }

    /// The session cannot go on.
    private mutating func refuse(_ text: String) {
        tell(.alarm(text))
        if phase == .loggingOn { ended(.violation(text), closes: true) } else { leave(.violation(text)) }
    }

    // MARK: - The answer to our Logon

    private mutating func firstAnswer(_ message: FIXMessage, _ sequence: Int64) {
        switch message.type {
        case FIXType.logon: loggedOn(message, sequence)
        case FIXType.logout:
            let text = message.text(FIXTag.text) ?? "without a reason"
            // Our number is behind what the peer has seen: our file is lost or old (F68).
            if text.lowercased().contains("too low") { numbersAreLost("the peer says: \(text)") }
            ended(.refused(text), closes: true)
        case FIXType.reject: ended(.refused(message.text(FIXTag.text) ?? "Reject"), closes: true)
        case let other: ended(.violation("the first message is \(other), no Logon"), closes: true)
        }
    }

    private mutating func loggedOn(_ message: FIXMessage, _ sequence: Int64) {
        if let fault = message.fault { return ended(.violation("the Logon of the peer: \(fault.text)"), closes: true) }
        let resets = message.flag(FIXTag.resetSeqNumFlag)
        if isReset, sequence != 1 { return ended(.violation("ResetSeqNumFlag was asked for, and the peer answers with MsgSeqNum \(sequence)"), closes: true) }
        if !isReset, resets {
            numbersAreLost("the peer begins to count anew, and was not asked to")
            return ended(.violation("ResetSeqNumFlag was not asked for, and the peer answers with it"), closes: true)
        }
        if sequence < numbers.target {
            numbersAreLost("the peer is at \(sequence) where \(numbers.target) was expected")
            return ended(.sequenceTooLow(expected: numbers.target, received: sequence), closes: true)
        }
        phase = .active
        (deadline, logonFailures, mustReset) = (.max, 0, false)
        tell(.loggedOn(reset: isReset))
        if sequence > numbers.target {
            enqueue(message, sequence, isDone: true)
            askAgain(upTo: sequence, attempts: 1)
        } else {
            numbers.target += 1
        }
        // Counting went on: whether the peer misses something of ours is known once it answered what comes last.
        if !isReset { sync = testRequest() }
        tellReadiness()
    }

    /// The two sides do not agree on their numbers any more.
    mutating func numbersAreLost(_ why: String) {
        mustReset = settings.reset.whenLost
        tell(.alarm("sequence numbers are lost: \(why); " + (mustReset ? "the next logon resets them" : "reset them with the venue")))
    }

    // MARK: - Rejecting

    mutating func reject(_ message: FIXMessage, _ fault: FIXFault) {
        var body = FIXBody()
        body.add(FIXTag.refSeqNum, message.sequence ?? 0)
        body.add(FIXTag.text, fault.text)
        if let tag = fault.tag { body.add(FIXTag.refTagID, Int64(tag)) }
        body.add(FIXTag.refMsgType, message.type)
        // Reasons above 11 came with later versions.
        if fault.reason.rawValue <= 11 { body.add(FIXTag.sessionRejectReason, Int64(fault.reason.rawValue)) }
        transmit(FIXType.reject, body)
        tell(.alarm("a message was rejected: \(fault.text): \(message.excerpt)"))
    }
}
