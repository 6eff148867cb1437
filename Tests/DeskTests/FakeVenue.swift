import Domain
import Venues

/// A venue as its session tells it: orders, trades and balances that are the truth, and a way to the desk that loses, repeats, delays and reorders.
final class FakeVenue {
    struct Faults {
        /// Of a thousand.
        var refused = 0, lostNever = 0, lostPlaced = 0, pushLost = 0, pushTwice = 0, queryFailed = 0, cancelLost = 0, amendRefused = 0
        /// Of a thousand, each 100 ms.
        var disconnect = 0, fill = 150
        var slowest: Int64 = 40

        static let none = Faults()
        static let many = Faults(
            refused: 20, lostNever: 60, lostPlaced: 80, pushLost: 80, pushTwice: 100, queryFailed: 80, cancelLost: 80, amendRefused: 50, disconnect: 4,
            slowest: 400)
    }

    struct Order {
        var reference: VenueOrderReference
        var side: Side
        var ticks: Int64
        var lots: Int64
        var filled: Int64 = 0
        var state = VenueOrder.State.open
        var created: Timestamp
        var updated: Timestamp
        var isOpen: Bool { state == .open }
    }

    unowned let world: World
    let instrument: Instrument
    var chance: Chance
    var faults = Faults.none
    var capabilities: VenueCapabilities
    private(set) var orders: [Order] = []
    private(set) var trades: [VenueFill] = []
    var balances: [String: ExactDecimal]
    private(set) var bid: Int64 = 5_000_000
    private(set) var isConnected = false
    /// Names under which something was ever placed.
    private(set) var placed: Set<String> = []
    private var connection = 0
    /// Placements without an answer yet.
    private var awaiting: Set<String> = []
    private var waitingCancels: Set<String> = []
    private var nextTrade = 1
    private(set) var cancels = 0
    var isTickingBook = true

    init(_ world: World, _ instrument: Instrument, _ chance: Chance, hasAmend: Bool) {
        (self.world, self.instrument, self.chance) = (world, instrument, chance)
        capabilities = VenueCapabilities(
            orderTypes: [.limit, .market], timesInForce: [.goodTillCancel], hasPostOnly: true, clientIDs: .echoed, refusesRepeatedClientIDs: false,
            hasAmend: hasAmend, cancelAll: .account, hasCancelOnDisconnect: true, marketData: .push, privateUpdates: .push, hasServerTime: false,
            hasSandbox: true, acceptanceBound: .seconds(3), proofSpacing: .seconds(1), messageRate: 1_000, messageWindow: .seconds(1))
        balances = ["USDT": ExactDecimal(mantissa: 100_000, scale: 0), "BTC": ExactDecimal(mantissa: 10, scale: 0)]
    }

    // MARK: - Commands

    func handle(_ command: VenueCommand) {
        switch command {
        case .begin: connect(after: 50_000_000)
        case .place(let order): place(order)
        case .cancel(let reference): cancel(reference)
        case .amend(let reference, let price, let open, let total): amend(reference, price, open, total)
        case .cancelAll: later(1...20) { self.cancelEverything() }
        case .query(let id, let query): later(5...150) { self.answer(id, query) }
        case .resynchronise: later(5...20) { self.tellBook() }
        case .end:
            isConnected = false
            connection += 1
        }
    }

    private func later(_ range: ClosedRange<Int64>, _ body: @escaping () -> Void) { world.schedule(after: chance.milliseconds(range), body) }

    /// To the desk, over the connection of this moment: what is on its way when it breaks is gone.
    private func tell(_ event: VenueEvent, _ range: ClosedRange<Int64> = 1...10) {
        let own = connection
        later(range) { if own == self.connection { self.world.told(event) } }
    }

    /// A push may be lost, late or repeated.
    private func push(_ event: VenueEvent) {
        guard isConnected else { return }
        if chance.permille(faults.pushLost) { return }
        tell(event, 1...faults.slowest)
        if chance.permille(faults.pushTwice) { tell(event, 1...(faults.slowest * 4)) }
    }

    func connect(after delay: Int64) {
        world.schedule(after: delay) {
            guard !self.isConnected else { return }
            self.isConnected = true
            self.world.told(.link(.market, .ready))
            self.tellBook()
            self.world.told(.link(.orders, .ready))
        }
    }

    func disconnect(comesBackAfter delay: Int64?) {
        guard isConnected else { return }
        isConnected = false
        connection += 1
        let lost = awaiting.sorted()
        awaiting.removeAll()
        if chance.permille(600) { for index in orders.indices where orders[index].isOpen && !isForeign(orders[index]) { end(index, .cancelled) } }
        world.told(.link(.orders, .down(why: "cut")))
        world.told(.link(.market, .down(why: "cut")))
        for clientID in lost { world.told(.lost(clientID: clientID, why: "the connection was cut")) }
        if let delay { connect(after: delay) }
    }

    /// Breaks and comes back without taking an order away.
    func reconnect() {
        isConnected = false
        connection += 1
        world.told(.link(.orders, .down(why: "cut")))
        connect(after: 300_000_000)
    }

    private func isForeign(_ order: Order) -> Bool { order.reference.clientID.map { !placed.contains($0) } ?? true }

    // MARK: - Orders

    private func place(_ order: VenueOrderRequest) {
        world.check(placed.insert(order.clientID).inserted, "I5: \(order.clientID) is placed twice")
        guard isConnected else { return tellAnyway(.refused(clientID: order.clientID, reason: .venue, code: "not_connected", message: "")) }
        if chance.permille(faults.refused) { return tell(.refused(clientID: order.clientID, reason: .venue, code: "1", message: "refused")) }
        awaiting.insert(order.clientID)
        if chance.permille(faults.lostNever) { return loseAnswer(order.clientID) }
        let isLost = chance.permille(faults.lostPlaced)
        if isLost { loseAnswer(order.clientID) }
        // An answer that is lost may also be one to an order that is executed late.
        later(isLost ? 1...2_500 : 1...faults.slowest) { self.execute(order, isLost: isLost) }
    }

    private func tellAnyway(_ event: VenueEvent) { world.schedule(after: 1_000_000) { self.world.told(event) } }

    private func loseAnswer(_ clientID: String) {
        let own = connection
        later(500...2_000) {
            guard own == self.connection, self.awaiting.remove(clientID) != nil else { return }
            self.world.told(.lost(clientID: clientID, why: "no answer in time"))
        }
    }

    private func execute(_ order: VenueOrderRequest, isLost: Bool) {
        let venueID = String(1_000 + orders.count)
        let request = order.request
        let reference = VenueOrderReference(clientID: order.clientID, venueID: venueID, symbol: instrument.nativeSymbol)
        orders.append(Order(
            reference: reference, side: request.side, ticks: request.type == .market ? touch(request.side) : request.price.ticks,
            lots: request.quantity.lots, created: world.now.wall, updated: world.now.wall))
        let index = orders.count - 1
        if !isLost, awaiting.contains(order.clientID) {
            let own = connection
            later(1...faults.slowest) {
                guard own == self.connection, self.awaiting.remove(order.clientID) != nil else { return }
                self.world.told(.received(clientID: order.clientID, venueID: venueID))
                self.world.told(.order(self.shown(index)))
            }
        }
        push(.order(shown(index)))
        let reaches = request.side == .buy ? orders[index].ticks >= bid + 1 : orders[index].ticks <= bid
        if reaches || request.type == .market { fill(index, lots: orders[index].lots, .taker) }
        if waitingCancels.remove(order.clientID) != nil { cancel(reference) }
    }

    private func touch(_ side: Side) -> Int64 { side == .buy ? bid + 1 : bid }

    private func amend(_ reference: VenueOrderReference, _ price: Price, _ open: Quantity, _ total: Quantity) {
        later(1...faults.slowest) {
            guard let index = self.find(reference), self.orders[index].isOpen, total.lots > self.orders[index].filled, !self.chance.permille(self.faults.amendRefused)
            else { return self.tell(.amendRefused(reference, code: "1", message: "no")) }
            self.orders[index].ticks = price.ticks
            self.orders[index].lots = total.lots
            self.push(.order(self.shown(index)))
        }
    }

    private func find(_ reference: VenueOrderReference) -> Int? {
        orders.firstIndex { $0.reference.venueID == reference.venueID || (reference.venueID == nil && $0.reference.clientID == reference.clientID) }
    }

    private func cancel(_ reference: VenueOrderReference) {
        cancels += 1
        let fate = chance.below(1_000)
        if fate < faults.cancelLost {
            tell(.cancelLost(reference, why: "no answer"), 500...1_500)
            if fate % 2 == 0 { return }
        }
        later(1...faults.slowest) {
            guard let index = self.find(reference) else {
                // The session keeps a cancel until it knows the venue's name for the order.
                if let clientID = reference.clientID { self.waitingCancels.insert(clientID) }
                return
            }
            guard self.orders[index].isOpen else {
                if fate >= self.faults.cancelLost { self.tell(.cancelRefused(reference, code: "316", message: "no active order")) }
                return
            }
            self.end(index, .cancelled)
        }
    }

    private func cancelEverything() {
        for index in orders.indices where orders[index].isOpen { end(index, .cancelled) }
        tell(.cancelAllReceived(symbol: nil))
    }

    func end(_ index: Int, _ state: VenueOrder.State) {
        (orders[index].state, orders[index].updated) = (state, world.now.wall)
        push(.order(shown(index)))
    }

    /// A trade of one of the orders, at its limit: never worse.
    func fill(_ index: Int, lots: Int64, _ liquidity: Liquidity, isTold: Bool = true) {
        let order = orders[index]
        let lots = min(lots, order.lots - order.filled)
        guard lots > 0 else { return }
        orders[index].filled += lots
        orders[index].updated = world.now.wall
        if orders[index].filled == orders[index].lots { orders[index].state = .filled }
        let price = instrument.decimal(Price(ticks: order.ticks)), quantity = instrument.decimal(lots: lots)
        let fee = price * quantity * ExactDecimal(mantissa: 1, scale: 3)
        let fill = VenueFill(
            tradeID: String(nextTrade), reference: order.reference, side: order.side, price: price, quantity: quantity, fee: fee, feeCurrency: "USDT",
            liquidity: liquidity, time: world.now.wall)
        nextTrade += 1
        trades.append(fill)
        book(fill)
        guard isTold else { return }
        push(.fill(fill))
        push(.order(shown(index)))
    }

    private func book(_ fill: VenueFill) {
        let value = fill.price * fill.quantity
        func add(_ amount: ExactDecimal, _ currency: String) { balances[currency] = balances[currency]?.adding(amount) }
        add(fill.side == .buy ? fill.quantity : -fill.quantity, "BTC")
        add(fill.side == .buy ? -value : value, "USDT")
        add(-fill.fee, "USDT")
    }

    /// An order that somebody else puts on the account.
    @discardableResult
    func foreignOrder(_ side: Side, lots: Int64, ticks: Int64, isTold: Bool = true) -> Int {
        let reference = VenueOrderReference(clientID: "by-hand", venueID: String(1_000 + orders.count), symbol: instrument.nativeSymbol)
        orders.append(Order(reference: reference, side: side, ticks: ticks, lots: lots, created: world.now.wall, updated: world.now.wall))
        if isTold { push(.order(shown(orders.count - 1))) }
        return orders.count - 1
    }

    func shown(_ index: Int) -> VenueOrder {
        let order = orders[index]
        return VenueOrder(
            reference: order.reference, state: order.state, side: order.side, price: instrument.decimal(Price(ticks: order.ticks)),
            quantity: instrument.decimal(lots: order.lots), cumulativeQuantity: instrument.decimal(lots: order.filled), created: order.created,
            updated: order.updated)
    }

    // MARK: - Questions

    var told: [VenueBalance] {
        balances.sorted { $0.key < $1.key }.map { VenueBalance(currency: $0.key, total: $0.value, available: $0.value, reserved: .zero) }
    }

    private func answer(_ id: VenueQueryID, _ query: VenueQuery) {
        let isFailed = !isConnected && chance.permille(500) || chance.permille(faults.queryFailed)
        let answer: VenueAnswer = isFailed ? .failed(VenueFailure(.unreachable, "no answer")) : truth(query)
        // The answer holds what was true then, and comes when it comes.
        later(1...faults.slowest) { self.world.told(.answer(id, answer)) }
    }

    private func truth(_ query: VenueQuery) -> VenueAnswer {
        switch query {
        case .openOrders: return .orders(orders.indices.filter { orders[$0].isOpen }.map(shown))
        case .orderHistory(_, let from, let to): return .orders(orders.indices.filter { from <= orders[$0].updated && orders[$0].created <= to }.map(shown))
        case .order(let reference):
            let index = find(reference)
            return .order(index.map(shown), fills: index.map { place in trades.filter { $0.reference == orders[place].reference } } ?? [])
        case .fills(_, let from, let to): return .fills(trades.filter { from <= $0.time && $0.time <= to })
        case .balances:
            return .balances(told)
        case .instruments, .serverTime: return .failed(VenueFailure(.unsupported, "not here"))
        }
    }

    // MARK: - Time

    /// Each 100 ms: the book moves, orders trade, connections break.
    func tick() {
        if chance.permille(300) { bid += Int64(chance.below(5)) - 2 }
        if isTickingBook, isConnected { tellBook() }
        for index in orders.indices where orders[index].isOpen && chance.permille(faults.fill) {
            fill(index, lots: Int64(1 + chance.below(Int(orders[index].lots))), .maker)
        }
        if chance.permille(faults.disconnect) { disconnect(comesBackAfter: chance.milliseconds(200...4_000)) }
    }

    func tellBook() {
        guard isConnected else { return }
        let now = world.now.wall.nanoseconds
        let snapshot = MarketRecord.Flag.snapshot
        func level(_ side: Side, _ ticks: Int64, isLast: Bool) -> MarketRecord {
            MarketRecord(
                kind: .level, instrument: InstrumentID(index: 0), localTime: now, exchangeTime: now, side: side,
                flags: snapshot | (isLast ? MarketRecord.Flag.endOfBatch : 0), a: ticks, b: 1_000)
        }
        world.told(.market([
            MarketRecord(kind: .clear, instrument: InstrumentID(index: 0), localTime: now, exchangeTime: now, flags: snapshot),
            level(.buy, bid, isLast: false), level(.sell, bid + 1, isLast: true),
        ]))
    }
}
