import Domain
import Exchange
import Tape
import Trading

extension Backtest where S: ~Copyable {
    /// After the last record, or the strategy's end: requests under way are executed and their reports delivered; timers do not
    /// fire, bars do not open, and nothing new may be asked.
    mutating func windDown(venue: Int64, desk: Int64, barOpen: Int64) throws -> Bool {
        let isOver = desk == .max || desk >= end
        if isOver, !engine.desk.isClosed { try closeDesk(at: engine.desk.now) }
        let isQuiet = requests.isEmpty && reports.isEmpty && barReports.isEmpty && exchange.nextDealing == .never
        if isInterrupted || isQuiet && (deferred.isEmpty || venue == .max) { return false }
        let atVenue = venue < end ? venue : .max
        let record = isOver ? .max : desk
        let dealing = exchange.nextDealing.nanoseconds
        let time = min(atVenue, requests.nextDue, dealing, reports.nextDue, barReports.nextDue, record, isOver ? .max : barOpen)
        let now = Timestamp(nanoseconds: time)
        if atVenue == time {
            try visitVenue(at: time)
        } else if requests.nextDue == time {
            execute(requests.receive(), at: time)
        } else if dealing == time {
            exchange.expire(at: now)
            collectReports(at: time)
        } else if barReports.nextDue == time {
            try step(barReports.receive().input, at: now)
            try settle(at: now)
        } else if record == time {
            try visitDesk(at: time)
        } else if reports.nextDue == time {
            try step(reports.receive().input, at: now)
            try settle(at: now)
        } else {
            try openBar(at: time)
        }
        return true
    }

    /// The last equity sample, the strategy's last callback.
    mutating func finish(_ forced: BacktestEnding?) throws -> BacktestEnding {
        let now = engine.desk.now
        let ending = forced ?? naturalEnding
        if isStarted {
            switch ending {
            case .endOfTape: try step(.stop(reason: "end of tape"), at: now)
            case .strategyStopped(let reason): try step(.stop(reason: reason), at: now)
            case .interrupted: try step(.stop(reason: "interrupted"), at: now)
            case .halted: try step(.stop(reason: "halted"), at: now)
            case .strategyFailed: break
            }
            try settle(at: now)
            if lastSample < now.nanoseconds {
                engine.desk.noteEquity()
                try sink.sampled(at: now, lastRecord: Timestamp(nanoseconds: lastRecordTime), desk: engine.desk)
            }
        }
        if case .failed(let message) = engine.life, forced == nil { return .strategyFailed(message: message) }
        return ending
    }

    private var naturalEnding: BacktestEnding {
        if let haltReason { return .halted(reason: haltReason) }
        return switch engine.life {
        case .ending(let reason): .strategyStopped(reason: reason)
        case .failed(let message): .strategyFailed(message: message)
        case .created, .running, .ended: .endOfTape
        }
    }
}
