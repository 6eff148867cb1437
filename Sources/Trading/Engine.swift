public import Domain
public import Risk

/// The trading core: one input in, effects out. No clock, no I/O, no suspension.
///
/// The same inputs at the same times give the same effects, whoever calls: backtest, paper, live or replay.
public struct Engine<S: Strategy & ~Copyable>: ~Copyable {
    /// Where the strategy's life stands.
    public enum Life: Hashable, Sendable {
        case created, running
        /// The strategy asked to end: nothing new leaves, cancels are under way.
        case ending(reason: String)
        case ended
        case failed(message: String)
    }

    public var desk: Desk
    public internal(set) var strategy: S
    public private(set) var life = Life.created {
        didSet { isRunning = life == .running }
    }
    /// Whether the strategy is called and may ask for things.
    public private(set) var isRunning = false
    /// Callbacks that failed and were passed over under `ErrorPolicy.carryOn`.
    public private(set) var toleratedFaults = 0
    var gate: Gate
    private let errorPolicy: ErrorPolicy
    /// The watchdog ended the strategy, perhaps in the middle of a callback: it is never entered again.
    var isCondemned = false
    private(set) var callbacks: Callbacks = []

    public init(strategy: consuming S, gate: Gate, desk: DeskSetup, errorPolicy: ErrorPolicy = .stop) {
        self.strategy = strategy
        self.gate = gate
        self.desk = Desk(setup: desk)
        self.errorPolicy = errorPolicy
        for id in self.desk.orders.allLive { _ = self.desk.orders.update(id) { $0.charge = gate.charge(adopting: $0.order.request) } }
    }

    /// From now on nothing can be asked: what is asked is refused as stopping.
    public mutating func closeDesk() { desk.isClosed = true }

    /// Whether the strategy still hears of its orders: also while it ends, when it can ask for nothing more.
    private var hearsReports: Bool {
        switch life {
        case .running, .ending: true
        case .created, .ended, .failed: false
        }
    }

    /// - Parameter effects: appended to, in order.
    @inline(__always)
    public mutating func step(_ input: Input, at time: Timestamp, into effects: inout [Effect]) {
        precondition(time >= desk.now, "time ran backwards")
        desk.now = time
        switch input {
        case .market(let record, let instrument): _ = unsafe market(record, instrument, &effects)
        case .report(let report): settle(report, &effects)
        case .barClose: closeBars(&effects)
        case .timer: runTimer(&effects)
        case .start: start(&effects)
        case .stop(let reason): stop(reason, &effects)
        case .lost(let order): lose(order, &effects)
        case .control(let input): control(input, &effects)
        case .quote(let answer): quoted(answer, &effects)
        }
    }

    private mutating func start(_ effects: inout [Effect]) {
        precondition(life == .created, "a strategy starts once")
        life = .running
        let result = strategy.onStart(&desk)
        callbacks = strategy.callbacks
        finish(result, &effects)
    }

    /// The run is ending: nothing can be asked any more, reports are still heard, and ``Input/stop(reason:)`` comes last.
    mutating func windDown(_ reason: String) {
        desk.isClosed = true
        if life == .running { life = .ending(reason: reason) }
    }

    private mutating func stop(_ reason: String, _ effects: inout [Effect]) {
        let mayCall: Bool
        switch life {
        case .running, .ending: mayCall = true
        case .created, .ended, .failed: mayCall = false
        }
        guard mayCall else { return }
        desk.isClosed = true
        life = .ended
        if strategy.onStop(reason, &desk) == .failed { fail(&effects) }
    }

    // MARK: - Callbacks

    /// What every callback ends with: its wishes are judged, or dropped where it failed.
    @inline(__always)
    mutating func finish(_ result: CallbackResult, _ effects: inout [Effect]) {
        if result == .clean, desk.wishes.isEmpty, desk.stopReason == nil { return }
        finishSlowly(result, &effects)
    }

    @inline(never)
    private mutating func finishSlowly(_ result: CallbackResult, _ effects: inout [Effect]) {
        switch result {
        case .clean:
            if !desk.wishes.isEmpty { judge(&effects) }
            if let reason = desk.stopReason, life == .running {
                life = .ending(reason: reason)
                cancelAll(&effects)
            }
        case .failed:
            dropWishes()
            fail(&effects)
        }
    }

    mutating func fail(_ effects: inout [Effect]) {
        switch errorPolicy {
        case .carryOn where !strategy.isDead:
            toleratedFaults += 1
            noteToleratedFault()
        case .carryOn, .stop, .kill:
            let message = strategy.faultMessage
            let isCalled = mayHearOfItsEnd
            life = .failed(message: message)
            desk.isClosed = true
            cancelAll(&effects)
            if isCalled { sayFarewell(message) }
            if errorPolicy == .kill { effects.append(.kill(reason: "a callback failed, and on_error is \"kill\"")) }
        }
    }

    /// Not one that was ended from outside or can run no more, and not while `onStop` itself is what failed.
    private var mayHearOfItsEnd: Bool { hearsReports && !isCondemned && !strategy.isDead }

    /// The last call after a failure. What fails in it is told, but it is the first failure that ended the run.
    private mutating func sayFarewell(_ message: String) {
        guard strategy.onStop(message, &desk) == .failed else { return }
        desk.notes.append(.log(at: desk.now, level: .error, text: strategy.faultMessage))
        strategy.condemn(message)
    }

    /// A strategy that fails on every event must not fill the disk with its log.
    private static var notedFaults: Int { 1_000 }

    private mutating func noteToleratedFault() {
        guard toleratedFaults <= Engine.notedFaults else { return }
        desk.notes.append(.log(at: desk.now, level: .error, text: strategy.faultMessage))
        if toleratedFaults == Engine.notedFaults {
            desk.notes.append(.log(at: desk.now, level: .warn, text: "\(Engine.notedFaults) failed callbacks: further ones are not logged"))
        }
    }

    private mutating func dropWishes() {
        for wish in desk.wishes {
            switch wish {
            case .submit(let request): desk.orders.drop(request.id)
            case .requestQuote(let request): desk.quoteRequests.settle(request.id)
            case .cancel(let id): _ = desk.orders.update(id) { $0.order.withdrawCancel() }
            case .amend: break
            }
        }
        desk.wishes.removeAll(keepingCapacity: true)
    }

    /// Asks the venue to cancel everything that may be alive there, whatever the strategy thinks.
    public mutating func cancelAll(_ effects: inout [Effect]) {
        for id in desk.orders.allLive {
            let instrument: InstrumentID? = desk.orders.update(id) { $0.order.requestCancel() ? $0.order.instrument : nil } ?? nil
            if let instrument { effects.append(.cancel(id, instrument)) }
        }
    }

    // MARK: - Judging

    /// How many rounds of refusal and answer one input may cause before it counts as an endless loop.
    private static var refusalRounds: Int { 1_000 }

    private mutating func judge(_ effects: inout [Effect]) {
        var index = 0
        var refusals = 0
        while index < desk.wishes.count, life == .running {
            let wish = desk.wishes[index]
            index += 1
            switch wish {
            case .submit(let request):
                guard let reason = submit(request, &effects) else { continue }
                refusals += 1
                refuse(request, reason, isLast: refusals >= Engine.refusalRounds, handled: &index, &effects)
            case .cancel(let id):
                if let place = unsafe desk.orders.place(of: id), unsafe place.pointee.isSent && place.pointee.order.isOpen {
                    let instrument = unsafe place.pointee.order.instrument
                    gate.noteCancel(instrument, at: desk.now)
                    effects.append(.cancel(id, instrument))
                }
            case .amend(let request):
                amend(request, handled: &index, &effects)
            case .requestQuote(let request):
                guard let reason = ask(request, &effects) else { continue }
                refusals += 1
                refuse(request, reason, isLast: refusals >= Engine.refusalRounds, handled: &index, &effects)
            }
        }
        if life == .running { desk.wishes.removeAll(keepingCapacity: true) } else { dropUnjudged(from: index) }
        desk.wishLimit = Desk.wishesPerCallback
    }

    private mutating func dropUnjudged(from index: Int) {
        desk.wishes.removeFirst(min(index, desk.wishes.count))
        dropWishes()
    }

    /// Nil where the order was cleared, else the reason's code.
    private mutating func submit(_ request: OrderRequest, _ effects: inout [Effect]) -> String? {
        let exposure = desk.exposure(for: request)
        do {
            let cleared = try gate.clear(request, at: desk.now, exposure: exposure)
            _ = desk.orders.update(request.id) {
                $0.isSent = true
                $0.charge = cleared.charge
            }
            effects.append(.submit(cleared))
            return nil
        } catch {
            return error.code
        }
    }

    private mutating func refuse(
        _ request: OrderRequest, _ reason: String, isLast: Bool, handled: inout Int, _ effects: inout [Effect]
    ) {
        _ = desk.orders.update(request.id) { record in
            record.order.refuse(at: desk.now)
            record.reason = reason
        }
        close(request.id, &effects)
        answer(request.id, isLast: isLast, handled: &handled, &effects)
    }

    private mutating func amend(_ request: AmendRequest, handled: inout Int, _ effects: inout [Effect]) {
        guard let record = desk.orders[request.id], let charge = record.charge, record.order.isOpen else { return }
        let order = record.order
        let request = order.spelledOut(request)
        do {
            let exposure = desk.exposure(for: order.request, amending: request.id)
            let cleared = try gate.clear(
                request, of: order.request, leaves: record.worstLeaves, charge: charge, at: desk.now, exposure: exposure)
            _ = desk.orders.update(request.id) { $0.order.noteAmend(request) }
            desk.orders.noteAmend(cleared)
            effects.append(.amend(cleared, order.instrument))
        } catch {
            _ = desk.orders.update(request.id) { $0.reason = error.code }
            answer(request.id, isLast: false, handled: &handled, &effects)
        }
    }

    /// `onOrder` while wishes are being judged: what it asks for joins the end of the line.
    private mutating func answer(_ id: OrderID, isLast: Bool, handled: inout Int, _ effects: inout [Effect]) {
        guard callbacks.contains(.order) else { return }
        let before = desk.wishes.count
        desk.wishLimit = before + Desk.wishesPerCallback
        answered(isLast ? .clean : strategy.onOrder(id, &desk), from: before, &effects)
    }

    /// The end of a callback that ran while wishes were being judged; its own begin at `before`.
    mutating func answered(_ result: CallbackResult, from before: Int, _ effects: inout [Effect]) {
        switch result {
        case .clean:
            if let reason = desk.stopReason, life == .running {
                life = .ending(reason: reason)
                cancelAll(&effects)
            }
        case .failed:
            let own = desk.wishes[before...]
            desk.wishes.removeSubrange(before...)
            for case .submit(let request) in own { desk.orders.drop(request.id) }
            for case .requestQuote(let request) in own { desk.quoteRequests.settle(request.id) }
            fail(&effects)
        }
    }

    private mutating func close(_ id: OrderID, _ effects: inout [Effect]) {
        let evicted = desk.orders.retire(id)
        if let record = desk.orders[id] { effects.append(.closed(record)) }
        if let evicted { strategy.forget(evicted) }
    }

    // MARK: - Reports

    private mutating func settle(_ report: ExecutionReport, _ effects: inout [Effect]) {
        guard let record = unsafe desk.orders.place(of: report.order) else {
            effects.append(.contradicted(report))
            return
        }
        let wasOpen = unsafe record.pointee.order.isOpen
        let change = unsafe record.pointee.order.apply(report, at: desk.now)
        unsafe record.pointee.settleAmends(report.fact)
        let isOpen = unsafe record.pointee.order.isOpen
        unsafe Self.note(report, in: &record.pointee)
        if case .filled(let fill) = report.fact {
            let order = unsafe record.pointee.order
            book(fill, report, order, &effects)
            judgeFill(fill, of: order, &effects)
        }
        if wasOpen, !isOpen { close(report.order, &effects) }
        if change == .contradicted { effects.append(.contradicted(report)) }
        if case .filled(let fill) = report.fact, callbacks.contains(.fill), hearsReports {
            finish(strategy.onFill(fill, of: report.order, exchangeTime: report.exchangeTime, &desk), &effects)
        }
        if change != .unchanged, callbacks.contains(.order), hearsReports {
            finish(strategy.onOrder(report.order, &desk), &effects)
        }
    }

    /// The answer to what was sent is lost: charged to every limit until it is proven what happened.
    private mutating func lose(_ id: OrderID, _ effects: inout [Effect]) {
        guard desk.orders.isOpen(id) else { return }
        let now = desk.now
        _ = desk.orders.update(id) {
            $0.order.loseTrack()
            $0.lostSince = now
        }
        if callbacks.contains(.order), hearsReports { finish(strategy.onOrder(id, &desk), &effects) }
    }

    /// Why the last report is what it is: a refused amendment is no reason for the cancel that follows it.
    private static func note(_ report: ExecutionReport, in record: inout OrderRecord) {
        switch report.fact {
        case .rejected(let why), .cancelRejected(let why), .amendRejected(let why): record.reason = why.name
        case .accepted, .filled, .cancelled, .expired, .amended: if !record.reason.isEmpty { record.reason = "" }
        }
    }

    private mutating func book(_ fill: Fill, _ report: ExecutionReport, _ order: Order, _ effects: inout [Effect]) {
        let outcome = desk.portfolio.apply(fill, side: order.side, instrument: order.instrument)
        effects.append(
            .filled(
                BookedFill(
                    fill: fill, order: order.id, instrument: order.instrument, side: order.side, tag: order.request.tag,
                    time: desk.now, exchangeTime: report.exchangeTime, outcome: outcome)))
    }

    // MARK: - Time

    private mutating func runTimer(_ effects: inout [Effect]) {
        guard let timer = desk.timers.pop(at: desk.now), isRunning else { return }
        finish(strategy.onTimer(timer, &desk), &effects)
    }

    mutating func closeBars(of instrument: InstrumentID? = nil, _ effects: inout [Effect]) {
        while let closed = desk.bars.popClosed(at: desk.now, of: instrument) {
            guard callbacks.contains(.bar), isRunning else { continue }
            finish(strategy.onBar(closed.bar, of: closed.instrument, &desk), &effects)
        }
    }
}
