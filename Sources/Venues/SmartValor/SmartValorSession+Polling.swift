internal import Domain
internal import JSON

/// The rounds of questions that stand in for pushes.
extension SmartValorSession {
    static let marketTimer = VenueToken(100)
    static let accountTimer = VenueToken(101)
    /// Questions of the session's own.
    enum Own { static let login: UInt64 = 1, look: UInt64 = 2, orders: UInt64 = 3, fills: UInt64 = 4, time: UInt64 = 5, market: UInt64 = 6 }

    mutating func began(_ scope: VenueScope) { connectLinks(scope) }

    mutating func opened(_ link: VenueLink) {
        core[link].phase = .subscribing
        switch link {
        case .market:
            booksSeen = []
            start(QueryJob(owner: .own(Own.time), kind: .serverTime))
            // The numbers of the instruments come first; a run begins with them.
            if core.own.contains(where: { numbers[core.books[$0].symbol] == nil }) {
                start(QueryJob(owner: .own(Own.market), kind: .instruments))
            } else {
                askMarket()
            }
        case .orders:
            if numbers.isEmpty { start(QueryJob(owner: .own(Own.look), kind: .instruments)) }
            start(QueryJob(owner: .own(Own.login), kind: .balances))
        }
    }

    mutating func fired(_ timer: VenueToken) {
        switch timer {
        case SmartValorSession.marketTimer: askMarket()
        case SmartValorSession.accountTimer: askAccount()
        case _: break
        }
    }

    // MARK: - Market

    /// One question a turn: books one after the other, and now and then the trades of one.
    private mutating func askMarket() {
        guard core.market.hasSocket, !core.own.isEmpty else { return }
        let count = core.own.count
        let round = marketTurn % (count + 1)
        let index = core.own[round < count ? round : (marketTurn / (count + 1)) % count]
        marketTurn += 1
        start(QueryJob(owner: .own(Own.market), kind: .own(UInt64(index) * 2 + (round < count ? 0 : 1))))
        core.out.append(.timer(SmartValorSession.marketTimer, after: Span(nanoseconds: spacing)))
    }

    mutating func resubscribe(_ index: Int) { core.resyncs[index].isAwaited = false }

    mutating func take(book body: Bytes, _ index: Int) {
        do {
            let book = try SmartValorWords.book(body, core.books[index].grids)
            apply(book, index, isUpdate: false)
        } catch {
            doubt(index, "the book of \(core.books[index].symbol): \(InstrumentGrids.why(error))")
        }
        booksSeen.insert(index)
        if core.market.phase == .subscribing, booksSeen.count == core.own.count { becameReady(.market) }
    }

    mutating func take(trades body: Bytes, _ index: Int) throws(JSONError) {
        var trades: [TradeData] = []
        let grids = core.books[index].grids
        var faults = 0
        try SmartValorWords.each(body) { reader throws(JSONError) in
            let row = try SmartValorTrade(&reader)
            guard let price = row.price, let quantity = row.quantity, let ticks = grids.price.steps(of: price), ticks > 0,
                let size = grids.size.nearestSteps(of: quantity), size > 0
            else { return faults += 1 }
            let id = Bytes.with(row.id) { TradeData.number($0) }
            trades.append(TradeData(id: id, ticks: ticks, size: size, side: row.side, time: row.time))
        }
        if faults > 0 { tell(.alarm("\(faults) trades of \(core.books[index].symbol) fit no grid")) }
        // What was traded before we came is no news.
        if tradesSeen.insert(index).inserted {
            _ = core.books[index].apply(trades: trades, at: now)
        } else {
            apply(trades, index)
        }
    }

    // MARK: - Account

    mutating func scheduleAccount() {
        core.out.append(.timer(SmartValorSession.accountTimer, after: Span(nanoseconds: isBusy ? spacing : max(spacing, 5_000_000_000))))
    }

    /// While something of ours lives, or has just ended, the account is asked at its full pace.
    private var isBusy: Bool { !core.names.placing.isEmpty || !lost.isEmpty || !looks.isEmpty || now.monotonic - lastActivity < 10_000_000_000 }

    private mutating func askAccount() {
        guard core.scope == .trading, core.orders.phase == .ready else { return }
        accountTurn += 1
        let wantsFills = accountTurn % 2 == 0
        if wantsFills {
            start(QueryJob(owner: .own(Own.fills), kind: .fills(symbol: nil), from: Timestamp(nanoseconds: 0), to: now.wall, longest: .max))
        } else {
            start(QueryJob(owner: .own(Own.orders), kind: .openOrders(symbol: nil)))
        }
    }

    /// An order or a cancel of ours just went or was answered: the account is looked at soon.
    mutating func noteActivity() {
        lastActivity = now.monotonic
        if core.scope == .trading, core.orders.phase == .ready { scheduleAccount() }
    }

    mutating func answered(own number: UInt64, _ answer: VenueAnswer) {
        if case .failed(let failure) = answer { return failed(number, failure) }
        switch number {
        case Own.market:
            marketFailures = 0
            if case .instruments = answer { beginMarket() }
        case Own.login: if case .balances(let balances) = answer { loggedIn(balances) }
        case Own.orders, Own.fills, Own.look:
            failures = 0
            if spread > 1 { spread -= 1 }
            if number == Own.orders, case .orders(let open) = answer { noticeGone(open) }
            relay(answer)
            if number != Own.look { scheduleAccount() }
        case _: break
        }
    }

    private mutating func beginMarket() {
        if let missing = core.own.first(where: { numbers[core.books[$0].symbol] == nil }) {
            return refuse(.market, "the venue has no \(core.books[missing].symbol)")
        }
        askMarket()
    }

    private mutating func loggedIn(_ balances: [VenueBalance]) {
        tell(.balances(balances))
        guard core.orders.phase == .subscribing else { return }
        failures = 0
        becameReady(.orders)
        lastActivity = now.monotonic
        if core.scope == .trading { scheduleAccount() }
    }

    /// What was open and is on the list no more has ended, whoever ended it: how, its own page says.
    private mutating func noticeGone(_ orders: [VenueOrder]) {
        let listed = Set(orders.compactMap(\.reference.venueID))
        for (venueID, symbol) in shownOpen.sorted(by: { $0.key < $1.key }) where !listed.contains(venueID) {
            shownOpen[venueID] = nil
            look(after: VenueOrderReference(clientID: owners[venueID], venueID: venueID, symbol: symbol))
        }
    }

    private mutating func noteShown(_ order: VenueOrder) {
        guard let venueID = order.reference.venueID, owners[venueID] != nil else { return }
        shownOpen[venueID] = order.isFinal ? nil : order.reference.symbol
    }

    private mutating func relay(_ answer: VenueAnswer) {
        switch answer {
        case .orders(let orders):
            for order in orders {
                noteShown(order)
                tell(order: order)
            }
        case .fills(let fills): for fill in fills { tell(fill: fill) }
        case .order(let order, let fills):
            for fill in fills { tell(fill: fill) }
            if let order {
                noteShown(order)
                tell(order: order)
            }
        case .balances(let balances): tell(.balances(balances))
        case .instruments, .serverTime, .failed: break
        }
    }

    /// Three failures in a row, and the half of the session is down; a refused key is down for good.
    private mutating func failed(_ number: UInt64, _ failure: VenueFailure) {
        let link: VenueLink = number == Own.market || number == Own.time ? .market : .orders
        switch failure.kind {
        case .authentication where link == .orders: return refuse(.orders, failure.message)
        case .retired: return refuse(link, failure.message)
        case .throttled: spread = min(spread * 2, 32)
        case .unreachable, .refused, .unsupported, .authentication: break
        }
        if number == Own.time { return refuseTime(failure) }
        if link == .market {
            marketFailures += 1
            if marketFailures >= 3 || core.market.phase == .subscribing { drop(.market, failure.message) }
        } else {
            failures += 1
            if number == Own.login || failures >= 3 { return drop(.orders, failure.message) }
            if number != Own.look { scheduleAccount() }
        }
    }

    private mutating func refuseTime(_ failure: VenueFailure) {
        if core.market.hasSocket { drop(.market, "the venue's clock cannot be asked: \(failure.message)") }
    }
}
