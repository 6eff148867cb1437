import Domain
import Testing
import Venues

@testable import Live

/// Facts in every order a venue has been seen to tell them.
struct OrderKeeperTests {
    var keeper: OrderKeeper
    let id = "abc000100000a1"

    init() throws {
        keeper = OrderKeeper(venue: "cryptocom", instance: "abc", instruments: [try instrument()], strategies: ["maker"])
        keeper.sending(
            clientID: id, strategy: 0,
            request: OrderRequest(
                id: OrderID(1), instrument: InstrumentID(index: 0), side: .buy, type: .limit, quantity: Quantity(lots: 100), price: Price(ticks: 5_000_000)),
            at: time(0).wall)
    }

    func order(_ state: VenueOrder.State, cumulative: String? = nil, venueID: String? = "77") throws -> VenueEvent {
        .order(VenueOrder(
            reference: VenueOrderReference(clientID: id, venueID: venueID, symbol: "BTC_USDT"), state: state,
            cumulativeQuantity: try cumulative.map(decimal), updated: time(1).wall))
    }

    func fill(_ trade: String, _ quantity: String, price: String = "50000", clientID: String? = nil, venueID: String? = "77", side: Side = .buy) throws -> VenueEvent {
        .fill(VenueFill(
            tradeID: trade, reference: VenueOrderReference(clientID: clientID, venueID: venueID, symbol: "BTC_USDT"), side: side,
            price: try decimal(price), quantity: try decimal(quantity), fee: try decimal("0.01"), feeCurrency: "USDT", liquidity: .maker, time: time(1).wall))
    }

    /// What the engine is told, shortly.
    mutating func facts(_ events: VenueEvent...) -> [String] {
        events.flatMap { keeper.absorb($0, at: time(1)) }.compactMap { action in
            switch action {
            case .report(_, let report):
                switch report.fact {
                case .accepted: "accepted"
                case .filled(let fill): "filled \(fill.quantity.lots)"
                case .cancelled: "cancelled"
                case .expired: "expired"
                case .rejected: "rejected"
                case .cancelRejected: "cancel rejected"
                case .amended, .amendRejected: "amend"
                }
            case .lost: "lost"
            case .ask: "ask"
            case .cancel: "cancel"
            case .resolve: "resolve"
            case .external: "external"
            case .orphan: "orphan"
            case .replace: "replace"
            case .halt: "halt"
            case .alarm: "alarm"
            case .record: nil
            }
        }
    }

    @Test("F6: a fill before the acknowledgement counts, and the late acknowledgement changes nothing")
    mutating func fillBeforeAcknowledgement() throws {
        #expect(facts(.received(clientID: id, venueID: "77"), try fill("1", "0.004")) == ["filled 40"])
        #expect(facts(try order(.open, cumulative: "0.004")) == [])
        #expect(facts(try fill("2", "0.006")) == ["filled 60"])
        #expect(keeper.live.isEmpty)
    }

    @Test("A fill that comes before we know the venue's id waits for it")
    mutating func fillBeforeTheName() throws {
        #expect(facts(try fill("1", "0.01")) == [])
        #expect(facts(try order(.open, cumulative: "0.01")) == ["filled 100"])
        #expect(keeper.live.isEmpty)
    }

    @Test("F11, F14: the same fill again is one fill; F12: with other numbers the first is kept")
    mutating func duplicates() throws {
        #expect(facts(try order(.open), try fill("1", "0.004")) == ["accepted", "filled 40"])
        #expect(facts(try fill("1", "0.004")) == [])
        #expect(facts(try fill("1", "0.005")) == ["alarm"])
        #expect(keeper.order(id)?.filled == Quantity(lots: 40))
    }

    @Test("F13: one trade id on two sides is two fills")
    mutating func oneTradeTwoSides() throws {
        _ = facts(try order(.open), try fill("1", "0.004"))
        keeper.sending(
            clientID: "abc000100000a2", strategy: 0,
            request: OrderRequest(
                id: OrderID(2), instrument: InstrumentID(index: 0), side: .sell, type: .limit, quantity: Quantity(lots: 100), price: Price(ticks: 5_000_000)),
            at: time(0).wall)
        #expect(facts(.received(clientID: "abc000100000a2", venueID: "78"), try fill("1", "0.004", venueID: "78", side: .sell)) == ["filled 40"])
    }

    @Test("F7, F15: the end is told only after every fill that the venue counts")
    mutating func endWaitsForFills() throws {
        #expect(facts(try order(.open), try order(.cancelled, cumulative: "0.004")) == ["accepted", "ask"])
        #expect(keeper.live.count == 1)
        #expect(facts(try fill("1", "0.004")) == ["filled 40", "cancelled"])
        #expect(keeper.live.isEmpty)
    }

    @Test("F15: a state that says less than one before it changes nothing")
    mutating func backwards() throws {
        #expect(facts(try order(.open), try fill("1", "0.01"), try order(.filled, cumulative: "0.01")) == ["accepted", "filled 100"])
        #expect(facts(try order(.open, cumulative: "0.004")) == [])
    }

    @Test("F17: 'filled' without fills asks, again each second, and invents nothing")
    mutating func missingFills() throws {
        #expect(facts(try order(.open), try order(.filled)) == ["accepted", "ask"])
        #expect(keeper.overdue(at: time(1.5)).isEmpty)
        #expect(keeper.overdue(at: time(2.1)).count == 1)
        let detail = VenueAnswer.order(nil, fills: [try #require({ if case .fill(let fill) = try fill("9", "0.01") { fill } else { nil } }())])
        #expect(facts(.answer(VenueQueryID(1), detail)) == ["filled 100"])
        #expect(keeper.live.isEmpty)
    }

    @Test("F8: a refused cancel is proof of nothing until the venue shows the order")
    mutating func refusedCancel() throws {
        _ = facts(try order(.open))
        _ = keeper.cancelling(id, needsVenueID: true)
        let reference = VenueOrderReference(clientID: id, venueID: "77", symbol: "BTC_USDT")
        #expect(facts(.cancelRefused(reference, code: "316", message: "NO_ACTIVE_ORDER")) == ["ask"])
        #expect(facts(try order(.open)) == ["cancel rejected"])
    }

    @Test("F9: a cancel before the venue's id is known goes out with it")
    mutating func cancelBeforeName() throws {
        #expect(keeper.cancelling(id, needsVenueID: true) == nil)
        #expect(facts(.received(clientID: id, venueID: "77")) == ["cancel"])
    }

    @Test("F1, F3: a lost order that shows up filled is found, not absent")
    mutating func lostThenFilled() throws {
        #expect(facts(.lost(clientID: id, why: "connection")) == ["lost", "resolve"])
        #expect(facts(try fill("1", "0.01", clientID: id)) == ["filled 100"])
        #expect(keeper.unknown.isEmpty && keeper.live.isEmpty)
    }

    @Test("F5: an acknowledgement after the time-out merges")
    mutating func lateAcknowledgement() throws {
        #expect(facts(.lost(clientID: id, why: "time-out"), try order(.open)) == ["lost", "resolve", "accepted"])
    }

    @Test("F2: only proof ends a lost order")
    mutating func provenAbsent() throws {
        #expect(facts(.lost(clientID: id, why: "connection")) == ["lost", "resolve"])
        #expect(keeper.live.count == 1)
        let told = keeper.proveNotPlaced(id, at: time(40))
        #expect(told.contains { if case .report(_, let report) = $0, case .rejected = report.fact { true } else { false } })
        #expect(keeper.live.isEmpty)
    }

    @Test("F18: more than was ordered is counted and halts")
    mutating func overfill() throws {
        #expect(facts(try order(.open), try fill("1", "0.02")) == ["accepted", "halt", "filled 200"])
    }

    @Test("F19: somebody else's order is external, ours without a record an orphan")
    mutating func foreigners() throws {
        let other = VenueOrder(
            reference: VenueOrderReference(clientID: "hand-made", venueID: "5", symbol: "BTC_USDT"), state: .open, updated: time(1).wall)
        #expect(facts(.order(other)) == ["external"])
        let ours = VenueOrder(
            reference: VenueOrderReference(clientID: "abc000000000a1", venueID: "6", symbol: "BTC_USDT"), state: .open, updated: time(1).wall)
        #expect(facts(.order(ours)) == ["orphan"])
    }

    @Test("F24: an unknown state counts as alive, is told, and is asked about")
    mutating func unknownState() throws {
        #expect(facts(try order(.open), try order(.unrecognised("WAITING"))) == ["accepted", "alarm", "ask"])
        #expect(keeper.live.count == 1)
    }

    @Test("A venue that took one client id twice: the second order is cancelled")
    mutating func twoOrdersOneName() throws {
        #expect(facts(try order(.open)) == ["accepted"])
        #expect(facts(try order(.open, venueID: "99")) == ["alarm", "cancel"])
    }

    @Test("A refusal of an order that was shown alive is not believed")
    mutating func refusedAlive() throws {
        #expect(facts(try order(.open), .refused(clientID: id, reason: .venue, code: "1", message: "x")) == ["accepted", "alarm", "ask"])
    }

    @Test("I6: any order of the same facts, repeated at will, ends in the same books")
    mutating func anyOrder() throws {
        let events = [
            VenueEvent.received(clientID: id, venueID: "77"), try order(.open), try fill("1", "0.004"), try fill("2", "0.003"),
            try order(.cancelled, cumulative: "0.007"), try order(.open, cumulative: "0.004"),
        ]
        let start = keeper
        var seed = SplitMix(state: 42)
        for _ in 0..<2_000 {
            keeper = start
            var told: [String] = []
            var order = (events + events).shuffled(using: &seed)
            order.append(contentsOf: events)
            for event in order { told += facts(event) }
            #expect(keeper.order(id)?.filled == Quantity(lots: 70))
            #expect(told.filter { $0.hasPrefix("filled") }.sorted() == ["filled 30", "filled 40"])
            #expect(told.filter { $0 == "cancelled" }.count == 1)
            #expect(told.firstIndex(of: "cancelled").map { $0 > (told.lastIndex { $0.hasPrefix("filled") } ?? -1) } == true)
        }
    }
}

/// A small generator, so that a test is the same everywhere.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}
