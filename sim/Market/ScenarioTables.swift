internal import Domain

/// The tables of a scenario file, one function each; the defaults stand in the parameter types.
extension Scenario {
    static func orderBook(
        _ reader: inout SettingsReader, seed: UInt64
    ) throws(ScenarioError) -> (Model, [Instrument]) {
        let level = try reader.integer("feed.level", 2, 2...3)
        let (instrument, price) = try instrument(0, &reader, kind: level == 3 ? .level3 : .level2, interval: .zero)
        let lot = instrument.lot
        var orders = OrderFlow.Parameters()
        orders.seed = seed
        orders.startTicks = price
        orders.dayShape = try reader.number("day_shape", orders.dayShape, 0...1)
        orders.fairValue = try fairValue(&reader)
        orders.makers = try makers(&reader, lot)
        orders.takers = try takers(&reader, lot)
        orders.crowd = try crowd(&reader, lot)
        orders.informed = try informed(&reader, lot)
        orders.momentum = try momentum(&reader, lot)
        orders.patient = try patient(&reader, lot)
        orders.resolution = try reader.span("feed.exchange_clock", "1ms", from: "1ns", to: "1s").nanoseconds
        var feed = TapeFeed.Parameters()
        feed.seed = seed
        feed.level = level == 3 ? .three : .two
        feed.depthInterval = try reader.span("feed.depth_interval", "100ms", from: "0s", to: "1h").nanoseconds
        feed.latency = try reader.span("feed.latency", "2ms", from: "0s", to: "1h").nanoseconds
        feed.jitter = try reader.span("feed.jitter", "500us", from: "0s", to: "1h").nanoseconds
        feed.resolution = try reader.span("feed.local_clock", "100us", from: "1ns", to: "1s").nanoseconds
        return (.orderBook(orders, feed), [instrument])
    }

    static func bars(
        _ reader: inout SettingsReader, seed: UInt64, duration: Span
    ) throws(ScenarioError) -> (Model, [Instrument]) {
        var bars = BarMarket.Parameters()
        bars.seed = seed
        let interval = try reader.span("bars.interval", "1m", from: "1s", to: "1d")
        guard duration.nanoseconds % interval.nanoseconds == 0 else {
            throw ScenarioError("duration", "is \(duration.text); a whole number of bars of \(interval.text) was expected")
        }
        bars.interval = interval.nanoseconds
        bars.steps = Int(try reader.integer("bars.steps", 6, 2...1000))
        bars.dayShape = try reader.number("day_shape", bars.dayShape, 0...1)
        bars.fairValue = try fairValue(&reader)
        (bars.startTicks, bars.volumeLots, bars.trades) = ([], [], [])
        var instruments: [Instrument] = []
        for index in 0..<(reader.has("instrument.1.") ? 2 : 1) {
            let (made, price) = try instrument(index, &reader, kind: .bars, interval: interval)
            let volume = try lots(&reader, "instrument.\(index).volume", "30", made.lot)
            bars.startTicks.append(price)
            bars.volumeLots.append(Double(volume))
            bars.trades.append(try reader.number("instrument.\(index).trades", 40, 1...1e6))
            instruments.append(made)
        }
        if instruments.count == 2 {
            bars.beta = try reader.number("pair.beta", bars.beta, -5...5)
            bars.spread = try reader.number("pair.spread", bars.spread, 0...1)
            bars.spreadSeconds = try reader.seconds("pair.spread_time", "8h", from: "1s", to: "3650d")
        }
        return (.bars(bars), instruments)
    }

    private static func instrument(
        _ index: Int, _ reader: inout SettingsReader, kind: DataKind, interval: Span
    ) throws(ScenarioError) -> (Instrument, ticks: Double) {
        let table = "instrument.\(index)"
        let name = try reader.text("\(table).name")
        let parts = name.split(separator: ":", omittingEmptySubsequences: false)
        let codes = (parts.last ?? "").split(separator: "_", omittingEmptySubsequences: false)
        guard parts.count == 2, codes.count == 2, !parts[0].isEmpty, !codes[0].isEmpty, !codes[1].isEmpty else {
            throw ScenarioError("\(table).name", "is \"\(name)\"; a name such as \"sim:BTC_USDT\" was expected")
        }
        let tick = try reader.decimal("\(table).tick")
        let lot = try reader.decimal("\(table).lot")
        let makerFee = try reader.decimal("\(table).maker_fee", "0")
        let takerFee = try reader.decimal("\(table).taker_fee", "0")
        let price = try reader.decimal("\(table).price")
        let made: Instrument
        do {
            made = try Instrument(
                venue: String(parts[0]), symbol: String(parts[1]), nativeSymbol: String(codes[0] + codes[1]),
                base: String(codes[0]), quote: String(codes[1]), tick: tick, lot: lot,
                makerFee: makerFee, takerFee: takerFee, barInterval: interval, dataKind: kind)
        } catch {
            throw ScenarioError(table, "is not possible: \(error.message)")
        }
        guard let ticks = price.multiple(of: tick), (100...2_000_000).contains(ticks) else {
            throw ScenarioError("\(table).price", "is \(price); a multiple of the tick \(tick), from 100 to 2,000,000 ticks, was expected")
        }
        return (made, Double(ticks))
    }

    /// A size in base units, as lots.
    private static func lots(
        _ reader: inout SettingsReader, _ key: String, _ standard: String, _ lot: ExactDecimal
    ) throws(ScenarioError) -> Int64 {
        let size = try reader.decimal(key, standard)
        guard let lots = size.multiple(of: lot), lots > 0, lots < 1 << 40 else {
            throw ScenarioError(key, "is \(size); a multiple of the lot \(lot) above zero was expected")
        }
        return lots
    }

    private static func fairValue(_ reader: inout SettingsReader) throws(ScenarioError) -> FairValue.Parameters {
        var fair = FairValue.Parameters()
        fair.volatility = try reader.number("fair_value.volatility", fair.volatility, 0...10)
        fair.clustering = try reader.number("fair_value.clustering", fair.clustering, 0...2)
        fair.clusteringSeconds = try reader.seconds("fair_value.clustering_time", "1h", from: "1s", to: "3650d")
        fair.trend = try reader.number("fair_value.trend", fair.trend, 0...10)
        fair.trendSeconds = try reader.seconds("fair_value.trend_time", "20m", from: "1s", to: "3650d")
        fair.reversionSeconds = try reader.seconds("fair_value.reversion", "0s", from: "0s", to: "3650d")
        fair.jumpsPerDay = try reader.number("fair_value.jumps_per_day", fair.jumpsPerDay, 0...10_000)
        fair.jump = try reader.number("fair_value.jump", fair.jump, 0...0.5)
        return fair
    }

    private static func makers(
        _ reader: inout SettingsReader, _ lot: ExactDecimal
    ) throws(ScenarioError) -> MarketMaker.Parameters {
        var makers = MarketMaker.Parameters()
        makers.count = Int(try reader.integer("makers.count", Int64(makers.count), 1...100))
        makers.levels = Int(try reader.integer("makers.levels", Int64(makers.levels), 1...50))
        makers.halfSpreadTicks = try reader.number("makers.half_spread_ticks", makers.halfSpreadTicks, 0...10_000)
        makers.errorTicks = try reader.number("makers.error_ticks", makers.errorTicks, 0...10_000)
        makers.delaySeconds = try reader.seconds("makers.delay", "300ms", from: "0s", to: "1h")
        makers.requoteSeconds = try reader.seconds("makers.requote", "800ms", from: "51ms", to: "1h")
        makers.lots = try lots(&reader, "makers.size", "0.2", lot)
        makers.inventoryLots = try lots(&reader, "makers.inventory", "4", lot)
        makers.unloading = try reader.integer("makers.unloading", makers.unloading, 1...1_000_000_000)
        return makers
    }

    private static func takers(
        _ reader: inout SettingsReader, _ lot: ExactDecimal
    ) throws(ScenarioError) -> NoiseTakers.Parameters {
        var takers = NoiseTakers.Parameters()
        takers.ratePerSecond = try reader.number("takers.rate", takers.ratePerSecond, 1e-6...1000)
        takers.excitation = try reader.number("takers.excitation", takers.excitation, 0...0.95)
        takers.crossExcitation = try reader.number("takers.cross_excitation", takers.crossExcitation, 0...0.95)
        guard takers.excitation + takers.crossExcitation <= 0.95 else {
            throw ScenarioError(
                "takers.cross_excitation", "and takers.excitation are \(takers.excitation + takers.crossExcitation) together; "
                    + "at most 0.95 was expected, or orders would provoke each other without end")
        }
        takers.decaySeconds = try reader.seconds("takers.decay", "3s", from: "1ms", to: "1h")
        takers.lots = try lots(&reader, "takers.size", "0.08", lot)
        return takers
    }

    private static func crowd(_ reader: inout SettingsReader, _ lot: ExactDecimal) throws(ScenarioError) -> Crowd.Parameters {
        var crowd = Crowd.Parameters()
        crowd.ratePerSecond = try reader.number("crowd.rate", crowd.ratePerSecond, 1e-6...1000)
        crowd.lifetimeSeconds = try reader.seconds("crowd.lifetime", "120s", from: "10ms", to: "1d")
        crowd.depthTicks = try reader.number("crowd.depth_ticks", crowd.depthTicks, 0...10_000)
        crowd.lots = try lots(&reader, "crowd.size", "0.15", lot)
        return crowd
    }

    private static func informed(
        _ reader: inout SettingsReader, _ lot: ExactDecimal
    ) throws(ScenarioError) -> InformedTraders.Parameters {
        var informed = InformedTraders.Parameters()
        informed.ratePerSecond = try reader.number("informed.rate", informed.ratePerSecond, 1e-6...1000)
        informed.horizonSeconds = try reader.seconds("informed.horizon", "2s", from: "100ms", to: "1h")
        informed.thresholdTicks = try reader.number("informed.threshold_ticks", informed.thresholdTicks, 0...10_000)
        informed.lots = try lots(&reader, "informed.size", "0.12", lot)
        return informed
    }

    private static func momentum(
        _ reader: inout SettingsReader, _ lot: ExactDecimal
    ) throws(ScenarioError) -> MomentumTraders.Parameters {
        var momentum = MomentumTraders.Parameters()
        momentum.everySeconds = try reader.seconds("momentum.every", "1s", from: "10ms", to: "1h")
        momentum.fastSeconds = try reader.seconds("momentum.fast", "15s", from: "10ms", to: "1d")
        momentum.slowSeconds = try reader.seconds("momentum.slow", "90s", from: "10ms", to: "1d")
        momentum.thresholdTicks = try reader.number("momentum.threshold_ticks", momentum.thresholdTicks, 0...10_000)
        momentum.chance = try reader.number("momentum.chance", momentum.chance, 0...1)
        momentum.lots = try lots(&reader, "momentum.size", "0.06", lot)
        return momentum
    }

    private static func patient(
        _ reader: inout SettingsReader, _ lot: ExactDecimal
    ) throws(ScenarioError) -> PatientTrader.Parameters {
        var patient = PatientTrader.Parameters()
        patient.everySeconds = try reader.seconds("patient.every", "25m", from: "1s", to: "365d")
        patient.lastingSeconds = try reader.seconds("patient.lasting", "7m", from: "1s", to: "1d")
        patient.lots = try lots(&reader, "patient.size", "6", lot)
        patient.shownLots = try lots(&reader, "patient.shown", "0.2", lot)
        return patient
    }
}
