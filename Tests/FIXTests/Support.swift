import Domain
import Foundation

@testable import FIX

func dec(_ text: String) -> ExactDecimal {
    guard let value = try? ExactDecimal(text) else { preconditionFailure("\(text) is no decimal") }
    return value
}

func bytes(_ text: String) -> [UInt8] { Array(text.replacingOccurrences(of: "|", with: "\u{1}").utf8) }

func shown(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self).replacingOccurrences(of: "\u{1}", with: "|") }

/// The messages of the venue's page, by name.
enum Messages {
    static let all: [(name: String, text: String)] = {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Fixtures/messages.txt")
        guard let text = try? String(contentsOf: file, encoding: .utf8) else { preconditionFailure("\(file.path) cannot be read") }
        return text.split(separator: "\n").map { line in
            let parts = line.split(separator: "\t", maxSplits: 1)
            return (String(parts[0]), String(parts[1]))
        }
    }()
    static func text(_ name: String) -> String { all.first { $0.name == name }?.text ?? "" }
    static func message(_ name: String) throws -> FIXMessage { try FIXMessage(bytes(text(name))) }
}

/// A session and the peer that a test plays: the peer's messages are put together here, by code of the test's own.
struct Bench {
    var session: FIXSession
    var monotonic: Int64 = 1_000_000_000_000
    var wall = Timestamp(nanoseconds: 1_628_000_000_000_000_000)
    var actions: [FIXAction] = []
    /// The peer's own next number.
    var peer: Int64 = 1

    init(_ change: (inout FIXSettings) -> Void = { _ in }, numbers: FIXSequence? = nil) {
        var settings = FIXSettings(sender: "STA-00000001", target: "APIFINY")
        change(&settings)
        session = FIXSession(settings, numbers: numbers)
    }

    /// Logged on, the answers to the logon forgotten.
    static func active(_ change: (inout FIXSettings) -> Void = { _ in }) -> Bench {
        var bench = Bench(change)
        bench.connect()
        bench.say("A", "98=0|108=30|141=Y|")
        bench.actions = []
        return bench
    }

    var now: FIXMoment { FIXMoment(wall: wall, monotonic: monotonic) }

    mutating func feed(_ event: FIXEvent) { session.handle(event, at: now, into: &actions) }

    mutating func connect() {
        var credentials = FIXBody()
        credentials.add(length: FIXTag.rawDataLength, data: FIXTag.rawData, Array("token".utf8))
        feed(.connected(credentials: credentials))
    }

    mutating func pass(_ seconds: Double) {
        monotonic += Int64(seconds * 1e9)
        wall = wall + Span(nanoseconds: Int64(seconds * 1e9))
        feed(.timer)
    }

    /// A message of the peer with its next number, or a given one, which does not count.
    mutating func say(_ type: String, _ body: String = "", number: Int64? = nil, header: String = "", sender: String = "APIFINY", target: String = "STA-00000001") {
        feed(.received(message(type, body, number: number ?? peer, header: header, sender: sender, target: target)))
        if number == nil { peer += 1 }
    }

    func message(
        _ type: String, _ body: String = "", number: Int64, header: String = "", sender: String = "APIFINY", target: String = "STA-00000001",
        time: Timestamp? = nil, version: String = "FIX.4.2"
    ) -> [UInt8] {
        let stamp = FIXTime.text(time ?? wall)
        let inner = bytes("35=\(type)|34=\(number)|\(header)49=\(sender)|52=\(stamp)|56=\(target)|" + body)
        let whole = bytes("8=\(version)|9=\(inner.count)|") + inner
        let sum = whole.reduce(0) { ($0 + Int($1)) % 256 }
        return whole + bytes("10=\(String(format: "%03d", sum))|")
    }

    mutating func order(_ id: String) -> Int64? {
        let order = FIXOrders.New(
            account: "STA-00000001", clientID: id, symbol: "BTCUSD", side: .buy, kind: .limit, quantity: dec("1.12"), price: dec("100"),
            timeInForce: 1, exchange: "VENUE1", text: "new Order", time: wall)
        return session.send(FIXType.newOrderSingle, order.body, at: now, into: &actions)
    }

    // MARK: - What came out

    var written: [FIXMessage] {
        actions.compactMap { action in
            guard case .write(let bytes) = action else { return nil }
            return try? FIXMessage(bytes)
        }
    }
    var types: [String] { written.map(\.type) }
    var news: [FIXNews] {
        actions.compactMap { action in
            guard case .tell(let news) = action else { return nil }
            return news
        }
    }
    var endings: [FIXEnding] {
        news.compactMap { news in
            guard case .ended(let ending) = news else { return nil }
            return ending
        }
    }
    var applications: [FIXMessage] {
        news.compactMap { news in
            guard case .application(let message) = news else { return nil }
            return message
        }
    }
    var alarms: [String] {
        news.compactMap { news in
            guard case .alarm(let text) = news else { return nil }
            return text
        }
    }
    var isDisconnected: Bool { actions.contains(.disconnect) }
    mutating func clear() { actions = [] }
}

/// A small generator for tests, seeded; failures print the seed.
struct TestRandom: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed &+ 0x9E37_79B9_7F4A_7C15 }
    mutating func next() -> UInt64 {
        state = state &+ 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
        return z ^ z >> 31
    }
    mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }
}

/// How many rounds a fuzz test makes: short in the suite, `FUZZ_ITERATIONS` for a long run.
func fuzzIterations(_ short: Int) -> Int { ProcessInfo.processInfo.environment["FUZZ_ITERATIONS"].flatMap(Int.init) ?? short }
