import Domain
import Foundation
import Glibc

@testable import FIX

/// The acceptor of `acceptor.py` as a process, its lines read one by one.
final class QuickFIX {
    let process = Process()
    let port: UInt16
    private let input = Pipe()
    private let output = Pipe()
    private var rest: [UInt8] = []

    /// A Python that has the `quickfix` module; nil where there is none. `PERIGEE_QUICKFIX_PYTHON` names one.
    static let python: String? = {
        let named = ProcessInfo.processInfo.environment["PERIGEE_QUICKFIX_PYTHON"]
        for program in [named, "/usr/bin/python3", "/usr/local/bin/python3"].compactMap({ $0 }) where FileManager.default.isExecutableFile(atPath: program) {
            let probe = Process()
            probe.executableURL = URL(fileURLWithPath: program)
            probe.arguments = ["-c", "import quickfix"]
            probe.standardError = FileHandle.nullDevice
            guard (try? probe.run()) != nil else { continue }
            probe.waitUntilExit()
            if probe.terminationStatus == 0 { return program }
        }
        return nil
    }()

    init(folder: String, reset: Bool) throws {
        // An acceptor that is gone is a failed test, not the end of all.
        signal(SIGPIPE, SIG_IGN)
        port = QuickFIX.freePort()
        process.executableURL = URL(fileURLWithPath: QuickFIX.python ?? "")
        let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("acceptor.py").path
        process.arguments = [script, String(port), folder, reset ? "Y" : "N"]
        (process.standardInput, process.standardOutput) = (input, output)
        process.standardError = FileHandle.nullDevice
        try process.run()
        _ = wait(for: "listening")
    }

    deinit { end() }

    func end() {
        guard process.isRunning else { return }
        tell("end")
        input.fileHandleForWriting.closeFile()
        process.waitUntilExit()
    }

    func tell(_ line: String) { input.fileHandleForWriting.write(Data((line + "\n").utf8)) }

    /// The next line that begins so; lines before it are dropped. Nil after ten seconds.
    func wait(for prefix: String) -> String? {
        let end = ContinuousClock.now + .seconds(10)
        while ContinuousClock.now < end {
            while let newline = rest.firstIndex(of: 10) {
                let line = String(decoding: rest[..<newline], as: UTF8.self)
                rest.removeSubrange(...newline)
                if line.hasPrefix(prefix) { return line }
            }
            guard Wire.isReadable(output.fileHandleForReading.fileDescriptor, milliseconds: 1_000) else { continue }
            let data = output.fileHandleForReading.availableData
            if data.isEmpty { return nil }
            rest += data
        }
        return nil
    }

    private static func freePort() -> UInt16 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                _ = bind(descriptor, $0, length)
                _ = getsockname(descriptor, $0, &length)
            }
        }
        return UInt16(bigEndian: address.sin_port)
    }
}

/// A session on a socket of this machine, driven by hand.
struct Wire {
    var session: FIXSession
    private var descriptor: Int32 = -1
    private(set) var news: [FIXNews] = []
    private(set) var kept: FIXSequence?
    /// Types of what we wrote.
    private(set) var types: [String] = []

    init(_ settings: FIXSettings, numbers: FIXSequence?) { session = FIXSession(settings, numbers: numbers) }

    static func isReadable(_ descriptor: Int32, milliseconds: Int32) -> Bool {
        var poll = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return Glibc.poll(&poll, 1, milliseconds) > 0
    }

    private var now: FIXMoment {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        var monotonic = timespec()
        clock_gettime(CLOCK_MONOTONIC, &monotonic)
        return FIXMoment(
            wall: Timestamp(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)),
            monotonic: Int64(monotonic.tv_sec) * 1_000_000_000 + Int64(monotonic.tv_nsec))
    }

    mutating func connect(port: UInt16, token: String) {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let status = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
        }
        precondition(status == 0, "the acceptor cannot be reached")
        var credentials = FIXBody()
        credentials.add(length: FIXTag.rawDataLength, data: FIXTag.rawData, Array(token.utf8))
        feed(.connected(credentials: credentials))
    }

    mutating func feed(_ event: FIXEvent) {
        var actions: [FIXAction] = []
        session.handle(event, at: now, into: &actions)
        perform(actions)
    }

    mutating func order(_ id: String) -> Int64? {
        let order = FIXOrders.New(
            account: "STA-00000001", clientID: id, symbol: "BTCUSD", side: .buy, kind: .limit, quantity: dec("2"), price: dec("100"),
            timeInForce: 1, exchange: "VENUE1", text: "new Order", time: now.wall)
        var actions: [FIXAction] = []
        let sequence = session.send(FIXType.newOrderSingle, order.body, at: now, into: &actions)
        perform(actions)
        return sequence
    }

    mutating func cancel(_ id: String) {
        let cancel = FIXOrders.Cancel(
            account: "STA-00000001", clientID: id, original: id, exchange: "VENUE1", text: "Cancel Order",
            standard: .init(symbol: "BTCUSD", side: .buy, quantity: dec("2"), time: now.wall))
        var actions: [FIXAction] = []
        _ = session.send(FIXType.orderCancelRequest, cancel.body, at: now, into: &actions)
        perform(actions)
    }

    private mutating func perform(_ actions: [FIXAction]) {
        for action in actions {
            switch action {
            case .keep(let numbers): kept = numbers
            case .write(let bytes):
                types.append((try? FIXMessage(bytes))?.type ?? "?")
                _ = bytes.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            case .disconnect: cut()
            case .wake: break
            case .tell(let told): news.append(told)
            }
        }
    }

    /// The connection is gone, without a good-bye.
    mutating func cut() {
        guard descriptor >= 0 else { return }
        close(descriptor)
        descriptor = -1
        if session.phase != .disconnected { feed(.disconnected(why: "cut")) }
    }

    mutating func clear() { (news, types) = ([], []) }

    /// Reads until the condition holds, ten seconds at most.
    mutating func read(until isDone: (Wire) -> Bool) -> Bool {
        let end = ContinuousClock.now + .seconds(10)
        while !isDone(self), descriptor >= 0, ContinuousClock.now < end {
            guard Wire.isReadable(descriptor, milliseconds: 200) else {
                feed(.timer)
                continue
            }
            var buffer = [UInt8](repeating: 0, count: 4_096)
            let count = recv(descriptor, &buffer, buffer.count, 0)
            if count <= 0 { cut() } else { feed(.received(Array(buffer[..<count]))) }
        }
        return isDone(self)
    }

    var statuses: [String] {
        news.compactMap { news in
            guard case .application(let message) = news else { return nil }
            return message.text(FIXTag.ordStatus)
        }
    }
    func has(_ wanted: FIXNews) -> Bool { news.contains(wanted) }
}
