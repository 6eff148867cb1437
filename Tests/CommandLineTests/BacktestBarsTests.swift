import Foundation
import Testing

/// On bars, the same trades as an exact reference written straight from the rules: market orders fill at the next bar's open.
struct BacktestBarsTests {
    static let cross = """
        local S = { name = "cross", params = { fast = 3, slow = 8, qty = 1 } }
        function S.on_start()
          S.inst = market.instrument()
          S.inst:subscribe("bars", "1m")
          S.fast, S.slow = ta.sma(params.fast), ta.sma(params.slow)
        end
        function S.on_bar(inst, bar)
          local f, s = S.fast:update(bar.close), S.slow:update(bar.close)
          if not s then return end
          local want = f > s and params.qty or -params.qty
          local d = want - inst:position()
          if d > 0 then inst:buy(d) elseif d < 0 then inst:sell(-d) end
        end
        return S
        """

    struct Bar {
        var minute: Int
        var open: Int
        var high: Int
        var low: Int
        var close: Int
    }

    /// Bars in cents, with minutes left out here and there.
    static func bars(_ count: Int, seed: UInt64) -> [Bar] {
        var state = seed
        func next(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        var bars: [Bar] = []
        var price = 10_000
        var minute = 28_000_000
        for _ in 0..<count {
            minute += next(10) == 0 ? 1 + next(5) : 1
            let open = price + next(41) - 20
            let close = open + next(81) - 40
            bars.append(Bar(minute: minute, open: open, high: max(open, close) + next(15), low: min(open, close) - next(15), close: close))
            price = close
        }
        return bars
    }

    static func csv(_ bars: [Bar]) -> String {
        func text(_ cents: Int) -> String { "\(cents / 100)." + String(format: "%02d", cents % 100) }
        return bars.map { "\($0.minute * 60),\(text($0.open)),\(text($0.high)),\(text($0.low)),\(text($0.close)),5" }.joined(separator: "\n") + "\n"
    }

    static func tape(_ bars: [Bar], in scratch: Scratch) throws -> String {
        let csv = try scratch.write("bars.csv", csv(bars))
        let made = try Binary.run([
            "data", "import", "--format", "ohlcv", csv, "-o", scratch.path("bars.tape"), "--instrument", "t:ABC_USD",
            "--columns", "time,open,high,low,close,volume", "--time-unit", "s", "--interval", "1m", "--tick", "0.01", "--lot", "1",
        ])
        #expect(made.status == 0, "\(made.errors)")
        return scratch.path("bars.tape")
    }

    /// (open time of the bar in ns, side, price in cents, quantity)
    private func reference(_ bars: [Bar]) -> [(Int, String, Int, Int)] {
        var fills: [(Int, String, Int, Int)] = []
        var position = 0
        var order = 0
        for (index, bar) in bars.enumerated() {
            if order != 0 {
                fills.append((bar.minute * 60_000_000_000, order > 0 ? "buy" : "sell", bar.open, abs(order)))
                position += order
                order = 0
            }
            guard index >= 7 else { continue }
            func mean(_ count: Int) -> Int { bars[(index - count + 1)...index].reduce(0) { $0 + $1.close } * (24 / count) }
            let want = mean(3) > mean(8) ? 1 : -1
            order = want - position
        }
        return fills
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func marketOrdersFillAtTheNextOpen(seed: UInt64) throws {
        let scratch = try Scratch()
        let bars = BacktestBarsTests.bars(600, seed: seed)
        let tape = try BacktestBarsTests.tape(bars, in: scratch)
        let script = try scratch.write("cross.lua", BacktestBarsTests.cross)
        let run = try Binary.run(["backtest", script, "--data", tape, "--out", scratch.path("run"), "--quiet", "--taker-fee=0.001"])
        #expect(run.status == 0, "\(run.errors)")
        let expected = reference(bars)
        let fills = try scratch.rows("run/fills.csv")
        #expect(fills.count == expected.count && expected.count > 20, "seed \(seed)")
        var cash = 10_000_000 * 1_000
        for (fill, truth) in zip(fills, expected) {
            #expect(fill["exchange_time"] == String(truth.0), "seed \(seed)")
            #expect(fill["side"] == truth.1 && fill["qty"] == String(truth.3) && fill["liquidity"] == "taker")
            #expect(fill["price"].flatMap(Double.init) == Double(truth.2) / 100)
            // In thousandths of a cent·…: notional ± 0.1 % fee, all whole numbers.
            let notional = truth.2 * truth.3 * 1_000
            cash += (truth.1 == "buy" ? -notional : notional) - notional / 1_000
        }
        let summary = try JSONSerialization.jsonObject(with: Data(scratch.read("run/summary.json").utf8)) as? [String: Any]
        let final = (summary?["final_cash"] as? [String: Any])?["USD"] as? String
        #expect(final.flatMap(Double.init).map { Int(($0 * 100_000).rounded()) } == cash - 9_000_000 * 1_000, "seed \(seed): \(final ?? "none")")
    }
}
