import Domain
import Risk
import Trading

extension FieldWriter {
    mutating func effect(_ effect: JournalEffect) {
        switch effect {
        case .submit(let request, let charge, let limits):
            integer(UInt8(0))
            self.request(request)
            charged(charge)
            integer(limits)
        case .amend(let amendment, let instrument, let charge, let limits):
            integer(UInt8(1))
            self.amendment(amendment)
            self.instrument(instrument)
            charged(charge)
            integer(limits)
        case .cancel(let order, let instrument):
            integer(UInt8(2))
            integer(order.raw)
            self.instrument(instrument)
        case .filled(let fill):
            integer(UInt8(3))
            booked(fill)
        case .closed(let order):
            integer(UInt8(4))
            closed(order)
        case .contradicted(let report):
            integer(UInt8(5))
            self.report(report)
        case .stateChanged(let state, let instrument, let reason):
            choice(6, state.rawValue)
            optional(instrument)
            text(reason)
        case .kill(let reason):
            integer(UInt8(7))
            text(reason)
        case .alarm(let text):
            integer(UInt8(8))
            self.text(text)
        case .requestQuote(let request, let limits):
            integer(UInt8(9))
            self.request(request)
            integer(limits)
        }
    }

    private mutating func charged(_ charge: JournalEffect.Charged) {
        integer(charge.price.ticks)
        integer(charge.value.raw)
        integer(charge.reserve.raw)
    }

    private mutating func booked(_ booked: BookedFill) {
        fill(booked.fill)
        integer(booked.order.raw)
        instrument(booked.instrument)
        integer(booked.side.rawValue)
        integer(booked.tag.index)
        time(booked.time)
        time(booked.exchangeTime)
        integer(booked.outcome.positionAfter)
        integer(booked.outcome.closedLots)
        integer(booked.outcome.realised.raw)
        integer(booked.outcome.feeInQuote.raw)
    }

    private mutating func closed(_ order: JournalEffect.Closed) {
        request(order.request)
        switch order.outcome {
        case nil: integer(UInt8(0))
        case .filled: integer(UInt8(1))
        case .cancelled: integer(UInt8(2))
        case .expired: integer(UInt8(3))
        case .rejected(let reason): choice(4, reason.rawValue)
        }
        flag(order.isCancelRequested)
        flag(order.isAmendRequested)
        integer(order.filled.lots)
        integer(order.filledTickLots)
        for moment in [order.created, order.acknowledged, order.closed, order.lostSince] { time(moment) }
        text(order.reason)
        flag(order.isSent)
        flag(order.charge != nil)
        if let charge = order.charge { charged(charge) }
        optional(order.adoptedAs)
    }
}

extension JournalFields {
    mutating func effect() throws(Malformed) -> JournalEffect {
        switch try fields.integer(UInt8.self) {
        case 0:
            let (request, charge) = (try request(), try charged())
            return .submit(request, charge, limits: try fields.integer(UInt32.self))
        case 1:
            let (amendment, instrument, charge) = (try amendment(), try instrument(), try charged())
            return .amend(amendment, instrument, charge, limits: try fields.integer(UInt32.self))
        case 2:
            let order = try order()
            return .cancel(order, try instrument())
        case 3: return .filled(try booked())
        case 4: return .closed(try closed())
        case 5: return .contradicted(try report())
        case 6:
            let state = try fields.choice(TradingState.self)
            let instrument = try optionalInstrument()
            return .stateChanged(state, instrument, reason: try fields.text())
        case 7: return .kill(reason: try fields.text())
        case 8: return .alarm(try fields.text())
        case 9:
            let request = try quoteRequest()
            return .requestQuote(request, limits: try fields.integer(UInt32.self))
        case let other: throw fields.malformed("an effect's kind below 10 before it, found \(other)")
        }
    }

    private mutating func charged() throws(Malformed) -> JournalEffect.Charged {
        let (price, value) = (try price(), try amount())
        return JournalEffect.Charged(price: price, value: value, reserve: try amount())
    }

    private mutating func booked() throws(Malformed) -> BookedFill {
        let (fill, order, instrument) = (try fill(), try order(), try instrument())
        let (side, tag) = (try fields.choice(Side.self), OrderTag(index: try fields.integer(UInt32.self)))
        let (time, exchangeTime) = (try fields.time(), try fields.time())
        let (positionAfter, closedLots) = (try fields.integer(Int64.self), try fields.integer(Int64.self))
        let realised = try amount()
        let outcome = FillOutcome(positionAfter: positionAfter, closedLots: closedLots, realised: realised, feeInQuote: try amount())
        return BookedFill(
            fill: fill, order: order, instrument: instrument, side: side, tag: tag, time: time, exchangeTime: exchangeTime, outcome: outcome)
    }

    private mutating func closed() throws(Malformed) -> JournalEffect.Closed {
        let (request, outcome) = (try request(), try outcome())
        let (isCancelRequested, isAmendRequested) = (try fields.flag(), try fields.flag())
        let (filled, filledTickLots) = (try quantity(), try fields.integer(Int128.self))
        let (created, acknowledged, closed, lostSince) = (try fields.time(), try fields.time(), try fields.time(), try fields.time())
        let (reason, isSent) = (try fields.text(), try fields.flag())
        let charge = try fields.flag() ? try charged() : nil
        return JournalEffect.Closed(
            request: request, outcome: outcome, isCancelRequested: isCancelRequested, isAmendRequested: isAmendRequested, filled: filled,
            filledTickLots: filledTickLots, created: created, acknowledged: acknowledged, closed: closed, reason: reason, isSent: isSent,
            charge: charge, lostSince: lostSince, adoptedAs: try fields.optional())
    }

    private mutating func outcome() throws(Malformed) -> Order.Outcome? {
        switch try fields.integer(UInt8.self) {
        case 0: return nil
        case 1: return .filled
        case 2: return .cancelled
        case 3: return .expired
        case 4: return .rejected(try fields.choice(RejectReason.self))
        case let other: throw fields.malformed("an order's outcome below 5 before it, found \(other)")
        }
    }
}
