import ArgumentParser
import Domain
import Glibc
import Market
import TOMLKit
import Tape

/// `perigee sim`: makes a market from a scenario and writes it as a tape.
struct SimCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sim",
        abstract: "Generate a market from a scenario and write it as a tape.",
        discussion: """
            A scenario describes who trades and how; docs/generated-market.md lists its keys, sim/scenarios/ holds examples.
            The same scenario and seed give the same tape, byte for byte, on every machine.

              perigee sim sim/scenarios/btc-day.toml --generate btc.tape --duration 1h --seed 3
            """)

    @Argument(help: ArgumentHelp("The scenario (TOML).", valueName: "SCENARIO.toml"))
    var scenario: String

    @Option(help: ArgumentHelp("Write the market's tape to this file; it appears once complete.", valueName: "X.tape"))
    var generate: String

    @Option(help: ArgumentHelp("How long a market, such as 90s, 4h or 365d, instead of the scenario's.", valueName: "1h"))
    var duration: String?

    @Option(help: ArgumentHelp("Where all chance comes from, instead of the scenario's seed.", valueName: "N"))
    var seed: Int64?

    @Option(help: ArgumentHelp("2 for depth and trades, 3 for every order, instead of the scenario's.", valueName: "2|3"))
    var level: Int64?

    @Flag(help: "Pack the tape: about a fifteenth of the size, read a little slower.")
    var packed = false

    func run() throws {
        let scenario = try readScenario()
        let metadata = GeneratedMarket.metadata(scenario, file: SimCommand.baseName(self.scenario))
        do {
            let digest = try write(scenario, metadata)
            try say(scenario, recordsDigest: digest)
        } catch let error as TapeError {
            throw Failure(.runFailed, error.description)
        }
    }

    // MARK: The scenario

    private func readScenario() throws -> Scenario {
        var settings = try ScenarioFile.settings(path: scenario)
        override("seed", with: seed.map { .integer($0) }, in: &settings)
        override("duration", with: duration.map { .text($0) }, in: &settings)
        override("feed.level", with: level.map { .integer($0) }, in: &settings)
        do {
            return try Scenario(settings)
        } catch {
            let flags = ["seed": seed != nil, "duration": duration != nil, "feed.level": level != nil]
            if flags[error.key] == true {
                let flag = error.key == "feed.level" ? "level" : error.key
                throw Failure(.usage, "--\(flag): \(error.key) of \(scenario) \(error.message)")
            }
            throw Failure(.usage, "\(scenario): \(error.key) \(error.message)")
        }
    }

    private func override(_ key: String, with value: ScenarioSetting.Value?, in settings: inout [ScenarioSetting]) {
        guard let value else { return }
        settings.removeAll { $0.key == key }
        settings.append(ScenarioSetting(key, value))
    }

    private static func baseName(_ path: String) -> String { String(path.split(separator: "/").last ?? "") }

    // MARK: The tape

    /// - Returns: SHA-256 of the records as a plain tape holds them: the same however the tape is packed.
    private func write(_ scenario: Scenario, _ metadata: [(key: String, value: String)]) throws -> String {
        let writer = try TapeWriter(
            path: generate, instruments: scenario.instruments, metadata: metadata, encoding: packed ? .packed : .plain)
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
    private func say(_ scenario: Scenario, recordsDigest: String) throws {
        let reader = try TapeReader(path: generate)
        print("tape            \(SimCommand.baseName(generate))")
        print("scenario        \(SimCommand.baseName(self.scenario))")
        print("seed            \(Int64(bitPattern: scenario.seed))")
        print("instruments     \(scenario.instruments.map(\.name).joined(separator: " "))")
        print("records         \(reader.recordCount)")
        print("first_time      \(reader.firstLocalTime?.nanoseconds ?? 0)")
        print("last_time       \(reader.lastLocalTime?.nanoseconds ?? 0)")
        print("bytes           \(reader.fileBytes)")
        print("records_sha256  \(recordsDigest)")
        print("sha256          \(try SHA256.fileDigest(path: generate))")
    }
}

/// A scenario file as a flat list of settings.
enum ScenarioFile {
    static func settings(path: String) throws -> [ScenarioSetting] {
        guard let text = try read(path) else {
            throw Failure(.usage, "\(path): cannot be read: \(unsafe String(cString: strerror(errno))); a scenario file was expected")
        }
        do {
            var settings: [ScenarioSetting] = []
            try flatten(TOMLTable(string: text), prefix: "", file: path, into: &settings)
            return settings
        } catch let error as TOMLParseError {
            throw Failure(.usage, "\(path): line \(error.source.begin.line): \(error.description)")
        }
    }

    private static func flatten(
        _ table: TOMLTable, prefix: String, file: String, into settings: inout [ScenarioSetting]
    ) throws {
        for key in table.keys {
            guard let value = table[key] else { continue }
            try flatten(value, key: prefix + key, file: file, into: &settings)
        }
    }

    private static func flatten(
        _ value: any TOMLValueConvertible, key: String, file: String, into settings: inout [ScenarioSetting]
    ) throws {
        if let table = value.table {
            try flatten(table, prefix: key + ".", file: file, into: &settings)
        } else if let array = value.array {
            for (index, item) in array.enumerated() { try flatten(item, key: "\(key).\(index)", file: file, into: &settings) }
        } else if let flag = value.bool {
            settings.append(ScenarioSetting(key, .truth(flag)))
        } else if let number = value.int {
            settings.append(ScenarioSetting(key, .integer(Int64(number))))
        } else if let number = value.double {
            settings.append(ScenarioSetting(key, .number(number)))
        } else if let text = value.string {
            settings.append(ScenarioSetting(key, .text(text)))
        } else {
            throw Failure(.usage, "\(file): \(key) is a date; write times as strings (\"2024-03-04T13:00:00Z\")")
        }
    }

    private static func read(_ path: String) throws -> String? {
        guard let file = unsafe fopen(path, "rb") else { return nil }
        defer { unsafe fclose(file) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = unsafe fread(&chunk, 1, chunk.count, file)
            if count == 0 { break }
            bytes.append(contentsOf: chunk[..<count])
            guard bytes.count <= 1 << 20 else { throw Failure(.usage, "\(path): is larger than 1 MiB; a scenario file was expected") }
        }
        if unsafe ferror(file) != 0 { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }
}
