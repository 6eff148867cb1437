package import Domain

extension Amount {
    /// The nearest double to the count of 10^-24 units: for ratios, where the unit falls out.
    ///
    /// The library's own conversion from 128 bits goes through a generic loop of some hundred calls; this one is exact in the same way.
    package var units: Double {
        let magnitude = raw.magnitude
        let high = UInt64(truncatingIfNeeded: magnitude &>> 64)
        let low = UInt64(truncatingIfNeeded: magnitude)
        if high == 0 { return raw < 0 ? -Double(low) : Double(low) }
        // The upper 64 significant bits, the lowest of them set if anything below is: rounding sees what it must.
        let shift = UInt64(high.leadingZeroBitCount)
        let top = shift == 0 ? high : high &<< shift | low &>> (64 - shift)
        let rest = low &<< shift
        let rounded = Double(top | (rest == 0 ? 0 : 1))
        let value = Double(sign: .plus, exponent: 64 - Int(shift), significand: rounded)
        return raw < 0 ? -value : value
    }

    /// `self / whole` as a double.
    func ratio(to whole: Amount) -> Double { units / whole.units }
}
