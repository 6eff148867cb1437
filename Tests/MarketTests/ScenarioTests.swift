import Foundation
import Market
import TOMLKit
import Testing

@Suite struct ScenarioTests {
    static let least = """
        model = "order-book"
        [[instrument]]
        name = "sim:BTC_USDT"
        tick = "0.5"
        lot = "0.0001"
        price = "26000"
        """

    @Test func theLeastScenarioNeedsOnlyAnInstrument() throws {
        let scenario = try Scenario(try settings(of: Self.least))
        #expect(scenario.instruments.map(\.name) == ["sim:BTC_USDT"])
        #expect(scenario.duration.text == "1h")
        #expect(scenario.start.nanoseconds == 1_704_067_200_000_000_000)
    }

    @Test(arguments: [
        ("seed = 1.5", "seed", "is 1.5; a whole number was expected"),
        ("sede = 1", "sede", "is unknown; known here: model, seed, start, duration, warm_up, day_shape"),
        ("duration = \"4\"", "duration", "is \"4\"; a duration such as"),
        ("duration = 4", "duration", "is 4; a duration such as"),
        ("start = \"2024-02-30T25:00:00Z\"", "start", "is \"2024-02-30T25:00:00Z\"; a UTC time such as"),
        ("feed = { level = 4 }", "feed.level", "is 4; it must be from 2 to 3"),
        ("feed = { levle = 2 }", "feed.levle", "is unknown; known here: level, exchange_clock"),
        ("makers = { size = 0.2 }", "makers.size", "is 0.2; write decimals as strings"),
        ("makers = { size = \"0.00015\" }", "makers.size", "is 0.00015; a multiple of the lot 0.0001"),
        ("takers = { excitation = 0.9, cross_excitation = 0.9 }", "takers.cross_excitation", "and takers.excitation are 1.8 together"),
        ("pair = { beta = 1 }", "pair.beta", "is unknown; a scenario of this model has no table [pair]"),
    ])
    func whatIsWrongIsNamed(line: String, key: String, message: String) throws {
        let text = line + "\n" + Self.least
        let error = try #require(throws: ScenarioError.self) { try Scenario(try settings(of: text)) }
        #expect(error.key == key)
        #expect(error.message.hasPrefix(message), "\(error.message)")
    }

    @Test func aMissingInstrumentIsNamed() throws {
        let error = try #require(throws: ScenarioError.self) { try Scenario([ScenarioSetting("model", .text("bars"))]) }
        #expect(error.key == "instrument.0.name")
    }

    @Test(arguments: ["btc-day.toml", "eth-year.toml", "pair.toml"]) func theScenariosOfTheHouseAreRead(name: String) throws {
        _ = try Scenario(try settings(of: scenarioText(name)))
    }

    /// Rates at the edges of what is allowed must neither trap nor hang.
    @Test(arguments: [
        [ScenarioSetting("makers.count", .integer(1)), ScenarioSetting("makers.levels", .integer(1))],
        [ScenarioSetting("crowd.rate", .number(1e-6)), ScenarioSetting("takers.size", .text("2"))],
        [ScenarioSetting("fair_value.volatility", .number(10)), ScenarioSetting("fair_value.jumps_per_day", .number(10_000))],
        [ScenarioSetting("instrument.0.price", .text("100"))],
    ])
    func extremesDoNotTrap(changes: [ScenarioSetting]) throws {
        let tape = records(of: try shortScenario(level: 2, duration: "1m", extra: changes))
        #expect(tape.count > 100)
    }

    @Test func everyVenueHasAProfile() throws {
        for venue in ["apifiny", "cryptocom", "dvchain", "smartvalor", "valr"] {
            let url = root.appending(path: "sim/profiles/\(venue).toml")
            let table = try TOMLTable(string: String(contentsOf: url, encoding: .utf8))
            #expect(table["venue"]?.string == venue)
            for key in ["fees", "latency", "queue", "rules", "messages"] { #expect(table[key]?.table != nil, "\(venue): [\(key)]") }
            for key in ["maker", "taker"] { #expect(table["fees"]?.table?[key]?.string != nil, "\(venue): fees.\(key)") }
        }
    }
}
