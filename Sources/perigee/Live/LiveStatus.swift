import Configuration
import Domain
import Live
import Risk
import Scripting
import Trading

/// What people see of a run beside the desk's own snapshot: counts, latencies, limits in use. On the desk's event loop only.
final class LiveStatus {
    private(set) var ordersSent = 0
    private(set) var fills = 0
    private(set) var rejects = 0
    /// By instrument.
    private var records: [Int]
    private var isBookDoubted: [Bool]
    private var latencies: [(name: String, histogram: LatencyHistogram)] = []
    private var day = Int64.min
    private var dayStart = Amount.zero

    init(instruments: Int) {
        records = Array(repeating: 0, count: instruments)
        isBookDoubted = Array(repeating: false, count: instruments)
    }

    // MARK: - What happens

    func input(_ input: Input) {
        switch input {
        case .market(let record, let instrument):
            records[instrument] += 1
            if isBookDoubted[instrument], unsafe record.pointee.flags & MarketRecord.Flag.snapshot != 0 { isBookDoubted[instrument] = false }
        case .control(.bookInvalid(let instrument)): isBookDoubted[instrument.position] = true
        case .report, .barClose, .timer, .start, .stop, .lost, .control, .quote: break
        }
    }

    /// - Returns: How many orders are among them.
    func effects(_ effects: [Effect]) -> Int {
        var sent = 0
        for effect in effects { if case .submit = effect { sent += 1 } }
        ordersSent += sent
        return sent
    }

    func filled() { fills += 1 }
    func closed(_ order: OrderRecord) { if order.isSent, order.stateName == "rejected" { rejects += 1 } }

    /// A duration of one of the paths that `docs/live.md` names.
    func record(_ path: String, _ span: Span) {
        if let place = latencies.firstIndex(where: { $0.name == path }) { return latencies[place].histogram.record(span) }
        var made = LatencyHistogram()
        made.record(span)
        latencies.append((path, made))
    }

    // MARK: - What is seen

    func complete(_ snapshot: inout StatusSnapshot, _ core: DeskCore<LuaStrategy>, seats: Int, limits: RiskLimits) {
        (snapshot.ordersSent, snapshot.fills, snapshot.rejects) = (ordersSent, fills, rejects)
        for index in snapshot.feeds.indices where index < records.count {
            snapshot.feeds[index].records = records[index]
            if isBookDoubted[index] { snapshot.feeds[index].isValid = false }
        }
        snapshot.latencies = latencies.map { StatusSnapshot.Latency(name: $0.name, $0.histogram) }
        snapshot.positions = positions(core, seats)
        let profit = profit(core, seats)
        let today = snapshot.time.nanoseconds / Span.day.nanoseconds
        if today != day { (day, dayStart) = (today, profit) }
        snapshot.profitToday = (profit - dayStart).decimal
        snapshot.limits = self.limits(core, seats, limits.account, lost: dayStart - profit)
    }

    /// Over all strategies, as the venue has it.
    private func positions(_ core: DeskCore<LuaStrategy>, _ seats: Int) -> [StatusSnapshot.Position] {
        core.plan.instruments.enumerated().compactMap { index, instrument in
            var lots: Int64 = 0
            var cost = Amount.zero
            var (realised, unrealised) = (Amount.zero, Amount.zero)
            for seat in 0..<seats {
                let desk = core.seat(seat).engine.desk.portfolio.positions[index]
                let profit = core.seat(seat).engine.desk.profit(index)
                lots += desk.lots
                cost += desk.lots < 0 ? -desk.cost : desk.cost
                realised += profit.realised
                unrealised += profit.unrealised
            }
            guard lots != 0 || realised != .zero else { return nil }
            let size = instrument.decimal(lots: lots)
            // In ten-thousandths of a tick: for people.
            let average = lots == 0 ? nil : instrument.tick * ExactDecimal(mantissa: cost.raw * 10_000 / (instrument.tickLot.raw * Int128(lots)), scale: 4)
            return StatusSnapshot.Position(
                instrument: instrument.name, quantity: size, averagePrice: average, realised: realised.decimal, unrealised: unrealised.decimal)
        }
    }

    private func profit(_ core: DeskCore<LuaStrategy>, _ seats: Int) -> Amount {
        var sum = Amount.zero
        for seat in 0..<seats {
            for index in core.plan.instruments.indices {
                let own = core.seat(seat).engine.desk.profit(index)
                sum += core.seat(seat).engine.desk.reported(own.realised + own.unrealised, of: InstrumentID(index: index))
            }
        }
        return sum
    }

    private func limits(_ core: DeskCore<LuaStrategy>, _ seats: Int, _ account: RiskLimits.Scope, lost: Amount) -> [StatusSnapshot.Limit] {
        var (orders, value) = (0, Amount.zero)
        var worst: [(base: String, used: ExactDecimal)] = []
        for (index, instrument) in core.plan.instruments.enumerated() {
            var own = ForeignExposure()
            for seat in 0..<seats { own.add(core.seat(seat).engine.desk.ownExposure(InstrumentID(index: index))) }
            orders += own.liveOrders
            value += own.openValue
            let lots = max(abs(own.positionLots + own.buyLeavesLots), abs(own.positionLots - own.sellLeavesLots))
            worst.append((instrument.base, instrument.decimal(lots: lots)))
        }
        var list: [StatusSnapshot.Limit] = []
        if let most = account.maxOpenOrders {
            list.append(.init(name: "max_open_orders", used: ExactDecimal(mantissa: Int128(orders), scale: 0), limit: ExactDecimal(mantissa: Int128(most), scale: 0)))
        }
        if let most = account.maxOpenValue { list.append(.init(name: "max_open_value", used: value.decimal, limit: most.decimal)) }
        for (base, used) in worst {
            guard let most = account.maxPosition[base] else { continue }
            list.append(.init(name: "max_position.\(base)", used: used, limit: most))
        }
        if let most = account.later.dailyLoss { list.append(.init(name: "daily_loss", used: max(lost, .zero).decimal, limit: most.decimal)) }
        return list
    }
}
