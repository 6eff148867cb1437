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
        case .cancelLost(let reference, _):
            if let clientID = clientID(of: reference) { orders[clientID]?.isCancelDoubted = true }
            ask(about: reference, at: now, &actions)
        case .amended(let reference, let price, let total): wasAmended(reference, price, total, at: now.wall, &actions)
        case .amendRefused(let reference, let code, _):
            // An answer that is lost decides nothing: what the venue then shows does.
            if code != "lost" { amendWasRefused(reference, at: now.wall, &actions) }
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
            switch owner(byLooks: told, at: now) {
            case .ours(let clientID):
                var named = told
                named.reference.clientID = clientID
                return absorb(named, at: now, &actions)
            case .perhaps: return
            case .late(let clientID):
                actions.append(.alarm("\(venue): order \(told.reference.venueID ?? "") looks like \(clientID), which never came in time; it is cancelled"))
                actions.append(.cancel(told.reference))
                return
            case .nobody: break
            }
            let isOurs = isOurs(told.reference.clientID)
            if !isOurs || !told.isFinal { actions.append(isOurs ? .orphan(told) : .external(told)) }
            return
        }
        if let venueID = told.reference.venueID { name(clientID, venueID, &actions) }
        guard var order = orders[clientID], order.venueID == nil || told.reference.venueID == nil || order.venueID == told.reference.venueID else { return }
        if let cumulative = told.cumulativeQuantity { note(cumulative, in: &order, &actions) }
        orders[clientID] = order
        reshape(clientID, told, at: now, &actions)
        for fill in strayFills.removeValue(forKey: told.reference.venueID ?? "") ?? [] {
            absorb(fill, at: now, source: .stream, &actions)
        }
        switch told.state {
        case .pending: break
        case .open: show(clientID, at: told.updated, now, &actions)
        case .filled: end(clientID, .filled, .venue, told, at: now, &actions)
        case .cancelled: end(clientID, .cancelled, .venue, told, at: now, &actions)
        case .expired: end(clientID, .expired, .venue, told, at: now, &actions)
        case .rejected(let reason, _, _): end(clientID, .rejected, reason, told, at: now, &actions)
        case .unrecognised(let word):
            actions.append(.alarm("\(venue): order \(clientID) is in the state '\(word)', which we do not know; it counts as alive"))
            ask(about: told.reference, at: now, &actions)
        }
    }

    private func note(_ cumulative: ExactDecimal, in order: inout KeptOrder, _ actions: inout [KeeperAction]) {
        let instrument = instruments[order.request.instrument.position]
        guard let lots = cumulative.multiple(of: instrument.lot), lots >= 0 else {
            actions.append(.halt(symbol: order.symbol, why: "order \(order.clientID) has filled \(cumulative), which is off the lot \(instrument.lot)"))
            return
        }
        order.told = max(order.told, Quantity(lots: lots))
        order.isTotalKnown = true
    }

    private mutating func show(_ clientID: String, at time: Timestamp, _ now: VenueTime, _ actions: inout [KeeperAction]) {
        guard var order = orders[clientID] else { return }
        switch order.stage {
        case .sent, .unknown:
            order.stage = .live
            orders[clientID] = order
            actions.append(report(order, time, .accepted))
            payAmends(clientID, at: time, &actions)
        case .live where order.isCancelRefused: cancelWasRefused(clientID, at: time, &actions)
        case .live where order.isCancelDoubted && (order.isCancelWanted || order.replacement != nil):
            (order.isCancelDoubted, order.cancelSeen) = (false, now.monotonic)
            orders[clientID] = order
            actions.append(.cancel(order.reference))
        case .live, .ending, .done: break
        }
    }

    /// The venue shows an order alive of which it refused the cancel.
    private mutating func cancelWasRefused(_ clientID: String, at time: Timestamp, _ actions: inout [KeeperAction]) {
        guard var order = orders[clientID] else { return }
        let (wasWanted, replacement) = (order.isCancelWanted, order.replacement)
        (order.isCancelRefused, order.isCancelWanted, order.replacement) = (false, false, nil)
        orders[clientID] = order
        for _ in 0..<(replacement?.count ?? 0) { actions.append(report(order, time, .amendRejected(.venue))) }
        if wasWanted { actions.append(report(order, time, .cancelRejected(.venue))) }
    }

    private mutating func end(
        _ clientID: String, _ outcome: LedgerOutcome, _ reason: RejectReason, _ told: VenueOrder, at now: VenueTime, _ actions: inout [KeeperAction]
    ) {
        guard var order = orders[clientID], !order.isDone else { return }
        if outcome == .filled, let total = whole(told, order) { order.told = max(order.told, total) }
        order.stage = .ending(outcome, reason)
        orders[clientID] = order
        // The venue counts more than we hold: its fills come first (F7, F15, F17).
        if order.isMissingFills { return ask(about: order.reference, at: now, &actions) }
        close(clientID, at: told.updated, &actions)
    }

    /// What "filled" means where the venue does not say how much: all of it, unless an amendment is on its way.
    private func whole(_ told: VenueOrder, _ order: KeptOrder) -> Quantity? {
        if let cumulative = told.cumulativeQuantity, cumulative.mantissa > 0 { return nil }
        return order.amends.isEmpty ? order.request.quantity : nil
    }

    /// Tells the engine that an order ended, once all its fills are here.
    private mutating func close(_ clientID: String, at time: Timestamp, _ actions: inout [KeeperAction]) {
        guard var order = orders[clientID], case .ending(let outcome, let reason) = order.stage, !order.isMissingFills else { return }
        // Something may stand in its place only once it is known how much of it was filled.
        if order.replacement != nil, !order.isCancelWanted, outcome == .cancelled, !order.isTotalKnown { return }
        order.stage = .done(outcome)
        orders[clientID] = order
        actions.append(.record(.closed(clientID: clientID, outcome: outcome)))
        if let replacement = order.replacement, !order.isCancelWanted, outcome == .cancelled {
            let filled = order.carried + order.filled
            let open = replacement.total > filled ? replacement.total - filled : .zero
            return actions.append(.replace(clientID: clientID, price: replacement.price, open: open))
        }
        if order.owedAmends > 0 { return neverStood(order, outcome, reason, at: time, &actions) }
        switch outcome {
        case .filled:
            // Its last fill said so; but where an amendment made it smaller that is yet to be said.
            if order.filled < order.request.quantity { actions.append(report(order, time, .amended(price: order.request.price, open: .zero))) }
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

    mutating func lose(_ clientID: String, _ actions: inout [KeeperAction]) {
        guard var order = orders[clientID], order.stage == .sent else { return }
        order.stage = .unknown
        orders[clientID] = order
        actions.append(.record(.unknown(clientID: clientID)))
        actions.append(.lost(strategy: order.strategy, order.id))
        actions.append(.resolve(clientID: clientID))
    }

    /// The venue says that it does not know an order that it once showed: looked for everywhere, and charged until it is found.
    public mutating func doubt(_ clientID: String) -> [KeeperAction] {
        guard var order = orders[clientID] else { return [] }
        if order.isUnknown { return [.resolve(clientID: clientID)] }
        guard order.stage == .live || order.stage == .sent else { return [] }
        order.stage = .unknown
        orders[clientID] = order
        return [.record(.unknown(clientID: clientID)), .lost(strategy: order.strategy, order.id), .resolve(clientID: clientID)]
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

    mutating func absorb(_ fill: VenueFill, at now: VenueTime, source: LedgerFill.Source, _ actions: inout [KeeperAction]) {
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
        payAmends(order.clientID, at: fill.time, &actions)
        order = orders[order.clientID] ?? order
        if order.filled > order.most {
            actions.append(.halt(symbol: order.symbol, why: "order \(order.clientID) is overfilled: \(instrument.decimal(order.filled)) of \(instrument.decimal(order.most))"))
        }
        if wasDone { actions.append(.alarm("\(venue): fill \(fill.tradeID) of \(order.clientID) came after the order had ended; it is counted")) }
        let own = Fill(
            id: FillID(OrderKeeper.number(of: fill.tradeID)), price: Price(ticks: ticks), quantity: Quantity(lots: lots),
            liquidity: fill.liquidity ?? .taker, fee: fee, feeInBase: fill.feeCurrency == instrument.base)
        actions.append(report(order, fill.time, .filled(own)))
        if !wasDone, order.filled >= order.request.quantity, !order.amends.isEmpty {
            // Whether this was all of it depends on what became of the amendment.
            ask(about: order.reference, at: now, &actions)
            close(order.clientID, at: fill.time, &actions)
        } else if !wasDone, order.filled >= order.request.quantity {
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

    mutating func ask(about reference: VenueOrderReference, at now: VenueTime, _ actions: inout [KeeperAction]) {
        guard let clientID = clientID(of: reference), var order = orders[clientID] else { return }
        guard order.lastAsked == .min || now.monotonic - order.lastAsked >= OrderKeeper.patience else { return }
        order.lastAsked = now.monotonic
        orders[clientID] = order
        actions.append(.ask(.order(order.reference)))
    }

    func report(_ order: KeptOrder, _ time: Timestamp, _ fact: ExecutionReport.Fact) -> KeeperAction {
        .report(
            strategy: order.strategy,
            ExecutionReport(order: order.id, instrument: order.request.instrument, exchangeTime: time, fact: fact))
    }
}
