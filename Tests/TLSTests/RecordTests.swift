import NIOCore
import NIOEmbedded
import Testing

@testable import TLS

@Suite struct RecordTests {
    @Test(arguments: [1, 2, 3, 5, 7, 64, 1000, 16_400, Int.max]) func recordsCutAnywhereArrive(_ piece: Int) throws {
        let wire = try Wire.make()
        try wire.pump(piece: piece)
        #expect(wire.clientSeen.isOpen && wire.serverSeen.isOpen)
        let question = (0..<40_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        try wire.client.writeOutbound(ByteBuffer(bytes: question))
        try wire.server.writeOutbound(ByteBuffer(string: "answer"))
        try wire.pump(piece: piece)
        #expect(wire.serverSeen.bytes == question)
        #expect(wire.clientSeen.bytes == Array("answer".utf8))
        #expect(wire.clientSeen.errors.isEmpty && wire.serverSeen.errors.isEmpty)
    }

    @Test func writesWaitForTheHandshakeAndSmallOnesShareARecord() throws {
        let wire = try Wire.make()
        let written = wire.client.eventLoop.makePromise(of: Void.self)
        wire.client.write(ByteBuffer(string: "head "), promise: written)
        wire.client.write(ByteBuffer(string: "body"), promise: nil)
        wire.client.flush()
        var isWritten = false
        written.futureResult.assumeIsolated().whenSuccess { isWritten = true }
        #expect(!isWritten)
        try wire.pump()
        #expect(isWritten)
        #expect(String(decoding: wire.serverSeen.bytes, as: UTF8.self) == "head body")
        #expect(wire.serverSeen.reads == 1)
    }

    @Test func aCleanCloseIsNoError() throws {
        let wire = try Wire.make()
        try wire.pump()
        try wire.client.writeOutbound(ByteBuffer(string: "last"))
        wire.client.close(promise: nil)
        try wire.pump()
        wire.loop.run()
        #expect(wire.serverSeen.bytes == Array("last".utf8))
        #expect(wire.serverSeen.errors.isEmpty && wire.serverSeen.isInactive)
    }

    @Test func anEndWithoutAClosingAlertIsTruncation() throws {
        let wire = try Wire.make()
        try wire.pump()
        wire.server.pipeline.fireChannelInactive()
        #expect(wire.serverSeen.errors == [.truncated])
    }

    @Test func anEndDuringTheHandshakeSaysSo() throws {
        let wire = try Wire.make()
        let written = wire.client.eventLoop.makePromise(of: Void.self)
        wire.client.writeAndFlush(ByteBuffer(string: "x"), promise: written)
        wire.client.pipeline.fireChannelInactive()
        #expect(wire.clientSeen.errors == [.closedDuringHandshake])
        #expect(throws: TLSError.self) { try written.futureResult.wait() }
    }

    @Test func aHandshakeThatTakesTooLongEnds() throws {
        let wire = try Wire.make()
        wire.loop.advanceTime(by: .seconds(9))
        #expect(wire.clientSeen.errors.isEmpty)
        wire.loop.advanceTime(by: .seconds(2))
        #expect(wire.clientSeen.errors == [.handshakeTimeout])
    }

    /// F30: the connection ends after any number of the server's bytes.
    @Test(arguments: Array(stride(from: 0, to: 1400, by: 46))) func anEndAtAnyByteIsOneTypedError(_ bytes: Int) throws {
        let wire = try Wire.make()
        var left = bytes
        while left > 0, try Wire.move(wire.client, wire.server, piece: .max) {
            while var flight = try wire.server.readOutbound(as: ByteBuffer.self) {
                if let part = flight.readSlice(length: min(left, flight.readableBytes)), part.readableBytes > 0 {
                    left -= part.readableBytes
                    _ = try? wire.client.writeInbound(ByteBuffer(bytes: part.readableBytesView))
                }
            }
        }
        wire.client.pipeline.fireChannelInactive()
        #expect(wire.clientSeen.errors == [wire.clientSeen.isOpen ? .truncated : .closedDuringHandshake])
    }

    /// A damaged record is an error, never other bytes. The seed is the argument.
    @Test(arguments: 0..<40) func damagedBytesAreRefused(_ seed: UInt64) throws {
        var random = Mix(state: seed)
        let wire = try Wire.make()
        if seed % 2 == 0 { try wire.pump() }
        if wire.clientSeen.isOpen { try wire.client.writeOutbound(ByteBuffer(string: "buy 1")) }
        var bytes: [UInt8] = []
        while let part = try wire.client.readOutbound(as: ByteBuffer.self) { bytes += Array(part.readableBytesView) }
        bytes[random.below(bytes.count)] ^= UInt8(1 + random.below(255))
        _ = try? wire.server.writeInbound(ByteBuffer(bytes: bytes))
        try wire.pump()
        #expect(wire.serverSeen.bytes.isEmpty)
    }

    @Test func noiseInsteadOfTLSIsAnError() throws {
        let wire = try Wire.make()
        _ = try? wire.client.writeInbound(ByteBuffer(string: "HTTP/1.1 400 Bad Request\r\n\r\n"))
        #expect(wire.clientSeen.errors.count == 1 && wire.clientSeen.isInactive)
    }

    @Test func aReaderWhoAsksForEachReadIsNotLeftWaiting() throws {
        let wire = try Wire.make()
        try wire.pump()
        try wire.server.writeOutbound(ByteBuffer(string: "0123456789"))
        let counter = ReadCounter()
        try wire.client.pipeline.syncOperations.addHandler(counter, position: .first)
        wire.client.read()
        #expect(counter.count == 1)
        try wire.pump(piece: 1)
        // Each piece without a whole record led to another read; none after the record was whole.
        #expect(counter.count > 20)
        let after = counter.count
        wire.client.pipeline.fireChannelReadComplete()
        #expect(counter.count == after)
    }
}

private final class ReadCounter: ChannelOutboundHandler {
    typealias OutboundIn = ByteBuffer
    var count = 0
    func read(context: ChannelHandlerContext) {
        count += 1
        context.read()
    }
}

struct Mix {
    var state: UInt64
    mutating func below(_ bound: Int) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int((state >> 33) % UInt64(bound))
    }
}
