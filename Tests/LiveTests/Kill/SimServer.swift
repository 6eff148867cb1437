import Domain
import Exchange
import Foundation
import NIOCore
import NIOPosix
import TLS
import Transport
import VenueSim
import Venues

@testable import Live

/// A simulated Crypto.com on loopback with TLS, with an account that a test fills with orders.
// house-ok: `sim` is made and used on `loop` only.
final class SimServer: @unchecked Sendable {
    let loop: any EventLoop = MultiThreadedEventLoopGroup.singleton.next()
    let certificates: TestCertificates
    private(set) var port = 0
    private var sim: CryptoComSim?

    static func start(settings: CryptoComSim.Settings = .init(), faults: [FaultPlan.Rule] = [], orders: Int = 0) async throws -> SimServer {
        let server = try SimServer()
        let identity = try server.certificates.server()
        server.port = try await server.loop.flatSubmit {
            do {
                let venue = SimVenue(
                    instruments: [try instrument(), try instrument(symbol: "ETH_USDT")], rules: ExchangeRules(),
                    balances: [("USDT", Amount(try decimal("1000000")) ?? .zero)])
                let sim = CryptoComSim(venue: venue, settings: settings, faults: FaultPlan(faults), eventLoop: server.loop)
                server.sim = sim
                return sim.start(port: 0, tls: try TLSContext.server(identity: identity))
            } catch {
                return server.loop.makeFailedFuture(error)
            }
        }.get()
        try await server.place(orders)
        return server
    }

    private init() throws { certificates = try TestCertificates() }

    func stop() async throws { try await loop.flatSubmit { self.sim?.stop() ?? self.loop.makeSucceededVoidFuture() }.get() }

    func cutAll() async throws { try await loop.submit { self.sim?.cutAll() }.get() }

    /// Orders that rest far from any market, half of them of an instrument that is not configured.
    func place(_ count: Int, prefix: String = "own") async throws {
        try await loop.submit {
            for index in 0..<count { _ = self.placeNow("\(prefix)\(index)", instrument: index % 2) }
        }.get()
    }

    func placeNow(_ clientID: String, instrument: Int = 0) -> String {
        guard let venue = sim?.venue else { return "" }
        let now = Timestamp(nanoseconds: Int64(Date().timeIntervalSince1970 * 1e9))
        let order = venue.submit(
            OrderRequest(
                id: OrderID(1), instrument: InstrumentID(index: instrument), side: .buy, type: .limit, quantity: Quantity(lots: 10),
                price: Price(ticks: 100)), clientID: clientID, connection: 0, at: now)
        venue.execute(order.venueID, at: now)
        return order.venueID
    }

    /// Places one order as soon as the venue was asked to cancel: it had left before the latch closed.
    func placeAfter(milliseconds: Int64) { loop.scheduleTask(in: .milliseconds(milliseconds)) { _ = self.placeNow("late") } }

    var open: Int { get async throws { try await loop.submit { self.sim?.venue.open.count ?? -1 }.get() } }
    func count(_ method: String) async throws -> Int { try await loop.submit { self.sim?.counts["private/\(method)"] ?? 0 }.get() }

    /// Until the account is empty; false after the patience is over.
    func isEmpty(within seconds: Double) async throws -> Bool {
        let deadline = NIODeadline.now() + .nanoseconds(Int64(seconds * 1e9))
        while NIODeadline.now() < deadline {
            if try await open == 0 { return true }
            try await loop.scheduleTask(in: .milliseconds(10)) {}.futureResult.get()
        }
        return false
    }

    func target(name: String = "cryptocom", key: String = "token") throws -> KillTarget {
        let port = port
        return KillTarget(
            name: name, instruments: [try instrument()], tls: try .client(extraAuthority: .pem(certificates.authority.chain)),
            session: {
                try CryptoComSession(
                    settings: VenueSettings(
                        name: name, environment: .custom, endpoints: SimServer.endpoints(port),
                        credentials: ["key": Secret(Array(key.utf8)), "secret": Secret(Array("secretKey".utf8))],
                        requestLifetime: Span(nanoseconds: 2_000_000_000), options: ["settle": "10ms"], seed: 7))
            })
    }

    static func endpoints(_ port: Int) -> [String: String] {
        ["rest": "https://localhost:\(port)/v2", "market": "wss://localhost:\(port)/v2/market", "user": "wss://localhost:\(port)/v2/user"]
    }

    /// A configuration for the built program; `rest` is put behind the venue.
    func configure(_ folder: TemporaryFolder, rest: String = "", port: Int? = nil, environment: String = "custom") throws -> String {
        let port = port ?? self.port
        try Data(certificates.authority.chain).write(to: URL(fileURLWithPath: folder.path + "/ca.pem"))
        let text = """
            [run]
            state_dir = "state"

            [[venue]]
            name = "cryptocom"
            kind = "cryptocom"
            environment = "\(environment)"
            endpoints = { rest = "https://localhost:\(port)/v2", market = "wss://localhost:\(port)/v2/market", user = "wss://localhost:\(port)/v2/user" }
            ca_file = "ca.pem"
            instruments = ["BTC_USDT"]
            request_ttl = "2s"
            credentials = { key = "env:PERIGEE_TEST_KEY", secret = "env:PERIGEE_TEST_SECRET" }
            \(rest)
            """
        try text.write(toFile: folder.path + "/perigee.toml", atomically: true, encoding: .utf8)
        return folder.path + "/perigee.toml"
    }
}

private func instrument(symbol: String = "BTC_USDT") throws -> Instrument {
    try Instrument(
        venue: "cryptocom", symbol: symbol, nativeSymbol: symbol, base: String(symbol.prefix(3)), quote: "USDT", tick: decimal("0.01"), lot: decimal("0.0001"))
}

/// The built program, as an operator would run it.
enum Program {
    static let path: String = {
        let candidates = [
            Bundle.main.bundleURL.appendingPathComponent("perigee").path,
            URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent().appendingPathComponent("perigee").path,
        ]
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        return candidates.first { FileManager.default.isExecutableFile(atPath: $0) } ?? root.appendingPathComponent(".build/debug/perigee").path
    }()

    static let environment = ["PERIGEE_TEST_KEY": "token", "PERIGEE_TEST_SECRET": "secretKey"]

    static func run(_ arguments: [String], in folder: TemporaryFolder) async throws -> (status: Int32, output: String, errors: String) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        let (out, err) = (folder.path + "/out", folder.path + "/err")
        for file in [out, err] { _ = FileManager.default.createFile(atPath: file, contents: nil) }
        process.standardOutput = FileHandle(forWritingAtPath: out)
        process.standardError = FileHandle(forWritingAtPath: err)
        process.standardInput = FileHandle.nullDevice
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            process.terminationHandler = { _ in continuation.resume() }
            do { try process.run() } catch { continuation.resume(throwing: error) }
        }
        return (process.terminationStatus, try String(contentsOfFile: out, encoding: .utf8), try String(contentsOfFile: err, encoding: .utf8))
    }
}

/// Runs what blocks on a thread of its own.
func blocking<T: Sendable>(_ body: @escaping @Sendable () -> T) async -> T {
    await withCheckedContinuation { continuation in
        Thread.detachNewThread { continuation.resume(returning: body()) }
    }
}
