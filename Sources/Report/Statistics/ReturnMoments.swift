/// Sums over returns, enough for volatility, Sharpe and Sortino; two of them add up.
struct ReturnMoments: Hashable, Sendable {
    private(set) var count = 0
    private var sum = DoubleDouble.zero
    private var squares = DoubleDouble.zero
    /// Of the returns below zero.
    private var downsideSquares = DoubleDouble.zero

    mutating func add(_ r: Double) {
        count += 1
        if r == 0 { return }
        let square = DoubleDouble.product(r, r)
        sum += r
        squares += square
        if r < 0 { downsideSquares += square }
    }

    mutating func add(_ other: ReturnMoments) {
        count += other.count
        sum += other.sum
        squares += other.squares
        downsideSquares += other.downsideSquares
    }

    var mean: Double? { count > 0 ? finite((sum / DoubleDouble(Double(count))).value) : nil }

    /// With n − 1 below the line; nil for fewer than two returns.
    var standardDeviation: Double? {
        guard count > 1 else { return nil }
        let n = DoubleDouble(Double(count))
        let variance = (squares - sum * sum / n) / DoubleDouble(Double(count - 1))
        return finite(max(variance.value, 0).squareRoot())
    }

    func volatility(samplesPerYear: Double) -> Double? {
        standardDeviation.flatMap { finite($0 * samplesPerYear.squareRoot()) }
    }

    /// Nil where every return is the same.
    func sharpe(samplesPerYear: Double) -> Double? {
        guard let mean, let deviation = standardDeviation, deviation > 0 else { return nil }
        return finite(mean / deviation * samplesPerYear.squareRoot())
    }

    /// Nil where no return is below zero.
    func sortino(samplesPerYear: Double) -> Double? {
        guard let mean, downsideSquares.high > 0 else { return nil }
        let downside = (downsideSquares / DoubleDouble(Double(count))).value.squareRoot()
        return finite(mean / downside * samplesPerYear.squareRoot())
    }

    /// For `charts.json`.
    var json: [JSON] { [.integer(count), .ratio(sum.value), .ratio(squares.value)] }
}

func finite(_ value: Double) -> Double? { value.isFinite ? value : nil }
