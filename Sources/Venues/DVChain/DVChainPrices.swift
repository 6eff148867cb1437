internal import Domain
internal import JSON

/// The answers of the price calls: ladders by asset, and by counter asset inside where the venue nests them.
///
/// - Source: the venue's page, 4.1 and 4.2; both nestings are accepted.
struct DVChainPrices {
    var ladders: [(symbol: String, ladder: DVChainLadder)] = []

    init(_ bytes: Bytes) throws(JSONError) {
        var reader = JSONReader(bytes)
        try reader.beginObject()
        while let key = try reader.nextKey() {
            guard let asset = key.decoded() else { throw reader.wrong("an asset's name") }
            let value = try reader.raw()
            if try DVChainPrices.isLadder(value) {
                ladders.append(("\(asset)/USD", try DVChainLadder(value)))
            } else {
                try descend(asset, value)
            }
            guard ladders.count <= 10_000 else { throw reader.wrong("at most 10000 prices") }
        }
    }

    private mutating func descend(_ asset: String, _ value: Bytes) throws(JSONError) {
        var reader = JSONReader(value)
        guard try reader.peek() == .object else { return }
        try reader.beginObject()
        while let key = try reader.nextKey() {
            guard let counter = key.decoded() else { throw reader.wrong("an asset's name") }
            let inner = try reader.raw()
            if try DVChainPrices.isLadder(inner) { ladders.append(("\(asset)/\(counter)", try DVChainLadder(inner))) }
        }
    }

    private static func isLadder(_ value: Bytes) throws(JSONError) -> Bool {
        var reader = JSONReader(value)
        guard try reader.peek() == .object else { return false }
        var fields = JSONFields(["levels"])
        try reader.beginObject()
        return try fields.next(in: &reader) != nil
    }
}

/// One frame of the socket: who it is for, and the bytes of its data.
struct DVChainFrame {
    var type = ""
    var event = ""
    var topic = ""
    var data: Bytes?

    init(_ bytes: Bytes) throws(JSONError) {
        var reader = JSONReader(bytes)
        var fields = JSONFields(["type", "event", "topic", "data"])
        try reader.beginObject()
        while let field = try fields.next(in: &reader) {
            switch field {
            case 0: type = try reader.optionalText() ?? ""
            case 1: event = try reader.optionalText() ?? ""
            case 2: topic = try reader.optionalText() ?? ""
            default:
                let value = try reader.raw()
                if !value.equals("null") { data = value }
            }
        }
        try reader.finish()
    }
}

/// Small answers.
enum DVChainSmall {
    /// One text of an object: `token`, `message`.
    static func text(_ key: StaticString, of bytes: Bytes?) -> String? {
        guard let bytes else { return nil }
        var reader = JSONReader(bytes)
        var fields = JSONFields([key])
        do throws(JSONError) {
            guard try reader.peek() == .object else { return nil }
            try reader.beginObject()
            guard try fields.next(in: &reader) != nil else { return nil }
            return try reader.optionalText()
        } catch {
            return nil
        }
    }

    /// The end of a JWT's life, from its second part; nil where it tells none.
    static func expiry(ofToken token: String, decode: (String) -> [UInt8]?) -> Timestamp? {
        let parts = token.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3 else { return nil }
        var plain = String(parts[1].map { $0 == "-" ? "+" : $0 == "_" ? "/" : $0 })
        while plain.utf8.count % 4 != 0 { plain += "=" }
        guard let bytes = decode(plain) else { return nil }
        return Bytes.with(bytes) { bytes -> Timestamp? in
            var reader = JSONReader(bytes)
            var fields = JSONFields(["exp"])
            do throws(JSONError) {
                try reader.beginObject()
                guard try fields.next(in: &reader) != nil, let seconds = try reader.optionalInteger() else { return nil }
                let (nanoseconds, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
                return overflow ? nil : Timestamp(nanoseconds: nanoseconds)
            } catch {
                return nil
            }
        }
    }
}
