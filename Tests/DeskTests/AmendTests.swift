import Domain
import Testing
import Trading

@testable import Live

/// Amendments on a venue that has none: cancel, proof, new; and on one that has them.
struct AmendTests {
    private func world(hasAmend: Bool = false) throws -> World {
        let world = try World(hasAmend: hasAmend)
        world.venue.faults.fill = 0
        try world.start()
        world.run(2)
        return world
    }

    private func amend(_ world: World, _ id: OrderID, _ ticks: Int64, _ lots: Int64) {
        world.puppet.once.append { desk in try? desk.amend(AmendRequest(id: id, price: Price(ticks: ticks), quantity: Quantity(lots: lots))) }
    }

    private func order(_ world: World, _ lots: Int64 = 100) -> OrderID {
        world.puppet.order(.buy, lots, at: 4_999_000)
        world.run(1)
        return OrderID(UInt64(world.books.submits))
    }

    @Test("Cancel, then new: never both alive, the engine sees one order", arguments: [false, true])
    func amended(hasAmend: Bool) throws {
        let world = try world(hasAmend: hasAmend)
        let id = order(world)
        amend(world, id, 4_998_000, 70)
        world.run(2)
        let open = world.venue.orders.filter(\.isOpen)
        #expect(open.map(\.ticks) == [4_998_000] && open.map { $0.lots - $0.filled } == [70])
        #expect(world.venue.orders.count == (hasAmend ? 1 : 2))
        let record = world.core?.seat(0).engine.desk.order(id)
        #expect(record?.order.request.price.ticks == 4_998_000 && record?.order.leaves.lots == 70 && record?.stateName == "open")
        #expect(record?.order.isAmendRequested == false)
        // It can be cancelled under the name it has now.
        world.puppet.once.append { $0.cancel(id) }
        world.run(2)
        #expect(world.venue.orders.allSatisfy { !$0.isOpen })
        #expect(world.core?.seat(0).engine.desk.order(id)?.stateName == "cancelled")
        #expect(world.failures.isEmpty)
    }

    @Test("Fills while it is being cancelled come off what goes out anew")
    func fillsBetween() throws {
        let world = try world()
        let id = order(world)
        amend(world, id, 4_998_000, 70)
        world.run(0.101)
        world.venue.fill(0, lots: 25, .maker)
        world.run(2)
        #expect(world.venue.orders.map { $0.lots } == [100, 45])
        let record = world.core?.seat(0).engine.desk.order(id)
        #expect(record?.order.filled.lots == 25 && record?.order.leaves.lots == 45)
        // And its own fills add to those of the first.
        world.venue.fill(1, lots: 45, .maker)
        world.run(1)
        #expect(world.core?.seat(0).engine.desk.order(id)?.stateName == "filled" && world.books.position == 70)
        #expect(world.failures.isEmpty)
    }

    @Test("Filled beyond what was wanted: nothing goes out, the order is filled")
    func filledMeanwhile() throws {
        let world = try world()
        let id = order(world)
        amend(world, id, 4_998_000, 20)
        world.run(0.101)
        world.venue.fill(0, lots: 30, .maker)
        world.run(2)
        #expect(world.venue.orders.count == 1)
        #expect(world.core?.seat(0).engine.desk.order(id)?.stateName == "filled" && world.books.position == 30)
    }

    @Test("The cancel is refused because all was filled: nothing is amended, nothing goes out")
    func cancelTooLate() throws {
        let world = try world()
        let id = order(world)
        world.venue.fill(0, lots: 100, .maker, isTold: false)
        amend(world, id, 4_998_000, 70)
        world.run(5)
        #expect(world.venue.orders.count == 1)
        #expect(world.core?.seat(0).engine.desk.order(id)?.stateName == "filled" && world.books.position == 100)
    }

    @Test("What the gate would not let out by then is not sent: the order is cancelled, with the reason")
    func judgedAgain() throws {
        let world = try world()
        let id = order(world)
        amend(world, id, 4_998_000, 70)
        world.run(0.101)
        world.core?.feedAll(.control(.state(.reducing, nil, reason: "test")))
        world.run(2)
        #expect(world.venue.orders.count == 1 && world.venue.orders[0].state == .cancelled)
        #expect(world.core?.seat(0).engine.desk.order(id)?.stateName == "cancelled")
    }

    @Test("Latched between cancel and new: nothing new leaves (I8)")
    func latched() throws {
        let world = try world()
        let id = order(world)
        amend(world, id, 4_998_000, 70)
        world.run(0.101)
        world.kill(reason: "drill", source: "test")
        world.run(10)
        #expect(world.placements.count == 1 && world.failures.isEmpty && world.ending != nil)
    }

    @Test("Two amendments at once: the last one stands")
    func twice() throws {
        let world = try world()
        let id = order(world)
        amend(world, id, 4_998_000, 70)
        world.run(0.101)
        amend(world, id, 4_997_000, 60)
        world.run(3)
        let open = world.venue.orders.filter(\.isOpen)
        #expect(open.map(\.ticks) == [4_997_000] && open.map(\.lots) == [60])
        #expect(world.core?.seat(0).engine.desk.order(id)?.order.leaves.lots == 60)
        #expect(world.failures.isEmpty)
    }
}
