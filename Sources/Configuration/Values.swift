import Domain

/// The typed values that keys may have. Each answers nil where the key is absent.
extension Section {
    func string(_ key: String) throws(ConfigurationError) -> String? {
        guard let node = take(key) else { return nil }
        guard case .string(let text) = node, !text.isEmpty else { throw error(key, found: node.shown, expected: "a string") }
        return text
    }

    func boolean(_ key: String) throws(ConfigurationError) -> Bool? {
        guard let node = take(key) else { return nil }
        guard case .boolean(let value) = node else { throw error(key, found: node.shown, expected: "true or false") }
        return value
    }

    /// A whole number of `least` or more.
    func integer(_ key: String, least: Int64 = 0) throws(ConfigurationError) -> Int64? {
        guard let node = take(key) else { return nil }
        guard case .integer(let value) = node, value >= least else {
            throw error(key, found: node.shown, expected: "a whole number of \(least) or more")
        }
        return value
    }

    func count(_ key: String) throws(ConfigurationError) -> Int? { try integer(key).map { Int($0) } }

    /// One of the names of an enumeration.
    func choice<Choice: RawRepresentable & CaseIterable>(
        _ key: String, _ type: Choice.Type
    ) throws(ConfigurationError) -> Choice? where Choice.RawValue == String {
        guard let node = take(key) else { return nil }
        guard case .string(let text) = node, let choice = Choice(rawValue: text) else {
            let names = type.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ", ")
            throw error(key, found: node.shown, expected: "one of \(names)")
        }
        return choice
    }

    /// A length of time of zero or more: `250us 100ms 10s 5m 2h 1d`.
    func span(_ key: String) throws(ConfigurationError) -> Span? {
        guard let node = take(key) else { return nil }
        let span: Span? = switch node {
        case .string(let text): text.utf8.count <= 24 ? Span(text) : nil
        case .integer(0): .zero
        case .table, .array, .integer, .float, .boolean, .dateOrTime: nil
        }
        guard let span, span >= .zero else { throw error(key, found: node.shown, expected: "a duration such as \"10s\" or \"250ms\"") }
        return span
    }

    /// An exact decimal: a string, or an integer. A float has lost its digits already.
    func decimal(_ key: String, least: ExactDecimal? = .zero) throws(ConfigurationError) -> ExactDecimal? {
        guard let node = take(key) else { return nil }
        let value: ExactDecimal
        switch node {
        case .string(let text): value = try parse(key, text, shown: node.shown)
        case .integer(let count): value = ExactDecimal(mantissa: Int128(count), scale: 0)
        case .float(let float):
            throw error(key, found: "the float \(float)", expected: "an exact decimal: write it in quotes, \"\(float)\"")
        case .table, .array, .boolean, .dateOrTime:
            throw error(key, found: node.shown, expected: "a decimal in quotes, such as \"0.5\"")
        }
        if let least, (value.mantissa < 0) != (least.mantissa < 0), value.mantissa < 0 {
            throw error(key, found: node.shown, expected: "\(least) or more")
        }
        return value
    }

    private func parse(_ key: String, _ text: String, shown: String) throws(ConfigurationError) -> ExactDecimal {
        do throws(ExactDecimal.ParseError) { return try ExactDecimal(text) } catch {
            switch error {
            case .empty, .notANumber: throw self.error(key, found: shown, expected: "a decimal such as \"0.5\"")
            case .tooLong: throw self.error(key, found: shown, expected: "a decimal of at most 36 places that fits 38 digits")
            }
        }
    }

    /// An exact sum of money of zero or more.
    func amount(_ key: String) throws(ConfigurationError) -> Amount? {
        guard let value = try decimal(key) else { return nil }
        guard let amount = Amount(value) else { throw error(key, found: "\(value)", expected: "at most 24 places and 14 digits before them") }
        return amount
    }

    /// A part of something: `"1%"`, `"50bps"`, or the fraction itself, `"0.01"`.
    func fraction(_ key: String, atMost most: ExactDecimal? = nil) throws(ConfigurationError) -> ExactDecimal? {
        guard let node = take(key) else { return nil }
        let value: ExactDecimal
        if case .string(let text) = node, let suffix = ["%", "bps"].first(where: text.hasSuffix) {
            let digits = try parse(key, String(text.dropLast(suffix.count)), shown: node.shown).normalized
            let places = digits.scale + (suffix == "%" ? 2 : 4)
            guard places <= ExactDecimal.maximumScale else { throw error(key, found: node.shown, expected: "fewer places") }
            value = ExactDecimal(mantissa: digits.mantissa, scale: places)
        } else {
            value = try decimal(key) ?? .zero
        }
        let isTooMuch = most.map { limit in
            let common = max(limit.scale, value.scale)
            guard let own = value.scaled(to: common), let top = limit.scaled(to: common) else { return true }
            return own > top
        }
        if value.mantissa < 0 || isTooMuch == true {
            let range = most.map { "0 to \($0)" } ?? "0 or more"
            throw error(key, found: node.shown, expected: "a fraction of \(range), such as \"1%\", \"50bps\" or \"0.01\"")
        }
        return value
    }

    /// An array of strings.
    func strings(_ key: String) throws(ConfigurationError) -> [String]? {
        guard let node = take(key) else { return nil }
        guard case .array(let elements) = node else { throw error(key, found: node.shown, expected: "an array of strings") }
        var strings: [String] = []
        for element in elements {
            guard case .string(let text) = element, !text.isEmpty else {
                throw error(key, found: element.shown, expected: "an array of strings")
            }
            strings.append(text)
        }
        return strings
    }

    /// A table of decimals by name, such as `{ BTC = "0.5" }`; a bare decimal has the name `alone`, where there is one.
    func decimals(_ key: String, alone: String? = nil) throws(ConfigurationError) -> [String: ExactDecimal]? {
        guard let node = take(key) else { return nil }
        if let alone, case .string = node { return try decimal(key).map { [alone: $0] } }
        if let alone, case .integer = node { return try decimal(key).map { [alone: $0] } }
        guard case .table = node, let table = try section(key) else {
            throw error(key, found: node.shown, expected: "a table by base currency, such as { BTC = \"0.5\" }")
        }
        var values: [String: ExactDecimal] = [:]
        for name in table.keys { values[name] = try table.decimal(name) }
        return values
    }
}
