/// Counts trades by P&L: in many thin bins while reading, in few thick ones to draw.
struct PnLHistogram: Sendable {
    struct Bar {
        let low: Double
        let high: Double
        let count: Int
    }

    private static let fine = 4000
    let worst: Double
    let best: Double
    private(set) var total = 0
    private var bins: [Int]

    init(worst: Double, best: Double) {
        self.worst = min(worst, 0)
        self.best = max(best, 0)
        bins = [Int](repeating: 0, count: PnLHistogram.fine)
    }

    mutating func add(_ pnl: Double) {
        total += 1
        let range = best - worst
        let index = range > 0 ? Int(((pnl - worst) / range * Double(PnLHistogram.fine)).rounded(.down)) : 0
        bins[min(max(index, 0), PnLHistogram.fine - 1)] += 1
    }

    /// About forty bars of a round width with an edge at zero, over the middle 99 % of the trades; the two outer bars hold the rest.
    var bars: [Bar] {
        let width = (best - worst) / Double(PnLHistogram.fine)
        guard total > 0, width > 0 else { return [] }
        let low = quantile(0.005, width)
        let high = max(quantile(0.995, width), low + width)
        let step = max(ValueAxis(low...high, pad: 0, count: 36).step, width)
        let first = (low / step).rounded(.down)
        let count = max(1, Int((high / step).rounded(.up) - first))
        var counts = [Int](repeating: 0, count: count)
        for (index, number) in bins.enumerated() where number > 0 {
            let middle = worst + (Double(index) + 0.5) * width
            let bar = Int((middle / step - first).rounded(.down))
            counts[min(max(bar, 0), count - 1)] += number
        }
        return counts.enumerated().map { index, number in
            Bar(low: (first + Double(index)) * step, high: (first + Double(index) + 1) * step, count: number)
        }
    }

    private func quantile(_ share: Double, _ width: Double) -> Double {
        let wanted = share * Double(total)
        var seen = 0
        for (index, number) in bins.enumerated() {
            seen += number
            if Double(seen) >= wanted { return worst + (Double(index) + (share > 0.5 ? 1 : 0)) * width }
        }
        return best
    }
}
