import Dispatch
import Domain
import Synchronization

/// Keeps an ``EquityLedger`` on a thread of its own: a run notes its equity a million times, and formatting takes longer than
/// noting. Rows are taken in the order in which they come, so that nothing depends on which thread is faster.
final class EquityWriter: Sendable {
    /// Rows that are handed over at once.
    static let batch = 512
    /// Batches that may wait; then whoever brings the next one waits.
    static let waiting = 4

    private let ledger: Mutex<EquityLedger>
    private let queue = DispatchQueue(label: "perigee.equity", qos: .userInitiated)
    private let places = DispatchSemaphore(value: EquityWriter.waiting)

    init(directory: String, _ context: RunContext) throws(RunFileError) {
        ledger = Mutex(try EquityLedger(directory: directory, context))
    }

    func take(_ points: [EquityPoint]) {
        places.wait()
        queue.async {
            self.ledger.withLock { $0.take(points) }
            self.places.signal()
        }
    }

    /// A write that failed, as far as is known without waiting.
    var failure: RunFileError? { ledger.withLockIfAvailable { $0.failure } ?? nil }

    /// Waits until everything taken is written.
    func drain() { queue.sync {} }

    /// Elements kept in memory once everything taken is written.
    var retained: Int {
        drain()
        return ledger.withLock { $0.retained }
    }

    func finish() throws(RunFileError) -> EquityFigures {
        drain()
        return try ledger.withLock { ledger throws(RunFileError) in try ledger.close() }
    }
}
