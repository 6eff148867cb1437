import Domain
import Foundation
import Recording
import Testing
import Trading

@testable import Live

/// What the ledger and the journal say of an order afterwards: C28, I25, C31.
struct LedgerRecordTests {
    @Test("I25, C28, C31: limits and release are in the ledger before the first order that they judge, and every order names them")
    func limitsFirst() throws {
        let world = try World(seed: 3)
        world.tune = { plan in
            plan.release = LedgerRelease(
                run: plan.run, code: [LedgerRelease.Code(strategy: "puppet", sha256: "ab", isCanary: true)], configuration: "cd", binary: "ef", limitVersion: 7)
            plan.newLimits = "max_open_orders = 8\n"
        }
        world.limitVersion = 7
        try world.start()
        world.run(2)
        world.puppet.order(.buy, 10, at: 4_999_000)
        world.run(2)
        let entries = try world.ledgerEntries()
        let limits = entries.firstIndex { if case .limits(7, "max_open_orders = 8\n") = $0 { true } else { false } }
        let release = entries.firstIndex { if case .release = $0 { true } else { false } }
        let intent = entries.firstIndex { if case .intent = $0 { true } else { false } }
        #expect(limits != nil && release != nil)
        #expect(try #require(limits) < #require(intent) && #require(release) < #require(intent))
        let state = try world.ledger()
        #expect(state.limitsVersion == 7 && state.limits == "max_open_orders = 8\n" && state.release?.code.first?.sha256 == "ab")
        guard case .intent(let order) = entries[try #require(intent)] else { return }
        #expect(order.limitVersion == 7 && order.strategy == "puppet" && order.run == state.release?.run)
    }

    @Test("C31: every order's event is found in the journal of its run", arguments: [1, 2, 3])
    func cause(seed: UInt64) throws {
        let world = try World(seed: seed)
        world.venue.faults = .many
        world.isJournaled = true
        let monkey = Monkey(world, seed: seed)
        monkey.wander()
        try world.start()
        world.run(60)
        withExtendedLifetime(monkey) {}
        try world.finishJournal()
        let reader = try JournalReader(path: world.journalPath)
        var sent: [OrderID: Int] = [:]
        while let step = try reader.next() {
            for effects in step.effects {
                for effect in try reader.decoded(effects) { if case .submit(let request, _, _) = effect { sent[request.id] = step.number } }
            }
        }
        let state = try world.ledgerEntries()
        var looked = 0
        for case .intent(let intent) in state {
            guard let number = sent.first(where: { ClientOrderID.text(instance: "abc", epoch: 1, order: $0.key) == intent.clientID })?.value else { continue }
            #expect(number == Int(intent.cause), "\(intent.clientID)")
            looked += 1
        }
        #expect(looked > 20)
    }

    @Test("on_stop is the last call: after the cancels are proven and the last fills are booked, as in a backtest")
    func lastCall() throws {
        let world = try World()
        world.venue.faults.fill = 0
        try world.start()
        world.run(2)
        world.puppet.order(.buy, 100, at: 4_999_000)
        world.run(2)
        var seen: (open: Int, lots: Int64, isRefused: Bool)?
        world.puppet.onStopped = { _, desk in
            let isRefused = (try? desk.submit(OrderRequest(
                id: OrderID(0), instrument: InstrumentID(index: 0), side: .buy, type: .limit, quantity: Quantity(lots: 1), price: Price(ticks: 4_999_000)))) == nil
            seen = (desk.openOrders.count, desk.portfolio.positions[0].lots, isRefused)
        }
        world.core?.stop(.interrupted)
        // A fill crosses the cancel.
        world.venue.fill(0, lots: 30, .maker)
        #expect(seen == nil)
        world.run(20)
        #expect(seen?.open == 0 && seen?.lots == 30 && seen?.isRefused == true)
        #expect(world.puppet.stopped == ["interrupted"] && world.ending == .interrupted)
        #expect(world.puppet.states[OrderID(1)]?.last == "cancelled")
    }

    @Test("C26: an order of unknown fate for too long is told; it stays charged and unresolved")
    func unknown() throws {
        let world = try World()
        (world.venue.faults.lostNever, world.venue.faults.queryFailed, world.venue.faults.fill) = (1_000, 0, 0)
        try world.start()
        world.run(2)
        world.puppet.order(.buy, 10, at: 4_999_000)
        world.run(0.2)
        world.venue.faults.queryFailed = 1_000
        world.run(120)
        #expect(world.core?.venues[0].keeper.unknown.count == 1)
        #expect(world.alerts.contains { $0.alert.source == "C26" })
        #expect(world.core?.seat(0).engine.desk.openOrders.count == 1)
        world.puppet.order(.buy, 11, at: 4_998_000)
        world.run(0.5)
        #expect(world.books.refused["too_many_unknown"] == 1)
    }
}
