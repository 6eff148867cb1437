import Domain
import Report
import Testing

/// Trades, groups, orders and markouts, by hand.
@Suite struct TradeTests {
    let second: Int64 = 1_000_000_000

    private func fill(
        _ at: Int64, _ side: Side, _ price: Int64, _ lots: Int64, after: Int64, reduced: Int64 = 0, pnl: String = "0",
        _ liquidity: Liquidity = .maker, tag: String = ""
    ) throws -> FillRow {
        FillRow(
            time: Timestamp(nanoseconds: at * second), exchangeTime: Timestamp(nanoseconds: at * second),
            instrument: InstrumentID(index: 0), orderID: "1", venueOrderID: "v", side: side, price: Price(ticks: price),
            quantity: Quantity(lots: lots), fee: .zero, feeCurrency: "USDT", liquidity: liquidity, tag: tag, positionAfter: after,
            reducedLots: reduced, realisedPnL: try #require(Amount(ExactDecimal(pnl))), fillID: "1")
    }

    @Test func streaksHoldingAndTags() throws {
        let folder = ScratchFolder()
        let own = try SampleRun.instrument("BTC_USDT", tick: "1", lot: "1")
        let recorder = try RunRecorder(directory: folder.path, instruments: [own], context: TinyRun.context())
        recorder.fill(try fill(0, .buy, 100, 10, after: 10, tag: "in"))
        recorder.fill(try fill(10, .buy, 100, 30, after: 40, tag: "in"))
        // Entered at 7.5 s on average; 20 lots held 12.5 s, then 20 lots 22.5 s; the rest opens a short.
        recorder.fill(try fill(20, .sell, 110, 20, after: 20, reduced: 20, pnl: "200", tag: "out"))
        recorder.fill(try fill(30, .sell, 90, 25, after: -5, reduced: 20, pnl: "-100", .taker, tag: "out"))
        recorder.fill(try fill(31, .buy, 90, 5, after: 0, reduced: 5, pnl: "0", tag: "out"))
        let summary = try recorder.finish(FinalState(cash: [], positions: []))
        #expect(summary["trades"].integer == 3)
        #expect(summary["wins"].integer == 1 && summary["losses"].integer == 1 && summary["draws"].integer == 1)
        #expect(summary.ratio("win_rate") == 1.0 / 3)
        #expect(summary.ratio("profit_factor") == 2)
        #expect(summary["expectancy"].text == "33.333333333333333333333333")
        #expect(summary["best_trade"]["pnl"].text == "200" && summary["worst_trade"]["pnl"].text == "-100")
        #expect(summary["max_consecutive_wins"].integer == 1 && summary["max_consecutive_losses"].integer == 1)
        // Notional closed: 2200 held 12.5 s, 1800 held 22.5 s, 450 held 1 s.
        let held = (2200 * 12.5 + 1800 * 22.5 + 450 * 1) / (2200 + 1800 + 450) * 1e9
        #expect(summary["average_holding_ns"].integer == Int64(held.rounded()))
        let traded = 1000.0 + 3000 + 2200 + 2250 + 450
        #expect(summary.ratio("maker_share") == (traded - 2250) / traded)
        #expect(summary["per_tag"].items.map { $0["tag"].text } == ["in", "out"])
        #expect(summary["per_tag"].items.map { $0["trades"].integer } == [0, 3])
        #expect(summary["per_instrument"].items.map { $0["realised_pnl"].text } == ["100"])
    }

    @Test func refusedOrdersCountApart() throws {
        let folder = ScratchFolder()
        let own = try SampleRun.instrument("BTC_USDT", tick: "1", lot: "1")
        let recorder = try RunRecorder(directory: folder.path, instruments: [own], context: TinyRun.context())
        func order(_ state: String, _ lots: Int64, _ filled: Int64, reason: String = "") -> OrderRow {
            OrderRow(
                id: "a,b", venueOrderID: "", instrument: InstrumentID(index: 0), side: .buy, type: .stopLimit, timeInForce: .goodTillCancel,
                price: nil, quantity: Quantity(lots: lots), created: Timestamp(nanoseconds: 5), acknowledged: nil, closed: nil, state: state,
                filled: Quantity(lots: filled), averagePrice: nil, reason: reason, tag: "say \"hi\"\nthere", isAccepted: reason.isEmpty)
        }
        recorder.order(order("filled", 10, 10))
        recorder.order(order("cancelled", 30, 5))
        recorder.order(order("rejected", 1000, 0, reason: "max_order_qty"))
        recorder.order(order("rejected", 1000, 0, reason: "post_only"))
        recorder.order(order("rejected", 1000, 0, reason: "max_order_qty"))
        let summary = try recorder.finish(FinalState(cash: [], positions: [], openOrders: [order("open", 20, 0)]))
        #expect(summary["orders"].integer == 3)
        #expect(summary.ratio("fill_ratio") == 0.25)
        #expect(summary["rejected_orders"].integer == 3)
        #expect(summary["rejected_orders_by_reason"] == .object(["max_order_qty": .number("2"), "post_only": .number("1")]))
        let text = try readText(folder.path + "/orders.csv")
        #expect(
            text.split(separator: "\n", maxSplits: 1)[1].hasPrefix(
                "\"a,b\",,binance:BTC_USDT,buy,stop_limit,GTC,,10,5,,,filled,10,,,\"say \"\"hi\"\"\nthere\"\n"))
    }

    /// Bought at 100 with the mid at 101, 102, 104 and 98 after 0.1, 1, 10 and 60 s: +100, +200, +400, −200 bp.
    @Test func markoutsAtFourHorizons() throws {
        let folder = ScratchFolder()
        let own = try SampleRun.instrument("BTC_USDT", tick: "1", lot: "1")
        let recorder = try RunRecorder(directory: folder.path, instruments: [own], context: TinyRun.context())
        #expect(recorder.nextMarkoutDue == .never)
        recorder.fill(try fill(0, .buy, 100, 5, after: 5))
        #expect(recorder.nextMarkoutDue.nanoseconds == 100_000_000)
        // A mark at the horizon itself is not yet due: an event at that instant may still move the mid.
        recorder.markouts(before: Timestamp(nanoseconds: 100_000_000), doubledMids: [1])
        #expect(recorder.nextMarkoutDue.nanoseconds == 100_000_000)
        recorder.markouts(before: Timestamp(nanoseconds: 100_000_001), doubledMids: [202])
        #expect(recorder.nextMarkoutDue.nanoseconds == second)
        recorder.markouts(before: Timestamp(nanoseconds: 5 * second), doubledMids: [204])
        recorder.fill(try fill(6, .sell, 100, 10, after: -5, reduced: 5, .taker))
        recorder.markouts(before: Timestamp(nanoseconds: 11 * second), doubledMids: [208])
        recorder.markouts(before: Timestamp(nanoseconds: 61 * second), doubledMids: [196])
        #expect(recorder.nextMarkoutDue.nanoseconds == 66 * second)
        let summary = try recorder.finish(FinalState(cash: [], positions: []))
        #expect(summary["markouts"].items.map { $0["maker_bps"].number } == [100, 200, 400, -200])
        #expect(summary["markouts"].items.map { $0["taker_bps"].number } == [-400, -400, 200, nil])
    }
}
