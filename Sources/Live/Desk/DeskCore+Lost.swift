import Domain
import Trading
import Venues

/// Lost orders, answers, reconciliation.
extension DeskCore {
    // MARK: - Answers

    func answered(_ id: VenueQueryID, _ answer: VenueAnswer, _ venue: Int) {
        if venues[venue].reconciliation?.isMine(id) == true {
            if let step = venues[venue].reconciliation?.answered(id, answer, at: now) { follow(step, venue) }
            return
        }
        guard let purpose = venues[venue].questions.removeValue(forKey: id) else { return }
        let isWhole: Bool
        if case .failed = answer { isWhole = false } else { isWhole = true }
        switch purpose {
        case .resolver(let clientID): resolverHeard(clientID, isWhole: isWhole, venue)
        case .order(let clientID):
            if case .order(nil, _) = answer { perform(venues[venue].keeper.doubt(clientID), venue) }
        case .audit:
            if case .orders(let open) = answer { audit(open, venue) }
            if case .balances(let told) = answer { balances(told, venue) }
        case .trades(let start):
            if case .fills(let listed) = answer { compareTrades(listed, from: start, venue) }
        }
    }

    // MARK: - Lost orders

    func startResolver(_ clientID: String, _ venue: Int) {
        guard venues[venue].resolvers[clientID] == nil, let order = venues[venue].keeper.order(clientID), !order.isDone else { return }
        let sent = VenueTime(wall: order.sent, monotonic: now.monotonic - (now.wall.nanoseconds - order.sent.nanoseconds))
        venues[venue].resolvers[clientID] = UnknownResolver(
            clientID: clientID, sent: sent, bound: plan.venues[venue].acceptanceBound, pause: resolverPause(venue),
            capabilities: plan.venues[venue].capabilities)
        later(Span(nanoseconds: 100_000_000), .resolver(clientID: clientID, venue: venue))
    }

    private func resolverPause(_ venue: Int) -> Span {
        Span(nanoseconds: min(1_500_000_000, max(plan.venues[venue].acceptanceBound.nanoseconds / 4, 100_000_000)))
    }

    func beginRound(_ clientID: String, _ venue: Int) {
        guard let order = venues[venue].keeper.order(clientID), order.isUnknown, var resolver = venues[venue].resolvers[clientID] else {
            venues[venue].resolvers[clientID] = nil
            return
        }
        let step = resolver.begin(order, at: now)
        venues[venue].resolvers[clientID] = resolver
        if case .ask(let queries) = step {
            for query in queries { ask(query, venue, for: .resolver(clientID: clientID)) }
        }
    }

    private func resolverHeard(_ clientID: String, isWhole: Bool, _ venue: Int) {
        guard venues[venue].keeper.order(clientID)?.isUnknown == true else {
            venues[venue].resolvers[clientID] = nil
            return
        }
        switch venues[venue].resolvers[clientID]?.answered(isWhole: isWhole, at: now) {
        case .wait(let span): later(span, .resolver(clientID: clientID, venue: venue))
        case .notPlaced:
            venues[venue].resolvers[clientID] = nil
            host.log(.warn, plan.venues[venue].name, "order \(clientID) was never placed: the venue does not know it, and could not take it any more")
            perform(venues[venue].keeper.proveNotPlaced(clientID, at: now), venue)
        case .ask, nil: break
        }
    }

    // MARK: - Reconciliation

    func startReconciliation(_ venue: Int) {
        guard venues[venue].reconciliation == nil else { return }
        let oldest = venues[venue].keeper.live.map(\.sent).min() ?? now.wall
        let known = lastKnown ?? now.wall
        venues[venue].reconciliation = Reconciliation(from: min(oldest, known), firstID: 1 << 40 | UInt64(nextQuestion) << 16, at: now)
        nextQuestion += 1
        beginReconciliation(venue)
    }

    func beginReconciliation(_ venue: Int) {
        guard let step = venues[venue].reconciliation?.begin(at: now) else { return }
        follow(step, venue)
    }

    private func follow(_ step: Reconciliation.Step, _ venue: Int) {
        switch step {
        case .ask(let queries):
            for (id, query) in queries { host.send(.query(id, query), to: venue) }
        case .wait(let span):
            let why = venues[venue].reconciliation?.lastFailure ?? ""
            host.log(.warn, plan.venues[venue].name, "the reconciliation is tried again in \(span.text): \(why)")
            later(span, .reconciliation(venue: venue))
        case .done(let outcome):
            venues[venue].reconciliation = nil
            reconciled(outcome, venue)
        }
    }

    /// R7 to R12: every order of ours is open there, ended, or being looked for; then the venue's part of the desk is unlocked.
    private func reconciled(_ outcome: Reconciliation.Outcome, _ venue: Int) {
        let open = Set(outcome.open.compactMap(\.reference.venueID))
        for order in venues[venue].keeper.live where order.sent.nanoseconds < outcome.time.wall.nanoseconds - 1_000_000_000 {
            if let id = order.venueID, open.contains(id) { continue }
            if order.isMissingFills { continue }
            // Not in the listing: its own state is asked for; an order without a name is looked for everywhere.
            if order.venueID != nil {
                ask(.order(order.reference), venue, for: .order(clientID: order.clientID))
            } else {
                perform(venues[venue].keeper.absorb(.lost(clientID: order.clientID, why: "not in the venue's listing"), at: now), venue)
                startResolver(order.clientID, venue)
            }
        }
        keepExternals(outcome.open, venue)
        venues[venue].isSettling = true
        balances(outcome.balances, venue)
        venues[venue].isSettling = false
        let wasReconciled = venues[venue].isReconciled
        venues[venue].isReconciled = true
        settleLeftOrders(venue)
        if phase == .starting {
            startIfReady()
        } else {
            feedAll(.control(.unlock(venue: plan.venues[venue].name)))
            if !wasReconciled { tellFound(venue) }
        }
    }

    /// `on_reconcile`, where there is something to tell.
    func tellFound(_ venue: Int) {
        if venues[venue].found != ReconcileReport() { feedAll(.control(.reconciled(venues[venue].found))) }
        venues[venue].found = ReconcileReport()
    }

    /// The light form beside the stream: a live order that the venue does not list is asked for.
    private func audit(_ open: [VenueOrder], _ venue: Int) {
        let listed = Set(open.compactMap(\.reference.venueID))
        keepExternals(open, venue)
        // Also one that was only ever acknowledged: its end may have been told to nobody.
        for order in venues[venue].keeper.live where order.stage != .unknown && order.sent.nanoseconds < now.wall.nanoseconds - 2_000_000_000 {
            if let id = order.venueID, !listed.contains(id) { ask(.order(order.reference), venue, for: .order(clientID: order.clientID)) }
        }
    }
}
