import ArgumentParser
import Domain
import Glibc
import Market
import Tape
import VenueSim

/// `perigee sim`: makes a market from a scenario, and writes it as a tape or plays it behind venues' protocols on loopback.
struct SimCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sim",
        abstract: "Generate a market from a scenario: write it as a tape, or serve it as simulated venues.",
        discussion: """
            A scenario describes who trades and how; docs/generated-market.md lists its keys, sim/scenarios/ holds examples.
            The same scenario and seed give the same tape, byte for byte, on every machine.
            --serve plays the market in real time behind a venue's own protocol on 127.0.0.1, until SIGINT or SIGTERM; docs/simulated-venues.md.
            """)

    @Argument(help: ArgumentHelp("The scenario (TOML).", valueName: "SCENARIO.toml"))
    var scenario: String

    @Option(help: ArgumentHelp("Write the market's tape to this file; it appears once complete.", valueName: "X.tape"))
    var generate: String?

    @Option(parsing: .singleValue, help: ArgumentHelp("Serve a venue of this kind on loopback (\(SimVenueKind.words)); may be repeated.", valueName: "VENUE-KIND"))
    var serve: [String] = []

    @OptionGroup(title: "Serving") var serving: ServeOptions

    @Option(help: ArgumentHelp("How long a market, such as 90s, 4h or 365d, instead of the scenario's.", valueName: "1h"))
    var duration: String?

    @Option(help: ArgumentHelp("Where all chance comes from, instead of the scenario's seed.", valueName: "N"))
    var seed: Int64?

    @Option(help: ArgumentHelp("2 for depth and trades, 3 for every order, instead of the scenario's.", valueName: "2|3"))
    var level: Int64?

    @Flag(help: "Pack the tape: about a fifteenth of the size, read a little slower.")
    var packed = false

    func run() throws {
        var file = try ScenarioFile(path: scenario)
        file.override("seed", with: seed.map { .integer($0) })
        file.override("duration", with: duration.map { .text($0) })
        file.override("feed.level", with: level.map { .integer($0) })
        let plan = try self.plan(file)
        switch (generate, serve.isEmpty) {
        case (let path?, true): try generate(try readScenario(file), to: path)
        case (nil, false): try SimServe(file, plan, kinds: serve, serving).run()
        case (nil, true): throw Failure(.usage, "--generate X.tape or --serve VENUE-KIND was expected")
        case (.some, false): throw Failure(.usage, "--generate and --serve were found together; one of them was expected")
        }
    }

    private func generate(_ scenario: Scenario, to path: String) throws {
        PartialOutput.removeOnSignal(path)
        let metadata = GeneratedMarket.metadata(scenario, file: SimCommand.baseName(self.scenario))
        do {
            let digest = try write(scenario, metadata, to: path)
            try say(scenario, path, recordsDigest: digest)
        } catch let error as TapeError {
            throw Failure(.runFailed, error.description)
        }
    }

    // MARK: The scenario

    /// The tables of venues, checked whether they are served or not.
    private func plan(_ file: ScenarioFile) throws -> VenuePlan {
        do {
            return try VenuePlan(file.settings.filter { VenuePlan.owns($0.key) })
        } catch {
            throw file.failure(error)
        }
    }

    private func readScenario(_ file: ScenarioFile) throws -> Scenario {
        do {
            return try Scenario(file.settings.filter { !VenuePlan.owns($0.key) })
        } catch {
            let flags = ["seed": seed != nil, "duration": duration != nil, "feed.level": level != nil]
            if flags[error.key] == true {
                let flag = error.key == "feed.level" ? "level" : error.key
                throw Failure(.usage, "--\(flag): \(error.key) of \(scenario) \(error.message)")
            }
            throw file.failure(error)
        }
    }

    private static func baseName(_ path: String) -> String { String(path.split(separator: "/").last ?? "") }

    // MARK: The tape

    /// - Returns: SHA-256 of the records as a plain tape holds them: the same however the tape is packed.
    private func write(_ scenario: Scenario, _ metadata: [(key: String, value: String)], to path: String) throws -> String {
        let writer = try TapeWriter(
            path: path, instruments: scenario.instruments, metadata: metadata, encoding: packed ? .packed : .plain)
        var market = GeneratedMarket(scenario)
        var records: [MarketRecord] = []
        var sum = SHA256()
        while market.next(into: &records) {
            if records.count < 4096 { continue }
            for record in records { try writer.append(record) }
            unsafe records.withUnsafeBytes { unsafe sum.update($0) }
            records.removeAll(keepingCapacity: true)
        }
        for record in records { try writer.append(record) }
        unsafe records.withUnsafeBytes { unsafe sum.update($0) }
        try writer.finish()
        return sum.finish()
    }

    /// What was written, as the manifest of the bundled tapes lists it.
    private func say(_ scenario: Scenario, _ path: String, recordsDigest: String) throws {
        let reader = try TapeReader(path: path)
        print("tape            \(SimCommand.baseName(path))")
        print("scenario        \(SimCommand.baseName(self.scenario))")
        print("seed            \(Int64(bitPattern: scenario.seed))")
        print("instruments     \(scenario.instruments.map(\.name).joined(separator: " "))")
        print("records         \(reader.recordCount)")
        print("first_time      \(reader.firstLocalTime?.nanoseconds ?? 0)")
        print("last_time       \(reader.lastLocalTime?.nanoseconds ?? 0)")
        print("bytes           \(reader.fileBytes)")
        print("records_sha256  \(recordsDigest)")
        print("sha256          \(try SHA256.fileDigest(path: path))")
    }
}

