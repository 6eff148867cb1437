/// On which line of a TOML text each key stands, for errors: the parser tells no positions of values.
///
/// A key inside an inline table has the line of the key that holds the table.
public struct KeyLines: Sendable {
    private var lines: [String: Int] = [:]
    private var counts: [String: Int] = [:]

    public init(_ text: String) {
        var table = ""
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let trimmed = line.drop { $0 == " " || $0 == "\t" }
            if trimmed.hasPrefix("[[") {
                let parts = KeyLines.parts(of: trimmed.dropFirst(2), until: "]")
                let prefix = path(of: parts.dropLast(), from: "")
                let array = KeyLines.join(prefix, parts.last ?? "")
                counts[array, default: 0] += 1
                table = "\(array)[\(counts[array, default: 1])]"
                note(table, index)
            } else if trimmed.hasPrefix("[") {
                table = path(of: KeyLines.parts(of: trimmed.dropFirst(1), until: "]")[...], from: "")
                note(table, index)
            } else if trimmed.contains("="), !trimmed.hasPrefix("#") {
                note(path(of: KeyLines.parts(of: trimmed, until: "=")[...], from: table), index)
            }
        }
    }

    /// The line of a key, or of the nearest key around it.
    public func line(of path: String) -> Int? {
        var path = Substring(path)
        while true {
            if let line = lines[String(path)] { return line }
            guard let cut = path.lastIndex(where: { $0 == "." || $0 == "[" }) else { return nil }
            path = path[..<cut]
        }
    }

    private mutating func note(_ path: String, _ index: Int) {
        if lines[path] == nil { lines[path] = index + 1 }
    }

    /// The path of a dotted name; a table of an array stands for its last element.
    private func path(of parts: ArraySlice<String>, from start: String) -> String {
        var path = start
        for part in parts {
            path = KeyLines.join(path, part)
            if let count = counts[path] { path += "[\(count)]" }
        }
        return path
    }

    /// `a.b."c:d"`: a part that is not a bare key is quoted.
    static func join(_ path: String, _ key: String) -> String {
        let isBare = !key.isEmpty
            && key.utf8.allSatisfy { ($0 | 0x20 >= 97 && $0 | 0x20 <= 122) || ($0 >= 48 && $0 <= 57) || $0 == 95 || $0 == 45 }
        let part = isBare ? key : "\"\(key)\""
        return path.isEmpty ? part : "\(path).\(part)"
    }

    private static func parts(of text: Substring, until end: Character) -> [String] {
        var parts: [String] = []
        var part = ""
        var quote: Character?
        for character in text {
            if let open = quote {
                if character == open { quote = nil } else { part.append(character) }
            } else if character == "\"" || character == "'" {
                quote = character
            } else if character == end {
                break
            } else if character == "." {
                parts.append(part)
                part = ""
            } else if character != " " && character != "\t" {
                part.append(character)
            }
        }
        return parts + [part]
    }
}
