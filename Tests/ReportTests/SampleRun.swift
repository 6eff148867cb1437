import Domain
import Report

/// SplitMix64: the same numbers everywhere.
struct TestRandom {
    private var state: UInt64
    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    mutating func below(_ limit: Int64) -> Int64 { Int64(next() % UInt64(limit)) }
    /// In [0, 1).
    mutating func unit() -> Double { Double(next() >> 11) * 0x1p-53 }
    /// About normal: twelve uniforms.
    mutating func normal() -> Double { (0..<12).reduce(-6.0) { sum, _ in sum + unit() } }
    mutating func chance(_ probability: Double) -> Bool { unit() < probability }
}

/// A made-up but consistent run: prices walk, a pretended strategy trades on them, an accountant of its own keeps the books at
/// average cost. What it pushes is what a driver would push.
struct SampleRun {
    struct Account {
        var lots: Int64 = 0
        /// What the open position cost, signed as the position.
        var cost = Amount.zero
        var entryFees = Amount.zero
    }

    var instruments: [Instrument]
    var samples: Int
    var period: Span
    var start = Timestamp(nanoseconds: 1_723_075_200_000_000_000)
    var seed: UInt64 = 7
    /// Per sample and instrument.
    var fillChance = 0.05
    var makerShare = 0.8
    /// Standard deviation of a step, as a fraction.
    var step = 0.00006
    /// How much better than the mid a fill is, in steps: the strategy's luck.
    var edge = 3.5
    var strategyName = "market_maker"
    var tags = ["quote", "hedge", "flatten"]
    var hostile = ""
    var prices: [Double]
    var lotsPerFill: Int64 = 40
    var calendar = YearCalendar.crypto

    static func instrument(_ symbol: String, tick: String = "0.01", lot: String = "0.0001", kind: DataKind = .level2) throws -> Instrument {
        let parts = symbol.split(separator: "_").map(String.init)
        return try Instrument(
            venue: "binance", symbol: symbol, nativeSymbol: parts.joined(), base: parts[0], quote: parts[1],
            tick: ExactDecimal(tick), lot: ExactDecimal(lot), makerFee: ExactDecimal("0.0001"), takerFee: ExactDecimal("0.0004"),
            dataKind: kind)
    }

    static func marketMaker() throws -> SampleRun {
        SampleRun(
            instruments: [try instrument("BTC_USDT")], samples: 6 * 3600, period: Span(nanoseconds: 1_000_000_000),
            prices: [61_602.02])
    }

    static func yearOfBars() throws -> SampleRun {
        var run = SampleRun(
            instruments: [try instrument("BTC_USDT", kind: .bars), try instrument("ETH_USDT", lot: "0.001", kind: .bars)],
            samples: 24 * 365, period: Span(nanoseconds: 3_600_000_000_000), prices: [42_000, 2_300])
        run.start = Timestamp(nanoseconds: 1_704_067_200_000_000_000)
        (run.fillChance, run.makerShare, run.step, run.edge) = (0.03, 0.3, 0.004, 0.8)
        (run.strategyName, run.tags, run.lotsPerFill) = ("pairs", ["enter_long", "enter_short", "exit", "stop_loss"], 60)
        return run
    }

    func context() -> RunContext {
        let tape = "backtest-data/\(strategyName)-demo.tape"
        return RunContext(
            strategyName: strategyName + hostile, strategySHA256: String(repeating: "3fa9c2d1", count: 8), engineVersion: "0.1.0",
            seed: seed, reportingCurrency: "USDT", startingEquity: SampleRun.usdt(10_000),
            startingBalances: [Balance(currency: "USDT", amount: SampleRun.usdt(10_000))], samplePeriod: period, calendar: calendar,
            inputs: [RunInput(path: tape, sha256: String(repeating: "b61e07aa", count: 8), records: 5_012_873)],
            parameters: [
                .init(name: "qty", value: .number(0.004)), .init(name: "levels", value: .integer(3)),
                .init(name: "skew", value: .boolean(true)), .init(name: "mode", value: .text("calm" + hostile)),
            ],
            models: [
                NamedText("maker_fee", "0.0001"), NamedText("taker_fee", "0.0004"), NamedText("latency", "5ms/5ms"),
                NamedText("queue", "risk-averse"), NamedText("fills", "partial"), NamedText("slippage", "none"),
                NamedText("mark", "mid"), NamedText("sample", period.text), NamedText("calendar", calendar.rawValue),
            ])
    }

    static func usdt(_ whole: Int64) -> Amount { Amount(raw: Int128(whole) * ExactDecimal.powerOfTen(24)) }
}

/// The books of a sample run while it is written.
struct SampleBooks {
    var cash = SampleRun.usdt(10_000)
    var accounts: [SampleRun.Account]
    var doubledMids: [Int64]
    let instruments: [Instrument]
    var nextOrder: Int64 = 1

    var positionValue: Amount {
        var sum = Amount.zero
        for (index, own) in instruments.enumerated() {
            sum += Amount(raw: own.tickLot.raw / 2 * Int128(doubledMids[index]) * Int128(accounts[index].lots))
        }
        return sum
    }

    /// Books a fill: how many lots it closed, and its P&L.
    mutating func book(_ index: Int, _ side: Side, _ price: Price, _ lots: Int64, fee: Amount) -> (reduced: Int64, pnl: Amount) {
        var account = accounts[index]
        let own = instruments[index]
        let reduces = account.lots != 0 && (account.lots > 0) != (side == .buy)
        let reduced = reduces ? min(account.lots.magnitude, UInt64(lots)) : 0
        let closed = Int64(reduced)
        var pnl = Amount.zero
        if closed > 0 {
            let whole = Int128(account.lots.magnitude)
            let cost = account.cost.scaled(by: Int128(closed), over: whole, places: 12)
            let entry = account.entryFees.scaled(by: Int128(closed), over: whole, places: 12)
            let value = own.notional(price, Quantity(lots: closed)) * (account.lots > 0 ? 1 : -1)
            pnl = value - cost - entry - fee.scaled(by: Int128(closed), over: Int128(lots), places: 12)
            account.cost -= cost
            account.entryFees -= entry
        }
        let opened = lots - closed
        if opened > 0 {
            account.cost += own.notional(price, Quantity(lots: opened)) * side.sign
            account.entryFees += fee - fee.scaled(by: Int128(closed), over: Int128(lots), places: 12)
        }
        account.lots += side.sign * lots
        cash -= own.notional(price, Quantity(lots: lots)) * side.sign
        cash -= fee
        accounts[index] = account
        return (closed, pnl)
    }
}

extension SampleRun {
    /// Writes the run into a folder and returns the rows, for a test to recompute the statistics from.
    @discardableResult
    func write(to directory: String, logLines: Int = 3) throws -> (summary: Summary, fills: [FillRow], equity: [EquityRow]) {
        let recorder = try RunRecorder(directory: directory, instruments: instruments, context: context())
        var random = TestRandom(seed: seed)
        var walk = prices
        var books = SampleBooks(
            accounts: instruments.map { _ in Account() },
            doubledMids: instruments.indices.map { doubled(prices[$0], instruments[$0]) }, instruments: instruments)
        var fills: [FillRow] = []
        var equity: [EquityRow] = []
        var drift = 0.0
        for sample in 0..<samples {
            let time = start + Span(nanoseconds: period.nanoseconds * Int64(sample))
            recorder.markouts(before: time, doubledMids: books.doubledMids)
            drift = drift * 0.98 + random.normal() * 0.02
            for index in instruments.indices {
                walk[index] *= 1 + step * (random.normal() + drift)
                books.doubledMids[index] = doubled(walk[index], instruments[index])
                recorder.mid(InstrumentID(index: index), at: time, doubledTicks: books.doubledMids[index])
            }
            push(row(.sample, time, books), &equity, recorder)
            for index in instruments.indices where random.chance(fillChance) {
                let after = time + Span(nanoseconds: 1 + random.below(period.nanoseconds - 1))
                let fill = trade(index, after, walk[index], &books, &random, recorder)
                fills.append(fill)
                push(row(.fill, after, books), &equity, recorder)
            }
            if sample % max(1, samples / 500) == 0 {
                recorder.plot("inventory" + hostile, at: time, value: Double(books.accounts[0].lots) / 1e4)
                recorder.plot("spread_bps", at: time, value: 3 + abs(random.normal()) + abs(drift))
            }
        }
        for line in 0..<logLines { recorder.log(.info, at: start, source: "strategy", "line \(line) \"quoted\"\n" + hostile) }
        let end = FinalState(
            cash: [Balance(currency: "USDT", amount: books.cash)],
            positions: instruments.indices.map { .init(instrument: InstrumentID(index: $0), lots: books.accounts[$0].lots) },
            openOrders: [order(books.nextOrder, 0, .buy, Price(ticks: 1), 5, start, "open", 0)], events: 5_012_873)
        return (try recorder.finish(end), fills, equity)
    }

    private func doubled(_ price: Double, _ own: Instrument) -> Int64 {
        let ticks = price * 1e6 / Double((own.tick.scaled(to: 6) ?? 1))
        return Int64((ticks * 2).rounded())
    }

    private func push(_ row: EquityRow, _ rows: inout [EquityRow], _ recorder: RunRecorder) {
        recorder.equity(row)
        rows.append(row)
    }

    private func row(_ kind: EquityRow.Kind, _ time: Timestamp, _ books: SampleBooks) -> EquityRow {
        EquityRow(
            time: time, kind: kind, equity: books.cash + books.positionValue, cash: books.cash,
            positionValue: books.positionValue)
    }

    private func trade(
        _ index: Int, _ time: Timestamp, _ price: Double, _ books: inout SampleBooks, _ random: inout TestRandom,
        _ recorder: RunRecorder
    ) -> FillRow {
        let own = instruments[index]
        let held = books.accounts[index].lots
        let limit = lotsPerFill * 10
        let side: Side = held > limit ? .sell : held < -limit ? .buy : random.chance(0.5) ? .buy : .sell
        let lots = 1 + random.below(lotsPerFill)
        let isMaker = random.chance(makerShare)
        let luck = Double(side.sign) * step * price * (isMaker ? edge : -edge / 2)
        let level = Price(ticks: doubled(price - luck, own) / 2)
        let notional = own.notional(level, Quantity(lots: lots))
        let fee = notional.scaled(by: isMaker ? 1 : 4, over: 10_000)
        let (reduced, pnl) = books.book(index, side, level, lots, fee: fee)
        let tag = (tags.isEmpty ? "" : tags[Int(random.below(Int64(tags.count)))]) + hostile
        let number = books.nextOrder
        books.nextOrder += 1
        if random.chance(0.04) {
            var refused = order(number, index, side, level, lots, time, "rejected", 0)
            refused.reason = random.chance(0.7) ? "post_only" : "max_position"
            refused.isAccepted = false
            refused.isSent = refused.reason == "post_only"
            recorder.order(refused)
        }
        if random.chance(0.3) { recorder.order(order(number, index, side, level, lots, time, "cancelled", 0)) }
        var filled = order(number, index, side, level, lots, time, "filled", lots)
        filled.tag = tag
        recorder.order(filled)
        let fill = FillRow(
            time: time, exchangeTime: Timestamp(nanoseconds: time.nanoseconds - 5_000_000), instrument: InstrumentID(index: index),
            orderID: "pg-\(number)", venueOrderID: "v\(number)", side: side, price: level, quantity: Quantity(lots: lots), fee: fee,
            feeCurrency: "USDT", liquidity: isMaker ? .maker : .taker, tag: tag, positionAfter: books.accounts[index].lots,
            reducedLots: reduced, realisedPnL: pnl, fillID: "\(number)")
        recorder.fill(fill)
        return fill
    }

    private func order(
        _ number: Int64, _ index: Int, _ side: Side, _ price: Price, _ lots: Int64, _ time: Timestamp, _ state: String, _ filled: Int64
    ) -> OrderRow {
        OrderRow(
            id: "pg-\(number)", venueOrderID: "v\(number)", instrument: InstrumentID(index: index), side: side, type: .limit,
            timeInForce: .goodTillCancel, price: price, quantity: Quantity(lots: lots), created: time, acknowledged: time,
            closed: state == "open" ? nil : time, state: state, filled: Quantity(lots: filled),
            averagePrice: filled > 0 ? Amount(instruments[index].decimal(price)) : nil, isAccepted: true)
    }
}

/// A folder under /tmp that goes away with the value.
final class ScratchFolder {
    let path: String
    init() { path = "/tmp/perigee-report-\(UInt64.random(in: 0 ... .max))" }
    deinit { removeTree(path) }
}
