import Domain
import Live
import Recording
import Tape
import Trading

/// Another sink of a desk with the run's journal beside it.
final class JournalSink: DeskSink {
    private let base: any DeskSink
    private let journal: JournalWriter
    /// The first failure of the journal; the run is ended for it. Nothing is written after it.
    private let onFailure: (any Error) -> Void
    private var hasFailed = false
    /// The same, for who closes the run.
    private(set) var failure: (any Error)?

    init(_ base: any DeskSink, journal: JournalWriter, onFailure: @escaping (any Error) -> Void) {
        (self.base, self.journal, self.onFailure) = (base, journal, onFailure)
    }

    private func write(_ body: () throws -> Void) {
        guard !hasFailed else { return }
        do { try body() } catch {
            hasFailed = true
            failure = error
            onFailure(error)
        }
    }

    func input(_ input: Input, strategy: Int?, at time: Timestamp) {
        write { try journal.input(input, seat: strategy, at: time) }
        base.input(input, strategy: strategy, at: time)
    }

    func effects(_ effects: [Effect], strategy: Int) {
        write { try journal.effects(effects, seat: strategy) }
        base.effects(effects, strategy: strategy)
    }

    func verdict(_ verdict: StrategyVerdict, strategy: Int) {
        write { try journal.verdict(verdict, seat: strategy) }
        base.verdict(verdict, strategy: strategy)
    }

    /// The desk has noted the equity of this moment just now.
    func sampled(at time: Timestamp, strategy: Int, desk: borrowing Desk) {
        write { try journal.sampled(seat: strategy, at: time) }
        base.sampled(at: time, strategy: strategy, desk: desk)
    }

    /// The strategy was asked for its state: `on_save` ran.
    func saved(strategy: Int, at time: Timestamp) { write { try journal.saved(seat: strategy, at: time) } }

    func filled(_ fill: BookedFill, strategy: Int, desk: borrowing Desk) { base.filled(fill, strategy: strategy, desk: desk) }
    func closed(_ order: OrderRecord, strategy: Int, desk: borrowing Desk) { base.closed(order, strategy: strategy, desk: desk) }
    func noted(_ note: Note, strategy: Int) { base.noted(note, strategy: strategy) }

    func flush() {
        write { try journal.flush() }
        base.flush()
    }

    /// The end of the run.
    ///
    /// - Parameter modules: by strategy, what it read after the head was written.
    func finish(modules: [[JournalHead.Module]], at time: Timestamp) {
        write {
            for (seat, list) in modules.enumerated() { try journal.modules(list, seat: seat, at: time) }
            try journal.finish()
        }
    }
}
