internal import Domain
internal import NIOCore
internal import Synchronization

/// What a kill has come to, readable from any thread.
final class KillBoard: Sendable {
    struct State {
        var report: KillReport
        var ready: Int = 0
        var isRefused = false
        var isComplete = false
    }
    let state: Mutex<State>

    init(_ targets: [KillTarget]) {
        state = Mutex(State(report: KillReport(outcomes: targets.map { KillOutcome(venue: $0.name, finding: .unreachable("not asked yet")) })))
    }

    var report: KillReport { state.withLock { $0.report } }
    var isComplete: Bool { state.withLock { $0.isComplete } }
    /// A venue has refused us for good, or we it: waiting for it is pointless.
    var isRefused: Bool { state.withLock { $0.isRefused } }
    /// Venues whose connection is authenticated.
    var ready: Int { state.withLock { $0.ready } }
}

/// All venues of a kill on one event loop.
final class KillGroup {
    private let lines: [KillLine]
    private let board: KillBoard
    private let eventLoop: any EventLoop
    private var isStarted = false
    private var refreshing: RepeatedTask?
    /// Once, when every venue is done.
    var completed: (() -> Void)?

    init(_ targets: [KillTarget], registry: LiveOrderRegistry, board: KillBoard, eventLoop: any EventLoop) {
        lines = targets.map { KillLine($0, registry: registry, eventLoop: eventLoop) }
        (self.board, self.eventLoop) = (board, eventLoop)
        for line in lines { line.changed = { [unowned self] in self.publish() } }
    }

    func warm() { for line in lines { line.warm() } }

    func start(_ mission: KillLine.Mission, pulledAt: Int64) {
        guard !isStarted else { return }
        isStarted = true
        for line in lines {
            line.warm()
            line.start(mission, pulledAt: pulledAt)
        }
        let box = NIOLoopBound(self, eventLoop: eventLoop)
        refreshing = eventLoop.scheduleRepeatedTask(initialDelay: .milliseconds(20), delay: .milliseconds(20)) { _ in
            for line in box.value.lines { line.refresh() }
        }
        publish()
    }

    private func publish() {
        let report = KillReport(outcomes: lines.map(\.outcome))
        let isComplete = isStarted && lines.allSatisfy(\.isDone)
        let ready = lines.count { $0.isReady }
        let isRefused = lines.contains { $0.isRefused }
        board.state.withLock { state in
            (state.report, state.ready, state.isComplete) = (report, ready, state.isComplete || isComplete)
            state.isRefused = isRefused
        }
        guard isComplete, let completed else { return }
        refreshing?.cancel()
        self.completed = nil
        completed()
    }

    func end() {
        refreshing?.cancel()
        completed = nil
        for line in lines { line.end() }
    }
}
