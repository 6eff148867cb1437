public import Domain

/// Fields of a message to be sent, in the order in which they are put in.
public struct FIXBody: Hashable, Sendable {
    static let separator: UInt8 = 1
    public private(set) var bytes: [UInt8] = []

    public init() {}

    /// A text field. Control characters, which would forge fields, become spaces; an empty text is left out, as FIX has no empty fields.
    public mutating func add(_ tag: Int, _ text: String) {
        guard !text.isEmpty else { return }
        begin(tag)
        for byte in text.utf8 { bytes.append(byte < 32 || byte == 127 ? 32 : byte) }
        bytes.append(FIXBody.separator)
    }

    public mutating func add(_ tag: Int, _ number: Int64) { add(tag, String(number)) }

    public mutating func add(_ tag: Int, _ decimal: ExactDecimal) { add(tag, decimal.description) }

    public mutating func add(_ tag: Int, _ time: Timestamp) { add(tag, FIXTime.text(time)) }

    public mutating func add(_ tag: Int, _ flag: Bool) { add(tag, flag ? "Y" : "N") }

    /// A data field behind the field with its length: any bytes, separators too.
    public mutating func add(length lengthTag: Int, data tag: Int, _ data: [UInt8]) {
        guard !data.isEmpty else { return }
        add(lengthTag, Int64(data.count))
        begin(tag)
        bytes += data
        bytes.append(FIXBody.separator)
    }

    private mutating func begin(_ tag: Int) {
        bytes += String(tag).utf8
        bytes.append(UInt8(ascii: "="))
    }
}

/// The fields that begin every message of ours.
struct FIXHeader {
    var type: String
    var sequence: Int64
    var sender: String
    var target: String
    var time: Timestamp
    /// Of a message that stands for others: when they were sent.
    var original: Timestamp?

    /// The whole message: 8, 9, 35 first and 10 last, the rest of the header by rising tag.
    func message(_ body: FIXBody, version: String) -> [UInt8] {
        var inner = FIXBody()
        inner.add(FIXTag.msgType, type)
        inner.add(FIXTag.msgSeqNum, sequence)
        if original != nil { inner.add(FIXTag.possDupFlag, true) }
        inner.add(FIXTag.senderCompID, sender)
        inner.add(FIXTag.sendingTime, time)
        inner.add(FIXTag.targetCompID, target)
        if let original { inner.add(FIXTag.origSendingTime, original) }
        var outer = FIXBody()
        outer.add(FIXTag.beginString, version)
        outer.add(FIXTag.bodyLength, Int64(inner.bytes.count + body.bytes.count))
        var bytes = outer.bytes + inner.bytes + body.bytes
        let sum = bytes.reduce(0) { ($0 &+ Int($1)) & 255 }
        bytes += Array("10=".utf8) + [UInt8(48 + sum / 100), UInt8(48 + sum / 10 % 10), UInt8(48 + sum % 10), FIXBody.separator]
        return bytes
    }
}
