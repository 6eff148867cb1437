public import NIOCore

/// Which end of a WebSocket we are: a client masks what it sends, a server must not.
public enum WebSocketRole: Hashable, Sendable { case client, server }

/// A peer that breaks RFC 6455, and the code we close with.
public struct WebSocketViolation: Error, Hashable, Sendable {
    /// 1002 protocol error, 1007 not UTF-8, 1008 policy, 1009 too large.
    public let code: UInt16
    public let reason: String
}

/// A whole message or a control frame.
public enum WebSocketMessage: Hashable, Sendable {
    case text(ByteBuffer)
    case binary(ByteBuffer)
    case ping(ByteBuffer)
    case pong(ByteBuffer)
    /// - Parameter code: nil where the peer gave none.
    case close(code: UInt16?, reason: String)
}

/// Bytes in, whole messages out: frames, fragments, masks, sizes and UTF-8 as RFC 6455 wants them.
///
/// A value without I/O. An unfragmented message that arrived in one piece is a slice of what arrived, not a copy.
public struct WebSocketReader: Sendable {
    private enum Opcode: UInt8 { case continuation = 0, text = 1, binary = 2, close = 8, ping = 9, pong = 10 }

    private struct Header {
        var opcode: Opcode
        var isFinal: Bool
        var length: Int
        var mask: UInt32
        var bytes: Int
    }

    public let role: WebSocketRole
    public let maximumMessageBytes: Int
    private var pending = ByteBuffer()
    private var fragments: ByteBuffer?
    private var fragmentOpcode = Opcode.continuation
    private var hasClosed = false

    public init(role: WebSocketRole, maximumMessageBytes: Int) {
        self.role = role
        self.maximumMessageBytes = maximumMessageBytes
    }

    public mutating func append(_ bytes: ByteBuffer) {
        if pending.readableBytes == 0 {
            pending = bytes
        } else {
            pending.writeImmutableBuffer(bytes)
        }
    }

    /// The next message; nil until more bytes come. After a close frame there is none.
    public mutating func next() throws(WebSocketViolation) -> WebSocketMessage? {
        while !hasClosed {
            guard let header = try header() else { return nil }
            guard pending.readableBytes >= header.bytes + header.length else { return nil }
            pending.moveReaderIndex(forwardBy: header.bytes)
            if role == .server { unmask(header) }
            guard let payload = pending.readSlice(length: header.length) else { preconditionFailure("the bytes are there") }
            if let message = try accept(header, payload) { return message }
        }
        return nil
    }

    private func wrong(_ reason: String) -> WebSocketViolation { WebSocketViolation(code: 1002, reason: reason) }

    /// What the first bytes of a frame say, as far as they are there; what is wrong is said as early as it shows.
    private func header() throws(WebSocketViolation) -> Header? {
        let start = pending.readerIndex
        guard let first: UInt8 = pending.getInteger(at: start) else { return nil }
        guard first & 0x70 == 0 else { throw wrong("a reserved bit is set and no extension was agreed") }
        guard let opcode = Opcode(rawValue: first & 15) else { throw wrong("opcode \(first & 15) is reserved") }
        let isFinal = first & 0x80 != 0
        guard pending.readableBytes >= 2, let second: UInt8 = pending.getInteger(at: start + 1) else { return nil }
        guard (second & 0x80 != 0) == (role == .server) else {
            throw wrong(role == .server ? "a client's frame is not masked" : "a server's frame is masked")
        }
        let isControl = opcode.rawValue >= 8
        let short = Int(second & 127)
        if isControl, !isFinal { throw wrong("a control frame in pieces") }
        if isControl, short > 125 { throw wrong("a control frame of more than 125 bytes") }
        if opcode == .continuation, fragments == nil { throw wrong("a continuation of nothing") }
        if !isControl, opcode != .continuation, fragments != nil { throw wrong("a new message inside another") }
        guard let (length, used) = try length(short, at: start + 2) else { return nil }
        if !isControl, length > maximumMessageBytes - (fragments?.readableBytes ?? 0) {
            throw WebSocketViolation(code: 1009, reason: "a message of more than \(maximumMessageBytes) bytes")
        }
        var mask: UInt32 = 0
        if role == .server {
            guard let value: UInt32 = pending.getInteger(at: start + 2 + used) else { return nil }
            mask = value
        }
        return Header(opcode: opcode, isFinal: isFinal, length: length, mask: mask, bytes: 2 + used + (role == .server ? 4 : 0))
    }

    private func length(_ short: Int, at index: Int) throws(WebSocketViolation) -> (Int, Int)? {
        if short < 126 { return (short, 0) }
        if short == 126 {
            guard let value: UInt16 = pending.getInteger(at: index) else { return nil }
            guard value >= 126 else { throw wrong("a length not written in the shortest form") }
            return (Int(value), 2)
        }
        guard let value: UInt64 = pending.getInteger(at: index) else { return nil }
        guard value >> 63 == 0 else { throw wrong("a length above 2^63") }
        guard value > 65_535 else { throw wrong("a length not written in the shortest form") }
        return (Int(value), 8)
    }

    private mutating func unmask(_ header: Header) {
        WebSocketMask.apply(header.mask, to: &pending, count: header.length)
    }

    private mutating func accept(_ header: Header, _ payload: ByteBuffer) throws(WebSocketViolation) -> WebSocketMessage? {
        switch header.opcode {
        case .ping: return .ping(payload)
        case .pong: return .pong(payload)
        case .close: return try close(payload)
        case .text, .binary:
            if header.isFinal { return try whole(header.opcode, payload) }
            fragmentOpcode = header.opcode
            fragments = payload
            return nil
        case .continuation:
            fragments?.writeImmutableBuffer(payload)
            guard header.isFinal, let message = fragments else { return nil }
            fragments = nil
            return try whole(fragmentOpcode, message)
        }
    }

    private func whole(_ opcode: Opcode, _ payload: ByteBuffer) throws(WebSocketViolation) -> WebSocketMessage {
        guard opcode == .text else { return .binary(payload) }
        guard UTF8Check.isValid(payload) else { throw WebSocketViolation(code: 1007, reason: "a text that is not UTF-8") }
        return .text(payload)
    }

    private mutating func close(_ payload: ByteBuffer) throws(WebSocketViolation) -> WebSocketMessage {
        hasClosed = true
        var payload = payload
        if payload.readableBytes == 0 { return .close(code: nil, reason: "") }
        guard let code: UInt16 = payload.readInteger() else { throw wrong("a close code of one byte") }
        switch code {
        case 1000...1003, 1007...1014, 3000...4999: break
        default: throw wrong("close code \(code) must not be sent")
        }
        guard UTF8Check.isValid(payload) else { throw WebSocketViolation(code: 1007, reason: "a close reason that is not UTF-8") }
        return .close(code: code, reason: String(buffer: payload))
    }
}

/// The XOR of RFC 6455, section 5.3.
enum WebSocketMask {
    static func apply(_ mask: UInt32, to buffer: inout ByteBuffer, count: Int) {
        if mask == 0 { return }
        unsafe buffer.withUnsafeMutableReadableBytes { bytes in
            unsafe apply(mask, to: UnsafeMutableRawBufferPointer(rebasing: bytes[..<count]))
        }
    }

    /// Eight bytes at a time, then the rest.
    static func apply(_ mask: UInt32, to bytes: UnsafeMutableRawBufferPointer) {
        let wide = (UInt64(mask) << 32 | UInt64(mask)).bigEndian
        var index = 0
        while index + 8 <= bytes.count {
            let word = unsafe bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)
            unsafe bytes.storeBytes(of: word ^ wide, toByteOffset: index, as: UInt64.self)
            index += 8
        }
        while index < bytes.count {
            unsafe bytes[index] ^= UInt8(truncatingIfNeeded: mask >> UInt32(24 - 8 * (index & 3)))
            index += 1
        }
    }
}

/// Whether bytes are UTF-8, without making a String of them.
enum UTF8Check {
    static func isValid(_ buffer: ByteBuffer) -> Bool {
        unsafe buffer.withUnsafeReadableBytes { bytes in
            var index = 0
            while index + 8 <= bytes.count {
                if unsafe bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self) & 0x8080_8080_8080_8080 != 0 { break }
                index += 8
            }
            return unsafe rest(UnsafeRawBufferPointer(rebasing: bytes[index...]))
        }
    }

    /// The table of well-formed sequences of the Unicode standard (3-7).
    private static func rest(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var index = 0
        while index < bytes.count {
            let first = unsafe bytes[index]
            index += 1
            if first < 0x80 { continue }
            let more: Int
            var range: ClosedRange<UInt8> = 0x80...0xBF
            switch first {
            case 0xC2...0xDF: more = 1
            case 0xE0: (more, range) = (2, 0xA0...0xBF)
            case 0xED: (more, range) = (2, 0x80...0x9F)
            case 0xE1...0xEF: more = 2
            case 0xF0: (more, range) = (3, 0x90...0xBF)
            case 0xF4: (more, range) = (3, 0x80...0x8F)
            case 0xF1...0xF3: more = 3
            default: return false
            }
            guard index + more <= bytes.count else { return false }
            for place in 0..<more {
                guard unsafe range.contains(bytes[index + place]) else { return false }
                range = 0x80...0xBF
            }
            index += more
        }
        return true
    }
}

/// Writes frames, masked where we are the client.
public struct WebSocketWriter: Sendable {
    public let role: WebSocketRole
    /// Masks protect proxies from scripts in browsers; chance of this quality is enough for a program that sends its own words.
    private var random: SeededGenerator

    public init(role: WebSocketRole, seed: UInt64) {
        self.role = role
        random = SeededGenerator(seed: seed)
    }

    public mutating func text(_ payload: UnsafeRawBufferPointer, into buffer: inout ByteBuffer) {
        unsafe frame(0x81, payload, into: &buffer)
    }

    public mutating func binary(_ payload: UnsafeRawBufferPointer, into buffer: inout ByteBuffer) {
        unsafe frame(0x82, payload, into: &buffer)
    }

    public mutating func ping(_ payload: ByteBuffer, into buffer: inout ByteBuffer) {
        unsafe payload.withUnsafeReadableBytes { unsafe frame(0x89, $0, into: &buffer) }
    }

    public mutating func pong(_ payload: ByteBuffer, into buffer: inout ByteBuffer) {
        unsafe payload.withUnsafeReadableBytes { unsafe frame(0x8A, $0, into: &buffer) }
    }

    /// - Parameter code: nil for a close frame without one.
    public mutating func close(_ code: UInt16?, reason: String, into buffer: inout ByteBuffer) {
        var payload = ByteBuffer()
        if let code {
            payload.writeInteger(code)
            var text = reason
            while text.utf8.count > 123 { text.removeLast() }
            payload.writeString(text)
        }
        unsafe payload.withUnsafeReadableBytes { unsafe frame(0x88, $0, into: &buffer) }
    }

    private mutating func frame(_ first: UInt8, _ payload: UnsafeRawBufferPointer, into buffer: inout ByteBuffer) {
        let masked: UInt8 = role == .client ? 0x80 : 0
        buffer.writeInteger(first)
        switch payload.count {
        case ..<126: buffer.writeInteger(UInt8(payload.count) | masked)
        case ..<65_536:
            buffer.writeInteger(126 | masked)
            buffer.writeInteger(UInt16(payload.count))
        default:
            buffer.writeInteger(127 | masked)
            buffer.writeInteger(UInt64(payload.count))
        }
        guard role == .client else {
            unsafe _ = buffer.writeBytes(payload)
            return
        }
        let mask = UInt32(truncatingIfNeeded: random.next())
        buffer.writeInteger(mask)
        let at = buffer.writerIndex
        unsafe _ = buffer.writeBytes(payload)
        unsafe buffer.withVeryUnsafeMutableBytes { bytes in
            unsafe WebSocketMask.apply(mask, to: UnsafeMutableRawBufferPointer(rebasing: bytes[at..<at + payload.count]))
        }
    }
}
