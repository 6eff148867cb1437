public import Domain

/// Why bars cannot be had, as the user should read it.
public struct BarError: Error, Hashable, Sendable, CustomStringConvertible {
    public let description: String
}

/// The length of a bar that a strategy asked for, checked against what the tape can give.
public struct BarInterval: Hashable, Sendable {
    public let span: Span
    /// The length of the recorded bars; nil on tapes of trades or quotes.
    public let source: Span?

    /// Reads `15s 1m 4h 1d`.
    ///
    /// - Parameter source: the interval of a tape of bars; `.zero` or nil on tapes of trades or quotes.
    /// - Throws: for a text that is no length of time above zero, and on tapes of bars for one that is not a multiple of the tape's.
    public init(_ text: String, source: Span? = nil) throws(BarError) {
        guard let span = Span(text), span > .zero else {
            throw BarError(
                description: "bars: expected an interval above zero such as \"15s\", \"1m\", \"4h\" or \"1d\", got \"\(text)\"")
        }
        let source = source == .zero ? nil : source
        if let source {
            guard span >= source else {
                throw BarError(
                    description: "bars: the tape holds bars of \(source.text); expected that or a multiple of it, got the shorter \"\(text)\"")
            }
            guard span.nanoseconds % source.nanoseconds == 0 else {
                throw BarError(
                    description: "bars: the tape holds bars of \(source.text); expected a multiple of it, got \"\(text)\"")
            }
        }
        (self.span, self.source) = (span, source)
    }
}
