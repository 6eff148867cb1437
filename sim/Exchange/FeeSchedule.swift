internal import Domain

/// A fee, positive where it is paid.
struct Fee {
    let amount: Amount
    let isInBase: Bool
}

/// Maker and taker rates of one instrument, as fees of one lot at a price of one tick, and the venue's way to charge them.
struct FeeSchedule {
    private let makerRate: ExactDecimal
    private let takerRate: ExactDecimal
    private let makerTickLot: Amount?
    private let takerTickLot: Amount?
    private let baseLot: Amount
    private let currency: FeeCurrency
    private let rounding: FeeRounding?

    init(_ instrument: Instrument, _ override: FeeOverride) {
        makerRate = override.maker ?? instrument.makerFee
        takerRate = override.taker ?? instrument.takerFee
        makerTickLot = FeeSchedule.tickLot(instrument, makerRate)
        takerTickLot = FeeSchedule.tickLot(instrument, takerRate)
        (baseLot, currency, rounding) = (instrument.baseLot, override.currency, override.rounding)
    }

    /// Nil where the product is finer than an amount can be.
    private static func tickLot(_ instrument: Instrument, _ rate: ExactDecimal) -> Amount? {
        let notional = (instrument.tick * instrument.lot).normalized
        let rate = rate.normalized
        if notional.scale + rate.scale > Amount.scale { return nil }
        return Amount(notional * rate)
    }

    private func isInBase(_ side: Side) -> Bool {
        switch currency {
        case .quote: false
        case .base: true
        case .received: side == .buy
        }
    }

    /// Exact; to 10^-24 only where tick × lot × rate is finer than that; then the venue's rounding.
    func fee(_ side: Side, _ notional: Amount, ticks: Int64, lots: Int64, _ liquidity: Liquidity) -> Fee {
        let (rate, tickLot) = liquidity == .maker ? (makerRate, makerTickLot) : (takerRate, takerTickLot)
        let inBase = isInBase(side)
        let exact: Amount
        if inBase {
            exact = (baseLot * lots).scaled(by: rate.mantissa, over: ExactDecimal.powerOfTen(rate.scale))
        } else if let tickLot {
            exact = Amount(raw: tickLot.raw * Int128(ticks) * Int128(lots))
        } else {
            exact = notional.scaled(by: rate.mantissa, over: ExactDecimal.powerOfTen(rate.scale))
        }
        return Fee(amount: rounded(exact), isInBase: inBase)
    }

    private func rounded(_ fee: Amount) -> Amount {
        guard let rounding else { return fee }
        let step = ExactDecimal.powerOfTen(Amount.scale - rounding.places)
        switch rounding.direction {
        case .halfEven: return fee.scaled(by: 1, over: 1, places: rounding.places)
        case .down: return Amount(raw: fee.raw / step * step)
        case .up:
            let down = fee.raw / step * step
            return Amount(raw: fee.raw > down ? down + step : down)
        }
    }

    /// The larger of both fees, at least zero: what must be held back for a fill of either kind.
    func worst(_ side: Side, _ notional: Amount, ticks: Int64, lots: Int64) -> Fee {
        let maker = fee(side, notional, ticks: ticks, lots: lots, .maker)
        let taker = fee(side, notional, ticks: ticks, lots: lots, .taker)
        return Fee(amount: max(.zero, max(maker.amount, taker.amount)), isInBase: maker.isInBase)
    }
}
