public import Domain
internal import NIOCore
internal import NIOPosix
internal import Venues

/// Empties accounts, or looks at them, from a thread that has nothing else to do: `perigee kill`, `perigee arm`.
public enum KillRunner {
    public enum Mission: Hashable, Sendable {
        /// Cancel everything and prove that nothing is left.
        case cancel
        /// List only; clean after two empty listings.
        case inspect
    }

    /// Monotonic ns, the clock of every time in a report.
    public static var now: Int64 { Int64(clamping: NIODeadline.now().uptimeNanoseconds) }

    /// Begins at once, on a thread and an event loop of its own, and connects by itself.
    public static func begin(
        _ mission: Mission, _ targets: [KillTarget], timeout: Span, known: LiveOrderRegistry = LiveOrderRegistry(), pulledAt: Int64 = KillRunner.now
    ) -> KillRun {
        KillRun(mission, targets, timeout: timeout, registry: known, pulledAt: pulledAt)
    }
}

/// A kill under way.
public final class KillRun: Sendable {
    private let board: KillBoard
    private let loops = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    private let group: EventLoopFuture<NIOLoopBound<KillGroup>>
    private let finished: EventLoopPromise<Void>

    init(_ mission: KillRunner.Mission, _ targets: [KillTarget], timeout: Span, registry: LiveOrderRegistry, pulledAt: Int64) {
        let loop = loops.next()
        let board = KillBoard(targets)
        let finished = loop.makePromise(of: Void.self)
        (self.board, self.finished) = (board, finished)
        group = loop.submit {
            let group = KillGroup(targets, registry: registry, board: board, eventLoop: loop)
            group.completed = { finished.succeed() }
            group.start(mission == .cancel ? .cancel : .inspect, pulledAt: pulledAt)
            return NIOLoopBound(group, eventLoop: loop)
        }
        let left = max(0, timeout.nanoseconds - (KillRunner.now - pulledAt))
        loop.scheduleTask(in: .nanoseconds(left)) { finished.succeed() }
    }

    /// As far as it has come.
    public var report: KillReport { board.report }

    /// Waits for the proof or the time-out, whichever comes first. Once.
    @available(*, noasync, message: "it blocks its thread")
    public func wait() -> KillReport {
        do {
            try finished.futureResult.wait()
            try group.map { $0.value.end() }.wait()
            // What is closing needs a few turns of its loop still.
            try loops.next().scheduleTask(in: .milliseconds(50)) {}.futureResult.wait()
            try loops.syncShutdownGracefully()
        } catch {
            // Closing what is left open at the end changes nothing about what was found.
        }
        return board.report
    }
}
