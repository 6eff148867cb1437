internal import Domain
internal import JSON

/// `{"result": …, "error": …}`, or a list without it.
struct ApifinyEnvelope {
    /// Nil where the answer has none, or `null`.
    var result: Bytes?
    /// Nil where nothing is wrong.
    var code: Int64?
    var message = ""

    private static let names: [StaticString] = ["result", "error", "payload"]
    private static let errorNames: [StaticString] = ["code", "message"]

    init(_ bytes: Bytes) throws(JSONError) {
        var reader = JSONReader(bytes)
        if try reader.peek() == .array {
            result = try reader.raw()
            try reader.finish()
            return
        }
        var fields = JSONFields(ApifinyEnvelope.names)
        try reader.beginObject()
        while let field = try fields.next(in: &reader) {
            let value = try reader.raw()
            if value.equals("null") { continue }
            switch field {
            case 0: result = value
            case 1: try readError(value)
            // A push may come without the envelope: it is its own result.
            default: if result == nil { result = bytes }
            }
        }
        try reader.finish()
    }

    private mutating func readError(_ bytes: Bytes) throws(JSONError) {
        code = 0
        var reader = JSONReader(bytes)
        guard try reader.peek() == .object else {
            message = try reader.optionalText() ?? ""
            return
        }
        var fields = JSONFields(ApifinyEnvelope.errorNames)
        try reader.beginObject()
        while let field = try fields.next(in: &reader) {
            let text = try reader.optionalText() ?? ""
            if field == 0 { code = ApifinyEnvelope.number(text) ?? 0 } else { message = text }
        }
    }

    /// `131115`, or `0x02002B` as the documents print it.
    static func number(_ text: String) -> Int64? {
        if text.lowercased().hasPrefix("0x") { return Int64(text.dropFirst(2), radix: 16) }
        return Int64(text)
    }

    /// Calls `body` with each element of a list, with the one object where no list stands, with nothing for `null`.
    static func each(_ result: Bytes?, _ body: (Bytes) throws(JSONError) -> Void) throws(JSONError) {
        guard let result else { return }
        var reader = JSONReader(result)
        guard try reader.peek() == .array else { return try body(result) }
        try reader.beginArray()
        while try reader.nextElement() { try body(try reader.raw()) }
    }

    /// The first element of a list, or the object that stands instead.
    static func first(_ result: Bytes?) throws(JSONError) -> Bytes? {
        var found: Bytes?
        try each(result) { row throws(JSONError) in found = found ?? row }
        return found
    }

    /// `logTimestamp` and `payload` of a push of the user streams, in either wrapping.
    static func payload(_ bytes: Bytes) throws(JSONError) -> Bytes? {
        let inner = try ApifinyEnvelope(bytes).result ?? bytes
        var reader = JSONReader(inner)
        guard try reader.peek() == .object else { return inner }
        var fields = JSONFields(["payload"])
        try reader.beginObject()
        while try fields.next(in: &reader) != nil { return try reader.raw() }
        return inner
    }
}
