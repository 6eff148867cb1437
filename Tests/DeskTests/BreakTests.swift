import Domain
import Testing
import Trading

@testable import Live

/// C27 and C30: what the venue holds for us against what our fills add up to; C29: who is told.
struct BreakTests {
    private func world() throws -> World {
        let world = try World()
        world.venue.faults.fill = 0
        try world.start()
        world.run(5)
        return world
    }

    private func move(_ world: World, _ currency: String, by text: String) throws {
        world.venue.balances[currency] = world.venue.balances[currency]?.adding(try ExactDecimal(text))
    }

    @Test("C27: one lot too many at the venue is reducing after the age and a kill after twice; the alarm names the amount")
    func difference() throws {
        let world = try world()
        try move(world, "BTC", by: "0.0001")
        world.run(30)
        #expect(world.books.states.isEmpty && world.kills.isEmpty, "not before the age")
        world.run(36)
        #expect(world.books.states.count == 1)
        #expect(world.books.states.first?.hasPrefix("reducing: break: v: BTC 10.0001 at the venue, 10 by our fills: a difference of 0.0001") == true)
        #expect(world.kills.isEmpty)
        // New orders that do not reduce are refused, reducing ones pass.
        world.puppet.order(.buy, 10, at: 4_999_000)
        world.run(1)
        #expect(world.books.refused == ["reducing": 1])
        world.run(40)
        #expect(world.kills.count == 1 && world.kills[0].contains("0.0001"))
        #expect(!world.latch.admitsNew)
        #expect(world.puppet.stopped.count == 1)
        // Never is a fill invented to make it fit.
        #expect(try world.ledger().fills.isEmpty && world.books.position == 0)
    }

    @Test("C27: a difference below a lot, or within the tolerance, or that goes away, is none")
    func noDifference() throws {
        var world = try world()
        try move(world, "BTC", by: "0.00009")
        world.run(200)
        #expect(world.books.states.isEmpty && world.kills.isEmpty && world.alerts.isEmpty)
        world = try self.world()
        try move(world, "USDT", by: "-5")
        world.run(45)
        try move(world, "USDT", by: "5")
        world.run(200)
        #expect(world.kills.isEmpty)
        world = try World()
        world.tune = { $0.breaks.tolerance = ExactDecimal(mantissa: 5, scale: 0) }
        try world.start()
        world.run(5)
        try move(world, "USDT", by: "-5")
        world.run(200)
        #expect(world.books.states.isEmpty && world.kills.isEmpty)
        try move(world, "USDT", by: "-0.000001")
        world.run(200)
        #expect(world.kills.count == 1)
    }

    @Test("C27: a lively account with late pushes and late balances is no break")
    func lively() throws {
        let world = try World(seed: 5)
        world.venue.faults = .none
        (world.venue.faults.slowest, world.venue.faults.fill, world.venue.faults.pushLost) = (900, 600, 100)
        world.puppet.act = { desk in
            guard desk.openOrders.count < 6 else { return }
            for side in [Side.buy, .sell] {
                _ = try? desk.submit(OrderRequest(
                    id: OrderID(0), instrument: InstrumentID(index: 0), side: side, type: .limit, quantity: Quantity(lots: 5),
                    price: Price(ticks: side == .buy ? 4_999_900 : 5_000_100), allowsDuplicate: true))
            }
        }
        try world.start()
        world.run(400)
        #expect(world.venue.trades.count > 500)
        #expect(world.kills.isEmpty && world.books.states.isEmpty)
    }

    @Test("C30, F16: a fill that the stream never told is found within the period, booked once, and is no break")
    func droppedFill() throws {
        let world = try world()
        world.puppet.order(.buy, 100, at: 4_999_000)
        world.run(2)
        world.venue.fill(0, lots: 40, .maker, isTold: false)
        world.run(31)
        #expect(world.books.position == 40)
        #expect(try world.ledger().fillSequence.map(\.source) == [.reconciliation])
        world.run(120)
        #expect(world.kills.isEmpty && world.books.states.isEmpty && world.failures.isEmpty)
    }

    @Test("C27: after a restart the books go on where they were: a missed fill is no break, a missing balance is one")
    func restart() throws {
        let world = try world()
        world.puppet.order(.buy, 100, at: 4_999_000)
        world.run(2)
        world.crash()
        world.venue.fill(0, lots: 40, .maker)
        world.run(10)
        try world.start()
        world.run(100)
        #expect(world.books.position == 40 && world.kills.isEmpty && world.books.states.isEmpty)
        #expect(world.core?.seat(0).engine.desk.balance("BTC").total == Amount(try ExactDecimal("10.004")))
        world.crash()
        try move(world, "USDT", by: "-100")
        try world.start()
        world.run(100)
        #expect(world.kills.count == 1 && world.kills[0].contains("a difference of -100"))
    }

    @Test("C27: what an operator accepted is where the books begin")
    func accepted() throws {
        let world = try world()
        world.crash()
        try move(world, "USDT", by: "500")
        let (file, _) = try LedgerFile.open(path: world.ledgerPath, durability: .process)
        try file.append([.accepted(venue: "v", reason: "a deposit")], wall: world.now.wall, monotonic: 0, mustLast: true)
        try world.start()
        world.run(100)
        #expect(world.kills.isEmpty && world.books.states.isEmpty)
        #expect(world.core?.seat(0).engine.desk.balance("USDT").total == Amount(try ExactDecimal("100500")))
    }

    @Test("C29: an alert comes within 5 s of its event, is said again and louder, and not once it is acknowledged")
    func alerts() throws {
        let world = try world()
        let began = world.now.monotonic
        world.core?.told(.alarm("something is wrong"), by: 0, at: world.now)
        #expect(world.alerts.count == 1 && world.alerts[0].time - began <= 5_000_000_000)
        #expect(world.alerts[0].alert.urgency == .warning)
        // The same again is the same alert.
        world.core?.told(.alarm("something is wrong"), by: 0, at: world.now)
        #expect(world.alerts.count == 1 && world.core?.alerts.open.first?.count == 2)
        world.run(32)
        #expect(world.alerts.map(\.alert.urgency) == [.warning, .urgent])
        world.run(130)
        #expect(world.alerts.map(\.alert.urgency) == [.warning, .urgent, .critical])
        #expect(world.core?.acknowledge(world.alerts[0].alert.number) == 1)
        world.run(900)
        #expect(world.alerts.count == 3)
        #expect(world.core?.alerts.open.isEmpty == true)
    }

    @Test("C29: a flood of alerts is counted, not kept")
    func flood() {
        var alerts = Alerts()
        for number in 0..<1_000 { _ = alerts.raise("x", "\(number)", at: Timestamp(nanoseconds: 0), monotonic: 0) }
        #expect(alerts.open.count == Alerts.most && alerts.dropped == 1_000 - Alerts.most)
        #expect(alerts.acknowledge(nil) == Alerts.most)
    }
}
