internal import Domain
internal import JSON

/// The outermost object of every answer and push, read once; the bytes of `result` and `data` are read again by whom they concern.
struct CryptoComEnvelope {
    enum Method { case heartbeat, subscribe, error, other }

    /// -1 where the venue pushes or could not read ours; nil where it is missing.
    var id: Int64?
    var method = Method.other
    /// 0 is success; nil where the message has none.
    var code: Int64?
    var message = ""
    /// A request of ours that the venue could not read, as it arrived there.
    var original: String?
    var result: Bytes?
    var instrument: Bytes?
    var subscription: Bytes?
    var channel: Bytes?
    var data: Bytes?

    /// A push shows itself by its data; ids do not tell.
    var isPush: Bool { data != nil && method == .subscribe }

    private static let names: [StaticString] = ["id", "method", "code", "message", "original", "result"]
    private static let resultNames: [StaticString] = ["instrument_name", "subscription", "channel", "data"]

    init(_ bytes: Bytes) throws(JSONError) {
        var reader = JSONReader(bytes)
        var fields = JSONFields(CryptoComEnvelope.names)
        try reader.beginObject()
        while let field = try fields.next(in: &reader) {
            switch field {
            case 0: id = try CryptoComEnvelope.lenient(&reader)?.integer
            case 1: method = try CryptoComEnvelope.lenient(&reader).map(CryptoComEnvelope.method) ?? .other
            case 2:
                let text = try CryptoComEnvelope.lenient(&reader)
                // A code that is no number is not success.
                code = text.map { $0.integer ?? -1 }
            case 3: message = try CryptoComEnvelope.lenient(&reader)?.text ?? ""
            case 4: original = try reader.peek() == .string ? try reader.string().decoded() : try CryptoComEnvelope.lenient(&reader)?.text
            case 5: try readResult(&reader, of: bytes)
            default: preconditionFailure("a field without a place")
            }
        }
        try reader.finish()
    }

    private mutating func readResult(_ reader: inout JSONReader, of bytes: Bytes) throws(JSONError) {
        guard try reader.peek() == .object else {
            let value = try reader.raw()
            if !value.equals("null") { result = value }
            return
        }
        let from = reader.offset
        var fields = JSONFields(CryptoComEnvelope.resultNames)
        try reader.beginObject()
        while let field = try fields.next(in: &reader) {
            switch field {
            case 0: instrument = try CryptoComEnvelope.lenient(&reader)
            case 1: subscription = try CryptoComEnvelope.lenient(&reader)
            case 2: channel = try CryptoComEnvelope.lenient(&reader)
            case 3:
                let value = try reader.raw()
                if !value.equals("null") { data = value }
            default: preconditionFailure("a field without a place")
            }
        }
        result = bytes.slice(from, reader.offset)
    }

    /// A text's or number's bytes; nil for `null`, and for anything that does not belong here.
    private static func lenient(_ reader: inout JSONReader) throws(JSONError) -> Bytes? {
        switch try reader.peek() {
        case .string, .number: return try reader.scalar()
        case .null, .bool, .object, .array:
            try reader.skip()
            return nil
        }
    }

    private static func method(_ text: Bytes) -> Method {
        if text.equals("subscribe") { return .subscribe }
        if text.equals("public/heartbeat") { return .heartbeat }
        return text.equals("ERROR") ? .error : .other
    }
}

extension CryptoComEnvelope {
    /// The number of a request of ours inside an `original`, where the venue could not tell it itself.
    var originalID: UInt64? {
        guard let original else { return nil }
        return Bytes.with(original) { bytes -> UInt64? in
            do throws(JSONError) {
                return try CryptoComEnvelope(bytes).id.flatMap { $0 > 0 ? UInt64($0) : nil }
            } catch {
                return nil
            }
        }
    }
}
