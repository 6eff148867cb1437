import Domain
import Exchange
import Live
import Glibc
import NIOCore
import NIOPosix
import TLS
import Testing
import Transport
import VenueSim
import Venues

/// A connector and its simulated venue on one event loop, over TLS on loopback, and beside them what the desk would do about orders.
///
/// The bench is an actor of that loop, so a case reads both sides' facts without a race, and waits for facts, never for time.
actor VenueBench: VenueDriverDelegate {
    struct Impatience: Error, CustomStringConvertible {
        let description: String
    }

    private struct Wait {
        let number: Int
        let fact: () -> Bool
        let promise: EventLoopPromise<Void>
    }

    nonisolated let loop: any EventLoop
    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.executor.asUnownedSerialExecutor() }
    let subject: VenueUnderTest
    let instruments: [Instrument]
    let sim: any SimulatedVenue
    let certificates: TestCertificates
    let setting: Setting
    var driver: VenueDriver?
    var keeper: OrderKeeper
    var books: [OrderView]

    /// Everything that was told, in order.
    var told: [VenueEvent] = []
    var reports: [ExecutionReport] = []
    var alarms: [String] = []
    var halts: [String] = []
    var lost: [OrderID] = []
    var foreign: [String] = []
    var answers: [UInt64: VenueAnswer] = [:]
    var links: [VenueLink: VenueLinkState] = [:]
    var readyCounts: [VenueLink: Int] = [:]
    private var resolvers: [String: UnknownResolver] = [:]
    private var resolving: [UInt64: String] = [:]
    private var waits: [Wait] = []
    private var lastWait = 0
    private var lastQuery: UInt64 = 0
    private var lastOrder: UInt64 = 0
    private var tick: RepeatedTask?
    let began: Timestamp

    static let deadline = TimeAmount.seconds(30)

    init(_ subject: VenueUnderTest, _ setting: Setting, loop: any EventLoop) throws {
        (self.subject, self.setting, self.loop) = (subject, setting, loop)
        instruments = try subject.instruments()
        certificates = try TestCertificates()
        let balances = try [("USDT", "1000000"), ("BTC", "100"), ("ETH", "1000")].map { ($0, Amount(try ExactDecimal($1)) ?? .zero) }
        var rules = ExchangeRules()
        rules.spot = balances.map { SpotBalance(currency: $0.0, total: $0.1) }
        let venue = SimVenue(instruments: instruments, rules: rules, balances: balances.map { (currency: $0.0, amount: $0.1) }, names: subject.kind.names)
        var faults = FaultPlan()
        for fault in setting.faults {
            faults.add(.init(
                on: subject.points(fault.point), fault.fault, nth: fault.nth, every: fault.every, count: fault.count, delay: fault.delay,
                code: subject.codes[fault.code] ?? fault.code))
        }
        sim = subject.makeSim(venue, setting.manners, faults, loop)
        keeper = OrderKeeper(venue: subject.kind.rawValue, instance: "abc", instruments: instruments, strategies: ["one"],
            bindsByLooks: subject.kind == .smartvalor)
        books = instruments.map { _ in OrderView() }
        began = VenueBench.wall
    }

    static var wall: Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
    }

    /// Runs a case from the venue's start to everybody's good-bye.
    static func run(
        _ subject: VenueUnderTest, _ setting: Setting = Setting(), _ body: @Sendable (isolated VenueBench) async throws -> Void
    ) async throws {
        await Turnstile.shared.enter()
        do {
            try await runAlone(subject, setting, body)
        } catch {
            await Turnstile.shared.leave()
            throw error
        }
        await Turnstile.shared.leave()
    }

    private static func runAlone(
        _ subject: VenueUnderTest, _ setting: Setting, _ body: @Sendable (isolated VenueBench) async throws -> Void
    ) async throws {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let bench = try VenueBench(subject, setting, loop: loop)
        do {
            try await bench.open()
            try await body(bench)
        } catch {
            await bench.close()
            throw error
        }
        await bench.close()
    }

    // MARK: - Beginning and end

    private func open() async throws {
        sim.onActivity = { [weak self] in self?.assumeIsolated { $0.look() } }
        market(bids: [(9_999, 50), (9_998, 80)], asks: [(10_001, 50), (10_002, 80)])
        market(1, bids: [(4_999, 100)], asks: [(5_001, 100)])
        let port = try await sim.start(port: 0, tls: try .server(identity: try certificates.server())).get()
        var options = subject.options(setting.manners)
        options.merge(setting.options.filter { subject.knows.contains($0.key) }) { $1 }
        let endpoints = subject.kind.endpoints(port: port, isSecure: true, prefix: subject.prefix, extra: sim.extraPorts)
        let session = try subject.makeSession(VenueSettings(
            name: subject.kind.rawValue, environment: .custom, endpoints: Dictionary(uniqueKeysWithValues: endpoints.map { ($0.name, $0.url) }),
            credentials: [
                "account_id": Secret(Array("STA-00000001".utf8)),
                "key": Secret(Array("token".utf8)), "secret": Secret(Array(setting.secret.utf8)), "user": Secret(Array("token".utf8)),
                "password": Secret(Array(setting.secret.utf8)), "user_id": Secret(Array("90".utf8)),
            ],
            requestLifetime: setting.requestLifetime, options: options, seed: 1))
        let tls = try TLSContext.client(extraAuthority: .pem(certificates.authority.chain))
        driver = VenueDriver(session, tls: tls, eventLoop: loop, latch: Latch(), delegate: self)
        tick = loop.scheduleRepeatedTask(initialDelay: .milliseconds(100), delay: .milliseconds(100)) { [weak self] _ in
            self?.assumeIsolated { $0.turn() }
        }
    }

    private func close() async {
        tick?.cancel()
        driver?.handle(.end)
        driver = nil
        try? await sim.stop().get()
    }

    /// Connects for trading and waits until both links are ready.
    func begin(_ scope: VenueScope = .trading) async throws {
        send(.begin(scope, instruments: instruments))
        try await until("the links are ready") {
            self.links[.market] == .ready && (scope == .marketData || self.links[.orders] == .ready)
        }
    }

    func send(_ command: VenueCommand) { driver?.handle(command) }

    var now: VenueTime { driver?.now ?? VenueTime(wall: VenueBench.wall, monotonic: Int64(clamping: NIODeadline.now().uptimeNanoseconds)) }

    // MARK: - Waiting for facts

    func until(_ what: String, _ fact: @escaping () -> Bool) async throws {
        if fact() { return }
        lastWait += 1
        let number = lastWait
        let promise = loop.makePromise(of: Void.self)
        waits.append(Wait(number: number, fact: fact, promise: promise))
        loop.scheduleTask(in: VenueBench.deadline) { [weak self] in self?.assumeIsolated { $0.giveUp(number, what) } }
        try await promise.futureResult.get()
    }

    private func giveUp(_ number: Int, _ what: String) {
        guard let index = waits.firstIndex(where: { $0.number == number }) else { return }
        let wait = waits.remove(at: index)
        let last = told.filter { if case .market = $0 { false } else { true } }.suffix(12).map { "\($0)" }.joined(separator: "\n  ")
        wait.promise.fail(Impatience(description: "never came: \(what)\n  \(last)\n  requests: \(sim.counts)"))
    }

    private func look() {
        var index = 0
        while index < waits.count {
            if waits[index].fact() { waits.remove(at: index).promise.succeed() } else { index += 1 }
        }
    }

    // MARK: - What the venue tells

    nonisolated func venueDriver(_ driver: VenueDriver, told event: VenueEvent) {
        assumeIsolated { $0.heard(event) }
    }

    private func heard(_ event: VenueEvent) {
        told.append(event)
        switch event {
        case .link(let link, let state):
            links[link] = state
            if state == .ready { readyCounts[link, default: 0] += 1 }
        case .market(let records): for record in records { books[Int(record.instrument)].take(record) }
        case .bookInvalid(let instrument, why: _): books[instrument.position] = OrderView()
        case .alarm(let text): alarms.append(text)
        case .answer(let id, let answer): answers[id.raw] = answer
        default: break
        }
        perform(keeper.absorb(event, at: now))
        if case .answer(let id, let answer) = event { resolverHeard(id.raw, answer) }
        look()
    }

    /// What the desk's clock does: facts that do not fit are asked for again.
    private func turn() {
        perform(keeper.overdue(at: now))
        look()
    }

    private func perform(_ actions: [KeeperAction]) {
        for action in actions {
            switch action {
            case .record: break
            case .report(strategy: _, let report): reports.append(report)
            case .lost(strategy: _, let id): lost.append(id)
            case .ask(let query): ask(query)
            case .cancel(let reference): send(.cancel(reference))
            case .resolve(clientID: let clientID): resolve(clientID)
            case .replace(let clientID, _, _): alarms.append("nobody asked for a replacement of \(clientID)")
            case .external(let order), .orphan(let order): foreign.append(order.reference.venueID ?? "?")
            case .halt(symbol: _, why: let why): halts.append(why)
            case .alarm(let text): alarms.append(text)
            }
        }
    }

    // MARK: - Lost orders

    private func resolve(_ clientID: String) {
        guard let order = keeper.order(clientID), let driver else { return }
        let sent = VenueTime(wall: order.sent, monotonic: now.monotonic - (now.wall.nanoseconds - order.sent.nanoseconds))
        resolvers[clientID] = UnknownResolver(
            clientID: clientID, sent: sent, bound: driver.capabilities.acceptanceBound, pause: .milliseconds(100), capabilities: driver.capabilities)
        round(clientID)
    }

    private func round(_ clientID: String) {
        guard let order = keeper.order(clientID), order.isUnknown, let step = resolvers[clientID]?.begin(order, at: now) else { return }
        if case .ask(let queries) = step { for query in queries { resolving[ask(query)] = clientID } }
    }

    private func resolverHeard(_ id: UInt64, _ answer: VenueAnswer) {
        guard let clientID = resolving.removeValue(forKey: id), keeper.order(clientID)?.isUnknown == true else { return }
        let isWhole = if case .failed = answer { false } else { true }
        switch resolvers[clientID]?.answered(isWhole: isWhole, at: now) {
        case .wait(let span):
            loop.scheduleTask(in: .nanoseconds(span.nanoseconds)) { [weak self] in self?.assumeIsolated { $0.round(clientID) } }
        case .notPlaced: perform(keeper.proveNotPlaced(clientID, at: now))
        case .ask, nil: break
        }
    }

    // MARK: - Orders

    /// Sends a limit order, as the desk does: noted first.
    @discardableResult
    func place(
        _ side: Side, _ lots: Int64, at ticks: Int64, instrument: Int = 0, _ timeInForce: TimeInForce = .goodTillCancel, isPostOnly: Bool = false
    ) -> String {
        lastOrder += 1
        let digits = String(lastOrder)
        let clientID = "abc" + String(repeating: "0", count: 11 - digits.count) + digits
        var request = OrderRequest(
            id: OrderID(lastOrder), instrument: InstrumentID(index: instrument), side: side, type: .limit, quantity: Quantity(lots: lots),
            price: Price(ticks: ticks))
        request.timeInForce = timeInForce
        request.isPostOnly = isPostOnly
        keeper.sending(clientID: clientID, strategy: 0, request: request, at: now.wall)
        send(.place(VenueOrderRequest(clientID: clientID, request: request)))
        return clientID
    }

    func cancel(_ clientID: String) {
        if let reference = keeper.cancelling(clientID, needsVenueID: false) { send(.cancel(reference)) }
    }

    @discardableResult
    func ask(_ query: VenueQuery) -> UInt64 {
        lastQuery += 1
        send(.query(VenueQueryID(lastQuery), query))
        return lastQuery
    }

    /// Asks, and waits for the one answer.
    func answer(_ query: VenueQuery) async throws -> VenueAnswer {
        let id = ask(query)
        try await until("the answer to \(query)") { self.answers[id] != nil }
        return try #require(answers[id])
    }

    /// Orders end with their connection.
    var cancelsOnDisconnect: Bool { driver?.capabilities.hasCancelOnDisconnect ?? false }

    func isDone(_ clientID: String) -> Bool { keeper.order(clientID)?.isDone ?? false }
    func isLive(_ clientID: String) -> Bool { keeper.order(clientID)?.stage == .live }

    // MARK: - The venue's side

    /// The whole market of an instrument: ticks and size units, best first.
    func market(_ instrument: Int = 0, bids: [(Int64, Int64)], asks: [(Int64, Int64)]) {
        let id = InstrumentID(index: instrument)
        var records = [MarketRecord(kind: .clear, instrument: id, localTime: 0, exchangeTime: 0, flags: MarketRecord.Flag.snapshot)]
        for (side, levels) in [(Side.buy, bids), (Side.sell, asks)] {
            for (ticks, size) in levels { records.append(level(id, side, ticks, size, flags: MarketRecord.Flag.snapshot)) }
        }
        records[records.count - 1].flags |= MarketRecord.Flag.endOfBatch
        sim.market(records)
    }

    private func level(_ id: InstrumentID, _ side: Side, _ ticks: Int64, _ size: Int64, flags: UInt8 = 0) -> MarketRecord {
        MarketRecord(kind: .level, instrument: id, localTime: 0, exchangeTime: 0, side: side, flags: flags, a: ticks, b: size)
    }

    /// Changes one level.
    func level(_ side: Side, _ ticks: Int64, _ size: Int64, instrument: Int = 0) {
        sim.market([level(InstrumentID(index: instrument), side, ticks, size, flags: MarketRecord.Flag.endOfBatch)])
    }

    /// A trade of others.
    func trade(_ aggressor: Side, _ lots: Int64, at ticks: Int64, instrument: Int = 0) {
        sim.market([MarketRecord(
            kind: .trade, instrument: InstrumentID(index: instrument), localTime: 0, exchangeTime: 0, side: aggressor,
            flags: MarketRecord.Flag.endOfBatch, a: ticks, b: lots)])
    }

    /// The venue's order of a client id.
    func truth(_ clientID: String) -> SimOrder? { sim.venue.orders.first { $0.clientID == clientID } }
}

/// A few cases at a time: what a case waits for must not be the machine.
actor Turnstile {
    static let shared = Turnstile()
    private var free = 6
    private var queue: [CheckedContinuation<Void, Never>] = []

    func enter() async {
        if free > 0 {
            free -= 1
            return
        }
        await withCheckedContinuation { queue.append($0) }
    }

    func leave() {
        if queue.isEmpty { free += 1 } else { queue.removeFirst().resume() }
    }
}

/// A book as the desk keeps it.
struct OrderView: Equatable {
    private(set) var bids: [Int64: Int64] = [:]
    private(set) var asks: [Int64: Int64] = [:]
    private(set) var trades = 0

    mutating func take(_ record: MarketRecord) {
        switch record.kind {
        case .clear: (bids, asks) = ([:], [:])
        case .level: if record.side == .buy { bids[record.a] = record.b == 0 ? nil : record.b } else { asks[record.a] = record.b == 0 ? nil : record.b }
        case .trade: trades += 1
        case .quote, .bar, .orderAdd, .orderModify, .orderCancel, .orderFill, .status: break
        }
    }
}
