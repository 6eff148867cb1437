import Domain

/// A mark on an axis: where, as a fraction of its length, and what it says.
struct Tick {
    let position: Double
    let label: String
}

/// The run's time from left to right, cut into equal stretches.
struct TimeAxis: Sendable {
    static let stretches = 480
    let start: Int64
    let end: Int64

    init(start: Timestamp, end: Timestamp) {
        self.start = start.nanoseconds
        self.end = max(end.nanoseconds, start.nanoseconds + 1_000_000_000)
    }

    var length: Int64 { end - start }

    func fraction(_ time: Int64) -> Double { Double(time - start) / Double(length) }

    /// The stretch a time lies in; times outside go to the first or last.
    func stretch(_ time: Int64) -> Int {
        let index = (Double(time - start) / Double(length) * Double(TimeAxis.stretches)).rounded(.down)
        return Int(min(max(index, 0), Double(TimeAxis.stretches - 1)))
    }

    private static let steps: [Int64] = [
        1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 172_800, 432_000, 604_800,
    ]

    func ticks(atMost limit: Int = 9) -> [Tick] {
        let seconds = length / 1_000_000_000
        guard let step = TimeAxis.steps.first(where: { seconds / $0 < Int64(limit) }) else { return monthTicks(limit) }
        let width = step * 1_000_000_000
        var time = (start + width - 1) / width * width
        var ticks: [Tick] = []
        var lastDay: Int64?
        while time <= end {
            let stamp = Timestamp(nanoseconds: time)
            let isNewDay = lastDay != nil && lastDay != stamp.day
            let dated = step >= 86_400 || isNewDay
            let clock = step < 60 ? stamp.clockText : String(stamp.clockText.prefix(5))
            ticks.append(Tick(position: fraction(time), label: dated ? "\(stamp.date.dayOfMonth) \(stamp.date.monthName)" : clock))
            lastDay = stamp.day
            time += width
        }
        return ticks
    }

    private func monthTicks(_ limit: Int) -> [Tick] {
        let first = Timestamp(nanoseconds: start).date
        let last = Timestamp(nanoseconds: end).date
        let months = (last.year - first.year) * 12 + last.month - first.month
        let step = [1, 2, 3, 6, 12, 24, 60].first { months / $0 < limit } ?? 120
        var ticks: [Tick] = []
        for day in Timestamp(nanoseconds: start).day...Timestamp(nanoseconds: end).day {
            let date = CivilDate(day: day)
            guard date.dayOfMonth == 1, (date.year * 12 + date.month - 1) % step == 0 else { continue }
            let position = fraction(day * Span.day.nanoseconds)
            if position >= 0 { ticks.append(Tick(position: position, label: date.month == 1 ? String(date.year) : date.monthName)) }
        }
        return ticks
    }
}

/// Values from bottom to top, with round ticks.
struct ValueAxis {
    let low: Double
    let high: Double
    let step: Double
    let places: Int

    /// - Parameter pad: a margin above and below, as a fraction of the range.
    init(_ values: ClosedRange<Double>?, includesZero: Bool = false, pad: Double = 0.05, count: Double = 4.5) {
        var low = values?.lowerBound ?? 0
        var high = values?.upperBound ?? 1
        if includesZero { (low, high) = (min(low, 0), max(high, 0)) }
        if high - low <= abs(high) * 1e-12 {
            let margin = high == 0 ? 1 : abs(high) * 0.001
            (low, high) = (low - margin, high + margin)
        }
        let margin = (high - low) * pad
        self.low = includesZero && low == 0 ? 0 : low - margin
        self.high = includesZero && high == 0 ? 0 : high + margin
        var (step, places) = ValueAxis.roundStep((self.high - self.low) / count)
        if self.high - self.low < step * 2.5 { (step, places) = ValueAxis.roundStep(step / 2.5) }
        (self.step, self.places) = (step, places)
    }

    /// The next of 1, 2, 2.5, 5 × 10^k, and the places it needs.
    private static func roundStep(_ rough: Double) -> (Double, Int) {
        var unit = 1.0
        var exponent = 0
        while unit > rough && exponent > -15 { unit /= 10; exponent -= 1 }
        while unit * 10 <= rough && exponent < 15 { unit *= 10; exponent += 1 }
        for (factor, extra) in [(1.0, 0), (2.0, 0), (2.5, 1), (5.0, 0)] where unit * factor >= rough {
            return (unit * factor, max(0, -exponent + extra))
        }
        return (unit * 10, max(0, -exponent - 1))
    }

    /// From the top down.
    func fraction(_ value: Double) -> Double { (high - value) / (high - low) }

    func ticks(_ label: (Double, Int) -> String) -> [Tick] {
        var ticks: [Tick] = []
        var index = (low / step).rounded(.up)
        while index * step <= high + step * 1e-9 {
            let value = index * step
            ticks.append(Tick(position: fraction(value), label: label(value, places)))
            index += 1
        }
        return ticks
    }
}
