internal import Domain
internal import JSON

/// Frames of the trade socket, and answers on the account socket.
extension ValrSession {
    mutating func message(_ bytes: Bytes, on socket: SocketID) {
        guard let link = core.link(socket) else { return }
        heard[Int(link.rawValue)] = now.monotonic
        let frame: ValrFrame
        do throws(JSONError) {
            frame = try ValrFrame(bytes)
        } catch {
            let name = link == .market ? "trade" : "account"
            return tell(.alarm("the \(name) socket sent what cannot be read: at byte \(error.offset) expected \(error.expected): \(bytes.excerpt)"))
        }
        if link == .market { market(frame) } else { account(frame) }
    }

    // MARK: - Market

    private mutating func market(_ frame: ValrFrame) {
        if let data = frame.data, let pair = frame.pair, let index = core.book(pair), core.market.phase != .connecting {
            if core.market.phase == .subscribing, !frame.isA("ERROR") { marketReady() }
            if frame.isA("AGGREGATED_ORDERBOOK_UPDATE") { return aggregated(data, index) }
            if frame.isA("NEW_TRADE") { return trade(data, index) }
            if frame.isA("FULL_ORDERBOOK_UPDATE") { return fullBook(data, index, isSnapshot: false) }
            if frame.isA("FULL_ORDERBOOK_SNAPSHOT") { return fullBook(data, index, isSnapshot: true) }
            if frame.isA("MARKET_SUMMARY_UPDATE") { return summary(data, index) }
            return
        }
        if frame.isA("PONG") {
            pings[0] = 0
            if !core.own.isEmpty, ValrSession.contains(frame.whole, "NO_SUBSCRIPTIONS") { return drop(.market, "the venue knows of no subscription") }
            if core.market.phase == .subscribing { marketReady() }
        } else if frame.isA("ERROR") {
            let text = ValrError(frame.error ?? frame.data ?? frame.whole)?.text ?? frame.whole.excerpt
            if core.market.phase == .subscribing { return handshakeFailed(.market, text) }
            tell(.alarm("the trade socket says: \(text)"))
        }
    }

    private mutating func marketReady() {
        core.out.append(.cancelTimer(core.market.settle))
        becameReady(.market)
    }

    private mutating func aggregated(_ data: Bytes, _ index: Int) {
        guard settings.book == .aggregated else { return }
        do {
            apply(try BookData(valr: data, core.books[index].grids), index, isUpdate: false)
        } catch {
            doubt(index, InstrumentGrids.why(error))
        }
    }

    private mutating func trade(_ data: Bytes, _ index: Int) {
        do {
            apply([try TradeData(valr: data, core.books[index].grids)], index)
        } catch {
            tell(.alarm("a trade of \(core.books[index].symbol) cannot be read: \(InstrumentGrids.why(error)): \(data.excerpt)"))
        }
    }

    private mutating func summary(_ data: Bytes, _ index: Int) {
        do throws(JSONError) {
            summaries[core.books[index].symbol] = try ValrSummary(data)
        } catch {
            tell(.alarm("a summary of \(core.books[index].symbol) cannot be read: \(InstrumentGrids.why(error))"))
        }
    }

    // MARK: - The full book

    private mutating func fullBook(_ data: Bytes, _ index: Int, isSnapshot: Bool) {
        guard settings.book == .full else { return }
        if isSnapshot { core.resyncs[index].isAwaited = false }
        // Between the doubt and the next snapshot everything is of the old stream.
        guard !core.resyncs[index].isAwaited else { return }
        do {
            let message = try ValrFullMessage(data, core.books[index].grids)
            if isSnapshot {
                let book = full[index].replace(with: message)
                if isRight(message, index, isFresh: true) { apply(book, index, isUpdate: false) }
                return
            }
            guard let last = full[index].sequence else { return mistrust(index, "a change of a book without a base") }
            guard message.sequence == last &+ 1 else { return mistrust(index, "a gap: \(message.sequence) after \(last)") }
            let changes = full[index].change(message)
            if isRight(message, index, isFresh: false) { apply(changes, index, isUpdate: true) }
        } catch {
            mistrust(index, InstrumentGrids.why(error))
        }
    }

    private mutating func mistrust(_ index: Int, _ why: String) {
        doubt(index, why)
        askBookAnew(index)
    }

    /// The venue's checksum of the book. Where the first three fresh books have all been wrong, it is our reading that is wrong.
    private mutating func isRight(_ message: ValrFullMessage, _ index: Int, isFresh: Bool) -> Bool {
        guard let told = message.checksum, !checksums.isOff else { return true }
        if told == Int64(full[index].checksum) {
            checksums.right += 1
            return true
        }
        if isFresh { checksums.wrong += 1 }
        if checksums.right == 0, checksums.wrong >= 3 {
            checksums.isOff = true
            tell(.alarm("the checksums of three fresh books were not as we compute them: the check is off"))
            return true
        }
        mistrust(index, "the checksum is \(told), ours \(full[index].checksum)")
        return false
    }

    // MARK: - Answers on the account socket

    /// Whether a frame answers a request of ours; then it is dealt with.
    mutating func answer(_ frame: ValrFrame) -> Bool {
        guard let type = frame.type else { return false }
        let isInvalid = type.hasPrefix("INVALID_")
        let isResponse = ValrSession.ends(type, "_WS_RESPONSE")
        guard isInvalid || isResponse || frame.id != nil && (frame.isA("ERROR") || frame.isA("RATE_LIMIT_EXCEEDED")) else { return false }
        let error = ValrError(frame.error ?? (isResponse ? nil : frame.data ?? frame.whole))
        var reply = Reply(verdict: .done, code: error?.codeText ?? "", message: error?.text ?? "", result: frame.data, why: error?.text ?? type.text)
        if isInvalid {
            // Refused before the engine saw it.
            reply.verdict = error?.verdict ?? .rejected(.venue)
        } else if frame.isA("RATE_LIMIT_EXCEEDED") {
            reply.verdict = .throttled
        } else if frame.error != nil || !isResponse {
            // Words that nobody wrote down decide nothing.
            reply.verdict = error?.verdict ?? .unknown
        } else {
            readReceipt(frame, &reply)
        }
        guard let id = frame.id else {
            tell(.alarm("an answer that names no request: \(frame.whole.excerpt)"))
            return true
        }
        answered(id, reply)
        return true
    }

    /// `{"orderId":"…"}`, for cancels with `"requested":true`.
    private func readReceipt(_ frame: ValrFrame, _ reply: inout Reply) {
        guard let data = frame.data else { return reply.verdict = .unknown }
        do throws(JSONError) {
            var reader = JSONReader(data)
            var fields = JSONFields(["orderId", "requested"])
            try reader.beginObject()
            while let field = try fields.next(in: &reader) {
                if field == 0 {
                    reply.venueID = try reader.optionalText()
                } else if try reader.peek() == .bool {
                    if try !reader.bool() { reply.verdict = .unknown }
                } else {
                    try reader.skip()
                }
            }
        } catch {
            reply.verdict = .unknown
        }
        if reply.venueID == nil, frame.isA("PLACE_LIMIT_WS_RESPONSE") || frame.isA("PLACE_MARKET_WS_RESPONSE") { reply.verdict = .unknown }
    }

    static func ends(_ text: Bytes, _ tail: StaticString) -> Bool {
        text.count >= tail.utf8CodeUnitCount && text.dropFirst(text.count - tail.utf8CodeUnitCount).equals(tail)
    }

    static func contains(_ text: Bytes, _ part: StaticString) -> Bool {
        guard text.count >= part.utf8CodeUnitCount else { return false }
        for from in 0...(text.count - part.utf8CodeUnitCount) where text.slice(from, from + part.utf8CodeUnitCount).equals(part) { return true }
        return false
    }
}
