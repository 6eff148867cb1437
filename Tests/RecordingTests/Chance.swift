import Domain
import Risk
import Trading

@testable import Recording

/// Random words of a journal, the same for a seed on every machine.
struct Chance {
    private var state: UInt64
    init(_ seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }

    mutating func bits() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state &* 0x2545_F491_4F6C_DD1D
    }
    mutating func below(_ bound: Int) -> Int { Int(bits() % UInt64(bound)) }
    mutating func flag() -> Bool { bits() & 1 == 1 }
    mutating func int64() -> Int64 { Int64(bitPattern: bits()) }
    mutating func int128() -> Int128 { Int128(int64()) << 63 | Int128(bits() >> 1) }
    mutating func pick<T>(_ list: [T]) -> T { list[below(list.count)] }
    mutating func text() -> String { pick(["", "a", "feed silent for 10s", "naïve → text", "\u{0}", String(repeating: "x", count: 300)]) }
    mutating func time() -> Timestamp { Timestamp(nanoseconds: int64()) }
    mutating func instrument() -> InstrumentID { InstrumentID(index: below(2)) }
    mutating func quantity() -> Quantity { Quantity(lots: int64() & .max) }
    mutating func price() -> Price { Price(ticks: int64()) }
    mutating func amount() -> Amount { Amount(raw: int128()) }
    mutating func decimal() -> ExactDecimal { ExactDecimal(mantissa: int128(), scale: below(37)) }
    mutating func reason() -> RejectReason { RejectReason(rawValue: UInt8(below(11))) ?? .venue }

    mutating func request() -> OrderRequest {
        OrderRequest(
            id: OrderID(bits()), instrument: instrument(), side: pick([.buy, .sell]), type: pick([.market, .limit, .stop, .stopLimit]),
            quantity: quantity(), price: price(), stop: price(),
            timeInForce: pick([.goodTillCancel, .immediateOrCancel, .fillOrKill, .goodTillDate]), expire: time(), isPostOnly: flag(),
            isReduceOnly: flag(), tag: OrderTag(index: UInt32(truncatingIfNeeded: bits())), allowsDuplicate: flag(),
            quote: QuoteID(raw: UInt32(truncatingIfNeeded: bits())))
    }

    mutating func fill() -> Fill {
        Fill(id: FillID(bits()), price: price(), quantity: quantity(), liquidity: pick([.maker, .taker]), fee: amount(), feeInBase: flag())
    }

    mutating func report(_ kind: Int) -> ExecutionReport {
        let fact: ExecutionReport.Fact = switch kind {
        case 0: .accepted
        case 1: .rejected(reason())
        case 2: .filled(fill())
        case 3: .cancelled
        case 4: .expired
        case 5: .cancelRejected(reason())
        case 6: .amended(price: price(), open: quantity())
        default: .amendRejected(reason())
        }
        return ExecutionReport(order: OrderID(bits()), instrument: instrument(), exchangeTime: time(), fact: fact)
    }

    mutating func record() -> MarketRecord {
        MarketRecord(
            kind: pick([.level, .clear, .trade, .quote, .bar, .orderAdd, .orderModify, .orderCancel, .orderFill, .status]),
            instrument: instrument(), localTime: int64(), exchangeTime: int64(), side: pick([nil, .buy, .sell]),
            flags: UInt8(below(64)), a: int64(), b: int64(), c: int64(), d: int64(), e: int64(), aux: UInt32(truncatingIfNeeded: bits()))
    }

    mutating func control(_ kind: Int) -> ControlInput {
        switch kind {
        case 0: return .venue(pick([.connected, .disconnected, .stale, .resynced, .halted]), venue: text())
        case 1: return .instrument(.halted, instrument())
        case 2: return .bookInvalid(instrument())
        case 3: return .lock(venue: text())
        case 4: return .unlock(venue: text())
        case 5: return .state(pick([.active, .reducing, .cancelOnly, .halted]), flag() ? instrument() : nil, reason: text())
        case 6: return .arm(reason: text())
        case 7:
            let balances = (0..<below(4)).map { _ in AccountBalance(currency: text(), total: decimal(), available: decimal(), isCredit: flag()) }
            return .balances(venue: text(), balances)
        case 8:
            var exposure = ForeignExposure()
            (exposure.positionLots, exposure.buyLeavesLots, exposure.sellLeavesLots) = (int64(), int64(), int64())
            (exposure.liveOrders, exposure.openValue) = (Int(int64()), amount())
            (exposure.highestBuyTicks, exposure.lowestSellTicks) = (int64(), int64())
            return .foreign(instrument(), exposure)
        case 9:
            var report = ReconcileReport()
            (report.adopted, report.cancelled, report.fills, report.positionChange) = (below(9), below(9), below(9), decimal())
            return .reconciled(report)
        case 10: return .restore((0..<below(50)).map { _ in UInt8(below(256)) })
        case 11: return .pulse
        case 12: return .verdict(text())
        case 13: return .resubmit(AmendRequest(id: OrderID(bits()), price: price(), quantity: quantity()))
        default: return .windDown(reason: text())
        }
    }

    /// Every case there is, with random contents.
    mutating func everyEvent() -> [JournalEvent] {
        var events: [JournalEvent] = [.start, .market(record()), .barClose, .timer, .stop(reason: text()), .lost(OrderID(bits())), .sample, .close, .save]
        let quote = Quote(
            id: QuoteID(raw: UInt32(truncatingIfNeeded: bits())), instrument: instrument(), side: pick([.buy, .sell]), quantity: quantity(), price: price(),
            expires: time())
        events += [.quote(.quoted(quote)), .quote(.refused(QuoteRequestID(7), instrument(), pick([.declined, .venue, .timeout])))]
        for kind in 0..<8 { events.append(.report(report(kind))) }
        for kind in 0..<15 { events.append(.control(control(kind))) }
        return events
    }

    mutating func charged() -> JournalEffect.Charged { JournalEffect.Charged(price: price(), value: amount(), reserve: amount()) }

    mutating func everyEffect() -> [JournalEffect] {
        var effects: [JournalEffect] = [
            .submit(request(), charged(), limits: 7),
            .amend(AmendRequest(id: OrderID(bits()), price: price(), quantity: quantity()), instrument(), charged(), limits: 1),
            .requestQuote(QuoteRequest(id: QuoteRequestID(9), instrument: instrument(), side: .sell, quantity: quantity()), limits: 3),
            .cancel(OrderID(bits()), instrument()), .kill(reason: text()), .alarm(text()), .contradicted(report(below(8))),
            .stateChanged(.reducing, nil, reason: text()), .stateChanged(.halted, instrument(), reason: text()),
            .filled(BookedFill(
                fill: fill(), order: OrderID(bits()), instrument: instrument(), side: .sell, tag: .none, time: time(), exchangeTime: time(),
                outcome: FillOutcome(positionAfter: int64(), closedLots: int64(), realised: amount(), feeInQuote: amount()))),
        ]
        for outcome in [nil, .filled, .cancelled, .expired, .rejected(reason())] as [Order.Outcome?] {
            effects.append(.closed(JournalEffect.Closed(
                request: request(), outcome: outcome, isCancelRequested: flag(), isAmendRequested: flag(), filled: quantity(),
                filledTickLots: int128(), created: time(), acknowledged: time(), closed: .never, reason: text(), isSent: flag(),
                charge: flag() ? charged() : nil, lostSince: time(), adoptedAs: flag() ? text() : nil)))
        }
        return effects
    }

    static func instruments() throws -> [Instrument] {
        try ["A_USD", "B_USD"].map {
            try Instrument(
                venue: "t", symbol: $0, nativeSymbol: $0, base: String($0.prefix(1)), quote: "USD", tick: ExactDecimal("0.01"),
                lot: ExactDecimal("0.1"), makerFee: ExactDecimal("0.001"), takerFee: ExactDecimal("0.002"))
        }
    }

    mutating func head(seats: Int = 2) throws -> JournalHead {
        let instruments = try Chance.instruments()
        var list: [JournalHead.Seat] = []
        for index in 0..<seats {
            var desk = DeskSetup(instruments: instruments, balances: [("USD", amount()), ("A", amount())], reportingCurrency: "USD", markMode: .adverse)
            (desk.checksBalances, desk.valuesAccount, desk.barsFromTrades) = (flag(), flag(), [flag(), flag()])
            desk.history = (0..<below(3)).map { _ in (fill(), .buy, instrument()) }
            desk.leftOrders = (0..<below(3)).map { _ in DeskSetup.LeftOrder(request: request(), name: text(), filled: quantity(), created: time()) }
            var seat = JournalHead.Seat(name: "s\(index)", file: "s.lua", source: [1, 2, 255], sha256: "00", desk: desk)
            seat.modules = [JournalHead.Module(name: "a.b", source: [3])]
            (seat.parameters, seat.seed, seat.epoch, seat.errorPolicy) = ([("fast", "5"), ("slow", "x")], bits(), 17, .kill)
            (seat.orderStride, seat.orderOffset) = (2, UInt64(index))
            list.append(seat)
        }
        var head = JournalHead(mode: .live, engine: "0.1.0", seats: list)
        (head.run, head.configuration) = ("r1", "[risk]\nmax_order_value = \"5\"\n")
        head.live = LiveDefaults(messages: ["b": .init(rate: 1, per: .day, reservedForCancels: 2), "a": .init(rate: 3, per: .zero, reservedForCancels: 4)])
        return head
    }
}
