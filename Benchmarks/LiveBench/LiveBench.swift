import Glibc
import NIOCore
import NIOPosix
import TLS
import VenueSim

/// Blocks of frames for perigee and for the echo in turn, so that a slow moment of the machine meets both.
struct LiveBench {
    static let block = 100
    let options: LiveBenchOptions
    let scratch: String
    let loops = MultiThreadedEventLoopGroup(numberOfThreads: 1)

    init(_ options: LiveBenchOptions) throws {
        self.options = options
        var path = Array("/tmp/perigee-live-bench.XXXXXX".utf8CString)
        guard unsafe mkdtemp(&path) != nil else { throw BenchProblem("no folder in /tmp") }
        scratch = String(decoding: path.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// - Returns: Whether the goals are met: p50 and p99 at most one and a half times the echo's.
    func run() throws -> Bool {
        let certificates = try TestCertificates()
        try write("ca.pem", certificates.authority.chain)
        try write("bench.lua", Array(LiveBench.script.utf8))
        let tls = try TLSContext.server(identity: try certificates.server())
        var rows: [Row] = []
        for levels in [10, 150] { rows.append(try measure(levels: levels, tls)) }
        print("\nload at the end \(load()); \(options.frames) frames each, one every \(options.every) ms, in blocks of \(LiveBench.block) in turn")
        for row in rows { print(row.text) }
        if let path = options.json { try write(path, Array(("[" + rows.map(\.json).joined(separator: ",\n") + "]\n").utf8), isAbsolute: true) }
        return rows.allSatisfy(\.isMet)
    }

    private func measure(levels: Int, _ tls: TLSContext) throws -> Row {
        let loop = loops.next()
        let venue = try loop.submit { NIOLoopBound(try BenchVenue(levels: levels, eventLoop: loop), eventLoop: loop) }.wait()
        let port = try loop.flatSubmit { venue.value.sim.start(port: 0, tls: tls) }.wait()
        try write("perigee.toml", Array(LiveBench.configuration(port).utf8))
        let live = try Child([options.perigee, "live", "bench.lua", "--config", "perigee.toml", "--yes", "--quiet", "--out", "run\(levels)"], in: scratch)
        defer { live.end() }
        // The first order says that it runs: the touch moves until then.
        try until("perigee sends its first order", 60_000) {
            try loop.submit { venue.value.move() }.wait()
            return try loop.submit { venue.value.times.count > 20 }.wait()
        }
        let sizes = try loop.submit { (frame: venue.value.frameBytes, answer: venue.value.answerBytes) }.wait()
        let connected = loop.makePromise(of: Void.self)
        let echo = try loop.submit { NIOLoopBound(EchoServer(frameBytes: sizes.frame, answerBytes: sizes.answer, connected: connected), eventLoop: loop) }.wait()
        let echoPort = try listen(echo, tls, loop)
        let other = try Child([LiveBench.own, "echo", "\(echoPort)", "\(sizes.frame)", "\(sizes.answer)", "ca.pem"], in: scratch)
        defer { other.end() }
        try connected.futureResult.wait()
        for _ in 0..<50 { try turn(loop) { echo.value.send() } }
        let skipped = try loop.submit { (venue.value.times.count, echo.value.times.count) }.wait()
        for _ in 0..<(options.frames / LiveBench.block) {
            for _ in 0..<LiveBench.block { try turn(loop) { venue.value.move() } }
            for _ in 0..<LiveBench.block { try turn(loop) { echo.value.send() } }
        }
        let times = try loop.submit { (Array(venue.value.times[skipped.0...]), Array(echo.value.times[skipped.1...])) }.wait()
        try loop.submit { echo.value.close() }.wait()
        return Row(levels: levels, frameBytes: sizes.frame, answerBytes: sizes.answer, perigee: Quantiles(times.0), echo: Quantiles(times.1))
    }

    private func listen(_ echo: NIOLoopBound<EchoServer>, _ tls: TLSContext, _ loop: any EventLoop) throws -> Int {
        let channel = try ServerBootstrap(group: loop)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(try tls.serverHandler(handshakeTimeout: .seconds(10)))
                    try channel.pipeline.syncOperations.addHandler(echo.value)
                }
            }
            .bind(host: "127.0.0.1", port: 0).wait()
        return channel.localAddress?.port ?? 0
    }

    /// One frame, and the rest of its time.
    private func turn(_ loop: any EventLoop, _ body: @escaping @Sendable () -> Void) throws {
        try loop.submit(body).wait()
        _ = unsafe poll(nil, 0, Int32(options.every))
    }

    private func until(_ what: String, _ milliseconds: Int, _ condition: () throws -> Bool) throws {
        for _ in 0..<(milliseconds / 20) {
            if try condition() { return }
            _ = unsafe poll(nil, 0, 20)
        }
        throw BenchProblem("\(what): not within \(milliseconds) ms; \(scratch) has what it wrote")
    }

    private func write(_ name: String, _ bytes: [UInt8], isAbsolute: Bool = false) throws {
        guard let file = unsafe fopen(isAbsolute ? name : "\(scratch)/\(name)", "w") else { throw BenchProblem("\(name) cannot be written") }
        defer { unsafe fclose(file) }
        guard unsafe fwrite(bytes, 1, bytes.count, file) == bytes.count else { throw BenchProblem("\(name) cannot be written") }
    }

    private func load() -> String {
        var averages = [0.0, 0.0, 0.0]
        _ = unsafe getloadavg(&averages, 3)
        return "\((averages[0] * 10).rounded() / 10)"
    }

    static let own = "/proc/self/exe"
}

struct BenchProblem: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

extension LiveBench {
    static let script = """
        local S = { name = "bench" }
        function S.on_start()
          S.i = market.instrument("BTC_USDT")
          S.i:subscribe("quotes")
        end
        function S.on_quote(i) i:buy(0.001, i:bid(), { tif = "IOC" }) end
        return S
        """

    static func configuration(_ port: Int) -> String {
        """
        [run]
        state_dir = "state"
        reporting_currency = "USDT"
        [[venue]]
        name = "cryptocom"
        kind = "cryptocom"
        environment = "custom"
        endpoints = { rest = "https://127.0.0.1:\(port)/v2", market = "wss://127.0.0.1:\(port)/v2/market", user = "wss://127.0.0.1:\(port)/v2/user" }
        ca_file = "ca.pem"
        instruments = ["BTC_USDT"]
        request_ttl = "2s"
        credentials = { key = "env:PERIGEE_BENCH_KEY", secret = "env:PERIGEE_BENCH_SECRET" }
        [risk]
        max_order_qty = { BTC = "1" }
        max_order_value = "50000"
        max_position = { BTC = "10" }
        max_open_orders = 50
        max_open_value = "500000"
        price_collar = { aggressive = "5%", passive = "10%", reference_max_age = "5s" }
        collar_over_time = { drift = "50%", slippage = "50%", per = "60s" }
        daily_loss = "500000"
        max_drawdown = "50%"
        """
    }
}
