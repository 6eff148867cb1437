public import Domain

/// A market to generate, as a scenario file describes it; `docs/generated-market.md` lists the keys.
public struct Scenario: Sendable {
    public enum Model: Sendable {
        case orderBook(OrderFlow.Parameters, TapeFeed.Parameters)
        case bars(BarMarket.Parameters)
    }

    public let model: Model
    public let instruments: [Instrument]
    public let seed: UInt64
    /// Time of the snapshot, or of the first bar's open.
    public let start: Timestamp
    public let duration: Span
    /// How long the participants act before the tape begins.
    public let warmUp: Span

    /// - Throws: The first setting that is wrong, missing or unknown.
    public init(_ settings: [ScenarioSetting]) throws(ScenarioError) {
        var reader = SettingsReader(settings)
        let kind = try reader.text("model")
        seed = UInt64(bitPattern: try reader.integer("seed", 1, Int64.min...Int64.max))
        start = try Scenario.start(try reader.text("start", "2024-01-01"))
        duration = try reader.span("duration", "1h", from: "1s", to: "3660d")
        warmUp = kind == "order-book" ? try reader.span("warm_up", "5m", from: "10s", to: "1d") : .zero
        switch kind {
        case "order-book":
            (model, instruments) = try Scenario.orderBook(&reader, seed: seed)
        case "bars":
            (model, instruments) = try Scenario.bars(&reader, seed: seed, duration: duration)
        default:
            throw ScenarioError("model", "is \"\(kind)\"; \"order-book\" or \"bars\" was expected")
        }
        try reader.finish()
    }

    /// Reads `2024-03-04` or `2024-03-04T13:00:00Z`.
    private static func start(_ text: String) throws(ScenarioError) -> Timestamp {
        let wrong = ScenarioError("start", "is \"\(text)\"; a UTC time such as \"2024-03-04\" or \"2024-03-04T13:00:00Z\" was expected")
        let bytes = Array(text.utf8)
        let pattern = Array("0000-00-00T00:00:00Z".utf8)
        guard bytes.count == 10 || bytes.count == 20 else { throw wrong }
        var fields: [Int64] = [0]
        for (byte, wanted) in zip(bytes, pattern) {
            if wanted == UInt8(ascii: "0") {
                guard byte >= 48, byte <= 57 else { throw wrong }
                fields[fields.count - 1] = fields[fields.count - 1] * 10 + Int64(byte - 48)
            } else {
                guard byte == wanted else { throw wrong }
                fields.append(0)
            }
        }
        fields += [0, 0, 0]
        guard (1970...2200).contains(fields[0]), (1...12).contains(fields[1]), (1...31).contains(fields[2]),
            fields[3] < 24, fields[4] < 60, fields[5] < 60
        else { throw wrong }
        let seconds = days(fields[0], fields[1], fields[2]) * 86_400 + fields[3] * 3_600 + fields[4] * 60 + fields[5]
        return Timestamp(nanoseconds: seconds * 1_000_000_000)
    }

    /// Days from 1970-01-01 in the Gregorian calendar, years counted from March so that the leap day is the last.
    private static func days(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let y = month <= 2 ? year - 1 : year
        let monthFromMarch = (month + 9) % 12
        return y * 365 + y / 4 - y / 100 + y / 400 + (monthFromMarch * 153 + 2) / 5 + day - 1 - 719_468
    }
}
