import Domain
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
    public private(set) var core: DeskCore<S>?
    private let ending: EventLoopPromise<DeskEnding>
    private var alarm: Scheduled<Void>?
    private var alarmTime = Int64.max
    private var waiting: [VenueQueryID: (VenueAnswer) -> Void] = [:]
    private var nextQuestion: UInt64 = 1 << 32

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
        core?.told(event, by: venue, at: clock.now)
    }

    public func send(_ command: VenueCommand, to venue: Int) { drivers[venue].handle(command) }

    public func requestQuote(_ request: VenueQuoteRequest, of venue: Int) { drivers[venue].requestQuote(request) }

    // MARK: - Time

    public func wake(at monotonic: Int64) {
        guard monotonic != alarmTime || alarm == nil else { return }
        alarm?.cancel()
        alarmTime = monotonic
        guard monotonic != .max else { return alarm = nil }
        let delay = max(monotonic - clock.now.monotonic, 0)
        alarm = eventLoop.assumeIsolated().scheduleTask(in: .nanoseconds(delay)) { [weak self] in
            guard let self else { return }
            self.alarm = nil
            self.core?.wake(at: self.clock.now)
        }
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
