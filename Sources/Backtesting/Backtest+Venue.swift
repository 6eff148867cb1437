import Domain
import Exchange
import Tape
import Trading

extension Backtest where S: ~Copyable {
    @inline(__always)
    mutating func visitVenue(at time: Int64) throws {
        if bars.nextClose == time { return closeBar(at: time) }
        unsafe exchange.apply(venueLane.record, instrument: venueLane.instrument)
        try venueLane.advance()
        if !exchange.reports.isEmpty { collectReports(at: time) }
    }

    mutating func execute(_ request: Request, at time: Int64) {
        let now = Timestamp(nanoseconds: time)
        switch request {
        case .submit(let order): exchange.submit(order, at: now)
        case .amend(let amendment): exchange.amend(amendment, at: now)
        case .cancel(let id): exchange.cancel(id, at: now)
        case .quote(let request): exchange.requestQuote(request, at: now)
        }
        collectReports(at: time)
    }

    /// Sends the venue's reports on their way to the desk.
    mutating func collectReports(at time: Int64) {
        if !exchange.quoteAnswers.isEmpty {
            for answer in exchange.quoteAnswers { send(.quote(answer), of: answer.instrument, at: time) }
            exchange.quoteAnswers.removeAll(keepingCapacity: true)
        }
        if exchange.reports.isEmpty { return }
        for report in exchange.reports { send(.report(report), of: report.instrument, at: time) }
        exchange.reports.removeAll(keepingCapacity: true)
    }

    private mutating func send(_ news: News, of instrument: InstrumentID, at time: Int64) {
        if isBars[instrument.position] {
            barReports.send(news, due: time)
        } else {
            reports.send(news, due: time + settings.latency.response(at: time, feedLag: feedLag))
        }
    }

    mutating func openBar(at time: Int64) throws {
        let record = unsafe venueLane.record.pointee
        let instrument = venueLane.instrument
        bars.begin(record, instrument: instrument)
        unsafe exchange.openBar(venueLane.record, instrument: instrument, at: Timestamp(nanoseconds: time))
        try venueLane.advance()
        collectReports(at: time)
    }

    private mutating func closeBar(at time: Int64) {
        var (record, instrument) = bars.end()
        unsafe exchange.closeBar(&record, instrument: instrument, at: Timestamp(nanoseconds: time))
        collectReports(at: time)
        if deferred.isEmpty { return }
        let due = deferred.filter { $0.instrument == instrument }
        deferred.removeAll { $0.instrument == instrument }
        for entry in due { execute(entry.request, at: time) }
    }
}
