import Configuration
import Domain
import Trading

/// A strategy that a desk is to host: from the command line, or from the configuration's `[[strategy]]`s.
struct StrategyPlan {
    var name: String
    var file: String
    var parameters: [(key: String, value: String)] = []
    var onError: ErrorPolicy?
    var deadline: Span
    var memoryLimit: Int

    static func all(_ path: String?, set: [String], _ settings: Settings, path config: String) throws -> [StrategyPlan] {
        let given = try set.map { text -> (key: String, value: String) in
            guard let split = text.firstIndex(of: "="), split != text.startIndex else {
                throw Failure(.usage, "--set: found '\(text)', expected name=value")
            }
            return (String(text[..<split]), String(text[text.index(after: split)...]))
        }
        let standard = settings.run.onError.flatMap { ErrorPolicy(rawValue: $0.rawValue) }
        let watchdog = settings.watchdog
        if let path {
            return [
                StrategyPlan(
                    name: stem(path), file: path, parameters: given, onError: standard, deadline: watchdog.strategyDeadline,
                    memoryLimit: watchdog.strategyMemory)
            ]
        }
        guard !settings.strategies.isEmpty else {
            throw Failure(.usage, "no strategy; expected STRATEGY.lua on the command line, or [[strategy]] in \(config)")
        }
        guard given.isEmpty || settings.strategies.count == 1 else {
            throw Failure(.usage, "--set: \(settings.strategies.count) strategies in \(config); expected their params there")
        }
        let names = settings.strategies.map(\.name)
        if let twice = names.first(where: { name in names.filter { $0 == name }.count > 1 }) {
            throw Failure(.usage, "\(config): two strategies are called \(twice); expected a name of its own for each")
        }
        return settings.strategies.map { own in
            StrategyPlan(
                name: own.name, file: own.file, parameters: own.parameters.map { ($0.name, $0.value.text) } + given,
                onError: own.onError.flatMap { ErrorPolicy(rawValue: $0.rawValue) } ?? standard,
                deadline: own.deadline ?? watchdog.strategyDeadline, memoryLimit: own.memory ?? watchdog.strategyMemory)
        }
    }

    private static func stem(_ path: String) -> String {
        let name = path.split(separator: "/").last.map(String.init) ?? path
        return name.hasSuffix(".lua") ? String(name.dropLast(4)) : name
    }
}
