/// An instrument's place in the run's list; the index of every table that is kept per instrument.
public struct InstrumentID: Hashable, Comparable, Sendable, BitwiseCopyable {
    public let index: UInt16
    @inline(__always) public init(index: Int) { self.index = UInt16(index) }
    @inline(__always) public var position: Int { Int(index) }
    public static func < (lhs: InstrumentID, rhs: InstrumentID) -> Bool { lhs.index < rhs.index }
}

/// What kind of records a recorded instrument is made of; decides the fill rules.
public enum DataKind: UInt8, Hashable, Sendable { case level2 = 0, quotes = 1, bars = 2, level3 = 3, trades = 4 }

/// An instrument's constants: its names, its grid, its costs.
public struct Instrument: Hashable, Sendable {
    /// The venue's short name, `file` where a capture does not tell.
    public let venue: String
    /// Canonical `BASE_QUOTE`.
    public let symbol: String
    /// The venue's own spelling, `BTCUSDT` or `XBT/EUR`.
    public let nativeSymbol: String
    public let base: String
    public let quote: String
    /// Smallest step of a price, in quote units.
    public let tick: ExactDecimal
    /// Smallest step of an order's size, in base units.
    public let lot: ExactDecimal
    /// The unit of recorded sizes, in base units; divides the lot. Captures hold sizes finer than an order may be.
    public let sizeUnit: ExactDecimal
    public let minQuantity: Quantity
    public let minNotional: Amount
    /// Fractions of notional; negative is a rebate.
    public let makerFee: ExactDecimal
    public let takerFee: ExactDecimal
    /// Length of a bar on tapes of bars, else zero.
    public let barInterval: Span
    public let dataKind: DataKind

    /// Recorded size units in one lot.
    public let unitsPerLot: Int64
    /// Value of one lot at a price of one tick, in the quote currency.
    public let tickLot: Amount
    /// Value of one recorded size unit at a price of one tick; exact or rounded to 10^-24.
    public let baseLot: Amount

    public struct BadGrid: Error, Hashable, Sendable {
        public let message: String
    }

    public init(
        venue: String, symbol: String, nativeSymbol: String, base: String, quote: String,
        tick: ExactDecimal, lot: ExactDecimal, sizeUnit: ExactDecimal? = nil,
        minQuantity: Quantity = Quantity(lots: 1), minNotional: Amount = .zero,
        makerFee: ExactDecimal = .zero, takerFee: ExactDecimal = .zero,
        barInterval: Span = .zero, dataKind: DataKind = .level2
    ) throws(BadGrid) {
        guard tick.mantissa > 0 else { throw BadGrid(message: "the tick of \(venue):\(symbol) is \(tick); it must be above zero") }
        guard lot.mantissa > 0 else { throw BadGrid(message: "the lot of \(venue):\(symbol) is \(lot); it must be above zero") }
        let unit = sizeUnit ?? lot
        guard let unitsPerLot = lot.multiple(of: unit), unitsPerLot > 0 else {
            throw BadGrid(message: "the lot \(lot) of \(venue):\(symbol) is not a multiple of its size unit \(unit)")
        }
        guard tick.scale + lot.scale <= Amount.scale, let tickLot = Amount(tick * lot), let baseLot = Amount(lot) else {
            throw BadGrid(message: "tick \(tick) × lot \(lot) of \(venue):\(symbol) is finer than 1e-24")
        }
        (self.venue, self.symbol, self.nativeSymbol, self.base, self.quote) = (venue, symbol, nativeSymbol, base, quote)
        (self.tick, self.lot, self.sizeUnit, self.unitsPerLot) = (tick, lot, unit, unitsPerLot)
        (self.minQuantity, self.minNotional) = (minQuantity, minNotional)
        (self.makerFee, self.takerFee, self.barInterval, self.dataKind) = (makerFee, takerFee, barInterval, dataKind)
        (self.tickLot, self.baseLot) = (tickLot, baseLot)
    }

    /// The same instrument at other fees; nil keeps one.
    public func with(makerFee: ExactDecimal?, takerFee: ExactDecimal?) throws(BadGrid) -> Instrument {
        try Instrument(
            venue: venue, symbol: symbol, nativeSymbol: nativeSymbol, base: base, quote: quote, tick: tick, lot: lot,
            sizeUnit: sizeUnit, minQuantity: minQuantity, minNotional: minNotional, makerFee: makerFee ?? self.makerFee,
            takerFee: takerFee ?? self.takerFee, barInterval: barInterval, dataKind: dataKind)
    }

    /// `venue:SYMBOL`, as files and JSON print it.
    public var name: String { "\(venue):\(symbol)" }

    /// Price × size in the quote currency, exact.
    public func notional(_ price: Price, _ quantity: Quantity) -> Amount {
        Amount(raw: tickLot.raw * Int128(price.ticks) * Int128(quantity.lots))
    }

    public func decimal(_ price: Price) -> ExactDecimal {
        ExactDecimal(mantissa: Int128(price.ticks), scale: 0) * tick
    }

    public func decimal(_ quantity: Quantity) -> ExactDecimal { decimal(lots: quantity.lots) }

    /// A signed number of lots in base units.
    public func decimal(lots: Int64) -> ExactDecimal { ExactDecimal(mantissa: Int128(lots), scale: 0) * lot }

    /// A recorded size in base units.
    public func decimal(units: Int64) -> ExactDecimal { ExactDecimal(mantissa: Int128(units), scale: 0) * sizeUnit }

    /// Nil where the decimal is off the tick.
    public func price(_ decimal: ExactDecimal) -> Price? { decimal.multiple(of: tick).map(Price.init(ticks:)) }
}
