import Domain
import Risk
import Trading
import Venues

/// The account as the venue shows it beside what we think: balances, positions and trades (C27, C30), and orders of others (F19).
extension DeskCore {
    // MARK: - Alerts

    /// C29: said at once, and until somebody has acknowledged it.
    func alert(_ source: String, _ text: String, key: String? = nil, urgency: Alert.Urgency = .warning) {
        if let alert = alerts.raise(source, text, key: key, urgency: urgency, at: now.wall, monotonic: now.monotonic) { host.alert(alert) }
    }

    /// A person has seen the alert; all of them where nil.
    @discardableResult
    public func acknowledge(_ number: Int?) -> Int { alerts.acknowledge(number) }

    func repeatAlerts() {
        for alert in alerts.due(at: now.monotonic) { host.alert(alert) }
    }

    /// C26: the gate refuses while it is so; a person is told.
    func watchUnknown() {
        for venue in venues.indices {
            let unknown = venues[venue].keeper.unknown
            guard let oldest = unknown.map(\.sent).min() else { continue }
            let age = now.wall - oldest
            guard unknown.count > plan.unknownMax || age > plan.unknownAge else { continue }
            let words = "\(unknown.count) orders of unknown fate, the oldest for \(Span.seconds(age.nanoseconds / 1_000_000_000).text): nothing new goes out until they are found"
            alert("C26", "\(plan.venues[venue].name): \(words)", key: plan.venues[venue].name, urgency: .urgent)
        }
    }

    // MARK: - Balances

    /// The venue's own numbers: what is reserved is never more than it says (F55), and what our fills do not explain is a break (C27).
    func balances(_ balances: [VenueBalance], _ venue: Int) {
        if venues[venue].isSettling { begin(balances, venue) }
        if venues[venue].isReconciled || venues[venue].isSettling { follow(venues[venue].watch.told(balances, at: now.monotonic), venue) }
        let totals = Dictionary(balances.map { ($0.currency, $0.total) }, uniquingKeysWith: { _, last in last })
        guard totals.contains(where: { venues[venue].balances[$0.key] != $0.value }) else { return }
        venues[venue].balances.merge(totals) { _, new in new }
        feedAll(.control(.balances(venue: plan.venues[venue].name, balances.map { AccountBalance(currency: $0.currency, total: $0.total, available: $0.available, isCredit: $0.isCredit) })))
    }

    /// The books of what we trade begin with what the reconciled venue says of it; what it does not name it holds none of.
    private func begin(_ balances: [VenueBalance], _ venue: Int) {
        let name = plan.venues[venue].name
        var entries: [LedgerEntry] = []
        for instrument in plan.instruments where instrument.venue == name {
            for currency in [instrument.base, instrument.quote] where !venues[venue].watch.knows(currency) {
                let total = balances.last { $0.currency == currency }?.total ?? .zero
                venues[venue].watch.begin(currency, at: total)
                entries.append(.baseline(venue: name, currency: currency, total: total))
            }
        }
        record(entries)
    }

    private func follow(_ breaks: [BreakWatch.Break], _ venue: Int) {
        for found in breaks {
            let name = plan.venues[venue].name
            let words = "\(name): \(found.currency) \(found.told) at the venue, \(found.expected) by our fills: a difference of \(found.difference)"
            switch found.step {
            case .seen: host.log(.warn, name, "\(words); it is looked at again")
            case .gone: host.log(.info, name, "\(found.currency) agrees again with our fills: \(found.told)")
            case .reduce:
                alert("C27", "\(words), for more than \(plan.breaks.age.text): only reducing", key: "\(name)/\(found.currency)", urgency: .urgent)
                for (index, instrument) in plan.instruments.enumerated() where home[index] == venue && [instrument.base, instrument.quote].contains(found.currency) {
                    feedAll(.control(.state(.reducing, InstrumentID(index: index), reason: "break: \(words)")))
                }
            case .halt:
                alert("C27", "\(words), for more than twice \(plan.breaks.age.text): halted", key: "\(name)/\(found.currency)", urgency: .critical)
                record([.note("break: \(words)")])
                host.kill(reason: "break: \(words)", source: "C27")
            }
        }
    }

    /// A difference is looked at more often than an account in which all is well.
    func watchBreaks(_ venue: Int) {
        guard venues[venue].isReconciled, venues[venue].watch.isDoubted, now.monotonic >= venues[venue].nextLook else { return }
        venues[venue].nextLook = now.monotonic + min(max(plan.breaks.age.nanoseconds / 10, 1_000_000_000), 5_000_000_000)
        askTrades(venue)
        ask(.balances, venue, for: .audit)
    }

    // MARK: - Trades

    /// The venue's trades of the last while, to be compared with ours.
    func askTrades(_ venue: Int) {
        let start = max(lastKnown ?? startedAt, now.wall + Span(nanoseconds: -540_000_000_000)) + Span(nanoseconds: -60_000_000_000)
        ask(.fills(symbol: nil, from: start, to: now.wall), venue, for: .trades(from: start))
    }

    /// C30. What the venue lists and we lacked the keeper has booked by now; what we hold and the venue does not list is told.
    func compareTrades(_ listed: [VenueFill], from start: Timestamp, _ venue: Int) {
        let ids = Set(listed.map { "\($0.tradeID)/\($0.side.name)" })
        let settled = now.wall.nanoseconds - 15_000_000_000
        recentFills.removeAll { $0.time.nanoseconds < now.wall.nanoseconds - 900_000_000_000 }
        for fill in recentFills where fill.key.venue == plan.venues[venue].name && fill.time.nanoseconds > start.nanoseconds + 1_000_000_000 && fill.time.nanoseconds < settled {
            guard !ids.contains("\(fill.key.tradeID)/\(fill.key.side.name)") else { continue }
            alert("C30", "\(fill.key.venue): fill \(fill.key.tradeID) of \(fill.quantity) is in our books, and not among the venue's trades", key: fill.key.tradeID, urgency: .urgent)
        }
    }

    /// Positions from the ledger's fills alone, against those that the engines trade by.
    func checkPositions() {
        for seat in seats.indices {
            for (index, instrument) in plan.instruments.enumerated() {
                let held = seats[seat].engine.desk.portfolio.positions[index].lots
                guard held != derived[seat][index] else { continue }
                let words = "\(plan.strategies[seat]) holds \(instrument.decimal(lots: held)) of \(instrument.name), its fills add up to \(instrument.decimal(lots: derived[seat][index]))"
                alert("C30", words, key: "\(seat)/\(index)", urgency: .critical)
                feedAll(.control(.state(.cancelOnly, InstrumentID(index: index), reason: "position: \(words)")))
            }
        }
    }

    /// Counts a fill of the account in what is derived from fills.
    func derive(_ fill: LedgerFill) {
        guard let index = plan.instruments.firstIndex(where: { $0.venue == fill.key.venue && $0.nativeSymbol == fill.key.symbol }),
            let lots = fill.quantity.multiple(of: plan.instruments[index].lot)
        else { return }
        if let seat = fill.clientID == nil ? nil : plan.strategies.firstIndex(of: fill.strategy) {
            derived[seat][index] += fill.key.side.sign * lots
        } else {
            // Of nobody here: it counts for everybody.
            strangers[index] += fill.key.side.sign * lots
        }
    }

    // MARK: - Others

    /// Somebody else's order: told once, counted in every limit, never touched (F19).
    func external(_ order: VenueOrder, _ venue: Int) {
        guard let id = order.reference.venueID ?? order.reference.clientID else { return }
        if order.isFinal {
            if venues[venue].externals.removeValue(forKey: id) != nil { tellOthers() }
            return
        }
        if venues[venue].externals.updateValue(order, forKey: id) == nil {
            host.log(.warn, plan.venues[venue].name, "order \(id) on \(order.reference.symbol) is not ours; it counts in the limits and is left alone")
        }
        tellOthers()
    }

    /// A whole listing of the account: what it does not show is gone.
    func keepExternals(_ open: [VenueOrder], _ venue: Int) {
        let listed = Set(open.compactMap { $0.reference.venueID ?? $0.reference.clientID })
        let gone = venues[venue].externals.keys.filter { !listed.contains($0) }
        guard !gone.isEmpty else { return }
        for id in gone { venues[venue].externals[id] = nil }
        tellOthers()
    }

    /// What nobody here has asked for, of one instrument: orders and positions of others on the account.
    private func strangersExposure(_ place: Int) -> ForeignExposure {
        var all = ForeignExposure()
        all.positionLots = strangers[place]
        let instrument = plan.instruments[place]
        let orders = venues[home[place]].externals
        for id in orders.keys.sorted() {
            guard let order = orders[id], order.reference.symbol == instrument.nativeSymbol else { continue }
            all.add(order, on: instrument)
        }
        return all
    }

    /// Strategies on one account count in each other's limits, and so do strangers: whatever one has open or holds, the others are told
    /// before they ask for more.
    func tellOthers() {
        for place in plan.instruments.indices {
            let instrument = InstrumentID(index: place)
            let own = seats.count > 1 ? seats.map { $0.engine.desk.ownExposure(instrument) } : []
            let outside = strangersExposure(place)
            for seat in seats.indices {
                var others = outside
                for other in own.indices where other != seat { others.add(own[other]) }
                guard others != told[seat][place] else { continue }
                told[seat][place] = others
                feed(seat, .control(.foreign(instrument, others)))
            }
        }
    }
}

extension ForeignExposure {
    /// Somebody else's order, as the venue shows it. One whose size or side is not told counts as an order, and no more can be said.
    mutating func add(_ order: VenueOrder, on instrument: Instrument) {
        liveOrders += 1
        guard let side = order.side, let quantity = order.quantity else { return }
        let open = quantity.adding(-(order.cumulativeQuantity ?? .zero)) ?? quantity
        let lots = open.rounded(toMultipleOf: instrument.lot, .up)?.multiple(of: instrument.lot) ?? 0
        guard lots > 0 else { return }
        let price = order.price.flatMap(instrument.price)
        if let price { openValue += Amount(raw: instrument.tickLot.raw * Int128(price.ticks) * Int128(lots)) }
        switch side {
        case .buy:
            buyLeavesLots += lots
            if let price { highestBuyTicks = max(highestBuyTicks, price.ticks) }
        case .sell:
            sellLeavesLots += lots
            if let price { lowestSellTicks = min(lowestSellTicks, price.ticks) }
        }
    }
}
