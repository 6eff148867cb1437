internal import Domain
internal import JSON
internal import NIOCore
internal import Transport

/// Connections without frames, and what a session wants kept on disk.
extension VenueDriver {
    static func isStream(_ url: String) -> Bool { url.hasPrefix("tls://") || url.hasPrefix("tcp://") }

    func connectStream(_ socket: SocketID, _ url: String) {
        let made = VenueStream(id: socket, driver: self)
        streams[socket] = made
        do {
            made.connection = ByteStream.connect(to: try Origin(url), tls: tls, on: eventLoop, delegate: made)
        } catch {
            streamClosed(made, VenueClosing(code: 0, reason: "\(error)", isRefusal: true))
        }
    }

    func streamOpened(_ stream: VenueStream) { feed(.input(.opened(stream.id))) }

    func stream(_ stream: VenueStream, received bytes: ByteBuffer) { feed(.message(stream.id, Array(bytes.readableBytesView))) }

    func streamClosed(_ stream: VenueStream, _ closing: VenueClosing) {
        if streams[stream.id] === stream { streams[stream.id] = nil }
        feed(.input(.closed(stream.id, closing)))
    }

    func send(_ bytes: [UInt8], on stream: VenueStream) {
        let isTaken = unsafe bytes.withUnsafeBytes { unsafe stream.connection?.send($0) ?? false }
        guard !isTaken else { return }
        stream.leave()
        streamClosed(stream, VenueClosing(code: 1_006, reason: "the connection takes nothing"))
    }

    /// Before the bytes that follow: what cannot be kept must not be sent (C25).
    func keep(_ name: String, _ bytes: [UInt8], at offset: Int, for socket: SocketID) {
        guard let keeper else { return }
        do throws(VenueKeeperError) {
            try keeper.keep(name, bytes, at: offset)
        } catch {
            streams[socket]?.leave()
            streams[socket] = nil
            feed(.input(.closed(socket, VenueClosing(code: 0, reason: "\(error)", isRefusal: true))))
        }
    }
}
