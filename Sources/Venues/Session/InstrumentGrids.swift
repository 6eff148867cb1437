internal import Domain
internal import JSON

/// Why a market message cannot be believed.
struct MarketFault: Error, Equatable {
    let why: String
}

/// The grids on which an instrument's numbers lie.
struct InstrumentGrids {
    let price: Grid
    /// Of orders and executions.
    let quantity: Grid
    /// Of book levels and public trades.
    let size: Grid

    init(_ instrument: Instrument) {
        (price, quantity, size) = (Grid(step: instrument.tick), Grid(step: instrument.lot), Grid(step: instrument.sizeUnit))
    }

    /// A price of the market as ticks.
    func ticks(_ text: Bytes) throws -> Int64 {
        switch price.read(text) {
        case .on(let ticks) where ticks > 0: return ticks
        case .on: throw MarketFault(why: "the price \(text.excerpt) is not above zero")
        case .off: throw MarketFault(why: "the price \(text.excerpt) is no multiple of the tick \(price.step)")
        case .unreadable: throw MarketFault(why: "the price \(text.excerpt) is no number")
        }
    }

    /// A size of the market as size units; one that is finer than an order may be is the nearest unit.
    func units(_ text: Bytes) throws -> Int64 {
        switch size.read(text) {
        case .on(let units) where units >= 0: return units
        case .on: throw MarketFault(why: "the size \(text.excerpt) is negative")
        case .off:
            guard let decimal = try? ExactDecimal(text.text), decimal.mantissa > 0, let units = size.nearestSteps(of: decimal) else {
                throw MarketFault(why: "the size \(text.excerpt) is out of range")
            }
            return units
        case .unreadable: throw MarketFault(why: "the size \(text.excerpt) is no number")
        }
    }

    /// What a message that could not be read says to people.
    static func why(_ error: any Error) -> String {
        if let fault = error as? MarketFault { return fault.why }
        if let error = error as? JSONError { return "at byte \(error.offset) expected \(error.expected)" }
        return "\(error)"
    }
}

/// One level of a side: what stands there, in ticks and size units.
struct BookLevel: Equatable, BitwiseCopyable {
    var ticks: Int64
    var size: Int64
}

/// A whole book, or what changed in one, as a message told it.
struct BookData {
    var bids: [BookLevel] = []
    var asks: [BookLevel] = []
    var time: Timestamp?
    /// Of snapshots, where the venue numbers them: rises.
    var sequence: Int64?
    /// Of changes: their number and that of the one before.
    var update: Int64?
    var previous: Int64?
}

/// One public trade.
struct TradeData {
    /// The venue's id as a number that fits; only compared.
    var id: UInt64?
    var ticks: Int64 = 0
    var size: Int64 = 0
    /// Who took.
    var side: Side?
    var time: Timestamp?

    /// The digits of an id, or a hash of a text that is no number (FNV-1a).
    static func number(_ text: Bytes) -> UInt64 {
        if let value = text.integer { return UInt64(bitPattern: value) }
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for index in 0..<text.count { hash = (hash ^ UInt64(text[index])) &* 0x0000_0100_0000_01B3 }
        return hash
    }
}
