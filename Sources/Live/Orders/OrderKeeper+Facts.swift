import Domain
public import Venues

extension OrderKeeper {
    /// What an event of the venue means for our orders. Events about other things mean nothing here.
    public mutating func absorb(_ event: VenueEvent, at now: VenueTime, source: LedgerFill.Source = .stream) -> [KeeperAction] {
        var actions: [KeeperAction] = []
        switch event {
        case .received(let clientID, let venueID): receive(clientID, venueID, &actions)
        case .order(let order): absorb(order, at: now, &actions)
        case .fill(let fill): absorb(fill, at: now, source: source, &actions)
        case .refused(let clientID, let reason, let code, let message): refuse(clientID, reason, "\(code) \(message)", at: now, &actions)
        case .lost(let clientID, _): lose(clientID, &actions)
        case .cancelRefused(let reference, _, _):
            // Neither proof of life nor of death (F8): what the venue then shows decides.
            if let clientID = clientID(of: reference) { orders[clientID]?.isCancelRefused = true }
            ask(about: reference, at: now, &actions)
        case .cancelLost(let reference, _): ask(about: reference, at: now, &actions)
        case .amended(let reference, let price, let total): amend(reference, price, total, at: now.wall, &actions)
        case .amendRefused(let reference, let code, _):
            guard let clientID = clientID(of: reference), let order = orders[clientID], !order.isDone else { break }
            // An answer that is lost decides nothing: what the venue then shows does.
            if code == "lost" { orders[clientID]?.isAmendUnknown = true } else { actions.append(report(order, now.wall, .amendRejected(.venue))) }
            ask(about: reference, at: now, &actions)
        case .answer(_, let answer): absorb(answer, at: now, &actions)
        case .quote, .link, .market, .bookInvalid, .status, .cancelAllReceived, .cancelAllFailed, .balances, .clock, .alarm, .throttled: break
        }
        return actions
    }

    private mutating func absorb(_ answer: VenueAnswer, at now: VenueTime, _ actions: inout [KeeperAction]) {
        switch answer {
        case .orders(let orders):
            for order in orders { absorb(order, at: now, &actions) }
        case .order(let order, let fills):
            for fill in fills { absorb(fill, at: now, source: .reconciliation, &actions) }
            if let order { absorb(order, at: now, &actions) }
        case .fills(let fills):
            for fill in fills { absorb(fill, at: now, source: .reconciliation, &actions) }
        case .instruments, .balances, .serverTime, .failed: break
        }
    }

    private mutating func receive(_ clientID: String, _ venueID: String?, _ actions: inout [KeeperAction]) {
        guard let order = orders[clientID], let venueID else { return }
        name(order.clientID, venueID, &actions)
    }

    /// Learns the venue's id; a cancel that waited for it goes out, and fills that waited for it are known.
    private mutating func name(_ clientID: String, _ venueID: String, _ actions: inout [KeeperAction]) {
        guard var order = orders[clientID], order.venueID != venueID else { return }
        if let other = order.venueID {
            // A venue that does not refuse a repeated client id can hold two orders under it: the second is not ours to keep.
            actions.append(.alarm("\(venue): client id \(clientID) stands for order \(other) and for order \(venueID); the second is cancelled"))
            actions.append(.cancel(VenueOrderReference(clientID: nil, venueID: venueID, symbol: order.symbol)))
            return
        }
        order.venueID = venueID
        clientByVenueID[venueID] = clientID
        actions.append(.record(.venueID(clientID: clientID, venueID: venueID)))
        if order.isCancelWaiting {
            order.isCancelWaiting = false
            actions.append(.cancel(order.reference))
        }
        orders[clientID] = order
    }

    /// The client id of ours that the reference means.
    func clientID(of reference: VenueOrderReference) -> String? {
        if let venueID = reference.venueID, let clientID = clientByVenueID[venueID] { return clientID }
        guard let clientID = reference.clientID, orders[clientID] != nil else { return nil }
        return clientID
    }

    // MARK: - Orders

    private mutating func absorb(_ told: VenueOrder, at now: VenueTime, _ actions: inout [KeeperAction]) {
        guard let clientID = clientID(of: told.reference) else {
            if !told.isFinal { actions.append(isOurs(told.reference.clientID) ? .orphan(told) : .external(told)) }
            return
        }
        if let venueID = told.reference.venueID { name(clientID, venueID, &actions) }
        guard var order = orders[clientID], order.venueID == nil || told.reference.venueID == nil || order.venueID == told.reference.venueID else { return }
        if let cumulative = told.cumulativeQuantity { note(cumulative, in: &order, &actions) }
        orders[clientID] = order
        for fill in strayFills.removeValue(forKey: told.reference.venueID ?? "") ?? [] {
            absorb(fill, at: now, source: .stream, &actions)
        }
        switch told.state {
        case .pending: break
        case .open:
            show(clientID, at: told.updated, &actions)
            settleAmendment(clientID, told, &actions)
        case .filled: end(clientID, .filled, .venue, told, at: now, &actions)
        case .cancelled: end(clientID, .cancelled, .venue, told, at: now, &actions)
        case .expired: end(clientID, .expired, .venue, told, at: now, &actions)
        case .rejected(let reason, _, _): end(clientID, .rejected, reason, told, at: now, &actions)
        case .unrecognised(let word):
            actions.append(.alarm("\(venue): order \(clientID) is in the state '\(word)', which we do not know; it counts as alive"))
            ask(about: told.reference, at: now, &actions)
        }
    }

    /// The venue changed the order: the engine is told what is open at which price.
    private mutating func amend(
        _ reference: VenueOrderReference, _ price: Price, _ total: Quantity, at time: Timestamp, _ actions: inout [KeeperAction]
    ) {
        guard let clientID = clientID(of: reference), var order = orders[clientID], !order.isDone else { return }
        (order.request.price, order.request.quantity, order.isAmendUnknown) = (price, total, false)
        orders[clientID] = order
        actions.append(report(order, time, .amended(price: price, open: total - order.filled)))
    }

    /// What an order that the venue shows says about an amendment whose answer was lost.
    private mutating func settleAmendment(_ clientID: String, _ told: VenueOrder, _ actions: inout [KeeperAction]) {
        guard let order = orders[clientID], order.isAmendUnknown, !order.isDone else { return }
        let instrument = instruments[order.request.instrument.position]
        guard let price = told.price?.multiple(of: instrument.tick), let total = told.quantity?.multiple(of: instrument.lot) else { return }
        if price != order.request.price.ticks || total != order.request.quantity.lots {
            amend(told.reference, Price(ticks: price), Quantity(lots: total), at: told.updated, &actions)
        } else {
            orders[clientID]?.isAmendUnknown = false
            actions.append(report(order, told.updated, .amendRejected(.venue)))
        }
    }

    private func note(_ cumulative: ExactDecimal, in order: inout KeptOrder, _ actions: inout [KeeperAction]) {
        let instrument = instruments[order.request.instrument.position]
        guard let lots = cumulative.multiple(of: instrument.lot), lots >= 0 else {
            actions.append(.halt(symbol: order.symbol, why: "order \(order.clientID) has filled \(cumulative), which is off the lot \(instrument.lot)"))
            return
        }
        order.told = max(order.told, Quantity(lots: lots))
    }

    private mutating func show(_ clientID: String, at time: Timestamp, _ actions: inout [KeeperAction]) {
        guard var order = orders[clientID] else { return }
        switch order.stage {
        case .sent, .unknown:
            order.stage = .live
            orders[clientID] = order
            actions.append(report(order, time, .accepted))
        case .live where order.isCancelRefused:
            order.isCancelRefused = false
            order.isCancelWanted = false
            orders[clientID] = order
            actions.append(report(order, time, .cancelRejected(.venue)))
        case .live, .ending, .done: break
        }
    }

    private mutating func end(
        _ clientID: String, _ outcome: LedgerOutcome, _ reason: RejectReason, _ told: VenueOrder, at now: VenueTime, _ actions: inout [KeeperAction]
    ) {
        guard var order = orders[clientID], !order.isDone else { return }
        if outcome == .filled { order.told = max(order.told, order.request.quantity) }
        order.stage = .ending(outcome, reason)
        orders[clientID] = order
        // The venue counts more than we hold: its fills come first (F7, F15, F17).
        if order.isMissingFills { return ask(about: order.reference, at: now, &actions) }
        close(clientID, at: told.updated, &actions)
    }

    /// Tells the engine that an order ended, once all its fills are here.
    private mutating func close(_ clientID: String, at time: Timestamp, _ actions: inout [KeeperAction]) {
        guard var order = orders[clientID], case .ending(let outcome, let reason) = order.stage, !order.isMissingFills else { return }
        order.stage = .done(outcome)
        orders[clientID] = order
        actions.append(.record(.closed(clientID: clientID, outcome: outcome)))
        switch outcome {
        case .filled: break  // its last fill said so
        case .cancelled: actions.append(report(order, time, .cancelled))
        case .expired: actions.append(report(order, time, .expired))
        case .rejected, .notPlaced: actions.append(report(order, time, .rejected(reason)))
        }
    }

    private mutating func refuse(_ clientID: String, _ reason: RejectReason, _ words: String, at now: VenueTime, _ actions: inout [KeeperAction]) {
        guard var order = orders[clientID], !order.isDone else { return }
        guard order.filled == .zero, order.stage != .live else {
            actions.append(.alarm("\(venue): order \(clientID) was shown as alive and is now refused (\(words)); its state is asked for"))
            return ask(about: order.reference, at: now, &actions)
        }
        order.stage = .ending(.rejected, reason)
        orders[clientID] = order
        close(clientID, at: now.wall, &actions)
    }

    private mutating func lose(_ clientID: String, _ actions: inout [KeeperAction]) {
        guard var order = orders[clientID], order.stage == .sent else { return }
        order.stage = .unknown
        orders[clientID] = order
        actions.append(.record(.unknown(clientID: clientID)))
        actions.append(.lost(strategy: order.strategy, order.id))
        actions.append(.resolve(clientID: clientID))
    }

    /// The resolver's proof that the venue never took it: the only way an unknown order ends without the venue's word (F2).
    public mutating func proveNotPlaced(_ clientID: String, at now: VenueTime) -> [KeeperAction] {
        guard var order = orders[clientID], order.isUnknown else { return [] }
        order.stage = .ending(.notPlaced, .venue)
        orders[clientID] = order
        var actions: [KeeperAction] = []
        close(clientID, at: now.wall, &actions)
        return actions
    }

    // MARK: - Fills

    private mutating func absorb(_ fill: VenueFill, at now: VenueTime, source: LedgerFill.Source, _ actions: inout [KeeperAction]) {
        let clientID = clientID(of: fill.reference)
        guard let venueID = fill.reference.venueID ?? clientID.flatMap({ orders[$0]?.venueID }) ?? fill.reference.clientID else {
            actions.append(.alarm("\(venue): fill \(fill.tradeID) names no order"))
            return
        }
        let key = FillKey(venue: venue, symbol: fill.reference.symbol, tradeID: fill.tradeID, order: venueID, side: fill.side)
        let entry = LedgerFill(
            key: key, clientID: clientID, strategy: clientID.flatMap { orders[$0].map { strategies[$0.strategy] } } ?? "", price: fill.price,
            quantity: fill.quantity, fee: fill.fee, feeCurrency: fill.feeCurrency, time: fill.time, source: source)
        if let first = fills[key] {
            if first.price != entry.price || first.quantity != entry.quantity {
                actions.append(.alarm(
                    "\(venue): fill \(fill.tradeID) came again with other numbers: \(entry.quantity) at \(entry.price), first \(first.quantity) at \(first.price); the first is kept"))
            }
            return
        }
        guard let clientID, let order = orders[clientID] else { return stray(fill, venueID, entry, &actions) }
        if let told = fill.reference.venueID { name(clientID, told, &actions) }
        book(fill, entry, order, at: now, &actions)
    }

    private mutating func stray(_ fill: VenueFill, _ venueID: String, _ entry: LedgerFill, _ actions: inout [KeeperAction]) {
        // An order just sent may be filled before its id is known to us (F6): the fill waits for the name.
        let mayBeOurs = sequence.contains { orders[$0].map { $0.venueID == nil && !$0.isDone && $0.symbol == fill.reference.symbol } ?? false }
        if mayBeOurs {
            if strayFills[venueID, default: []].count < 1_000 { strayFills[venueID, default: []].append(fill) }
            return
        }
        fills[entry.key] = entry
        actions.append(.record(.fill(entry)))
        actions.append(.alarm("\(venue): fill \(fill.tradeID) of order \(venueID), which is not ours: \(fill.quantity) at \(fill.price)"))
    }

    private mutating func book(_ fill: VenueFill, _ entry: LedgerFill, _ known: KeptOrder, at now: VenueTime, _ actions: inout [KeeperAction]) {
        var order = orders[known.clientID] ?? known
        let instrument = instruments[order.request.instrument.position]
        guard let ticks = fill.price.multiple(of: instrument.tick), let lots = fill.quantity.multiple(of: instrument.lot), lots > 0,
            let fee = Amount(fill.fee)
        else {
            actions.append(.halt(
                symbol: order.symbol,
                why: "fill \(fill.tradeID) of \(order.clientID), \(fill.quantity) at \(fill.price), is off the grid (tick \(instrument.tick), lot \(instrument.lot))"))
            return
        }
        fills[entry.key] = entry
        order.filled = order.filled + Quantity(lots: lots)
        let wasDone = order.isDone
        if case .sent = order.stage { order.stage = .live }
        if case .unknown = order.stage { order.stage = .live }
        orders[order.clientID] = order
        actions.append(.record(.fill(entry)))
        if order.filled > order.request.quantity {
            actions.append(.halt(symbol: order.symbol, why: "order \(order.clientID) is overfilled: \(instrument.decimal(order.filled)) of \(instrument.decimal(order.request.quantity))"))
        }
        if wasDone { actions.append(.alarm("\(venue): fill \(fill.tradeID) of \(order.clientID) came after the order had ended; it is counted")) }
        let own = Fill(
            id: FillID(OrderKeeper.number(of: fill.tradeID)), price: Price(ticks: ticks), quantity: Quantity(lots: lots),
            liquidity: fill.liquidity ?? .taker, fee: fee, feeInBase: fill.feeCurrency == instrument.base)
        actions.append(report(order, fill.time, .filled(own)))
        if !wasDone, order.filled >= order.request.quantity {
            order.stage = .done(.filled)
            orders[order.clientID] = order
            actions.append(.record(.closed(clientID: order.clientID, outcome: .filled)))
        } else {
            close(order.clientID, at: fill.time, &actions)
        }
    }

    /// As files and scripts have it.
    public static func fillID(of tradeID: String) -> String { String(number(of: tradeID)) }

    /// The venue's trade id as a number; a text that is none is hashed (FNV-1a).
    static func number(of tradeID: String) -> UInt64 {
        if let number = UInt64(tradeID) { return number }
        return tradeID.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    }

    // MARK: - Asking

    private mutating func ask(about reference: VenueOrderReference, at now: VenueTime, _ actions: inout [KeeperAction]) {
        guard let clientID = clientID(of: reference), var order = orders[clientID] else { return }
        guard order.lastAsked == .min || now.monotonic - order.lastAsked >= OrderKeeper.patience else { return }
        order.lastAsked = now.monotonic
        orders[clientID] = order
        actions.append(.ask(.order(order.reference)))
    }

    /// Orders whose facts still do not fit: asked for again, each at most once a second.
    public mutating func overdue(at now: VenueTime) -> [KeeperAction] {
        var actions: [KeeperAction] = []
        for order in live where order.isMissingFills { ask(about: order.reference, at: now, &actions) }
        return actions
    }

    private func report(_ order: KeptOrder, _ time: Timestamp, _ fact: ExecutionReport.Fact) -> KeeperAction {
        .report(
            strategy: order.strategy,
            ExecutionReport(order: order.id, instrument: order.request.instrument, exchangeTime: time, fact: fact))
    }
}
