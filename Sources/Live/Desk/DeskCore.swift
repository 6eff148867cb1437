import Domain
public import Trading
public import Venues

/// The desk without its sockets: strategies' engines, the keepers of their orders, the ledger, and what is under way.
///
/// No clock, no I/O but the ledger's: time is an argument and the world is a ``DeskHost``, so that a simulated world can be one.
/// Confined to one executor; nothing here suspends.
public final class DeskCore<S: Strategy> {
    /// An engine cannot be copied, so each has a place of its own.
    public final class Seat {
        public internal(set) var engine: Engine<S>
        public init(_ engine: consuming Engine<S>) { self.engine = engine }
    }

    enum Phase: Hashable {
        /// Waiting for links, then for the reconciliation (C25).
        case starting
        case running
        case stopping(DeskEnding)
        case ended
    }

    /// Why a venue was asked something.
    enum Purpose: Hashable { case resolver(clientID: String), order(clientID: String), audit, trades(from: Timestamp) }
    /// What is to be done at a time, monotonic.
    enum Errand: Hashable { case resolver(clientID: String, venue: Int), reconciliation(venue: Int), proof(venue: Int), lastWords, giveUp }

    struct AdoptedKey: Hashable {
        var seat: Int
        var id: OrderID
    }

    struct Venue {
        var links: [VenueLinkState] = [.connecting, .connecting]
        var keeper: OrderKeeper
        var reconciliation: Reconciliation?
        var resolvers: [String: UnknownResolver] = [:]
        var questions: [VenueQueryID: Purpose] = [:]
        var proof: CancelProof?
        var isReconciled = false
        var lastAudit = Int64.min
        var externals: [String: VenueOrder] = [:]
        /// What reconciliation found since the strategies were last told.
        var found = ReconcileReport()
        /// What it last said that it holds for us, by currency.
        var balances: [String: ExactDecimal] = [:]
        /// The same beside what our fills add up to (C27).
        var watch: BreakWatch
        /// Reconciled in this very turn: what it says now is where its books begin.
        var isSettling = false
        /// When a difference is looked at again, monotonic ns.
        var nextLook = Int64.min
    }

    public let plan: DeskPlan
    public let latch: Latch
    let seats: [Seat]
    var venues: [Venue]
    /// By instrument, the place of its venue.
    let home: [Int]
    unowned let host: any DeskHost
    let sink: any DeskSink
    let ledger: LedgerFile?
    var paper: PaperVenue?
    var phase = Phase.starting
    var effects: [Effect] = []
    /// Inputs that came up while effects were handled.
    var pending: [(seat: Int?, input: Input)] = []
    var isStepping = false
    var errands: [(due: Int64, errand: Errand)] = []
    var nextSample = Int64.max
    var nextChore = Int64.max
    var nextQuestion: UInt64 = 1
    /// The events of the run's journal so far: an intent names the one that caused it (C31).
    public internal(set) var inputs: UInt64 = 0
    var now: VenueTime
    /// Orders of an earlier start, by their number in this one: they keep the name they were sent under.
    var adopted: [AdoptedKey: String] = [:]
    /// Orders that have ended so that another may stand in their place, until the gate has judged that one; by the strategy's order.
    var proven: [AdoptedKey: String] = [:]
    /// Orders of this start that stand in another's place.
    var replacements: UInt64 = 0
    /// Requests for quotes that a venue has, by the account's number.
    var quoteRequests: [UInt64: (seat: Int, request: QuoteRequest)] = [:]
    /// Until when the ledger knows the account.
    var lastKnown: Timestamp?
    var nextSave = Int64.max
    /// Positions by fills alone, by engine and instrument (C30); and those of nobody here.
    var derived: [[Int64]] = []
    var strangers: [Int64] = []
    /// Fills of the last minutes.
    var recentFills: [LedgerFill] = []
    /// Of people who have not seen them yet (C29).
    public internal(set) var alerts = Alerts()
    let startedAt: Timestamp
    /// What each engine was last told of the others, by engine and instrument.
    var told: [[ForeignExposure]] = []
    /// By instrument: when its silence was last told, monotonic ns; nil while it is heard.
    var silentSince: [Int64?] = []
    /// The strategies were started: `on_stop` is owed to them.
    var hasStrategies = false
    /// Until when a proven stop waits for last words about orders, monotonic ns.
    var stopDeadline = Int64.max
    /// Saved states, for the runtime to hand to the disk.
    public var onSave: ((Int, [UInt8]) -> Void)?
    /// State of an earlier run, by engine; handed over before the start.
    public var savedStates: [[UInt8]?] = []

    public init(
        plan: DeskPlan, engines: [Seat], latch: Latch, host: any DeskHost, sink: any DeskSink, ledger: LedgerFile?, ledgerState: LedgerState,
        paper: consuming PaperVenue?, at now: VenueTime
    ) {
        precondition(plan.mode == .paper || ledger != nil, "live needs a ledger")
        (self.plan, self.latch, self.host, self.sink, self.ledger, self.now) = (plan, latch, host, sink, ledger, now)
        seats = engines
        startedAt = now.wall
        derived = Array(repeating: Array(repeating: 0, count: plan.instruments.count), count: engines.count)
        strangers = Array(repeating: 0, count: plan.instruments.count)
        told = Array(repeating: Array(repeating: ForeignExposure(), count: plan.instruments.count), count: engines.count)
        self.paper = paper
        let names = plan.venues.map(\.name)
        home = plan.instruments.map { instrument in
            guard let place = names.firstIndex(of: instrument.venue) else { preconditionFailure("an instrument of no venue") }
            return place
        }
        venues = plan.venues.map { venue in
            Venue(keeper: OrderKeeper(
                venue: venue.name, instance: plan.instance, instruments: plan.instruments, strategies: plan.strategies,
                knownFills: ledgerState.fills.filter { $0.key.venue == venue.name }, bindsByLooks: venue.capabilities.clientIDs == .none),
                watch: ledgerState.watch(venue.name, plan.breaks, instruments: plan.instruments, pairs: venue.pairs))
        }
        for fill in ledgerState.fillSequence { derive(fill) }
        takeOver(ledgerState)
    }

    /// The venue's id of an order, empty until it told one.
    public func venueID(of clientID: String) -> String? {
        for venue in venues {
            if let order = venue.keeper.order(clientID) { return order.venueID }
        }
        return nil
    }

    public func seat(_ index: Int) -> Seat { seats[index] }

    // MARK: - From outside

    /// Connects everything; the strategies start once the venues are ready and reconciled.
    public func begin(at now: VenueTime) {
        self.now = now
        var entries = plan.notes.map { LedgerEntry.note($0) }
        if let text = plan.newLimits, let version = plan.release?.limitVersion { entries.append(.limits(version: version, text: text)) }
        if let release = plan.release { entries.append(.release(release)) }
        do {
            if !entries.isEmpty { try ledger?.append(entries, wall: now.wall, monotonic: now.monotonic, mustLast: true) }
        } catch {
            return diskFailed(error)
        }
        for (index, venue) in plan.venues.enumerated() {
            host.send(.begin(venue.isTrading ? .trading : .marketData, instruments: plan.instruments), to: index)
        }
        nextChore = now.monotonic
        schedule()
    }

    /// A session tells something.
    public func told(_ event: VenueEvent, by venue: Int, at now: VenueTime) {
        guard phase != .ended else { return }
        catchUp(to: now)
        switch event {
        case .market(let records): market(records)
        case .link(let link, let state): linked(link, state, venue)
        case .bookInvalid(let instrument, let why):
            host.log(.warn, plan.venues[venue].name, "the book of \(plan.instruments[instrument.position].name) is invalid: \(why)")
            feedAll(.control(.bookInvalid(instrument)))
        case .status(let instrument, let code): feedAll(.control(.instrument(code == .halted ? .halted : .resynced, instrument)))
        case .alarm(let text): alert(plan.venues[venue].name, text)
        case .balances(let told): balances(told, venue)
        case .cancelAllFailed(_, let why): host.log(.warn, plan.venues[venue].name, "cancel-all failed: \(why)")
        case .refused(let clientID, _, let code, let message):
            host.log(.warn, plan.venues[venue].name, "order \(clientID) refused: \(code) \(message)")
        case .lost(let clientID, let why): host.log(.warn, plan.venues[venue].name, "the answer to order \(clientID) is lost: \(why)")
        case .quote(let answer): quoted(answer, by: venue)
        case .received, .order, .fill, .cancelRefused, .cancelLost, .amended, .amendRefused, .cancelAllReceived, .answer, .clock, .throttled: break
        }
        perform(venues[venue].keeper.absorb(event, at: now), venue)
        if case .answer(let id, let answer) = event { answered(id, answer, venue) }
        prove(venue) { $0.handle(event, at: now) }
        drain()
        schedule()
    }

    /// A time that was asked for by ``DeskHost/wake(at:)`` has come.
    public func wake(at now: VenueTime) {
        guard phase != .ended else { return }
        catchUp(to: now)
        runErrands()
        if now.monotonic >= nextChore { chores() }
        drain()
        schedule()
    }

    // MARK: - Inputs

    func feedAll(_ input: Input) { pending.append((nil, input)) }
    func feed(_ seat: Int, _ input: Input) { pending.append((seat, input)) }

    /// Steps the engines through everything that is due, in order, and does what comes out.
    func drain() {
        guard !isStepping else { return }
        isStepping = true
        var index = 0
        while index < pending.count {
            let (seat, input) = pending[index]
            index += 1
            inputs += 1
            sink.input(input, strategy: seat, at: now.wall)
            if let seat {
                step(seat, input)
            } else {
                for seat in seats.indices { step(seat, input) }
            }
            if case .control(.resubmit(let amendment)) = input, let seat { endUnreplaced(amendment.id, seat) }
        }
        pending.removeAll(keepingCapacity: true)
        isStepping = false
    }

    /// One input for one engine, and what comes of it.
    func step(_ seat: Int, _ input: Input) {
        let time = max(now.wall, seats[seat].engine.desk.now)
        seats[seat].engine.step(input, at: time, into: &effects)
        tellVerdict(seat)
        sink.effects(effects, strategy: seat)
        if !effects.isEmpty {
            let list = effects
            effects.removeAll(keepingCapacity: true)
            for effect in list { handle(effect, of: seat) }
            if seats.count > 1 { tellOthers() }
        }
        if !seats[seat].engine.desk.notes.isEmpty {
            for note in seats[seat].engine.desk.notes { sink.noted(note, strategy: seat) }
            seats[seat].engine.desk.notes.removeAll(keepingCapacity: true)
        }
        if phase == .running, !seats[seat].engine.isRunning { strategyEnded(seat) }
    }

    func tellVerdict(_ seat: Int) {
        guard let verdict = seats[seat].engine.takeVerdict() else { return }
        sink.verdict(verdict, strategy: seat)
        alert("C24", "\(plan.strategies[seat]) is ended by its watchdog: \(verdict.message)", urgency: .urgent)
    }

    /// Timers and bars whose time came before this moment run first.
    func catchUp(to now: VenueTime) {
        self.now = now
        drain()
        runTimers()
    }

    /// Everything of the engines and the paper venue that is due by now.
    private func runTimers() {
        paperDue()
        for seat in seats.indices {
            while seats[seat].engine.desk.nextBarClose <= now.wall.nanoseconds || seats[seat].engine.desk.nextRecordedBarClose <= now.wall.nanoseconds {
                one(seat, .barClose)
            }
            while seats[seat].engine.desk.nextTimer <= now.wall.nanoseconds, phase == .running || isStopping { one(seat, .timer) }
        }
        if now.monotonic >= nextSample { sample() }
        drain()
    }

    private func one(_ seat: Int, _ input: Input) {
        feed(seat, input)
        drain()
    }

    var isStopping: Bool { if case .stopping = phase { true } else { false } }

    func sampleAll() {
        for seat in seats.indices {
            seats[seat].engine.desk.noteEquity()
            inputs += 1
            sink.sampled(at: now.wall, strategy: seat, desk: seats[seat].engine.desk)
        }
    }

    private func sample() {
        sampleAll()
        feedAll(.control(.pulse))
        nextSample = now.monotonic + plan.sample.nanoseconds
    }

    /// Asks to be woken for the earliest thing that is due.
    func schedule() {
        guard phase != .ended else { return }
        var due = min(nextSample, nextChore)
        // A loop, for every turn ends here: in a generic type a key path is looked up at run time each time.
        for errand in errands { due = min(due, errand.due) }
        var wall = Int64.max
        for seat in seats { wall = min(wall, seat.engine.desk.nextTimer, seat.engine.desk.nextBarClose, seat.engine.desk.nextRecordedBarClose) }
        if let paper = paper?.nextDue { wall = min(wall, paper) }
        if wall != .max { due = min(due, now.monotonic + max(wall - now.wall.nanoseconds, 0)) }
        host.wake(at: due)
    }

    // MARK: - Errands

    func later(_ span: Span, _ errand: Errand) { errands.append((now.monotonic + span.nanoseconds, errand)) }

    private func runErrands() {
        let due = errands.filter { $0.due <= now.monotonic }.sorted { $0.due < $1.due }
        guard !due.isEmpty else { return }
        errands.removeAll { $0.due <= now.monotonic }
        for (_, errand) in due {
            switch errand {
            case .resolver(let clientID, let venue): beginRound(clientID, venue)
            case .reconciliation(let venue): beginReconciliation(venue)
            case .proof(let venue): prove(venue) { $0.wake(at: now) }
            case .lastWords: finishIfProven()
            case .giveUp: giveUp()
            }
        }
    }

    func ask(_ query: VenueQuery, _ venue: Int, for purpose: Purpose) {
        let id = VenueQueryID(nextQuestion)
        nextQuestion += 1
        venues[venue].questions[id] = purpose
        host.send(.query(id, query), to: venue)
    }
}
