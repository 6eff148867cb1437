import ArgumentParser
import Configuration
import Domain
import Exchange
import Glibc
import Live
import NIOCore
import NIOPosix
import Recording
import Report
import Risk
import Scripting
import Tape
import Trading
import Transport
import Venues

/// One run of `perigee paper` or `perigee live`, from its configuration to its folder and exit status.
final class LiveRun {
    struct Options {
        var mode: DeskPlan.Mode
        var strategy: String?
        var config: String
        var set: [String] = []
        var duration: Span?
        var out: String?
        var format = BacktestCommand.OutputFormat.text
        var quiet = false
        /// `--yes`: nothing is asked.
        var yes = false
    }

    let options: Options
    let settings: Settings
    let venues: LiveVenues
    let plans: [StrategyPlan]
    let models: SimulationModels
    let folder: StateFolder
    let identity: AccountIdentity?
    /// Paper holds the folder too: two runs on one state are one too many (F48).
    private let paperLock: StateLock?
    /// Whether a looser set of limits was confirmed beforehand.
    var release: ReleasePlan?
    let clock = LiveClock()
    let latch = Latch()
    let signals = LiveSignals()
    let outFolder: String
    var guards: LiveGuards?
    /// The ledger once it is open; one opening a run.
    var ledgerCache: (file: LedgerFile, state: LedgerState)?
    /// A saved state could not be written: as bad as a ledger that cannot.
    var diskFailure: String?
    /// What the journal's head says of each strategy.
    var heads: [JournalHead.Seat] = []
    /// The venue's id of an order, once the desk runs.
    var venueName: (OrderID, String, Int) -> String = { _, _, _ in "" }
    /// The name under which an order was sent, once the desk runs: an adopted one keeps its own.
    var orderName: (OrderID, Int) -> String? = { _, _ in nil }

    init(_ options: Options) throws {
        self.options = options
        SecretRim.closeDoors()
        do {
            settings = try Settings.load(options.config)
        } catch {
            throw Failure(.usage, error.message)
        }
        let isLive = options.mode == .live
        let missing = settings.missingLiveLimits
        if isLive, let key = missing.first { throw Failure(.usage, "\(options.config): \(key) is missing; live does not start without it") }
        for key in missing where !options.quiet { CommandLineMain.say("perigee: warning: \(options.config): \(key) is not set; live would not start without it") }
        models = try SimulationModels(
            SimulationOptions.parse([]), settings.simulation, profile: isLive ? nil : settings.venues.first?.profile, path: options.config)
        plans = try StrategyPlan.all(options.strategy, set: options.set, settings, path: options.config)
        venues = try LiveVenues(settings, path: options.config, trades: isLive)
        outFolder = options.out ?? RunFolder.defaultPath(strategy: plans[0].name)
        do {
            folder = try StateFolder(path: settings.run.stateDirectory)
            if let latch = KillLatch.read(from: folder) {
                throw Failure(.stoppedByLimit, "the kill switch is latched (\(latch.source): \(latch.reason)); look, then clear it with `perigee arm`")
            }
            identity = isLive ? try AccountIdentity(folder) : nil
            paperLock = isLive ? nil : try StateLock(folder)
        } catch let error as StateError {
            throw Failure(.usage, "\(error)")
        }
    }

    // MARK: - The run

    func execute() throws {
        Interrupt.watch()
        try startGuards()
        var outcome: Result<DeskEnding, any Error> = .failure(Failure(.runFailed, "the event loop ended early"))
        // The desk's event loop is this thread: nothing of the run is ever shared with another.
        MultiThreadedEventLoopGroup.withCurrentThreadAsEventLoop { loop in
            let launch = Launch(run: self, loop: loop)
            launch.begin().assumeIsolated().whenComplete { result in
                outcome = result.flatMap { ending in Result { try launch.finish(ending) }.map { ending } }
                launch.close()
                loop.shutdownGracefully { _ in }
            }
        }
        do {
            try status(of: endGuards(outcome).get())
        } catch let failure as Failure {
            throw failure
        } catch {
            throw Failure(.runFailed, "\(error)")
        }
    }

    // MARK: - What stands beside the run

    private func startGuards() throws {
        let (signals, isQuiet) = (signals, options.quiet)
        let log: @Sendable (String) -> Void = { text in
            signals.note(text)
            // Who asks for the status each second does not want to read that.
            if !isQuiet, !text.hasPrefix(ControlSocket.askedPrefix) { CommandLineMain.say("perigee: \(text)") }
        }
        let isLive = options.mode == .live
        let guards = try LiveGuards(settings, folder: folder, latch: latch, trades: isLive, log: log) { signals.pulled($0) }
        self.guards = guards
        if isLive {
            try guards.guardAgainstDeath(config: options.config, silence: settings.watchdog.deadMan) { signals.lostDeadMan($0) }
        }
        try guards.listen(log: log, onStop: { signals.askStop() }, onAcknowledge: { signals.acknowledge($0) })
        if isLive { Stuck.guarded(by: guards.killSwitch) }
        if let metrics = settings.metrics { try guards.serveMetrics(metrics.listen, config: options.config) }
    }

    /// After a kill the switch finishes its own proof first; the dead-man process goes only where nothing is left to do.
    private func endGuards(_ outcome: Result<DeskEnding, any Error>) -> Result<DeskEnding, any Error> {
        guard let guards else { return outcome }
        var isProven = false
        switch outcome {
        case .success(.done), .success(.interrupted), .success(.strategyFailed): isProven = true
        case .success(.halted), .success(.failed), .success(.unreachable), .failure: isProven = options.mode == .paper
        }
        if signals.pulledLatch != nil, options.mode == .live {
            // The desk is over and nothing else is left to do: a minute at most for the switch's own proof.
            var waited = 0
            while !guards.killSwitch.isComplete, waited < 1_200 {
                poll(nil, 0, 50)
                waited += 1
            }
            isProven = guards.killSwitch.isComplete
        }
        guards.end(isProvenEmpty: isProven)
        return outcome
    }

    private func status(of ending: DeskEnding) throws {
        switch ending {
        case .done: return
        case .interrupted: throw Failure(.interrupted, "interrupted; orders are cancelled and verified")
        case .strategyFailed(let message): throw Failure(.runFailed, message)
        case .halted(let reason): throw Failure(.stoppedByLimit, reason)
        case .unreachable(let venue, let why): throw Failure(.unreachable, "\(venue): \(why)")
        case .failed(let message): throw Failure(.runFailed, message)
        }
    }

    /// What lives on the event loop.
    final class Launch {
        let run: LiveRun
        let loop: any EventLoop
        let desk: LiveDesk<LuaStrategy>
        let started: Timestamp
        let binary = BinaryHash.running() ?? ""
        var looks = 0
        var lastLook = Int64.min
        var clocks = ClockOffset()
        var sink: LiveSink?
        var journal: JournalSink?
        var instruments: [Instrument] = []
        /// By venue.
        var balances: [Int: [VenueBalance]] = [:]
        /// What each venue's symbols are made of.
        var pairs: [Int: BreakWatch.Pairs] = [:]
        var watch: RepeatedTask?
        var outcome: (name: String, reason: String) = ("stopped", "")

        init(run: LiveRun, loop: any EventLoop) {
            (self.run, self.loop) = (run, loop)
            started = run.clock.now.wall
            let drivers = run.venues.entries.map { VenueDriver($0.session, tls: run.venues.tls, eventLoop: loop, latch: run.latch, redactor: SecretRim.redactor) }
            if run.options.mode == .live {
                let keeper = VenueKeeper(folder: run.folder.path, mustLast: run.settings.run.durability == .power)
                for driver in drivers { driver.keeper = keeper }
            }
            desk = LiveDesk(drivers: drivers, clock: run.clock, eventLoop: loop)
            let isQuiet = run.options.quiet
            desk.onLog = { [unowned self] level, source, text in
                let time = run.clock.now.wall
                self.sink?.seats.first?.recorder.log(LogLevel(rawValue: level.rawValue) ?? .info, at: time, source: source, text)
                if !isQuiet || level == .error { CommandLineMain.say("\(TimeText.text(time)) \(level.rawValue) \(source): \(text)") }
            }
            desk.onAlert = { [unowned self] alert in
                let time = run.clock.now.wall
                self.sink?.seats.first?.recorder.log(.alert, at: time, source: alert.source, alert.line)
                CommandLineMain.say("\(TimeText.text(time)) \(alert.line)")
            }
        }
    }
}

// MARK: - On the loop

extension LiveRun.Launch {
    /// Asks for instruments and balances, builds the engines, runs to the end.
    func begin() -> EventLoopFuture<DeskEnding> {
        watchSignals()
        let box = NIOLoopBound(self, eventLoop: loop)
        var chain = loop.makeSucceededVoidFuture()
        for venue in run.venues.entries.indices {
            chain = chain.flatMap { box.value.fetch(venue) }
        }
        return chain.flatMapThrowing { try box.value.launch() }.flatMap { box.value.desk.whenEnded }.flatMap { ending in
            // What a session says last is said before the process goes.
            let drivers = box.value.desk.drivers
            return EventLoopFuture.andAllComplete(drivers.map(\.whenClosed), on: box.value.loop).map { ending }
        }
    }

    private func fetch(_ venue: Int) -> EventLoopFuture<Void> {
        let box = NIOLoopBound(self, eventLoop: loop)
        return desk.ask(.instruments, of: venue).flatMapThrowing { answer in
            try box.value.take(answer, venue)
        }.flatMap { () -> EventLoopFuture<Void> in
            guard box.value.run.options.mode == .live else { return box.value.loop.makeSucceededVoidFuture() }
            return box.value.desk.ask(.balances, of: venue).flatMapThrowing { try box.value.take($0, venue) }
        }
    }

    private func take(_ answer: VenueAnswer, _ venue: Int) throws {
        let entry = run.venues.entries[venue]
        switch answer {
        case .instruments(let told):
            instruments += try LiveVenues.instruments(entry.settings, told, path: run.options.config)
            pairs[venue] = Dictionary(told.map { ($0.symbol, ($0.base, $0.quote)) }, uniquingKeysWith: { first, _ in first })
        case .balances(let told): balances[venue] = told
        case .failed(let failure): throw Failure(.unreachable, "\(entry.settings.name): \(failure.message)")
        case .orders, .order, .fills, .serverTime: throw Failure(.runFailed, "\(entry.settings.name): an answer to another question")
        }
    }

    /// SIGINT and SIGTERM stop; the end of `--duration` too.
    private func watchSignals() {
        let box = NIOLoopBound(self, eventLoop: loop)
        watch = loop.scheduleRepeatedTask(initialDelay: .milliseconds(20), delay: .milliseconds(20)) { _ in
            box.value.look()
        }
    }

    /// Each 20 ms: what signals and other threads want, the dead-man's beat, and each second what people see.
    private func look() {
        looks += 1
        let moment = run.clock.now.monotonic
        let gap = lastLook == .min ? Span.zero : Span(nanoseconds: moment - lastLook)
        stood(still: gap)
        _ = desk.turn()
        lastLook = moment
        writeNotes()
        if looks % 50 == 0 { watchClocks(moment) }
        run.guards?.deadMan?.beat()
        if Interrupt.isPending { desk.stop(.interrupted) }
        if let why = run.diskFailure { desk.stop(.failed(message: why)) }
        for number in run.signals.takeAcknowledged() { desk.core?.acknowledge(number) }
        if run.signals.wantsStop { desk.stop(.done(reason: "control socket")) }
        if let latch = run.signals.pulledLatch { desk.stop(.halted(reason: "\(latch.source): \(latch.reason)")) }
        if let why = run.signals.deadManLost, desk.core != nil { run.guards?.killSwitch.pull(reason: "the dead-man process is gone: \(why)", source: "watchdog") }
        if looks % 25 == 0, let core = desk.core {
            var snapshot = core.snapshot(run: run.outFolder, process: getpid(), binary: binary, started: started)
            sink?.status.complete(&snapshot, core, seats: run.plans.count, limits: run.settings.limits)
            run.guards?.board.publish(snapshot)
        }
    }

    /// Before anything is done about what came in meanwhile: whoever pulled the switch while we could not see it has pulled it, and where we
    /// stood still for longer than the dead-man process waits, it has acted, and nothing from before may go on (F51).
    private func stood(still gap: Span) {
        guard run.options.mode == .live, gap.nanoseconds >= 250_000_000 else { return }
        if unsafe access(run.folder.latch, F_OK) == 0 { run.latch.close() }
        guard gap >= run.settings.watchdog.deadMan else { return }
        run.latch.close()
        run.guards?.killSwitch.pull(reason: "the desk stood still for \(gap.nanoseconds / 1_000_000) ms", source: "watchdog")
        desk.stop(.halted(reason: "watchdog: the desk stood still"))
    }

    /// The machine's wall clock was set or leapt: our own times go on as they did, people want to know (F41).
    private func watchClocks(_ moment: Int64) {
        let own = run.clock.now.wall
        guard let jump = clocks.watch(monotonic: Timestamp(nanoseconds: moment), wall: own + run.clock.wallDrift) else { return }
        desk.onLog(.error, "clock", "the machine's wall clock jumped by \(jump.text); this run keeps its own time, and nonces follow the venue's")
    }

    /// What other threads have to say, control commands among it, goes into the run's log (S11).
    private func writeNotes() {
        guard let recorder = sink?.seats.first?.recorder else { return }
        for line in run.signals.takeLines() {
            recorder.log(line.hasPrefix(ControlSocket.askedPrefix) ? .debug : .warn, at: run.clock.now.wall, source: "runtime", line)
        }
    }

    /// What the account holds, by our books where they have begun.
    private func held() throws -> [VenueBalance] {
        let state = try run.ledger?.state
        return run.venues.entries.indices.flatMap { venue in
            state?.holdings(run.venues.entries[venue].settings.name, told: balances[venue] ?? [], instruments: instruments, pairs: pairs[venue] ?? [:]) ?? []
        }
    }

    private func launch() throws {
        run.release = try ReleasePlan(run, instruments)
        let seats = try run.engines(instruments, held())
        let sink = try run.sink(instruments, seats)
        self.sink = sink
        let isLive = run.options.mode == .live
        sink.frame = { [unowned self] in isLive ? .min : self.desk.drivers.reduce(.min) { max($0, $1.messageArrival) } }
        desk.onLatency = { [unowned sink] path, span in sink.status.record(path, span) }
        desk.onStall = { [unowned self] gap in self.stood(still: gap) }
        sink.onFailure = { [unowned self] error in self.desk.stop(.failed(message: "\(error)")) }
        let journal = JournalSink(sink, journal: try run.journal(instruments)) { [unowned self] error in
            self.desk.stop(.failed(message: "the journal: \(error)"))
        }
        self.journal = journal
        try OwedRows.settle(run, sink, instruments)
        let ledger = try run.ledger
        let core = DeskCore(
            plan: run.plan(instruments, run.venues.entries.map(\.session.capabilities), pairs), engines: seats, latch: run.latch, host: desk, sink: journal,
            ledger: ledger?.file, ledgerState: ledger?.state ?? LedgerState(), paper: run.paperVenue(instruments, seats: seats.count), at: run.clock.now)
        run.prepareSaves(core)
        let isPaper = run.options.mode == .paper
        run.orderName = { [unowned core] id, seat in core.name(of: id, seat: seat) }
        run.venueName = { [unowned core] id, clientID, seat in isPaper ? String(id.raw) : core.venueID(of: clientID) ?? "" }
        let box = NIOLoopBound(self, eventLoop: loop)
        desk.onKill = { reason, source in
            box.value.run.guards?.killSwitch.pull(reason: reason, source: source)
            box.value.desk.stop(.halted(reason: "\(source): \(reason)"))
        }
        if let duration = run.options.duration {
            loop.scheduleTask(in: .nanoseconds(duration.nanoseconds)) { box.value.desk.stop(.done(reason: "duration")) }
        }
        let names = run.venues.entries.map(\.settings.name)
        let registry = run.guards?.registry
        desk.onOrderNamed = { order, venue in registry?.add(order, venue: names[venue]) }
        desk.onOrderEnded = { clientID, venue in registry?.remove(clientID: clientID, venue: names[venue]) }
        desk.begin(core)
    }

    func close() {
        watch?.cancel()
        // A run that failed before its desk began has connections, too.
        if desk.core == nil { desk.abandon() }
    }

    /// Closes the run's files.
    func finish(_ ending: DeskEnding) throws {
        guard let sink, let core = desk.core else { return }
        writeNotes()
        journal?.finish(modules: run.laterModules(core), at: run.clock.now.wall)
        for (index, seat) in sink.seats.enumerated() {
            try run.finish(seat, index, core, ending, events: sink.events)
        }
        if let failure = journal?.failure { throw Failure(.runFailed, "the journal: \(failure)") }
    }
}
