/// How a number that lies between two steps is brought to one of them.
public enum RoundingRule: Hashable, Sendable {
    /// To the nearer step; from the middle to the even one.
    case nearest
    case down, up, towardZero
}

extension ExactDecimal {
    /// With at most so many digits after the point.
    public func rounded(toPlaces places: Int, _ rule: RoundingRule = .nearest) -> ExactDecimal {
        guard places < scale else { return self }
        let divisor = ExactDecimal.powerOfTen(scale - places)
        return ExactDecimal(mantissa: ExactDecimal.divide(mantissa, by: divisor, rule), scale: places)
    }

    /// The multiple of `step` that the rule chooses; nil where a common scale does not fit in 128 bits.
    public func rounded(toMultipleOf step: ExactDecimal, _ rule: RoundingRule = .nearest) -> ExactDecimal? {
        precondition(step.mantissa > 0, "a step must be above zero")
        let own = normalized
        let each = step.normalized
        let common = max(own.scale, each.scale)
        guard let value = own.scaled(to: common), let unit = each.scaled(to: common) else { return nil }
        let (product, overflow) = ExactDecimal.divide(value, by: unit, rule).multipliedReportingOverflow(by: unit)
        return overflow ? nil : ExactDecimal(mantissa: product, scale: common).normalized
    }

    private static func divide(_ value: Int128, by divisor: Int128, _ rule: RoundingRule) -> Int128 {
        let (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
        if remainder == 0 { return quotient }
        let away: Int128 = value < 0 ? -1 : 1
        switch rule {
        case .towardZero: return quotient
        case .down: return value < 0 ? quotient - 1 : quotient
        case .up: return value < 0 ? quotient : quotient + 1
        case .nearest:
            let rest = remainder.magnitude
            let other = divisor.magnitude - rest
            if rest == other { return quotient % 2 == 0 ? quotient : quotient + away }
            return rest > other ? quotient + away : quotient
        }
    }
}
