import Domain

/// What the page draws of equity: its way, that without fees, the drawdown, sums of returns for the rolling Sharpe ratio, and each
/// day's end. Bounded, however long the run, but for one value a day.
struct EquityLines: Sendable {
    struct DayClose: Sendable {
        let day: Int64
        var equity: Double
    }

    private(set) var equity = AdaptiveSeries<ValueBucket<Double>>()
    /// With the fees so far put back.
    private(set) var gross = AdaptiveSeries<ValueBucket<Double>>()
    /// Zero or below.
    private(set) var drawdown = AdaptiveSeries<ValueBucket<Double>>()
    private(set) var returns = AdaptiveSeries<ReturnMoments>()
    private(set) var days: [DayClose] = []

    /// - Parameter below: `1 − E / peak` in units of 10^-12.
    mutating func row(_ row: EquityRow, fees: Amount, below: Int128) {
        let value = row.equity.units / 1e24
        equity.add(ValueBucket(value), at: row.time)
        gross.add(ValueBucket(fees.raw == 0 ? value : (row.equity + fees).units / 1e24), at: row.time)
        drawdown.add(ValueBucket(below == 0 ? 0 : -Double(Int64(clamping: below)) / 1e12), at: row.time)
        let day = row.time.day
        if days.last?.day == day {
            days[days.count - 1].equity = value
        } else {
            days.append(DayClose(day: day, equity: value))
        }
    }

    mutating func returns(_ moments: ReturnMoments, at time: Timestamp) {
        if moments.count > 0 { returns.add(moments, at: time) }
    }

    var retained: Int { equity.buckets.count + gross.buckets.count + drawdown.buckets.count + returns.buckets.count + days.count }

    var returnsJSON: JSON {
        .object([
            "width_ns": .integer(returns.width.nanoseconds),
            "columns": .array(["time", "samples", "sum", "sum_of_squares"].map { .string($0) }),
            "rows": returns.rows { $0.json },
        ])
    }

    var daysJSON: JSON {
        .object([
            "columns": .array([.string("day"), .string("equity")]),
            "rows": .array(days.map { .array([.integer($0.day), .ratio($0.equity)]) }),
        ])
    }
}
