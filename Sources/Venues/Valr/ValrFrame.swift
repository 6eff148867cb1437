internal import Domain
internal import JSON

/// The outermost object of every frame, read once; the bytes of `data` are read again by whom they concern.
struct ValrFrame {
    var type: Bytes?
    var pair: Bytes?
    /// Our own number, where the frame answers a request.
    var id: UInt64?
    var data: Bytes?
    var error: Bytes?
    /// What stands beside, as the message of an `ERROR`.
    var whole: Bytes

    private static let names: [StaticString] = ["type", "currencyPairSymbol", "clientMsgId", "data", "error"]

    init(_ bytes: Bytes) throws(JSONError) {
        whole = bytes
        var reader = JSONReader(bytes)
        var fields = JSONFields(ValrFrame.names)
        try reader.beginObject()
        while let field = try fields.next(in: &reader) {
            switch field {
            case 0: type = try ValrFrame.lenient(&reader)
            case 1: pair = try ValrFrame.lenient(&reader)
            case 2: id = try ValrFrame.lenient(&reader)?.integer.flatMap { $0 > 0 ? UInt64($0) : nil }
            case 3: data = try ValrFrame.present(&reader)
            case 4: error = try ValrFrame.present(&reader)
            default: preconditionFailure("a field without a place")
            }
        }
        try reader.finish()
    }

    func isA(_ name: StaticString) -> Bool { type?.equals(name) ?? false }

    private static func lenient(_ reader: inout JSONReader) throws(JSONError) -> Bytes? {
        switch try reader.peek() {
        case .string, .number: return try reader.scalar()
        case .null, .bool, .object, .array:
            try reader.skip()
            return nil
        }
    }

    private static func present(_ reader: inout JSONReader) throws(JSONError) -> Bytes? {
        let value = try reader.raw()
        return value.equals("null") ? nil : value
    }
}

extension JSONText {
    /// Whether the key is this one in any letter case: the venue's pages disagree with each other.
    func isKey(_ name: StaticString) -> Bool {
        guard bytes.count == name.utf8CodeUnitCount else { return false }
        let other = unsafe UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount)
        for index in 0..<bytes.count {
            let byte = bytes[index]
            let small = byte >= 65 && byte <= 90 ? byte | 32 : byte
            if unsafe small != other[index] { return false }
        }
        return true
    }
}
