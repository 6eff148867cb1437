import Domain
import Foundation
import Testing
import Trading

@testable import Live

/// The desk, the ledger and the procedures against a venue that fails in every way at once: I1, I4 to I11, I15, I16, I20 after every step.
///
/// Phase A: faults, crashes, a strategy that asks for anything. Phase B: everything is healed, and all must agree. Phase C: a stop or a kill,
/// and nothing is left. `PERIGEE_SEED=n` repeats one seed, `PERIGEE_SEEDS=n` runs so many.
struct SimulationTests {
    static var seeds: [UInt64] {
        let environment = ProcessInfo.processInfo.environment
        if let one = environment["PERIGEE_SEED"].flatMap(UInt64.init) { return [one] }
        return (1...(environment["PERIGEE_SEEDS"].flatMap(UInt64.init) ?? 24)).map { $0 }
    }

    @Test("Any faults, then peace, then the end: no order is lost, doubled or forgotten", arguments: seeds)
    func monkey(seed: UInt64) throws {
        let world = try World(seed: seed, hasAmend: seed % 2 == 0)
        let run = Monkey(world, seed: seed)
        try run.whole()
        #expect(world.failures.isEmpty, "PERIGEE_SEED=\(seed) PERIGEE_TESTS=DeskTests swift test\n\(world.failures.prefix(5).joined(separator: "\n"))")
    }
}

/// One run of the simulation.
final class Monkey {
    let world: World
    private var chance: Chance
    private var isQuiet = false

    init(_ world: World, seed: UInt64) {
        self.world = world
        chance = Chance(seed ^ 0x6D6F_6E6B_6579)
    }

    func whole() throws {
        world.adopts = chance.permille(500)
        let fraction = Int64(1 + chance.below(8))
        world.limits.account.maxPosition = ["BTC": ExactDecimal(mantissa: Int128(fraction * 100), scale: 4)]
        world.puppet.act = { [unowned self] desk in act(&desk) }
        world.venue.faults = .many
        try world.start()
        limitBooks()
        for _ in 0..<(1 + chance.below(3)) {
            world.run(Double(5 + chance.below(25)))
            if world.ending == nil, chance.permille(500) { try crashAndRestart() }
        }
        try heal()
        guard world.ending == nil else { return world.check(world.venue.orders.allSatisfy { !$0.isOpen }, "I9: orders are open after the end") }
        agree()
        again()
        end()
    }

    /// Asks for anything from now on.
    func wander() { world.puppet.act = { [unowned self] desk in act(&desk) } }

    private func limitBooks() {
        world.books.maxOrders = world.limits.account.maxOpenOrders ?? .max
        world.books.maxLots = world.limits.account.maxPosition["BTC"]?.multiple(of: world.instrument.lot) ?? .max
    }

    private func crashAndRestart() throws {
        world.crash()
        world.run(Double(chance.below(6)))
        try world.start()
        limitBooks()
        // Sometimes it dies while it recovers.
        if chance.permille(300) {
            world.run(0.2)
            try crashAndRestart()
        }
    }

    /// Random wishes, legal and not.
    private func act(_ desk: inout Desk) {
        guard !isQuiet else { return }
        let bid = world.venue.bid
        for id in desk.openOrders {
            if chance.permille(60) { desk.cancel(id) }
            if chance.permille(30) {
                try? desk.amend(AmendRequest(id: id, price: Price(ticks: bid - Int64(chance.below(20))), quantity: Quantity(lots: Int64(1 + chance.below(300)))))
            }
        }
        guard chance.permille(350) else { return }
        let side: Side = chance.permille(500) ? .buy : .sell
        let away = Int64(chance.below(30)) - 2
        _ = try? desk.submit(OrderRequest(
            id: OrderID(0), instrument: InstrumentID(index: 0), side: side, type: chance.permille(50) ? .market : .limit,
            quantity: Quantity(lots: Int64(1 + chance.below(400))), price: Price(ticks: side == .buy ? bid - away : bid + 1 + away),
            isReduceOnly: chance.permille(100), allowsDuplicate: chance.permille(900)))
    }

    /// Phase B.
    private func heal() throws {
        isQuiet = true
        world.venue.faults = .none
        world.venue.faults.fill = 0
        world.venue.connect(after: 100_000_000)
        world.run(100)
    }

    private func agree() {
        guard let core = world.core else { return world.check(false, "no desk") }
        let (venue, keeper) = (world.venue!, core.venues[0].keeper)
        world.check(keeper.unknown.isEmpty, "I7: \(keeper.unknown.map(\.clientID)) are unknown in peace")
        let there = Set(venue.orders.filter(\.isOpen).compactMap(\.reference.clientID))
        let here = Set(keeper.live.map(\.clientID))
        world.check(there == here, "I7: open at the venue \(there.sorted()), here \(here.sorted())")
        let engine = Set(core.seat(0).engine.desk.openOrders.map { core.names(of: $0, 0) })
        world.check(engine == here, "I7: the engine holds \(engine.sorted()), the keeper \(here.sorted())")
        let state = try? world.ledger()
        let booked = Set(state?.fills.keys.map(\.tradeID) ?? [])
        world.check(booked == Set(venue.trades.map(\.tradeID)), "I6: fills \(booked.count) here, \(venue.trades.count) at the venue")
        for currency in ["USDT", "BTC"] {
            let own = core.seat(0).engine.desk.balance(currency).total
            world.check(venue.balances[currency].flatMap { Amount($0) } == own, "I2: \(currency) \(own) here, \(venue.balances[currency] ?? .zero) at the venue")
        }
        for order in venue.orders {
            let sum = venue.trades.filter { $0.reference == order.reference }.compactMap { $0.quantity.multiple(of: world.instrument.lot) }.reduce(0, +)
            world.check(sum == order.filled, "the fake venue is wrong")
            guard let clientID = order.reference.clientID, let kept = keeper.order(clientID) else { continue }
            world.check(kept.filled.lots == order.filled, "I4: \(clientID) filled \(kept.filled.lots) here, \(order.filled) at the venue")
        }
    }

    /// I20: reconciling again changes nothing.
    private func again() {
        guard let core = world.core, let before = try? world.ledger() else { return }
        let (position, live) = (world.books.position, core.venues[0].keeper.live)
        world.venue.reconnect()
        world.run(20)
        guard let after = try? world.ledger() else { return }
        world.check(before.fills.count == after.fills.count && world.books.position == position, "I20: a second reconciliation changed the books")
        world.check(Set(core.venues[0].keeper.live.map(\.clientID)) == Set(live.map(\.clientID)), "I20: a second reconciliation changed the orders")
    }

    /// Phase C.
    private func end() {
        isQuiet = false
        world.run(Double(chance.below(4)))
        if chance.permille(500) { world.venue.faults = .many }
        let isKill = chance.permille(500)
        if isKill { world.kill(reason: "drill", source: "test") } else { world.core?.stop(.interrupted) }
        world.run(30)
        world.venue.faults = .none
        world.run(120)
        let open = world.venue.orders.filter(\.isOpen).compactMap(\.reference.clientID)
        world.check(open.isEmpty, "I9: \(open) are open after the end")
        world.check(world.ending != nil, "the desk did not end")
        if isKill { world.check(world.isKillProven, "the kill was never proven") }
    }
}
