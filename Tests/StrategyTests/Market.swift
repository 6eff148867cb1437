import Domain
import Foundation
import Tape

/// A small market written by hand or by a seed, as a tape in a scratch folder.
///
/// Prices are in ticks and sizes in lots; one tick and one lot are 1 unless the instrument says otherwise, so that a test's
/// numbers are exact.
struct SmallMarket {
    static let start: Int64 = 1_700_006_400_000_000_000  // a full hour
    static let second: Int64 = 1_000_000_000
    static let minute: Int64 = 60 * second

    let instruments: [Instrument]
    private(set) var records: [MarketRecord] = []
    private var books: [[Side: [Int64: Int64]]]

    init(_ instruments: [Instrument]) {
        self.instruments = instruments
        books = instruments.map { _ in [.buy: [:], .sell: [:]] }
    }

    static func instrument(
        _ base: String = "ABC", venue: String = "t", kind: DataKind, tick: String = "1", lot: String = "1", takerFee: String = "0", makerFee: String = "0"
    ) throws -> Instrument {
        try Instrument(
            venue: venue, symbol: base + "_USD", nativeSymbol: base + "USD", base: base, quote: "USD", tick: ExactDecimal(tick),
            lot: ExactDecimal(lot), makerFee: ExactDecimal(makerFee), takerFee: ExactDecimal(takerFee),
            barInterval: kind == .bars ? Span(nanoseconds: minute) : .zero, dataKind: kind)
    }

    // MARK: - Level 2

    /// The whole book from now on: only what differs is recorded, as one message.
    mutating func book(at time: Int64, _ instrument: Int = 0, bids: [(Int64, Int64)], asks: [(Int64, Int64)]) {
        var changes: [MarketRecord] = []
        for (side, levels) in [(Side.buy, bids), (.sell, asks)] {
            let wanted = Dictionary(uniqueKeysWithValues: levels)
            let standing = books[instrument][side] ?? [:]
            for price in Set(wanted.keys).union(standing.keys).sorted() where wanted[price] != standing[price] {
                changes.append(
                    MarketRecord(
                        kind: .level, instrument: InstrumentID(index: instrument), localTime: SmallMarket.start + time,
                        exchangeTime: SmallMarket.start + time, side: side, a: price, b: wanted[price] ?? 0))
            }
            books[instrument][side] = wanted
        }
        guard !changes.isEmpty else { return }
        changes[changes.count - 1].flags |= MarketRecord.Flag.endOfBatch
        records += changes
    }

    mutating func trade(at time: Int64, _ price: Int64, _ size: Int64, _ aggressor: Side, _ instrument: Int = 0) {
        records.append(
            MarketRecord(
                kind: .trade, instrument: InstrumentID(index: instrument), localTime: SmallMarket.start + time,
                exchangeTime: SmallMarket.start + time, side: aggressor, flags: MarketRecord.Flag.endOfBatch, a: price, b: size))
    }

    // MARK: - Bars

    /// The bar of minute number `minute`.
    mutating func bar(_ minute: Int, _ instrument: Int = 0, open: Int64, high: Int64, low: Int64, close: Int64) {
        let opens = SmallMarket.start + Int64(minute) * SmallMarket.minute
        records.append(
            MarketRecord(
                kind: .bar, instrument: InstrumentID(index: instrument), localTime: opens + SmallMarket.minute, exchangeTime: opens,
                flags: MarketRecord.Flag.endOfBatch, a: open, b: high, c: low, d: close, e: 100, aux: 10))
    }

    struct Bar {
        var open: Int64
        var high: Int64
        var low: Int64
        var close: Int64
    }

    /// Bars that wander, each opening where the last one closed, or a little beside it.
    static func wander(_ count: Int, from price: Int64, step: Int, seed: UInt64) -> [Bar] {
        var random = Seeded(seed)
        var last = price
        return (0..<count).map { _ in
            let open = last + Int64(random.below(5)) - 2
            let close = open + Int64(random.below(2 * step + 1)) - Int64(step)
            last = close
            return Bar(
                open: open, high: max(open, close) + Int64(random.below(step)), low: min(open, close) - Int64(random.below(step)), close: close)
        }
    }

    static func market(of bars: [Bar], lot: String = "1") throws -> SmallMarket {
        var market = SmallMarket([try instrument(kind: .bars, lot: lot)])
        for (minute, bar) in bars.enumerated() { market.bar(minute, open: bar.open, high: bar.high, low: bar.low, close: bar.close) }
        return market
    }

    // MARK: - As a tape

    /// The file is gone as soon as it is mapped.
    func tape() throws -> MergedTape {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("strategy-\(UUID().uuidString).tape").path
        let writer = try TapeWriter(path: path, instruments: instruments, metadata: [])
        for record in records { try writer.append(record) }
        try writer.finish()
        defer { try? FileManager.default.removeItem(atPath: path) }
        return try MergedTape(paths: [path])
    }
}

/// Numbers from a seed: the same in every run.
struct Seeded {
    private var state: UInt64
    init(_ seed: UInt64) { state = seed &* 2_862_933_555_777_941_757 &+ 3_037_000_493 }

    mutating func below(_ bound: Int) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int((state >> 33) % UInt64(bound))
    }
}
