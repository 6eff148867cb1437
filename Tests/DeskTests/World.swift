import Domain
import Foundation
import Recording
import Risk
import Testing
import Trading
import Venues

@testable import Live

/// One desk, one venue, one ledger on one thread, in a time of its own. Everything comes from a seed.
final class World: DeskHost {
    private(set) var now: VenueTime
    private var queue: [(due: Int64, number: Int, body: () -> Void)] = []
    private var number = 0
    private var alarm = Int64.max
    private let folder: String
    let instrument: Instrument
    private(set) var venue: FakeVenue! = nil
    private(set) var core: DeskCore<Puppet>?
    private(set) var puppet = Puppet()
    private(set) var latch = Latch()
    private(set) var books = WorldBooks()
    private(set) var ending: DeskEnding?
    private(set) var kills: [String] = []
    private(set) var lines: [(level: Note.Level, source: String, text: String)] = []
    private(set) var sent: [VenueCommand] = []
    private(set) var alerts: [(time: Int64, alert: Alert)] = []
    private var epoch: UInt32 = 0
    private(set) var failures: [String] = []
    var limits = RiskLimits()
    var adopts = false
    var limitVersion: UInt32 = 1
    /// Whether the run writes its journal, as a real one does.
    var isJournaled = false
    private var journal: JournalWriter?
    var tune: (inout DeskPlan) -> Void = { _ in }
    let seed: UInt64
    /// The kill switch's own proof, where it was pulled.
    private var killProof: CancelProof?

    init(seed: UInt64 = 1, hasAmend: Bool = false) throws {
        self.seed = seed
        now = VenueTime(wall: Timestamp(nanoseconds: 1_700_000_000_000_000_000), monotonic: 1_000_000_000_000)
        instrument = try Instrument(
            venue: "v", symbol: "BTC_USDT", nativeSymbol: "BTC_USDT", base: "BTC", quote: "USDT", tick: ExactDecimal("0.01"), lot: ExactDecimal("0.0001"),
            takerFee: ExactDecimal("0.001"))
        let root = FileManager.default.fileExists(atPath: "/dev/shm") ? "/dev/shm/" : NSTemporaryDirectory()
        folder = root + "perigee-desk-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        limits.account.maxOpenOrders = 8
        limits.account.maxPosition = ["BTC": try ExactDecimal("0.5")]
        var chance = Chance(seed)
        venue = FakeVenue(self, instrument, chance.split(), hasAmend: hasAmend)
        tick()
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    func check(_ isTrue: Bool, _ what: @autoclosure () -> String) {
        if !isTrue { failures.append("at \(now.monotonic / 1_000_000 - 1_000_000) ms: \(what())") }
    }

    // MARK: - Starts and crashes

    var ledgerPath: String { folder + "/ledger" }

    /// A process starts: ledger, books, engine, desk.
    func start() throws {
        epoch += 1
        latch = Latch()
        let (file, state) = try LedgerFile.open(path: ledgerPath, durability: .process)
        var setup = DeskSetup(
            instruments: [instrument], balances: state.holdings("v", told: venue.told, instruments: [instrument]).compactMap { entry in
                Amount(entry.total).map { (entry.currency, $0) }
            }, reportingCurrency: "USDT", checksBalances: true)
        setup.restore(state, strategy: "puppet")
        let own = Puppet()
        (own.act, puppet) = (puppet.act, own)
        let gate = Gate(instruments: [instrument], limits: limits, strategy: "puppet", live: LiveDefaults(), version: limitVersion)
        if isJournaled { try openJournal(setup) }
        books = WorldBooks(setup)
        books.journal = journal
        var plan = DeskPlan(
            mode: .live, venues: [DeskPlan.VenuePlan(name: "v", capabilities: venue.capabilities, acceptanceBound: venue.capabilities.acceptanceBound, isTrading: true)],
            instruments: [instrument], strategies: ["puppet"], instance: "abc", epoch: epoch, run: "run\(epoch)", adoptsLeftOrders: adopts)
        tune(&plan)
        let core = DeskCore<Puppet>(
            plan: plan, engines: [DeskCore<Puppet>.Seat(Engine(strategy: own, gate: gate, desk: setup))], latch: latch, host: self, sink: books, ledger: file,
            ledgerState: state, paper: nil, at: now)
        self.core = core
        ending = nil
        core.begin(at: now)
    }

    /// The process is gone, between two instants: what it had written stays.
    func crash() {
        core = nil
        alarm = .max
        venue.disconnect(comesBackAfter: nil)
    }

    var journalPath: String { folder + "/journal-\(epoch).tape" }

    private func openJournal(_ setup: DeskSetup) throws {
        var seat = JournalHead.Seat(name: "puppet", file: "puppet", source: [], sha256: "", desk: setup)
        (seat.instance, seat.epoch) = ("abc", epoch)
        journal = try JournalWriter(path: journalPath, instruments: [instrument], head: JournalHead(mode: .live, engine: "test", seats: [seat]))
    }

    func finishJournal() throws {
        core = nil
        try journal?.finish()
    }

    func ledgerEntries() throws -> [LedgerEntry] { try LedgerFile.entries(Array(Data(contentsOf: URL(fileURLWithPath: ledgerPath))), ledgerPath) }

    func ledger() throws -> LedgerState { try LedgerFile.replay(Array(Data(contentsOf: URL(fileURLWithPath: ledgerPath))), ledgerPath).state }

    // MARK: - Time

    func schedule(after delay: Int64, _ body: @escaping () -> Void) {
        number += 1
        let due = now.monotonic + max(delay, 0)
        var (low, high) = (0, queue.count)
        while low < high {
            let middle = (low + high) / 2
            if queue[middle].due <= due { low = middle + 1 } else { high = middle }
        }
        queue.insert((due, number, body), at: low)
    }

    private func tick() {
        schedule(after: 100_000_000) { [unowned self] in
            venue.tick()
            tick()
        }
    }

    /// Lets so much time pass.
    func run(_ seconds: Double) {
        let end = now.monotonic + Int64(seconds * 1e9)
        while true {
            let due = min(queue.first?.due ?? .max, alarm)
            guard due <= end else { break }
            move(to: max(due, now.monotonic))
            if let first = queue.first, first.due <= due {
                queue.removeFirst().body()
            } else {
                alarm = .max
                core?.wake(at: now)
            }
            look()
        }
        move(to: end)
    }

    private func move(to monotonic: Int64) {
        now = VenueTime(wall: now.wall + Span(nanoseconds: monotonic - now.monotonic), monotonic: monotonic)
    }

    func told(_ event: VenueEvent) {
        core?.told(event, by: 0, at: now)
        if killProof != nil { killStep { [now] in $0.handle(event, at: now) } }
        look()
    }

    /// After every step: books against books.
    private func look() {
        guard let core else { return }
        let lots = core.seat(0).engine.desk.portfolio.positions[0].lots
        check(lots == books.position, "I1: the engine holds \(lots) lots, its fills add up to \(books.position)")
        for failure in books.failures { failures.append(failure) }
        books.failures.removeAll()
    }

    // MARK: - Host

    func send(_ command: VenueCommand, to place: Int) {
        sent.append(command)
        if case .place(let order) = command { judge(order) }
        if case .amend = command { check(latch.admitsNew, "I8: an amendment left while latched") }
        venue.handle(command)
    }

    private func judge(_ order: VenueOrderRequest) {
        guard let core else { return }
        check(latch.admitsNew, "I8: \(order.clientID) left while latched")
        check(core.phase == .running, "I11: \(order.clientID) left before the start or after the stop")
        check(core.venues[0].isReconciled, "I11: \(order.clientID) left while the venue was not reconciled")
        let bytes = (try? Data(contentsOf: URL(fileURLWithPath: ledgerPath))) ?? Data()
        check(bytes.range(of: Data(order.clientID.utf8)) != nil, "I5: \(order.clientID) left without an intent in the ledger")
        judgeTruth(order)
    }

    /// I10 by what is true at the venue, which the desk cannot know: what it lets go must hold there too.
    private func judgeTruth(_ order: VenueOrderRequest) {
        guard let limit = limits.account.maxPosition["BTC"]?.multiple(of: instrument.lot) else { return }
        var position: Int64 = 0
        for trade in venue.trades where trade.reference.clientID?.hasPrefix("abc") == true {
            position += trade.side.sign * (trade.quantity.multiple(of: instrument.lot) ?? 0)
        }
        let side = order.request.side
        var worst = side.sign * position + order.request.quantity.lots
        for open in venue.orders where open.isOpen && open.side == side && open.reference.clientID?.hasPrefix("abc") == true { worst += open.lots - open.filled }
        check(worst <= limit, "I10: \(order.clientID) could take the position to \(worst) lots at the venue, limit \(limit)")
    }

    func requestQuote(_ request: VenueQuoteRequest, of venue: Int) {}
    func wake(at monotonic: Int64) { alarm = monotonic }

    func kill(reason: String, source: String) {
        kills.append(reason)
        pull()
        core?.stop(.halted(reason: "\(source): \(reason)"))
    }

    /// The kill switch: its latch, then its own cancels and proof, beside the desk.
    func pull() {
        latch.close()
        guard killProof == nil else { return }
        killProof = CancelProof(capabilities: venue.capabilities, known: core?.venues[0].keeper.live.map(\.reference) ?? [], firstQuestion: 1 << 50)
        killStep { [now] in $0.start(at: now) }
    }

    var isKillProven: Bool { killProof?.isClean == true }

    private func killStep(_ step: (inout CancelProof) -> [CancelProof.Action]) {
        guard var proof = killProof, !proof.isClean else { return }
        let actions = step(&proof)
        killProof = proof
        for action in actions {
            switch action {
            case .command(let command): venue.handle(command)
            case .wake(let span): schedule(after: span.nanoseconds) { [unowned self] in killStep { [now] in $0.wake(at: now) } }
            case .done: break
            }
        }
    }

    func alert(_ alert: Alert) { alerts.append((now.monotonic, alert)) }
    func log(_ level: Note.Level, _ source: String, _ text: String) { lines.append((level, source, text)) }
    func orderNamed(_ order: VenueOrderReference, at venue: Int) {}
    func orderEnded(_ clientID: String, at venue: Int) {}
    func ended(_ ending: DeskEnding) { self.ending = ending }

    func said(_ words: String) -> Bool { lines.contains { $0.text.contains(words) } }
    /// Placements so far.
    var placements: [VenueOrderRequest] { sent.compactMap { if case .place(let order) = $0 { order } else { nil } } }
}

/// Books of its own, from effects alone: an independent count of what the gate must have counted.
final class WorldBooks: DeskSink {
    struct Live {
        var side: Side
        var lots: Int64
        var filled: Int64 = 0
        /// Totals that amendments on their way would make of it.
        var amends: [Int64] = []
        var worst: Int64 { max(lots, amends.max() ?? 0) - filled }
    }

    var journal: JournalWriter?
    var position: Int64 = 0
    private(set) var live: [OrderID: Live] = [:]
    private(set) var fills: [FillID: Int] = [:]
    private(set) var submits = 0
    private(set) var refused: [String: Int] = [:]
    private(set) var states: [String] = []
    var failures: [String] = []
    var maxOrders = Int.max
    var maxLots = Int64.max

    init() {}

    init(_ setup: DeskSetup) {
        for fill in setup.history { position += fill.side.sign * fill.fill.quantity.lots }
        for (index, left) in setup.leftOrders.enumerated() {
            live[OrderID(UInt64(index + 1))] = Live(side: left.request.side, lots: left.request.quantity.lots, filled: left.filled.lots)
        }
    }

    static let isTraced = ProcessInfo.processInfo.environment["PERIGEE_TRACE"] != nil

    func effects(_ effects: [Effect], strategy: Int) {
        try? journal?.effects(effects, seat: strategy)
        for effect in effects {
            if WorldBooks.isTraced { print("   -> \(effect)".prefix(400)) }
            switch effect {
            case .submit(let cleared): submitted(cleared.request)
            case .filled(let fill):
                position += fill.side.sign * fill.fill.quantity.lots
                live[fill.order]?.filled += fill.fill.quantity.lots
                fills[fill.fill.id, default: 0] += 1
                if let count = fills[fill.fill.id], count > 1 { failures.append("I6: fill \(fill.fill.id.raw) is booked \(count) times") }
            case .closed(let record):
                live[record.order.id] = nil
                if !record.isSent { refused[record.reason, default: 0] += 1 }
            case .stateChanged(let state, _, let reason): states.append("\(state.name): \(reason)")
            case .amend(let cleared, _):
                if let own = live[cleared.amendment.id] { live[cleared.amendment.id]?.amends.append(own.filled + cleared.amendment.quantity.lots) }
            case .cancel, .contradicted, .kill, .alarm, .requestQuote: break
            }
        }
    }

    private func submitted(_ request: OrderRequest) {
        submits += 1
        live[request.id] = Live(side: request.side, lots: request.quantity.lots)
        if live.count > maxOrders { failures.append("I10: \(live.count) live orders, limit \(maxOrders)") }
        var worst = request.side.sign * position
        for order in live.values where order.side == request.side { worst += max(order.worst, 0) }
        if worst > maxLots { failures.append("I10: worst position \(worst) lots, limit \(maxLots)") }
    }

    func verdict(_ verdict: StrategyVerdict, strategy: Int) {}
    func filled(_ fill: BookedFill, strategy: Int, desk: borrowing Desk) {}
    func closed(_ order: OrderRecord, strategy: Int, desk: borrowing Desk) {}
    func sampled(at time: Timestamp, strategy: Int, desk: borrowing Desk) { try? journal?.sampled(seat: strategy, at: time) }
    func noted(_ note: Note, strategy: Int) {}
    func input(_ input: Input, strategy: Int?, at time: Timestamp) {
        try? journal?.input(input, seat: strategy, at: time)
        if WorldBooks.isTraced {
            switch input {
            case .market, .timer, .barClose, .control(.pulse): break
            default: print("\((time.nanoseconds - 1_700_000_000_000_000_000) / 1_000_000) \(input)".prefix(400))
            }
        }
        guard case .report(let report) = input, let own = live[report.order] else { return }
        switch report.fact {
        case .amended(_, let open):
            live[report.order]?.lots = own.filled + open.lots
            if !own.amends.isEmpty { live[report.order]?.amends.removeFirst() }
        case .amendRejected: if !own.amends.isEmpty { live[report.order]?.amends.removeFirst() }
        case .accepted, .rejected, .filled, .cancelled, .expired, .cancelRejected: break
        }
    }
    func saved(strategy: Int, at time: Timestamp) { try? journal?.saved(seat: strategy, at: time) }
    func flush() {}
}
