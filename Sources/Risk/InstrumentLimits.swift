import Domain

/// Every limit that applies to one instrument, resolved to its lots and ticks, the tightest of all scopes: what the gate compares
/// with. A limit that is not set is the largest number there is.
struct InstrumentLimits: Sendable, BitwiseCopyable {
    var minQuantityLots: Int64
    var minNotional: Amount
    var tickLot: Amount
    var baseLot: Amount
    var maxOrderLots = Int64.max
    var maxOrderValue = Amount(raw: .max)
    var hasCollar = false
    /// Parts of 10^9.
    var aggressive = InstrumentLimits.unbounded
    var passive = InstrumentLimits.unbounded
    var referenceMaxAge = InstrumentLimits.defaultReferenceMaxAge
    var maxInstrumentOrders = Int.max
    var maxAccountOrders = Int.max
    var maxInstrumentOpenValue = Amount(raw: .max)
    var maxAccountOpenValue = Amount(raw: .max)
    var maxPositionLots = Int64.max
    /// The highest fee of a fill and the kept-back part of a balance, parts of 10^`feeScale` and of 10^9.
    var feeParts: Int128
    var feeUnit: Int128
    /// The largest ticks × lots, lots, and value whose products below cannot overflow. A checked multiplication of 128 bits costs
    /// as much as a division, so the factors are bounded instead.
    var largestProduct: Int128
    var largestLots: Int128
    var largestFeeValue: Int128
    var haircut: Int64 = 0
    var duplicateWindow = Span.zero

    static let unit: Int64 = 1_000_000_000
    static let unbounded = Int64.max
    /// The widest collar that is told from none: a thousand times the reference.
    static let widestCollar: Int64 = 1_000 * unit
    static let defaultReferenceMaxAge = Span(nanoseconds: 5_000_000_000)

    var hasValueLimit: Bool { maxOrderValue.raw != .max }
    var hasOpenValueLimit: Bool { maxInstrumentOpenValue.raw != .max || maxAccountOpenValue.raw != .max }

    init(_ instrument: Instrument, limits: RiskLimits, strategy: String) {
        minQuantityLots = instrument.minQuantity.lots
        (minNotional, tickLot, baseLot) = (instrument.minNotional, instrument.tickLot, instrument.baseLot)
        let fee = instrument.makerFee.isMore(than: instrument.takerFee) ? instrument.makerFee : instrument.takerFee
        let fees = fee.normalized
        feeParts = max(0, fees.mantissa)
        feeUnit = ExactDecimal.powerOfTen(fees.scale)
        largestProduct = Gate.largestValue / tickLot.raw
        largestLots = Int128.max / baseLot.raw
        largestFeeValue = min(Gate.largestValue, Int128.max / max(1, feeParts))
        apply(limits.account, to: instrument)
        apply(limits.strategies[strategy] ?? RiskLimits.Scope(), to: instrument)
        let own = limits.scope(of: instrument)
        let accountWide = (maxAccountOrders, maxAccountOpenValue)
        apply(own ?? RiskLimits.Scope(), to: instrument)
        (maxAccountOrders, maxAccountOpenValue) = accountWide
        maxInstrumentOrders = own?.maxOpenOrders ?? .max
        maxInstrumentOpenValue = own?.maxOpenValue ?? Amount(raw: .max)
    }

    /// Takes each limit of the scope that is tighter.
    private mutating func apply(_ scope: RiskLimits.Scope, to instrument: Instrument) {
        if let quantity = scope.maxOrderQuantity[instrument.base] {
            maxOrderLots = min(maxOrderLots, quantity.whole(of: instrument.lot))
        }
        if let position = scope.maxPosition[instrument.base] {
            maxPositionLots = min(maxPositionLots, position.whole(of: instrument.lot))
        }
        maxOrderValue = min(maxOrderValue, scope.maxOrderValue ?? maxOrderValue)
        maxAccountOrders = min(maxAccountOrders, scope.maxOpenOrders ?? maxAccountOrders)
        maxAccountOpenValue = min(maxAccountOpenValue, scope.maxOpenValue ?? maxAccountOpenValue)
        if let window = scope.duplicateWindow { duplicateWindow = max(duplicateWindow, window) }
        if let part = scope.balanceHaircut { haircut = max(haircut, part.wholeUp(of: InstrumentLimits.part)) }
        if let collar = scope.priceCollar { apply(collar) }
    }

    private mutating func apply(_ collar: RiskLimits.PriceCollar) {
        let isFirst = !hasCollar
        hasCollar = true
        if let part = collar.aggressive { aggressive = min(aggressive, InstrumentLimits.parts(of: part)) }
        if let part = collar.passive { passive = min(passive, InstrumentLimits.parts(of: part)) }
        if let age = collar.referenceMaxAge { referenceMaxAge = isFirst ? age : min(referenceMaxAge, age) }
    }

    private static func parts(of fraction: ExactDecimal) -> Int64 { min(widestCollar, fraction.whole(of: part)) }

    /// Price × size in the quote currency; nil where that is too large to judge.
    @inline(__always) func value(ticks: Int64, lots: Int64) -> Int128? {
        let product = Int128(ticks) &* Int128(lots)
        return product <= largestProduct ? tickLot.raw &* product : nil
    }

    /// 10^-9: the grain of fractions.
    private static let part = ExactDecimal(mantissa: 1, scale: 9)
}

extension ExactDecimal {
    /// How many whole `unit`s fit into this number of zero or more; the largest count where that is beyond counting.
    func whole(of unit: ExactDecimal) -> Int64 {
        let (own, each) = (normalized, unit.normalized)
        let common = max(own.scale, each.scale)
        guard let have = own.scaled(to: common), let need = each.scaled(to: common) else { return .max }
        return Int64(clamping: have / need)
    }

    /// The same, rounded up.
    func wholeUp(of unit: ExactDecimal) -> Int64 {
        let count = whole(of: unit)
        return multiple(of: unit) == nil && count < .max ? count + 1 : count
    }

    func isMore(than other: ExactDecimal) -> Bool {
        let (left, right) = (normalized, other.normalized)
        let common = max(left.scale, right.scale)
        guard let own = left.scaled(to: common), let its = right.scaled(to: common) else {
            return left.mantissa > 0 && right.mantissa <= 0
        }
        return own > its
    }
}
