import NIOCore
import Testing

@testable import Transport

@Suite struct FramingTests {
    private func messages(_ bytes: ByteBuffer, role: WebSocketRole = .client, cap: Int = 1 << 20, piece: Int = .max) throws(WebSocketViolation) -> [WebSocketMessage] {
        var reader = WebSocketReader(role: role, maximumMessageBytes: cap)
        var result: [WebSocketMessage] = []
        var bytes = bytes
        while let part = bytes.readSlice(length: min(piece, bytes.readableBytes)), part.readableBytes > 0 {
            reader.append(part)
            while let message = try reader.next() { result.append(message) }
        }
        return result
    }

    private func violation(_ bytes: [UInt8], role: WebSocketRole = .client, cap: Int = 1 << 20) -> UInt16? {
        do throws(WebSocketViolation) {
            _ = try messages(ByteBuffer(bytes: bytes), role: role, cap: cap)
            return nil
        } catch { return error.code }
    }

    /// Every length form, both roles, whole, drip-fed and glued.
    @Test(arguments: [WebSocketRole.client, .server], [1, 2, 7, 1000, Int.max]) func whatIsWrittenIsRead(_ role: WebSocketRole, _ piece: Int) throws {
        var writer = WebSocketWriter(role: role, seed: 5)
        var wire = ByteBuffer()
        var expected: [WebSocketMessage] = []
        for count in [0, 1, 7, 8, 9, 125, 126, 127, 65_535, 65_536] {
            let text = String(repeating: "a", count: count)
            Array(text.utf8).withUnsafeBytes { writer.text($0, into: &wire) }
            expected.append(.text(ByteBuffer(string: text)))
        }
        writer.ping(ByteBuffer(string: "p"), into: &wire)
        writer.pong(ByteBuffer(), into: &wire)
        writer.close(1001, reason: "bye", into: &wire)
        expected += [.ping(ByteBuffer(string: "p")), .pong(ByteBuffer()), .close(code: 1001, reason: "bye")]
        #expect(try messages(wire, role: role == .client ? .server : .client, piece: piece) == expected)
    }

    @Test func fragmentsWithPingsBetween() throws {
        let wire = ByteBuffer(bytes: [0x01, 2] + Array("he".utf8) + [0x89, 1, 0x21] + [0x00, 0] + [0x80, 3] + Array("llo".utf8))
        for piece in [1, 3, 100] {
            #expect(try messages(wire, piece: piece) == [.ping(ByteBuffer(string: "!")), .text(ByteBuffer(string: "hello"))])
        }
    }

    @Test func whatTheRFCForbids() {
        #expect(violation([0x81, 0x81, 0, 0, 0, 0, 65]) == 1002, "a masked server frame")
        #expect(violation([0x81, 0x01, 65], role: .server) == 1002, "an unmasked client frame")
        for opcode in [3, 4, 5, 6, 7, 11, 15] as [UInt8] { #expect(violation([0x80 | opcode, 0]) == 1002, "opcode \(opcode)") }
        for bit in [0x40, 0x20, 0x10] as [UInt8] { #expect(violation([0x81 | bit, 0]) == 1002, "reserved bit") }
        #expect(violation([0x09, 0]) == 1002, "a ping in pieces")
        #expect(violation([0x89, 126, 0, 126]) == 1002, "a long ping")
        #expect(violation([0x80, 0]) == 1002, "a continuation of nothing")
        #expect(violation([0x01, 0, 0x81, 0]) == 1002, "a message in a message")
        #expect(violation([0x81, 126, 0, 125]) == 1002, "a length too long written")
        #expect(violation([0x81, 127, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]) == 1002)
        #expect(violation([0x81, 127, 0x80, 0, 0, 0, 0, 0, 0, 0]) == 1002)
        #expect(violation([0x88, 1, 3]) == 1002)
        for code in [0, 999, 1004, 1005, 1006, 1015, 2999, 5000] as [UInt16] { #expect(violation([0x88, 2, UInt8(code >> 8), UInt8(code & 255)]) == 1002) }
        #expect(violation([0x88, 3, 0x03, 0xE8, 0xFF]) == 1007)
    }

    @Test func sizesAreCappedBeforeTheBytesCome() {
        #expect(violation([0x81, 127, 0, 0, 0, 0, 0x7F, 0xFF, 0xFF, 0xFF], cap: 1000) == 1009)
        #expect(violation([0x81, 126, 0x03, 0xE9], cap: 1000) == 1009)
        #expect(violation([0x01, 4, 65, 65, 65, 65, 0x80, 4], cap: 7) == 1009, "the sum of fragments")
        #expect(violation([0x81, 4, 65, 65, 65, 65], cap: 4) == nil)
    }

    @Test func textIsUTF8() {
        for bad in [[0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xE2, 0x82], [0x80], [0xF8, 0x88, 0x80, 0x80, 0x80], [0xE0, 0x80, 0x80], [0xF0, 0x80, 0x80, 0x80]] as [[UInt8]] {
            #expect(violation([0x81, UInt8(bad.count)] + bad) == 1007, "\(bad)")
            #expect(violation([0x81, UInt8(bad.count + 9)] + Array("123456789".utf8) + bad) == 1007, "\(bad)")
            #expect(violation([0x82, UInt8(bad.count)] + bad) == nil, "binary may be anything")
        }
        #expect(violation([0x01, 1, 0xE2, 0x80, 2, 0x82, 0xAC]) == nil, "a character over two fragments")
    }

    @Test(arguments: 0..<500) func utf8AgreesWithTheStandardLibrary(_ seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var bytes = Array("aé€😀".utf8)
        for _ in 0..<2 { bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random) }
        #expect(UTF8Check.isValid(ByteBuffer(bytes: bytes)) == (String(validating: bytes, as: UTF8.self) != nil), "\(bytes)")
    }

    @Test(arguments: 0..<300) func mutatedFramesNeverTrap(_ seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var writer = WebSocketWriter(role: .server, seed: seed)
        var wire = ByteBuffer()
        for count in [3, 126, 200] { [UInt8](repeating: 65, count: count).withUnsafeBytes { writer.text($0, into: &wire) } }
        writer.ping(ByteBuffer(string: "x"), into: &wire)
        var bytes = Array(wire.readableBytesView)
        for _ in 0..<Int.random(in: 1...6, using: &random) { bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random) }
        for role in [WebSocketRole.client, .server] { _ = try? messages(ByteBuffer(bytes: bytes), role: role, cap: 500, piece: Int.random(in: 1...40, using: &random)) }
    }
}

@Suite struct UpgradeResponseTests {
    private let good = "HTTP/1.1 101 Switching Protocols\r\nupgrade: WebSocket\r\nConnection: keep-alive, Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"

    private func verdict(_ text: String, piece: Int = .max) -> UpgradeResponse.Verdict {
        var response = UpgradeResponse(key: "dGhlIHNhbXBsZSBub25jZQ==")
        var bytes = ByteBuffer(string: text)
        var verdict = UpgradeResponse.Verdict.needsBytes
        while verdict == .needsBytes, let part = bytes.readSlice(length: min(piece, bytes.readableBytes)), part.readableBytes > 0 { verdict = response.append(part) }
        return verdict
    }

    @Test(arguments: [1, 7, Int.max]) func aGoodAnswerOpens(_ piece: Int) { #expect(verdict(good, piece: piece) == .open(rest: ByteBuffer())) }

    @Test func gluedFramesAreHandedOn() { #expect(verdict(good + "\u{1}x") == .open(rest: ByteBuffer(string: "\u{1}x"))) }

    @Test func badAnswersSayWhatIsWrong() {
        for (from, to) in [("s3pP", "s3pQ"), ("WebSocket", "h2c"), ("keep-alive, Upgrade", "close"), ("HTTP/1.1", "HTTP/1.0"), ("\r\n\r\n", "\r\nSec-WebSocket-Extensions: x\r\n\r\n"), ("\r\n\r\n", "\r\nSec-WebSocket-Protocol: x\r\n\r\n"), ("upgrade:", "no colon")] {
            guard case .refused(.badHandshake) = verdict(good.replacing(from, with: to, maxReplacements: 1)) else {
                Issue.record("\(to) was accepted")
                continue
            }
        }
        #expect(verdict(String(repeating: "a", count: 20_000)) == .refused(.badHandshake("the answer's head is too long")))
    }

    @Test func anotherStatusComesWithItsBody() {
        #expect(verdict("HTTP/1.1 429 Too Many\r\nRetry-After: 7\r\nContent-Length: 4\r\n\r\nslow", piece: 5) == .refused(.status(429, excerpt: "slow", retryAfterSeconds: 7)))
        var response = UpgradeResponse(key: "k")
        #expect(response.append(ByteBuffer(string: "HTTP/1.1 503 No\r\n\r\n<html>")) == .needsBytes)
        #expect(response.finished() == .status(503, excerpt: "<html>", retryAfterSeconds: nil))
    }
}
