import Domain
import Report

/// A run of two fills, small enough to check every figure by hand.
enum Golden {
    static func write(to directory: String) throws -> Summary {
        let own = try SampleRun.instrument("BTC_USDT")
        var context = TinyRun.context()
        context.inputs = [RunInput(path: "/somewhere/else/day.tape", sha256: "ab12", records: 4)]
        context.parameters = [.init(name: "fast", value: .integer(5)), .init(name: "width", value: .number(0.1))]
        context.models = [NamedText("latency", "0/0"), NamedText("mark", "mid")]
        let recorder = try RunRecorder(directory: directory, instruments: [own], context: context)
        let id = InstrumentID(index: 0)
        func at(_ second: Int64) -> Timestamp { Timestamp(nanoseconds: 1_723_075_200_000_000_000 + second * 1_000_000_000) }
        func amount(_ text: String) throws -> Amount { Amount(try ExactDecimal(text)) ?? .zero }
        func row(_ second: Int64, _ kind: EquityRow.Kind, _ equity: String, _ cash: String, _ value: String) throws {
            recorder.equity(
                EquityRow(time: at(second), kind: kind, equity: try amount(equity), cash: try amount(cash), positionValue: try amount(value)))
        }
        func fill(_ second: Int64, _ side: Side, _ price: Int64, _ fee: String, after: Int64, reduced: Int64, pnl: String) throws {
            recorder.fill(
                FillRow(
                    time: at(second), exchangeTime: at(second), instrument: id, orderID: "pg-\(second)", venueOrderID: "v\(second)", side: side,
                    price: Price(ticks: price), quantity: Quantity(lots: 1000), fee: try amount(fee), feeCurrency: "USDT",
                    liquidity: side == .buy ? .maker : .taker, tag: side == .buy ? "in" : "out, \"now\"", positionAfter: after,
                    reducedLots: reduced, realisedPnL: try amount(pnl), fillID: "\(second)"))
        }
        recorder.mid(id, at: at(0), doubledTicks: 10_000_000)
        try row(0, .sample, "10000", "10000", "0")
        // Buys 0.1 at 50,000 for a fee of 0.5, sells it at 50,060 for 2.0024; with the rounding of nobody.
        try fill(1, .buy, 5_000_000, "0.5", after: 1000, reduced: 0, pnl: "0")
        try row(1, .fill, "9999.5", "4999.5", "5000")
        try row(1, .sample, "9999.5", "4999.5", "5000")
        recorder.mid(id, at: at(2), doubledTicks: 10_010_000)
        try row(2, .sample, "10004.5", "4999.5", "5005")
        try fill(3, .sell, 5_006_000, "1.9", after: 0, reduced: 1000, pnl: "3.6")
        try row(3, .fill, "10003.6", "10003.6", "0")
        try row(3, .sample, "10003.6", "10003.6", "0")
        return try recorder.finish(
            FinalState(
                cash: [Balance(currency: "USDT", amount: try amount("10003.6"))], positions: [.init(instrument: id, lots: 0)], events: 4))
    }

    static let fills = """
        time,exchange_time,instrument,order_id,venue_order_id,side,price,qty,fee,fee_currency,liquidity,tag,position_after,realised_pnl,fill_id
        1723075201000000000,1723075201000000000,binance:BTC_USDT,pg-1,v1,buy,50000,0.1,0.5,USDT,maker,in,0.1,0,1
        1723075203000000000,1723075203000000000,binance:BTC_USDT,pg-3,v3,sell,50060,0.1,1.9,USDT,taker,"out, ""now\""",0,3.6,3

        """

    static let equity = """
        time,kind,equity,cash,position_value,drawdown
        1723075200000000000,sample,10000,10000,0,0
        1723075201000000000,fill,9999.5,4999.5,5000,0.00005
        1723075201000000000,sample,9999.5,4999.5,5000,0.00005
        1723075202000000000,sample,10004.5,4999.5,5005,0
        1723075203000000000,fill,10003.6,10003.6,0,0.000089959518
        1723075203000000000,sample,10003.6,10003.6,0,0.000089959518

        """

    /// Recomputed with exact decimals and `math.fsum` in Python; the last digits of ratios are ours.
    static let summary = #"""
        {
          "strategy_name": "tiny",
          "instruments": ["binance:BTC_USDT"],
          "reporting_currency": "USDT",
          "start_time": 1723075200000000000,
          "end_time": 1723075203000000000,
          "duration_ns": 3000000000,
          "events": 4,
          "outcome": "tape_end",
          "outcome_reason": null,
          "starting_equity": "10000",
          "starting_balances": {"USDT": "10000"},
          "final_equity": "10003.6",
          "final_cash": {"USDT": "10003.6"},
          "final_position": {"binance:BTC_USDT": "0"},
          "profit": "3.6",
          "lowest_equity": "9999.5",
          "highest_equity": "10004.5",
          "total_return": 0.00036,
          "cagr": null,
          "volatility": 1.8514844658004908,
          "sharpe": 2044.3100806731202,
          "sortino": 11342.806530454067,
          "calmar": null,
          "exposure": 0.25007496938893126,
          "turnover": 1.0004099221147984,
          "samples": 4,
          "samples_per_year": 31536000.0,
          "sample_ns": 1000000000,
          "max_drawdown": 8.995951821680243e-05,
          "max_drawdown_amount": "0.9",
          "max_drawdown_start": 1723075202000000000,
          "max_drawdown_trough": 1723075203000000000,
          "max_drawdown_recovery": null,
          "max_drawdown_duration_ns": 1000000000,
          "longest_drawdown_ns": 2000000000,
          "fills": 2,
          "buys": 1,
          "sells": 1,
          "traded_notional": "10006",
          "fees": "2.4",
          "maker_share": 0.4997001798920647,
          "trades": 1,
          "wins": 1,
          "losses": 0,
          "draws": 0,
          "win_rate": 1.0,
          "profit_factor": null,
          "expectancy": "3.6",
          "realised_pnl": "3.6",
          "average_win": "3.6",
          "average_loss": null,
          "best_trade": {"pnl": "3.6", "time": 1723075203000000000, "instrument": "binance:BTC_USDT"},
          "worst_trade": {"pnl": "3.6", "time": 1723075203000000000, "instrument": "binance:BTC_USDT"},
          "max_consecutive_wins": 1,
          "max_consecutive_losses": 0,
          "average_holding_ns": 2000000000,
          "markouts": [
            {
              "horizon_ns": 100000000,
              "maker_bps": null,
              "maker_fills": 0,
              "taker_bps": null,
              "taker_fills": 0
            },
            {
              "horizon_ns": 1000000000,
              "maker_bps": null,
              "maker_fills": 0,
              "taker_bps": null,
              "taker_fills": 0
            },
            {
              "horizon_ns": 10000000000,
              "maker_bps": null,
              "maker_fills": 0,
              "taker_bps": null,
              "taker_fills": 0
            },
            {
              "horizon_ns": 60000000000,
              "maker_bps": null,
              "maker_fills": 0,
              "taker_bps": null,
              "taker_fills": 0
            }
          ],
          "orders": 0,
          "fill_ratio": null,
          "order_to_trade_ratio": 0.0,
          "orders_by_state": {},
          "rejected_orders": 0,
          "rejected_orders_by_reason": {},
          "days_up": 1,
          "days_down": 0,
          "days_flat": 0,
          "best_day": {"date": "2024-08-08", "change": "3.6", "return": 0.00036},
          "worst_day": {"date": "2024-08-08", "change": "3.6", "return": 0.00036},
          "per_instrument": [
            {
              "instrument": "binance:BTC_USDT",
              "fills": 2,
              "orders": 0,
              "trades": 1,
              "wins": 1,
              "losses": 0,
              "draws": 0,
              "win_rate": 1.0,
              "profit_factor": null,
              "expectancy": "3.6",
              "realised_pnl": "3.6",
              "best_trade": "3.6",
              "worst_trade": "3.6",
              "traded_notional": "10006",
              "fees": "2.4",
              "maker_share": 0.4997001798920647,
              "fill_ratio": null,
              "average_holding_ns": 2000000000,
              "final_position": "0",
              "market_change": 0.001
            }
          ],
          "per_tag": [
            {
              "tag": "in",
              "fills": 1,
              "orders": 0,
              "trades": 0,
              "wins": 0,
              "losses": 0,
              "draws": 0,
              "win_rate": null,
              "profit_factor": null,
              "expectancy": null,
              "realised_pnl": "0",
              "best_trade": null,
              "worst_trade": null,
              "traded_notional": "5000",
              "fees": "0.5",
              "maker_share": 1.0,
              "fill_ratio": null,
              "average_holding_ns": null
            },
            {
              "tag": "out, \"now\"",
              "fills": 1,
              "orders": 0,
              "trades": 1,
              "wins": 1,
              "losses": 0,
              "draws": 0,
              "win_rate": 1.0,
              "profit_factor": null,
              "expectancy": "3.6",
              "realised_pnl": "3.6",
              "best_trade": "3.6",
              "worst_trade": "3.6",
              "traded_notional": "5006",
              "fees": "1.9",
              "maker_share": 0.0,
              "fill_ratio": null,
              "average_holding_ns": 2000000000
            }
          ],
          "strategy": {"name": "tiny", "sha256": "00"},
          "inputs": [
            {"path": "day.tape", "sha256": "ab12", "records": 4}
          ],
          "seed": 1,
          "parameters": {"fast": 5, "width": 0.1},
          "models": {"latency": "0/0", "mark": "mid"},
          "engine_version": "0.1.0"
        }

        """#
}
