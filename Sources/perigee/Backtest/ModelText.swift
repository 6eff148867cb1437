import Backtesting
import Domain
import Exchange
import Tape

/// A value as the user wrote it, and the flag or key it came from, so that every error can name both.
struct Source {
    let text: String
    let name: String

    func failure(_ expected: String) -> Failure { Failure(.usage, "\(name): found '\(text)', expected \(expected)") }

    func choice<Value>(_ choices: [(String, Value)]) throws -> Value {
        guard let found = choices.first(where: { $0.0 == text }) else {
            throw failure("one of " + choices.map(\.0).joined(separator: ", "))
        }
        return found.1
    }

    func duration() throws -> Span {
        guard let span = Span(text), span > .zero else { throw failure("a duration above zero, such as 100ms, 1s or 5m") }
        return span
    }

    func rate() throws -> ExactDecimal {
        guard let rate = try? ExactDecimal(text), rate.scale <= 12, rate.mantissa.magnitude < UInt128(ExactDecimal.powerOfTen(rate.scale))
        else { throw failure("a fraction of notional between -1 and 1, such as 0.0004 or -0.0001") }
        return rate
    }

    func queue() throws -> QueueModel {
        if text.hasPrefix("power:") {
            guard let exponent = Double(text.dropFirst(6)), exponent > 0, exponent.isFinite else { throw failure("power:N with N above 0, such as power:3") }
            return .power(exponent)
        }
        guard let model = ["risk-averse": QueueModel.riskAverse, "log": .log, "fifo": .fifo][text] else {
            throw failure("one of risk-averse, power:N, log, fifo")
        }
        return model
    }

    func slippage() throws -> Slippage {
        for suffix in ["ticks", "tick"] where text.hasSuffix(suffix) {
            if let count = Int64(text.dropLast(suffix.count)), count >= 0 { return .ticks(count) }
        }
        if text.hasSuffix("bps"), let points = try? ExactDecimal(String(text.dropLast(3))), points.mantissa >= 0 {
            return .basisPoints(points)
        }
        throw failure("a number of ticks or basis points, such as 1tick or 5bps")
    }

    func share() throws -> ExactDecimal {
        let isPercent = text.hasSuffix("%")
        guard let number = try? ExactDecimal(isPercent ? String(text.dropLast()) : text), number.mantissa > 0, number.scale <= 12,
            number.mantissa <= ExactDecimal.powerOfTen(number.scale) * (isPercent ? 100 : 1)
        else { throw failure("a part of a bar's volume above 0 and up to 100%, such as 10% or 0.1") }
        return isPercent ? number * ExactDecimal(mantissa: 1, scale: 2) : number
    }

    var isFile: Bool { !text.hasPrefix("feed:") && Source.pair(text) == nil }

    func latency() throws -> LatencyModel {
        if text.hasPrefix("feed:") {
            let parts = text.dropFirst(5).split(separator: ",", omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 2, let factor = try? ExactDecimal(parts[0]), factor.mantissa >= 0, let offset = Span(parts[1]), offset >= .zero
            else { throw failure("feed:FACTOR,OFFSET, both zero or more, such as feed:1.5,200us") }
            return .feed(factor: factor, offset: offset)
        }
        if let pair = Source.pair(text) {
            guard pair.entry >= .zero, pair.response >= .zero else { throw failure("ENTRY/RESPONSE of zero or more each, such as 5ms/5ms") }
            return .constant(entry: pair.entry, response: pair.response)
        }
        return .recorded(try latencyTable())
    }

    private static func pair(_ text: String) -> (entry: Span, response: Span)? {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2, let entry = Span(parts[0]), let response = Span(parts[1]) else { return nil }
        return (entry, response)
    }

    private func latencyTable() throws -> LatencyTable {
        guard let bytes = TextFile.bytes(text) else {
            throw failure("ENTRY/RESPONSE (5ms/5ms), feed:FACTOR,OFFSET, or a readable CSV file of time_ns,entry_ns,response_ns")
        }
        let content = String(decoding: bytes, as: UTF8.self)
        var rows: [LatencyTable.Row] = []
        for (number, line) in content.split(separator: "\n", omittingEmptySubsequences: false).enumerated() where !line.isEmpty {
            let fields = line.split(separator: ",").map { Int64($0.filter { $0 != " " && $0 != "\r" }) }
            if number == 0, fields.first == .some(nil) { continue }
            guard fields.count == 3, let time = fields[0], let entry = fields[1], let response = fields[2] else {
                throw Failure(.usage, "\(text), line \(number + 1): found '\(line)', expected time_ns,entry_ns,response_ns")
            }
            rows.append(
                LatencyTable.Row(
                    time: Timestamp(nanoseconds: time), entry: Span(nanoseconds: entry), response: Span(nanoseconds: response)))
        }
        guard let table = LatencyTable(rows) else {
            throw Failure(.usage, "\(text): expected at least one row, times that rise, and latencies of zero or more")
        }
        return table
    }
}

extension Source {
    /// `1ns`, `0.5ns` or `1ns/instr`.
    func computeCost() throws -> ComputeCost {
        let plain = text.hasSuffix("/instr") ? text.dropLast(6) : text[...]
        guard plain.hasSuffix("ns"), let decimal = try? ExactDecimal(String(plain.dropLast(2))), decimal.scale <= 3, decimal.mantissa >= 0,
            decimal.mantissa <= 1_000_000 * ExactDecimal.powerOfTen(decimal.scale)
        else { throw failure("a time of one instruction from 0ns to 1000000ns, such as 1ns/instr or 0.5ns") }
        return ComputeCost(picoseconds: UInt64(decimal.mantissa * ExactDecimal.powerOfTen(3 - decimal.scale)))
    }
}
