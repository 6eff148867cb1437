import Domain
import Foundation
import Glibc
import Synchronization
import Testing

@testable import Live

/// F76: garbage, endless lines, slow readers, other users.
struct ControlSocketTests {
    final class Asked: Sendable {
        let kills = Mutex<[String]>([])
        let stops = Mutex(0)
        let lines = Mutex<[String]>([])
    }

    private let second = Span(nanoseconds: 5_000_000_000)

    private func serve(_ folder: StateFolder, _ asked: Asked, _ board: StatusBoard, owner: uid_t = geteuid()) throws -> ControlSocket {
        let desk = ControlDesk(
            board: board, folder: folder, stop: { asked.stops.withLock { $0 += 1 } }, kill: { reason in asked.kills.withLock { $0.append(reason) } })
        return try ControlSocket(folder: folder, owner: owner, log: { line in asked.lines.withLock { $0.append(line) } }, answer: desk.answer)
    }

    private static func snapshot() throws -> StatusSnapshot {
        var made = StatusSnapshot(
            mode: "paper", run: "run \"1\"", process: 7, phase: "running", tradingState: "active", started: Timestamp(nanoseconds: 1_000_000_000),
            time: Timestamp(nanoseconds: 3_500_000_000), binary: "ab12")
        made.positions = [.init(instrument: "cryptocom:BTC_USDT", quantity: try decimal("-0.5"), averagePrice: try decimal("50000.1"))]
        made.orders = [
            .init(
                clientID: "abc", venueID: nil, instrument: "cryptocom:BTC_USDT", strategy: "m", side: "buy", price: try decimal("1"),
                quantity: try decimal("2"), filled: try decimal("0"), state: "pending", sent: Timestamp(nanoseconds: 5)),
        ]
        var histogram = LatencyHistogram()
        for value in 1...1_000 { histogram.record(Span(nanoseconds: Int64(value) * 1_000)) }
        made.latencies = [.init(name: "frame_to_order", histogram)]
        made.links = [.init(venue: "cryptocom", side: "orders", state: "down", why: "closed\nwith 1006")]
        return made
    }

    @Test func answersStatusAndPassesCommandsOn() throws {
        let folder = try StateFolder(path: TemporaryState().path)
        let (asked, board) = (Asked(), StatusBoard())
        let socket = try serve(folder, asked, board)
        guard case .line(let early) = ControlClient.ask(folder, #"{"command":"status"}"#, timeout: second) else { return #expect(Bool(false)) }
        #expect(early.contains("starting"))
        board.publish(try ControlSocketTests.snapshot())
        guard case .line(let line) = ControlClient.ask(folder, #"{"command":"status"}"#, timeout: second) else { return #expect(Bool(false)) }
        let status = try #require(ControlClient.status(of: line))
        let object = try #require(try JSONSerialization.jsonObject(with: Data(status.utf8)) as? [String: Any])
        #expect(object["run"] as? String == "run \"1\"" && object["running"] as? Bool == true && object["latched"] is NSNull)
        #expect((object["positions"] as? [[String: Any]])?.first?["quantity"] as? String == "-0.5")
        guard case .line(let table) = ControlClient.ask(folder, #"{"command":"status","format":"text"}"#, timeout: second) else { return #expect(Bool(false)) }
        #expect(ControlClient.text(of: table).text?.contains("frame_to_order  1000") == true)
        #expect(ControlClient.ask(folder, #"{"reason":"why \"now\"","command":"kill"}"#, timeout: second) == .line(#"{"ok":true}"#))
        #expect(ControlClient.ask(folder, #"{"command":"stop"}"#, timeout: second) == .line(#"{"ok":true}"#))
        #expect(asked.kills.withLock { $0 } == ["why \"now\""] && asked.stops.withLock { $0 } == 1)
        var status2 = stat()
        #expect(lstat(folder.socket, &status2) == 0 && status2.st_mode & 0o777 == 0o600)
        socket.stop()
        #expect(access(folder.socket, F_OK) != 0)
        #expect(ControlClient.ask(folder, "{}", timeout: second) == .nobody)
    }

    @Test func garbageEndlessLinesAndSlowReadersCostOnlyThemselves() throws {
        let folder = try StateFolder(path: TemporaryState().path)
        let (asked, board) = (Asked(), StatusBoard())
        board.publish(try ControlSocketTests.snapshot())
        let socket = try serve(folder, asked, board)
        for garbage in ["\u{0}\u{1}\u{2}", "[]", "{\"command\":7}", "{\"command\":\"arm\"}", String(repeating: "[", count: 60_000)] {
            guard case .line(let line) = ControlClient.ask(folder, garbage, timeout: second) else { return #expect(Bool(false), "\(garbage.prefix(20))") }
            #expect(line.hasPrefix(#"{"ok":false"#), "\(garbage.prefix(20)): \(line)")
        }
        // A line without end is cut off after 64 KiB, long before a gigabyte was taken.
        let endless = try #require(ControlClient.connect(folder.socket))
        _ = fcntl(endless, F_SETFL, 0)
        var sent = 0
        let block = [UInt8](repeating: 65, count: 65_536)
        while sent < 1 << 30 {
            let count = send(endless, block, block.count, Int32(MSG_NOSIGNAL))
            if count <= 0 { break }
            sent += count
        }
        #expect(sent < 1 << 22)
        close(endless)
        // Readers that never read, and more of them than there are places.
        var lazy: [Int32] = []
        for _ in 0..<40 {
            guard let descriptor = ControlClient.connect(folder.socket) else { continue }
            lazy.append(descriptor)
            let line = Array("{\"command\":\"status\"}\n".utf8)
            for _ in 0..<2_000 where send(descriptor, line, line.count, Int32(MSG_NOSIGNAL)) < 0 { break }
        }
        #expect(ControlClient.poke(folder, reason: "still there"))
        guard case .line = ControlClient.ask(folder, #"{"command":"status"}"#, timeout: second) else { return #expect(Bool(false), "somebody who reads is answered") }
        #expect(asked.kills.withLock { $0 } == ["still there"])
        for descriptor in lazy { close(descriptor) }
        socket.stop()
    }

    @Test func anotherUserIsNotHeard() throws {
        let folder = try StateFolder(path: TemporaryState().path)
        let asked = Asked()
        let socket = try serve(folder, asked, StatusBoard(), owner: geteuid() + 1)
        #expect(ControlClient.ask(folder, #"{"command":"kill"}"#, timeout: second) == .silent)
        #expect(asked.kills.withLock { $0.isEmpty } && asked.lines.withLock { $0.contains { $0.contains("refused") } })
        socket.stop()
    }

    @Test func aStaleSocketOfOursIsTakenAwayAndNothingElse() throws {
        let folder = try StateFolder(path: TemporaryState().path)
        let first = try serve(folder, Asked(), StatusBoard())
        #expect(throws: StateError.self) { try serve(folder, Asked(), StatusBoard()) }
        first.stop()
        // As a process leaves it that was killed.
        let dead = UnixAddress.socket()
        #expect(UnixAddress(folder.socket)?.bind(dead) == true)
        close(dead)
        try serve(folder, Asked(), StatusBoard()).stop()
        try Data("x".utf8).write(to: URL(fileURLWithPath: folder.socket))
        #expect(throws: StateError.self) { try serve(folder, Asked(), StatusBoard()) }
        #expect(try String(contentsOfFile: folder.socket, encoding: .utf8) == "x")
    }

    @Test func aPathLongerThanTheSystemTakesWorks() throws {
        let base = TemporaryState().path
        #expect(mkdir(base, 0o700) == 0)
        let folder = try StateFolder(path: base + "/" + String(repeating: "d", count: 120))
        let socket = try serve(folder, Asked(), StatusBoard())
        #expect(ControlClient.poke(folder, reason: "x"))
        socket.stop()
        #expect(access(folder.socket, F_OK) != 0)
    }

    @Test func metricsHaveOneTypeAFamilyAndEscapedLabels() throws {
        let text = MetricsText.render(try ControlSocketTests.snapshot())
        #expect(text.contains("perigee_info{mode=\"paper\",run=\"run \\\"1\\\"\",phase=\"running\",trading_state=\"active\",binary=\"ab12\"} 1\n"))
        #expect(text.contains("perigee_position{instrument=\"cryptocom:BTC_USDT\"} -0.5\n"))
        #expect(text.contains("perigee_start_time_seconds 1.000000000\n"))
        let types = text.split(separator: "\n").filter { $0.hasPrefix("# TYPE") }
        #expect(Set(types).count == types.count && !types.isEmpty)
        for line in text.split(separator: "\n") where !line.hasPrefix("#") { #expect(line.contains(/^perigee_[a-z_]+(\{.*\})? -?[0-9.]+$/), "\(line)") }
    }

    @Test func quantilesAreWithinASixteenth() {
        var histogram = LatencyHistogram()
        var values: [Int64] = []
        var state: UInt64 = 42
        for _ in 0..<5_000 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let value = Int64(state >> (20 + (state >> 58)))
            values.append(value)
            histogram.record(Span(nanoseconds: value))
        }
        values.sort()
        for share in [0.001, 0.5, 0.99, 0.999, 1] {
            let exact = values[max(0, Int((share * 5_000).rounded(.up)) - 1)]
            let found = histogram.quantile(share).nanoseconds
            #expect(found >= exact && found <= exact + exact / 16 + 1, "\(share): \(found) for \(exact)")
        }
        #expect(LatencyHistogram().quantile(0.5) == .zero)
        histogram.record(Span(nanoseconds: .max))
        histogram.record(Span(nanoseconds: -5))
    }
}
