import Backtesting
import Configuration
import Domain
import Exchange
import Glibc
import Recording
import Report
import Risk
import Scripting
import Tape
import Trading

/// One run of `perigee backtest`, from its flags to its folder.
struct BacktestRun {
    private let command: BacktestCommand
    private let settings: Settings
    private let models: SimulationModels
    private let tape: MergedTape
    private let instruments: [Instrument]
    private let scriptPath: String
    private let scriptName: String
    private let parameters: [(key: String, value: String)]
    private let parameterSource: String?
    private let errorPolicy: ErrorPolicy
    /// Bytes of the script's state, and instructions of one callback where they are counted.
    private let caps: (memory: Int, budget: UInt64)
    private let reportingCurrency: String
    private let digests: BackgroundDigests

    init(_ command: BacktestCommand) throws {
        self.command = command
        settings = try BacktestRun.settings(command.config)
        let script = try BacktestRun.script(command, settings)
        (scriptPath, scriptName, parameters, parameterSource) = (script.path, script.name, script.parameters, script.parameterSource)
        errorPolicy = script.onError ?? settings.run.onError.flatMap { ErrorPolicy(rawValue: $0.rawValue) } ?? .stop
        caps = (script.memory ?? settings.watchdog.strategyMemory, script.budget ?? settings.watchdog.strategyBudget)
        // Flags are judged before a tape is opened; a venue's profile is known only by the tape's instruments.
        _ = try SimulationModels(command.simulation, settings.simulation, path: command.config)
        tape = try BacktestRun.open(command.data)
        models = try SimulationModels(
            command.simulation, settings.simulation, profile: settings.profile(for: tape.instruments), path: command.config)
        if let path = models.measuredLatencySource {
            CommandLineMain.say(
                "warning: \(path): simulation.latency = \"measured\" is for paper; this backtest has \(models.latencyText): say --latency 5ms/5ms")
        }
        instruments = try BacktestRun.instruments(tape, models, settings)
        reportingCurrency = settings.run.reportingCurrency ?? instruments[0].quote
        try BacktestChecks.currencies(instruments, models, reporting: settings.run.reportingCurrency, config: command.config)
        try BacktestChecks.samples(models.sample, tape)
        if let message = models.rules.unsuitability(for: instruments) { throw Failure(.usage, message) }
        digests = BackgroundDigests(command.data + [script.path])
    }

    // MARK: - Inputs

    private static func settings(_ path: String?) throws -> Settings {
        guard let path else { return Settings() }
        do throws(ConfigurationError) {
            return try Settings.load(path)
        } catch {
            throw Failure(.usage, error.message)
        }
    }

    private struct Script {
        var path: String
        var name: String
        var parameters: [(key: String, value: String)] = []
        var onError: ErrorPolicy?
        var memory: Int?
        var budget: UInt64?
        /// Where ``parameters`` come from that are not of `--set`, for errors.
        var parameterSource: String?
    }

    /// The strategy on the command line, else the configuration's only one.
    private static func script(_ command: BacktestCommand, _ settings: Settings) throws -> Script {
        var script: Script
        if let path = command.strategy {
            script = Script(path: path, name: stem(path))
        } else if settings.strategies.count == 1, let own = settings.strategies.first {
            script = Script(path: own.file, name: own.name)
            script.onError = own.onError.flatMap { ErrorPolicy(rawValue: $0.rawValue) }
            (script.memory, script.budget) = (own.memory, own.budget)
            script.parameters = own.parameters.map { (key: $0.name, value: $0.value.text) }
            script.parameterSource = "\(command.config ?? "perigee.toml"): strategy \(own.name), params"
        } else {
            let found = settings.strategies.isEmpty ? "no strategy" : "\(settings.strategies.count) strategies in the configuration"
            throw Failure(.usage, "backtest: \(found); expected one STRATEGY.lua on the command line")
        }
        for text in command.set {
            guard let split = text.firstIndex(of: "="), split != text.startIndex else {
                throw Failure(.usage, "--set: found '\(text)', expected name=value")
            }
            script.parameters.append((String(text[..<split]), String(text[text.index(after: split)...])))
        }
        return script
    }

    private static func stem(_ path: String) -> String {
        let name = path.split(separator: "/").last.map(String.init) ?? path
        return name.hasSuffix(".lua") ? String(name.dropLast(4)) : name
    }

    private static func open(_ paths: [String]) throws -> MergedTape {
        do {
            try BacktestChecks.distinct(paths)
            let tape = try MergedTape(paths: paths)
            for reader in tape.readers {
                if let torn = reader.tornTail { CommandLineMain.say("warning: \(reader.path): the tail is torn and left out: \(torn)") }
            }
            if tape.recordCount == 0 { throw Failure(.runFailed, "\(paths.joined(separator: ", ")): no record; there is nothing to run on") }
            if let early = try tape.firstEarlyRecord() {
                throw Failure(
                    .runFailed,
                    "\(early.path): record \(early.number) (\(early.instrument)) arrives at \(early.record.localTime), before it happened at "
                        + "\(early.record.exchangeTime): the recorder's clock lags. Import again with --shift-local \(early.shift.text)")
            }
            return tape
        } catch let error as TapeError {
            throw Failure(.runFailed, "\(error)")
        }
    }

    /// The tape's instruments with the run's fees.
    private static func instruments(_ tape: MergedTape, _ models: SimulationModels, _ settings: Settings) throws -> [Instrument] {
        try tape.instruments.map { instrument in
            let venue = settings.venue(of: instrument)
            // A tape that tells no fees leaves them to the profile.
            let fees = instrument.makerFee.mantissa == 0 && instrument.takerFee.mantissa == 0 ? venue?.profile?.fees : nil
            do throws(Instrument.BadGrid) {
                return try instrument.with(
                    makerFee: models.makerFee ?? venue?.makerFee ?? fees?.maker, takerFee: models.takerFee ?? venue?.takerFee ?? fees?.taker)
            } catch {
                throw Failure(.usage, error.message)
            }
        }
    }

    // MARK: - Running

    mutating func execute() throws {
        var balances = models.balances
        if balances.isEmpty, let amount = Amount(ExactDecimal(mantissa: 10_000, scale: 0)) { balances = [(reportingCurrency, amount)] }
        let setup = DeskSetup(
            instruments: instruments, balances: balances, reportingCurrency: reportingCurrency, markMode: models.mark,
            checksBalances: models.isSpot,
            barsFromTrades: try holdsTrades())
        var rules = models.rules
        settings.apply(to: &rules, instruments)
        if models.isSpot { rules.spot = balances.map { SpotBalance(currency: $0.currency, total: $0.amount) } }
        var backtest = BacktestSettings(exchange: rules, desk: setup, sample: sample)
        backtest.latency = models.latency
        backtest.errorPolicy = errorPolicy
        backtest.computeCost = models.computeCost
        backtest.from = try time(command.from, "--from")
        backtest.to = try time(command.to, "--to")
        if let from = backtest.from, let to = backtest.to, to <= from {
            throw Failure(.usage, "--to: \(TimeText.text(to)) is not after --from \(TimeText.text(from))")
        }
        try checkBounds(backtest)

        let strategy = try loadStrategy()
        let bound = strategy.parameters.map { RunContext.Parameter(name: $0.name, value: ParameterValue($0.value)) }
        let gate = Gate(instruments: instruments, limits: settings.limits, strategy: scriptName)
        let engine = Engine(strategy: strategy, gate: gate, desk: setup, errorPolicy: errorPolicy)
        let folder = command.out ?? RunFolder.defaultPath(strategy: scriptName)
        let context = context(parameters: bound, balances: balances, startingEquity: engine.desk.equity())
        let recorder = try recorder(at: folder, context)
        let sink = sink(recorder)
        do {
            guard command.journal else { return try drive(engine, backtest, sink, recorder, sink, folder) }
            let journal = try journal(in: folder, setup, strategy)
            try drive(engine, backtest, JournaledSink(sink, journal: journal), recorder, sink, folder) {
                try journal.modules($0, at: $1)
                try journal.finish(durably: false)
            }
        } catch let error as TapeError {
            throw Failure(.runFailed, "\(error)")
        } catch let error as RunFileError {
            throw Failure(.runFailed, "\(error)")
        } catch BacktestError.contradiction(let order, let time) {
            throw Failure(
                .runFailed, "order \(RunSink.text(of: order)) at \(time.nanoseconds): the simulated exchange and the desk disagree; this is a fault of perigee")
        }
    }

    /// - Parameters:
    ///   - sink: what the run tells; `rows` is the part of it that writes the folder's files.
    ///   - atEnd: with the modules that were read while it ran.
    private func drive<Sink: BacktestSink>(
        _ engine: consuming Engine<LuaStrategy>, _ settings: BacktestSettings, _ sink: Sink, _ recorder: RunRecorder, _ rows: RunSink,
        _ folder: String, atEnd: ([JournalHead.Module], Timestamp) throws -> Void = { _, _ in }
    ) throws {
        let known = engine.strategy.modules.count
        var run = try Backtest(engine: engine, tape: tape, settings: settings, sink: sink)
        let ending = try run.run()
        try atEnd(run.engine.strategy.modules.dropFirst(known).map { JournalHead.Module(name: $0.name, source: $0.source) }, run.engine.desk.now)
        try finish(&run, ending, recorder, rows, folder)
    }

    private func journal(in folder: String, _ setup: DeskSetup, _ strategy: LuaStrategy) throws -> JournalWriter {
        let source = try ScriptFile.source(scriptPath)
        var seat = JournalHead.Seat(name: scriptName, file: ScriptFile.name(of: scriptPath), source: source, sha256: SHA256.digest(source), desk: setup)
        seat.modules = strategy.modules.map { JournalHead.Module(name: $0.name, source: $0.source) }
        (seat.parameters, seat.seed, seat.currency, seat.errorPolicy) = (parameters, models.seed, command.currency, errorPolicy)
        var head = JournalHead(mode: .backtest, engine: Perigee.engineVersion, seats: [seat])
        if let path = command.config { head.configuration = TextFile.bytes(path).map { String(decoding: $0, as: UTF8.self) } ?? "" }
        return try JournalWriter(path: folder + "/journal.tape", instruments: instruments, head: head, target: .whenComplete)
    }

    private var sample: Span {
        if let sample = models.sample { return sample }
        let intervals = instruments.map(\.barInterval)
        if instruments.allSatisfy({ $0.dataKind == .bars }), let shortest = intervals.min(), shortest > .zero { return shortest }
        return Span(nanoseconds: 1_000_000_000)
    }

    private func time(_ text: String?, _ flag: String) throws -> Timestamp? {
        guard let text else { return nil }
        guard let time = TimeText.parse(text) else {
            throw Failure(.usage, "\(flag): found '\(text)', expected RFC 3339, a date such as 2024-08-08, or integer ns")
        }
        return time
    }

    /// A window beside the tape would be an empty run that looks like a result.
    private func checkBounds(_ backtest: BacktestSettings) throws {
        guard let first = tape.firstLocalTime, let last = tape.lastLocalTime else { return }
        let span = "the tape goes from \(TimeText.text(first)) to \(TimeText.text(last))"
        if let from = backtest.from, from > last { throw Failure(.usage, "--from: \(TimeText.text(from)) is after the last record; \(span)") }
        if let to = backtest.to, to <= first { throw Failure(.usage, "--to: \(TimeText.text(to)) is not after the first record; \(span)") }
    }

    private func holdsTrades() throws -> [Bool] {
        do { return try tape.holdsTrades() } catch { throw Failure(.runFailed, "\(error)") }
    }

    private func loadStrategy() throws -> LuaStrategy {
        var options = LuaOptions()
        options.parameters = parameters
        options.seed = models.seed
        options.currency = command.currency
        options.memoryLimit = caps.memory
        if models.computeCost != nil { options.instructionBudget = caps.budget }
        options.whenStuck = {
            // The main thread is inside a library function and may hold any lock: nothing but system calls here.
            let line: StaticString = "\nperigee: the strategy hangs where nothing can stop it; the run is given up\n"
            _ = unsafe write(2, line.utf8Start, line.utf8CodeUnitCount)
            _exit(1)
        }
        do {
            return try ScriptFile.load(scriptPath, instruments: instruments, options: options)
        } catch let failure as Failure {
            // What the configuration says is not to be told as if it stood on the command line.
            guard let parameterSource, let key = BacktestChecks.parameter(in: failure.message) else { throw failure }
            if command.set.contains(where: { $0.hasPrefix(key + "=") }) { throw failure }
            throw Failure(failure.code, parameterSource + ": " + failure.message.dropFirst("--set ".count))
        }
    }

    private func recorder(at folder: String, _ context: RunContext) throws -> RunRecorder {
        do {
            return try RunRecorder(directory: folder, instruments: instruments, context: context)
        } catch {
            throw Failure(.runFailed, "\(error)")
        }
    }

    private func sink(_ recorder: RunRecorder) -> RunSink {
        let progress = command.quiet ? nil : Progress(total: tape.recordCount)
        let isQuiet = command.quiet
        return RunSink(
            recorder: recorder, instruments: instruments,
            onTick: { events, time in
                progress?.show(events: events, at: time)
                return Interrupt.isPending
            },
            onLog: { level, time, text in
                guard !isQuiet, level != .debug else { return }
                progress?.clear()
                CommandLineMain.say("\(TimeText.text(time)) \(level.rawValue) \(text)")
            })
    }

    private func context(parameters: [RunContext.Parameter], balances: [(currency: String, amount: Amount)], startingEquity: Amount) -> RunContext {
        RunContext(
            strategyName: scriptName, strategySHA256: "", engineVersion: Perigee.engineVersion, seed: models.seed,
            reportingCurrency: reportingCurrency, startingEquity: startingEquity,
            startingBalances: balances.map { Balance(currency: $0.currency, amount: $0.amount) }, samplePeriod: sample,
            calendar: models.calendar, parameters: parameters,
            models: [NamedText("fees", feesText)] + models.texts(sample: sample))
    }

    private var feesText: String {
        let distinct = Set(instruments.map { "maker \($0.makerFee), taker \($0.takerFee)" })
        return distinct.count == 1 ? distinct.first ?? "" : "by instrument"
    }

    // MARK: - Results

    private func finish<Sink: BacktestSink>(
        _ run: inout Backtest<LuaStrategy, Sink>, _ ending: BacktestEnding, _ recorder: RunRecorder, _ sink: RunSink, _ folder: String
    ) throws {
        Progress.clearLine()
        let ending = try run.save(ending, into: sink)
        recorder.context.inputs = try zip(command.data, tape.readers).map { path, reader in
            RunInput(path: path, sha256: try digests.digest(of: path), records: Int64(reader.recordCount))
        }
        recorder.context.strategySHA256 = try digests.digest(of: scriptPath)
        let (outcome, reason) = BacktestRun.words(for: ending)
        if case .strategyFailed(let message) = ending { recorder.log(.error, at: run.engine.desk.now, source: "engine", message) }
        let summary = try recorder.finish(
            sink.finalState(desk: run.engine.desk, outcome: outcome, reason: reason, events: run.eventCount))
        try ReportPage.write(directory: folder)
        switch command.format {
        case .text: print(TerminalSummary.render(summary))
        case .json: print(summary.text)
        }
        if !command.quiet { CommandLineMain.say("Report: \(folder)/report.html") }
        switch ending {
        case .endOfTape, .strategyStopped: return
        case .halted(let reason): throw Failure(.stoppedByLimit, "\(reason); the results up to here are in \(folder)")
        case .strategyFailed(let message): throw Failure(.runFailed, message)
        case .interrupted: throw Failure(.interrupted, "interrupted; the results up to here are in \(folder)")
        }
    }

    private static func words(for ending: BacktestEnding) -> (outcome: String, reason: String) {
        switch ending {
        case .endOfTape: ("tape_end", "")
        case .strategyStopped(let reason): ("stopped", reason)
        case .halted(let reason): ("halted", reason)
        case .strategyFailed(let message): ("error", message)
        case .interrupted: ("interrupted", "")
        }
    }
}

extension Backtest where S == LuaStrategy {
    /// `on_save`, which runs after `on_stop`: there is nowhere to keep its state, but a fault in it shows here and not in a live run.
    fileprivate mutating func save(_ ending: BacktestEnding, into sink: RunSink) throws -> BacktestEnding {
        if case .strategyFailed = ending { return ending }
        let hasFailed = engine.strategy.save(&engine.desk) == nil && engine.strategy.lastError != nil
        for note in engine.desk.notes { try sink.noted(note) }
        engine.desk.notes.removeAll()
        return hasFailed ? .strategyFailed(message: engine.strategy.faultMessage) : ending
    }
}

extension Settings.Parameter.Value {
    /// As `--set` would spell it.
    var text: String {
        switch self {
        case .integer(let value): String(value)
        case .number(let value): "\(value)"
        case .boolean(let value): String(value)
        case .string(let value): value
        }
    }
}
