/// An exact amount of one currency, in units of 10^-24.
///
/// One fixed unit for all money makes every sum exact and every comparison an integer comparison. With 24 places the notional of
/// any tick × lot × fee rate down to 10^-24 is whole; 128 bits hold 170 trillion of a currency.
///
/// - Units: 10^-24 of the currency.
/// - Overflow: traps. Wrong money must stop the process, not reach a report.
public struct Amount: Hashable, Comparable, Sendable, BitwiseCopyable {
    public static let scale = 24
    public let raw: Int128
    public static let zero = Amount(raw: 0)

    @inline(__always) public init(raw: Int128) { self.raw = raw }

    /// Nil where the decimal is finer than 10^-24 or too large.
    public init?(_ decimal: ExactDecimal) {
        guard let raw = decimal.scaled(to: Amount.scale) else { return nil }
        self.raw = raw
    }

    public static func < (lhs: Amount, rhs: Amount) -> Bool { lhs.raw < rhs.raw }
    public static func + (lhs: Amount, rhs: Amount) -> Amount { Amount(raw: lhs.raw + rhs.raw) }
    public static func - (lhs: Amount, rhs: Amount) -> Amount { Amount(raw: lhs.raw - rhs.raw) }
    public static func += (lhs: inout Amount, rhs: Amount) { lhs = lhs + rhs }
    public static func -= (lhs: inout Amount, rhs: Amount) { lhs = lhs - rhs }
    public static prefix func - (value: Amount) -> Amount { Amount(raw: -value.raw) }
    public static func * (lhs: Amount, count: Int64) -> Amount { Amount(raw: lhs.raw * Int128(count)) }
    public var magnitude: Amount { raw < 0 ? Amount(raw: -raw) : self }

    public var decimal: ExactDecimal { ExactDecimal(mantissa: raw, scale: Amount.scale) }

    /// `self × numerator ÷ denominator`, rounded half to even at `places` digits after the point, through 256 bits.
    public func scaled(by numerator: Int128, over denominator: Int128, places: Int = Amount.scale) -> Amount {
        precondition(denominator != 0, "division by zero")
        let step = UInt128(ExactDecimal.powerOfTen(Amount.scale - places))
        let negative = ((raw < 0) != (numerator < 0)) != (denominator < 0)
        let product = raw.magnitude.multipliedFullWidth(by: numerator.magnitude)
        let (divisor, overflow) = denominator.magnitude.multipliedReportingOverflow(by: step)
        precondition(!overflow && product.high < divisor, "an amount does not fit 128 bits")
        let (quotient, remainder) = divisor.dividingFullWidth(product)
        let half = divisor - remainder
        let roundsUp = remainder > half || (remainder == half && quotient & 1 == 1)
        let magnitude = Int128((quotient + (roundsUp ? 1 : 0)) * step)
        return Amount(raw: negative ? -magnitude : magnitude)
    }
}

extension Amount: CustomStringConvertible {
    /// Plain decimal digits, no trailing zeros.
    public var description: String { decimal.description }
}
