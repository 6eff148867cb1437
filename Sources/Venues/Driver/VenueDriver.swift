internal import Domain
internal import Glibc
internal import JSON
public import NIOCore
public import TLS
public import Transport

/// Who hears what a session tells: called on the driver's event loop, before the call that caused it returns.
public protocol VenueDriverDelegate: AnyObject {
    func venueDriver(_ driver: VenueDriver, told event: VenueEvent)
}

/// Does a session's actions on one event loop: sockets, requests, timers. To be used on that loop only.
///
/// A command given from inside the delegate's call is done right after the actions under way, in the same turn.
public final class VenueDriver {
    public let eventLoop: any EventLoop
    public let latch: Latch
    public weak var delegate: (any VenueDriverDelegate)?
    public var capabilities: VenueCapabilities { session.capabilities }

    private var session: any VenueSession
    let tls: TLSContext
    /// Takes our secrets out of whatever a venue says, before anybody hears it.
    private let redactor: Redactor
    /// Where a session's numbers are kept; nothing is, where it is nil.
    public var keeper: VenueKeeper?
    var streams: [SocketID: VenueStream] = [:]
    private var clock = CoarseClock()
    private let startWall = VenueDriver.read(CLOCK_REALTIME)
    private let startBoot = VenueDriver.read(CLOCK_BOOTTIME)
    private var sockets: [VenueSocket?] = []
    private var timers: [VenueToken: Scheduled<Void>] = [:]
    private var clients: [VenueRESTClients] = []
    private var queue: [Queued] = []
    private var isBusy = false
    private var isEnded = false
    /// When the message under way came in, monotonic ns; `Int64.min` while something else is handled.
    public private(set) var messageArrival = Int64.min
    /// Sockets that were open once: what refuses them later may be one bad machine of many.
    private var proven: Set<SocketID> = []
    private var farewell: EventLoopFuture<Void>?

    enum Queued {
        case input(VenueInput)
        case message(SocketID, [UInt8])
        case quote(VenueQuoteRequest)
    }

    /// - Parameter redactor: What no text of the venue may repeat to anybody.
    public init(
        _ session: any VenueSession, tls: TLSContext, eventLoop: any EventLoop, latch: Latch, redactor: Redactor = Redactor(),
        delegate: (any VenueDriverDelegate)? = nil
    ) {
        (self.session, self.tls, self.eventLoop, self.latch) = (session, tls, eventLoop, latch)
        (self.redactor, self.delegate) = (redactor, delegate)
    }

    /// Both clocks, the wall's as the venue has it: the machine's when this was made, carried on by one that nobody sets. A wall clock that
    /// leaps changes no nonce (F41); what drifts away from the venue's, its own time corrects.
    public var now: VenueTime {
        let wall = Timestamp(nanoseconds: startWall + VenueDriver.read(CLOCK_BOOTTIME) - startBoot)
        return VenueTime(wall: wall + clock.offset, monotonic: Int64(clamping: NIODeadline.now().uptimeNanoseconds))
    }

    private static func read(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        unsafe clock_gettime(clock, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    /// Asks something of the session; what it does is done when this returns.
    public func handle(_ command: VenueCommand) {
        eventLoop.preconditionInEventLoop()
        if case .begin(let scope, instruments: _) = command, scope != .marketData {
            for address in session.warmAddresses { restClients(address)?.warm() }
        }
        feed(.input(.command(command)))
        if case .end = command { finish() }
    }

    /// Asks for a quote; nothing is asked once the latch is closed.
    public func requestQuote(_ request: VenueQuoteRequest) {
        eventLoop.preconditionInEventLoop()
        feed(.quote(request))
    }

    // MARK: - Input

    func feed(_ input: Queued) {
        guard !isEnded else { return }
        if isBusy { return queue.append(input) }
        isBusy = true
        step(input)
        var next = 0
        while next < queue.count {
            step(queue[next])
            next += 1
        }
        queue.removeAll(keepingCapacity: true)
        isBusy = false
    }

    private func step(_ input: Queued) {
        switch input {
        case .message(let socket, let bytes): Bytes.with(bytes) { step(.message(socket, $0)) }
        case .input(.command(.place(let order))) where !latch.admitsNew:
            tell(.refused(clientID: order.clientID, reason: .venue, code: "latched", message: "the latch is closed: nothing new leaves"))
        case .input(.command(.amend(let reference, price: _, quantity: _, total: _))) where !latch.admitsNew:
            tell(.amendRefused(reference, code: "latched", message: "the latch is closed: nothing new leaves"))
        case .quote(let request) where !latch.admitsNew:
            tell(.quote(VenueQuoteAnswer(number: request.number, outcome: .refused(.notReady, message: "the latch is closed: nothing new leaves"))))
        case .quote(let request):
            var actions: [VenueAction] = []
            session.requestQuote(request, at: now, into: &actions)
            for action in actions { perform(action) }
        case .input(let input): step(input)
        }
    }

    private func step(_ input: VenueInput) {
        var actions: [VenueAction] = []
        let moment = now
        if case .message = input { messageArrival = moment.monotonic }
        session.handle(input, at: moment, into: &actions)
        for action in actions { perform(action) }
        messageArrival = .min
    }

    private func perform(_ action: VenueAction) {
        switch action {
        case .tell(let event): tell(event)
        case .send(let socket, let bytes): send(bytes, on: socket)
        case .timer(let token, after: let span): setTimer(token, span)
        case .cancelTimer(let token): timers.removeValue(forKey: token)?.cancel()
        case .connect(let socket, url: let url, headers: let headers): connect(socket, url, headers)
        case .close(let socket):
            streams.removeValue(forKey: socket)?.leave()
            slot(socket)?.leave()
            setSlot(socket, nil)
        case .keep(let socket, let name, let offset, let bytes): keep(name, bytes, at: offset, for: socket)
        case .request(let token, let request): send(request, token)
        }
    }

    private func tell(_ event: VenueEvent) {
        guard case .clock(let venue, let sent, let received) = event else {
            delegate?.venueDriver(self, told: redactor.isEmpty ? event : event.redacted(by: redactor))
            return
        }
        // The desk's estimator and ours compare with the machine's own clock, not with a corrected one.
        func raw(_ time: VenueTime) -> VenueTime {
            VenueTime(wall: Timestamp(nanoseconds: time.wall.nanoseconds - clock.offset.nanoseconds), monotonic: time.monotonic)
        }
        let (from, to) = (raw(sent), raw(received))
        clock.add(venue: venue, sent: from.wall, received: to.wall)
        delegate?.venueDriver(self, told: .clock(venue: venue, sent: from, received: to))
    }

    // MARK: - Timers

    private func setTimer(_ token: VenueToken, _ span: Span) {
        timers.removeValue(forKey: token)?.cancel()
        timers[token] = eventLoop.assumeIsolated().scheduleTask(in: .nanoseconds(span.nanoseconds)) { [weak self] in
            guard let self else { return }
            self.timers[token] = nil
            self.feed(.input(.timer(token)))
        }
    }

    // MARK: - Sockets

    private func slot(_ socket: SocketID) -> VenueSocket? {
        sockets.indices.contains(Int(socket.raw)) ? sockets[Int(socket.raw)] : nil
    }

    private func setSlot(_ socket: SocketID, _ value: VenueSocket?) {
        while sockets.count <= Int(socket.raw) { sockets.append(nil) }
        sockets[Int(socket.raw)] = value
    }

    private func connect(_ socket: SocketID, _ url: String, _ headers: [(name: String, value: String)]) {
        slot(socket)?.leave()
        streams.removeValue(forKey: socket)?.leave()
        if VenueDriver.isStream(url) { return connectStream(socket, url) }
        let made = VenueSocket(id: socket, driver: self)
        setSlot(socket, made)
        do {
            made.connection = WebSocketClient.connect(to: try Origin(url), headers: headers, tls: tls, on: eventLoop, delegate: made)
        } catch {
            socketClosed(made, VenueClosing(code: 0, reason: "\(error)", isRefusal: true))
        }
    }

    func socketOpened(_ socket: VenueSocket) {
        proven.insert(socket.id)
        feed(.input(.opened(socket.id)))
    }

    func socket(_ socket: VenueSocket, received text: ByteBuffer) {
        if isBusy || isEnded { return feed(.message(socket.id, Array(text.readableBytesView))) }
        isBusy = true
        unsafe text.withUnsafeReadableBytes { buffer in
            guard let base = unsafe buffer.bindMemory(to: UInt8.self).baseAddress else { return }
            unsafe step(.message(socket.id, Bytes(start: base, count: buffer.count)))
        }
        isBusy = false
        drain()
    }

    /// What was asked from inside the delegate's call.
    private func drain() {
        guard !queue.isEmpty else { return }
        feed(queue.removeFirst())
    }

    func socketClosed(_ socket: VenueSocket, _ closing: VenueClosing) {
        if slot(socket.id) === socket { setSlot(socket.id, nil) }
        var closing = closing
        // A certificate refused at the start is a wrong address or authority; refused after it was once accepted, one to try again later (F31).
        if closing.status == 0, proven.contains(socket.id) { closing.isRefusal = false }
        feed(.input(.closed(socket.id, closing)))
    }

    private func send(_ bytes: [UInt8], on socket: SocketID) {
        if let stream = streams[socket] { return send(bytes, on: stream) }
        guard let slot = slot(socket) else { return }
        do {
            unsafe try bytes.withUnsafeBytes { unsafe try slot.connection?.send(text: $0) }
        } catch {
            // A peer that takes nothing is no peer: what waits for its answer must be known as lost, and soon.
            slot.leave()
            socketClosed(slot, VenueClosing(code: 1_006, reason: "the connection takes nothing: \(error)"))
        }
    }

    // MARK: - Requests

    private func restClients(_ url: String) -> VenueRESTClients? {
        guard let base = VenueRESTClients.base(of: url) else { return nil }
        if let known = clients.first(where: { $0.base == base }) { return known }
        guard let made = VenueRESTClients(base, tls: tls, eventLoop: eventLoop) else { return nil }
        clients.append(made)
        return made
    }

    private func send(_ request: VenueRequest, _ token: VenueToken) {
        if request.isFarewell { return sayFarewell(request) }
        guard let clients = restClients(request.url) else {
            return feed(.input(.response(token, .notSent("\(request.url) is no address"))))
        }
        clients.send(request).assumeIsolated().whenComplete { [weak self] result in
            self?.feed(.input(.response(token, VenueRESTClients.response(result))))
        }
    }

    /// A session's last word: its connections close behind it.
    private func sayFarewell(_ request: VenueRequest) {
        guard let clients = restClients(request.url) else { return }
        let done = clients.send(request).map { _ in () }.flatMapError { [eventLoop] _ in eventLoop.makeSucceededVoidFuture() }
        farewell = farewell.map { $0.and(done).map { _ in () } } ?? done
    }

    // MARK: - The end

    /// Once what a session had to say last has been said; at once where it had nothing to say.
    public var whenClosed: EventLoopFuture<Void> { farewell ?? eventLoop.makeSucceededVoidFuture() }

    /// After the session said good-bye: nothing of ours stays behind.
    private func finish() {
        guard !isBusy else { return eventLoop.assumeIsolated().execute { [weak self] in self?.finish() } }
        isEnded = true
        for timer in timers.values { timer.cancel() }
        timers = [:]
        for socket in sockets { socket?.leave() }
        sockets = []
        for stream in streams.values { stream.leave() }
        streams = [:]
        let clients = clients
        self.clients = []
        guard let farewell else {
            for client in clients { client.close() }
            return
        }
        let box = NIOLoopBound(clients, eventLoop: eventLoop)
        farewell.whenComplete { _ in for client in box.value { client.close() } }
    }
}
