import JSON

/// The comma-separated fields of one line, found without copying. Quotes around a field are taken off; commas inside them are not separators.
struct FieldSplitter {
    private(set) var fields: [Bytes] = []

    init() { fields.reserveCapacity(16) }

    mutating func split(_ line: Bytes) {
        fields.removeAll(keepingCapacity: true)
        var from = 0
        var index = 0
        var quoted = false
        while index < line.count {
            let byte = line[index]
            if byte == UInt8(ascii: "\"") { quoted.toggle() }
            if byte == UInt8(ascii: ",") && !quoted {
                fields.append(FieldSplitter.clean(line.slice(from, index)))
                from = index + 1
            }
            index += 1
        }
        fields.append(FieldSplitter.clean(line.slice(from, line.count)))
    }

    private static func clean(_ field: Bytes) -> Bytes {
        if field.isEmpty { return field }
        let (first, last) = (field[0], field[field.count - 1])
        if first > 34 && last > 34 { return field }
        let text = field.trimmed
        guard text.count >= 2, text[0] == UInt8(ascii: "\""), text[text.count - 1] == UInt8(ascii: "\"") else { return text }
        return text.slice(1, text.count - 1)
    }

    func require(_ count: Int, _ columns: String) throws(BadRow) {
        if fields.count != count {
            let noun = fields.count == 1 ? "column" : "columns"
            throw BadRow("expected \(count) columns (\(columns)), found \(fields.count) \(noun)")
        }
    }

    func integer(_ index: Int, _ what: String) throws(BadRow) -> Int64 {
        if let value = fields[index].integer { return value }
        throw BadRow(expected: "\(what) as a whole number", found: fields[index])
    }

    func decimal(_ index: Int, _ what: String) throws(BadRow) -> ShortDecimal {
        if let value = ShortDecimal(fields[index]) { return value }
        throw BadRow(expected: "\(what) as a decimal of at most 18 digits", found: fields[index])
    }
}
