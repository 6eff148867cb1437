import Live
import Synchronization

/// What other threads want of the desk: its own looks each few milliseconds, because nothing may wait for it.
final class LiveSignals: Sendable {
    private let kill = Mutex<KillLatch?>(nil)
    private let isStopAsked = Atomic<Bool>(false)
    private let gone = Mutex<String?>(nil)

    private let lines = Mutex<[String]>([])

    /// A line for the run's log, from any thread; more than a thousand that nobody took are dropped.
    func note(_ line: String) { lines.withLock { if $0.count < 1_000 { $0.append(line) } } }

    func takeLines() -> [String] {
        lines.withLock { lines in
            defer { lines = [] }
            return lines
        }
    }

    func pulled(_ latch: KillLatch) { kill.withLock { $0 = latch } }
    private let seen = Mutex<[Int?]>([])

    /// A person has seen an alert, all where nil.
    func acknowledge(_ number: Int?) { seen.withLock { $0.append(number) } }
    func takeAcknowledged() -> [Int?] {
        seen.withLock { list in
            defer { list.removeAll() }
            return list
        }
    }

    func askStop() { isStopAsked.store(true, ordering: .releasing) }
    /// The dead-man process ended by itself.
    func lostDeadMan(_ why: String) { gone.withLock { $0 = why } }

    var pulledLatch: KillLatch? { kill.withLock { $0 } }
    var wantsStop: Bool { isStopAsked.load(ordering: .acquiring) }
    var deadManLost: String? { gone.withLock { $0 } }
}
