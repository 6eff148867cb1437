import Domain
import Live
import Testing
import VenueSim
import Venues

/// What every venue must be able to do when nothing goes wrong.
struct OrderCases {
    @Test(arguments: VenueUnderTest.all) func startsReadyAndArmed(_ subject: VenueUnderTest) async throws {
        try await VenueBench.run(subject) { bench in
            guard case .instruments(let list) = try await bench.answer(.instruments) else { return #expect(Bool(false), "no list of instruments") }
            #expect(Set(list.map(\.symbol)) == Set(bench.instruments.map(\.nativeSymbol)))
            #expect(list.allSatisfy { given in bench.instruments.contains { $0.nativeSymbol == given.symbol && $0.tick == given.tick && $0.lot == given.lot } })
            try await bench.begin()
            // Armed means: when the connection is cut, the venue itself takes the order down.
            let id = bench.place(.buy, 10, at: 9_990)
            try await bench.until("the order is open") { bench.isLive(id) }
            bench.sim.cutAll()
            if bench.cancelsOnDisconnect { try await bench.until("the venue cancelled it") { bench.truth(id)?.state == .cancelled } }
            try await bench.until("connected again") { bench.readyCounts[.orders] == 2 && bench.readyCounts[.market] == 2 }
            // Where it does not, the order is still there, and still ours.
            if !bench.cancelsOnDisconnect { #expect(bench.truth(id)?.state == .active) }
            try await bench.reconcile()
            try await bench.agree()
        }
    }

    @Test(arguments: VenueUnderTest.all) func ordersLiveAndDieAsTheVenueSays(_ subject: VenueUnderTest) async throws {
        try await VenueBench.run(subject) { bench in
            try await bench.begin()
            let resting = bench.place(.buy, 10, at: 9_990)
            let taking = bench.place(.buy, 20, at: 10_001)
            let refused = bench.place(.buy, 5, at: 10_003, isPostOnly: true)
            let partly = bench.place(.sell, 80, at: 9_999, .immediateOrCancel)
            let none = bench.place(.sell, 500, at: 9_999, .fillOrKill)
            try await bench.until("all are settled") {
                bench.isLive(resting) && [taking, refused, partly, none].allSatisfy { bench.isDone($0) }
            }
            #expect(bench.truth(taking)?.state == .filled)
            #expect(bench.truth(refused)?.filled == .zero && bench.truth(refused)?.state == .rejected)
            #expect(bench.truth(partly)?.filled.lots == 50 && bench.truth(partly)?.state == .cancelled)
            #expect(bench.truth(none)?.filled ?? .zero == .zero)
            #expect(bench.position(0) == -30)
            // The market comes to the resting one, in two steps.
            bench.trade(.sell, 4, at: 9_990)
            try await bench.until("four of ten") { bench.keeper.order(resting)?.filled.lots == 4 }
            bench.cancel(resting)
            try await bench.until("cancelled") { bench.isDone(resting) }
            try await bench.agree()
            #expect(bench.lost.isEmpty && bench.alarms.isEmpty)
        }
    }

    @Test(arguments: VenueUnderTest.all) func cancelAllEmptiesTheAccount(_ subject: VenueUnderTest) async throws {
        try await VenueBench.run(subject) { bench in
            try await bench.begin()
            for index in 0..<3 { bench.place(.buy, 10, at: 9_900 + Int64(index)) }
            bench.place(.sell, 10, at: 6_000, instrument: 1)
            try await bench.until("four are open") { bench.keeper.live.count { $0.stage == .live } == 4 }
            bench.send(.cancelAll(InstrumentID(index: 0)))
            try await bench.until("one is left") { bench.sim.venue.open.count == 1 && bench.keeper.live.count == 1 }
            bench.send(.cancelAll(nil))
            try await bench.until("the receipt") { bench.told.contains { if case .cancelAllReceived(symbol: nil) = $0 { true } else { false } } }
            try await bench.until("none is left") { bench.sim.venue.open.isEmpty }
            try await bench.agree()
        }
    }

    @Test(arguments: VenueUnderTest.all) func listsAreWholeOverManyPages(_ subject: VenueUnderTest) async throws {
        try await VenueBench.run(subject) { bench in
            try await bench.begin()
            // More than two pages of the venue's largest.
            for index in 0..<430 {
                _ = bench.sim.venue.submit(
                    OrderRequest(
                        id: OrderID(0), instrument: InstrumentID(index: index % 2), side: .buy, type: .limit, quantity: Quantity(lots: 1),
                        price: Price(ticks: 1_000 + Int64(index))),
                    clientID: "other\(index)", connection: 0, at: VenueBench.wall)
            }
            for order in bench.sim.venue.open { bench.sim.venue.execute(order.venueID, at: VenueBench.wall) }
            guard case .orders(let open) = try await bench.answer(.openOrders(symbol: nil)) else { return #expect(Bool(false), "no list of orders") }
            #expect(Set(open.compactMap(\.reference.venueID)) == Set(bench.sim.venue.open.map(\.venueID)))
            #expect(open.count == 430)
            guard case .orders(let one) = try await bench.answer(.openOrders(symbol: bench.instruments[1].nativeSymbol)) else {
                return #expect(Bool(false), "no list of orders")
            }
            #expect(one.count == 215)
            // Orders of others on our account: told, never taken for ours.
            #expect(Set(bench.foreign).count == 430 && bench.reports.isEmpty)
        }
    }

    @Test(arguments: VenueUnderTest.all) func historyFillsAndBalancesAreTheVenues(_ subject: VenueUnderTest) async throws {
        try await VenueBench.run(subject) { bench in
            try await bench.begin()
            let first = bench.place(.buy, 30, at: 10_002)
            let second = bench.place(.buy, 10, at: 9_990)
            try await bench.until("settled") { bench.isDone(first) && bench.isLive(second) }
            let to = bench.now.wall + .seconds(1)
            guard case .orders(let history) = try await bench.answer(.orderHistory(symbol: nil, from: bench.began, to: to)),
                case .fills(let fills) = try await bench.answer(.fills(symbol: nil, from: bench.began, to: to)),
                case .balances(let balances) = try await bench.answer(.balances)
            else { return #expect(Bool(false), "answers of the wrong kind") }
            #expect(Set(history.compactMap(\.reference.clientID)).isSuperset(of: [first]))
            let names = subject.tradeIDs(bench.sim.venue.fills, bench.instruments)
            #expect(fills.map(\.tradeID).sorted() == names.sorted() && fills.count == names.count)
            for fill in fills {
                let truth = try #require(zip(bench.sim.venue.fills, names).first { $1 == fill.tradeID && $0.order.venueID == fill.reference.venueID }?.0)
                #expect(Amount(fill.fee) == truth.fill.fee && fill.price == bench.instruments[0].decimal(truth.fill.price))
            }
            for balance in balances {
                #expect(Amount(balance.total) == bench.sim.venue.balances[balance.currency])
                #expect(Amount(balance.reserved) == bench.sim.venue.reserved(balance.currency))
            }
            try await bench.agree()
        }
    }

    @Test(arguments: VenueUnderTest.all, [false, true]) func numbersInEveryMannerMeanTheSame(_ subject: VenueUnderTest, asStrings: Bool) async throws {
        var setting = Setting()
        setting.manners.numbersAsStrings = asStrings
        setting.manners.floatNoise = !asStrings
        try await VenueBench.run(subject, setting) { bench in
            try await bench.begin()
            let id = bench.place(.buy, 33, at: 10_001)
            let other = bench.place(.sell, 7, at: 10_777)
            try await bench.until("settled") { bench.isDone(id) && bench.isLive(other) }
            bench.cancel(other)
            try await bench.until("cancelled") { bench.isDone(other) }
            try await bench.agree()
            #expect(bench.alarms.isEmpty)
        }
    }

    @Test(arguments: VenueUnderTest.all) func withoutMoneyTheVenueRefuses(_ subject: VenueUnderTest) async throws {
        try await VenueBench.run(subject) { bench in
            try await bench.begin()
            let id = bench.place(.buy, 2_000_000_000, at: 9_990)
            try await bench.until("refused") { bench.isDone(id) }
            #expect(bench.reports.contains { $0.fact == .rejected(.insufficientBalance) })
            try await bench.agree()
        }
    }
}
