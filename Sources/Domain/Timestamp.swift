/// Nanoseconds since the Unix epoch. A pure target knows only the time it is handed.
public struct Timestamp: Hashable, Comparable, Sendable, BitwiseCopyable {
    public let nanoseconds: Int64
    public static let never = Timestamp(nanoseconds: .max)
    @inline(__always) public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }
    @inline(__always) public static func < (lhs: Timestamp, rhs: Timestamp) -> Bool { lhs.nanoseconds < rhs.nanoseconds }
    @inline(__always) public static func + (lhs: Timestamp, rhs: Span) -> Timestamp {
        Timestamp(nanoseconds: lhs.nanoseconds + rhs.nanoseconds)
    }
    @inline(__always) public static func - (lhs: Timestamp, rhs: Timestamp) -> Span {
        Span(nanoseconds: lhs.nanoseconds - rhs.nanoseconds)
    }
}

/// A signed length of time, in nanoseconds.
public struct Span: Hashable, Comparable, Sendable, BitwiseCopyable {
    public let nanoseconds: Int64
    public static let zero = Span(nanoseconds: 0)
    public static let day = Span(nanoseconds: 86_400_000_000_000)
    @inline(__always) public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }
    @inline(__always) public static func < (lhs: Span, rhs: Span) -> Bool { lhs.nanoseconds < rhs.nanoseconds }

    public static func milliseconds(_ count: Int64) -> Span { Span(nanoseconds: count * 1_000_000) }
    public static func seconds(_ count: Int64) -> Span { Span(nanoseconds: count * 1_000_000_000) }

    private static let units: [(suffix: String, nanoseconds: Int64)] = [
        ("ns", 1), ("us", 1_000), ("ms", 1_000_000), ("s", 1_000_000_000),
        ("m", 60_000_000_000), ("h", 3_600_000_000_000), ("d", 86_400_000_000_000),
    ]

    /// Reads `250us 100ms 10s 5m 2h 1d` (and `1.5s`, `-3ms`); a bare `0` is allowed, any other bare number is not.
    public init?(_ text: String) {
        if text == "0" { self = .zero; return }
        let suffix = String(text.drop { "+-.0123456789".contains($0) })
        guard let unit = Span.units.first(where: { $0.suffix == suffix }),
            let number = try? ExactDecimal(String(text.dropLast(suffix.count))),
            let count = (number * ExactDecimal(mantissa: Int128(unit.nanoseconds), scale: 0)).multiple(of: .one)
        else { return nil }
        self.init(nanoseconds: count)
    }

    /// The shortest exact spelling: `100ms`, `1m`, `2d`; `0s` for nothing.
    public var text: String {
        if nanoseconds == 0 { return "0s" }
        let unit = Span.units.last { nanoseconds % $0.nanoseconds == 0 } ?? ("ns", 1)
        return "\(nanoseconds / unit.nanoseconds)\(unit.suffix)"
    }
}
