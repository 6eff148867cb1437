import Domain
import Exchange

/// SplitMix64.
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64
    init(seed: UInt64) { state = seed }
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
    mutating func pick(_ range: ClosedRange<Int64>) -> Int64 { Int64.random(in: range, using: &self) }
    mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &self) < percent }
}

func decimal(_ text: String) -> ExactDecimal { try! ExactDecimal(text) }
func amount(_ text: String) -> Amount { Amount(decimal(text))! }

/// BTC_USDT with a tick of 0.1 and a lot of 0.001, maker −0.00005, taker 0.0007.
func testInstrument(
    _ kind: DataKind = .level2, sizeUnit: String = "0.001", maker: String = "-0.00005", taker: String = "0.0007",
    minQuantity: Int64 = 1, minNotional: String = "0"
) -> Instrument {
    try! Instrument(
        venue: "test", symbol: "BTC_USDT", nativeSymbol: "BTCUSDT", base: "BTC", quote: "USDT", tick: decimal("0.1"),
        lot: decimal("0.001"), sizeUnit: decimal(sizeUnit), minQuantity: Quantity(lots: minQuantity),
        minNotional: amount(minNotional), makerFee: decimal(maker), takerFee: decimal(taker),
        barInterval: kind == .bars ? Span("1m")! : .zero, dataKind: kind)
}

func record(
    _ kind: MarketRecord.Kind, at time: Int64, _ side: Side? = nil, _ a: Int64 = 0, _ b: Int64 = 0, _ c: Int64 = 0, _ d: Int64 = 0,
    _ e: Int64 = 0, aux: UInt32 = 0, flags: UInt8 = 0
) -> MarketRecord {
    MarketRecord(
        kind: kind, instrument: InstrumentID(index: 0), localTime: time, exchangeTime: time, side: side, flags: flags,
        a: a, b: b, c: c, d: d, e: e, aux: aux)
}

/// A short way to drive one instrument: numbers in, lines of text out.
final class Bench {
    var exchange: SimExchange
    var time: Int64 = 0
    private var nextID: UInt64 = 0

    init(_ instrument: Instrument = testInstrument(), _ configure: (inout ExchangeRules) -> Void = { _ in }) {
        var rules = ExchangeRules()
        configure(&rules)
        exchange = SimExchange(instruments: [instrument], rules: rules)
    }

    func apply(_ record: MarketRecord) {
        withUnsafePointer(to: record) { exchange.apply($0, instrument: 0) }
    }
    func tick() -> Int64 { time += 1; return time }
    func level(_ side: Side, _ ticks: Int64, _ units: Int64) { apply(record(.level, at: tick(), side, ticks, units)) }
    func trade(_ aggressor: Side?, _ ticks: Int64, _ units: Int64, flags: UInt8 = 0) {
        apply(record(.trade, at: tick(), aggressor, ticks, units, flags: flags))
    }
    func quote(_ bid: (Int64, Int64)?, _ ask: (Int64, Int64)?) {
        apply(record(
            .quote, at: tick(), nil, bid?.0 ?? 0, bid?.1 ?? 0, ask?.0 ?? 0, ask?.1 ?? 0,
            aux: (bid == nil ? 0 : 1) | (ask == nil ? 0 : 2)))
    }
    /// A bar of minute `minute`, opened and closed.
    func bar(_ minute: Int64, _ open: Int64, _ high: Int64, _ low: Int64, _ close: Int64, volume: Int64 = 1_000_000) {
        openBar(minute, open, high, low, close, volume: volume)
        closeBar(minute, open, high, low, close, volume: volume)
    }
    func openBar(_ minute: Int64, _ open: Int64, _ high: Int64, _ low: Int64, _ close: Int64, volume: Int64 = 1_000_000) {
        let bar = record(.bar, at: minute * 60, nil, open, high, low, close, volume)
        withUnsafePointer(to: bar) { exchange.openBar($0, instrument: 0, at: Timestamp(nanoseconds: minute * 60)) }
    }
    func closeBar(_ minute: Int64, _ open: Int64, _ high: Int64, _ low: Int64, _ close: Int64, volume: Int64 = 1_000_000) {
        let bar = record(.bar, at: minute * 60, nil, open, high, low, close, volume)
        withUnsafePointer(to: bar) { exchange.closeBar($0, instrument: 0, at: Timestamp(nanoseconds: minute * 60 + 60)) }
    }

    @discardableResult
    func send(
        _ side: Side, _ lots: Int64, at price: Int64? = nil, stop: Int64? = nil, _ tif: TimeInForce = .goodTillCancel,
        expire: Int64 = .max, post: Bool = false, reduce: Bool = false
    ) -> OrderID {
        nextID += 1
        let type: OrderType = stop == nil ? (price == nil ? .market : .limit) : (price == nil ? .stop : .stopLimit)
        exchange.submit(
            OrderRequest(
                id: OrderID(nextID), instrument: InstrumentID(index: 0), side: side, type: type, quantity: Quantity(lots: lots),
                price: Price(ticks: price ?? 0), stop: Price(ticks: stop ?? 0), timeInForce: tif,
                expire: Timestamp(nanoseconds: expire), isPostOnly: post, isReduceOnly: reduce),
            at: Timestamp(nanoseconds: tick()))
        return OrderID(nextID)
    }
    func cancel(_ id: OrderID) { exchange.cancel(id, at: Timestamp(nanoseconds: tick())) }
    func amend(_ id: OrderID, _ lots: Int64, at price: Int64) {
        exchange.amend(
            AmendRequest(id: id, price: Price(ticks: price), quantity: Quantity(lots: lots)), at: Timestamp(nanoseconds: tick()))
    }

    /// The reports since the last call: `1 accepted`, `1 maker 5@100`, `1 rejected post_only`.
    func heard() -> [String] {
        defer { exchange.reports.removeAll() }
        return exchange.reports.map { "\($0.order.raw) \(words($0.fact))" }
    }

    private func words(_ fact: ExecutionReport.Fact) -> String {
        switch fact {
        case .accepted: "accepted"
        case .rejected(let reason): "rejected \(reason.name)"
        case .filled(let fill): "\(fill.liquidity.name) \(fill.quantity.lots)@\(fill.price.ticks)"
        case .cancelled: "cancelled"
        case .expired: "expired"
        case .cancelRejected(let reason): "cancel rejected \(reason.name)"
        case .amended(let price, let open): "amended \(open.lots)@\(price.ticks)"
        case .amendRejected(let reason): "amend rejected \(reason.name)"
        }
    }
}
