import Domain
import Foundation
import Report
import Testing

/// The files of a run's folder.
@Suite struct FileTests {
    @Test func everyFileIsTheSameTwice() throws {
        let first = ScratchFolder()
        let second = ScratchFolder()
        var run = try SampleRun.marketMaker()
        run.samples = 400
        for folder in [first, second] {
            try run.write(to: folder.path)
            try ReportPage.write(directory: folder.path)
        }
        let names = try FileManager.default.contentsOfDirectory(atPath: first.path).sorted()
        #expect(names == ["charts.json", "equity.csv", "fills.csv", "log.jsonl", "orders.csv", "report.html", "summary.json"])
        for name in names {
            #expect(try readBytes(first.path + "/" + name) == readBytes(second.path + "/" + name), "\(name) differs")
        }
    }

    @Test func amountsAreExactPlainDecimals() throws {
        let folder = ScratchFolder()
        let recorder = try RunRecorder(directory: folder.path, instruments: [], context: TinyRun.context())
        let values = [
            "0", "-0.000000000000000000000001", "85070591730234.615865843651857942052863", "100", "-12.5", "18446744073709.551615", "0.1",
        ]
        for value in values { try recorder.equity(TinyRun.row(0, value)) }
        _ = try recorder.finish(FinalState(cash: [], positions: []))
        #expect(try Reference.table(folder.path + "/equity.csv").map { $0[2] } == values)
    }

    /// Digits are written without the text of a decimal in between: both must say the same, at every length.
    @Test func amountsAreWrittenAsTheirDescription() throws {
        let folder = ScratchFolder()
        let recorder = try RunRecorder(directory: folder.path, instruments: [], context: TinyRun.context())
        var random = TestRandom(seed: 31)
        var amounts: [Amount] = []
        for _ in 0..<4000 {
            var raw = Int128(bitPattern: UInt128(random.next()) << 64 | UInt128(random.next())) >> Int128(random.below(126))
            let zeros = ExactDecimal.powerOfTen(Int(random.below(25)))
            raw = raw / zeros * zeros
            if abs(raw) < Int128.max / 4 { amounts.append(Amount(raw: raw)) }
        }
        for (index, amount) in amounts.enumerated() {
            let time = Timestamp(nanoseconds: Int64(index) * 1_000_000_007)
            recorder.equity(EquityRow(time: time, kind: .sample, equity: amount, cash: .zero - amount, positionValue: .zero))
        }
        _ = try recorder.finish(FinalState(cash: [], positions: []))
        let rows = try Reference.table(folder.path + "/equity.csv")
        #expect(rows.count == amounts.count && amounts.count > 3000)
        for (row, amount) in zip(rows, amounts) {
            #expect(row[2] == amount.description, "seed 31")
            #expect(row[3] == (.zero - amount).description, "seed 31")
        }
    }

    /// Nothing may be seen half written: until the end there is no file under its own name, nor one of an earlier run.
    @Test func filesAppearComplete() throws {
        let folder = ScratchFolder()
        var run = try SampleRun.marketMaker()
        run.samples = 20
        try run.write(to: folder.path)
        try ReportPage.write(directory: folder.path)
        do {
            let recorder = try RunRecorder(directory: folder.path, instruments: [], context: TinyRun.context())
            try recorder.equity(TinyRun.row(0, "1"))
            let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
            #expect(names == ["equity.csv.partial", "fills.csv.partial", "log.jsonl.partial", "orders.csv.partial"])
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
    }

    @Test func aWriteThatFailsNamesTheFile() throws {
        let folder = ScratchFolder()
        try FileManager.default.createDirectory(atPath: folder.path, withIntermediateDirectories: true)
        try "x".write(toFile: folder.path + "/file", atomically: true, encoding: .utf8)
        let error = #expect(throws: RunFileError.self) {
            try RunRecorder(directory: folder.path + "/file/run", instruments: [], context: TinyRun.context())
        }
        #expect(error?.path == folder.path + "/file/run")
        #expect(error?.description.contains("Not a directory") == true)
    }

    @Test func logIsOneObjectALine() throws {
        let folder = ScratchFolder()
        let recorder = try RunRecorder(directory: folder.path, instruments: [], context: TinyRun.context())
        recorder.log(.warn, at: Timestamp(nanoseconds: 7), source: "strategy", "a \"b\"\n\u{1}\\ é")
        _ = try recorder.finish(FinalState(cash: [], positions: []))
        #expect(
            try readText(folder.path + "/log.jsonl")
                == #"{"time": 7, "level": "warn", "source": "strategy", "message": "a \"b\"\n\u0001\\ é"}"# + "\n")
    }

    /// The summary as a whole, by hand from the rows of `Golden.run`.
    @Test func goldenSummary() throws {
        let folder = ScratchFolder()
        let summary = try Golden.write(to: folder.path)
        #expect(try readText(folder.path + "/summary.json") == summary.text)
        #expect(summary.text == Golden.summary)
        #expect(try readText(folder.path + "/fills.csv") == Golden.fills)
        #expect(try readText(folder.path + "/equity.csv") == Golden.equity)
        #expect(try Summary.read(directory: folder.path) == summary)
        let parsed = try JSONSerialization.jsonObject(with: readBytes(folder.path + "/summary.json")) as? [String: Any]
        #expect(parsed?["final_equity"] as? String == "10003.6")
    }

    /// Distinct tags, lines and reasons come from a script: past a bound they share a place.
    @Test func stateIsBounded() throws {
        let folder = ScratchFolder()
        let own = try SampleRun.instrument("BTC_USDT", tick: "1", lot: "1")
        let recorder = try RunRecorder(directory: folder.path, instruments: [own], context: TinyRun.context())
        for index in 0..<3000 {
            let time = Timestamp(nanoseconds: Int64(index) * 1_000_000_000)
            recorder.plot("line \(index)", at: time, value: 1)
            recorder.plot("line 0", at: time, value: Double(index))
            recorder.mid(InstrumentID(index: 0), at: time, doubledTicks: Int64(index))
            recorder.order(
                OrderRow(
                    id: "\(index)", venueOrderID: "", instrument: InstrumentID(index: 0), side: .buy, type: .limit,
                    timeInForce: .goodTillCancel, price: nil, quantity: Quantity(lots: 1), created: time, acknowledged: nil, closed: nil,
                    state: "rejected", filled: .zero, averagePrice: nil, reason: "reason \(index)", tag: "tag \(index)", isAccepted: false))
        }
        let summary = try recorder.finish(FinalState(cash: [], positions: []))
        #expect(summary["per_tag"].items.count == 1001)
        #expect(summary["rejected_orders"].integer == 3000)
        #expect(summary["rejected_orders_by_reason"].members.count == 64)
        let charts = try JSONSerialization.jsonObject(with: readBytes(folder.path + "/charts.json")) as? [String: Any]
        let plots = try #require(charts?["plots"] as? [[String: Any]])
        #expect(plots.count == 64)
        let rows = try #require(plots[0]["rows"] as? [[Double]])
        #expect(rows.count <= 1024 && rows.count > 500)
        #expect(rows.last?.last == 2999)
        #expect(rows.map { $0[2] }.min() == 0)
        #expect(charts?["plot_points_left_out"] as? Int == 3000 - 64)
    }

    /// A hundred times the rows, the fills and the tags leave no more in memory.
    @Test func memoryDoesNotGrowWithTheRun() throws {
        func retained(rows: Int) throws -> Int {
            let folder = ScratchFolder()
            let own = try SampleRun.instrument("BTC_USDT")
            let id = InstrumentID(index: 0)
            let recorder = try RunRecorder(directory: folder.path, instruments: [own], context: TinyRun.context())
            for index in 0..<rows {
                let time = Timestamp(nanoseconds: Int64(index) * 100_000_000)
                recorder.markouts(before: time, doubledMids: [100])
                recorder.mid(id, at: time, doubledTicks: Int64(index % 1000))
                recorder.plot("line", at: time, value: Double(index % 7))
                recorder.fill(
                    FillRow(
                        time: time, exchangeTime: time, instrument: id, orderID: "\(index)", venueOrderID: "", side: index % 2 == 0 ? .buy : .sell,
                        price: Price(ticks: 100), quantity: Quantity(lots: 1), fee: .zero, feeCurrency: "USDT", liquidity: .maker,
                        tag: "\(index)", positionAfter: 0, reducedLots: 0, realisedPnL: .zero, fillID: "\(index)"))
                recorder.equity(EquityRow(time: time, kind: .sample, equity: .zero, cash: .zero, positionValue: .zero))
            }
            return recorder.retainedElements
        }
        let once = try retained(rows: 1_500)
        let hundredfold = try retained(rows: 150_000)
        #expect(once > 1_000)
        // 6 series of at most 1024 stretches, the fills of a minute, 1001 tags, one batch of rows.
        #expect(hundredfold <= 6 * 1024 + 2 * 601 + 1001 + 512)
    }
}
