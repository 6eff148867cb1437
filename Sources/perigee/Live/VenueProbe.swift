import Configuration
import Domain
import Live
import NIOCore
import NIOPosix
import Transport
import Venues

/// One venue as it is met: connected, authenticated where there are credentials, asked for its clock a few times. Nothing is placed.
final class VenueProbe: VenueDriverDelegate {
    struct Outcome {
        var name: String
        /// Nil where it was reached.
        var problem: String?
        var isAuthenticated = false
        var ready: Span?
        var roundTrip: Span?
        var offset: Span?
        var isReached: Bool { problem == nil }

        var text: String {
            if let problem { return "\(name) unreachable: \(problem)" }
            var parts = [isAuthenticated ? "authenticated" : "no credentials are configured"]
            if let ready { parts.append("ready after \(milliseconds(ready))") }
            if let roundTrip { parts.append("round trip \(milliseconds(roundTrip))") }
            if let offset { parts.append("its clock is \(milliseconds(Span(nanoseconds: abs(offset.nanoseconds)))) \(offset < .zero ? "behind" : "ahead of") ours") }
            return "\(name) reached: \(parts.joined(separator: ", "))"
        }

        var json: String {
            var fields = [("venue", name), ("reached", isReached ? "yes" : "no"), ("authenticated", isAuthenticated ? "yes" : "no")]
            if let problem { fields.append(("problem", problem)) }
            for (key, span) in [("ready_ns", ready), ("round_trip_ns", roundTrip), ("clock_offset_ns", offset)] {
                if let span { fields.append((key, "\(span.nanoseconds)")) }
            }
            return VenueSheet.object(fields)
        }

        private func milliseconds(_ span: Span) -> String {
            let micros = span.nanoseconds / 1_000
            return "\(micros / 1_000).\(String(1_000 + micros % 1_000).dropFirst())ms"
        }
    }

    private static let questions = 5
    private let hasCredentials: Bool
    private var outcome: Outcome
    private var driver: VenueDriver?
    private let began = KillRunner.now
    private var sent: (wall: Timestamp, monotonic: Int64)?
    private var asked = 0
    private var isReady = false
    private var estimate = ClockOffset()
    private var end: () -> Void = {}
    private var isOver = false

    private init(_ venue: Settings.Venue) {
        hasCredentials = !venue.credentials.isEmpty
        outcome = Outcome(name: venue.name)
    }

    /// Blocks: the loop is this thread.
    static func run(_ venue: Settings.Venue, timeout: Span) -> Outcome {
        if venue.kind == .sim { return Outcome(name: venue.name, ready: .zero) }
        let probe = VenueProbe(venue)
        do {
            let session = try VenueFactory.session(venue.kind, try VenueFactory.settings(venue, withSecrets: probe.hasCredentials))
            let tls = try VenueFactory.tls(venue)
            MultiThreadedEventLoopGroup.withCurrentThreadAsEventLoop { loop in
                probe.end = { loop.shutdownGracefully { _ in } }
                let driver = VenueDriver(session, tls: tls, eventLoop: loop, latch: Latch(), redactor: SecretRim.redactor, delegate: probe)
                probe.driver = driver
                driver.latch.close()
                loop.assumeIsolated().scheduleTask(in: .nanoseconds(timeout.nanoseconds)) { probe.finish(probe.isReady ? nil : "no answer within \(timeout.text)") }
                // Without credentials nothing can be authenticated: the clock is asked for over REST alone.
                if probe.hasCredentials { driver.handle(.begin(.cancelling, instruments: [])) } else { probe.ask() }
            }
        } catch {
            probe.outcome.problem = "\(error)"
        }
        return probe.outcome
    }

    func venueDriver(_ driver: VenueDriver, told event: VenueEvent) {
        guard !isOver else { return }
        switch event {
        case .link(.orders, .ready):
            guard !isReady else { return }
            isReady = true
            outcome.isAuthenticated = true
            outcome.ready = Span(nanoseconds: KillRunner.now - began)
            ask()
        case .link(.orders, .refused(let why)): finish(why)
        case .answer(_, .serverTime(let time)): answered(time)
        case .answer(_, .failed(let failure)): finish(failure.message)
        default: break
        }
    }

    private func ask() {
        asked += 1
        sent = (LiveClock().now.wall, KillRunner.now)
        driver?.handle(.query(VenueQueryID(UInt64(asked)), .serverTime))
    }

    private func answered(_ server: Timestamp) {
        guard let sent else { return }
        isReady = true
        let now = KillRunner.now
        let taken = Span(nanoseconds: now - sent.monotonic)
        outcome.roundTrip = min(outcome.roundTrip ?? taken, taken)
        // The driver's clock carries the venue's correction: what is told is against the machine's own.
        _ = estimate.add(sent: sent.wall, received: sent.wall + taken, server: server)
        outcome.offset = estimate.offset
        if asked >= VenueProbe.questions { finish(nil) } else { ask() }
    }

    private func finish(_ problem: String?) {
        guard !isOver else { return }
        isOver = true
        outcome.problem = problem
        driver?.handle(.end)
        end()
    }
}
