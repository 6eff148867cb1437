public import Domain

/// How long a request takes to the venue, and a report back to the desk.
///
/// - Source: `docs/fills.md`, two clocks.
public enum LatencyModel: Hashable, Sendable {
    case constant(entry: Span, response: Span)
    /// `factor × (local − exchange) + offset` of the last record that arrived, for each way.
    case feed(factor: ExactDecimal, offset: Span)
    /// Measured round trips, interpolated between the rows.
    case recorded(LatencyTable)

    public static let none = LatencyModel.constant(entry: .zero, response: .zero)

    /// - Parameter feedLag: local − exchange time of the last record that arrived.
    public func entry(at time: Int64, feedLag: Int64) -> Int64 {
        switch self {
        case .constant(let entry, _): entry.nanoseconds
        case .feed(let factor, let offset): LatencyModel.scaled(feedLag, factor) + offset.nanoseconds
        case .recorded(let table): table.entry(at: time)
        }
    }

    public func response(at time: Int64, feedLag: Int64) -> Int64 {
        switch self {
        case .constant(_, let response): response.nanoseconds
        case .feed(let factor, let offset): LatencyModel.scaled(feedLag, factor) + offset.nanoseconds
        case .recorded(let table): table.response(at: time)
        }
    }

    private static func scaled(_ lag: Int64, _ factor: ExactDecimal) -> Int64 {
        let product = Int128(max(lag, 0)) * factor.mantissa / ExactDecimal.powerOfTen(factor.scale)
        return Int64(clamping: max(product, 0))
    }

    /// As `--latency` spells it; a recorded one names its file elsewhere.
    public var text: String {
        switch self {
        case .constant(let entry, let response): "\(entry.text)/\(response.text)"
        case .feed(let factor, let offset): "feed:\(factor),\(offset.text)"
        case .recorded(let table): "recorded (\(table.count) rows)"
        }
    }
}

/// Measured latencies by time, between which the model interpolates; before the first and after the last they stay.
public struct LatencyTable: Hashable, Sendable {
    public struct Row: Hashable, Sendable, BitwiseCopyable {
        public var time: Timestamp
        public var entry: Span
        public var response: Span
        public init(time: Timestamp, entry: Span, response: Span) {
            (self.time, self.entry, self.response) = (time, entry, response)
        }
    }

    private let rows: [Row]
    public var count: Int { rows.count }

    /// Nil where there is no row, times do not rise, or a latency is negative.
    public init?(_ rows: [Row]) {
        guard !rows.isEmpty, rows.allSatisfy({ $0.entry >= .zero && $0.response >= .zero }),
            zip(rows, rows.dropFirst()).allSatisfy({ $0.time < $1.time })
        else { return nil }
        self.rows = rows
    }

    func entry(at time: Int64) -> Int64 { interpolate(time, \.entry.nanoseconds) }
    func response(at time: Int64) -> Int64 { interpolate(time, \.response.nanoseconds) }

    private func interpolate(_ time: Int64, _ value: KeyPath<Row, Int64>) -> Int64 {
        var low = 0
        var high = rows.count
        while low < high {
            let middle = (low + high) / 2
            if rows[middle].time.nanoseconds <= time { low = middle + 1 } else { high = middle }
        }
        if low == 0 { return rows[0][keyPath: value] }
        if low == rows.count { return rows[rows.count - 1][keyPath: value] }
        let (left, right) = (rows[low - 1], rows[low])
        let span = Int128(right.time.nanoseconds - left.time.nanoseconds)
        let step = Int128(right[keyPath: value] - left[keyPath: value]) * Int128(time - left.time.nanoseconds) / span
        return left[keyPath: value] + Int64(step)
    }
}
