public import Domain

// Quotes on request (`docs/rfq.md`): a dealer beside each market, priced from its recorded middle.
extension SimExchange {
    /// A request for a quote reaches the venue.
    public mutating func requestQuote(_ request: QuoteRequest, at time: Timestamp) {
        let market = market(request.instrument.position)
        guard stands(at: market) else { return refuse(request, .unsupported) }
        let (model, extra) = (dealer.model, dealer.dice.below(dealer.model.jitter.nanoseconds + 1))
        let scale = ExactDecimal.powerOfTen(9)
        let share = Int128(dealer.dice.below(1_000_000_000)) * ExactDecimal.powerOfTen(model.declines.scale)
        let declines = share < model.declines.mantissa * scale
        let job = Dealer.Job.answer(request, declines: declines)
        if market.pointee.kind == .bars { return perform(job, at: time) }
        dealer.add(job, due: time.nanoseconds + model.latency.nanoseconds + extra)
        noteDealing()
    }

    /// When the dealer next does something by itself, `.never` where it does not.
    public var nextDealing: Timestamp { Timestamp(nanoseconds: dealerDue) }

    /// The end of a run: what the dealer still has to do is done now.
    public mutating func settleDealings(at time: Timestamp) {
        while let job = dealer.take(dueBy: .max) { perform(job, at: time) }
        noteDealing()
    }

    private func stands(at market: Handle<Market>) -> Bool {
        guard rules.dealer != nil else { return false }
        return dealer.model.venues.map { $0.contains(market.pointee.instrument.venue) } ?? true
    }

    /// An acceptance reaches the venue: single use, not after the end, all of it at the quoted price.
    mutating func accept(_ market: Handle<Market>, _ request: OrderRequest, at time: Timestamp) {
        guard let quoted = dealer.use(request.quote), quoted.quote.expires >= time else {
            return report(request.id, request.instrument, time, .rejected(.quoteExpired))
        }
        let look = Dealer.Job.look(request, quoted)
        if market.pointee.kind == .bars || dealer.model.lastLook == .zero { return perform(look, at: time) }
        dealer.add(look, due: time.nanoseconds + dealer.model.lastLook.nanoseconds)
        noteDealing()
    }

    /// Whether an order is with the dealer: it can neither be cancelled nor amended there.
    func isWithDealer(_ id: OrderID) -> Bool { dealer.isLooking(at: id) }

    mutating func deal(at time: Timestamp) {
        while let job = dealer.take(dueBy: time.nanoseconds) { perform(job, at: time) }
        noteDealing()
    }

    mutating func noteDealing() {
        dealerDue = dealer.nextDue
        refreshExpiry()
    }

    private mutating func perform(_ job: Dealer.Job, at time: Timestamp) {
        switch job {
        case .answer(let request, let declines): answer(request, declines: declines, at: time)
        case .look(let request, let quoted): look(request, quoted, at: time)
        }
    }

    private mutating func answer(_ request: QuoteRequest, declines: Bool, at time: Timestamp) {
        let market = market(request.instrument.position)
        if declines { return refuse(request, .declined) }
        guard let halfTicks = middle(market), halfTicks > 0 else { return refuse(request, .noPrice) }
        let raw = (market.pointee.instrument.tickLot.raw * Int128(request.quantity.lots)).multipliedReportingOverflow(by: Int128(halfTicks))
        guard !raw.overflow, let ticks = dealer.price(request.side, halfTicks: halfTicks, value: Amount(raw: raw.partialValue / 2)) else {
            return refuse(request, .tooLarge)
        }
        let quote = Quote(
            id: QuoteID(request.id), instrument: request.instrument, side: request.side, quantity: request.quantity,
            price: Price(ticks: ticks), expires: time + dealer.model.life)
        dealer.remember(Dealer.Quoted(quote: quote, halfTicks: halfTicks))
        quoteAnswers.append(.quoted(quote))
    }

    private mutating func look(_ request: OrderRequest, _ quoted: Dealer.Quoted, at time: Timestamp) {
        let market = market(request.instrument.position)
        if let now = middle(market), dealer.refuses(quoted, halfTicks: now) {
            return report(request.id, request.instrument, time, .rejected(.lastLook))
        }
        let notional = market.pointee.instrument.notional(request.price, request.quantity)
        if isSpot, !covers(market, request, notional) {
            return report(request.id, request.instrument, time, .rejected(.insufficientBalance))
        }
        market.pointee.position += request.side.sign * request.quantity.lots
        market.pointee.positionChanged = true
        // The dealer's price is all there is to pay.
        let free = Fee(amount: .zero, isInBase: false)
        if isSpot { settle(market, request.side, lots: request.quantity.lots, notional: notional, fee: free) }
        let fill = Fill(id: nextFill(), price: request.price, quantity: request.quantity, liquidity: .taker, fee: .zero)
        report(request.id, request.instrument, time, .filled(fill))
        finish(market, time)
    }

    private func covers(_ market: Handle<Market>, _ request: OrderRequest, _ notional: Amount) -> Bool {
        switch request.side {
        case .buy: purse.available(market.pointee.quote) >= notional
        case .sell: purse.available(market.pointee.base) >= market.pointee.instrument.baseLot * request.quantity.lots
        }
    }

    private mutating func refuse(_ request: QuoteRequest, _ reason: QuoteRefusal) {
        quoteAnswers.append(.refused(request.id, request.instrument, reason))
    }

    /// The middle of the recorded book in half ticks; the last price on tapes of bars, and where a side is empty.
    private func middle(_ market: Handle<Market>) -> Int64? {
        if market.pointee.kind != .bars, !market.pointee.book.isEmpty(.buy), !market.pointee.book.isEmpty(.sell) {
            return market.pointee.book.bestTicks(.buy) + market.pointee.book.bestTicks(.sell)
        }
        return market.pointee.last.map { $0 * 2 }
    }
}
