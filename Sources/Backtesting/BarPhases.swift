import Domain

/// The recorded bars that have begun at the venue and not yet ended: a bar happens twice there, at its open and at its close.
struct BarPhases {
    private struct Running {
        let record: MarketRecord
        let instrument: Int
        let close: Int64
    }

    private var running: [Running] = []
    private let intervals: [Int64]
    private(set) var nextClose = Int64.max

    init(instruments: [Instrument]) {
        intervals = instruments.map(\.barInterval.nanoseconds)
    }

    mutating func begin(_ record: MarketRecord, instrument: Int) {
        let close = record.exchangeTime + intervals[instrument]
        running.append(Running(record: record, instrument: instrument, close: close))
        nextClose = min(nextClose, close)
    }

    func isRunning(_ instrument: Int) -> Bool { running.contains { $0.instrument == instrument } }

    /// The first begun of those that end first.
    mutating func end() -> (record: MarketRecord, instrument: Int) {
        guard let index = running.firstIndex(where: { $0.close == nextClose }) else { preconditionFailure("no bar is running") }
        let ended = running.remove(at: index)
        nextClose = running.reduce(.max) { min($0, $1.close) }
        return (ended.record, ended.instrument)
    }
}
