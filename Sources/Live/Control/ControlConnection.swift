import Glibc
internal import JSON

/// `{"ok":false,"error":…}`
struct JSONLine {
    private var json = JSONWriter()
    var text: String { json.text }
    mutating func write(_ why: String) {
        json.beginObject()
        json.field("ok", false)
        json.field("error", why)
        json.endObject()
    }
}

/// One who speaks to the control socket. On the socket's thread only; nothing here blocks.
final class ControlConnection {
    let descriptor: Int32
    private var input: [UInt8] = []
    private var output: [UInt8] = []
    private var closesAfterOutput = false
    private(set) var isEnded = false
    private(set) var lastTurn = KillRunner.now

    init(_ descriptor: Int32) { self.descriptor = descriptor }

    deinit { end() }

    /// It has an answer to read before it may ask again.
    var isBlocked: Bool { !output.isEmpty }

    func end() {
        guard !isEnded else { return }
        isEnded = true
        close(descriptor)
    }

    /// The descriptor has something to give or to take.
    func turn(answer: ([UInt8]) -> String) {
        guard !isEnded else { return }
        if isBlocked { flush() } else { read() }
        while !isEnded, !isBlocked, let line = nextLine() {
            output = Array((answer(line) + "\n").utf8)
            if output.count > ControlSocket.longestAnswer { output = Array((ControlSocket.refusal("the answer is too long") + "\n").utf8) }
            flush()
        }
        if !isEnded, !isBlocked, input.count > ControlSocket.longestLine {
            output = Array((ControlSocket.refusal("a line of more than \(ControlSocket.longestLine) bytes") + "\n").utf8)
            closesAfterOutput = true
            flush()
        }
    }

    private func read() {
        var chunk = [UInt8](repeating: 0, count: 16_384)
        let count = unsafe recv(descriptor, &chunk, chunk.count, 0)
        if count < 0, errno == EAGAIN || errno == EINTR { return }
        guard count > 0 else { return end() }
        lastTurn = KillRunner.now
        input += chunk[..<count]
    }

    private func nextLine() -> [UInt8]? {
        guard let newline = input.firstIndex(of: 10), newline <= ControlSocket.longestLine else { return nil }
        defer { input.removeFirst(newline + 1) }
        return Array(input[..<newline])
    }

    private func flush() {
        while !output.isEmpty {
            let count = unsafe send(descriptor, output, output.count, Int32(MSG_NOSIGNAL))
            if count < 0, errno == EINTR { continue }
            if count < 0, errno == EAGAIN { return }
            guard count > 0 else { return end() }
            lastTurn = KillRunner.now
            output.removeFirst(count)
        }
        if closesAfterOutput { end() }
    }
}
