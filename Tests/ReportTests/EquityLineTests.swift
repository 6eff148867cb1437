import Domain
import Foundation
import Report
import Testing

/// The lines of equity in `charts.json`, against the rows of `equity.csv` and `fills.csv`.
@Suite struct EquityLineTests {
    private struct Point {
        var time: Int64
        var equity: Double
        var gross: Double
        var drawdown: Double
    }

    /// Fees stand in `fills.csv`; a fill comes before the row of equity after it.
    private func points(_ folder: String, _ fills: [FillRow]) throws -> [Point] {
        var next = 0
        var fees = Decimal(0)
        return try Reference.table(folder + "/equity.csv").map { row in
            let time = try #require(Int64(row[0]))
            while next < fills.count, fills[next].time.nanoseconds <= time {
                fees += try #require(Decimal(string: fills[next].fee.description))
                next += 1
            }
            let equity = try #require(Decimal(string: row[2]))
            return Point(
                time: time, equity: NSDecimalNumber(decimal: equity).doubleValue,
                gross: NSDecimalNumber(decimal: equity + fees).doubleValue, drawdown: -(try #require(Double(row[5]))))
        }
    }

    private func expect(_ series: JSON, is points: [Point], _ value: (Point) -> Double) throws {
        let width = try #require(series["width_ns"].integer)
        let origin = try #require(points.first?.time)
        var wanted: [(start: Int64, values: [Double])] = []
        for point in points {
            let start = origin + (point.time - origin) / width * width
            if wanted.last?.start == start {
                wanted[wanted.count - 1].values.append(value(point))
            } else {
                wanted.append((start, [value(point)]))
            }
        }
        let rows = series["rows"].items.map(\.items)
        #expect(rows.count == wanted.count && rows.count <= 1024)
        for (row, stretch) in zip(rows, wanted) {
            #expect(row[0].integer == stretch.start)
            let low = try #require(stretch.values.min())
            let high = try #require(stretch.values.max())
            for (found, exact) in zip(row.dropFirst(), [stretch.values[0], low, high, stretch.values[stretch.values.count - 1]]) {
                let number = try #require(found.number)
                #expect(abs(number - exact) <= abs(exact) * 1e-14 + 1e-15)
            }
        }
    }

    @Test(arguments: [3, 700, 5000])
    func everyStretchHoldsItsRows(samples: Int) throws {
        let folder = ScratchFolder()
        var run = try SampleRun.marketMaker()
        (run.samples, run.fillChance) = (samples, 0.3)
        let (_, fills, _) = try run.write(to: folder.path)
        let points = try points(folder.path, fills)
        let charts = try JSONParser.parse([UInt8](readBytes(folder.path + "/charts.json")))
        try expect(charts["equity"], is: points) { $0.equity }
        try expect(charts["gross"], is: points) { $0.gross }
        try expect(charts["drawdown"], is: points) { $0.drawdown }
    }

    @Test func daysEndWithTheirLastRow() throws {
        let folder = ScratchFolder()
        var run = try SampleRun.yearOfBars()
        run.samples = 24 * 40
        let (_, fills, _) = try run.write(to: folder.path)
        var wanted: [Int64: Double] = [:]
        for point in try points(folder.path, fills) { wanted[point.time / 86_400_000_000_000] = point.equity }
        let charts = try JSONParser.parse([UInt8](readBytes(folder.path + "/charts.json")))
        let rows = charts["days"]["rows"].items.map(\.items)
        #expect(rows.count == wanted.count && rows.count == 40)
        for row in rows {
            let day = try #require(row[0].integer)
            let exact = try #require(wanted[day])
            #expect(abs(try #require(row[1].number) - exact) <= exact * 1e-14)
        }
    }
}
