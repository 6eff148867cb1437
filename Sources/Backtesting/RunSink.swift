public import Domain
public import Report
public import Trading

/// Tells a ``RunRecorder`` what happens in a backtest, in its words.
public final class RunSink: BacktestSink {
    /// The instance and epoch of a simulated account's order ids.
    private static let instance = "bt0"

    private let recorder: RunRecorder
    private let instruments: [Instrument]
    /// Called every few thousand events; answers whether the run shall end.
    private let onTick: (Int, Timestamp) -> Bool
    /// Called for every line that the strategy logs.
    private let onLog: (Note.Level, Timestamp, String) -> Void
    private var mids: [Int64?]

    public init(
        recorder: RunRecorder, instruments: [Instrument], onTick: @escaping (Int, Timestamp) -> Bool,
        onLog: @escaping (Note.Level, Timestamp, String) -> Void
    ) {
        self.recorder = recorder
        self.instruments = instruments
        self.onTick = onTick
        self.onLog = onLog
        mids = Array(repeating: nil, count: instruments.count)
    }

    public static func text(of order: OrderID) -> String { ClientOrderID.text(instance: instance, epoch: 0, order: order) }

    public var nextMark: Int64 { recorder.nextMarkoutDue.nanoseconds }

    public func marked(at time: Timestamp, desk: borrowing Desk) throws {
        for index in instruments.indices { mids[index] = desk.markHalfTicks(index, lots: 0) }
        recorder.markouts(before: time + Span(nanoseconds: 1), doubledMids: mids)
    }

    public func filled(_ booked: BookedFill, desk: borrowing Desk) throws {
        let instrument = instruments[booked.instrument.position]
        let isReported = instrument.quote == desk.reportingCurrency
        let fill = booked.fill
        let notional = instrument.notional(fill.price, fill.quantity)
        recorder.fill(
            FillRow(
                time: booked.time, exchangeTime: booked.exchangeTime, instrument: booked.instrument,
                orderID: RunSink.text(of: booked.order), venueOrderID: String(booked.order.raw), side: booked.side,
                price: fill.price, quantity: fill.quantity, fee: fill.fee,
                feeCurrency: fill.feeInBase ? instrument.base : instrument.quote, liquidity: fill.liquidity,
                tag: desk.text(of: booked.tag), positionAfter: booked.outcome.positionAfter, reducedLots: booked.outcome.closedLots,
                realisedPnL: desk.reported(booked.outcome.realised, of: booked.instrument), fillID: String(fill.id.raw),
                notional: isReported ? nil : desk.reported(notional, of: booked.instrument),
                feeValue: isReported && !fill.feeInBase ? nil : desk.reported(booked.outcome.feeInQuote, of: booked.instrument)))
        recorder.equity(row(.fill, at: booked.time, lastRecord: nil, desk: desk))
    }

    public func closed(_ order: OrderRecord, desk: borrowing Desk) throws {
        recorder.order(row(of: order, desk: desk))
    }

    public func sampled(at time: Timestamp, lastRecord: Timestamp, desk: borrowing Desk) throws {
        recorder.equity(row(.sample, at: time, lastRecord: lastRecord, desk: desk))
        for index in instruments.indices {
            guard let mark = desk.markHalfTicks(index, lots: 0) else { continue }
            recorder.mid(InstrumentID(index: index), at: time, doubledTicks: mark)
        }
    }

    public func noted(_ note: Note) throws {
        switch note {
        case .log(let time, let level, let text):
            recorder.log(LogLevel(rawValue: level.rawValue) ?? .info, at: time, source: "strategy", text)
            onLog(level, time, text)
        case .plot(let time, let series, let value):
            recorder.plot(series, at: time, value: value)
        }
    }

    public func tick(events: Int, at time: Timestamp) throws -> Bool {
        if let failure = recorder.failure { throw failure }
        return onTick(events, time)
    }

    /// What is known once the last event is done.
    public func finalState(desk: borrowing Desk, outcome: String, reason: String, events: Int) -> FinalState {
        let held = Set(instruments.map(\.quote))
        var cash: [Balance] = []
        for (index, currency) in desk.portfolio.currencies.enumerated() {
            let amount = desk.portfolio.cash[index]
            if held.contains(currency) || amount != .zero { cash.append(Balance(currency: currency, amount: amount)) }
        }
        let positions = instruments.indices.map {
            FinalState.Position(instrument: InstrumentID(index: $0), lots: desk.portfolio.positions[$0].lots)
        }
        var open: [OrderRow] = []
        for id in desk.openOrders {
            if let order = desk.order(id) { open.append(row(of: order, desk: desk)) }
        }
        return FinalState(
            outcome: outcome, outcomeReason: reason, cash: cash, positions: positions, openOrders: open, events: Int64(events))
    }

    private func row(_ kind: EquityRow.Kind, at time: Timestamp, lastRecord: Timestamp?, desk: borrowing Desk) -> EquityRow {
        // The driver has noted the equity of this moment just now.
        let value = desk.lastValuation
        return EquityRow(
            time: time, kind: kind, equity: value.equity, cash: value.cash, positionValue: value.positionValue, lastRecord: lastRecord)
    }

    private func row(of record: OrderRecord, desk: borrowing Desk) -> OrderRow {
        let order = record.order
        let request = order.request
        let instrument = instruments[order.instrument.position]
        let isAccepted = order.acknowledged != .never
        return OrderRow(
            id: RunSink.text(of: order.id), venueOrderID: isAccepted ? String(order.id.raw) : "",
            instrument: order.instrument, side: order.side, type: request.type, timeInForce: request.timeInForce,
            price: request.type.hasLimit ? request.price : request.type.isStop ? request.stop : nil,
            quantity: request.quantity, created: order.created, acknowledged: isAccepted ? order.acknowledged : nil,
            closed: order.closed == .never ? nil : order.closed, state: order.stateName, filled: order.filled,
            averagePrice: order.averagePrice(tick: instrument.tick), reason: record.reason, tag: desk.text(of: request.tag),
            isAccepted: isAccepted, isSent: record.isSent)
    }
}
