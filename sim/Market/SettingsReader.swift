package import Domain

/// One value of a scenario file: its dotted key (`feed.level`, `instrument.0.tick`) and what was written there.
public struct ScenarioSetting: Hashable, Sendable {
    public enum Value: Hashable, Sendable {
        case integer(Int64), number(Double), text(String), truth(Bool)
    }

    public let key: String
    public let value: Value

    public init(_ key: String, _ value: Value) { (self.key, self.value) = (key, value) }
}

/// What is wrong with a scenario: the key, what was found there and what was expected.
public struct ScenarioError: Error, Hashable, Sendable {
    public let key: String
    public let message: String

    public init(_ key: String, _ message: String) { (self.key, self.message) = (key, message) }
}

extension ScenarioSetting.Value {
    /// As it would be written in the file.
    var text: String {
        switch self {
        case .integer(let value): "\(value)"
        case .number(let value): "\(value)"
        case .text(let value): "\"\(value)\""
        case .truth(let value): "\(value)"
        }
    }
}

/// Takes settings by key, checks each, and knows at the end which nobody asked for.
///
/// Scenarios are read with it, and the tables of simulated venues.
package struct SettingsReader {
    private let settings: [ScenarioSetting]
    private var isTaken: [Bool]
    private(set) var known: [String] = []

    package init(_ settings: [ScenarioSetting]) {
        self.settings = settings
        isTaken = settings.map { _ in false }
    }

    package func has(_ prefix: String) -> Bool { settings.contains { $0.key.hasPrefix(prefix) } }

    package mutating func take(_ key: String) throws(ScenarioError) -> ScenarioSetting.Value? {
        known.append(key)
        var found: ScenarioSetting.Value?
        for index in settings.indices where settings[index].key == key {
            if found != nil { throw ScenarioError(key, "is given twice") }
            found = settings[index].value
            isTaken[index] = true
        }
        return found
    }

    package mutating func number(_ key: String, _ standard: Double, _ range: ClosedRange<Double>) throws(ScenarioError) -> Double {
        let number: Double
        switch try take(key) {
        case nil: return standard
        case .integer(let value)?: number = Double(value)
        case .number(let value)?: number = value
        case .text(let value)?: throw ScenarioError(key, "is the text \"\(value)\"; a number was expected")
        case .truth(let value)?: throw ScenarioError(key, "is \(value); a number was expected")
        }
        guard range.contains(number) else {
            throw ScenarioError(key, "is \(number); it must be from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    package mutating func integer(_ key: String, _ standard: Int64, _ range: ClosedRange<Int64>) throws(ScenarioError) -> Int64 {
        guard let value = try take(key) else { return standard }
        guard case .integer(let number) = value else {
            throw ScenarioError(key, "is \(value.text); a whole number was expected")
        }
        guard range.contains(number) else {
            throw ScenarioError(key, "is \(number); it must be from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    package mutating func span(_ key: String, _ standard: String, from least: String, to most: String) throws(ScenarioError) -> Span {
        var text = standard
        if let value = try take(key) {
            guard case .text(let given) = value else {
                throw ScenarioError(key, "is \(value.text); a duration such as \"\(standard)\" was expected, as a string")
            }
            text = given
        }
        guard let span = Span(text) else {
            throw ScenarioError(key, "is \"\(text)\"; a duration such as \"250us\", \"100ms\", \"4h\" or \"365d\" was expected")
        }
        guard let low = Span(least), let high = Span(most), low <= span, span <= high else {
            throw ScenarioError(key, "is \(text); it must be from \(least) to \(most)")
        }
        return span
    }

    package mutating func seconds(_ key: String, _ standard: String, from least: String, to most: String) throws(ScenarioError) -> Double {
        Double(try span(key, standard, from: least, to: most).nanoseconds) / 1e9
    }

    package mutating func truth(_ key: String, _ standard: Bool) throws(ScenarioError) -> Bool {
        guard let value = try take(key) else { return standard }
        guard case .truth(let flag) = value else { throw ScenarioError(key, "is \(value.text); true or false was expected") }
        return flag
    }

    /// The names that stand directly under a table, sorted.
    package func names(under table: String) -> [String] {
        var names: Set<String> = []
        for setting in settings where setting.key.hasPrefix(table + ".") {
            names.insert(String(setting.key.dropFirst(table.count + 1).prefix { $0 != "." }))
        }
        return names.sorted()
    }

    package mutating func text(_ key: String, _ standard: String? = nil) throws(ScenarioError) -> String {
        guard let value = try take(key) else {
            if let standard { return standard }
            throw ScenarioError(key, "is missing")
        }
        guard case .text(let text) = value else { throw ScenarioError(key, "is \(value.text); a string was expected") }
        return text
    }

    package mutating func decimal(_ key: String, _ standard: String? = nil) throws(ScenarioError) -> ExactDecimal {
        let text: String
        switch try take(key) {
        case .text(let value)?: text = value
        case .integer(let value)?: text = "\(value)"
        case .number(let value)?: throw ScenarioError(key, "is \(value); write decimals as strings (\"\(value)\"), they are exact then")
        case .truth(let value)?: throw ScenarioError(key, "is \(value); a decimal string was expected")
        case nil:
            guard let standard else { throw ScenarioError(key, "is missing") }
            text = standard
        }
        do {
            return try ExactDecimal(text)
        } catch {
            throw ScenarioError(key, "is \"\(text)\"; a decimal such as \"0.0001\" was expected")
        }
    }

    /// - Throws: The first key that nobody took.
    package func finish() throws(ScenarioError) {
        for index in settings.indices where !isTaken[index] {
            let key = settings[index].key
            let table = key.split(separator: ".").dropLast().joined(separator: ".")
            let near = known.filter { $0.split(separator: ".").dropLast().joined(separator: ".") == table }
                .map { String($0.split(separator: ".").last ?? "") }
            if near.isEmpty { throw ScenarioError(key, "is unknown; a scenario of this model has no table [\(table)]") }
            throw ScenarioError(key, "is unknown; known here: \(near.joined(separator: ", "))")
        }
    }
}
