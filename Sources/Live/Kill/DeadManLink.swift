internal import Domain
import Glibc
internal import Tape

/// What the live process and its dead-man process say to each other, over one socket that both ends see close.
///
/// Parent: one line `perigee-dead-man 1 HASH SILENCE-NS`, then a `b` a beat, and `q` for good-bye. Child: `armed` or `refused WHY`, one line.
enum DeadManLink {
    static let beat = UInt8(ascii: "b")
    static let bye = UInt8(ascii: "q")
    static let longestLine = 4_096

    static func hello(hash: String, silence: Span) -> String { "perigee-dead-man 1 \(hash) \(silence.nanoseconds)\n" }

    static func parse(_ line: String) -> (hash: String, silence: Span)? {
        let words = line.split(separator: " ")
        guard words.count == 4, words[0] == "perigee-dead-man", words[1] == "1", let nanoseconds = Int64(words[3]), nanoseconds > 0 else { return nil }
        return (String(words[2]), Span(nanoseconds: nanoseconds))
    }

    /// Never raises SIGPIPE: the other end may be gone.
    static func send(_ text: some Sequence<UInt8>, to descriptor: Int32) -> Bool {
        var bytes = Array(text)
        while !bytes.isEmpty {
            let count = unsafe Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            bytes.removeFirst(count)
        }
        return true
    }

    /// A line, without its end; nil where the other end closed, said too much or nothing until the deadline (monotonic ns).
    static func line(from descriptor: Int32, until deadline: Int64) -> String? {
        var bytes: [UInt8] = []
        while bytes.count < longestLine {
            let left = deadline - KillRunner.now
            var poller = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard left > 0, unsafe poll(&poller, 1, Int32(clamping: left / 1_000_000 + 1)) >= 0 || errno == EINTR else { return nil }
            guard poller.revents != 0 else { continue }
            var byte: UInt8 = 0
            let count = unsafe recv(descriptor, &byte, 1, 0)
            if count < 0, errno == EINTR || errno == EAGAIN { continue }
            guard count == 1 else { return nil }
            if byte == UInt8(ascii: "\n") { return String(decoding: bytes, as: UTF8.self) }
            bytes.append(byte)
        }
        return nil
    }
}

/// The running binary, by its bytes (C34).
public enum BinaryHash {
    /// SHA-256 in hex; the file that is mapped, also where another now bears its name.
    public static func running() -> String? {
        do throws(TapeError) { return try of("/proc/self/exe") } catch { return nil }
    }

    static func of(_ path: String) throws(TapeError) -> String { try SHA256.fileDigest(path: path) }
}
