import Domain
import Glibc
import Risk

/// The folder of a configuration file, against which its paths are meant.
struct Folder: Sendable {
    let path: String

    init(of file: String) {
        path = file.lastIndex(of: "/").map { String(file[...$0]) } ?? ""
    }

    func resolve(_ name: String) -> String { name.hasPrefix("/") ? name : path + name }
}

extension Settings {
    /// Reads a file.
    ///
    /// - Throws: The first thing wrong with it, as a message with file, line and key.
    public static func load(_ file: String) throws(ConfigurationError) -> Settings {
        try Settings(toml: try contents(of: file), file: file)
    }

    /// Decodes a text; `file` names it in errors, and paths are resolved against its folder.
    public init(toml text: String, file: String) throws(ConfigurationError) {
        self.init()
        guard case .table(let entries) = try Node(toml: text, file: file) else { return }
        let folder = Folder(of: file)
        let root = Section(entries, path: "", file: file, lines: KeyLines(text))
        run.stateDirectory = folder.resolve(run.stateDirectory)
        if let table = try root.section("run") { try readRun(table, folder: folder) }
        for table in try root.sections("venue") {
            let venue = try Venue(table, folder: folder)
            if venues.contains(where: { $0.name == venue.name }) {
                throw table.error("name", found: "\"\(venue.name)\" a second time", expected: "a name of its own for each venue")
            }
            venues.append(venue)
        }
        for table in try root.sections("strategy") {
            let strategy = try Strategy(table, folder: folder)
            if strategies.contains(where: { $0.name == strategy.name }) {
                throw table.error("name", found: "\"\(strategy.name)\" a second time", expected: "a name of its own for each strategy")
            }
            strategies.append(strategy)
        }
        if let table = try root.section("simulation") { simulation = try Simulation(table, folder: folder) }
        try readRisk(root)
        if let table = try root.section("release") {
            releasedCode = try table.strings("full") ?? []
            try table.finish()
        }
        if let table = try root.section("watchdog") { try readWatchdog(table) }
        if let table = try root.section("dashboard") { try readDashboard(table, folder: folder) }
        if let table = try root.section("metrics") { try readMetrics(table) }
        try root.finish()
    }

    private mutating func readMetrics(_ table: Section) throws(ConfigurationError) {
        var read = Metrics()
        read.listen = try table.string("listen") ?? read.listen
        try table.finish()
        let parts = read.listen.lastIndex(of: ":").map { (host: read.listen[..<$0], port: read.listen[read.listen.index(after: $0)...]) }
        guard let parts, ["127.0.0.1", "localhost", "[::1]"].contains(parts.host), UInt16(parts.port) != nil else {
            throw table.error("listen", found: "\"\(read.listen)\"", expected: "127.0.0.1:PORT, [::1]:PORT or localhost:PORT: metrics are for this machine only")
        }
        metrics = read
    }

    private mutating func readRun(_ table: Section, folder: Folder) throws(ConfigurationError) {
        run.stateDirectory = try table.string("state_dir").map(folder.resolve) ?? run.stateDirectory
        run.reportingCurrency = try table.string("reporting_currency")
        run.onRestart = try table.choice("on_restart", Run.OnRestart.self) ?? run.onRestart
        run.durability = try table.choice("durability", Run.Durability.self) ?? run.durability
        run.onError = try table.choice("on_error", OnError.self)
        try table.finish()
    }

    /// `[risk]`, and `on_disconnect`, which stands after it in the documentation's example and so inside it, or above all tables.
    private mutating func readRisk(_ root: Section) throws(ConfigurationError) {
        let outside = try root.choice("on_disconnect", OnDisconnect.self)
        var inside: OnDisconnect?
        if let table = try root.section("risk") {
            limits = try RiskLimits(table)
            inside = try table.choice("on_disconnect", OnDisconnect.self)
            if inside != nil && outside != nil {
                throw table.error("on_disconnect", found: "it a second time", expected: "it once, here or above the tables")
            }
            try table.finish()
        }
        onDisconnect = inside ?? outside ?? .cancel
    }

    private mutating func readWatchdog(_ table: Section) throws(ConfigurationError) {
        watchdog.feedSilence = try table.span("feed_silence") ?? watchdog.feedSilence
        watchdog.strategyDeadline = try table.deadline("strategy_deadline") ?? watchdog.strategyDeadline
        watchdog.strategyMemory = try table.memory("strategy_memory") ?? watchdog.strategyMemory
        watchdog.strategyBudget = try table.integer("strategy_budget", least: 1).map { UInt64($0) } ?? watchdog.strategyBudget
        watchdog.deadMan = try table.span("dead_man") ?? watchdog.deadMan
        try table.finish()
    }

    private mutating func readDashboard(_ table: Section, folder: Folder) throws(ConfigurationError) {
        dashboard.listen = try table.string("listen") ?? dashboard.listen
        dashboard.exposes = try table.boolean("expose") ?? false
        if let tls = try table.section("tls") {
            dashboard.certificate = try tls.string("certificate").map(folder.resolve)
            dashboard.key = try tls.string("key").map(folder.resolve)
            try tls.finish()
        }
        dashboard.token = try table.secret("token", folder: folder)
        try table.finish()
        guard let colon = dashboard.listen.lastIndex(of: ":"), UInt16(dashboard.listen[dashboard.listen.index(after: colon)...]) != nil
        else { throw table.error("listen", found: "\"\(dashboard.listen)\"", expected: "HOST:PORT") }
        let isLoopback = ["127.0.0.1", "localhost", "[::1]"].contains(String(dashboard.listen[..<colon]))
        let isGuarded = dashboard.exposes && dashboard.certificate != nil && dashboard.key != nil && dashboard.token != nil
        if !isLoopback && !isGuarded {
            throw table.error(
                "listen", found: "\"\(dashboard.listen)\"",
                expected: "127.0.0.1, [::1] or localhost; another address needs expose = true, tls = { certificate, key } and a token")
        }
    }

    private static var systemError: String { unsafe strerror(errno).map { unsafe String(cString: $0) } ?? "error \(errno)" }

    static func contents(of file: String) throws(ConfigurationError) -> String {
        guard let handle = unsafe fopen(file, "r") else {
            throw ConfigurationError(message: "\(file): cannot be read: \(Settings.systemError)")
        }
        defer { _ = unsafe fclose(handle) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = unsafe chunk.withUnsafeMutableBytes { buffer in unsafe fread(buffer.baseAddress, 1, buffer.count, handle) }
            if count == 0 { break }
            bytes += chunk[..<count]
            if bytes.count > 1 << 22 { throw ConfigurationError(message: "\(file): larger than 4 MiB; expected a configuration") }
        }
        if unsafe ferror(handle) != 0 {
            throw ConfigurationError(message: "\(file): cannot be read: \(Settings.systemError)")
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw ConfigurationError(message: "\(file): not UTF-8; expected TOML")
        }
        return text
    }
}

extension Settings.Strategy {
    init(_ table: Section, folder: Folder) throws(ConfigurationError) {
        guard let file = try table.string("file") else { throw table.error("file is missing; expected the path of a strategy") }
        let stem = file.split(separator: "/").last.map { $0.hasSuffix(".lua") ? $0.dropLast(4) : $0 } ?? ""
        self.file = folder.resolve(file)
        name = try table.string("name") ?? String(stem)
        onError = try table.choice("on_error", Settings.OnError.self)
        deadline = try table.deadline("deadline")
        memory = try table.memory("memory")
        budget = try table.integer("budget", least: 1).map { UInt64($0) }
        if let section = try table.section("params") {
            for key in section.keys {
                guard let node = section.take(key) else { continue }
                parameters.append(Settings.Parameter(name: key, value: try Settings.Strategy.value(node, key, section)))
            }
        }
        try table.finish()
    }

    private static func value(_ node: Node, _ key: String, _ section: Section) throws(ConfigurationError) -> Settings.Parameter.Value {
        switch node {
        case .integer(let value): return .integer(value)
        case .float(let value): return .number(value)
        case .boolean(let value): return .boolean(value)
        case .string(let text): return .string(text)
        case .table, .array, .dateOrTime:
            throw section.error(key, found: node.kind, expected: "a number, a string, true or false")
        }
    }
}
