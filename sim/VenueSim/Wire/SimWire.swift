import Domain
public import NIOCore
import NIOHTTP1
import TLS
import Transport

/// What stands behind every venue's protocol: a server on loopback, its connections, what it counts, and the faults of a plan.
///
/// A protocol makes texts and reads them; whether a text is sent, sent twice, late, or not at all, is decided here.
public final class SimWire {
    public let eventLoop: any EventLoop
    public var faults: FaultPlan
    /// Requests that came in, by method.
    public private(set) var counts: [String: Int] = [:]
    /// Methods in the order in which they came, the last few thousand.
    public private(set) var calls: [String] = []
    /// Connections of sockets that were ever opened.
    public internal(set) var connections = 0
    public var onActivity: (() -> Void)?
    /// A push is about to be sent, a text came in on a socket; so many bytes: clocks of a benchmark.
    public var onPush: ((_ event: String, _ bytes: Int) -> Void)?
    public var onText: ((_ bytes: Int) -> Void)?
    /// How far the venue's clock is ahead of this machine's.
    var clockSkew = Span.zero
    var sockets: [SimSocket] = []
    private var held: [(socket: SimSocket, text: String)] = []
    private var windows: [String: [Int64]] = [:]
    private var server: HTTPServer?
    private var pendingBooks: Set<Int> = []
    private var lastBook: [Int: NIODeadline] = [:]
    private var isFlushDue = false
    /// Between two books of an instrument, at least.
    var bookInterval: TimeAmount = .milliseconds(20)
    /// Sends an instrument's book to whom it concerns.
    var pushBook: (Int) -> Void = { _ in }

    init(faults: FaultPlan, eventLoop: any EventLoop) { (self.faults, self.eventLoop) = (faults, eventLoop) }

    var now: Timestamp { SimClock.now + clockSkew }

    // MARK: - The server

    /// Listens; answers the port.
    func start(port: Int, tls: TLSContext?, route: @escaping (HTTPServerRequest) -> HTTPAnswer) -> EventLoopFuture<Int> {
        let box = NIOLoopBound((wire: self, route: route), eventLoop: eventLoop)
        return HTTPServer.start(port: port, tls: tls, on: eventLoop) { request in box.value.route(request) }
            .map { server in
                box.value.wire.server = server
                return server.port
            }
    }

    func stop() -> EventLoopFuture<Void> { server?.stop() ?? eventLoop.makeSucceededVoidFuture() }

    /// Resets every connection, as a failing network would.
    func cutAll() { server?.resetAll() }

    /// A connection of a socket begins.
    func upgrade(_ socket: SimSocket) -> HTTPAnswer {
        connections += 1
        socket.number = connections
        sockets.append(socket)
        onActivity?()
        return .webSocket(socket, WebSocketSettings())
    }

    func later(_ delay: TimeAmount, _ body: @escaping () -> Void) {
        let box = NIOLoopBound(body, eventLoop: eventLoop)
        eventLoop.scheduleTask(in: delay) { box.value() }
    }

    // MARK: - Counting

    func note(_ method: String) {
        counts[method, default: 0] += 1
        calls.append(method)
        if calls.count > 8_192 { calls.removeFirst(4_096) }
        onActivity?()
    }

    /// Whether a request is one too many in a rolling window; it counts where it is not.
    func isOver(_ limit: Int, per nanoseconds: Int64, of name: String) -> Bool {
        let time = SimClock.now.nanoseconds
        var window = windows[name, default: []].filter { time - $0 < nanoseconds }
        defer { windows[name] = window }
        guard window.count < limit else { return true }
        window.append(time)
        return false
    }

    // MARK: - Requests and their faults

    /// A request over HTTP under the plan.
    ///
    /// - Parameters:
    ///   - fill: What `fill_first` does before the call.
    ///   - throttled: The venue's refusal of too many requests.
    ///   - receipt: The venue's answer without the deed, where answers are receipts.
    ///   - refused: The venue's refusal with a code of its own, above those of HTTP.
    ///   - call: Does it, and answers.
    func answer(
        _ point: String, fill: () -> Void = {}, throttled: () -> HTTPServerResponse, receipt: (() -> HTTPServerResponse)? = nil,
        refused: ((_ code: Int) -> HTTPServerResponse)? = nil, call: () -> HTTPServerResponse
    ) -> HTTPAnswer {
        func dated(_ response: HTTPServerResponse) -> HTTPAnswer { .response(self.dated(response)) }
        guard let rule = faults.next(point) else { return dated(call()) }
        switch rule.fault {
        case .dropAnswer:
            _ = call()
            return .silence
        case .ignore, .silence: return .silence
        case .late:
            let box = NIOLoopBound(self.dated(call()), eventLoop: eventLoop)
            return .later(eventLoop.scheduleTask(in: .nanoseconds(rule.delay.nanoseconds)) { .response(box.value) }.futureResult)
        case .resetAfter:
            _ = call()
            return .reset
        case .resetBefore, .close: return .reset
        case .errorAfter:
            _ = call()
            return rule.code > 599 ? dated(refused?(rule.code) ?? SimWire.page(rule.code)) : .response(SimWire.page(rule.code))
        case .errorBefore:
            return rule.code > 599 ? dated(refused?(rule.code) ?? SimWire.page(rule.code)) : .response(SimWire.page(rule.code))
        case .throttle: return dated(throttled())
        case .partial:
            let bytes = call().bytes()
            return .raw(bytes.getSlice(at: bytes.readerIndex, length: bytes.readableBytes - 12) ?? bytes, closes: true)
        case .redirect: return .response(HTTPServerResponse(status: 307, headers: ["Location": "/elsewhere"]))
        case .receiptOnly: return dated(receipt?() ?? call())
        case .fillFirst:
            fill()
            return dated(call())
        case .duplicate, .skip, .reorder, .corrupt: return dated(call())
        }
    }

    /// With the clock that every server shows.
    func dated(_ response: HTTPServerResponse) -> HTTPServerResponse {
        var response = response
        response.headers.add(name: "Date", value: SimClock.httpDate(now))
        return response
    }

    private static func page(_ code: Int) -> HTTPServerResponse {
        HTTPServerResponse(
            status: code < 400 || code > 599 ? 503 : code, headers: ["Content-Type": "text/html"],
            body: ByteBuffer(string: "<html>Service Unavailable</html>"))
    }

    /// A request on a socket under the plan.
    ///
    /// - Parameter refuse: The venue's refusal with a code; 0 for its usual one. `isDone` tells the error after the deed from the one before.
    func answer(
        _ point: String, on socket: SimSocket, fill: () -> Void = {}, refuse: (_ code: Int, _ isDone: Bool) -> String, throttled: () -> String,
        receipt: (() -> String)? = nil, call: () -> String
    ) {
        guard let rule = faults.next(point) else { return socket.send(call()) }
        switch rule.fault {
        case .dropAnswer: _ = call()
        case .ignore: break
        case .late:
            let text = call()
            later(.nanoseconds(rule.delay.nanoseconds)) { socket.send(text) }
        case .resetAfter:
            _ = call()
            socket.socket?.reset()
        case .resetBefore: socket.socket?.reset()
        case .errorAfter:
            _ = call()
            socket.send(refuse(rule.code, true))
        case .errorBefore: socket.send(refuse(rule.code, false))
        case .throttle: socket.send(throttled())
        case .partial: socket.send(String(call().dropLast(12)))
        case .close: socket.close(rule.code)
        case .silence: socket.isSilent = true
        case .receiptOnly: socket.send(receipt?() ?? call())
        case .fillFirst:
            fill()
            socket.send(call())
        case .duplicate, .skip, .reorder, .redirect, .corrupt: socket.send(call())
        }
    }

    // MARK: - Pushes and their faults

    /// - Parameter corrupted: The text with something wrong inside that its form does not show.
    func push(_ event: String, _ text: String, to socket: SimSocket, corrupted: (() -> String)? = nil) {
        let rule = faults.next(event)
        switch rule?.fault {
        case .skip, .ignore, .dropAnswer: return
        case .duplicate:
            socket.send(text)
            socket.send(text)
        case .reorder: held.append((socket, text))
        case .silence: socket.isSilent = true
        case .partial: socket.send(String(text.dropLast(9)))
        case .close: socket.close(rule?.code ?? 0)
        case .resetAfter, .resetBefore: socket.socket?.reset()
        case .late: later(.nanoseconds(rule?.delay.nanoseconds ?? 0)) { socket.send(text) }
        case .corrupt: socket.send(corrupted?() ?? text)
        case .errorAfter, .errorBefore, .throttle, .redirect, .fillFirst, .receiptOnly, nil:
            onPush?(event, text.utf8.count)
            socket.send(text)
            for (other, kept) in held { other.send(kept) }
            held.removeAll()
        }
    }

    // MARK: - Books

    /// Books that changed, each sent no more often than its interval.
    func changedBooks(_ indices: some Sequence<Int>) {
        pendingBooks.formUnion(indices)
        flushBooks()
    }

    private func flushBooks() {
        let time = NIODeadline.now()
        for index in pendingBooks.sorted() {
            if let last = lastBook[index], time - last < bookInterval {
                flushLater(at: last + bookInterval)
                continue
            }
            pendingBooks.remove(index)
            lastBook[index] = time
            pushBook(index)
        }
    }

    private func flushLater(at time: NIODeadline) {
        guard !isFlushDue else { return }
        isFlushDue = true
        let box = NIOLoopBound(self, eventLoop: eventLoop)
        eventLoop.scheduleTask(deadline: time) {
            box.value.isFlushDue = false
            box.value.flushBooks()
        }
    }
}
