public import Domain

/// What one input file held, as it was read.
public struct InputFacts: Sendable {
    /// Path, and the entry in a zip.
    public let name: String
    /// Lines, those of headers included; rows of an array.
    public internal(set) var lines = 0
    /// Messages by what the venue calls them, in order of first mention: also those that no record was made of.
    public internal(set) var messages: [(kind: String, count: Int)] = []
    /// Receive times of a capture as it has them, before any shift.
    public private(set) var firstReceived: Timestamp?
    public private(set) var lastReceived: Timestamp?
    /// How often a receive time is before the one above it.
    public private(set) var timeDecreases = 0
    /// Where the last kind stands in `messages`.
    private var lastKind = 0
    private static let mostKinds = 100

    init(name: String) { self.name = name }

    public var messageCount: Int { messages.reduce(0) { $0 + $1.count } }

    mutating func received(_ time: Int64) {
        let time = Timestamp(nanoseconds: time)
        if firstReceived == nil { firstReceived = time }
        if let last = lastReceived, time < last { timeDecreases += 1 }
        lastReceived = time
    }

    mutating func message(_ kind: Bytes) {
        if lastKind < messages.count, InputFacts.isSame(messages[lastKind].kind, kind) {
            messages[lastKind].count += 1
            return
        }
        message(kind.slice(0, min(kind.count, 60)).text)
    }

    mutating func message(_ kind: String) {
        // A capture may spell anything there: the list stays short.
        let place = messages.firstIndex { $0.kind == kind }
        let name = place == nil && messages.count >= InputFacts.mostKinds ? "other" : kind
        if let place = place ?? messages.firstIndex(where: { $0.kind == name }) {
            messages[place].count += 1
            lastKind = place
        } else {
            messages.append((name, 1))
            lastKind = messages.count - 1
        }
    }

    private static func isSame(_ text: String, _ bytes: Bytes) -> Bool {
        guard text.utf8.count == bytes.count else { return false }
        var index = 0
        for byte in text.utf8 {
            if byte != bytes[index] { return false }
            index += 1
        }
        return true
    }
}

/// The venue's own numbers of one instrument's messages, where it has them (Binance).
public struct SequenceFacts: Hashable, Sendable {
    public internal(set) var firstTradeID: Int64?
    public internal(set) var lastTradeID: Int64?
    /// `lastUpdateId` of the last snapshot taken.
    public internal(set) var snapshotID: Int64?
    /// `U` of the first change applied and `u` of the last.
    public internal(set) var firstUpdateID: Int64?
    public internal(set) var lastUpdateID: Int64?

    public var isEmpty: Bool { self == SequenceFacts() }
}
