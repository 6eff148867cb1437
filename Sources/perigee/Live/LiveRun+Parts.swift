import Configuration
import Domain
import Exchange
import Glibc
import Live
import Recording
import Report
import Risk
import Scripting
import Tape
import Trading
import Venues

/// What a live run is put together from.
extension LiveRun {
    var startingCurrency: String { settings.run.reportingCurrency ?? "USDT" }

    // MARK: - Ledger and state

    var ledger: (file: LedgerFile, state: LedgerState)? {
        get throws {
            guard options.mode == .live else { return nil }
            if let ledgerCache { return ledgerCache }
            do {
                let opened = try LedgerFile.open(path: folder.ledger, durability: settings.run.durability == .power ? .power : .process)
                if opened.0.cutBytes > 0 { CommandLineMain.say("perigee: \(folder.ledger): \(opened.0.cutBytes) bytes of a torn tail were cut") }
                ledgerCache = (opened.0, opened.1)
                return ledgerCache
            } catch {
                throw Failure(.runFailed, "\(error); nothing is traded on it: ask the venue what is open (`perigee kill`), then move it away")
            }
        }
    }

    func prepareSaves(_ core: DeskCore<LuaStrategy>) {
        let (folder, names, mode) = (folder, plans.map(\.name), options.mode)
        func file(_ name: String) -> String { "\(mode == .live ? "saved" : "saved-paper")-\(name.filter { $0.isLetter || $0.isNumber || $0 == "_" || $0 == "-" })" }
        core.savedStates = names.map { name in (try? folder.read(file(name))) ?? nil }
        core.onSave = { [unowned self] seat, bytes in
            do { try folder.replace(file(names[seat]), with: bytes) } catch { self.diskFailure = self.diskFailure ?? "\(error)" }
        }
    }

    // MARK: - Engines

    func engines(_ instruments: [Instrument], _ held: [VenueBalance]) throws -> [DeskCore<LuaStrategy>.Seat] {
        let isLive = options.mode == .live
        let balances = isLive ? try liveBalances(held) : paperBalances
        let state = try ledger?.state
        return try plans.enumerated().map { index, plan in
            var setup = DeskSetup(
                instruments: instruments, balances: index == 0 || isLive ? balances : [], reportingCurrency: startingCurrency,
                markMode: models.mark, checksBalances: isLive || models.isSpot)
            setup.valuesAccount = settings.limits.account.later.maxGross != nil || settings.limits.account.later.maxNet != nil
            if let state { setup.restore(state, strategy: plan.name) }
            let strategy = try release?.strategies[index] ?? loadStrategy(plan, index, instruments)
            for note in strategy.earlyNotes where !options.quiet { CommandLineMain.say("\(note.level.rawValue) \(note.text)") }
            let gate = Gate(
                instruments: instruments, limits: release?.limits ?? settings.limits, strategy: plan.name, live: liveDefaults, version: release?.version ?? 1)
            heads.append(try head(plan, index, strategy, setup))
            return DeskCore<LuaStrategy>.Seat(Engine(strategy: strategy, gate: gate, desk: setup, errorPolicy: plan.onError ?? .stop))
        }
    }

    /// What a replay needs of one strategy.
    private func head(_ plan: StrategyPlan, _ index: Int, _ strategy: LuaStrategy, _ setup: DeskSetup) throws -> JournalHead.Seat {
        let path = plan.file.split(separator: "/").last.map(String.init) ?? plan.file
        var seat = JournalHead.Seat(
            name: plan.name, file: path, source: try ScriptFile.source(plan.file), sha256: (try? SHA256.fileDigest(path: plan.file)) ?? "", desk: setup)
        seat.modules = strategy.modules.map { JournalHead.Module(name: $0.name, source: $0.source) }
        seat.parameters = plan.parameters
        seat.seed = models.seed
        seat.errorPolicy = plan.onError ?? .stop
        (seat.instance, seat.epoch) = (identity?.instance ?? "pp0", identity?.epoch ?? 0)
        (seat.orderStride, seat.orderOffset) = (UInt64(plans.count), UInt64(index))
        return seat
    }

    /// The run's journal: every input of the desk, in order, in the run's folder.
    func journal(_ instruments: [Instrument]) throws -> JournalWriter {
        var head = JournalHead(mode: options.mode == .live ? .live : .paper, engine: Perigee.engineVersion, seats: heads)
        head.run = outFolder
        head.configuration = TextFile.bytes(options.config).map { SecretRim.redact(String(decoding: $0, as: UTF8.self)) } ?? ""
        head.live = liveDefaults
        head.limitVersion = release?.version ?? 1
        let path = outFolder + "/journal.tape"
        _ = unsafe unlink(path)
        do {
            return try JournalWriter(path: path, instruments: instruments, head: head, target: .inPlace)
        } catch {
            throw Failure(.runFailed, "\(error)")
        }
    }

    /// Modules that scripts read after the head was written.
    func laterModules(_ core: DeskCore<LuaStrategy>) -> [[JournalHead.Module]] {
        plans.indices.map { index in
            core.seat(index).engine.strategy.modules.dropFirst(heads[index].modules.count).map { JournalHead.Module(name: $0.name, source: $0.source) }
        }
    }

    var liveDefaults: LiveDefaults {
        var messages: [String: LiveDefaults.MessageRate] = [:]
        for entry in venues.entries {
            let limits = entry.session.capabilities
            messages[entry.settings.name] = LiveDefaults.MessageRate(
                rate: limits.messageRate, per: limits.messageWindow, reservedForCancels: (limits.messageRate + 3) / 4)
        }
        return LiveDefaults(messages: messages)
    }

    func loadStrategy(_ plan: StrategyPlan, _ index: Int, _ instruments: [Instrument]) throws -> LuaStrategy {
        var lua = LuaOptions()
        lua.parameters = plan.parameters
        lua.seed = models.seed
        lua.deadline = plan.deadline
        lua.memoryLimit = plan.memoryLimit
        if options.mode == .live { lua.whenStuck = Stuck.act }
        lua.instance = identity?.instance ?? "pp0"
        lua.epoch = identity?.epoch ?? 0
        (lua.orderStride, lua.orderOffset) = (UInt64(plans.count), UInt64(index))
        return try ScriptFile.load(plan.file, instruments: instruments, options: lua)
    }

    private var paperBalances: [(currency: String, amount: Amount)] {
        if !models.balances.isEmpty { return models.balances }
        return Amount(ExactDecimal(mantissa: 10_000, scale: 0)).map { [(startingCurrency, $0)] } ?? []
    }

    private func liveBalances(_ held: [VenueBalance]) throws -> [(currency: String, amount: Amount)] {
        try held.map { balance in
            guard let amount = Amount(balance.total) else { throw Failure(.runFailed, "the balance of \(balance.currency), \(balance.total), is beyond counting") }
            return (balance.currency, amount)
        }
    }

    // MARK: - The plan

    func plan(_ instruments: [Instrument], _ capabilities: [VenueCapabilities], _ pairs: [Int: BreakWatch.Pairs]) -> DeskPlan {
        let isLive = options.mode == .live
        let venuePlans = zip(venues.entries, capabilities).enumerated().map { index, venue in
            var plan = DeskPlan.VenuePlan(
                name: venue.0.settings.name, capabilities: venue.1, acceptanceBound: venue.0.settings.requestLifetime, isTrading: isLive)
            plan.pairs = pairs[index] ?? [:]
            return plan
        }
        var plan = DeskPlan(
            mode: options.mode, venues: venuePlans, instruments: instruments, strategies: plans.map(\.name), instance: identity?.instance ?? "pp0",
            epoch: identity?.epoch ?? 0, run: outFolder, adoptsLeftOrders: settings.run.onRestart == .adopt)
        plan.feedSilence = settings.watchdog.feedSilence
        let limits = settings.limits.later
        (plan.unknownMax, plan.unknownAge) = (limits.unknownMax ?? plan.unknownMax, limits.unknownAge ?? plan.unknownAge)
        (plan.release, plan.newLimits, plan.notes) = (release?.entry, release?.newText, release?.notes ?? [])
        plan.breaks = BreakWatch.Limits(tolerance: limits.breakTolerance ?? .zero, age: limits.breakAge ?? BreakWatch.Limits().age)
        return plan
    }

    func paperVenue(_ instruments: [Instrument], seats: Int) -> PaperVenue? {
        guard options.mode == .paper else { return nil }
        var rules = models.rules
        settings.apply(to: &rules, instruments)
        // On paper a dealer stands where the venue has one, unless the configuration says otherwise.
        if settings.simulation.dealer?.venues == nil {
            rules.dealer?.venues = Set(venues.entries.filter(\.session.capabilities.quotesOnRequest).map(\.settings.name))
        }
        if models.isSpot { rules.spot = paperBalances.map { SpotBalance(currency: $0.currency, total: $0.amount) } }
        let latency = models.latency == .none ? LatencyModel.constant(entry: .milliseconds(5), response: .milliseconds(5)) : models.latency
        return PaperVenue(instruments: instruments, rules: rules, latency: latency, seats: seats)
    }

    // MARK: - Files

    func sink(_ instruments: [Instrument], _ seats: [DeskCore<LuaStrategy>.Seat]) throws -> LiveSink {
        let isQuiet = options.quiet
        return LiveSink(
            seats: try plans.enumerated().map { index, plan in
                let directory = plans.count == 1 ? outFolder : "\(outFolder)/\(plan.name)"
                do {
                    let recorder = try RunRecorder(directory: directory, instruments: instruments, context: context(plan, seats[index]))
                    recorder.rewrite = SecretRim.redact
                    let sink = RunSink(
                        recorder: recorder, instruments: instruments, names: names(index), onTick: { _, _ in false },
                        onLog: { level, time, text in
                            if !isQuiet, level != .debug { CommandLineMain.say("\(TimeText.text(time)) \(level.rawValue) \(plan.name): \(text)") }
                        })
                    return LiveSink.Seat(recorder: recorder, sink: sink)
                } catch {
                    throw Failure(.runFailed, "\(error)")
                }
            }, instruments: instruments.count)
    }

    private func names(_ seat: Int) -> RunNames {
        let (instance, epoch, count) = (identity?.instance ?? "pp0", identity?.epoch ?? 0, UInt64(plans.count))
        func text(_ id: OrderID) -> String {
            ClientOrderID.text(instance: instance, epoch: epoch, order: OrderID((id.raw - 1) * count + UInt64(seat) + 1))
        }
        func name(_ id: OrderID) -> String { orderName(id, seat) ?? text(id) }
        return RunNames(order: name, venueOrder: { [unowned self] id in self.venueName(id, name(id), seat) }, fill: { String($0.raw) })
    }

    private func context(_ plan: StrategyPlan, _ seat: DeskCore<LuaStrategy>.Seat) -> RunContext {
        let equity = seat.engine.desk.equity()
        var context = RunContext(
            strategyName: plan.name, strategySHA256: (try? SHA256.fileDigest(path: plan.file)) ?? "", engineVersion: Perigee.engineVersion, seed: models.seed,
            reportingCurrency: startingCurrency, startingEquity: equity,
            startingBalances: paperBalances.map { Balance(currency: $0.currency, amount: $0.amount) }, samplePeriod: .seconds(1),
            calendar: models.calendar, parameters: [],
            models: [NamedText("mode", options.mode == .paper ? "paper" : "live")] + models.texts(sample: .seconds(1)))
        context.isLive = true
        return context
    }

    func finish(_ seat: LiveSink.Seat, _ index: Int, _ core: DeskCore<LuaStrategy>, _ ending: DeskEnding, events: Int) throws {
        let directory = seat.recorder.directory
        let summary = try seat.recorder.finish(
            seat.sink.finalState(desk: core.seat(index).engine.desk, outcome: ending.outcome, reason: ending.words, events: events))
        try ReportPage.write(directory: directory)
        switch options.format {
        case .text: CommandLineMain.show(TerminalSummary.render(summary))
        case .json: CommandLineMain.show(summary.text)
        }
        // Before anything more goes to stderr: both may be one file.
        fflush(nil)
        if !options.quiet { CommandLineMain.say("Report: \(directory)/report.html") }
    }
}

extension DeskEnding {
    var outcome: String {
        switch self {
        case .done: "stopped"
        case .interrupted: "interrupted"
        case .strategyFailed: "error"
        case .halted: "halted"
        case .unreachable: "unreachable"
        case .failed: "error"
        }
    }

    var words: String {
        switch self {
        case .done(let reason): reason
        case .interrupted: ""
        case .strategyFailed(let message): message
        case .halted(let reason): reason
        case .unreachable(let venue, let why): "\(venue): \(why)"
        case .failed(let message): message
        }
    }
}
