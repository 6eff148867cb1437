import Domain
import Foundation
import Report
import Testing

/// Plain two-pass statistics over the rows of the files, written apart from the program's.
struct Reference {
    struct Row { let time: Int64; let kind: String; let equity: Double; let positionValue: Double; let drawdown: String }
    struct FillLine { let side: String; let price: Double; let quantity: Double; let liquidity: String; let pnl: Double; let after: Double; let fee: Double }

    let rows: [Row]
    let fills: [FillLine]
    let start: Double
    let samplesPerYear: Double

    init(directory: String, start: Double, samplesPerYear: Double) throws {
        rows = try Reference.table(directory + "/equity.csv").map {
            Row(time: Int64($0[0]) ?? 0, kind: $0[1], equity: Double($0[2]) ?? 0, positionValue: Double($0[4]) ?? 0, drawdown: $0[5])
        }
        fills = try Reference.table(directory + "/fills.csv").map {
            FillLine(
                side: $0[5], price: Double($0[6]) ?? 0, quantity: Double($0[7]) ?? 0, liquidity: $0[10], pnl: Double($0[13]) ?? 0,
                after: Double($0[12]) ?? 0, fee: Double($0[8]) ?? 0)
        }
        self.start = start
        self.samplesPerYear = samplesPerYear
    }

    static func table(_ path: String) throws -> [[String]] {
        try readText(path).split(separator: "\n").dropFirst().map {
            $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        }
    }

    var samples: [Row] { rows.filter { $0.kind == "sample" } }
    var returns: [Double] { zip(samples, samples.dropFirst()).map { ($1.equity - $0.equity) / $0.equity } }
    var mean: Double { returns.reduce(0, +) / Double(returns.count) }
    var deviation: Double {
        let m = mean
        return (returns.reduce(0) { $0 + ($1 - m) * ($1 - m) } / Double(returns.count - 1)).squareRoot()
    }
    var sharpe: Double { mean / deviation * samplesPerYear.squareRoot() }
    var sortino: Double {
        let below = returns.reduce(0) { $0 + min($1, 0) * min($1, 0) } / Double(returns.count)
        return mean / below.squareRoot() * samplesPerYear.squareRoot()
    }
    var maxDrawdown: Double {
        var peak = start
        return rows.reduce(0) { most, row in
            peak = max(peak, row.equity)
            return max(most, (peak - row.equity) / peak)
        }
    }
    var cagr: Double {
        let years = Double(rows[rows.count - 1].time - rows[0].time) / (365 * 86_400e9)
        return pow(rows[rows.count - 1].equity / start, 1 / years) - 1
    }
    var exposure: Double { samples.reduce(0) { $0 + abs($1.positionValue) / $1.equity } / Double(samples.count) }
    var notional: Double { fills.reduce(0) { $0 + $1.price * $1.quantity } }
    var turnover: Double { notional / (samples.reduce(0) { $0 + $1.equity } / Double(samples.count)) }
    var trades: [FillLine] {
        fills.filter { fill in
            let signed = fill.side == "buy" ? fill.quantity : -fill.quantity
            let before = ((fill.after - signed) * 1e8).rounded()
            return before != 0 && (before > 0) == (fill.side == "sell")
        }
    }
}

@Suite struct StatisticsTests {
    private func close(_ found: Double?, _ wanted: Double, _ what: String, _ tolerance: Double = 1e-9) {
        guard let found else {
            Issue.record("\(what) is missing, wanted \(wanted)")
            return
        }
        #expect(abs(found - wanted) <= tolerance * max(abs(wanted), 1e-300), "\(what): found \(found), wanted \(wanted)")
    }

    /// Every statistic out of the files again, over several seeds. To repeat one: set `seeds` to it.
    @Test(arguments: [1, 2, 3, 4, 5] as [UInt64])
    func agreesWithTwoPassesOverTheFiles(seed: UInt64) throws {
        let folder = ScratchFolder()
        var run = try SampleRun.marketMaker()
        run.seed = seed
        run.samples = 1500
        let summary = try run.write(to: folder.path).summary
        let wanted = try Reference(directory: folder.path, start: 10_000, samplesPerYear: 365 * 86_400)
        close(summary.ratio("sharpe"), wanted.sharpe, "sharpe")
        close(summary.ratio("sortino"), wanted.sortino, "sortino")
        close(summary.ratio("volatility"), wanted.deviation * (365.0 * 86_400).squareRoot(), "volatility")
        close(summary.ratio("max_drawdown"), wanted.maxDrawdown, "max_drawdown")
        close(summary.ratio("cagr"), wanted.cagr, "cagr", 1e-7)
        close(summary.ratio("calmar"), wanted.cagr / wanted.maxDrawdown, "calmar", 1e-7)
        close(summary.ratio("exposure"), wanted.exposure, "exposure")
        close(summary.ratio("turnover"), wanted.turnover, "turnover")
        let gains = wanted.trades.filter { $0.pnl > 0 }
        let losses = wanted.trades.filter { $0.pnl < 0 }
        #expect(summary["trades"].integer == Int64(wanted.trades.count))
        #expect(summary["fills"].integer == Int64(wanted.fills.count))
        close(summary.ratio("win_rate"), Double(gains.count) / Double(wanted.trades.count), "win_rate")
        close(summary.ratio("profit_factor"), gains.map(\.pnl).reduce(0, +) / -losses.map(\.pnl).reduce(0, +), "profit_factor")
        close(summary["expectancy"].text.flatMap(Double.init), wanted.trades.map(\.pnl).reduce(0, +) / Double(wanted.trades.count), "expectancy")
        close(summary["fees"].text.flatMap(Double.init), wanted.fills.map(\.fee).reduce(0, +), "fees")
        close(summary.ratio("total_return"), wanted.rows[wanted.rows.count - 1].equity / 10_000 - 1, "total_return", 1e-7)
        let maker = wanted.fills.filter { $0.liquidity == "maker" }.reduce(0) { $0 + $1.price * $1.quantity }
        close(summary.ratio("maker_share"), maker / wanted.notional, "maker_share")
        let rows = try Reference.table(folder.path + "/orders.csv")
        let orders = rows.filter { $0[11] != "rejected" }
        // What the venue refused was sent; what a limit refused was not.
        #expect(summary["orders"].integer == Int64(orders.count + rows.count { $0[11] == "rejected" && $0[14] == "post_only" }))
        let filled = orders.compactMap { Double($0[12]) }.reduce(0, +)
        close(summary.ratio("fill_ratio"), filled / orders.compactMap { Double($0[7]) }.reduce(0, +), "fill_ratio")
    }

    /// The column of `equity.csv` is `1 − E / peak` to twelve places.
    @Test func drawdownColumn() throws {
        let folder = ScratchFolder()
        let recorder = try RunRecorder(directory: folder.path, instruments: [], context: TinyRun.context())
        for (index, equity) in ["9999", "10000", "7500", "9999.999999999999", "10001", "3333.666666666666666666"].enumerated() {
            try recorder.equity(TinyRun.row(index, equity))
        }
        let summary = try recorder.finish(FinalState(cash: [], positions: []))
        let column = try Reference.table(folder.path + "/equity.csv").map { $0[5] }
        #expect(column == ["0.0001", "0", "0.25", "0", "0", "0.666666666667"])
        #expect(summary.ratio("max_drawdown") == 0.6666666666666667 || abs((summary.ratio("max_drawdown") ?? 0) - 2.0 / 3) < 1e-12)
    }

    /// By hand: E = 100, 110, 99, 104.5, 110, 121; one second apart.
    @Test func drawdownDatesAndDurations() throws {
        let folder = ScratchFolder()
        let recorder = try RunRecorder(directory: folder.path, instruments: [], context: TinyRun.context(start: 100))
        for (index, equity) in ["100", "110", "99", "104.5", "110", "121", "120"].enumerated() {
            try recorder.equity(TinyRun.row(index, equity))
        }
        let summary = try recorder.finish(FinalState(cash: [], positions: []))
        #expect(summary.ratio("max_drawdown") == 0.1)
        #expect(summary["max_drawdown_amount"].text == "11")
        #expect(summary["max_drawdown_start"].integer == 1_000_000_001)
        #expect(summary["max_drawdown_trough"].integer == 2_000_000_001)
        #expect(summary["max_drawdown_recovery"].integer == 4_000_000_001)
        #expect(summary["max_drawdown_duration_ns"].integer == 3_000_000_000)
        #expect(summary["longest_drawdown_ns"].integer == 3_000_000_000)
        #expect(summary["final_equity"].text == "120")
        #expect(summary.ratio("total_return") == 0.2)
    }

    @Test func nothingIsDefinedWithoutSamples() throws {
        let folder = ScratchFolder()
        let recorder = try RunRecorder(directory: folder.path, instruments: [], context: TinyRun.context())
        let summary = try recorder.finish(FinalState(cash: [], positions: []))
        for key in ["sharpe", "sortino", "volatility", "cagr", "calmar", "exposure", "turnover", "win_rate", "profit_factor",
            "expectancy", "maker_share", "fill_ratio", "order_to_trade_ratio", "best_trade", "average_holding_ns"]
        {
            #expect(summary[key] == .null, "\(key) is \(summary[key])")
        }
        #expect(summary.ratio("total_return") == 0)
        #expect(!summary.text.contains("nan") && !summary.text.contains("inf"))
    }

    @Test(arguments: [1, 2, 50])
    func constantEquityHasNoSharpe(samples: Int) throws {
        let folder = ScratchFolder()
        let recorder = try RunRecorder(directory: folder.path, instruments: [], context: TinyRun.context())
        for index in 0..<samples { try recorder.equity(TinyRun.row(index, "10000")) }
        let summary = try recorder.finish(FinalState(cash: [], positions: []))
        #expect(summary["sharpe"] == .null)
        #expect(summary["sortino"] == .null)
        #expect(summary["calmar"] == .null)
        #expect(summary.ratio("max_drawdown") == 0)
        #expect(summary.ratio("volatility") == (samples > 2 ? 0 : nil))
    }

    /// A minute's five percent, compounded for a year, is no double; a lost account has no growth either.
    @Test func growthBeyondNumbersIsNull() throws {
        for last in ["10500", "-1"] {
            let folder = ScratchFolder()
            let recorder = try RunRecorder(directory: folder.path, instruments: [], context: TinyRun.context())
            try recorder.equity(TinyRun.row(0, "10000"))
            try recorder.equity(TinyRun.row(1, last))
            let summary = try recorder.finish(FinalState(cash: [], positions: []))
            #expect(summary["cagr"] == .null)
            #expect(summary["calmar"] == .null)
        }
    }

    /// Fill points count in the drawdown and nowhere else.
    @Test func fillPointsMakeNoReturns() throws {
        let folder = ScratchFolder()
        let recorder = try RunRecorder(directory: folder.path, instruments: [], context: TinyRun.context())
        try recorder.equity(TinyRun.row(0, "10000"))
        try recorder.equity(TinyRun.row(1, "5000", .fill))
        try recorder.equity(TinyRun.row(2, "10100"))
        try recorder.equity(TinyRun.row(3, "10201"))
        let summary = try recorder.finish(FinalState(cash: [], positions: []))
        #expect(summary["samples"].integer == 3)
        #expect(summary.ratio("max_drawdown") == 0.5)
        #expect(summary["sortino"] == .null)
    }
}

/// A run with no instrument: equity alone.
enum TinyRun {
    static func context(start: Int64 = 10_000, calendar: YearCalendar = .crypto, period: Span = Span(nanoseconds: 1_000_000_000)) -> RunContext {
        RunContext(
            strategyName: "tiny", strategySHA256: "00", engineVersion: "0.1.0", seed: 1, reportingCurrency: "USDT",
            startingEquity: SampleRun.usdt(start), startingBalances: [Balance(currency: "USDT", amount: SampleRun.usdt(start))],
            samplePeriod: period, calendar: calendar)
    }

    static func row(_ second: Int, _ equity: String, _ kind: EquityRow.Kind = .sample) throws -> EquityRow {
        let amount = try #require(Amount(ExactDecimal(equity)))
        return EquityRow(
            time: Timestamp(nanoseconds: 1 + Int64(second) * 1_000_000_000), kind: kind, equity: amount, cash: amount, positionValue: .zero)
    }
}
