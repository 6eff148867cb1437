import ArgumentParser

/// A mistyped verb gets the nearest one in answer; the parser would only call it unexpected.
enum UnknownVerb {
    /// The arguments as the parser wants them: `data help info` is `help data info`.
    ///
    /// - Throws: `Failure` where the first word, or the one after it, is the name of no verb.
    static func checked(_ arguments: [String]) throws -> [String] {
        if arguments.count > 1, arguments[0] != "help", arguments[1] == "help" {
            return try checked(["help", arguments[0]] + arguments[2...])
        }
        var words = arguments[...]
        var name = ""
        var configuration = Perigee.configuration
        if words.first == "help" { words = words.dropFirst() }
        while let word = words.popFirst(), !word.hasPrefix("-"), !configuration.subcommands.isEmpty {
            let verbs = configuration.subcommands.map { verb in verb.configuration }
            if name.isEmpty, LiveVerbs.absent.contains(word) {
                throw Failure(
                    .usage, "\(word): this binary was built without it (PERIGEE_PARTS=backtest: backtests only); `make release` builds every verb")
            }
            guard let next = verbs.first(where: { verb in verb.commandName == word }) else {
                throw Failure(.usage, message(word, after: name, among: verbs.compactMap { verb in verb.commandName }))
            }
            name += "\(word): "
            configuration = next
        }
        return arguments
    }

    private static func message(_ word: String, after name: String, among verbs: [String]) -> String {
        let nearest = verbs.map { (verb: $0, distance: distance(Array(word.utf8), Array($0.utf8))) }.min { $0.distance < $1.distance }
        let all = verbs.joined(separator: ", ")
        guard let nearest, nearest.distance <= max(2, nearest.verb.utf8.count / 3) else {
            return "\(name)no verb '\(word)'; expected one of \(all)"
        }
        return "\(name)no verb '\(word)'; did you mean '\(nearest.verb)'? There are \(all)"
    }

    /// Edits from one word to the other: insertions, deletions, replacements, and neighbours swapped.
    static func distance(_ one: [UInt8], _ other: [UInt8]) -> Int {
        var rows = [Array(0...other.count)]
        for i in 0..<one.count {
            var row = [i + 1]
            for j in 0..<other.count {
                var best = min(rows[i][j + 1] + 1, row[j] + 1, rows[i][j] + (one[i] == other[j] ? 0 : 1))
                if i > 0, j > 0, one[i] == other[j - 1], one[i - 1] == other[j] { best = min(best, rows[i - 1][j - 1] + 1) }
                row.append(best)
            }
            rows.append(row)
        }
        return rows[one.count][other.count]
    }
}
