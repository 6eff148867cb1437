import Domain
import Testing

@testable import Tape

/// Figures by their path in truth.json: `replay.final.best_ask`. Decimals are written without trailing zeros.
struct Figures {
    private(set) var values: [String: String] = [:]

    init() {}

    /// What truth.json says of one file.
    init(truth file: String) { flatten("", Recorded.truth[file] ?? [:]) }

    private mutating func flatten(_ path: String, _ value: Any) {
        if let inner = value as? [String: Any] {
            for (key, value) in inner { flatten(path.isEmpty ? key : path + "." + key, value) }
        } else if let list = value as? [Any] {
            values[path] = list.map { "\($0)" }.joined(separator: ",")
        } else {
            let text = "\(value)"
            values[path] = text.contains(".") ? (try? ExactDecimal(text))?.description ?? text : text
        }
    }

    /// Sets a figure; nil is told as “nothing”.
    subscript(path: String) -> (any CustomStringConvertible)? {
        get { values[path] }
        set { values[path] = newValue?.description ?? "nothing" }
    }

    mutating func add(_ others: Figures, under path: String) {
        for (key, value) in others.values { values[path + "." + key] = value }
    }

    mutating func add(_ counts: [(kind: String, count: Int)], under path: String) {
        for (kind, count) in counts { values[path + "." + kind] = String(count) }
    }

    /// Size and checksum of a source.
    mutating func source(_ file: String) throws {
        self["file_bytes"] = TemporaryFolder.read(Recorded.path(file)).count
        self["file_sha256"] = try SHA256.fileDigest(path: Recorded.path(file))
    }

    /// The book after the last record.
    init(book found: InstrumentStatistics) {
        let (bids, asks) = (found.levels(.buy), found.levels(.sell))
        self["bid_levels"] = bids.count
        self["ask_levels"] = asks.count
        self["best_bid"] = bids.first.map { found.instrument.decimal($0.price) }
        self["best_bid_qty"] = bids.first?.size
        self["best_ask"] = asks.first.map { found.instrument.decimal($0.price) }
        self["best_ask_qty"] = asks.first?.size
        if let bid = bids.first?.price.ticks, let ask = asks.first?.price.ticks {
            self["spread"] = found.instrument.decimal(Price(ticks: ask - bid))
        }
        self["book_sha256"] = found.bookSHA256
    }
}

extension Imported {
    /// A count of ticks as a decimal price of the first instrument.
    func price(_ ticks: Int64?) -> ExactDecimal? { ticks.map { instruments[0].decimal(Price(ticks: $0)) } }

    /// The same in ten-thousandths.
    func price10000(_ ticks: Int64?) throws -> Int64? {
        try price(ticks).map { try #require(($0 * ExactDecimal(mantissa: 10_000, scale: 0)).multiple(of: .one)) }
    }

    /// How often an exchange time is before the one above it.
    var timeDecreases: Int { zip(records, records.dropFirst()).count { $1.exchangeTime < $0.exchangeTime } }
}
