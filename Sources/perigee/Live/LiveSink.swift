import Domain
import Live
import Recording
import Report
import Trading

/// Writes a live or paper run down: one folder a strategy, through the same rows as a backtest.
final class LiveSink: DeskSink {
    struct Seat {
        let recorder: RunRecorder
        let sink: RunSink
    }

    let seats: [Seat]
    let status: LiveStatus
    /// When the message under way came in, monotonic ns; asked where an order leaves for a paper venue.
    var frame: () -> Int64 = { .min }
    private var lastRecord = Timestamp(nanoseconds: 0)
    private(set) var events = 0
    /// The first failure of a file; the desk is stopped for it.
    var onFailure: (any Error) -> Void = { _ in }
    private var hasFailed = false

    init(seats: [Seat], instruments: Int) {
        self.seats = seats
        status = LiveStatus(instruments: instruments)
    }

    private func write(_ body: () throws -> Void) {
        do { try body() } catch { fail(error) }
    }

    private func fail(_ error: any Error) {
        guard !hasFailed else { return }
        hasFailed = true
        onFailure(error)
    }

    func filled(_ fill: BookedFill, strategy: Int, desk: borrowing Desk) {
        status.filled()
        do { try seats[strategy].sink.filled(fill, desk: desk) } catch { fail(error) }
    }

    func closed(_ order: OrderRecord, strategy: Int, desk: borrowing Desk) {
        status.closed(order)
        do { try seats[strategy].sink.closed(order, desk: desk) } catch { fail(error) }
    }

    func sampled(at time: Timestamp, strategy: Int, desk: borrowing Desk) {
        do {
            try seats[strategy].sink.sampled(at: time, lastRecord: lastRecord, desk: desk)
            if seats[strategy].sink.nextMark <= time.nanoseconds { try seats[strategy].sink.marked(at: time, desk: desk) }
        } catch { fail(error) }
    }

    func noted(_ note: Note, strategy: Int) { write { try seats[strategy].sink.noted(note) } }

    func input(_ input: Input, strategy: Int?, at time: Timestamp) {
        status.input(input)
        guard case .market = input else { return }
        events += 1
        lastRecord = time
    }

    func effects(_ effects: [Effect], strategy: Int) {
        guard !effects.isEmpty else { return }
        let arrival = frame()
        for _ in 0..<status.effects(effects) where arrival != .min { status.record("frame_to_order", Span(nanoseconds: KillRunner.now - arrival)) }
    }

    func verdict(_ verdict: StrategyVerdict, strategy: Int) {}
    func saved(strategy: Int, at time: Timestamp) {}

    func flush() {
        for seat in seats {
            seat.recorder.flush()
            if let failure = seat.recorder.failure { fail(failure) }
        }
    }
}
