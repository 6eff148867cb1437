import Domain
import Live
import Testing
import VenueSim
import Venues

/// Venues that push nothing worth relying on, have no IOC, no post-only and no cancel-on-disconnect: what they must be able to do all the same.
struct PolledCases {
    @Test(arguments: VenueUnderTest.polled) func ordersLiveAndDieAsTheVenueSays(_ subject: VenueUnderTest) async throws {
        try await VenueBench.run(subject) { bench in
            guard case .instruments(let list) = try await bench.answer(.instruments) else { return #expect(Bool(false), "no list of instruments") }
            #expect(Set(list.map(\.symbol)).isSuperset(of: bench.instruments.map(\.nativeSymbol)))
            try await bench.begin()
            let resting = bench.place(.buy, 10, at: 9_990)
            let taking = bench.place(.buy, 20, at: 10_050)
            try await bench.until("the taker is filled, the other open") { bench.isLive(resting) && bench.isDone(taking) }
            #expect(bench.fillsTold == 1 && bench.position(0) == 20)
            bench.cancel(resting)
            try await bench.until("cancelled") { bench.isDone(resting) }
            #expect(bench.sim.venue.open.isEmpty && bench.lost.isEmpty && bench.halts.isEmpty, "\(bench.alarms)")
        }
    }

    @Test(arguments: VenueUnderTest.polled) func aFillIsFoundByAsking(_ subject: VenueUnderTest) async throws {
        try await VenueBench.run(subject) { bench in
            try await bench.begin()
            let id = bench.place(.buy, 10, at: 9_990)
            try await bench.until("open") { bench.isLive(id) }
            bench.trade(.sell, 500, at: 9_980)
            try await bench.until("filled") { bench.isDone(id) }
            #expect(bench.position(0) == 10 && bench.fillsTold == bench.sim.venue.fills.count)
        }
    }

    @Test(arguments: VenueUnderTest.polled) func cancelAllEmptiesTheAccount(_ subject: VenueUnderTest) async throws {
        try await VenueBench.run(subject) { bench in
            try await bench.begin()
            for index in 0..<3 { bench.place(.buy, 10 + Int64(index), at: 9_900 + Int64(index)) }
            bench.place(.sell, 10, at: 6_000, instrument: 1)
            try await bench.until("four are open") { bench.keeper.live.count { $0.stage == .live } == 4 }
            bench.send(.cancelAll(nil))
            try await bench.until("none is left, here and there") { bench.sim.venue.open.isEmpty && bench.keeper.live.isEmpty }
            #expect(bench.told.contains { if case .cancelAllReceived(symbol: nil) = $0 { true } else { false } })
        }
    }

    /// F1, F3: the order was taken, its answer is lost: found again, once.
    @Test(arguments: VenueUnderTest.polled, [FaultPlan.Fault.resetAfter, .dropAnswer, .errorAfter])
    func aLostOrderIsFound(_ subject: VenueUnderTest, _ fault: FaultPlan.Fault) async throws {
        var setting = Setting().with(.place, fault)
        setting.requestLifetime = .seconds(2)
        try await VenueBench.run(subject, setting) { bench in
            try await bench.begin()
            let id = bench.place(.buy, 10, at: 9_990)
            // A venue that pushes orders may show it before its answer is missed.
            try await bench.until("it is lost, or shown") { bench.lost.count == 1 || bench.isLive(id) }
            try await bench.until("it is found") { bench.isLive(id) }
            #expect(bench.sim.venue.orders.count == 1)
            bench.cancel(id)
            try await bench.until("cancelled") { bench.isDone(id) && bench.sim.venue.open.isEmpty }
            #expect(bench.foreign.isEmpty)
        }
    }

    /// F2: it never arrived: proven, after its time.
    @Test(arguments: VenueUnderTest.polled) func anOrderThatNeverCameIsProven(_ subject: VenueUnderTest) async throws {
        var setting = Setting().with(.place, .ignore)
        setting.requestLifetime = .seconds(2)
        try await VenueBench.run(subject, setting) { bench in
            try await bench.begin()
            let id = bench.place(.buy, 10, at: 9_990)
            try await bench.until("it is proven not placed") { bench.isDone(id) }
            #expect(bench.sim.venue.orders.isEmpty && bench.lost.count == 1)
        }
    }

    /// F7.
    @Test(arguments: VenueUnderTest.polled) func aCancelThatRacesAFillEndsInTheFill(_ subject: VenueUnderTest) async throws {
        try await VenueBench.run(subject, Setting().with(.cancel, .fillFirst)) { bench in
            try await bench.begin()
            let id = bench.place(.buy, 10, at: 9_990)
            try await bench.until("open") { bench.isLive(id) }
            bench.cancel(id)
            try await bench.until("filled") { bench.isDone(id) }
            #expect(bench.position(0) == 10 && bench.fillsTold == 1)
        }
    }

    /// Orders of others on the account are told, and never taken for ours.
    @Test(arguments: VenueUnderTest.polled) func strangersAreLeftAlone(_ subject: VenueUnderTest) async throws {
        try await VenueBench.run(subject) { bench in
            try await bench.begin()
            let other = bench.sim.venue.submit(
                OrderRequest(id: OrderID(0), instrument: InstrumentID(index: 0), side: .buy, type: .limit, quantity: Quantity(lots: 7), price: Price(ticks: 9_000)),
                clientID: "", connection: 0, at: VenueBench.wall)
            bench.sim.venue.execute(other.venueID, at: VenueBench.wall)
            let own = bench.place(.buy, 10, at: 9_990)
            try await bench.until("ours is open") { bench.isLive(own) }
            _ = try await bench.answer(.openOrders(symbol: nil))
            try await bench.until("the other is told") { bench.foreign.contains(other.venueID) }
            #expect(bench.reports.allSatisfy { $0.order == OrderID(1) })
        }
    }
}

extension VenueUnderTest {
    static let polled = [smartvalor, dvchain]

    static let smartvalor = VenueUnderTest(
        name: "smartvalor", kind: .smartvalor, prefix: "", options: { _ in ["poll": "20ms"] }, knows: ["poll"],
        points: { point in
            switch point {
            case .authenticate, .balances: "balance"
            case .place: "place"
            case .cancel: "cancel"
            case .cancelAll: "cancel-all"
            case .openOrders: "open"
            case .history: "history"
            case .fills: "fills"
            case .detail: "order"
            case .instruments: "instruments"
            case .bookPush, .subscribe, .arm, .heartbeat, .orderPush, .fillPush: "level2"
            }
        },
        makeSim: { venue, manners, faults, loop in
            var settings = SmartValorSim.Settings()
            settings.numbersAsStrings = manners.numbersAsStrings
            settings.acceptDelay = manners.acceptDelay
            settings.nonces = .unique
            return SmartValorSim(venue: venue, settings: settings, faults: faults, eventLoop: loop)
        },
        makeSession: { try SmartValorSession(settings: $0) }, heartbeatAnswer: "")

    static let dvchain = VenueUnderTest(
        name: "dvchain", kind: .dvchain, prefix: "", options: { _ in ["poll": "50ms", "calls_per_second": "200", "pairs": "BTC/USDT,ETH/USDT"] }, knows: ["poll"],
        points: { point in
            switch point {
            case .authenticate: "auth"
            case .subscribe: "subscribe"
            case .place: "place"
            case .cancel: "cancel"
            case .openOrders, .history, .fills, .cancelAll: "trades"
            case .detail: "find"
            case .balances: "balances"
            case .instruments: "prices"
            case .orderPush: "order"
            case .bookPush, .arm, .heartbeat, .fillPush: "levels"
            }
        },
        makeSim: { venue, manners, faults, loop in
            var settings = DVChainSim.Settings()
            settings.bookInterval = .milliseconds(5)
            return DVChainSim(venue: venue, settings: settings, faults: faults, eventLoop: loop)
        },
        makeSession: { try DVChainSession(settings: $0) }, heartbeatAnswer: "ws ping-pong")
}
