import Domain

/// What the samples of equity add up to.
struct SampleSums: Hashable, Sendable {
    var moments = ReturnMoments()
    var count = 0
    private var equity = DoubleDouble.zero
    private var exposure = DoubleDouble.zero

    mutating func add(_ row: EquityRow, after previous: Amount?) {
        if let previous {
            moments.add((row.equity - previous).ratio(to: previous))
        }
        count += 1
        let units = row.equity.units
        equity += units
        exposure += row.positionValue.magnitude.units / units
    }

    mutating func add(_ other: SampleSums) {
        moments.add(other.moments)
        count += other.count
        equity += other.equity
        exposure += other.exposure
    }

    /// In units of 10^-24; nil without a sample.
    var meanEquityRaw: Double? { count > 0 ? finite((equity / DoubleDouble(Double(count))).value) : nil }

    /// Mean of |position value| / equity.
    var meanExposure: Double? { count > 0 ? finite((exposure / DoubleDouble(Double(count))).value) : nil }
}

/// Takes the samples in order of time and, with the equity calendar, leaves out those outside the tape's sessions.
///
/// A session is what lies between the first and the last market record of one UTC day, both included. Whether a sample lies
/// before the day's last record is known only when a later one has come, so samples wait in `pending`, as sums.
struct SampleStatistics: Sendable {
    let calendar: YearCalendar
    private let samplePeriod: Span
    private(set) var sums = SampleSums()
    private var lastEquity: Amount?

    private var pending = SampleSums()
    private var pendingEquity: Amount?
    private var pendingTime: Timestamp?
    private var day: Int64?
    private var countOfDay = 0
    private var fullSession = 0

    init(calendar: YearCalendar, samplePeriod: Span) {
        self.calendar = calendar
        self.samplePeriod = samplePeriod
    }

    /// The returns that have become certain with this sample.
    mutating func sample(_ row: EquityRow) -> ReturnMoments {
        switch calendar {
        case .crypto:
            var one = SampleSums()
            one.add(row, after: lastEquity)
            sums.add(one)
            lastEquity = row.equity
            return one.moments
        case .equity:
            return session(row)
        }
    }

    private mutating func session(_ row: EquityRow) -> ReturnMoments {
        let today = row.time.day
        if today != day {
            (pending, pendingTime, pendingEquity) = (SampleSums(), nil, nil)
            (day, countOfDay) = (today, 0)
        }
        guard row.lastRecord.day == today else { return ReturnMoments() }
        var certain = ReturnMoments()
        if let last = pendingTime, row.lastRecord > last { certain = settle() }
        pending.add(row, after: pendingEquity ?? lastEquity)
        (pendingEquity, pendingTime) = (row.equity, row.time)
        if row.lastRecord == row.time { certain.add(settle()) }
        return certain
    }

    private mutating func settle() -> ReturnMoments {
        let settled = pending.moments
        countOfDay += pending.count
        fullSession = max(fullSession, countOfDay)
        sums.add(pending)
        lastEquity = pendingEquity ?? lastEquity
        (pending, pendingTime, pendingEquity) = (SampleSums(), nil, nil)
        return settled
    }

    /// 365 days of samples, or 252 sessions of as many samples as the longest session had.
    var samplesPerYear: Double {
        switch calendar {
        case .crypto: Double(365 * Span.day.nanoseconds) / Double(samplePeriod.nanoseconds)
        case .equity: Double(252 * fullSession)
        }
    }
}

extension Timestamp {
    /// Days since the epoch; a day rolls at 00:00 UTC.
    var day: Int64 {
        let length = Span.day.nanoseconds
        return (nanoseconds >= 0 ? nanoseconds : nanoseconds - (length - 1)) / length
    }
}
