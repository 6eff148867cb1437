import Domain

/// The Sharpe ratio over a window that moves with time, from the sums of returns in `charts.json`.
struct RollingSharpe {
    /// ns.
    let window: Int64
    private(set) var buckets = ChartLine.empty

    private static let windows: [Int64] = [
        60, 300, 900, 1800, 3600, 7200, 14_400, 28_800, 86_400, 259_200, 604_800, 1_209_600, 2_592_000, 7_776_000, 15_552_000,
    ].map { $0 * 1_000_000_000 }

    /// Nil where the run is too short for a window of at least 30 returns.
    init?(_ data: RunData) {
        let rows = data.charts["returns"]["rows"].items.map(\.items).filter { $0.count == 4 }
        guard let perYear = data.summary.ratio("samples_per_year"), rows.count >= 16 else { return nil }
        guard let window = RollingSharpe.windows.last(where: { $0 <= data.axis.length / 6 }) else { return nil }
        self.window = window
        let times = rows.map { $0[0].integer ?? 0 }
        var count = 0.0
        var sum = 0.0
        var squares = 0.0
        var first = 0
        for (index, row) in rows.enumerated() {
            count += row[1].number ?? 0
            sum += row[2].number ?? 0
            squares += row[3].number ?? 0
            while times[first] <= times[index] - window {
                count -= rows[first][1].number ?? 0
                sum -= rows[first][2].number ?? 0
                squares -= rows[first][3].number ?? 0
                first += 1
            }
            guard times[index] - times[0] >= window, count >= 30 else { continue }
            let mean = sum / count
            let variance = (squares - sum * mean) / (count - 1)
            guard variance > squares * 1e-12 else { continue }
            let value = ValueBucket(mean / variance.squareRoot() * perYear.squareRoot())
            let stretch = data.axis.stretch(times[index])
            if buckets[stretch]?.merge(value) == nil { buckets[stretch] = value }
        }
        if !buckets.contains(where: { $0 != nil }) { return nil }
    }
}
