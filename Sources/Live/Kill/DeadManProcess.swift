internal import Domain
import Glibc
internal import NIOCore
internal import NIOPosix

/// The other process: it holds a connection of its own to every venue, and when the live process falls silent it empties the account.
///
/// It waits for nothing then, reports to its log, and does not latch.
///
/// - Source: `docs/safety.md`, C23.
public struct DeadManProcess: Sendable {
    public enum Ending: Hashable, Sendable {
        /// The live process said good-bye.
        case dismissed
        /// It would not arm.
        case refused(String)
        /// It acted.
        case acted(why: String, KillReport)

        public var exitStatus: Int32 {
            switch self {
            case .dismissed: 0
            case .refused: 2
            case .acted(_, let report): report.exitStatus
            }
        }
    }

    let targets: [KillTarget]
    /// Venues that are to be watched and cannot be: it does not arm then.
    let unreachable: [String]
    let descriptor: Int32
    /// The state folder: its ledger tells which orders were sent.
    let folder: String?
    let log: @Sendable (String) -> Void
    /// How long connections may take to be ready.
    var armingPatience = Span(nanoseconds: 10_000_000_000)
    /// After this long it gives up and says what is left.
    var killPatience = Span(nanoseconds: 600_000_000_000)

    public init(
        targets: [KillTarget], unreachable: [String], descriptor: Int32 = 0, folder: String? = nil, log: @escaping @Sendable (String) -> Void
    ) {
        (self.targets, self.unreachable, self.descriptor, self.folder, self.log) = (targets, unreachable, descriptor, folder, log)
    }

    /// Handshake, watch, act; returns when there is nothing more to do.
    @available(*, noasync, message: "it blocks its thread")
    public func run() -> Ending {
        let deadline = KillRunner.now + armingPatience.nanoseconds
        guard let line = DeadManLink.line(from: descriptor, until: deadline), let hello = DeadManLink.parse(line) else {
            return refuse("no handshake of a perigee on the descriptor \(descriptor)")
        }
        guard let own = BinaryHash.running(), own == hello.hash else {
            return refuse("another binary: the live process runs \(hello.hash.prefix(16)), this is \(BinaryHash.running()?.prefix(16) ?? "unreadable")")
        }
        if !unreachable.isEmpty { return refuse(unreachable.joined(separator: "; ")) }
        let group = WarmGroup(targets, log: log)
        guard group.waitReady(until: deadline) else {
            let why = "not every venue could be reached: \(group.board.report.outcomes.map(\.text).joined(separator: "; "))"
            group.end()
            return refuse(why)
        }
        log("dead-man: armed for \(targets.map(\.name).joined(separator: ", ")); silence of \(hello.silence.text) acts; binary \(own.prefix(16))")
        _ = DeadManLink.send("armed\n".utf8, to: descriptor)
        let why = watch(hello.silence)
        defer { group.end() }
        guard let why else {
            log("dead-man: dismissed")
            return .dismissed
        }
        log("dead-man: \(why); cancelling everything")
        let follower = folder.map { LedgerFollower(folder: $0, into: group.registry) }
        let report = group.kill(patience: killPatience)
        follower?.stop()
        for outcome in report.outcomes { log("dead-man: \(outcome.text)") }
        return .acted(why: why, report)
    }

    private func refuse(_ why: String) -> Ending {
        log("dead-man: refused to arm: \(why)")
        let line = why.unicodeScalars.map { $0 == "\n" ? " " : String($0) }.joined()
        _ = DeadManLink.send("refused \(line)\n".utf8, to: descriptor)
        return .refused(why)
    }

    /// Nil after a good-bye; else why it is to act.
    private func watch(_ silence: Span) -> String? {
        var heard = KillRunner.now
        var bytes = [UInt8](repeating: 0, count: 256)
        while true {
            let left = heard + silence.nanoseconds - KillRunner.now
            if left <= 0 { return "the live process was silent for \(silence.text)" }
            var poller = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            let ready = unsafe poll(&poller, 1, Int32(clamping: left / 1_000_000 + 1))
            if ready < 0, errno != EINTR { return "the descriptor cannot be watched: error \(errno)" }
            guard ready > 0 else { continue }
            let count = unsafe recv(descriptor, &bytes, bytes.count, 0)
            if count < 0, errno == EINTR || errno == EAGAIN { continue }
            guard count > 0 else { return "the live process is gone" }
            if bytes[..<count].contains(DeadManLink.bye) { return nil }
            heard = KillRunner.now
        }
    }
}

/// Connections kept ready on a loop of their own until they are needed, or not.
private final class WarmGroup: Sendable {
    let board: KillBoard
    let registry = LiveOrderRegistry()
    private let count: Int
    private let loops = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    private let group: EventLoopFuture<NIOLoopBound<KillGroup>>
    private let finished: EventLoopPromise<Void>

    init(_ targets: [KillTarget], log: @escaping @Sendable (String) -> Void) {
        let (board, loop, registry) = (KillBoard(targets), loops.next(), registry)
        let finished = loop.makePromise(of: Void.self)
        (self.board, self.count, self.finished) = (board, targets.count, finished)
        group = loop.submit {
            let group = KillGroup(targets, registry: registry, board: board, eventLoop: loop)
            group.completed = { finished.succeed() }
            group.warm()
            return NIOLoopBound(group, eventLoop: loop)
        }
    }

    @available(*, noasync, message: "it blocks its thread")
    func waitReady(until deadline: Int64) -> Bool {
        while board.ready < count {
            if KillRunner.now >= deadline || board.isRefused { return false }
            _ = poll(nil, 0, 5)
        }
        return true
    }

    @available(*, noasync, message: "it blocks its thread")
    func kill(patience: Span) -> KillReport {
        let (now, finished) = (KillRunner.now, finished)
        group.whenSuccess { $0.value.start(.cancel, pulledAt: now) }
        loops.next().scheduleTask(in: .nanoseconds(patience.nanoseconds)) { finished.succeed() }
        do { try finished.futureResult.wait() } catch { return board.report }
        return board.report
    }

    @available(*, noasync, message: "it blocks its thread")
    func end() {
        finished.succeed()
        do {
            try group.map { $0.value.end() }.wait()
            // What is closing needs a few turns of its loop still.
            try loops.next().scheduleTask(in: .milliseconds(50)) {}.futureResult.wait()
            try loops.syncShutdownGracefully()
        } catch { return }
    }
}
