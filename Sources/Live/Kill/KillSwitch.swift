internal import Domain
import Glibc
internal import NIOCore
internal import NIOPosix
internal import Synchronization
public import Venues

/// The switch inside the live process: own threads, own event loop, a warm authenticated connection per venue, and a registry of live
/// orders that it reads without the desk. A desk in an endless loop delays nothing.
///
/// - Source: `docs/safety.md`, C21.
public final class KillSwitch: Sendable {
    private let folder: StateFolder
    private let latch: Latch
    private let board: KillBoard
    private let log: @Sendable (String) -> Void
    private let onPull: @Sendable (KillLatch) -> Void
    private let loops = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    private let loop: any EventLoop
    private let group: EventLoopFuture<NIOLoopBound<KillGroup>>
    private let venues: Int
    private let pulledAs = Mutex<KillLatch?>(nil)
    private let isStopping = Atomic<Bool>(false)
    /// Wakes the thread that looks for the file and writes it.
    private let wake = Wakeup()

    /// - Parameters:
    ///   - latch: The desk's own, which its drivers look at before every write.
    ///   - registry: What the desk publishes its orders to.
    ///   - log: One line for people; from any thread.
    ///   - onPull: Once, after the cancels are under way, whoever pulled: `.halt` for the desk. From any thread.
    public init(
        folder: StateFolder, latch: Latch, venues: [KillTarget], registry: LiveOrderRegistry, log: @escaping @Sendable (String) -> Void,
        onPull: @escaping @Sendable (KillLatch) -> Void = { _ in }
    ) {
        (self.folder, self.latch, self.log, self.onPull) = (folder, latch, log, onPull)
        let board = KillBoard(venues)
        self.board = board
        self.venues = venues.count
        let loop = loops.next()
        self.loop = loop
        group = loop.submit {
            let group = KillGroup(venues, registry: registry, board: board, eventLoop: loop)
            group.completed = { log("kill: \(board.report.outcomes.map(\.text).joined(separator: "; "))") }
            return NIOLoopBound(group, eventLoop: loop)
        }
    }

    /// Connects to every venue and begins to watch for `state/kill.latch`. Waits for neither.
    public func start() {
        group.whenSuccess { $0.value.warm() }
        // The thread holds the switch until `stop`.
        if !OwnThread.start({ self.watch() }) { log("kill: no thread for the sentinel file: \(folder.latch) is not watched") }
    }

    /// Every venue's connection is authenticated: a start waits for it (C25).
    public var isReady: Bool { board.ready == venues }

    /// Why, and by whom; nil while it was not pulled.
    public var pulled: KillLatch? { pulledAs.withLock { $0 } }

    /// As far as it has come: without a time-out, it goes on until every venue is proven clean.
    public var report: KillReport { board.report }
    public var isComplete: Bool { board.isComplete }

    /// Latches, cancels, proves. From any thread, any number of times; it waits for nothing and nobody.
    public func pull(reason: String, source: String) {
        latch.close()
        pull(KillLatch(reason: reason, source: source, time: LiveClock().now.wall))
    }

    private func pull(_ cause: KillLatch) {
        latch.close()
        let pulledAt = KillRunner.now
        let isFirst = pulledAs.withLock { pulled in
            defer { pulled = pulled ?? cause }
            return pulled == nil
        }
        guard isFirst else { return }
        group.whenSuccess { $0.value.start(.cancel, pulledAt: pulledAt) }
        // The disk is another thread's: it may be full, slow or gone.
        wake.knock()
        log("kill: pulled by \(cause.source): \(cause.reason)")
        onPull(cause)
    }

    /// Ends connections and threads; what was found stays readable.
    @available(*, noasync, message: "it blocks its thread")
    public func stop() {
        guard !isStopping.exchange(true, ordering: .acquiringAndReleasing) else { return }
        wake.knock()
        do {
            try group.map { $0.value.end() }.wait()
            // What is closing needs a few turns of its loop still.
            try loop.scheduleTask(in: .milliseconds(50)) {}.futureResult.wait()
            try loops.syncShutdownGracefully()
        } catch {
            log("kill: \(error)")
        }
    }

    // MARK: - The file

    /// On a thread of its own: the file's appearance pulls, and a pull makes the file appear.
    private func watch() {
        var isWritten = false
        var hasComplained = false
        while true {
            wake.wait(milliseconds: 100)
            if let cause = pulled, !isWritten {
                isWritten = save(cause, complains: !hasComplained)
                hasComplained = !isWritten
            } else if pulled == nil, unsafe access(folder.latch, F_OK) == 0, let cause = KillLatch.read(from: folder) {
                // Somebody else wrote it: `perigee kill`, or a hand. Their reason stays.
                isWritten = true
                pull(cause)
            }
            if isStopping.load(ordering: .acquiring) { return }
        }
    }

    private func save(_ cause: KillLatch, complains: Bool) -> Bool {
        if unsafe access(folder.latch, F_OK) == 0 { return true }
        do throws(StateError) {
            try cause.write(to: folder)
            return true
        } catch {
            if complains { log("kill: latched in memory, and not on disk: \(error); trying again") }
            return false
        }
    }
}

extension KillLatch {
    /// A latched start exits 3: nothing starts until `perigee arm`.
    public static func refuseIfLatched(_ folder: StateFolder) throws(KillLatched) {
        if let latch = read(from: folder) { throw KillLatched(latch: latch, path: folder.latch) }
    }

    /// Who, why and when, for people.
    public var text: String { "pulled by \(source) at \(UTC.text(time)): \(reason)" }
}

/// The kill switch is latched.
public struct KillLatched: Error, Hashable, Sendable, CustomStringConvertible {
    public let latch: KillLatch
    public let path: String
    public var description: String {
        "the kill switch is latched (\(path)): \(latch.text); nothing starts until 'perigee arm' has found every venue empty"
    }
}
