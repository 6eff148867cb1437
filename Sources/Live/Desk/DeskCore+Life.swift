import Domain
import Trading
import Venues

/// Start, stop, and what is done every so often.
extension DeskCore {
    // MARK: - Start

    /// Orders and fills of earlier starts: the keepers know the orders, the engines were set up with positions and orders.
    func takeOver(_ state: LedgerState) {
        lastKnown = state.lastTime
        for (seat, name) in plan.strategies.enumerated() {
            for id in seats[seat].engine.desk.openOrders {
                guard let record = seats[seat].engine.desk.order(id), let old = adoptable(record, name, state) else { continue }
                let venue = home[record.order.instrument.position]
                adopted[AdoptedKey(seat: seat, id: id)] = old.intent.clientID
                var kept = KeptOrder(
                    clientID: old.intent.clientID, strategy: seat, symbol: old.intent.symbol, request: record.order.request, sent: old.intent.sent)
                kept.venueID = old.venueID
                kept.stage = .unknown
                kept.filled = record.order.filled
                kept.told = record.order.filled
                kept.isCancelWanted = old.isCancelWanted
                venues[venue].keeper.adopt(kept)
            }
        }
    }

    private func adoptable(_ record: OrderRecord, _ strategy: String, _ state: LedgerState) -> LedgerState.OpenOrder? {
        record.adoptedAs.flatMap { state.open[$0] }.flatMap { $0.intent.strategy == strategy ? $0 : nil }
    }

    func linked(_ link: VenueLink, _ state: VenueLinkState, _ venue: Int) {
        let name = plan.venues[venue].name
        let before = venues[venue].links[Int(link.rawValue)]
        venues[venue].links[Int(link.rawValue)] = state
        switch state {
        case .connecting: break
        case .ready:
            host.log(.info, name, link == .market ? "market data ready" : "orders ready")
            if before != .ready { ready(link, venue) }
        case .down(let why):
            host.log(.warn, name, "\(link == .market ? "market data" : "orders") down: \(why)")
            if before == .ready { down(link, venue) }
        case .refused(let why):
            alert(name, "refused: \(why)", urgency: .urgent)
            // One venue of several that goes away for good takes only its own orders along.
            guard phase == .running, plan.venues.count > 1, venues.contains(where: { $0.links[0] == .ready }) else {
                return stop(.unreachable(venue: name, why: why))
            }
            if before == .ready { down(link, venue) }
        case .closed: finishIfProven()
        }
    }

    private func ready(_ link: VenueLink, _ venue: Int) {
        if link == .orders, plan.venues[venue].isTrading {
            startReconciliation(venue)
        } else if phase == .starting {
            startIfReady()
        }
        if phase == .running { feedAll(.control(.venue(.connected, venue: plan.venues[venue].name))) }
    }

    private func down(_ link: VenueLink, _ venue: Int) {
        if link == .orders {
            // What came before is known: the reconciliation looks back to a while before this moment.
            if venues[venue].isReconciled { lastKnown = now.wall + Span(nanoseconds: -120_000_000_000) }
            venues[venue].isReconciled = false
            venues[venue].reconciliation = nil
            venues[venue].watch.rest()
            feedAll(.control(.lock(venue: plan.venues[venue].name)))
        }
        feedAll(.control(.venue(.disconnected, venue: plan.venues[venue].name)))
    }

    func startIfReady() {
        guard phase == .starting else { return }
        for (index, venue) in plan.venues.enumerated() {
            guard venues[index].links[0] == .ready, !venue.isTrading || venues[index].isReconciled else { return }
        }
        phase = .running
        for seat in seats.indices {
            if seat < savedStates.count, let saved = savedStates[seat] { feed(seat, .control(.restore(saved))) }
        }
        feedAll(.start)
        tellOthers()
        for venue in plan.venues.indices {
            feedAll(.control(.unlock(venue: plan.venues[venue].name)))
            tellFound(venue)
        }
        nextSample = now.monotonic
        nextSave = now.monotonic + plan.save.nanoseconds
        host.log(.info, "desk", plan.mode == .paper ? "running on paper" : "running live")
    }

    /// Orders that an earlier start left: cancelled, or the strategy's again.
    func settleLeftOrders(_ venue: Int) {
        guard phase == .starting else { return }
        for order in venues[venue].keeper.live where adopted[AdoptedKey(seat: order.strategy, id: order.id)] != nil {
            if plan.adoptsLeftOrders {
                venues[venue].found.adopted += 1
                continue
            }
            venues[venue].found.cancelled += 1
            let needsVenueID = plan.venues[venue].capabilities.clientIDs != .lookup
            if let reference = venues[venue].keeper.cancelling(order.clientID, needsVenueID: needsVenueID) { host.send(.cancel(reference), to: venue) }
        }
    }

    // MARK: - Chores

    /// Once a second: orders whose facts do not fit, audits, saves, what is written behind.
    func chores() {
        nextChore = now.monotonic + 1_000_000_000
        for venue in venues.indices where plan.venues[venue].isTrading && venues[venue].links[1] == .ready {
            perform(venues[venue].keeper.overdue(at: now), venue)
            for order in venues[venue].keeper.unknown where order.venueID == nil { startResolver(order.clientID, venue) }
            if venues[venue].isReconciled, now.monotonic >= venues[venue].lastAudit + plan.audit.nanoseconds || venues[venue].lastAudit == .min {
                venues[venue].lastAudit = now.monotonic
                checkPositions()
                ask(.openOrders(symbol: nil), venue, for: .audit)
                askTrades(venue)
                ask(.balances, venue, for: .audit)
            }
            watchBreaks(venue)
        }
        watchUnknown()
        repeatAlerts()
        if phase == .running { watchFeeds() }
        if now.monotonic >= nextSave, phase == .running {
            nextSave = now.monotonic + plan.save.nanoseconds
            save()
        }
        sink.flush()
        do { try ledger?.synchronize() } catch { diskFailed(error) }
    }

    /// Liveness by the arrival of data: a silent book is told as stale and asked for anew, once each silence.
    private func watchFeeds() {
        if silentSince.isEmpty { silentSince = Array(repeating: nil, count: plan.instruments.count) }
        for index in plan.instruments.indices {
            let arrival = unsafe seats[0].engine.desk.markets[index].bookArrival.nanoseconds
            let isSilent = arrival != .min && now.wall.nanoseconds - arrival > plan.feedSilence.nanoseconds
            let instrument = InstrumentID(index: index)
            if isSilent, silentSince[index] == nil {
                silentSince[index] = now.monotonic
                host.log(.warn, plan.instruments[index].venue, "\(plan.instruments[index].name): nothing heard for \(plan.feedSilence.text); its book is asked for anew")
                feedAll(.control(.instrument(.stale, instrument)))
                host.send(.resynchronise(instrument), to: home[index])
            } else if !isSilent, silentSince[index] != nil {
                silentSince[index] = nil
                feedAll(.control(.instrument(.resynced, instrument)))
            }
        }
    }

    func save() {
        for seat in seats.indices {
            let saved = seats[seat].engine.save()
            inputs += 1
            sink.saved(strategy: seat, at: max(now.wall, seats[seat].engine.desk.now))
            tellVerdict(seat)
            if let saved { onSave?(seat, saved) }
        }
    }

    // MARK: - Stop

    /// A strategy asked to end, or failed: the run ends once the last one has.
    func strategyEnded(_ seat: Int) {
        switch seats[seat].engine.life {
        case .failed(let message):
            alert(plan.strategies[seat], message, urgency: .urgent)
            if seats.allSatisfy({ !$0.engine.isRunning }) { stop(.strategyFailed(message: message)) }
        case .ending(let reason):
            if seats.allSatisfy({ !$0.engine.isRunning }) { stop(.done(reason: reason)) }
        case .created, .running, .ended: break
        }
    }

    /// No new order from here on; cancel everything, prove it, save, end (C21's stop: nothing is latched on disk).
    public func stop(_ ending: DeskEnding) {
        switch phase {
        case .starting, .running: break
        case .stopping, .ended: return
        }
        let wasRunning = phase == .running
        latch.close()
        phase = .stopping(ending)
        host.log(.info, "desk", "stopping: \(ending)")
        if wasRunning {
            hasStrategies = true
            feedAll(.control(.windDown(reason: ending.reason)))
            drain()
        }
        if paper != nil {
            stopPaper()
            return
        }
        for venue in venues.indices where plan.venues[venue].isTrading { startProof(venue) }
        later(plan.stopPatience, .giveUp)
        finishIfProven()
        schedule()
    }

    private func stopPaper() {
        paper?.cancelAll(at: now.wall)
        paperDue()
        drain()
        for venue in venues.indices { host.send(.end, to: venue) }
        end()
    }

    private func startProof(_ venue: Int) {
        let live = venues[venue].keeper.live
        let isOwnOnly = !venues[venue].externals.isEmpty
        venues[venue].proof = CancelProof(
            capabilities: plan.venues[venue].capabilities, known: live.map(\.reference),
            ownPrefix: isOwnOnly ? plan.instance : nil, firstQuestion: 1 << 48)
        prove(venue) { $0.start(at: now) }
    }

    /// Runs one step of a venue's proof and does what it wants.
    func prove(_ venue: Int, _ step: (inout CancelProof) -> [CancelProof.Action]) {
        guard var proof = venues[venue].proof else { return }
        let unsettled = venues[venue].keeper.live.filter { $0.stage == .sent || $0.isUnknown }.map(\.sent).max()
        let until = unsettled.map { now.monotonic + $0.nanoseconds + plan.venues[venue].acceptanceBound.nanoseconds - now.wall.nanoseconds } ?? .min
        proof.expectInFlight(until: until)
        let actions = step(&proof)
        venues[venue].proof = proof
        for action in actions {
            switch action {
            case .command(let command): host.send(command, to: venue)
            case .wake(let span):
                errands.removeAll { $0.errand == .proof(venue: venue) }
                later(span, .proof(venue: venue))
            case .done: finishIfProven()
            }
        }
    }

    func finishIfProven() {
        guard isStopping, venues.indices.allSatisfy({ !plan.venues[$0].isTrading || venues[$0].proof?.isClean == true }) else { return }
        // Orders that the venue no longer shows may still owe us their fills and last words: asked for once, waited for a while.
        if venues.contains(where: { !$0.keeper.live.isEmpty }), now.monotonic < stopDeadline {
            if stopDeadline == .max {
                stopDeadline = now.monotonic + 3_000_000_000
                askLastWords()
            }
            later(Span(nanoseconds: 200_000_000), .lastWords)
            return
        }
        for venue in venues.indices { host.send(.end, to: venue) }
        end()
    }

    private func askLastWords() {
        for venue in venues.indices {
            for order in venues[venue].keeper.live where order.venueID != nil {
                ask(.order(order.reference), venue, for: .order(clientID: order.clientID))
            }
        }
    }

    func giveUp() {
        guard isStopping else { return }
        for venue in venues.indices where plan.venues[venue].isTrading {
            switch venues[venue].proof?.finding {
            case .left(let orders): host.log(.error, plan.venues[venue].name, "\(orders.count) orders are still open: \(orders.map { $0.venueID ?? $0.clientID ?? "?" }.joined(separator: ", "))")
            case .unreachable(let why): host.log(.error, plan.venues[venue].name, "unreachable: nothing is proven (\(why))")
            case .clean, nil: break
            }
        }
        for venue in venues.indices { host.send(.end, to: venue) }
        if case .stopping = phase { phase = .stopping(.halted(reason: "the stop could not be proven")) }
        end()
    }

    private func end() {
        guard case .stopping(let ending) = phase else { return }
        drain()
        // The last call, as in a backtest: everything is known by now.
        if hasStrategies {
            feedAll(.stop(reason: ending.reason))
            drain()
            save()
        }
        phase = .ended
        sampleAll()
        sink.flush()
        host.ended(ending)
    }
}

extension DeskEnding {
    /// What `on_stop` is told.
    var reason: String {
        switch self {
        case .done(let reason): reason
        case .interrupted: "interrupted"
        case .strategyFailed: "error"
        case .halted: "halted"
        case .unreachable: "unreachable"
        case .failed(let message): message
        }
    }
}
