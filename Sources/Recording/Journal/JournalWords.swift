public import Domain
import Risk
import Trading

/// What happened, in words: for the person who looks for a difference.
extension JournalEvent {
    public func words(_ instruments: [Instrument]) -> String {
        switch self {
        case .start: "the start"
        case .market(let record):
            "a market record (\(JournalEvent.name(of: record.kind))) of \(instruments[Int(record.instrument)].name)"
        case .report(let report): "the report: \(report.words(instruments))"
        case .barClose: "the end of a bar"
        case .timer: "a timer"
        case .stop(let reason): "the stop (\(reason))"
        case .lost(let order): "the answer to order \(order.raw) being lost"
        case .control(let input): "the control input \(input.kind)"
        case .quote(let answer): "the answer: \(answer.words(instruments))"
        case .sample: "a sample of the equity"
        case .close: "the closing of the desk"
        case .save: "the saving of the strategy's state"
        }
    }
}

extension JournalEffect {
    public func words(_ instruments: [Instrument]) -> String {
        switch self {
        case .submit(let request, let charge, _):
            "submit \(request.words(instruments)), charged \(charge.value)\(charge.reserve == .zero ? "" : ", \(charge.reserve) set aside")"
        case .requestQuote(let request, _): "request \(request.id.raw) for a quote: \(request.words(instruments))"
        case .amend(let amendment, let id, let charge, _):
            "amend order \(amendment.id.raw): \(instruments[id.position].decimal(amendment.quantity)) at "
                + "\(instruments[id.position].decimal(amendment.price)), charged \(charge.value)"
        case .cancel(let order, let id): "cancel order \(order.raw) of \(instruments[id.position].name)"
        case .filled(let booked):
            "fill of order \(booked.order.raw): \(booked.side.name) \(booked.fill.words(instruments[booked.instrument.position])), "
                + "position after it \(instruments[booked.instrument.position].decimal(lots: booked.outcome.positionAfter)), "
                + "realised \(booked.outcome.realised)"
        case .closed(let order):
            "order \(order.request.id.raw) closed as \(order.outcomeName), filled "
                + "\(instruments[order.request.instrument.position].decimal(order.filled))\(order.reason.isEmpty ? "" : " (\(order.reason))")"
        case .contradicted(let report): "contradicted: \(report.words(instruments))"
        case .stateChanged(let state, let id, let reason):
            "\(id.map { instruments[$0.position].name } ?? "everything") is now \(state.name): \(reason)"
        case .kill(let reason): "kill: \(reason)"
        case .alarm(let text): "alarm: \(text)"
        }
    }
}

extension JournalEffect.Closed {
    fileprivate var outcomeName: String {
        switch outcome {
        case .filled: "filled"
        case .cancelled: "cancelled"
        case .expired: "expired"
        case .rejected: isSent ? "rejected" : "refused"
        case nil: "open"
        }
    }
}

extension OrderRequest {
    fileprivate func words(_ instruments: [Instrument]) -> String {
        let instrument = instruments[self.instrument.position]
        var text = "order \(id.raw): \(side.name) \(instrument.decimal(quantity)) \(instrument.name) \(type.name)"
        if type.hasLimit { text += " at \(instrument.decimal(price))" }
        if type.isStop { text += " stop \(instrument.decimal(stop))" }
        text += " \(timeInForce.name)"
        if isPostOnly { text += " post-only" }
        if isReduceOnly { text += " reduce-only" }
        if isAcceptance { text += " accepting quote \(quote.answer) of request \(quote.request.raw)" }
        return text
    }
}

extension Fill {
    fileprivate func words(_ instrument: Instrument) -> String {
        "\(instrument.decimal(quantity)) at \(instrument.decimal(price)) as \(liquidity.name), fee \(fee) "
            + "\(feeInBase ? instrument.base : instrument.quote)"
    }
}

extension ExecutionReport {
    fileprivate func words(_ instruments: [Instrument]) -> String {
        let instrument = instruments[self.instrument.position]
        let what = switch fact {
        case .accepted: "accepted"
        case .rejected(let reason): "rejected (\(reason.name))"
        case .filled(let fill): "filled, \(fill.words(instrument))"
        case .cancelled: "cancelled"
        case .expired: "expired"
        case .cancelRejected(let reason): "cancel refused (\(reason.name))"
        case .amended(let price, let open): "amended to \(instrument.decimal(open)) at \(instrument.decimal(price))"
        case .amendRejected(let reason): "amendment refused (\(reason.name))"
        }
        return "order \(order.raw) of \(instrument.name) \(what)"
    }
}
