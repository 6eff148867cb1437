import Configuration
import Domain
import Live
import Venues

/// What stands beside a live run and does not need it: the kill switch, the dead-man process, the control socket. One call each way.
final class LiveGuards {
    /// The desk publishes its orders here: before the bytes leave, when the venue's id is known, and at their end.
    let registry = LiveOrderRegistry()
    /// The desk publishes itself here, about once a second.
    let board = StatusBoard()
    let killSwitch: KillSwitch
    private(set) var deadMan: DeadMan?
    private var control: ControlSocket?
    private var metrics: MetricsServer?
    private let folder: StateFolder

    /// - Parameters:
    ///   - trades: With orders at real venues; else the switch has no venue to empty, and latches only.
    ///   - onKill: The switch was pulled, by whomever: the desk halts. From any thread.
    init(
        _ settings: Settings, folder: StateFolder, latch: Latch, trades: Bool, log: @escaping @Sendable (String) -> Void,
        onKill: @escaping @Sendable (KillLatch) -> Void
    ) throws {
        self.folder = folder
        let venues = trades ? settings.venues.filter { $0.kind != .sim } : []
        do {
            killSwitch = KillSwitch(
                folder: folder, latch: latch, venues: try venues.map(VenueFactory.killTarget), registry: registry, log: log, onPull: onKill)
        } catch {
            throw Failure(.usage, "\(error)")
        }
        killSwitch.start()
    }

    /// Listens on `state/control.sock`.
    ///
    /// - Parameter onStop: As a SIGTERM would; from the socket's thread.
    func listen(
        log: @escaping @Sendable (String) -> Void, onStop: @escaping @Sendable () -> Void, onAcknowledge: @escaping @Sendable (Int?) -> Void
    ) throws {
        let killSwitch = killSwitch
        let desk = ControlDesk(board: board, folder: folder, stop: onStop, kill: { killSwitch.pull(reason: $0, source: "control socket") },
            acknowledge: onAcknowledge)
        do throws(StateError) {
            control = try ControlSocket(folder: folder, log: log, answer: { SecretRim.redact(desk.answer($0)) })
        } catch {
            throw Failure(.runFailed, error.description)
        }
    }

    /// Metrics over HTTP, where the configuration wants them.
    func serveMetrics(_ listen: String, config: String) throws {
        do throws(StateError) {
            metrics = try MetricsServer(listen: listen, board: board, rewrite: SecretRim.redact)
        } catch {
            throw Failure(.usage, "\(config): metrics.listen: \(error.description)")
        }
    }

    /// Starts the dead-man process for every venue with orders and waits until it is armed. Blocks: before the event loop runs.
    ///
    /// - Parameter onGone: The process ended by itself; without it nothing may trade: pull the switch. From its thread.
    func guardAgainstDeath(config: String, silence: Span, onGone: @escaping @Sendable (String) -> Void) throws {
        do throws(DeadManError) {
            deadMan = try DeadMan.spawn(
                arguments: ["dead-man", "--config", config], silence: silence, logFile: folder.file("dead-man.log"), onGone: onGone)
        } catch {
            throw Failure(.unreachable, error.description)
        }
    }

    /// After the run's own end. The dead-man process is dismissed only where the account is proven empty or was never at stake;
    /// otherwise it is left to act when this process ends.
    func end(isProvenEmpty: Bool) {
        if isProvenEmpty { deadMan?.dismiss() }
        metrics?.stop()
        control?.stop()
        killSwitch.stop()
    }
}
