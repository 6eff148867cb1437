import Domain

extension Settings.Simulation {
    init(_ table: Section, folder: Folder) throws(ConfigurationError) {
        self.init()
        latency = try table.checked("latency", "\"5ms/5ms\", \"feed:a,b\", \"measured\" or a file", Settings.Simulation.isLatency)
            .map { Settings.Simulation.isFile($0) ? folder.resolve($0) : $0 }
        queue = try table.checked("queue", "risk-averse, fifo, log or power:N", Settings.Simulation.isQueue)
        fills = try table.checked("fills", "partial or full") { ["partial", "full"].contains($0) }
        slippage = try table.checked("slippage", "\"1tick\" or \"5bps\"") { Settings.Simulation.isNumber($0, ["ticks", "tick", "bps"]) }
        maxBarShare = try table.checked("max_bar_share", "\"10%\"") { Settings.Simulation.isNumber($0, ["%"]) }
        spot = try table.boolean("spot")
        mark = try table.checked("mark", "mid, last or adverse") { ["mid", "last", "adverse"].contains($0) }
        sample = try table.span("sample")
        calendar = try table.checked("calendar", "crypto or equity") { ["crypto", "equity"].contains($0) }
        makerFee = try table.decimal("maker_fee", least: nil)
        takerFee = try table.decimal("taker_fee", least: nil)
        balance = try table.decimals("balance") ?? [:]
        seed = try table.integer("seed")
        strictBudget = try table.boolean("strict_budget")
        computeCost = try table.string("compute_cost")
        if let section = try table.section("rfq") { dealer = try Dealer(section) }
        if let span = sample, span <= .zero { throw table.error("sample", found: "\"\(span.text)\"", expected: "a duration above zero") }
        try table.finish()
    }

    private static func isLatency(_ text: String) -> Bool {
        if text == "measured" || isFile(text) { return true }
        if text.hasPrefix("feed:") {
            let parts = text.dropFirst(5).split(separator: ",", omittingEmptySubsequences: false)
            guard parts.count == 2 else { return false }
            return (try? ExactDecimal(String(parts[0]))) != nil && Span(String(parts[1])) != nil
        }
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        return parts.count == 2 && parts.allSatisfy { part in Span(String(part)).map { $0 >= .zero } ?? false }
    }

    /// A latency that is none of the models is a file; it has a letter-led extension, `lat.tape`.
    private static func isFile(_ text: String) -> Bool {
        guard !text.hasPrefix("feed:"), let dot = text.lastIndex(of: ".") else { return false }
        let tail = text[text.index(after: dot)...]
        return tail.utf8.first.map { ($0 | 0x20) >= 97 && ($0 | 0x20) <= 122 } ?? false
    }

    static func isQueue(_ text: String) -> Bool {
        if ["risk-averse", "fifo", "log"].contains(text) { return true }
        guard text.hasPrefix("power:"), let power = try? ExactDecimal(String(text.dropFirst(6))) else { return false }
        return power.mantissa > 0
    }

    private static func isNumber(_ text: String, _ suffixes: [String]) -> Bool {
        guard let suffix = suffixes.first(where: text.hasSuffix),
            let number = try? ExactDecimal(String(text.dropLast(suffix.count)))
        else { return false }
        return number.mantissa >= 0
    }
}

extension Section {
    /// A string that passes a test.
    func checked(
        _ key: String, _ expected: String, _ isGood: (String) -> Bool
    ) throws(ConfigurationError) -> String? {
        guard let text = try string(key) else { return nil }
        guard isGood(text) else { throw error(key, found: "\"\(text.prefix(80))\"", expected: expected) }
        return text
    }
}

extension Settings.Simulation.Dealer {
    init(_ table: Section) throws(ConfigurationError) {
        self.init()
        venues = try table.strings("venues")
        life = try table.span("life")
        latency = try table.span("latency")
        jitter = try table.span("jitter")
        lastLook = try table.span("last_look")
        tolerance = try table.fraction("tolerance")
        declines = try table.fraction("declines", atMost: .one)
        if let span = life, span == .zero { throw table.error("life", found: "\"0s\"", expected: "a duration above zero") }
        let list = try table.sections("tiers")
        if !list.isEmpty { tiers = try Settings.Simulation.Dealer.read(list) }
        try table.finish()
    }

    private static func read(_ list: [Section]) throws(ConfigurationError) -> [Tier] {
        var tiers: [Tier] = []
        for table in list {
            guard let upTo = try table.amount("up_to") else { throw table.error("up_to is missing; it is a value in the quote currency") }
            guard let spread = try table.fraction("spread", atMost: .one) else { throw table.error("spread is missing; it is a fraction such as \"10bps\"") }
            if let last = tiers.last, upTo <= last.upTo {
                throw table.error("up_to", found: "\(upTo)", expected: "more than the tier before it, \(last.upTo)")
            }
            tiers.append(Tier(upTo: upTo, spread: spread))
            try table.finish()
        }
        return tiers
    }
}
