public import ArgumentParser
import Domain
public import Tape

/// `perigee data`: everything about tapes that is not a run.
struct DataCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "data",
        abstract: "Import, look at, check, cut, join and export recorded market data.",
        discussion: """
              perigee data import --format ohlcv bars.csv.gz -o bars.tape --instrument binance:BTC_USDT
              perigee data info bars.tape
            """,
        subcommands: [
            DataImport.self, DataInfo.self, DataHead.self, DataVerify.self, DataExport.self, DataSlice.self, DataMerge.self, DataConvert.self,
        ])
}

/// How a result is printed.
enum OutputFormat: String, CaseIterable, ExpressibleByArgument { case text, json }

/// What the data verbs share.
enum DataVerb {
    /// Runs `body` and turns the errors of tapes and imports into failures a user can understand.
    static func guarded<R>(_ body: () throws -> R) throws -> R {
        do {
            return try body()
        } catch let error as ImportError {
            switch error.kind {
            case .usage: throw Failure(.usage, error.message)
            case .data: throw Failure(.runFailed, error.message)
            case .interrupted: throw Failure(.interrupted, error.message)
            }
        } catch let error as TapeError {
            throw Failure(.runFailed, error.description)
        }
    }

    static func open(_ path: String) throws -> TapeReader { try guarded { try TapeReader(path: path) } }

    static func time(_ text: String?, _ flag: String) throws -> Timestamp? {
        guard let text else { return nil }
        guard let time = TimeText.parse(text) else {
            throw Failure(.usage, "\(flag) “\(text)”: expected RFC 3339 such as 2024-08-08T10:00:00Z, a date, or whole nanoseconds")
        }
        return time
    }

    static func decimal(_ text: String?, _ flag: String) throws -> ExactDecimal? {
        guard let text else { return nil }
        guard let value = try? ExactDecimal(text) else {
            throw Failure(.usage, "\(flag) “\(text)”: expected a decimal such as 0.01")
        }
        return value
    }

    static func positive(_ text: String?, _ flag: String) throws -> ExactDecimal? {
        guard let value = try decimal(text, flag) else { return nil }
        guard value.mantissa > 0 else { throw Failure(.usage, "\(flag) \(value): expected a decimal above zero") }
        return value
    }

    static func span(_ text: String?, _ flag: String) throws -> Span? {
        guard let text else { return nil }
        guard let span = Span(text) else { throw Failure(.usage, "\(flag) “\(text)”: expected a duration such as 250us, 1300ms or 5m") }
        return span
    }

    /// `1234567` as `1,234,567`.
    static func grouped(_ number: Int) -> String {
        var result = ""
        for (index, digit) in String(number.magnitude).reversed().enumerated() {
            if index > 0 && index % 3 == 0 { result.append(",") }
            result.append(digit)
        }
        return (number < 0 ? "-" : "") + String(result.reversed())
    }

    /// `1 instrument`, `3 instruments`.
    static func counted(_ count: Int, _ noun: String) -> String { "\(grouped(count)) \(noun)\(count == 1 ? "" : "s")" }

    static func bytes(_ count: Int) -> String {
        if count < 1 << 10 { return "\(count) bytes" }
        let (unit, name) = count < 1 << 20 ? (1 << 10, "KiB") : count < 1 << 30 ? (1 << 20, "MiB") : (1 << 30, "GiB")
        return "\(count / unit).\(count % unit * 10 / unit) \(name)"
    }

    /// `3 h 12 m 5.25 s`, for people.
    static func length(_ span: Span) -> String {
        let total = span.nanoseconds
        if total < 1_000_000_000 { return span.text }
        let seconds = total / 1_000_000_000
        let parts = [(seconds / 86_400, "d"), (seconds / 3600 % 24, "h"), (seconds / 60 % 60, "m")].filter { $0.0 > 0 }
        let millis = total / 1_000_000 % 60_000
        let rest = ExactDecimal(mantissa: Int128(millis), scale: 3)
        return (parts.map { "\($0.0) \($0.1)" } + ["\(rest) s"]).joined(separator: " ")
    }
}

extension ImportFormat: ExpressibleByArgument {}
extension TimeUnit: ExpressibleByArgument {}
extension LeanKind: ExpressibleByArgument {}
