public import Domain
public import NIOCore
public import Trading
public import Venues

/// The desk on its event loop: venues' drivers on one side, ``DeskCore`` on the other, timers of the loop between.
///
/// Confined to the loop instead of an actor with the loop's executor: nothing here ever suspends, so an actor would add a check to every
/// call and give nothing back.
public final class LiveDesk<S: Strategy>: DeskHost, VenueDriverDelegate {
    public let eventLoop: any EventLoop
    public let drivers: [VenueDriver]
    public let clock: LiveClock
    /// For people: lines of the desk.
    public var onLog: (Note.Level, String, String) -> Void = { _, _, _ in }
    public var onAlert: (Alert) -> Void = { _ in }
    /// The kill switch, which waits for nobody.
    public var onKill: (String, String) -> Void = { _, _ in }
    public var onOrderNamed: (VenueOrderReference, Int) -> Void = { _, _ in }
    public var onOrderEnded: (String, Int) -> Void = { _, _ in }
    /// How long something took: `frame_to_order`, `order_to_answer`.
    public var onLatency: (String, Span) -> Void = { _, _ in }
    /// The desk stood still for so long before this turn: called before anything else happens in it.
    public var onStall: (Span) -> Void = { _ in }
    public private(set) var core: DeskCore<S>?
    private let ending: EventLoopPromise<DeskEnding>
    private var alarm: Scheduled<Void>?
    private var alarmTime = Int64.max
    /// When the core wants to be woken; an alarm that comes earlier looks again.
    private var wakeTime = Int64.max
    private var waiting: [VenueQueryID: (VenueAnswer) -> Void] = [:]
    private var nextQuestion: UInt64 = 1 << 32
    /// When the message that is being handled came, monotonic ns.
    private var frame = Int64.min
    /// Orders without an answer, by client id.
    private var unanswered: [String: Int64] = [:]
    private var lastTurn = Int64.max
    /// A loop that comes round each 20 ms at least does not stand still for this long by itself.
    private static var stall: Int64 { 250_000_000 }

    public init(drivers: [VenueDriver], clock: LiveClock, eventLoop: any EventLoop) {
        (self.drivers, self.clock, self.eventLoop) = (drivers, clock, eventLoop)
        ending = eventLoop.makePromise(of: DeskEnding.self)
        for driver in drivers { driver.delegate = self }
    }

    /// How the run ended; once.
    public var whenEnded: EventLoopFuture<DeskEnding> { ending.futureResult }

    /// Asks a venue something before the desk runs: its instruments, its balances.
    public func ask(_ query: VenueQuery, of venue: Int) -> EventLoopFuture<VenueAnswer> {
        let promise = eventLoop.makePromise(of: VenueAnswer.self)
        let id = VenueQueryID(nextQuestion)
        nextQuestion += 1
        waiting[id] = { promise.succeed($0) }
        drivers[venue].handle(.query(id, query))
        return promise.futureResult
    }

    /// Puts the core in and connects everything.
    public func begin(_ core: DeskCore<S>) {
        self.core = core
        core.begin(at: clock.now)
    }

    /// The run failed before it began: everything is closed, and nobody waits for its end.
    public func abandon() {
        for driver in drivers { driver.handle(.end) }
        ended(.failed(message: "it never began"))
    }

    public func stop(_ reason: DeskEnding) {
        if let core {
            core.stop(reason)
        } else {
            for driver in drivers { driver.handle(.end) }
            ended(reason)
        }
    }

    // MARK: - Venues

    public func venueDriver(_ driver: VenueDriver, told event: VenueEvent) {
        guard let venue = drivers.firstIndex(where: { $0 === driver }) else { return }
        if case .answer(let id, let answer) = event, let asker = waiting.removeValue(forKey: id) { return asker(answer) }
        let now = turn()
        noteAnswer(event)
        frame = driver.messageArrival
        core?.told(event, by: venue, at: now)
        frame = .min
    }

    public func send(_ command: VenueCommand, to venue: Int) {
        drivers[venue].handle(command)
        guard case .place(let order) = command else { return }
        // The bytes are with the system: drivers write in the turn in which they are asked.
        let now = KillRunner.now
        if frame != .min { onLatency("frame_to_order", Span(nanoseconds: now - frame)) }
        if unanswered.count > 4_096 { unanswered.removeAll() }
        unanswered[order.clientID] = now
    }

    private func noteAnswer(_ event: VenueEvent) {
        let clientID: String?
        switch event {
        case .received(let id, _), .refused(let id, _, _, _), .lost(let id, _): clientID = id
        case .order(let order): clientID = order.reference.clientID
        case .link, .market, .bookInvalid, .status, .fill, .cancelRefused, .cancelLost, .amendRefused, .amended, .quote, .cancelAllReceived, .cancelAllFailed,
            .balances, .answer, .clock, .alarm, .throttled: return
        }
        guard let clientID, let sent = unanswered.removeValue(forKey: clientID) else { return }
        if case .lost = event { return }
        onLatency("order_to_answer", Span(nanoseconds: KillRunner.now - sent))
    }

    /// The moment of this turn. Where the process stood still before it (stopped, asleep), that is said first: what comes in now is old,
    /// and nothing may be answered to it before somebody has looked (F51).
    public func turn() -> VenueTime {
        let now = clock.now
        let gap = lastTurn == .max ? 0 : now.monotonic - lastTurn
        lastTurn = now.monotonic
        if gap >= LiveDesk.stall { onStall(Span(nanoseconds: gap)) }
        return now
    }

    public func requestQuote(_ request: VenueQuoteRequest, of venue: Int) { drivers[venue].requestQuote(request) }

    // MARK: - Time

    public func wake(at monotonic: Int64) {
        wakeTime = monotonic
        // Every turn asks anew, and almost always for a later moment: a timer of the loop costs more than to look once too often.
        guard alarm == nil || monotonic < alarmTime else { return }
        alarm?.cancel()
        alarm = nil
        alarmTime = monotonic
        guard monotonic != .max else { return }
        let delay = max(monotonic - clock.now.monotonic, 0)
        alarm = eventLoop.assumeIsolated().scheduleTask(in: .nanoseconds(delay)) { [weak self] in self?.alarmed() }
    }

    private func alarmed() {
        alarm = nil
        let now = turn()
        if now.monotonic >= wakeTime { core?.wake(at: now) } else { wake(at: wakeTime) }
    }

    // MARK: - The end

    public func kill(reason: String, source: String) { onKill(reason, source) }

    public func orderNamed(_ order: VenueOrderReference, at venue: Int) { onOrderNamed(order, venue) }
    public func orderEnded(_ clientID: String, at venue: Int) { onOrderEnded(clientID, venue) }

    public func log(_ level: Note.Level, _ source: String, _ text: String) { onLog(level, source, text) }

    public func alert(_ alert: Alert) { onAlert(alert) }

    public func ended(_ ending: DeskEnding) {
        alarm?.cancel()
        alarm = nil
        self.ending.succeed(ending)
    }
}
