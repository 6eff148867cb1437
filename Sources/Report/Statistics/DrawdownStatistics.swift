import Domain

/// The way below the running peak, over all rows of equity.
struct DrawdownStatistics: Sendable {
    /// One way down from a peak.
    struct Episode: Hashable, Sendable {
        /// The last moment at the peak, or the first row where the start was the peak.
        var start: Timestamp
        var trough: Timestamp
        /// The first row back at the peak; nil: not yet.
        var recovery: Timestamp?
        /// A positive fraction of the peak.
        var depth: Double
        /// In the reporting currency.
        var loss: Amount
    }

    /// Digits after the point in `equity.csv`, and 10 to their power.
    static let places = 12
    private static var unit: UInt128 { 1_000_000_000_000 }

    private var peak: Amount
    private var peakTime: Timestamp?
    private var current: Episode?
    private(set) var deepest: Episode?
    private var longestSpan = Span.zero

    init(startingEquity: Amount) { peak = startingEquity }

    /// Takes a row; the answer is `1 − E / peak` in units of 10^-12, rounded half to even.
    mutating func row(_ time: Timestamp, _ equity: Amount) -> Int128 {
        if equity >= peak {
            recover(at: time)
            (peak, peakTime) = (equity, time)
            return 0
        }
        let loss = peak - equity
        let start = peakTime ?? time
        peakTime = start
        guard peak.raw > 0 else { return 0 }
        let depth = loss.ratio(to: peak)
        if current == nil || depth > (current?.depth ?? 0) {
            current = Episode(start: start, trough: time, recovery: nil, depth: depth, loss: loss)
        }
        if let current, depth > (deepest?.depth ?? 0) { deepest = current }
        return DrawdownStatistics.fraction(loss, of: peak)
    }

    private mutating func recover(at time: Timestamp) {
        guard let episode = current else { return }
        if deepest?.start == episode.start { deepest?.recovery = time }
        longestSpan = max(longestSpan, time - episode.start)
        current = nil
    }

    /// Nil where equity was never positive at its peak.
    var maximum: Double? { peak.raw > 0 ? deepest?.depth ?? 0 : nil }

    /// From the peak to the return to it, the longest; one that is still open counts up to `end`.
    func longest(until end: Timestamp) -> Span {
        guard let start = current?.start else { return longestSpan }
        return max(longestSpan, end - start)
    }

    /// `part / whole` in units of 10^-12, rounded half to even.
    static func fraction(_ part: Amount, of whole: Amount) -> Int128 {
        let product = part.raw.magnitude.multipliedFullWidth(by: unit)
        let divisor = whole.raw.magnitude
        // Only a peak of next to nothing can do this: the account owes 10^26 times what it ever had.
        if product.high >= divisor { return .max }
        let (quotient, remainder) = divisor.dividingFullWidth(product)
        let rest = divisor - remainder
        let roundsUp = remainder > rest || (remainder == rest && quotient & 1 == 1)
        return Int128(quotient + (roundsUp ? 1 : 0))
    }
}
