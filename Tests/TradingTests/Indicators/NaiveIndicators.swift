/// Each indicator straight from its definition, over the entire history, in wide arithmetic: the twin that the
/// incremental ones are held against.
struct Naive {
    let high: [Wide], low: [Wide], close: [Wide], volume: [Wide]

    init(_ bars: [TestBar]) {
        high = bars.map { Wide($0.high) }
        low = bars.map { Wide($0.low) }
        close = bars.map { Wide($0.close) }
        volume = bars.map { Wide($0.volume) }
    }

    private func mean(_ values: some Collection<Wide>) -> Wide { values.reduce(0, +) / Wide(values.count) }

    /// Mean of the first n, then old + (new − old) × weight; from index n − 1 on.
    private func smoothed(_ values: [Wide], _ n: Int, weight: Wide) -> [Wide] {
        guard values.count >= n else { return [] }
        var result = [mean(values[..<n])]
        for value in values[n...] { result.append((1 - weight) * result[result.count - 1] + weight * value) }
        return result
    }
    private func ema(_ values: [Wide], _ n: Int) -> [Wide] { smoothed(values, n, weight: 2 / Wide(n + 1)) }
    private func wilder(_ values: [Wide], _ n: Int) -> [Wide] { smoothed(values, n, weight: 1 / Wide(n)) }

    private func deviation(_ values: ArraySlice<Wide>) -> Wide {
        let centre = mean(values)
        return mean(values.map { ($0 - centre) * ($0 - centre) }).squareRoot()
    }

    private func trueRanges() -> [Wide] {
        close.indices.map { i in
            guard i > 0 else { return high[0] - low[0] }
            return [high[i] - low[i], abs(high[i] - close[i - 1]), abs(low[i] - close[i - 1])].max() ?? 0
        }
    }

    /// The last values of `name(arguments…)`; empty until warm.
    func last(_ name: String, _ arguments: [Double]) -> [Wide] {
        let n = arguments.first.map { Int($0) } ?? 0
        switch name {
        case "rsi": return rsi(n)
        case "atr", "keltner", "adx", "donchian", "stochastic": return ranged(name, n, arguments)
        case "macd": return macd(n, Int(arguments[1]), Int(arguments[2]))
        case "ema": return ema(close, n).suffix(1)
        case "roc": return close.count > n ? [close[close.count - 1] / close[close.count - 1 - n] - 1] : []
        case "obv", "vwap": return volumes(name, n)
        default: return windowed(name, close.suffix(n), n, arguments)
        }
    }

    private func windowed(_ name: String, _ window: ArraySlice<Wide>, _ n: Int, _ arguments: [Double]) -> [Wide] {
        guard window.count == n, let newest = window.last else { return [] }
        let centre = mean(window)
        switch name {
        case "sma": return [centre]
        case "wma": return [zip(1..., window).map { Wide($0) * $1 }.reduce(0, +) / (1...n).map { Wide($0) }.reduce(0, +)]
        case "highest": return [window.max() ?? 0]
        case "lowest": return [window.min() ?? 0]
        case "stddev": return [deviation(window)]
        case "zscore": return [Set(window).count == 1 ? 0 : (newest - centre) / deviation(window)]
        case "bollinger":
            let width = Wide(arguments[1]) * deviation(window)
            return [centre, centre + width, centre - width]
        default: preconditionFailure("no twin for \(name)")
        }
    }

    private func rsi(_ n: Int) -> [Wide] {
        let changes = zip(close, close.dropFirst()).map { $1 - $0 }
        guard let gain = wilder(changes.map { max($0, 0) }, n).last, let loss = wilder(changes.map { max(-$0, 0) }, n).last
        else { return [] }
        return gain + loss == 0 ? [50] : [100 * gain / (gain + loss)]
    }

    private func macd(_ fast: Int, _ slow: Int, _ signal: Int) -> [Wide] {
        let (short, long) = (ema(close, fast), ema(close, slow))
        let length = min(short.count, long.count)
        let lines = zip(short.suffix(length), long.suffix(length)).map { $0 - $1 }
        guard let line = lines.last, let signal = ema(lines, signal).last else { return [] }
        return [line, signal, line - signal]
    }

    private func volumes(_ name: String, _ n: Int) -> [Wide] {
        if name == "obv" {
            return [zip(zip(close, close.dropFirst()), volume.dropFirst()).reduce(0) { total, next in
                total + (next.0.1 > next.0.0 ? next.1 : next.0.1 < next.0.0 ? -next.1 : 0)
            }]
        }
        guard close.count >= n else { return [] }
        let range = (n == 0 ? 0 : close.count - n)..<close.count
        let quantity = volume[range].reduce(0, +)
        return quantity == 0 ? [] : [range.map { (high[$0] + low[$0] + close[$0]) / 3 * volume[$0] }.reduce(0, +) / quantity]
    }

    private func ranged(_ name: String, _ n: Int, _ arguments: [Double]) -> [Wide] {
        switch name {
        case "atr": return wilder(trueRanges(), n).suffix(1)
        case "keltner":
            guard let range = wilder(trueRanges(), n).last, let middle = ema(close, n).last else { return [] }
            return [middle, middle + Wide(arguments[1]) * range, middle - Wide(arguments[1]) * range]
        case "donchian":
            guard close.count >= n, let top = high.suffix(n).max(), let bottom = low.suffix(n).min() else { return [] }
            return [top, bottom, (top + bottom) / 2]
        case "adx": return adx(n)
        default: return stochastic(n, Int(arguments[1]), Int(arguments[2]))
        }
    }

    private func stochastic(_ n: Int, _ smooth: Int, _ slow: Int) -> [Wide] {
        guard close.count >= n else { return [] }
        let raw = (n - 1..<close.count).map { i -> Wide in
            let top = high[i - n + 1...i].max() ?? 0, bottom = low[i - n + 1...i].min() ?? 0
            return top > bottom ? 100 * (close[i] - bottom) / (top - bottom) : 50
        }
        guard raw.count >= smooth + slow - 1 else { return [] }
        let ks = (0..<slow).map { mean(raw[(raw.count - smooth - $0)..<(raw.count - $0)]) }
        return [ks[0], mean(ks)]
    }

    private func adx(_ n: Int) -> [Wide] {
        let pairs = Array(close.indices.dropFirst())
        let ups = pairs.map { i -> Wide in
            let (rise, drop) = (high[i] - high[i - 1], low[i - 1] - low[i])
            return rise > drop && rise > 0 ? rise : 0
        }
        let downs = pairs.map { i -> Wide in
            let (rise, drop) = (high[i] - high[i - 1], low[i - 1] - low[i])
            return drop > rise && drop > 0 ? drop : 0
        }
        let (up, down, range) = (wilder(ups, n), wilder(downs, n), wilder(Array(trueRanges().dropFirst()), n))
        let index = zip(up, down).map { $0 + $1 == 0 ? 0 : 100 * abs($0 - $1) / ($0 + $1) }
        guard let adx = wilder(index, n).last, let u = up.last, let d = down.last, let r = range.last else { return [] }
        return r == 0 ? [adx, 0, 0] : [adx, 100 * u / r, 100 * d / r]
    }
}
