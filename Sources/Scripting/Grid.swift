internal import Domain

/// The grid of an instrument's prices or sizes, and the way over the border to Lua's doubles and back.
///
/// - Units: a count of steps inside, the double nearest to the exact decimal outside.
struct Grid: BitwiseCopyable {
    /// One step is `mantissa × 10^-scale`.
    private let mantissa: Int64
    private let scale: Int
    private let divisor: Double
    private let step: Double
    /// Up to here both the product and the power of ten are exact doubles, so that one division rounds correctly.
    private static let exact: Int64 = 1 << 53
    /// Counts that a script may write; above, neighbouring steps are no different doubles.
    static let largestCount: Int64 = 1 << 52

    init(step decimal: ExactDecimal) {
        let plain = decimal.normalized
        guard let mantissa = Int64(exactly: plain.mantissa), mantissa > 0, plain.scale <= 22 else {
            preconditionFailure("the step \(decimal) of an instrument is too fine for a script")
        }
        self.mantissa = mantissa
        scale = plain.scale
        divisor = Double(ExactDecimal.powerOfTen(plain.scale))
        step = Double(mantissa) / divisor
    }

    /// Half the step: for the middle of two prices.
    var halved: Grid { Grid(step: ExactDecimal(mantissa: Int128(mantissa) * 5, scale: scale + 1)) }

    /// The double nearest to `count` steps.
    @inline(__always) func number(_ count: Int64) -> Double {
        let (product, overflow) = count.multipliedReportingOverflow(by: mantissa)
        if !overflow, product <= Grid.exact, product >= -Grid.exact { return Double(product) / divisor }
        return farNumber(count)
    }

    private func farNumber(_ count: Int64) -> Double {
        nearestDouble(ExactDecimal(mantissa: Int128(count) * Int128(mantissa), scale: scale))
    }

    /// The count that a script means by `value`, where it lies on the grid within max(1e-6 of a step, 2 ulp), else nil.
    @inline(__always) func count(of value: Double) -> Int64? {
        // Nearly always it is the very double that a count has.
        let guess = guess(value)
        if guess.magnitude <= Double(Grid.largestCount) {
            let count = Int64(guess)
            if number(count) == value { return count }
        }
        return countNear(value)
    }

    /// About how many steps: the whole number near it is the count, or one beside it.
    @inline(__always) private func guess(_ value: Double) -> Double {
        let steps = value * divisor / Double(mantissa)
        return steps + (steps < 0 ? -0.5 : 0.5)
    }

    @inline(never) private func countNear(_ value: Double) -> Int64? {
        guard let near = nearestCount(to: value) else { return nil }
        return abs(number(near) - value) <= max(1e-6 * step, 2 * value.ulp) ? near : nil
    }

    private func nearestCount(to value: Double) -> Int64? {
        let estimate = guess(value)
        guard estimate.magnitude <= Double(Grid.largestCount) else { return nil }  // also for NaN
        var best = Int64(estimate)
        if number(best) == value { return best }
        for other in [best - 1, best + 1] where abs(number(other) - value) < abs(number(best) - value) { best = other }
        return best
    }

    enum Rounding: Int { case down = 0, up, nearest }

    /// A value on the grid, or nil where it is too large. A value that is on the grid as ``count(of:)`` sees it stays.
    func rounded(_ value: Double, _ rounding: Rounding) -> Double? {
        if let count = count(of: value) { return number(count) }
        guard let near = nearestCount(to: value) else { return nil }
        let below = number(near) <= value ? near : near - 1
        switch rounding {
        case .down: return number(below)
        case .up: return number(below + 1)
        case .nearest: return number(value - number(below) < number(below + 1) - value ? below : below + 1)
        }
    }
}

/// The double nearest to a decimal; exact where one division is enough, else by way of its digits.
func nearestDouble(_ decimal: ExactDecimal) -> Double {
    var mantissa = decimal.mantissa
    var scale = decimal.scale
    for power in [12, 6, 3, 1, 1] {
        let ten = ExactDecimal.powerOfTen(power)
        while scale >= power, mantissa % ten == 0 {
            mantissa /= ten
            scale -= power
        }
    }
    // By way of 64 bits: a conversion of 128 is not one instruction but a thousand.
    if scale <= 22, mantissa >= -(1 << 53), mantissa <= 1 << 53 { return Double(Int64(truncatingIfNeeded: mantissa)) / exactPowers[scale] }
    return Double(decimal.description) ?? .nan
}

func nearestDouble(_ amount: Amount) -> Double { nearestDouble(amount.decimal) }

/// The powers of ten that are exact doubles.
private let exactPowers: [Double] = (0...22).map { Double(ExactDecimal.powerOfTen($0)) }
