internal import NIOCore
internal import Transport

/// One connection of a session's socket that has no frames: `tls://` and `tcp://` addresses. Its messages are whatever came at once.
final class VenueStream: ByteStreamDelegate {
    let id: SocketID
    private weak var driver: VenueDriver?
    var connection: ByteStream?

    init(id: SocketID, driver: VenueDriver) { (self.id, self.driver) = (id, driver) }

    /// Closes the connection and forgets who wanted to know.
    func leave() {
        driver = nil
        connection?.close()
        connection = nil
    }

    func byteStreamOpened(_ stream: ByteStream) { driver?.streamOpened(self) }

    func byteStream(_ stream: ByteStream, received bytes: ByteBuffer) { driver?.stream(self, received: bytes) }

    func byteStreamClosed(_ stream: ByteStream, why: String, isRefusal: Bool) {
        connection = nil
        driver?.streamClosed(self, VenueClosing(code: 1_006, reason: why, isRefusal: isRefusal))
        driver = nil
    }
}
