import Domain
import Foundation
import Market
import TOMLKit

/// The project's root, found from this file.
let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

/// A scenario's settings as `perigee sim` would read them.
func settings(of toml: String) throws -> [ScenarioSetting] {
    func flatten(_ value: any TOMLValueConvertible, _ key: String) -> [ScenarioSetting] {
        let prefix = key.isEmpty ? "" : key + "."
        if let table = value.table { return table.keys.flatMap { name in table[name].map { flatten($0, prefix + name) } ?? [] } }
        if let array = value.array { return array.enumerated().flatMap { flatten($1, "\(prefix)\($0)") } }
        if let flag = value.bool { return [ScenarioSetting(key, .truth(flag))] }
        if let number = value.int { return [ScenarioSetting(key, .integer(Int64(number)))] }
        if let number = value.double { return [ScenarioSetting(key, .number(number))] }
        return [ScenarioSetting(key, .text(value.string ?? "?"))]
    }
    return flatten(try TOMLTable(string: toml), "")
}

func scenarioText(_ name: String) throws -> String {
    try String(contentsOf: root.appending(path: "sim/scenarios/\(name)"), encoding: .utf8)
}

/// A short level-2 or level-3 market of the bundled scenario.
func shortScenario(level: Int64, seed: Int64 = 7, duration: String = "10m", extra: [ScenarioSetting] = []) throws -> Scenario {
    let replaced = extra + [
        ScenarioSetting("seed", .integer(seed)), ScenarioSetting("duration", .text(duration)),
        ScenarioSetting("feed.level", .integer(level)),
    ]
    let kept = try settings(of: scenarioText("btc-day.toml")).filter { setting in !replaced.contains { $0.key == setting.key } }
    return try Scenario(kept + replaced)
}

func records(of scenario: Scenario) -> [MarketRecord] {
    var market = GeneratedMarket(scenario)
    var records: [MarketRecord] = []
    while market.next(into: &records) {}
    return records
}

/// A depth of price to size, a side.
struct Depth: Equatable {
    var bids: [Int64: Int64] = [:]
    var asks: [Int64: Int64] = [:]

    mutating func set(_ side: Side, _ price: Int64, _ lots: Int64) {
        if side == .buy { bids[price] = lots == 0 ? nil : lots } else { asks[price] = lots == 0 ? nil : lots }
    }

    subscript(_ side: Side, _ price: Int64) -> Int64 { (side == .buy ? bids[price] : asks[price]) ?? 0 }
    var isCrossed: Bool {
        guard let bid = bids.keys.max(), let ask = asks.keys.min() else { return false }
        return bid >= ask
    }
}
