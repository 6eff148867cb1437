import Domain
import Trading
import Venues

extension DeskCore {
    /// One message's records, through the paper venue and every engine.
    func market(_ records: [MarketRecord]) {
        for record in records {
            var record = record
            record.localTime = now.wall.nanoseconds
            unsafe withUnsafePointer(to: record) { pointer in
                unsafe paper?.apply(pointer, at: now.wall)
                let input = unsafe Input.market(pointer, instrument: Int(record.instrument))
                inputs += 1
                sink.input(input, strategy: nil, at: now.wall)
                isStepping = true
                for seat in seats.indices { step(seat, input) }
                isStepping = false
            }
            if !pending.isEmpty { drain() }
        }
        paperDue()
    }

    /// Reports of the paper venue that are due at the desk by now.
    func paperDue() {
        guard paper != nil else { return }
        while let (seat, input) = paper?.nextInput(at: now.wall) {
            feed(seat, input)
            drain()
        }
    }
}
