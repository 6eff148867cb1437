import Domain
import Exchange
import Risk
import Tape
import Trading

extension Backtest where S: ~Copyable {
    mutating func visitDesk(at time: Int64) throws {
        let now = Timestamp(nanoseconds: time)
        if !isStarted { try startIfDue(at: now) }
        _ = try takeRecord(at: time)
        if hasNews { try settle(at: now) }
    }

    /// The desk lane's record reaches the engine; answers whether the strategy may have acted, or bars moved on.
    @inline(__always)
    mutating func takeRecord(at time: Int64, isBarOfOne: Bool = false) throws -> Bool {
        let now = Timestamp(nanoseconds: time)
        let record = unsafe deskLane.record
        feedLag = unsafe time - record.pointee.exchangeTime
        lastRecordTime = time
        if Sink.isJournal { unsafe try sink.input(.market(record, instrument: deskLane.instrument), at: now) }
        let mayHaveActed = unsafe isBarOfOne
            ? engine.absorbBar(record, at: now, into: &effects)
            : engine.absorb(record, instrument: deskLane.instrument, at: now, into: &effects)
        if settings.computeCost != nil { chargeWork(at: time) }
        if Sink.isJournal, !effects.isEmpty { try sink.effects(effects) }
        eventCount &+= 1
        try deskLane.advance()
        if eventCount & 0x3FFF == 0, try sink.tick(events: eventCount, at: now) {
            isInterrupted = true
            isWindingDown = true
        }
        return mayHaveActed
    }

    /// One input that is no record.
    @inline(__always)
    mutating func step(_ input: Input, at now: Timestamp) throws {
        if Sink.isJournal { try sink.input(input, at: now) }
        engine.step(input, at: now, into: &effects)
        if settings.computeCost != nil { chargeWork(at: now.nanoseconds) }
        if Sink.isJournal, !effects.isEmpty { try sink.effects(effects) }
    }

    /// One callback runs at a time: work that comes while the last is under way waits for it.
    private mutating func chargeWork(at time: Int64) {
        guard let cost = settings.computeCost else { return }
        let work = engine.strategy.work
        if work > chargedWork { busyUntil = max(busyUntil, time) + cost.nanoseconds(work - chargedWork) }
        chargedWork = work
        computeDelay = max(busyUntil - time, 0)
    }

    mutating func closeDesk(at now: Timestamp) throws {
        if Sink.isJournal { try sink.deskClosed(at: now) }
        engine.closeDesk()
    }

    /// Whether the last step left something to hand on.
    @inline(__always)
    var hasNews: Bool { !effects.isEmpty || !engine.desk.notes.isEmpty || !engine.isRunning }

    private mutating func startIfDue(at now: Timestamp) throws {
        if let from = settings.from, now < from { return }
        isStarted = true
        try step(.start, at: now)
        nextSample = now.nanoseconds
        try settle(at: now)
    }

    /// Hands a step's effects to the venue and to the sink.
    mutating func settle(at now: Timestamp) throws {
        if !effects.isEmpty {
            for place in effects.indices { try handle(effects[place], at: now) }
            effects.removeAll(keepingCapacity: true)
        }
        if !engine.desk.notes.isEmpty {
            for note in engine.desk.notes { try sink.noted(note) }
            engine.desk.notes.removeAll(keepingCapacity: true)
        }
        if isStarted, !engine.isRunning, !isWindingDown {
            isWindingDown = true
        }
    }

    private mutating func handle(_ effect: Effect, at now: Timestamp) throws {
        switch effect {
        case .submit(let cleared):
            send(.submit(cleared.request), to: cleared.request.instrument, at: now)
        case .requestQuote(let cleared):
            send(.quote(cleared.request), to: cleared.request.instrument, at: now)
        case .amend(let cleared, let instrument):
            send(.amend(cleared.amendment), to: instrument, at: now)
        case .cancel(let id, let instrument):
            send(.cancel(id), to: instrument, at: now)
        case .filled(let fill):
            engine.desk.noteEquity()
            try sink.filled(fill, desk: engine.desk)
            nextMark = sink.nextMark
        case .closed(let order):
            try sink.closed(order, desk: engine.desk)
        case .contradicted(let report):
            throw BacktestError.contradiction(order: report.order, time: now)
        case .stateChanged(_, _, let reason), .alarm(let reason):
            try sink.noted(.log(at: now, level: .warn, text: reason))
        case .kill(let reason):
            // What pulls the kill switch live ends a backtest: its orders are cancelled, its fills still come.
            haltReason = haltReason ?? reason
            try closeDesk(at: now)
            isWindingDown = true
        }
    }

    private mutating func send(_ request: Request, to instrument: InstrumentID, at now: Timestamp) {
        let index = instrument.position
        guard isBars[index] else {
            let latency = settings.latency.entry(at: now.nanoseconds, feedLag: feedLag)
            requests.send(request, due: now.nanoseconds + computeDelay + latency)
            return
        }
        if bars.isRunning(index) {
            deferred.append((index, request))
        } else {
            execute(request, at: now.nanoseconds)
        }
    }

    /// What is neither a record at the venue nor one at the desk.
    mutating func visitRare(venue: Int64, desk: Int64, early: Int64, late: Int64, barOpen: Int64) throws -> Bool {
        if isInterrupted { return false }
        if desk == .max || desk >= end { return try windDown(venue: venue, desk: desk, barOpen: barOpen) }
        let time = min(desk, early, late, barOpen)
        let now = Timestamp(nanoseconds: time)
        if early == time {
            try visitEarly(at: now)
        } else if desk == time {
            try visitDesk(at: time)
        } else if late == time {
            try visitLate(at: now)
        } else {
            try openBar(at: time)
        }
        return true
    }

    private mutating func visitEarly(at now: Timestamp) throws {
        let time = now.nanoseconds
        if requests.nextDue == time {
            execute(requests.receive(), at: time)
        } else if exchange.nextExpiry.nanoseconds == time {
            exchange.expire(at: now)
            collectReports(at: time)
        } else if engine.desk.nextBarClose == time {
            try step(.barClose, at: now)
            try settle(at: now)
        } else {
            try step(barReports.receive().input, at: now)
            try settle(at: now)
        }
    }

    private mutating func visitLate(at now: Timestamp) throws {
        let time = now.nanoseconds
        if reports.nextDue == time {
            try step(reports.receive().input, at: now)
            try settle(at: now)
        } else if engine.desk.nextRecordedBarClose == time {
            try step(.barClose, at: now)
            try settle(at: now)
        } else if engine.desk.nextTimer == time {
            try step(.timer, at: now)
            try settle(at: now)
        } else if nextMark == time {
            try sink.marked(at: now, desk: engine.desk)
            nextMark = sink.nextMark
        } else {
            try sample(at: now)
            nextSample = time + settings.sample.nanoseconds
        }
    }

    mutating func sample(at now: Timestamp) throws {
        lastSample = now.nanoseconds
        if engine.watchesLimits {
            try step(.control(.pulse), at: now)
            try settle(at: now)
        }
        engine.desk.noteEquity()
        try sink.sampled(at: now, lastRecord: Timestamp(nanoseconds: lastRecordTime), desk: engine.desk)
    }
}
