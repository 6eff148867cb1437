import Domain

/// Limits as lines of `key = value`, in a fixed order: what the ledger keeps of them, and what tells a looser set from a tighter one (C28).
public struct LimitText: Hashable, Sendable {
    public struct Line: Hashable, Sendable {
        public var key: String
        public var value: String
    }

    /// One limit that lets more through than before; nil where there was or is none.
    public struct Change: Hashable, Sendable, CustomStringConvertible {
        public var key: String
        public var before: String?
        public var after: String?
        public var description: String { "\(key): \(before ?? "none") before, \(after ?? "none") now" }
    }

    public let lines: [Line]

    /// - Parameter live: What counts where the limits say nothing.
    public init(_ limits: RiskLimits, live: LiveDefaults? = nil) {
        var lines = LimitText.lines(limits.account, "")
        lines.append(Line(key: "self_match", value: limits.selfMatch.rawValue))
        for (strategy, instruments) in (limits.later.permit ?? [:]).sorted(by: { $0.key < $1.key }) {
            lines.append(Line(key: "permit.\(strategy)", value: instruments.sorted().joined(separator: " ")))
        }
        func add(_ key: String, _ value: String?) { if let value { lines.append(Line(key: key, value: value)) } }
        add("unknown.max", (limits.later.unknownMax ?? live?.unknownMax).map { "\($0)" })
        add("unknown.age", (limits.later.unknownAge ?? live?.unknownAge)?.text)
        add("break.tolerance", limits.later.breakTolerance?.description ?? (live == nil ? nil : "0"))
        add("break.age", limits.later.breakAge?.text ?? (live == nil ? nil : "30s"))
        add("quote_margin", (limits.later.quoteMargin ?? live?.quoteMargin)?.text)
        if limits.account.later.marketData?.maxAge == nil { add("market_data.max_age", live?.marketDataMaxAge.text) }
        if limits.account.later.fillTolerance == nil { add("fill_tolerance", live.map { ExactDecimal(mantissa: Int128($0.fillTolerance), scale: 9).normalized.description }) }
        for (name, scope) in limits.instruments.sorted(by: { $0.key < $1.key }) { lines += LimitText.lines(scope, "instrument.\(name).") }
        for (name, scope) in limits.strategies.sorted(by: { $0.key < $1.key }) { lines += LimitText.lines(scope, "strategy.\(name).") }
        self.lines = lines
    }

    /// Takes back what ``text`` gave.
    public init(text: String) {
        lines = text.split(separator: "\n").compactMap { line in
            guard let equals = line.firstRange(of: " = ") else { return nil }
            return Line(key: String(line[..<equals.lowerBound]), value: String(line[equals.upperBound...]))
        }
    }

    public var text: String { lines.map { "\($0.key) = \($0.value)\n" }.joined() }

    private static func lines(_ scope: RiskLimits.Scope, _ prefix: String) -> [Line] {
        var lines: [Line] = []
        func add(_ key: String, _ value: String?) { if let value { lines.append(Line(key: prefix + key, value: value)) } }
        for (base, most) in scope.maxOrderQuantity.sorted(by: { $0.key < $1.key }) { add("max_order_qty.\(base)", most.description) }
        add("max_order_value", scope.maxOrderValue?.description)
        add("price_collar.aggressive", scope.priceCollar?.aggressive?.description)
        add("price_collar.passive", scope.priceCollar?.passive?.description)
        add("price_collar.reference_max_age", scope.priceCollar?.referenceMaxAge?.text)
        add("max_open_orders", scope.maxOpenOrders.map { "\($0)" })
        add("max_open_value", scope.maxOpenValue?.description)
        for (base, most) in scope.maxPosition.sorted(by: { $0.key < $1.key }) { add("max_position.\(base)", most.description) }
        add("balance_haircut", scope.balanceHaircut?.description)
        add("duplicate_window", scope.duplicateWindow?.text)
        return lines + LimitText.lines(scope.later, prefix)
    }

    private static func lines(_ later: LaterLimits, _ prefix: String) -> [Line] {
        var lines: [Line] = []
        func add(_ key: String, _ value: String?) { if let value { lines.append(Line(key: prefix + key, value: value)) } }
        add("collar_over_time.drift", later.collarOverTime?.drift?.description)
        add("collar_over_time.slippage", later.collarOverTime?.slippage?.description)
        add("collar_over_time.per", later.collarOverTime?.per?.text)
        add("market_data.max_age", later.marketData?.maxAge?.text)
        add("market_data.grace", later.marketData?.grace?.text)
        add("messages.rate", later.messages?.rate.map { "\($0)" })
        add("messages.per", later.messages?.per?.text)
        add("messages.reserved_for_cancels", later.messages?.reservedForCancels.map { "\($0)" })
        add("repeated_fills.count", later.repeatedFills?.count.map { "\($0)" })
        add("repeated_fills.per", later.repeatedFills?.per?.text)
        add("max_gross", later.maxGross?.description)
        add("max_net", later.maxNet?.description)
        add("daily_loss", later.dailyLoss?.description)
        add("max_drawdown", later.maxDrawdown?.description)
        add("fill_tolerance", later.fillTolerance?.description)
        return lines
    }

    // MARK: - Comparing

    /// Keys of which more is tighter; of all others less is.
    private static let growing = ["balance_haircut", "duplicate_window", "collar_over_time.per", "messages.per", "messages.reserved_for_cancels", "repeated_fills.per", "quote_margin"]

    /// What lets more through than the older limits did, in the order of the keys there; an empty list where all is as tight or tighter.
    public func loosened(from old: LimitText) -> [Change] {
        var changes: [Change] = []
        for line in old.lines {
            let now = lines.first { $0.key == line.key }?.value
            if isLooser(line.key, line.value, now) { changes.append(Change(key: line.key, before: line.value, after: now)) }
        }
        // What came into being loosens only where its absence meant nothing allowed, or more of it is less.
        for line in lines where line.key.hasPrefix("permit.") && !old.lines.contains(where: { $0.key == line.key }) {
            if old.lines.contains(where: { $0.key.hasPrefix("permit.") }), !line.value.isEmpty { changes.append(Change(key: line.key, before: nil, after: line.value)) }
        }
        return changes
    }

    private func isLooser(_ key: String, _ before: String, _ now: String?) -> Bool {
        if key == "self_match" { return before == "deny" && now != "deny" }
        if key.hasPrefix("permit.") {
            // A strategy that is no longer named may nothing, as long as any is named.
            guard let now else { return !lines.contains { $0.key.hasPrefix("permit.") } }
            let known = before.split(separator: " ")
            return now.split(separator: " ").contains { !known.contains($0) }
        }
        let grows = LimitText.growing.contains { key == $0 || key.hasSuffix(".\($0)") }
        guard let now else { return true }
        guard let old = LimitText.number(before), let new = LimitText.number(now) else { return before != now }
        return grows ? old.isMore(than: new) : new.isMore(than: old)
    }

    private static func number(_ text: String) -> ExactDecimal? {
        if let number = try? ExactDecimal(text) { return number }
        return Span(text).map { ExactDecimal(mantissa: Int128($0.nanoseconds), scale: 9) }
    }
}
