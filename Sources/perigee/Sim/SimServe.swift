import ArgumentParser
import Domain
import Exchange
import Glibc
import Market
import NIOCore
import NIOPosix
import TLS
import VenueSim

extension SimVenueKind {
    static var words: String { allCases.map(\.rawValue).joined(separator: ", ") }
}

/// The flags of `perigee sim --serve`.
struct ServeOptions: ParsableArguments {
    @Flag(help: "Serve with TLS, certified by an authority made for this run, whose certificate is written to --tls-dir.")
    var tls = false

    @Option(help: ArgumentHelp("Where ca.pem is written.", valueName: "DIR"))
    var tlsDir = "sim/tls"

    @Option(help: ArgumentHelp("The first venue's port, the next ones follow it; 0 for any that are free.", valueName: "N"))
    var port = 0

    @Option(help: ArgumentHelp("Write a perigee.toml for these venues.", valueName: "FILE"))
    var configOut: String?

    @Flag(help: "Stop when standard input ends.")
    var untilStdinCloses = false
}

/// Serves simulated venues until it is interrupted.
struct SimServe {
    let file: ScenarioFile
    let plan: VenuePlan
    let kinds: [SimVenueKind]
    let options: ServeOptions
    let scenarios: [Scenario]

    init(_ file: ScenarioFile, _ plan: VenuePlan, kinds words: [String], _ options: ServeOptions) throws {
        (self.file, self.plan, self.options) = (file, plan, options)
        var kinds: [SimVenueKind] = []
        for word in words {
            guard let kind = SimVenueKind(rawValue: word) else {
                throw Failure(.usage, "--serve: found '\(word)', expected \(SimVenueKind.words)")
            }
            guard !kinds.contains(kind) else { throw Failure(.usage, "--serve \(word): given twice") }
            kinds.append(kind)
        }
        self.kinds = kinds
        guard (0...65_535 - kinds.count).contains(options.port) else {
            throw Failure(.usage, "--port \(options.port): a port from 1 to \(65_535 - kinds.count), or 0 for any, was expected")
        }
        scenarios = try SimServe.scenarios(file)
    }

    func run() throws {
        Interrupt.watch()
        // A reader that went away is told by its write, not by a signal.
        signal(SIGPIPE, SIG_IGN)
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let loop = group.next()
        let (certificate, context) = try certificates()
        let places: [VenueHouse.Place]
        let house: NIOLoopBound<VenueHouse>
        do {
            let (kinds, plan, scenarios, port) = (kinds, plan, scenarios, options.port)
            house = try loop.submit { NIOLoopBound(try VenueHouse(kinds, plan: plan, scenarios: scenarios, eventLoop: loop), eventLoop: loop) }.wait()
            let made = house
            places = try loop.flatSubmit { made.value.start(port: port, tls: context) }.wait()
        } catch let error as ScenarioError {
            throw file.failure(error)
        } catch {
            throw Failure(.runFailed, "--serve: the venues cannot listen on 127.0.0.1\(options.port == 0 ? "" : ":\(options.port)"): \(error)")
        }
        if let path = options.configOut { try write(configuration(places, certificate), to: path) }
        if let certificate { announce("ca_file \(certificate)") }
        for place in places { announce("\(place.kind.rawValue) " + place.endpoints.map(\.url).joined(separator: " ")) }
        waitForTheEnd()
        let made = house
        try? loop.flatSubmit { made.value.stop() }.wait()
        try? group.syncShutdownGracefully()
    }

    /// One scenario an instrument: the order book model has one each.
    private static func scenarios(_ file: ScenarioFile) throws -> [Scenario] {
        let own = file.settings.filter { !VenuePlan.owns($0.key) && $0.key != "feed.level" }
        if let model = own.first(where: { $0.key == "model" }), model.value == .text("bars") {
            throw file.failure(ScenarioError("model", "is \"bars\"; a venue needs a book: \"order-book\" was expected"))
        }
        let count = Set(own.compactMap { setting in setting.key.hasPrefix("instrument.") ? setting.key.split(separator: ".")[1] : nil }).count
        return try (0..<max(1, count)).map { index in
            var settings: [ScenarioSetting] = []
            for setting in own {
                guard setting.key.hasPrefix("instrument.") else {
                    // Each book has chance of its own.
                    if setting.key == "seed", case .integer(let seed) = setting.value {
                        settings.append(ScenarioSetting("seed", .integer(seed &+ Int64(index))))
                    } else {
                        settings.append(setting)
                    }
                    continue
                }
                if setting.key.hasPrefix("instrument.\(index).") {
                    settings.append(ScenarioSetting("instrument.0." + setting.key.dropFirst("instrument.\(index).".count), setting.value))
                }
            }
            if index > 0, !own.contains(where: { $0.key == "seed" }) { settings.append(ScenarioSetting("seed", .integer(Int64(index) + 1))) }
            do throws(ScenarioError) {
                return try Scenario(settings)
            } catch {
                let key = error.key.hasPrefix("instrument.0") ? "instrument.\(index)" + error.key.dropFirst(12) : error.key
                throw file.failure(ScenarioError(key, error.message))
            }
        }
    }

    // MARK: - TLS

    /// Where the authority's certificate was written, and the servers' context; nothing without `--tls`.
    private func certificates() throws -> (path: String?, context: TLSContext?) {
        guard options.tls else { return (nil, nil) }
        do {
            let made = try TestCertificates()
            let context = try TLSContext.server(identity: try made.server())
            var folder = ""
            for part in options.tlsDir.split(separator: "/", omittingEmptySubsequences: false) {
                folder += folder.isEmpty && !options.tlsDir.hasPrefix("/") ? part : "/\(part)"
                if !folder.isEmpty, folder != "/" { unsafe mkdir(folder, 0o755) }
            }
            let path = "\(options.tlsDir)/ca.pem"
            try write(String(decoding: made.authority.chain, as: UTF8.self), to: path)
            return (path, context)
        } catch let error as TLSError {
            throw Failure(.runFailed, "--tls: \(error)")
        }
    }

    /// The file appears whole or not at all.
    private func write(_ text: String, to path: String) throws {
        let partial = "\(path).\(getpid()).partial"
        guard let file = unsafe fopen(partial, "wb") else {
            throw Failure(.usage, "\(path): cannot be written: \(unsafe String(cString: strerror(errno)))")
        }
        let count = unsafe fwrite(text, 1, text.utf8.count, file)
        guard unsafe fclose(file) == 0, count == text.utf8.count, unsafe rename(partial, path) == 0 else {
            throw Failure(.runFailed, "\(path): cannot be written: \(unsafe String(cString: strerror(errno)))")
        }
    }

    // MARK: - The configuration

    private func configuration(_ places: [VenueHouse.Place], _ certificate: String?) -> String {
        var text = """
            # Written by perigee sim: the simulated venues of this run. Secrets stay in the environment.
            [run]
            state_dir = "state"
            reporting_currency = "\(scenarios.first?.instruments.first?.quote ?? "USDT")"

            """
        for place in places {
            let table = plan.table(place.kind)
            let name = place.kind.rawValue
            let credentials = place.kind.credentialNames.map { "\($0) = \"env:\(name.uppercased())_\($0.uppercased())\"" }
            text += """

                [[venue]]
                name = "\(name)"
                kind = "\(name)"
                environment = "custom"
                endpoints = { \(place.endpoints.map { "\($0.name) = \"\($0.url)\"" }.joined(separator: ", ")) }

                """
            if place.kind == .apifiny { text += "venue = \"BINANCE\"\n" + (certificate == nil ? "fix_tls = false\n" : "") }
            if let certificate { text += "ca_file = \"\(absolute(certificate))\"\n" }
            let symbols = scenarios.compactMap(\.instruments.first).map { "\"\($0.symbol)\"" }
            let given = scenarios.first?.instruments.first
            text += """
                instruments = [\(symbols.joined(separator: ", "))]
                request_ttl = "2s"
                credentials = { \(credentials.joined(separator: ", ")) }
                fees = { maker = "\(table.fees.maker ?? given?.makerFee ?? .zero)", taker = "\(table.fees.taker ?? given?.takerFee ?? .zero)" }

                """
            // Its protocol tells no steps.
            for instrument in place.kind.tellsSteps ? [] : scenarios.compactMap(\.instruments.first) {
                text += """

                    [[venue.instrument]]
                    symbol = "\(instrument.symbol)"
                    tick = "\(instrument.tick)"
                    lot = "\(instrument.lot)"

                    """
            }
        }
        return text
    }

    private func absolute(_ path: String) -> String {
        guard let found = unsafe realpath(path, nil) else { return path }
        defer { unsafe free(found) }
        return unsafe String(cString: found)
    }

    // MARK: - The end

    private func announce(_ line: String) {
        print(line)
        fflush(nil)
    }

    /// Until a signal, or the end of standard input where that was asked for.
    private func waitForTheEnd() {
        var entry = pollfd(fd: options.untilStdinCloses ? 0 : -1, events: Int16(POLLIN), revents: 0)
        var bytes = [UInt8](repeating: 0, count: 256)
        while !Interrupt.isPending {
            guard unsafe poll(&entry, 1, 200) > 0 else { continue }
            if unsafe read(0, &bytes, bytes.count) <= 0, errno != EINTR { return }
        }
    }
}
