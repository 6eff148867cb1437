import Domain

/// Turns what the recorder has counted into `summary.json`.
struct SummaryBuilder {
    let context: RunContext
    let instruments: [Instrument]
    let groups: GroupTallies
    let samples: SampleStatistics
    let drawdown: DrawdownStatistics
    let days: DayTally
    let markouts: Markouts
    let span: RunSpan
    let final: FinalState

    private var total: TradeTally { groups.total.trades }
    private var orders: OrderTally { groups.total.orders }

    func build() -> Summary {
        var members: [JSON.Member] = []
        for part in [identity, money, returns, drawdowns, trading, ordering, dayFigures, tables, provenance] {
            members.append(contentsOf: part.members)
        }
        return Summary(json: .object(members))
    }

    private var identity: JSON {
        .object([
            "strategy_name": .string(context.strategyName),
            "instruments": .array(instruments.map { .string($0.name) }),
            "reporting_currency": .string(context.reportingCurrency),
            "start_time": .time(span.start), "end_time": .time(span.end), "duration_ns": .integer(span.length.nanoseconds),
            "events": .integer(final.events),
            "outcome": .string(final.outcome),
            "outcome_reason": final.outcomeReason.isEmpty ? .null : .string(final.outcomeReason),
        ])
    }

    private var money: JSON {
        .object([
            "starting_equity": .amount(context.startingEquity),
            "starting_balances": balances(context.startingBalances),
            "final_equity": .amount(span.finalEquity),
            "final_cash": balances(final.cash),
            "final_position": .object(
                final.positions.map {
                    let instrument = instruments[$0.instrument.position]
                    return JSON.Member(key: instrument.name, value: .string(instrument.decimal(lots: $0.lots).description))
                }),
            "profit": .amount(span.finalEquity - context.startingEquity),
            "lowest_equity": .amount(span.lowest), "highest_equity": .amount(span.highest),
        ])
    }

    private func balances(_ balances: [Balance]) -> JSON {
        .object(balances.map { JSON.Member(key: $0.currency, value: .amount($0.amount)) })
    }

    private var returns: JSON {
        let perYear = samples.samplesPerYear
        let moments = samples.sums.moments
        return .object([
            "total_return": .ratio(totalReturn), "cagr": .ratio(cagr),
            "volatility": .ratio(moments.volatility(samplesPerYear: perYear)),
            "sharpe": .ratio(moments.sharpe(samplesPerYear: perYear)),
            "sortino": .ratio(moments.sortino(samplesPerYear: perYear)),
            "calmar": .ratio(calmar),
            "exposure": .ratio(samples.sums.meanExposure), "turnover": .ratio(turnover),
            "samples": .integer(samples.sums.count), "samples_per_year": .ratio(perYear > 0 ? perYear : nil),
            "sample_ns": .integer(context.samplePeriod.nanoseconds),
        ])
    }

    private var totalReturn: Double? {
        let start = context.startingEquity
        guard start.raw != 0 else { return nil }
        return finite((span.finalEquity - start).ratio(to: start))
    }

    /// `(E_end / E_start) ^ (365 d / (t_end − t_start)) − 1`.
    private var cagr: Double? {
        let start = context.startingEquity
        guard start.raw > 0, span.length > .zero, span.finalEquity >= .zero else { return nil }
        let growth = DoubleDouble(1) + DoubleDouble((span.finalEquity - start).units) / DoubleDouble(start.units)
        let years = DoubleDouble(Double(365 * Span.day.nanoseconds)) / DoubleDouble(Double(span.length.nanoseconds))
        return Power.raise(growth, to: years).flatMap { finite($0 - 1) }
    }

    private var calmar: Double? {
        guard let cagr, let deepest = drawdown.maximum, deepest > 0 else { return nil }
        return finite(cagr / deepest)
    }

    private var turnover: Double? {
        guard let mean = samples.sums.meanEquityRaw, mean != 0 else { return nil }
        return finite(total.notional.units / mean)
    }

    private var drawdowns: JSON {
        let deepest = drawdown.deepest
        let length = deepest.map { ($0.recovery ?? span.end) - $0.start }
        return .object([
            "max_drawdown": .ratio(drawdown.maximum),
            "max_drawdown_amount": .amount(deepest?.loss ?? .zero),
            "max_drawdown_start": .time(deepest?.start), "max_drawdown_trough": .time(deepest?.trough),
            "max_drawdown_recovery": .time(deepest?.recovery),
            "max_drawdown_duration_ns": length.map { .integer($0.nanoseconds) } ?? .null,
            "longest_drawdown_ns": .integer(drawdown.longest(until: span.end).nanoseconds),
        ])
    }

    private var trading: JSON {
        .object([
            "fills": .integer(total.fills), "buys": .integer(total.buys), "sells": .integer(total.fills - total.buys),
            "traded_notional": .amount(total.notional), "fees": .amount(total.fees),
            "maker_share": .ratio(total.makerShare),
            "trades": .integer(total.trades), "wins": .integer(total.wins), "losses": .integer(total.losses),
            "draws": .integer(total.trades - total.wins - total.losses),
            "win_rate": .ratio(total.winRate), "profit_factor": .ratio(total.profitFactor),
            "expectancy": .amount(total.expectancy), "realised_pnl": .amount(total.pnl),
            "average_win": .amount(total.averageWin), "average_loss": .amount(total.averageLoss),
            "best_trade": extreme(total.best), "worst_trade": extreme(total.worst),
            "max_consecutive_wins": .integer(total.longestWinStreak),
            "max_consecutive_losses": .integer(total.longestLossStreak),
            "average_holding_ns": total.averageHolding.map { .integer($0.nanoseconds) } ?? .null,
            "markouts": markouts.json,
        ])
    }

    private func extreme(_ trade: TradeTally.Extreme?) -> JSON {
        guard let trade else { return .null }
        return .object([
            "pnl": .amount(trade.pnl), "time": .time(trade.time),
            "instrument": .string(instruments[trade.instrument.position].name),
        ])
    }

    private var ordering: JSON {
        .object([
            "orders": .integer(orders.sent), "fill_ratio": .ratio(orders.fillRatio),
            "order_to_trade_ratio": .ratio(total.fills > 0 ? Double(orders.sent) / Double(total.fills) : nil),
            "orders_by_state": orders.states.json,
            "rejected_orders": .integer(orders.rejections.total), "rejected_orders_by_reason": orders.rejections.json,
        ])
    }

    private var dayFigures: JSON {
        .object([
            "days_up": .integer(days.up), "days_down": .integer(days.down), "days_flat": .integer(days.flat),
            "best_day": day(days.best), "worst_day": day(days.worst),
        ])
    }

    private func day(_ day: DayTally.Day?) -> JSON {
        guard let day else { return .null }
        return .object([
            "date": .string(CivilDate(day: day.day).text), "change": .amount(day.change), "return": .ratio(day.fraction),
        ])
    }

    private var tables: JSON {
        let positions = Dictionary(final.positions.map { ($0.instrument, $0.lots) }, uniquingKeysWith: { first, _ in first })
        let perInstrument = instruments.indices.map { index -> JSON in
            let id = InstrumentID(index: index)
            let own = instruments[index]
            let tally = groups.instruments[index]
            var members = [JSON.Member(key: "instrument", value: .string(own.name))] + tally.json.members
            members.append(JSON.Member(key: "final_position", value: .string(own.decimal(lots: positions[id] ?? 0).description)))
            members.append(JSON.Member(key: "market_change", value: .ratio(groups.marketChange(id))))
            return .object(members)
        }
        let perTag = groups.tags.map { tag -> JSON in
            .object([JSON.Member(key: "tag", value: .string(tag.name))] + tag.tally.json.members)
        }
        return .object(["per_instrument": .array(perInstrument), "per_tag": .array(perTag)])
    }

    private var provenance: JSON {
        .object([
            "strategy": .object(["name": .string(context.strategyName), "sha256": .string(context.strategySHA256)]),
            "inputs": .array(
                context.inputs.map {
                    .object(["path": .string($0.name), "sha256": .string($0.sha256), "records": .integer($0.records)])
                }),
            "seed": .integer(context.seed),
            "parameters": .object(context.parameters.map { JSON.Member(key: $0.name, value: $0.value.json) }),
            "models": .object(context.models.map { JSON.Member(key: $0.name, value: .string($0.text)) }),
            "engine_version": .string(context.engineVersion),
        ])
    }
}

/// From the first to the last row of `equity.csv`, and what equity did in between.
struct RunSpan: Sendable {
    private(set) var start = Timestamp(nanoseconds: 0)
    private(set) var end = Timestamp(nanoseconds: 0)
    private(set) var finalEquity: Amount
    private(set) var lowest: Amount
    private(set) var highest: Amount
    private var isEmpty = true

    init(startingEquity: Amount) { (finalEquity, lowest, highest) = (startingEquity, startingEquity, startingEquity) }

    mutating func row(_ row: EquityRow) {
        if isEmpty { start = row.time }
        isEmpty = false
        (end, finalEquity) = (row.time, row.equity)
        lowest = min(lowest, row.equity)
        highest = max(highest, row.equity)
    }

    var length: Span { end - start }
}
