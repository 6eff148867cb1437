internal import Domain

/// Numbers: in order, too high, too low, asked for again.
extension FIXSession {
    /// A message whose turn it is.
    mutating func accept(_ message: FIXMessage, isDone: Bool) {
        if message.type == FIXType.sequenceReset { return gapFill(message) }
        numbers.target += 1
        if isDone { return }
        if let fault = message.fault, message.type != FIXType.logout {
            // A Reject is never answered by another.
            if message.type == FIXType.reject { return tell(.alarm("a Reject that cannot be read: \(fault.text)")) }
            return reject(message, fault)
        }
        if message.isPossDup, let fault = repeatedWrongly(message) { return reject(message, fault) }
        act(on: message)
    }

    private mutating func act(on message: FIXMessage) {
        switch message.type {
        case FIXType.heartbeat: heartbeat(message)
        case FIXType.testRequest:
            var body = FIXBody()
            body.add(FIXTag.testReqID, message.text(FIXTag.testReqID) ?? "")
            transmit(FIXType.heartbeat, body)
        case FIXType.resendRequest: answer(resendRequest: message)
        case FIXType.reject:
            tell(
                .rejected(
                    FIXRejection(
                        sequence: message.integer(FIXTag.refSeqNum) ?? 0, type: message.text(FIXTag.refMsgType),
                        tag: message.integer(FIXTag.refTagID), reason: message.integer(FIXTag.sessionRejectReason),
                        text: message.text(FIXTag.text) ?? "")))
        case FIXType.logout: loggedOut(message)
        case FIXType.logon:
            tell(.alarm("a second Logon"))
            leave(.violation("a second Logon"))
        case _: application(message)
        }
    }

    private mutating func heartbeat(_ message: FIXMessage) {
        guard let sync, message.text(FIXTag.testReqID) == sync else { return }
        self.sync = nil
        tellReadiness()
    }

    private mutating func application(_ message: FIXMessage) {
        guard settings.understood.contains(message.type) else {
            var body = FIXBody()
            body.add(FIXTag.refSeqNum, message.sequence ?? 0)
            body.add(FIXTag.text, "Unsupported message type")
            body.add(FIXTag.refMsgType, message.type)
            body.add(FIXTag.businessRejectReason, 3)
            return transmit(FIXType.businessMessageReject, body)
        }
        let execution = message.text(FIXTag.execID).flatMap { $0 == "0" ? nil : $0 }
        if let execution {
            if message.isPossResend, recentExecutions.contains(execution) { return }
            if !recentExecutions.contains(execution) {
                recentExecutions.append(execution)
                if recentExecutions.count > 512 { recentExecutions.removeFirst(256) }
            }
        } else if message.isPossResend {
            // Nothing tells whether it was seen: acting twice is worse than asking.
            return tell(.alarm("a possible repetition without ExecID was refused: \(message.excerpt)"))
        }
        tell(.application(message))
    }

    private mutating func loggedOut(_ message: FIXMessage) {
        let text = message.text(FIXTag.text) ?? ""
        if phase == .loggingOut { return ended(.ours, closes: true) }
        if text.lowercased().contains("too low") { numbersAreLost("the peer says: \(text)") }
        sendLogout("")
        ended(.loggedOut(text), closes: true)
    }

    // MARK: - Too high, too low

    mutating func tooHigh(_ message: FIXMessage, _ sequence: Int64) {
        // Its number stays open: after the next logon the gap is still there to be asked for (F66).
        if message.type == FIXType.logout { return loggedOut(message) }
        // Answered at once, or two sides that miss something would wait for each other (F62).
        let isAnswered = message.type == FIXType.resendRequest && message.fault == nil
        if isAnswered { answer(resendRequest: message) }
        guard phase == .active || phase == .loggingOut else { return }
        enqueue(message, sequence, isDone: isAnswered)
        if let gap {
            self.gap?.upTo = max(gap.upTo, sequence)
        } else {
            askAgain(upTo: sequence, attempts: 1)
            tellReadiness("messages \(numbers.target) to \(sequence - 1) of the peer are missing")
        }
    }

    mutating func enqueue(_ message: FIXMessage, _ sequence: Int64, isDone: Bool) {
        guard queue.count < settings.mostQueued, queuedBytes + message.bytes.count <= settings.mostQueuedBytes else { return }
        let place = queue.firstIndex { $0.sequence >= sequence } ?? queue.count
        if place < queue.count, queue[place].sequence == sequence { return }
        queue.insert(Queued(sequence: sequence, message: message, isDone: isDone), at: place)
        queuedBytes += message.bytes.count
    }

    mutating func drainQueue() {
        while phase != .disconnected, let first = queue.first, first.sequence <= numbers.target {
            queue.removeFirst()
            queuedBytes -= first.message.bytes.count
            if first.sequence == numbers.target { accept(first.message, isDone: first.isDone) }
        }
    }

    mutating func closeGap() {
        guard phase != .disconnected, let gap else { return }
        if numbers.target > gap.upTo {
            self.gap = nil
            tellReadiness()
        }
    }

    mutating func tooLow(_ message: FIXMessage, _ sequence: Int64) {
        if message.isPossDup {
            // Acted on when it first came (F59); only its form is looked at.
            if message.type != FIXType.sequenceReset, message.fault == nil, let fault = repeatedWrongly(message) { reject(message, fault) }
            return
        }
        let ending = FIXEnding.sequenceTooLow(expected: numbers.target, received: sequence)
        numbersAreLost("MsgSeqNum too low, expecting \(numbers.target) but received \(sequence)")
        sendLogout("MsgSeqNum too low, expecting \(numbers.target) but received \(sequence)")
        ended(ending, closes: true)
    }

    /// A repetition says when it was first sent, and that was before it was sent again.
    private func repeatedWrongly(_ message: FIXMessage) -> FIXFault? {
        if message.type == FIXType.sequenceReset { return nil }
        guard let original = message.time(FIXTag.origSendingTime) else {
            return FIXFault(.missing, tag: FIXTag.origSendingTime, "a repetition without OrigSendingTime")
        }
        guard let sent = message.time(FIXTag.sendingTime), original <= sent else {
            return FIXFault(.sendingTime, tag: FIXTag.origSendingTime, "OrigSendingTime is after SendingTime")
        }
        return nil
    }

    // MARK: - SequenceReset

    /// `123=Y`: the numbers up to the new one are used up, by nothing that matters.
    private mutating func gapFill(_ message: FIXMessage) {
        if let fault = message.fault {
            numbers.target += 1
            return reject(message, fault)
        }
        guard let next = message.integer(FIXTag.newSeqNo), next > numbers.target else {
            return reject(
                message, FIXFault(.badValue, tag: FIXTag.newSeqNo, "attempt to lower the sequence number, to \(message.integer(FIXTag.newSeqNo) ?? 0)"))
        }
        // What lies in hand was sent, whatever the fill says: it is acted on at its place.
        while phase != .disconnected, let first = queue.first, first.sequence < next {
            queue.removeFirst()
            queuedBytes -= first.message.bytes.count
            if first.sequence < numbers.target { continue }
            numbers.target = first.sequence
            accept(first.message, isDone: first.isDone)
        }
        numbers.target = max(numbers.target, next)
        drainQueue()
    }

    /// `123=N`: the peer's disaster recovery; its own number does not count.
    mutating func hardReset(_ message: FIXMessage) {
        if let fault = message.fault { return reject(message, fault) }
        guard let next = message.integer(FIXTag.newSeqNo), next >= numbers.target else {
            return reject(
                message, FIXFault(.badValue, tag: FIXTag.newSeqNo, "attempt to lower the sequence number, to \(message.integer(FIXTag.newSeqNo) ?? 0)"))
        }
        if next > numbers.target { tell(.alarm("the peer jumped from \(numbers.target) to \(next): what lay between is lost, ask for it otherwise")) }
        numbers.target = next
        drainQueue()
        closeGap()
    }

    // MARK: - ResendRequest

    /// One gap-fill over all that was asked for: orders are never sent again (C36, F60).
    private mutating func answer(resendRequest message: FIXMessage) {
        let begin = message.integer(FIXTag.beginSeqNo) ?? 0
        let end = message.integer(FIXTag.endSeqNo) ?? 0
        guard begin >= 1, end == 0 || end >= begin else {
            return reject(message, FIXFault(.badValue, tag: FIXTag.beginSeqNo, "a ResendRequest of \(begin) to \(end)"))
        }
        guard begin < numbers.sender else { return tell(.alarm("the peer asks for \(begin), and nothing after \(numbers.sender - 1) was sent")) }
        let next = end == 0 || end >= numbers.sender - 1 ? numbers.sender : end + 1
        var body = FIXBody()
        body.add(FIXTag.newSeqNo, next)
        body.add(FIXTag.gapFillFlag, true)
        let header = FIXHeader(
            type: FIXType.sequenceReset, sequence: begin, sender: settings.sender, target: settings.target, time: now.wall, original: now.wall)
        write(header.message(body, version: settings.version))
        let missed = sentApplications.filter { $0 >= begin && $0 < next }
        if !missed.isEmpty { tell(.notResent(sequences: missed)) }
        // The question that was to show that nothing is missing was gap-filled too: it is asked anew.
        if sync != nil, phase == .active { sync = testRequest() }
    }
}
