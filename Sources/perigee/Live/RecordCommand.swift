import ArgumentParser
import Configuration
import Domain
import Glibc
import Live
import NIOCore
import NIOPosix
import Tape
import Venues

/// `perigee record`.
struct RecordCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "record",
        abstract: "Record live market data to a tape that backtest reads.",
        discussion: """
            Public data only: no credentials are read, no order can be built. What is on disk survives the process: a tape that was cut
            off is read up to its last whole block.

              perigee record --config perigee.toml --duration 1h --out btc.tape

            Exit status: 0 done; 1 the run failed; 2 usage or configuration; 4 venue unreachable; 130 interrupted, the tape is whole.
            """)

    @Option(help: ArgumentHelp("The configuration: its venues and their instruments are recorded.", valueName: "file.toml"))
    var config = "perigee.toml"

    @Option(help: ArgumentHelp("Only this instrument of the configuration's; repeatable.", valueName: "venue:SYMBOL"))
    var instrument: [String] = []

    @Option(help: ArgumentHelp("Stop after this long: 90s, 10m, 8h. Default: until it is interrupted.", valueName: "time"))
    var duration: String?

    @Option(help: ArgumentHelp("The tape; it must not exist yet.", valueName: "X.tape"))
    var out: String

    @Flag(help: "Errors only on stderr.")
    var quiet = false

    func run() throws {
        SecretRim.closeDoors()
        var settings: Settings
        do throws(ConfigurationError) {
            settings = try Settings.load(config)
        } catch {
            throw Failure(.usage, error.message)
        }
        try narrow(&settings)
        var span: Span?
        if let duration {
            guard let given = Span(duration), given > .zero else {
                throw Failure(.usage, "--duration: found '\(duration)', expected a time above zero such as 90s, 10m or 8h")
            }
            span = given
        }
        try Recording(try LiveVenues(settings, path: config, trades: false), config: config, out: out, isQuiet: quiet).run(for: span)
    }

    /// Keeps the instruments asked for.
    private func narrow(_ settings: inout Settings) throws {
        guard !instrument.isEmpty else { return }
        for name in instrument where !settings.venues.contains(where: { venue in venue.instruments.contains { "\(venue.name):\($0)" == name } }) {
            let known = settings.venues.flatMap { venue in venue.instruments.map { "\(venue.name):\($0)" } }
            throw Failure(.usage, "--instrument: found '\(name)', expected one of \(known.joined(separator: ", "))")
        }
        for index in settings.venues.indices {
            let venue = settings.venues[index].name
            settings.venues[index].instruments.removeAll { !instrument.contains("\(venue):\($0)") }
        }
        settings.venues.removeAll { $0.instruments.isEmpty }
    }
}

/// One recording: venues' market data on one event loop, into one tape.
private final class Recording: VenueDriverDelegate {
    private let venues: LiveVenues
    private let config: String
    private let out: String
    private let isQuiet: Bool
    private let clock = LiveClock()
    private var drivers: [VenueDriver] = []
    private var instruments: [Instrument] = []
    private var writer: TapeWriter?
    private var answered = 0
    private var outcome: Result<Void, any Error> = .success(())
    private var end: () -> Void = {}
    private var isOver = false

    init(_ venues: LiveVenues, config: String, out: String, isQuiet: Bool) {
        (self.venues, self.config, self.out, self.isQuiet) = (venues, config, out, isQuiet)
    }

    func run(for duration: Span?) throws {
        Interrupt.watch()
        MultiThreadedEventLoopGroup.withCurrentThreadAsEventLoop { loop in
            let view = loop.assumeIsolated()
            self.end = {
                let goodbyes = EventLoopFuture.andAllComplete(self.drivers.map(\.whenClosed), on: loop)
                goodbyes.assumeIsolated().whenComplete { _ in loop.shutdownGracefully { _ in } }
            }
            self.drivers = self.venues.entries.map { VenueDriver($0.session, tls: self.venues.tls, eventLoop: loop, latch: Latch(), delegate: self) }
            for (index, driver) in self.drivers.enumerated() { driver.handle(.query(VenueQueryID(UInt64(index)), .instruments)) }
            if let duration { view.scheduleTask(in: .nanoseconds(duration.nanoseconds)) { self.stop(.success(())) } }
            self.watch(view)
        }
        try outcome.get()
    }

    /// Signals each 20 ms; what was recorded is on disk at least each second.
    private func watch(_ loop: NIOIsolatedEventLoop) {
        var beats = 0
        func beat() {
            guard !isOver else { return }
            beats += 1
            if Interrupt.isPending { return stop(.failure(Failure(.interrupted, "interrupted; \(out) is whole"))) }
            if beats % 50 == 0 { attempt { try writer?.flush() } }
            loop.scheduleTask(in: .milliseconds(20)) { beat() }
        }
        beat()
    }

    private func stop(_ result: Result<Void, any Error>) {
        guard !isOver else { return }
        isOver = true
        outcome = result
        do { try writer?.finish() } catch { outcome = .failure(Failure(.runFailed, "\(error)")) }
        if !isQuiet, let writer { CommandLineMain.say("\(out): \(writer.recordCount) records of \(instruments.map(\.name).joined(separator: ", "))") }
        for driver in drivers { driver.handle(.end) }
        end()
    }

    private func attempt(_ body: () throws -> Void) {
        do { try body() } catch {
            stop(.failure(error is Failure ? error : Failure(.runFailed, "\(error)")))
        }
    }

    // MARK: - Events

    func venueDriver(_ driver: VenueDriver, told event: VenueEvent) {
        guard !isOver, let venue = drivers.firstIndex(where: { $0 === driver }) else { return }
        let name = venues.entries[venue].settings.name
        switch event {
        case .answer(_, .instruments(let told)): attempt { try take(told, venue) }
        case .answer(_, .failed(let failure)): stop(.failure(Failure(.unreachable, "\(name): \(failure.message)")))
        case .market(let records): attempt { try write(records) }
        case .link(.market, .refused(let why)): stop(.failure(Failure(.unreachable, "\(name): \(why)")))
        case .link(.market, .down(let why)): say("\(name): market data down: \(why)")
        case .link(.market, .ready): say("\(name): recording")
        case .bookInvalid(let instrument, let why): say("\(instruments[instrument.position].name): the book is invalid: \(why)")
        case .alarm(let text): say("\(name): \(text)")
        default: break
        }
    }

    private func say(_ text: String) {
        if !isQuiet { CommandLineMain.say("\(TimeText.text(clock.now.wall)) \(text)") }
    }

    private func take(_ told: [VenueInstrument], _ venue: Int) throws {
        instruments += try LiveVenues.instruments(venues.entries[venue].settings, told, path: config)
        answered += 1
        guard answered == drivers.count else { return }
        writer = try TapeWriter(
            path: out, instruments: instruments, metadata: [(key: "source", value: "perigee record")], target: .inPlace)
        for driver in drivers { driver.handle(.begin(.marketData, instruments: instruments)) }
    }

    private func write(_ records: [MarketRecord]) throws {
        let now = clock.now.wall.nanoseconds
        for record in records {
            var own = record
            own.localTime = now
            // A venue's clock that is ahead of ours would have us hear of things before they happen.
            own.exchangeTime = min(own.exchangeTime, now)
            try writer?.append(own)
        }
    }
}
