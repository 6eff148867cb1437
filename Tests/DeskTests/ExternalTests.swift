import Domain
import Testing
import Trading

@testable import Live

/// F19: orders of somebody else on the account.
struct ExternalTests {
    private func world() throws -> World {
        let world = try World()
        world.venue.faults.fill = 0
        world.limits.account.maxPosition = ["BTC": try ExactDecimal("0.1")]
        world.limits.account.maxOpenOrders = 3
        try world.start()
        world.run(2)
        return world
    }

    @Test("F19, C11: a stranger's open buys count in the worst position, told or only listed; gone, they count no more")
    func position() throws {
        for isTold in [true, false] {
            let world = try world()
            let place = world.venue.foreignOrder(.buy, lots: 900, ticks: 4_990_000, isTold: isTold)
            world.run(40)
            world.puppet.order(.buy, 101, at: 4_999_000)
            world.puppet.order(.buy, 100, at: 4_998_000)
            world.run(1)
            #expect(world.books.refused == ["max_position": 1] && world.books.submits == 1)
            world.venue.end(place, .cancelled)
            world.run(40)
            world.puppet.order(.buy, 500, at: 4_997_000)
            world.run(1)
            #expect(world.books.submits == 2)
        }
    }

    @Test("F19, C9, C17: it counts as a live order, and is not traded with")
    func count() throws {
        let world = try world()
        world.venue.foreignOrder(.sell, lots: 1, ticks: 5_000_500)
        world.venue.foreignOrder(.sell, lots: 1, ticks: 5_000_600)
        world.run(2)
        world.puppet.order(.buy, 1, at: 5_000_500)
        world.puppet.order(.buy, 1, at: 4_999_000)
        world.puppet.order(.buy, 1, at: 4_998_000)
        world.run(1)
        #expect(world.books.refused == ["self_match": 1, "max_open_orders": 1])
    }

    @Test("F19, I1: a stranger's trade moves the account's position, no strategy's, and is no break")
    func trade() throws {
        let world = try world()
        let place = world.venue.foreignOrder(.buy, lots: 950, ticks: 4_990_000)
        world.venue.fill(place, lots: 950, .maker)
        world.run(60)
        #expect(world.books.position == 0)
        #expect(try world.ledger().fillSequence.map(\.clientID) == [nil])
        world.puppet.order(.buy, 51, at: 4_999_000)
        world.run(1)
        #expect(world.books.refused == ["max_position": 1])
        world.run(120)
        #expect(world.kills.isEmpty && world.books.states.isEmpty)
    }

    @Test("F19: a stop leaves it alone, a kill of the account cancels it")
    func end() throws {
        for isKill in [false, true] {
            let world = try world()
            world.venue.foreignOrder(.buy, lots: 1, ticks: 4_990_000)
            world.puppet.order(.buy, 1, at: 4_999_000)
            world.run(5)
            if isKill { world.kill(reason: "drill", source: "test") } else { world.core?.stop(.interrupted) }
            world.run(30)
            #expect(world.ending != nil)
            #expect(world.venue.orders.map(\.isOpen) == [!isKill, false])
        }
    }
}
