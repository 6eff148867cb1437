/// Cuts a stream of bytes into messages and checks what can be checked without reading them: the first three fields, BodyLength, CheckSum.
///
/// What is garbled is skipped up to the next `8=FIX`, as FIX 4.2 asks, and holds no sequence number. Memory is bounded whatever comes:
/// of a message that is too long only its beginning is kept.
public struct FIXFramer: Sendable {
    public enum Frame: Hashable, Sendable {
        case message([UInt8])
        /// Sound, but longer than we take; its first bytes, in whole fields.
        case tooLong(beginning: [UInt8], length: Int)
        case garbled(String)
    }

    /// Longest message that is handed on.
    public let longest: Int
    /// Longest that is skipped in an orderly way; above that its length is no length.
    static let longestSkipped = 16 << 20
    static let keptOfLong = 1_024
    private var buffer: [UInt8] = []
    private var start = 0
    private var skip: Skip?

    private struct Skip {
        var beginning: [UInt8]
        /// Bytes up to and with the trailer that have not come yet.
        var left: Int
        var length: Int
        var sum: UInt8
        var trailer: [UInt8]
    }

    public init(longest: Int = 1 << 18) { self.longest = longest }

    /// Bytes that wait for more.
    public var waiting: Int { buffer.count - start }

    public mutating func append(_ bytes: some Collection<UInt8>) {
        if start > 0, start == buffer.count || start > 1 << 16 {
            buffer.removeFirst(start)
            start = 0
        }
        buffer += bytes
    }

    /// The next message; nil where more bytes are needed.
    public mutating func next() -> Frame? {
        if skip != nil { return skipped() }
        guard waiting > 0 else { return nil }
        if let fault = beginsWrong() { return resynchronise(fault) }
        guard let head = head() else { return nil }
        switch head {
        case .wrong(let why): return resynchronise(why)
        case .length(let length, bodyStart: let bodyStart):
            // `10=nnn` and its separator stand behind the body.
            let end = bodyStart + length + 7
            if end - start > longest { return beginSkip(end: end, length: length) }
            guard buffer.count >= end else { return nil }
            return whole(bodyStart + length, end)
        }
    }

    private mutating func whole(_ trailer: Int, _ end: Int) -> Frame {
        var sum: UInt8 = 0
        for index in start..<trailer { sum &+= buffer[index] }
        if let why = FIXFramer.fault(of: buffer[trailer..<end], sum: sum) { return resynchronise(why) }
        let message = Array(buffer[start..<end])
        start = end
        return .message(message)
    }

    private static func fault(of trailer: ArraySlice<UInt8>, sum: UInt8) -> String? {
        let bytes = Array(trailer)
        guard bytes[0] == UInt8(ascii: "1"), bytes[1] == UInt8(ascii: "0"), bytes[2] == UInt8(ascii: "="), bytes[6] == FIXBody.separator else {
            return "BodyLength does not lead to CheckSum"
        }
        guard bytes[3...5].allSatisfy({ $0 >= 48 && $0 <= 57 }) else { return "CheckSum is not of three digits" }
        let told = Int(bytes[3] - 48) * 100 + Int(bytes[4] - 48) * 10 + Int(bytes[5] - 48)
        return told == Int(sum) ? nil : "CheckSum is \(told), the bytes' is \(sum)"
    }

    // MARK: - The head

    private enum Head {
        case length(Int, bodyStart: Int)
        case wrong(String)
    }

    private static let opening = Array("8=".utf8)

    private func beginsWrong() -> String? {
        for (index, byte) in FIXFramer.opening.enumerated() where start + index < buffer.count && buffer[start + index] != byte {
            return "BeginString is not the first field"
        }
        return nil
    }

    /// BeginString, BodyLength and the beginning of MsgType; nil where more bytes are needed.
    private func head() -> Head? {
        guard let first = buffer[start...].prefix(32).firstIndex(of: FIXBody.separator) else {
            return waiting < 32 ? nil : .wrong("BeginString does not end")
        }
        let rest = buffer[(first + 1)...]
        guard rest.count >= 2 else { return nil }
        guard rest.starts(with: Array("9=".utf8)) else { return .wrong("BodyLength is not the second field") }
        let digits = rest.dropFirst(2).prefix(10)
        guard let end = digits.firstIndex(of: FIXBody.separator) else { return digits.count < 10 ? nil : .wrong("BodyLength does not end") }
        let number = digits[..<end]
        guard !number.isEmpty, number.allSatisfy({ $0 >= 48 && $0 <= 57 }) else { return .wrong("BodyLength is no number") }
        let length = number.reduce(0) { $0 * 10 + Int($1 - 48) }
        guard length >= 5, length <= FIXFramer.longestSkipped else { return .wrong("BodyLength is \(length)") }
        let type = buffer[(end + 1)...]
        guard type.count >= 3 else { return nil }
        return type.starts(with: Array("35=".utf8)) ? .length(length, bodyStart: end + 1) : .wrong("MsgType is not the third field")
    }

    /// Leaves what cannot be a message and goes on at the next `8=FIX` that may be the beginning of one.
    private mutating func resynchronise(_ why: String) -> Frame {
        let mark = Array("8=FIX".utf8)
        var index = start + 1
        while index < buffer.count {
            if buffer[index] == mark[0], buffer[index...].prefix(mark.count).elementsEqual(mark.prefix(buffer.count - index)) { break }
            index += 1
        }
        start = index
        return .garbled(why)
    }

    // MARK: - What is too long

    private mutating func beginSkip(end: Int, length: Int) -> Frame? {
        let has = min(buffer.count, end)
        skip = Skip(
            beginning: Array(buffer[start..<min(has, start + FIXFramer.keptOfLong)]), left: end - start, length: end - start, sum: 0, trailer: [])
        return skipped()
    }

    private mutating func skipped() -> Frame? {
        guard var state = skip else { return nil }
        let take = min(state.left, waiting)
        for byte in buffer[start..<(start + take)] {
            if state.left > 7 { state.sum &+= byte } else { state.trailer.append(byte) }
            state.left -= 1
        }
        if state.beginning.count < FIXFramer.keptOfLong {
            let seen = state.length - state.left - take
            if seen >= state.beginning.count { state.beginning += buffer[start..<(start + min(take, FIXFramer.keptOfLong - state.beginning.count))] }
        }
        start += take
        guard state.left == 0 else {
            skip = state
            return nil
        }
        skip = nil
        if let why = FIXFramer.fault(of: state.trailer[...], sum: state.sum) { return .garbled("a message of \(state.length) bytes: \(why)") }
        let fields = state.beginning.lastIndex(of: FIXBody.separator).map { Array(state.beginning[...$0]) } ?? []
        return .tooLong(beginning: fields, length: state.length)
    }
}
