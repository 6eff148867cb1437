import Domain
import Testing

@testable import Trading

/// The table finds orders by subtraction; a dictionary beside it says what should be there.
struct OrderTableTests {
    private struct Twin {
        var open: [UInt64: Bool] = [:]
        var live: [UInt64] = []
        var finals: [UInt64] = []
    }

    private func request(_ id: OrderID, _ instrument: Int) -> OrderRequest {
        OrderRequest(
            id: id, instrument: InstrumentID(index: instrument), side: .buy, type: .limit, quantity: Quantity(lots: 1),
            price: Price(ticks: 5))
    }

    /// Opens, closes, drops and retires at random, with one order that outlives all others.
    @Test(arguments: [1, 7, 42] as [UInt64]) func aDictionaryAgrees(seed: UInt64) {
        var random = seed
        func next(_ bound: UInt64) -> UInt64 {
            random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return (random >> 33) % bound
        }
        var table = OrderTable(instrumentCount: 1)
        var twin = Twin()
        for _ in 0..<30_000 {
            if next(5) < 2 || twin.live.count < 3 {
                let id = table.nextID()
                table.open(request(id, 0), at: Timestamp(nanoseconds: 1))
                twin.open[id.raw] = true
                twin.live.append(id.raw)
            } else {
                let place = Int(1 + next(UInt64(twin.live.count - 1)))  // the first one stays for ever
                let id = OrderID(twin.live.remove(at: place))
                if next(10) == 0 {
                    table.drop(id)
                    twin.open[id.raw] = nil
                } else {
                    close(id, &table, &twin)
                }
            }
        }
        #expect(table.live(InstrumentID(index: 0)).map(\.raw) == twin.live, "seed \(seed)")
        for raw in 0..<(table.nextID().raw + 2) {
            let found = table[OrderID(raw)]
            #expect(found.map(\.order.isOpen) == twin.open[raw] && (found == nil || found?.order.id.raw == raw), "seed \(seed), order \(raw)")
        }
    }

    private func close(_ id: OrderID, _ table: inout OrderTable, _ twin: inout Twin) {
        _ = table.update(id) { $0.order.refuse(at: Timestamp(nanoseconds: 2)) }
        let evicted = table.retire(id)
        twin.open[id.raw] = false
        twin.finals.append(id.raw)
        if twin.finals.count > OrderTable.retainedFinalOrders {
            let oldest = twin.finals.removeFirst()
            twin.open[oldest] = nil
            #expect(evicted?.raw == oldest)
        } else {
            #expect(evicted == nil)
        }
    }
}
