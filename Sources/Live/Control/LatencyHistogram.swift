public import Domain

/// Counts of durations in buckets that are at most a sixteenth of their value wide: constant memory, no allocation after `init`.
public struct LatencyHistogram: Hashable, Sendable {
    private static let halves = 4
    private var buckets = [UInt32](repeating: 0, count: 64 << LatencyHistogram.halves)
    public private(set) var count = 0

    public init() {}

    public mutating func record(_ span: Span) {
        buckets[LatencyHistogram.index(span.nanoseconds)] &+= 1
        count += 1
    }

    /// The upper end of the bucket in which the quantile lies, zero where nothing was recorded.
    public func quantile(_ share: Double) -> Span {
        guard count > 0 else { return .zero }
        let rank = max(1, Int((share * Double(count)).rounded(.up)))
        var sum = 0
        for (index, held) in buckets.enumerated() {
            sum += Int(held)
            if sum >= rank { return Span(nanoseconds: LatencyHistogram.upperEnd(index)) }
        }
        return .zero
    }

    private static func index(_ nanoseconds: Int64) -> Int {
        let value = max(0, nanoseconds)
        let exponent = 63 - (value | 1).leadingZeroBitCount
        guard exponent > halves else { return Int(value) }
        let shift = exponent - halves
        return (shift << halves) + Int(value >> Int64(shift))
    }

    private static func upperEnd(_ index: Int) -> Int64 {
        guard index >= 2 << halves else { return Int64(index) }
        let shift = (index >> halves) - 1
        let mantissa = Int64(index - shift << halves)
        return ((mantissa + 1) << Int64(shift)) - 1
    }
}
