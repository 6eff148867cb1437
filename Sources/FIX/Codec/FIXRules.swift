/// A repeating group: the field that counts it, the field that begins each entry, and what an entry may hold.
public struct FIXGroup: Hashable, Sendable {
    public let count: Int
    public let first: Int
    let members: [Int]

    public init(count: Int, first: Int, members: [Int]) { (self.count, self.first, self.members) = (count, first, members) }

    func has(_ tag: Int) -> Bool { tag == first || members.contains(tag) }

    public static let contraBrokers = FIXGroup(count: 382, first: 375, members: [337, 437, 438])
    public static let allocations = FIXGroup(count: 78, first: 79, members: [80, 366, 467, 76, 661])
    public static let fees = FIXGroup(count: 136, first: 137, members: [138, 139])
    public static let tradingSessions = FIXGroup(count: 386, first: 336, members: [])
    public static let messageTypes = FIXGroup(count: 384, first: 372, members: [385])

    /// Those that messages of ours or our peers' may have.
    ///
    /// - Source: FIX 4.2, messages A, D, 8.
    static let all = [contraBrokers, allocations, fees, tradingSessions, messageTypes]
}

/// What a message must be to be acted on: the part of a data dictionary that an order session needs.
enum FIXRules {
    static func fault(of message: FIXMessage) -> FIXFault? {
        structure(of: message) ?? required(of: message)
    }

    /// Fields once each, but inside groups; groups as long as they say; no header behind the body.
    private static func structure(of message: FIXMessage) -> FIXFault? {
        var seen: Set<Int32> = []
        var isBody = false
        var place = 0
        while place < message.fields.count {
            let tag = Int(message.fields[place].tag)
            if tag == 0 { return FIXFault(.badTag, tag: 0, "field 0") }
            if !seen.insert(Int32(tag)).inserted { return FIXFault(.repeated, tag: tag, "field \(tag) appears more than once") }
            if !FIXTag.isHeader(tag) { isBody = true } else if isBody { return FIXFault(.outOfOrder, tag: tag, "header field \(tag) behind the body") }
            place += 1
            guard let shape = FIXGroup.all.first(where: { $0.count == tag }) else { continue }
            let end = groupEnd(message, shape, from: place)
            if let fault = group(message, shape, place, end) { return fault }
            place = end
        }
        return nil
    }

    private static func groupEnd(_ message: FIXMessage, _ shape: FIXGroup, from start: Int) -> Int {
        var place = start
        while place < message.fields.count, shape.has(Int(message.fields[place].tag)) { place += 1 }
        return place
    }

    private static func group(_ message: FIXMessage, _ shape: FIXGroup, _ start: Int, _ end: Int) -> FIXFault? {
        guard let told = FIXMessage.number(message.value(at: start - 1)) else {
            return FIXFault(.badFormat, tag: shape.count, "field \(shape.count) is no number")
        }
        if start < end, Int(message.fields[start].tag) != shape.first {
            return FIXFault(.groupOrder, tag: Int(message.fields[start].tag), "an entry of group \(shape.count) does not begin with \(shape.first)")
        }
        var (entries, inEntry): (Int64, Set<Int32>) = (0, [])
        for place in start..<end {
            let tag = message.fields[place].tag
            if Int(tag) == shape.first { (entries, inEntry) = (entries + 1, []) }
            if !inEntry.insert(tag).inserted { return FIXFault(.repeated, tag: Int(tag), "field \(tag) twice in one entry of group \(shape.count)") }
        }
        return entries == told ? nil : FIXFault(.groupCount, tag: shape.count, "group \(shape.count) says \(told) entries and has \(entries)")
    }

    private static func required(of message: FIXMessage) -> FIXFault? {
        for tag in [FIXTag.senderCompID, FIXTag.targetCompID, FIXTag.sendingTime] where message.place(of: tag) == nil {
            return missing(tag)
        }
        if message.time(FIXTag.sendingTime) == nil { return FIXFault(.badFormat, tag: FIXTag.sendingTime, "SendingTime is no time") }
        if !FIXType.exists(message.type) { return FIXFault(.badType, tag: FIXTag.msgType, "MsgType is none of FIX 4.2") }
        for tag in numbers(of: message.type) {
            guard message.place(of: tag) != nil else { return missing(tag) }
            if message.integer(tag) == nil { return FIXFault(.badFormat, tag: tag, "field \(tag) is no whole number") }
        }
        if message.type == FIXType.testRequest, message.place(of: FIXTag.testReqID) == nil { return missing(FIXTag.testReqID) }
        return nil
    }

    private static func missing(_ tag: Int) -> FIXFault { FIXFault(.missing, tag: tag, "field \(tag) is missing") }

    /// Whole numbers without which a message of the session means nothing.
    private static func numbers(of type: String) -> [Int] {
        switch type {
        case FIXType.logon: [FIXTag.encryptMethod, FIXTag.heartBtInt]
        case FIXType.resendRequest: [FIXTag.beginSeqNo, FIXTag.endSeqNo]
        case FIXType.sequenceReset: [FIXTag.newSeqNo]
        case FIXType.reject: [FIXTag.refSeqNum]
        case _: []
        }
    }
}
