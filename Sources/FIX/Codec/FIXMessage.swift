public import Domain

/// A message as it came, cut into fields. What is wrong with it is told beside it, so that it can be answered by its number.
public struct FIXMessage: Hashable, Sendable {
    struct Field: Hashable, Sendable, BitwiseCopyable {
        var tag: Int32
        var start: Int32
        var count: Int32
    }

    /// Most fields of a message that are taken.
    static let mostFields = 4_096
    public let bytes: [UInt8]
    private(set) var fields: [Field] = []
    /// The first thing that forbids to act on it.
    public internal(set) var fault: FIXFault?

    /// Reads a message that a ``FIXFramer`` let through, or the beginning of one.
    ///
    /// - Throws: Where it cannot be cut into fields at all, and is to be ignored as garbled.
    public init(_ bytes: [UInt8]) throws(FIXGarbled) {
        self.bytes = bytes
        try cut()
        fault = fault ?? FIXRules.fault(of: self)
    }

    private mutating func cut() throws(FIXGarbled) {
        var place = 0
        var announced: (tag: Int, length: Int)?
        while place < bytes.count {
            guard let (tag, value) = readTag(at: place) else { throw FIXGarbled(why: "a field without a number at byte \(place)") }
            var end = separator(from: value)
            if let data = announced, data.tag == tag { end = dataEnd(value, data.length) ?? fail(tag, end) }
            guard let end else { throw FIXGarbled(why: "field \(tag) does not end") }
            if end == value { note(FIXFault(.noValue, tag: tag, "field \(tag) has no value")) }
            guard fields.count < FIXMessage.mostFields else { throw FIXGarbled(why: "more than \(FIXMessage.mostFields) fields") }
            fields.append(Field(tag: Int32(tag), start: Int32(value), count: Int32(end - value)))
            announced = FIXTag.data(announcedBy: tag).map { ($0, FIXMessage.number(bytes[value..<end]).flatMap { Int(exactly: $0) } ?? -1) }
            place = end + 1
        }
    }

    private mutating func note(_ fault: FIXFault) { if self.fault == nil { self.fault = fault } }

    private mutating func fail(_ tag: Int, _ end: Int?) -> Int? {
        note(FIXFault(.badFormat, tag: tag, "the length before field \(tag) does not lead to its end"))
        return end
    }

    /// The field's number and where its value begins.
    private func readTag(at start: Int) -> (tag: Int, value: Int)? {
        var index = start
        var tag = 0
        while index < bytes.count, index - start < 9, bytes[index] >= 48, bytes[index] <= 57 {
            tag = tag * 10 + Int(bytes[index] - 48)
            index += 1
        }
        guard index > start, index < bytes.count, bytes[index] == UInt8(ascii: "=") else { return nil }
        return (tag, index + 1)
    }

    private func separator(from start: Int) -> Int? {
        var index = start
        while index < bytes.count {
            if bytes[index] == FIXBody.separator { return index }
            index += 1
        }
        return nil
    }

    private func dataEnd(_ value: Int, _ length: Int) -> Int? {
        guard length > 0, length < bytes.count - value, bytes[value + length] == FIXBody.separator else { return nil }
        return value + length
    }

    static func number(_ digits: ArraySlice<UInt8>) -> Int64? {
        guard !digits.isEmpty, digits.count <= 18 else { return nil }
        var value: Int64 = 0
        for byte in digits {
            guard byte >= 48, byte <= 57 else { return nil }
            value = value * 10 + Int64(byte - 48)
        }
        return value
    }

    // MARK: - Reading

    /// The first field of that number.
    public func value(_ tag: Int) -> ArraySlice<UInt8>? { place(of: tag).map { value(at: $0) } }

    func place(of tag: Int) -> Int? { fields.firstIndex { $0.tag == Int32(tag) } }

    func value(at place: Int) -> ArraySlice<UInt8> {
        let field = fields[place]
        return bytes[Int(field.start)..<Int(field.start + field.count)]
    }

    public func text(_ tag: Int) -> String? { value(tag).map { String(decoding: $0, as: UTF8.self) } }

    /// A whole number without a sign; nil where there is none.
    public func integer(_ tag: Int) -> Int64? { value(tag).flatMap(FIXMessage.number) }

    public func decimal(_ tag: Int) -> ExactDecimal? {
        guard let value = value(tag) else { return nil }
        return try? ExactDecimal(String(decoding: value, as: UTF8.self))
    }

    public func time(_ tag: Int) -> Timestamp? { value(tag).flatMap(FIXTime.parse) }

    public func flag(_ tag: Int) -> Bool { value(tag).map { $0.elementsEqual([UInt8(ascii: "Y")]) } ?? false }

    public var type: String { text(FIXTag.msgType) ?? "" }
    public var sequence: Int64? { integer(FIXTag.msgSeqNum) }
    public var isPossDup: Bool { flag(FIXTag.possDupFlag) }
    public var isPossResend: Bool { flag(FIXTag.possResend) }

    /// Each field's number and value, in order.
    public var pairs: [(tag: Int, value: ArraySlice<UInt8>)] { fields.indices.map { (Int(fields[$0].tag), value(at: $0)) } }

    /// The entries of a repeating group, each its fields in order; empty where the message has no such group.
    public func group(_ shape: FIXGroup) -> [[(tag: Int, value: ArraySlice<UInt8>)]] {
        guard let place = place(of: shape.count) else { return [] }
        var entries: [[(tag: Int, value: ArraySlice<UInt8>)]] = []
        for index in fields.indices.dropFirst(place + 1) {
            let tag = Int(fields[index].tag)
            guard shape.has(tag) else { break }
            if tag == shape.first { entries.append([]) }
            guard !entries.isEmpty else { return [] }
            entries[entries.count - 1].append((tag, value(at: index)))
        }
        return entries
    }

    /// For logs: `|` for separators, data and passwords left out.
    public var excerpt: String {
        var text = ""
        for (tag, value) in pairs {
            let isSecret = tag == FIXTag.rawData || tag == 89 || tag == 554
            text += "\(tag)=" + (isSecret ? "…" : String(decoding: value.prefix(80).map { $0 < 32 || $0 > 126 ? 46 : $0 }, as: UTF8.self)) + "|"
            if text.utf8.count > 400 { return text + "…" }
        }
        return text
    }
}

/// Bytes that are no message: ignored, and no number is used up.
public struct FIXGarbled: Error, Hashable, Sendable {
    public let why: String
}

/// What is wrong with a message that could be read, in the words of a session-level Reject.
public struct FIXFault: Error, Hashable, Sendable {
    /// SessionRejectReason; those above 11 are of later versions and only told as text.
    public enum Reason: Int, Hashable, Sendable {
        case badTag = 0, missing = 1, undefinedForType = 2, undefined = 3, noValue = 4, badValue = 5, badFormat = 6
        case compID = 9, sendingTime = 10, badType = 11, repeated = 13, outOfOrder = 14, groupOrder = 15, groupCount = 16, tooLong = 99
    }

    public let reason: Reason
    public let tag: Int?
    public let text: String
    init(_ reason: Reason, tag: Int?, _ text: String) { (self.reason, self.tag, self.text) = (reason, tag, text) }
}
