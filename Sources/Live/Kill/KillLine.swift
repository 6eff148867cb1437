internal import Domain
internal import NIOCore
internal import Venues

/// One venue's side of a kill: its connection, its proof, its times. Confined to the kill's event loop.
final class KillLine: VenueDriverDelegate {
    enum Mission { case cancel, inspect }

    let target: KillTarget
    private let eventLoop: any EventLoop
    private let registry: LiveOrderRegistry
    /// Closed from the start: this session never places.
    private let latch = Latch()
    /// How far a venue's clock and ours may be apart unnoticed, ns.
    private static let margin: Int64 = 1_000_000_000
    private var driver: VenueDriver?
    private var proof: CancelProof?
    private var probe: OpenOrderProbe?
    private var timer: Scheduled<Void>?
    private var pulledAt: Int64 = 0
    /// Client ids of orders that a listing has shown: their fate is known to the proof.
    private var seen: Set<String> = []
    private(set) var outcome: KillOutcome
    private(set) var isReady = false
    private(set) var isRefused = false
    var changed: (() -> Void)?

    init(_ target: KillTarget, registry: LiveOrderRegistry, eventLoop: any EventLoop) {
        (self.target, self.registry, self.eventLoop) = (target, registry, eventLoop)
        outcome = KillOutcome(venue: target.name, finding: .unreachable("no answer yet"))
        latch.close()
    }

    /// Connects and authenticates, and stays so.
    func warm() {
        guard driver == nil else { return }
        do {
            let made = VenueDriver(try target.session(), tls: target.tls, eventLoop: eventLoop, latch: latch, redactor: target.redactor, delegate: self)
            driver = made
            made.handle(.begin(.cancelling, instruments: target.instruments))
        } catch {
            outcome.finding = .unreachable("\(error)")
            changed?()
        }
    }

    func start(_ mission: Mission, pulledAt: Int64) {
        guard let driver, proof == nil, probe == nil else { return }
        self.pulledAt = pulledAt
        let now = driver.now
        switch mission {
        case .inspect:
            var made = OpenOrderProbe(spacing: driver.capabilities.proofSpacing, ownPrefix: target.ownPrefix)
            made.inFlightUntil = inFlightUntil(driver)
            let actions = made.start()
            probe = made
            perform(actions)
        case .cancel:
            var made = CancelProof(
                capabilities: driver.capabilities, known: registry.orders(of: target.name),
                ownPrefix: target.ownPrefix)
            made.expectInFlight(until: inFlightUntil(driver))
            let actions = made.start(at: now)
            proof = made
            perform(actions)
        }
    }

    /// An order whose answer is out may still appear, however empty a listing is. What was seen in one is the proof's business.
    private func unanswered(_ driver: VenueDriver) -> [(clientID: String, until: Int64)] {
        let bound = driver.capabilities.acceptanceBound.nanoseconds + KillLine.margin
        return registry.entries(of: target.name).compactMap { entry in
            guard entry.reference.venueID == nil, let clientID = entry.reference.clientID, !seen.contains(clientID) else { return nil }
            return (clientID, entry.sent + bound)
        }
    }

    private func inFlightUntil(_ driver: VenueDriver) -> Int64 {
        var until = unanswered(driver).map(\.until).max() ?? .min
        if case .unsure = registry.coverage { until = max(until, pulledAt + driver.capabilities.acceptanceBound.nanoseconds + KillLine.margin) }
        return until
    }

    /// What the desk or the ledger has learned since: called every few milliseconds while the kill is under way.
    func refresh() {
        guard let driver else { return }
        if var current = probe, !current.isDone {
            current.inFlightUntil = inFlightUntil(driver)
            probe = current
        }
        guard var current = proof, !current.isClean else { return }
        var actions: [CancelProof.Action] = []
        for order in registry.orders(of: target.name) { actions += current.note(order) }
        current.expectInFlight(until: inFlightUntil(driver))
        proof = current
        perform(actions)
    }

    /// Why an empty listing is not believed, for people.
    private func doubts(_ driver: VenueDriver) -> [String] {
        let now = KillRunner.now
        var doubts = unanswered(driver).filter { $0.until > now }.map { order in
            "order \(order.clientID) has no answer and may still be executed for \(KillOutcome.text(Span(nanoseconds: order.until - now)))"
        }
        if case .unsure(let why) = registry.coverage { doubts.append(why) }
        return doubts
    }

    func end() {
        timer?.cancel()
        changed = nil
        driver?.handle(.end)
        driver = nil
    }

    // MARK: - What the session tells

    func venueDriver(_ driver: VenueDriver, told event: VenueEvent) {
        switch event {
        case .link(.orders, let state):
            isReady = state == .ready
            if case .refused(let why) = state {
                isRefused = true
                if proof == nil, probe == nil { outcome.finding = .unreachable(why) }
            }
            changed?()
        case .answer(_, .orders(let orders)): for order in orders { if let id = order.reference.clientID { seen.insert(id) } }
        default: break
        }
        if var current = proof, !current.isClean {
            let actions = current.handle(event, at: driver.now)
            proof = current
            perform(actions)
        }
        if var current = probe, !current.isDone {
            let actions = current.handle(event, at: driver.now.monotonic)
            probe = current
            perform(actions)
        }
    }

    private func woken() {
        guard let driver else { return }
        if var current = proof {
            let actions = current.wake(at: driver.now)
            proof = current
            perform(actions)
        }
        if var current = probe {
            let actions = current.wake()
            probe = current
            perform(actions)
        }
    }

    private func perform(_ actions: [CancelProof.Action]) {
        guard let driver else { return }
        for action in actions {
            switch action {
            case .command(let command):
                driver.handle(command)
                count(command)
            case .wake(after: let span):
                timer?.cancel()
                timer = eventLoop.assumeIsolated().scheduleTask(in: .nanoseconds(span.nanoseconds)) { [weak self] in self?.woken() }
            case .done: timer?.cancel()
            }
        }
        publish()
    }

    private func count(_ command: VenueCommand) {
        switch command {
        case .cancel, .cancelAll:
            outcome.cancels += 1
            if outcome.firstCancel == nil { outcome.firstCancel = sincePull }
        case .begin, .place, .amend, .query, .resynchronise, .end: break
        }
    }

    private var sincePull: Span { Span(nanoseconds: Int64(clamping: NIODeadline.now().uptimeNanoseconds) - pulledAt) }

    private func publish() {
        outcome.doubts = driver.map(doubts) ?? []
        if let proof {
            outcome.finding = proof.finding
            if proof.isClean, outcome.proven == nil { outcome.proven = sincePull }
        } else if let probe {
            outcome.finding = probe.finding
            if probe.isDone, outcome.proven == nil, outcome.isClean { outcome.proven = sincePull }
        }
        changed?()
    }

    /// Nothing more is to be done here.
    var isDone: Bool { driver == nil || proof?.isClean == true || probe?.isDone == true }
}
