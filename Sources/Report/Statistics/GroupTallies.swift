import Domain

/// Fills and orders of one group: the run, an instrument, a tag.
struct GroupTally: Sendable {
    var trades = TradeTally()
    var orders = OrderTally()

    var json: JSON {
        .object([
            "fills": .integer(trades.fills), "orders": .integer(orders.sent), "trades": .integer(trades.trades),
            "wins": .integer(trades.wins), "losses": .integer(trades.losses),
            "draws": .integer(trades.trades - trades.wins - trades.losses),
            "win_rate": .ratio(trades.winRate), "profit_factor": .ratio(trades.profitFactor),
            "expectancy": .amount(trades.expectancy), "realised_pnl": .amount(trades.pnl),
            "best_trade": .amount(trades.best?.pnl), "worst_trade": .amount(trades.worst?.pnl),
            "traded_notional": .amount(trades.notional), "fees": .amount(trades.fees),
            "maker_share": .ratio(trades.makerShare), "fill_ratio": .ratio(orders.fillRatio),
            "average_holding_ns": trades.averageHolding.map { .integer($0.nanoseconds) } ?? .null,
        ])
    }
}

/// The run's tallies, and those of each instrument and tag.
struct GroupTallies: Sendable {
    /// Tags come from the script: past this many distinct ones the rest is one row, so that memory stays bounded.
    static let tagLimit = 1000
    static let otherTags = "(other tags)"

    private let catalogue: [Instrument]
    private(set) var total = GroupTally()
    private(set) var instruments: [GroupTally]
    /// In order of first appearance; without the fills and orders that have no tag.
    private(set) var tags: [(name: String, tally: GroupTally)] = []
    private var tagIndex: [String: Int] = [:]
    private var clocks: [EntryClock]
    private var firstMid: [Int64?]
    private var lastMid: [Int64?]

    init(instruments: [Instrument]) {
        catalogue = instruments
        self.instruments = instruments.map { _ in GroupTally() }
        clocks = instruments.map { _ in EntryClock() }
        firstMid = instruments.map { _ in nil }
        lastMid = instruments.map { _ in nil }
    }

    mutating func fill(_ row: FillRow) {
        let index = row.instrument.position
        let own = catalogue[index]
        let notional = row.notional ?? own.notional(row.price, row.quantity)
        let fee = row.feeValue ?? row.fee
        let held = clocks[index].fill(row)
        let closed = notional.scaled(by: Int128(row.reducedLots), over: Int128(max(row.quantity.lots, 1)))
        let tag = tagPosition(row.tag)
        each(index, tag) { tally in
            tally.trades.fill(row, notional: notional, fee: fee)
            if row.reducedLots > 0 { tally.trades.trade(row, held: held, closedNotional: closed) }
        }
    }

    mutating func order(_ row: OrderRow) {
        let own = catalogue[row.instrument.position]
        each(row.instrument.position, tagPosition(row.tag)) { $0.orders.order(row, own) }
    }

    mutating func mid(_ instrument: InstrumentID, _ doubledTicks: Int64) {
        if firstMid[instrument.position] == nil { firstMid[instrument.position] = doubledTicks }
        lastMid[instrument.position] = doubledTicks
    }

    /// Last mid against first, as a fraction.
    func marketChange(_ instrument: InstrumentID) -> Double? {
        guard let first = firstMid[instrument.position], let last = lastMid[instrument.position], first != 0 else { return nil }
        return Double(last - first) / Double(first)
    }

    private mutating func each(_ instrument: Int, _ tag: Int?, _ body: (inout GroupTally) -> Void) {
        body(&total)
        body(&instruments[instrument])
        if let tag { body(&tags[tag].tally) }
    }

    private mutating func tagPosition(_ name: String) -> Int? {
        if name.isEmpty { return nil }
        if let index = tagIndex[name] { return index }
        if tags.count > GroupTallies.tagLimit { return GroupTallies.tagLimit }
        let isLast = tags.count == GroupTallies.tagLimit
        if !isLast { tagIndex[name] = tags.count }
        tags.append((isLast ? GroupTallies.otherTags : name, GroupTally()))
        return tags.count - 1
    }
}
