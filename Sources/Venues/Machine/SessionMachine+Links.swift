internal import Domain
internal import Transport

/// Connecting, losing a connection, and all of it again.
extension SessionMachine {
    mutating func connect(_ link: VenueLink) {
        guard !core[link].hasSocket, core[link].phase != .refused else { return }
        core[link].phase = .connecting
        core[link].outstanding = 0
        core[link].hasAskedAgain = false
        tell(.link(link, .connecting))
        if isPolled(link) { return opened(link) }
        let (url, headers) = address(of: link)
        core.out.append(.connect(core[link].socket, url: url, headers: headers))
    }

    /// Nothing heard for so long from now on, and the connection is dead.
    mutating func listen(_ link: VenueLink, for span: Span) { core.out.append(.timer(core[link].heartbeat, after: span)) }

    mutating func becameReady(_ link: VenueLink) {
        core[link].phase = .ready
        core[link].failures = 0
        core[link].backoff.connected(at: Timestamp(nanoseconds: now.monotonic))
        tell(.link(link, .ready))
    }

    /// One subscription more is acknowledged; ready with the last.
    mutating func subscribed(_ link: VenueLink) {
        guard core[link].phase == .subscribing else { return }
        core[link].outstanding -= 1
        if core[link].outstanding == 0 { becameReady(link) }
    }

    /// A step of the handshake was refused: what may be mended is tried once more.
    mutating func refusedStep(_ link: VenueLink, _ verdict: RequestVerdict, _ why: String, isAuthentication: Bool) {
        core[link].failures += 1
        let isSecond = core[link].failures > 1
        switch verdict {
        case .forbidden, .account: refuse(link, why)
        case .retired: refuse(link, "venue API retired or of another version: \(why)")
        case .unauthorised: if isSecond { refuse(link, why) } else { drop(link, why) }
        case .clock:
            if isSecond { return refuse(link, why) }
            probeClock()
            drop(link, why)
        case .throttled:
            tell(.throttled(Span(nanoseconds: 1_000_000_000)))
            drop(link, why)
        case .rejected, .duplicate, .noSuchOrder:
            if isAuthentication, isSecond { refuse(link, why) } else { drop(link, why) }
        case .done, .unknown, .paused: drop(link, why)
        }
    }

    // MARK: - Losing a connection

    mutating func closed(_ link: VenueLink, _ closing: VenueClosing) {
        guard core[link].hasSocket else { return }
        let text = "closed with \(closing.code)" + (closing.reason.isEmpty ? "" : ": \(closing.reason)")
        if closing.isRefusal {
            switch closing.status {
            case 0: return refuse(link, text)
            case 404, 410: return refuse(link, "venue API retired: \(text)")
            case 401, 403:
                core[link].failures += 1
                if core[link].failures > 1 { return refuse(link, text) }
                probeClock()
            case 429: tell(.throttled(Span(nanoseconds: 5_000_000_000)))
            case _: break
            }
        }
        if isRefusal(link, closing) {
            core[link].failures += 1
            if core[link].failures > 1 { return refuse(link, "closed while authenticating, \(text)") }
        }
        var delay: Span?
        if closing.code == 1_013 || closing.code == 1_012 { delay = Span(nanoseconds: Int64.random(in: 5_000_000_000...10_000_000_000, using: &core.random)) }
        if closing.code == 1_000 {
            core[link].normalCloses += 1
            if core[link].normalCloses > 1 {
                tell(.alarm("the venue closed the \(link == .market ? "market" : "order") socket normally again: heartbeats may not reach it"))
            }
        }
        lose(link, text, after: delay)
    }

    /// Closes a connection that is no good and tries again.
    mutating func drop(_ link: VenueLink, _ why: String) {
        guard core[link].hasSocket else { return }
        core.out.append(.close(core[link].socket))
        lose(link, why, after: nil)
    }

    /// Closes a connection and does not try again.
    mutating func refuse(_ link: VenueLink, _ why: String) {
        guard core[link].phase != .refused else { return }
        if core[link].hasSocket { core.out.append(.close(core[link].socket)) }
        for timer in [core[link].settle, core[link].heartbeat, core[link].reconnect] { core.out.append(.cancelTimer(timer)) }
        core[link].phase = .refused
        tell(.link(link, .refused(why: why)))
        abandon(link, why)
    }

    private mutating func lose(_ link: VenueLink, _ why: String, after given: Span?) {
        core.out.append(.cancelTimer(core[link].settle))
        core.out.append(.cancelTimer(core[link].heartbeat))
        var backoff = core[link].backoff
        let jittered = backoff.failed(at: Timestamp(nanoseconds: now.monotonic), using: &core.random)
        core[link].backoff = backoff
        core[link].phase = .waiting
        core.out.append(.timer(core[link].reconnect, after: given ?? jittered))
        tell(.link(link, .down(why: why)))
        abandon(link, why)
    }

    /// What becomes of all that was under way on a socket.
    private mutating func abandon(_ link: VenueLink, _ why: String) {
        if link == .market {
            for index in core.books.indices where core.books[index].isValid { doubt(index, why) }
        }
        settle(link, why)
    }

    // MARK: - Books

    mutating func doubt(_ index: Int, _ why: String) {
        core.books[index].invalidate()
        forgetBook(index)
        tell(.bookInvalid(core.books[index].instrument, why: why))
    }

    /// Takes a whole book, or changes of one.
    mutating func apply(_ data: BookData, _ index: Int, isUpdate: Bool) {
        let outcome = isUpdate ? core.books[index].apply(update: data, at: now) : core.books[index].apply(snapshot: data, at: now)
        switch outcome {
        case .records(let records): if !records.isEmpty { tell(.market(records)) }
        case .stale: break
        case .invalid(let why, let mustResubscribe):
            doubt(index, why)
            if mustResubscribe { askBookAnew(index) }
        }
    }

    mutating func apply(_ trades: [TradeData], _ index: Int) {
        let records = core.books[index].apply(trades: trades, at: now)
        if !records.isEmpty { tell(.market(records)) }
    }

    mutating func resynchronise(_ instrument: InstrumentID) {
        guard core.own.contains(instrument.position), core.market.phase == .ready || core.market.phase == .subscribing else { return }
        doubt(instrument.position, "asked for anew")
        askBookAnew(instrument.position)
    }

    /// One subscription anew; after five in a minute the connection itself, whose back-off then keeps a storm away.
    mutating func askBookAnew(_ index: Int) {
        guard !core.resyncs[index].isAwaited else { return }
        if now.monotonic - core.resyncs[index].last > 60_000_000_000 { core.resyncs[index].count = 0 }
        core.resyncs[index].count += 1
        core.resyncs[index].last = now.monotonic
        if core.resyncs[index].count > 5 {
            return drop(.market, "the book of \(core.books[index].symbol) was asked for anew five times within a minute")
        }
        core.resyncs[index].isAwaited = true
        resubscribe(index)
    }
}
