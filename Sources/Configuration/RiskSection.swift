import Domain
import Risk

extension RiskLimits {
    /// `[risk]` with `[risk.instrument."venue:SYMBOL"]` and `[risk.strategy.NAME]`.
    init(_ table: Section) throws(ConfigurationError) {
        self.init()
        account = try Scope(table, base: nil)
        selfMatch = try table.choice("self_match", SelfMatch.self) ?? .deny
        try readAccount(table)
        if let named = try table.section("instrument") {
            for name in named.keys {
                guard let colon = name.firstIndex(of: ":"), colon != name.startIndex, let section = try named.section(name) else {
                    throw named.error(name, found: "\"\(name)\"", expected: "an instrument as \"venue:SYMBOL\"")
                }
                let symbol = name[name.index(after: colon)...]
                instruments[name] = try Scope(section, base: symbol.firstIndex(of: "_").map { String(symbol[..<$0]) }, isInstrument: true)
                try section.finish()
            }
        }
        if let section = try table.section("canary") {
            canary = try Scope(section, base: nil)
            try section.finish()
        }
        if let named = try table.section("strategy") {
            for name in named.keys {
                guard let section = try named.section(name) else { continue }
                strategies[name] = try Scope(section, base: nil)
                try section.finish()
            }
        }
    }

    private mutating func readAccount(_ table: Section) throws(ConfigurationError) {
        if let permit = try table.section("permit") {
            var lists: [String: [String]] = [:]
            for name in permit.keys { lists[name] = try permit.strings(name) }
            later.permit = lists
        }
        if let unknown = try table.section("unknown") {
            later.unknownMax = try unknown.count("max")
            later.unknownAge = try unknown.span("age")
            try unknown.finish()
        }
        later.quoteMargin = try table.span("quote_margin")
        if let difference = try table.section("break") {
            later.breakTolerance = try difference.decimal("tolerance")
            later.breakAge = try difference.span("age")
            try difference.finish()
        }
    }
}

extension RiskLimits.Scope {
    /// - Parameter base: The base currency of an instrument's own scope, whose quantities need no table.
    /// - Parameter isInstrument: Without what is counted over the account or a venue only.
    init(_ table: Section, base: String?, isInstrument: Bool = false) throws(ConfigurationError) {
        self.init()
        maxOrderQuantity = try table.decimals("max_order_qty", alone: base) ?? [:]
        maxOrderValue = try table.amount("max_order_value")
        if let collar = try table.section("price_collar") {
            priceCollar = RiskLimits.PriceCollar(
                aggressive: try collar.fraction("aggressive"), passive: try collar.fraction("passive"),
                referenceMaxAge: try collar.span("reference_max_age"))
            try collar.finish()
        }
        maxOpenOrders = try table.count("max_open_orders")
        maxOpenValue = try table.amount("max_open_value")
        maxPosition = try table.decimals("max_position", alone: base) ?? [:]
        balanceHaircut = try table.fraction("balance_haircut", atMost: .one)
        duplicateWindow = try table.span("duplicate_window")
        later = try LaterLimits(table, isInstrument: isInstrument)
    }
}

extension LaterLimits {
    init(_ table: Section, isInstrument: Bool) throws(ConfigurationError) {
        self.init()
        fillTolerance = try table.fraction("fill_tolerance")
        if let section = try table.section("collar_over_time") {
            var limit = CollarOverTime()
            limit.drift = try section.fraction("drift")
            limit.slippage = try section.fraction("slippage")
            limit.per = try section.span("per")
            collarOverTime = limit
            try section.finish()
        }
        if let section = try table.section("market_data") {
            var limit = MarketData()
            limit.maxAge = try section.span("max_age")
            limit.grace = try section.span("grace")
            marketData = limit
            try section.finish()
        }
        if isInstrument { return }
        if let section = try table.section("messages") {
            var limit = Messages()
            limit.rate = try section.count("rate")
            limit.per = try section.span("per")
            limit.reservedForCancels = try section.count("reserved_for_cancels")
            messages = limit
            try section.finish()
        }
        if let section = try table.section("repeated_fills") {
            var limit = RepeatedFills()
            limit.count = try section.count("count")
            limit.per = try section.span("per")
            repeatedFills = limit
            try section.finish()
        }
        maxGross = try table.amount("max_gross")
        maxNet = try table.amount("max_net")
        dailyLoss = try table.amount("daily_loss")
        maxDrawdown = try table.fraction("max_drawdown", atMost: .one)
    }
}
