import Domain
import Glibc
import Tape

/// The events everything is measured on: one instrument around 60,000 on a tick of 0.1, level 2 and trades, from a fixed seed.
///
/// Of the events, about 70 in a hundred change a level behind the touch, 25 the touch itself, 5 are trades, each followed by the
/// change of the level it took from. The book never crosses. Events are about a millisecond apart, in bursts, and arrive 1 to
/// 10 ms later, in order.
@safe struct SyntheticMarket: ~Copyable {
    static let first: Int64 = 1_700_000_000_000_000_000
    private static let base = 600_000
    private static let half = 200_000

    private var chance: SplitMix64
    private let bids: UnsafeMutablePointer<Int64>
    private let asks: UnsafeMutablePointer<Int64>
    private var bid = SyntheticMarket.half
    private var ask = SyntheticMarket.half + 1
    private var exchangeTime = SyntheticMarket.first
    private var localTime = SyntheticMarket.first
    private var lag: Int64 = 3_000_000
    /// What a trade left of its level: the next event.
    private var following: MarketRecord?
    private var opening = 0

    init(seed: UInt64) {
        chance = SplitMix64(seed)
        let slots = 2 * SyntheticMarket.half + 1
        unsafe bids = .allocate(capacity: slots)
        unsafe asks = .allocate(capacity: slots)
        unsafe bids.initialize(repeating: 0, count: slots)
        unsafe asks.initialize(repeating: 0, count: slots)
    }

    deinit {
        unsafe bids.deallocate()
        unsafe asks.deallocate()
    }

    static func instrument() throws -> Instrument {
        try Instrument(
            venue: "bench", symbol: "BTC_USDT", nativeSymbol: "BTCUSDT", base: "BTC", quote: "USDT",
            tick: ExactDecimal("0.1"), lot: ExactDecimal("0.001"), makerFee: ExactDecimal("-0.00005"), takerFee: ExactDecimal("0.0007"))
    }

    static func write(to path: String, events: Int, seed: UInt64) throws {
        let writer = try TapeWriter(path: path, instruments: [instrument()], metadata: [("generator", "PerigeeBench, seed \(seed)")])
        var market = SyntheticMarket(seed: seed)
        for _ in 0..<events { try writer.append(market.next()) }
        try writer.finish(durably: false)
    }

    mutating func next() -> MarketRecord {
        tick()
        if var record = following {
            following = nil
            (record.exchangeTime, record.localTime) = (exchangeTime, localTime)
            return record
        }
        if opening < 100 {
            opening += 1
            let level = (opening - 1) / 2
            return opening % 2 == 1 ? set(.buy, SyntheticMarket.half - level, size()) : set(.sell, SyntheticMarket.half + 1 + level, size())
        }
        let side: Side = chance.below(2) == 0 ? .buy : .sell
        switch chance.below(100) {
        case 0..<70: return changeBehind(side)
        case 70..<85: return set(side, side == .buy ? bid : ask, size())
        case 85..<95: return movesTouch(side)
        default: return trade(side)
        }
    }

    /// The clocks of the next event.
    private mutating func tick() {
        exchangeTime += 1 + (chance.below(10) < 4 ? chance.below(20_000) : chance.below(3_200_000))
        lag = min(9_000_000, max(1_000_000, lag + chance.below(200_001) - 100_000))
        localTime = max(localTime + 1, exchangeTime + lag + chance.below(1_000_000))
    }

    private mutating func size() -> Int64 { 1 + chance.below(1_500) }

    private mutating func changeBehind(_ side: Side) -> MarketRecord {
        let distance = 1 + Int(chance.below(49))
        let slot = side == .buy ? bid - distance : ask + distance
        return set(side, slot, chance.below(4) == 0 ? 0 : size())
    }

    /// A better price where the spread has room, else the end of the best one.
    private mutating func movesTouch(_ side: Side) -> MarketRecord {
        let spread = ask - bid
        let improves = spread > 3 || spread > 1 && chance.below(2) == 0
        switch side {
        case .buy: return improves ? set(.buy, bid + 1, size()) : leaveBest(.buy)
        case .sell: return improves ? set(.sell, ask - 1, size()) : leaveBest(.sell)
        }
    }

    private mutating func leaveBest(_ side: Side) -> MarketRecord {
        let (best, next) = side == .buy ? (bid, following(.buy, bid)) : (ask, following(.sell, ask))
        // A side is never emptied: its last level of some hundred changes instead.
        return set(side, best, next == nil ? size() : 0)
    }

    private func following(_ side: Side, _ slot: Int) -> Int? {
        let step = side == .buy ? -1 : 1
        for distance in 1...200 where unsafe (side == .buy ? bids : asks)[slot + step * distance] > 0 { return slot + step * distance }
        return nil
    }

    /// The aggressor's side; it takes from the other one.
    private mutating func trade(_ side: Side) -> MarketRecord {
        let (taken, slot): (Side, Int) = side == .buy ? (.sell, ask) : (.buy, bid)
        let there = unsafe (taken == .buy ? bids : asks)[slot]
        let last = following(taken, slot) == nil
        let amount = min(1 + chance.below(400), last ? max(1, there - 1) : there)
        let record = record(.trade, side, slot, amount)
        if there > amount || !last { following = set(taken, slot, there - amount) }
        return record
    }

    private mutating func set(_ side: Side, _ slot: Int, _ size: Int64) -> MarketRecord {
        switch side {
        case .buy:
            unsafe bids[slot] = size
            if size > 0 { bid = max(bid, slot) } else if slot == bid { bid = following(.buy, slot) ?? slot }
        case .sell:
            unsafe asks[slot] = size
            if size > 0 { ask = min(ask, slot) } else if slot == ask { ask = following(.sell, slot) ?? slot }
        }
        return record(.level, side, slot, size)
    }

    private func record(_ kind: MarketRecord.Kind, _ side: Side, _ slot: Int, _ size: Int64) -> MarketRecord {
        MarketRecord(
            kind: kind, instrument: InstrumentID(index: 0), localTime: localTime, exchangeTime: exchangeTime, side: side,
            flags: MarketRecord.Flag.endOfBatch, a: Int64(SyntheticMarket.base + slot - SyntheticMarket.half), b: size)
    }
}

/// Steele, Lea & Flood, "Fast splittable pseudorandom number generators" (2014).
struct SplitMix64 {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// From 0 to `bound` − 1.
    mutating func below(_ bound: Int64) -> Int64 { Int64(next().multipliedFullWidth(by: UInt64(bound)).high) }
}
