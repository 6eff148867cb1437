import Backtesting
import Configuration
import Domain
import Exchange
import Glibc
import Report
import Trading

/// The models of a run, read from flags first, then from `[simulation]`, then their defaults.
struct SimulationModels {
    var rules = ExchangeRules()
    var latency = LatencyModel.none
    var latencyText = "0s/0s"
    var mark = MarkMode.mid
    var sample: Span?
    var calendar = YearCalendar.crypto
    var balances: [(currency: String, amount: Amount)] = []
    var isSpot = false
    var seed: UInt64 = 1
    var makerFee: ExactDecimal?
    var takerFee: ExactDecimal?
    /// Nil where no instruction is counted.
    var computeCost: ComputeCost?
    /// The file that asks for measured latencies, which a backtest has none of.
    private(set) var measuredLatencySource: String?

    /// - Parameter profile: of the venue that is simulated: what neither a flag nor the file says.
    init(_ flags: SimulationOptions, _ file: Settings.Simulation, profile: VenueProfile? = nil, path: String?) throws {
        if let profile { try take(profile) }
        /// A flag's text with its name for errors, else the file's.
        func pick(_ flag: String?, _ name: String, _ value: String?, _ key: String) -> Source? {
            if let flag { return Source(text: flag, name: "--\(name)") }
            return value.map { Source(text: $0, name: "\(path ?? "perigee.toml"): simulation.\(key)") }
        }
        if flags.latency == nil, file.latency == "measured" {
            measuredLatencySource = path ?? "perigee.toml"
        } else if let source = pick(flags.latency, "latency", file.latency, "latency") {
            latency = try source.latency()
            latencyText = source.isFile ? "file \(source.text.split(separator: "/").last ?? "")" : latency.text
        }
        if let source = pick(flags.queue, "queue", file.queue, "queue") { rules.queue = try source.queue() }
        if let source = pick(flags.fills, "fills", file.fills, "fills") {
            rules.fills = try source.choice([("partial", .partial), ("full", .full)])
        }
        if let source = pick(flags.slippage, "slippage", file.slippage, "slippage") { rules.slippage = try source.slippage() }
        if let source = pick(flags.maxBarShare, "max-bar-share", file.maxBarShare, "max_bar_share") { rules.maxBarShare = try source.share() }
        if let source = pick(flags.mark, "mark", file.mark, "mark") {
            mark = try source.choice(MarkMode.allCases.map { ($0.rawValue, $0) })
        }
        if let source = pick(flags.calendar, "calendar", file.calendar, "calendar") {
            calendar = try source.choice(YearCalendar.allCases.map { ($0.rawValue, $0) })
        }
        if let source = pick(flags.sample, "sample", nil, "sample") { sample = try source.duration() } else { sample = file.sample }
        makerFee = try pick(flags.makerFee, "maker-fee", nil, "maker_fee")?.rate() ?? file.makerFee
        takerFee = try pick(flags.takerFee, "taker-fee", nil, "taker_fee")?.rate() ?? file.takerFee
        isSpot = flags.spot || file.spot ?? isSpot
        seed = flags.seed ?? file.seed.map { UInt64(bitPattern: $0) } ?? 1
        let cost = pick(flags.computeCost, "compute-cost", file.computeCost, "compute_cost")
        if flags.strictBudget || file.strictBudget == true {
            computeCost = try cost?.computeCost() ?? ComputeCost(picoseconds: 1000)
        } else if let cost {
            throw Failure(.usage, "\(cost.name): found '\(cost.text)' without --strict-budget, which counts the instructions it is the cost of")
        }
        balances = try SimulationModels.balances(flags.balance, file.balance)
        rules.dealer = SimulationModels.dealer(file.dealer, seed: seed)
    }

    private static func dealer(_ file: Settings.Simulation.Dealer?, seed: UInt64) -> DealerModel {
        var model = DealerModel()
        // Of its own, so that a draw of the script's moves no quote.
        model.seed = seed ^ 0x7266_7121
        guard let file else { return model }
        model.venues = file.venues.map { Set($0) }
        if let tiers = file.tiers { model.tiers = tiers.map { DealerModel.Tier(upTo: $0.upTo, spread: $0.spread) } }
        model.life = file.life ?? model.life
        model.latency = file.latency ?? model.latency
        model.jitter = file.jitter ?? model.jitter
        model.lastLook = file.lastLook ?? model.lastLook
        model.tolerance = file.tolerance ?? model.tolerance
        model.declines = file.declines ?? model.declines
        return model
    }

    private mutating func take(_ profile: VenueProfile) throws {
        let name = "the profile of \(profile.venue)"
        latency = .constant(entry: profile.entry, response: profile.response)
        latencyText = latency.text
        rules.queue = try Source(text: profile.queue, name: name).queue()
        rules.fills = try Source(text: profile.fills, name: name).choice([("partial", .partial), ("full", .full)])
        isSpot = profile.rules.isSpot
    }

    private static func balances(_ flags: [String], _ file: [String: ExactDecimal]) throws -> [(currency: String, amount: Amount)] {
        if flags.isEmpty {
            return try file.sorted { $0.key < $1.key }.map { entry in
                guard let amount = Amount(entry.value) else {
                    throw Failure(.usage, "simulation.balance.\(entry.key): \(entry.value) is finer than 1e-24 or too large")
                }
                return (entry.key, amount)
            }
        }
        var balances: [(currency: String, amount: Amount)] = []
        for text in flags {
            let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
            guard parts.count == 2, !parts[0].isEmpty, let decimal = try? ExactDecimal(parts[1]), let amount = Amount(decimal), amount >= .zero
            else { throw Failure(.usage, "--balance: found '\(text)', expected CURRENCY=AMOUNT with an amount of zero or more, such as USDT=10000") }
            guard !balances.contains(where: { $0.currency == parts[0] }) else {
                throw Failure(.usage, "--balance: found '\(text)', a second amount of \(parts[0]); expected one for each currency")
            }
            balances.append((parts[0], amount))
        }
        return balances
    }

    /// As the report prints them.
    func texts(sample: Span) -> [NamedText] {
        var texts = [
            NamedText("latency", latencyText), NamedText("queue", rules.queue.text), NamedText("fills", rules.fills == .partial ? "partial" : "full"),
            NamedText("slippage", rules.slippage.text), NamedText("mark", mark.rawValue), NamedText("sample", sample.text),
            NamedText("calendar", calendar.rawValue), NamedText("spot", isSpot ? "yes" : "no"),
        ]
        if let computeCost {
            texts.append(NamedText("compute_cost", "\(ExactDecimal(mantissa: Int128(computeCost.picoseconds), scale: 3).normalized)ns/instr"))
        }
        if let share = rules.maxBarShare { texts.append(NamedText("max_bar_share", share.description)) }
        return texts
    }
}

extension QueueModel {
    var text: String {
        switch self {
        case .riskAverse: "risk-averse"
        case .power(let exponent): "power:\(exponent)"
        case .log: "log"
        case .fifo: "fifo"
        }
    }
}

extension Slippage {
    var text: String {
        switch self {
        case .ticks(let count): count == 0 ? "none" : "\(count) ticks"
        case .basisPoints(let points): "\(points) bps"
        }
    }
}
