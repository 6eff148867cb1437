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

    static let summary = "GOLDEN"
}
