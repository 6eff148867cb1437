import Domain
import Risk
import Trading

extension FieldWriter {
    mutating func control(_ input: ControlInput) {
        switch input {
        case .venue(let status, let venue):
            choice(0, status.rawValue)
            text(venue)
        case .instrument(let status, let instrument):
            choice(1, status.rawValue)
            self.instrument(instrument)
        case .bookInvalid(let instrument):
            integer(UInt8(2))
            self.instrument(instrument)
        case .lock(let venue): tagged(3, venue)
        case .unlock(let venue): tagged(4, venue)
        case .state(let state, let instrument, let reason):
            choice(5, state.rawValue)
            optional(instrument)
            text(reason)
        case .arm(let reason): tagged(6, reason)
        case .balances(let venue, let balances):
            tagged(7, venue)
            self.balances(balances)
        case .foreign(let instrument, let exposure):
            integer(UInt8(8))
            self.instrument(instrument)
            foreign(exposure)
        case .reconciled(let report):
            integer(UInt8(9))
            reconciled(report)
        case .restore(let saved):
            integer(UInt8(10))
            blob(saved)
        case .pulse: integer(UInt8(11))
        case .verdict(let message): tagged(12, message)
        case .resubmit(let amendment):
            integer(UInt8(13))
            self.amendment(amendment)
        case .windDown(let reason): tagged(14, reason)
        }
    }

    private mutating func tagged(_ tag: UInt8, _ text: String) {
        integer(tag)
        self.text(text)
    }

    private mutating func balances(_ balances: [AccountBalance]) {
        integer(UInt32(balances.count))
        for balance in balances {
            text(balance.currency)
            decimal(balance.total)
            decimal(balance.available)
            flag(balance.isCredit)
        }
    }

    private mutating func foreign(_ exposure: ForeignExposure) {
        integer(exposure.positionLots)
        integer(exposure.buyLeavesLots)
        integer(exposure.sellLeavesLots)
        integer(Int64(exposure.liveOrders))
        integer(exposure.openValue.raw)
        integer(exposure.highestBuyTicks)
        integer(exposure.lowestSellTicks)
    }

    private mutating func reconciled(_ report: ReconcileReport) {
        integer(Int64(report.adopted))
        integer(Int64(report.cancelled))
        integer(Int64(report.fills))
        decimal(report.positionChange)
    }
}

extension JournalFields {
    mutating func control() throws(Malformed) -> ControlInput {
        switch try fields.integer(UInt8.self) {
        case 0:
            let status = try fields.choice(VenueStatus.self)
            return .venue(status, venue: try fields.text())
        case 1:
            let status = try fields.choice(VenueStatus.self)
            return .instrument(status, try instrument())
        case 2: return .bookInvalid(try instrument())
        case 3: return .lock(venue: try fields.text())
        case 4: return .unlock(venue: try fields.text())
        case 5:
            let state = try fields.choice(TradingState.self)
            let instrument = try optionalInstrument()
            return .state(state, instrument, reason: try fields.text())
        case 6: return .arm(reason: try fields.text())
        case 7:
            let venue = try fields.text()
            return .balances(venue: venue, try balances())
        case 8:
            let instrument = try instrument()
            return .foreign(instrument, try foreign())
        case 9: return .reconciled(try reconciled())
        case 10: return .restore(try fields.blob())
        case 11: return .pulse
        case 12: return .verdict(try fields.text())
        case 13: return .resubmit(try amendment())
        case 14: return .windDown(reason: try fields.text())
        case let other: throw fields.malformed("a control input's kind below 15 before it, found \(other)")
        }
    }

    private mutating func balances() throws(Malformed) -> [AccountBalance] {
        var balances: [AccountBalance] = []
        for _ in 0..<(try count()) {
            let (currency, total, available) = (try fields.text(), try fields.decimal(), try fields.decimal())
            balances.append(AccountBalance(currency: currency, total: total, available: available, isCredit: try fields.flag()))
        }
        return balances
    }

    private mutating func foreign() throws(Malformed) -> ForeignExposure {
        var exposure = ForeignExposure()
        exposure.positionLots = try fields.integer(Int64.self)
        exposure.buyLeavesLots = try fields.integer(Int64.self)
        exposure.sellLeavesLots = try fields.integer(Int64.self)
        exposure.liveOrders = Int(try fields.integer(Int64.self))
        exposure.openValue = try amount()
        exposure.highestBuyTicks = try fields.integer(Int64.self)
        exposure.lowestSellTicks = try fields.integer(Int64.self)
        return exposure
    }

    private mutating func reconciled() throws(Malformed) -> ReconcileReport {
        var report = ReconcileReport()
        report.adopted = Int(try fields.integer(Int64.self))
        report.cancelled = Int(try fields.integer(Int64.self))
        report.fills = Int(try fields.integer(Int64.self))
        report.positionChange = try fields.decimal()
        return report
    }
}
