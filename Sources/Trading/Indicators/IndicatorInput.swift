/// What one update is given: a number, a bar, or two numbers.
@frozen public struct IndicatorInput: Hashable, Sendable, BitwiseCopyable {
    @frozen public enum Shape: UInt8, Sendable { case number, bar, pair }
    /// The number, the bar's close, or the first of two numbers.
    public let close: Double
    public let high: Double
    public let low: Double
    /// The bar's volume, or the second of two numbers.
    public let volume: Double
    public let shape: Shape
    @inline(__always) public var hasBar: Bool { shape == .bar }
    @inline(__always) public var second: Double { volume }

    /// Magnitudes above this are no prices; squares and products of values below it stay finite.
    public static let largestMagnitude = 1e100

    /// A plain number, which is also a bar without range.
    @inline(__always) public static func number(_ value: Double) -> IndicatorInput {
        IndicatorInput(close: value, high: value, low: value, volume: 0, shape: .number)
    }
    @inline(__always) public static func bar(high: Double, low: Double, close: Double, volume: Double) -> IndicatorInput {
        IndicatorInput(close: close, high: high, low: low, volume: volume, shape: .bar)
    }
    /// Price and quantity for `vwap`, the two lines for `cross`.
    @inline(__always) public static func pair(_ first: Double, _ second: Double) -> IndicatorInput {
        IndicatorInput(close: first, high: first, low: first, volume: second, shape: .pair)
    }

    @inline(__always) private init(close: Double, high: Double, low: Double, volume: Double, shape: Shape) {
        (self.close, self.high, self.low, self.volume, self.shape) = (close, high, low, volume, shape)
    }

    /// Whether every number in it is finite and of a sane magnitude. (A NaN compares false.)
    @inline(__always) public var isFinite: Bool {
        let limit = IndicatorInput.largestMagnitude
        return close.magnitude <= limit && (shape == .number || volume.magnitude <= limit)
            && (shape != .bar || (high.magnitude <= limit && low.magnitude <= limit))
    }
}

/// What an indicator answers: `count` values, none until it is warm.
@frozen public struct IndicatorOutput: Hashable, Sendable, BitwiseCopyable {
    public let count: Int
    public let v0: Double
    public let v1: Double
    public let v2: Double
    public static let none = IndicatorOutput(count: 0, 0, 0, 0)

    @inline(__always) private init(count: Int, _ v0: Double, _ v1: Double, _ v2: Double) {
        (self.count, self.v0, self.v1, self.v2) = (count, v0, v1, v2)
    }
    @inline(__always) init(_ v0: Double) { self.init(count: 1, v0, 0, 0) }
    @inline(__always) init(_ v0: Double?) { self = v0.map { IndicatorOutput($0) } ?? .none }
    @inline(__always) init(_ v0: Double, _ v1: Double) { self.init(count: 2, v0, v1, 0) }
    @inline(__always) init(_ v0: Double, _ v1: Double, _ v2: Double) { self.init(count: 3, v0, v1, v2) }

    /// The values as an array; for tests and slow paths.
    public var values: [Double] { Array([v0, v1, v2].prefix(count)) }
}
