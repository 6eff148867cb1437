import Domain

/// One table of the file while it is read: answers its keys as typed values, and tells at the end which keys nobody asked for.
final class Section {
    let path: String
    let file: String
    private let lines: KeyLines
    private let entries: [(key: String, value: Node)]
    private var known: [String] = []

    init(_ entries: [(key: String, value: Node)], path: String, file: String, lines: KeyLines) {
        (self.entries, self.path, self.file, self.lines) = (entries, path, file, lines)
    }

    /// All keys, sorted, for tables whose keys are names.
    var keys: [String] { entries.map(\.key) }

    func take(_ key: String) -> Node? {
        if !known.contains(key) { known.append(key) }
        return entries.first { $0.key == key }?.value
    }

    /// Refuses a key that was never asked for.
    func finish() throws(ConfigurationError) {
        for (key, _) in entries where !known.contains(key) {
            let near = Section.nearest(to: key, among: known)
            let hint = near.map { "did you mean \"\($0)\"?" } ?? "the keys here are \(known.sorted().joined(separator: ", "))"
            throw error(key, "unknown key; \(hint)")
        }
    }

    /// An error at a key of this table.
    func error(_ key: String, _ what: String) -> ConfigurationError {
        Section.error(KeyLines.join(path, key), what, file: file, lines: lines)
    }

    func error(_ key: String, found: String, expected: String) -> ConfigurationError {
        error(key, "found \(found); expected \(expected)")
    }

    /// An error about this table as a whole.
    func error(_ what: String) -> ConfigurationError { Section.error(path, what, file: file, lines: lines) }

    private static func error(_ path: String, _ what: String, file: String, lines: KeyLines) -> ConfigurationError {
        let place = lines.line(of: path).map { "\(file):\($0)" } ?? file
        return ConfigurationError(message: path.isEmpty ? "\(place): \(what)" : "\(place): \(path): \(what)")
    }

    /// The table at a key, nil where there is none.
    func section(_ key: String) throws(ConfigurationError) -> Section? {
        guard let node = take(key) else { return nil }
        guard case .table(let entries) = node else { throw error(key, found: node.shown, expected: "a table") }
        return Section(entries, path: KeyLines.join(path, key), file: file, lines: lines)
    }

    /// The tables of an array of tables.
    func sections(_ key: String) throws(ConfigurationError) -> [Section] {
        guard let node = take(key) else { return [] }
        guard case .array(let elements) = node else {
            throw error(key, found: node.kind, expected: "an array of tables, [[\(KeyLines.join(path, key))]]")
        }
        var sections: [Section] = []
        for (index, element) in elements.enumerated() {
            guard case .table(let entries) = element else { throw error(key, found: element.kind, expected: "a table") }
            let place = "\(KeyLines.join(path, key))[\(index + 1)]"
            sections.append(Section(entries, path: place, file: file, lines: lines))
        }
        return sections
    }

    /// The known word with the fewest changes, where that is few.
    static func nearest(to word: String, among words: [String]) -> String? {
        let ranked = words.sorted().map { (word: $0, changes: changes(Array(word.utf8), Array($0.utf8))) }
        guard let best = ranked.min(by: { $0.changes < $1.changes }) else { return nil }
        return best.changes <= max(2, word.utf8.count / 3) ? best.word : nil
    }

    /// Levenshtein's distance.
    private static func changes(_ one: [UInt8], _ other: [UInt8]) -> Int {
        var row = Array(0...other.count)
        for (i, byte) in one.enumerated() {
            var corner = row[0]
            row[0] = i + 1
            for (j, its) in other.enumerated() {
                let next = min(row[j] + 1, row[j + 1] + 1, corner + (byte == its ? 0 : 1))
                corner = row[j + 1]
                row[j + 1] = next
            }
        }
        return row[other.count]
    }
}
