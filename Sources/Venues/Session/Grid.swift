internal import Domain
internal import JSON

/// Reads numbers of a wire straight into an instrument's ticks or size units.
///
/// Venues that compute in floating point send `8768.240000000002`; what lies within a thousandth of a step is that step.
struct Grid {
    enum Reading: Equatable { case on(Int64), off, unreadable }

    let step: ExactDecimal
    /// Where the step is a power of ten: its number of places, for the fast way.
    private let places: Int?

    init(step: ExactDecimal) {
        self.step = step.normalized
        places = step.normalized.mantissa == 1 && step.normalized.scale <= 18 ? step.normalized.scale : nil
    }

    private static let powers: [Int64] = (0...18).map { Int64(ExactDecimal.powerOfTen($0)) }

    /// The number's steps: exact, or next to it where it is noise.
    @inline(__always) func read(_ text: Bytes) -> Reading {
        guard let places, let (digits, scale) = Grid.plain(text), scale <= places else { return readSlowly(text) }
        let (steps, overflow) = digits.multipliedReportingOverflow(by: Grid.powers[places - scale])
        return overflow ? .off : .on(steps)
    }

    /// Digits and number of places of a text without exponent that fits 18 digits.
    @inline(__always) private static func plain(_ text: Bytes) -> (digits: Int64, scale: Int)? {
        guard text.count > 0, text.count <= 18 else { return nil }
        let negative = text[0] == UInt8(ascii: "-")
        var index = negative ? 1 : 0
        var value: Int64 = 0
        var point = -1
        while index < text.count {
            let digit = text[index] &- 48
            if digit <= 9 {
                value = value &* 10 &+ Int64(digit)
            } else if text[index] == UInt8(ascii: "."), point < 0 {
                point = index
            } else {
                return nil
            }
            index += 1
        }
        if text.count == (negative ? 1 : 0) + (point < 0 ? 0 : 1) { return nil }
        return (negative ? -value : value, point < 0 ? 0 : text.count - point - 1)
    }

    @inline(never) private func readSlowly(_ text: Bytes) -> Reading {
        let decimal: ExactDecimal
        do throws(ExactDecimal.ParseError) {
            decimal = unsafe try ExactDecimal(utf8: UnsafeBufferPointer(start: text.start, count: text.count))
        } catch {
            return .unreadable
        }
        return steps(of: decimal).map(Reading.on) ?? .off
    }

    /// Whole steps of a decimal, noise forgiven; nil where it lies between two steps or does not fit.
    func steps(of decimal: ExactDecimal) -> Int64? {
        if let exact = decimal.multiple(of: step) { return exact }
        guard let (steps, distance) = nearest(decimal), distance.multipliedReportingOverflow(by: 1_000).overflow == false,
            let unit = step.scaled(to: max(decimal.scale, step.scale)), distance * 1_000 <= unit
        else { return nil }
        return steps
    }

    /// The nearest whole number of steps, however far it is; at least one where the decimal is above zero.
    func nearestSteps(of decimal: ExactDecimal) -> Int64? {
        guard let (steps, _) = nearest(decimal) else { return nil }
        return decimal.mantissa > 0 ? max(steps, 1) : steps
    }

    /// The nearest step and how far it is, at the finer scale of the two.
    private func nearest(_ decimal: ExactDecimal) -> (steps: Int64, distance: Int128)? {
        let common = max(decimal.scale, step.scale)
        guard let own = decimal.scaled(to: common), let unit = step.scaled(to: common) else { return nil }
        let (quotient, remainder) = own.quotientAndRemainder(dividingBy: unit)
        let away: Int128 = own < 0 ? -1 : 1
        let up = remainder.magnitude > (unit - Int128(remainder.magnitude)).magnitude
        guard let steps = Int64(exactly: up ? quotient + away : quotient) else { return nil }
        return (steps, up ? unit - Int128(remainder.magnitude) : Int128(remainder.magnitude))
    }

    /// The decimal without its noise; as it is where it is none.
    func cleaned(_ decimal: ExactDecimal) -> ExactDecimal {
        guard let steps = steps(of: decimal) else { return decimal }
        let (mantissa, overflow) = Int128(steps).multipliedReportingOverflow(by: step.mantissa)
        return overflow ? decimal : ExactDecimal(mantissa: mantissa, scale: step.scale).normalized
    }
}
