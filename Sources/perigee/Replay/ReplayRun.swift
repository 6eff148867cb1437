import Configuration
import Domain
import Recording
import Risk
import Scripting
import Tape
import Trading

/// Engines made as a journal's head says.
struct ReplayRun {
    let reader: JournalReader
    let warnings: [String]
    /// By strategy, of the script that is replayed.
    let digests: [String]
    let replay: Replay<LuaStrategy>
    /// Holds the modules for as long as the scripts may ask for them.
    private let folders: [ModuleFolder]

    init(_ reader: JournalReader, strategy path: String?) throws {
        self.reader = reader
        let head = reader.head
        let limits = try ReplayRun.limits(head.configuration, reader.path)
        let other = try path.map { try ReplayRun.seat(for: $0, head) }
        var loader = ReplayLoader(instruments: reader.instruments)
        var seats: [Replay<LuaStrategy>.Seat] = []
        var folders: [ModuleFolder] = []
        for (index, seat) in head.seats.enumerated() {
            let script: LuaStrategy
            if let path, other == index {
                script = try loader.load(path, instead: seat)
            } else {
                folders.append(try ModuleFolder(seat.modules))
                script = try loader.loadEmbedded(seat, modulesIn: folders[folders.count - 1])
            }
            let gate = Gate(
                instruments: reader.instruments, limits: try ReplayRun.staged(limits, head.configuration, seat), strategy: seat.name, live: head.live,
                version: head.limitVersion)
            seats.append(Replay.Seat(Engine(strategy: script, gate: gate, desk: seat.desk, errorPolicy: seat.errorPolicy)))
        }
        replay = Replay(reader, seats: seats)
        self.folders = folders
        (warnings, digests) = (loader.warnings, loader.digests)
    }

    func execute(verifies: Bool, isQuiet: Bool) throws -> ReplayResult {
        if !isQuiet, !verifies {
            replay.onNote = { note, _ in
                guard case .log(let time, let level, let text) = note, level != .debug else { return }
                CommandLineMain.say("\(TimeText.text(time)) \(level.rawValue) \(text)")
            }
        }
        // Until the end, whatever the optimiser thinks of a folder that nobody reads.
        return try withExtendedLifetime(folders) { try replay.run(stopsAtDifference: verifies) }
    }

    /// New code was held to its own limits then (C32).
    private static func staged(_ limits: RiskLimits, _ configuration: String, _ seat: JournalHead.Seat) throws -> RiskLimits {
        guard limits.canary != nil, let settings = try? Settings(toml: configuration, file: "journal") else { return limits }
        return settings.releasedCode.contains(seat.sha256) ? limits : limits.withCanary([seat.name])
    }

    private static func limits(_ text: String, _ path: String) throws -> RiskLimits {
        guard !text.isEmpty else { return .none }
        do throws(ConfigurationError) {
            return try Settings(toml: text, file: "the configuration in \(path)").limits
        } catch {
            throw Failure(.runFailed, error.message)
        }
    }

    /// Whose place the script takes: of several strategies, the one of that name or file.
    private static func seat(for path: String, _ head: JournalHead) throws -> Int {
        if head.seats.count == 1 { return 0 }
        let file = ScriptFile.name(of: path)
        if let place = head.seats.firstIndex(where: { $0.file == file || $0.name + ".lua" == file }) { return place }
        throw Failure(.usage, "--strategy: found '\(path)', expected the name of one of the journal's strategies: \(head.seats.map(\.file).joined(separator: ", "))")
    }
}

/// Loads the scripts of a journal, and keeps what is worth telling.
private struct ReplayLoader {
    let instruments: [Instrument]
    var warnings: [String] = []
    var digests: [String] = []

    init(instruments: [Instrument]) { self.instruments = instruments }

    private func options(_ seat: JournalHead.Seat) -> LuaOptions {
        var options = LuaOptions()
        (options.parameters, options.seed, options.currency) = (seat.parameters, seat.seed, seat.currency)
        (options.instance, options.epoch) = (seat.instance, seat.epoch)
        (options.orderStride, options.orderOffset) = (seat.orderStride, seat.orderOffset)
        return options
    }

    mutating func loadEmbedded(_ seat: JournalHead.Seat, modulesIn folder: ModuleFolder) throws -> LuaStrategy {
        digests.append(seat.sha256)
        var options = self.options(seat)
        options.moduleFolders = [folder.path]
        return try ScriptFile.make(seat.source, file: seat.file, instruments: instruments, options: options)
    }

    mutating func load(_ path: String, instead seat: JournalHead.Seat) throws -> LuaStrategy {
        let script = try ScriptFile.load(path, instruments: instruments, options: options(seat))
        let own = TextFile.bytes(path).map(SHA256.digest) ?? ""
        digests.append(own)
        if own != seat.sha256 { warnings.append("\(path) is not the script of the run: SHA-256 \(own), the run's was \(seat.sha256)") }
        for module in script.modules where !seat.modules.contains(JournalHead.Module(name: module.name, source: module.source)) {
            warnings.append("\(path): its module '\(module.name)' is not the one of the run")
        }
        return script
    }
}
