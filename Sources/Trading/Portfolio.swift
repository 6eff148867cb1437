public import Domain

/// One instrument's position at average cost.
public struct Position: Hashable, Sendable, BitwiseCopyable {
    /// Signed, in lots.
    public internal(set) var lots: Int64 = 0
    /// Notional paid (long) or received (short) for what is open now; never negative.
    public internal(set) var cost = Amount.zero
    /// Fees paid to open what is open now.
    public internal(set) var entryFees = Amount.zero
    /// P&L of everything closed, fees taken off.
    public internal(set) var realised = Amount.zero
    /// All fees so far; a rebate lowers it.
    public internal(set) var fees = Amount.zero
    public internal(set) var volumeLots: Int64 = 0
    public internal(set) var notional = Amount.zero

    public init() {}
}

/// What one fill did to a position.
public struct FillOutcome: Hashable, Sendable, BitwiseCopyable {
    public var positionAfter: Int64
    /// Lots of the position that this fill closed; above zero makes it a trade.
    public var closedLots: Int64
    /// P&L of the closed part: average cost, its share of this fill's fee and of the entry fees taken off.
    public var realised: Amount
    /// The fee in the quote currency, also where it was paid in base.
    public var feeInQuote: Amount

    public init(positionAfter: Int64, closedLots: Int64, realised: Amount, feeInQuote: Amount) {
        (self.positionAfter, self.closedLots, self.realised, self.feeInQuote) = (positionAfter, closedLots, realised, feeInQuote)
    }
}

/// Cash per currency and positions per instrument, in exact integers.
///
/// - Source: `docs/fills.md`, accounting.
public struct Portfolio: Sendable {
    /// Cost and fee shares are rounded half to even here; the remainder stays with the open part, so sums stay exact.
    static let sharePlaces = 12

    public private(set) var positions: [Position]
    /// By place in ``currencies``.
    public private(set) var cash: [Amount]
    public let currencies: [String]
    private let instruments: [Instrument]
    let quoteCurrency: [Int]
    private let baseCurrency: [Int]

    /// - Parameter balances: starting cash; a currency that no instrument has is kept too.
    public init(instruments: [Instrument], balances: [(currency: String, amount: Amount)]) {
        var names: [String] = []
        for name in instruments.flatMap({ [$0.quote, $0.base] }) + balances.map(\.currency) where !names.contains(name) {
            names.append(name)
        }
        currencies = names
        self.instruments = instruments
        quoteCurrency = instruments.map { names.firstIndex(of: $0.quote) ?? 0 }
        baseCurrency = instruments.map { names.firstIndex(of: $0.base) ?? 0 }
        positions = Array(repeating: Position(), count: instruments.count)
        cash = Array(repeating: .zero, count: names.count)
        for balance in balances {
            if let index = names.firstIndex(of: balance.currency) { cash[index] += balance.amount }
        }
    }

    public func currencyIndex(_ name: String) -> Int? { currencies.firstIndex(of: name) }

    /// Cash, plus what positions hold of the currency as base.
    public func balance(currency: Int) -> Amount {
        var total = cash[currency]
        for index in instruments.indices where baseCurrency[index] == currency {
            total += instruments[index].baseLot * positions[index].lots
        }
        return total
    }

    /// Sets the cash so that the account holds this much of the currency.
    mutating func setBalance(_ currency: String, _ total: Amount) {
        guard let index = currencyIndex(currency) else { return }
        cash[index] += total - balance(currency: index)
    }

    public mutating func apply(_ fill: Fill, side: Side, instrument id: InstrumentID) -> FillOutcome {
        let index = id.position
        let instrument = instruments[index]
        let notional = instrument.notional(fill.price, fill.quantity)
        let lots = side.sign * fill.quantity.lots
        cash[quoteCurrency[index]] -= side == .buy ? notional : -notional
        var fee = fill.fee
        if fill.feeInBase {
            cash[baseCurrency[index]] -= fill.fee
            fee = fill.fee.scaled(by: instrument.tickLot.raw * Int128(fill.price.ticks), over: instrument.baseLot.raw)
        } else {
            cash[quoteCurrency[index]] -= fee
        }
        positions[index].volumeLots += fill.quantity.lots
        positions[index].notional += notional
        positions[index].fees += fee
        return settle(lots: lots, notional: notional, fee: fee, at: index)
    }

    /// Splits a fill into what it closes and what it opens.
    private mutating func settle(lots: Int64, notional: Amount, fee: Amount, at index: Int) -> FillOutcome {
        let before = positions[index].lots
        let opposes = (before > 0 && lots < 0) || (before < 0 && lots > 0)
        let closed = opposes ? min(abs(before), abs(lots)) : 0
        var realised = Amount.zero
        if closed > 0 {
            let all = Int128(abs(lots))
            let isWhole = closed == abs(before)
            let part = Int128(closed)
            let proceeds = closed == abs(lots) ? notional : notional.scaled(by: part, over: all, places: Amount.scale)
            let ownFee = closed == abs(lots) ? fee : fee.scaled(by: part, over: all, places: Portfolio.sharePlaces)
            let open = Int128(abs(before))
            let cost = isWhole ? positions[index].cost
                : positions[index].cost.scaled(by: part, over: open, places: Portfolio.sharePlaces)
            let entryFees = isWhole ? positions[index].entryFees
                : positions[index].entryFees.scaled(by: part, over: open, places: Portfolio.sharePlaces)
            let gross = before > 0 ? proceeds - cost : cost - proceeds
            realised = gross - ownFee - entryFees
            positions[index].cost -= cost
            positions[index].entryFees -= entryFees
            positions[index].realised += realised
            positions[index].cost += notional - proceeds
            positions[index].entryFees += fee - ownFee
        } else {
            positions[index].cost += notional
            positions[index].entryFees += fee
        }
        positions[index].lots = before + lots
        return FillOutcome(positionAfter: before + lots, closedLots: closed, realised: realised, feeInQuote: fee)
    }
}
