import Domain
import NIOCore
import NIOHTTP1
import TLS

/// A client's connections and the requests that wait for one; lives on the event loop.
final class RESTPool {
    private let origin: Origin
    private let tls: TLSContext?
    private let eventLoop: any EventLoop
    private let settings: RESTSettings
    private var idle: [RESTConnection] = []
    /// Every connection that is up or coming up.
    private var alive: [ObjectIdentifier: RESTConnection] = [:]
    private var waiting = CircularBuffer<RESTExchange>()
    private var warming: [EventLoopPromise<Void>] = []
    private var keepsWarm = false
    private var isClosed = false
    private var backoff = Backoff(base: .milliseconds(250), cap: .seconds(30))
    private var random: SeededGenerator
    private var retry: Scheduled<Void>?

    init(origin: Origin, tls: TLSContext?, eventLoop: any EventLoop, settings: RESTSettings) {
        self.origin = origin
        self.tls = tls
        self.eventLoop = eventLoop
        self.settings = settings
        random = SeededGenerator(seed: settings.seed)
    }

    func send(_ request: RESTRequest) -> EventLoopFuture<RESTResponse> {
        let promise = eventLoop.makePromise(of: RESTResponse.self)
        let exchange = RESTExchange(request, promise)
        if isClosed {
            exchange.fail(.clientClosed)
        } else if let wrong = RESTPool.fault(in: request) {
            exchange.fail(.badRequest(wrong))
        } else if waiting.count >= settings.maximumWaiting {
            exchange.fail(.tooManyWaiting(limit: settings.maximumWaiting))
        } else if request.deadline <= .now() {
            exchange.fail(.deadline)
        } else {
            exchange.arm(on: eventLoop) { self.expired($0) }
            if let connection = takeIdle() {
                connection.start(exchange)
            } else {
                waiting.append(exchange)
                if alive.count < settings.maximumConnections { open() }
            }
        }
        return promise.futureResult
    }

    /// An idle connection that still is one: the end of a channel may be told late, or not at all.
    private func takeIdle() -> RESTConnection? {
        while let connection = idle.popLast() {
            if connection.canTake { return connection }
            connection.abort(.closed("unnoticed"))
        }
        return nil
    }

    /// A path or header that could smuggle another request.
    private static func fault(in request: RESTRequest) -> String? {
        guard request.path.isEmpty || request.path.hasPrefix("/") || request.path.hasPrefix("?"),
            request.path.utf8.allSatisfy({ $0 > 32 && $0 < 127 })
        else { return "a path begins with a slash and is escaped" }
        for (name, value) in request.headers {
            guard !name.isEmpty, name.utf8.allSatisfy({ $0 > 32 && $0 < 127 && $0 != UInt8(ascii: ":") }),
                value.utf8.allSatisfy({ $0 >= 32 && $0 != 127 || $0 == 9 })
            else { return "a header's name or value holds what HTTP cannot carry" }
        }
        return nil
    }

    private func expired(_ exchange: RESTExchange) {
        if let connection = exchange.connection {
            connection.abort(.deadline)
        } else if let index = waiting.firstIndex(where: { $0 === exchange }) {
            waiting.remove(at: index)
        }
        exchange.fail(.deadline)
    }

    // MARK: Connections

    func warm() -> EventLoopFuture<Void> {
        keepsWarm = true
        let promise = eventLoop.makePromise(of: Void.self)
        if isClosed {
            promise.fail(RESTError(delivery: .notSent, reason: .clientClosed))
        } else if idle.isEmpty {
            warming.append(promise)
            openWarm()
        } else {
            promise.succeed(())
        }
        return promise.futureResult
    }

    private func openWarm() {
        let wanted = min(max(settings.warmConnections, 1), settings.maximumConnections)
        while alive.count < wanted { open() }
    }

    private func open() {
        let connection = RESTConnection(origin: origin, settings: settings, pool: self)
        alive[ObjectIdentifier(connection)] = connection
        let bound = NIOLoopBound((self, connection), eventLoop: eventLoop)
        Dialer.connect(
            to: origin, tls: tls, on: eventLoop, timeout: settings.connectTimeout, silenceLimit: settings.unacknowledgedLimit
        ) { channel in
            try channel.pipeline.syncOperations.addHandlers([
                HTTPRequestEncoder(),
                ByteToMessageHandler(HTTPResponseDecoder(leftOverBytesStrategy: .dropBytes)),
                connection,
            ])
        }.whenFailure { error in
            let (pool, connection) = bound.value
            if !connection.isOver { pool.ended(connection, wasReady: false, .connect(Dialer.words(error))) }
        }
    }

    /// A connection came up.
    func opened(_ connection: RESTConnection) {
        // Given up meanwhile: its attempt had been told as failed.
        guard alive[ObjectIdentifier(connection)] != nil else { return connection.abort(.closed("given up")) }
        backoff.connected(at: now)
        free(connection)
    }

    /// A connection can take a request.
    func free(_ connection: RESTConnection) {
        guard !isClosed else { return connection.abort(.clientClosed) }
        for promise in warming { promise.succeed(()) }
        warming = []
        if let next = waiting.popFirst() {
            connection.start(next)
        } else {
            idle.append(connection)
        }
    }

    func ended(_ connection: RESTConnection, wasReady: Bool, _ reason: RESTError.Reason) {
        idle.removeAll { $0 === connection }
        guard alive.removeValue(forKey: ObjectIdentifier(connection)) != nil else { return }
        if isClosed { return }
        if alive.isEmpty, !wasReady {
            for promise in warming { promise.fail(RESTError(delivery: .notSent, reason: reason)) }
            warming = []
            let failing = waiting
            waiting.removeAll()
            for exchange in failing { exchange.fail(reason) }
        } else if !waiting.isEmpty, alive.count < settings.maximumConnections {
            open()
        }
        if keepsWarm { scheduleWarm() }
    }

    private func scheduleWarm() {
        guard retry == nil else { return }
        let wait = backoff.failed(at: now, using: &random)
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        retry = eventLoop.scheduleTask(in: .nanoseconds(wait.nanoseconds)) {
            let pool = bound.value
            pool.retry = nil
            if !pool.isClosed { pool.openWarm() }
        }
    }

    private var now: Timestamp { Timestamp(nanoseconds: Int64(NIODeadline.now().uptimeNanoseconds)) }

    func close() {
        guard !isClosed else { return }
        isClosed = true
        retry?.cancel()
        let failing = waiting
        waiting.removeAll()
        for exchange in failing { exchange.fail(.clientClosed) }
        for promise in warming { promise.fail(RESTError(delivery: .notSent, reason: .clientClosed)) }
        warming = []
        let closing = Array(alive.values)
        alive = [:]
        idle = []
        for connection in closing { connection.abort(.clientClosed) }
    }
}
