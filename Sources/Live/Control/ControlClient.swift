public import Domain
import Glibc
internal import JSON

/// The other end of the control socket: `perigee status`, `perigee kill`.
public enum ControlClient {
    /// A connected descriptor, or nil where nobody listens.
    static func connect(_ path: String) -> Int32? {
        let descriptor = UnixAddress.socket()
        guard descriptor >= 0 else { return nil }
        guard let address = UnixAddress(path) else {
            close(descriptor)
            return nil
        }
        // A full queue of others who wait is not nobody; a process that hangs does not empty it.
        for _ in 0..<100 {
            if address.connect(descriptor) { return descriptor }
            guard errno == EAGAIN || errno == EINTR else { break }
            _ = poll(nil, 0, 2)
        }
        close(descriptor)
        return nil
    }

    /// Says that it is to kill, and does not wait for anything: the process may hang.
    ///
    /// - Returns: Whether somebody listens.
    public static func poke(_ folder: StateFolder, reason: String) -> Bool {
        guard let descriptor = connect(folder.socket) else { return false }
        defer { close(descriptor) }
        var json = JSONWriter()
        json.beginObject()
        json.field("command", "kill")
        json.field("reason", reason)
        json.endObject()
        let line = Array((json.text + "\n").utf8)
        return unsafe send(descriptor, line, line.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT)) == line.count
    }

    public enum Answer: Hashable, Sendable {
        case line(String)
        /// Nobody listens.
        case nobody
        /// Somebody listens and does not answer: the process hangs.
        case silent
    }

    /// Asks and waits for one line.
    public static func ask(_ folder: StateFolder, _ request: String, timeout: Span) -> Answer {
        guard let descriptor = connect(folder.socket) else { return .nobody }
        defer { close(descriptor) }
        let line = Array((request + "\n").utf8)
        guard unsafe send(descriptor, line, line.count, Int32(MSG_NOSIGNAL)) == line.count else { return .silent }
        let deadline = KillRunner.now + timeout.nanoseconds
        var answer: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while answer.last != 10 {
            let left = deadline - KillRunner.now
            var poller = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard left > 0, answer.count <= ControlSocket.longestAnswer + 1 else { return .silent }
            guard unsafe poll(&poller, 1, Int32(clamping: left / 1_000_000 + 1)) > 0 else { continue }
            let count = unsafe recv(descriptor, &chunk, chunk.count, 0)
            if count < 0, errno == EAGAIN || errno == EINTR { continue }
            guard count > 0 else { return .silent }
            answer += chunk[..<count]
        }
        return .line(String(decoding: answer.dropLast(), as: UTF8.self))
    }

    /// The text in an answer that has one, or its error.
    public static func text(of answer: String) -> (text: String?, error: String?) {
        Bytes.with(Array(answer.utf8)) { bytes in
            var reader = JSONReader(bytes)
            var fields = JSONFields(["text", "error"])
            var found: (text: String?, error: String?) = (nil, nil)
            do throws(JSONError) {
                try reader.beginObject()
                while let index = try fields.next(in: &reader) {
                    if index == 0 { found.text = try reader.text() } else { found.error = try reader.text() }
                }
            } catch {
                found.error = "the answer cannot be read"
            }
            return found
        }
    }

    /// The status object in an answer, with its latch, as it came; nil where there is none.
    public static func status(of answer: String) -> String? {
        Bytes.with(Array(answer.utf8)) { bytes in
            var reader = JSONReader(bytes)
            var fields = JSONFields(["status", "latched"])
            var (status, latched): (String?, String?) = (nil, nil)
            do throws(JSONError) {
                try reader.beginObject()
                while let index = try fields.next(in: &reader) {
                    let raw = try reader.raw().text
                    if index == 0 { status = raw } else { latched = raw }
                }
            } catch {
                return nil
            }
            return status.map { $0.dropLast() + ",\"latched\":\(latched ?? "null")}" }
        }
    }
}
