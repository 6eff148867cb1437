import Domain
import Risk
import Testing

/// SplitMix64.
struct Random {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
    mutating func pick(_ range: ClosedRange<Int64>) -> Int64 {
        range.lowerBound + Int64(next() % UInt64(range.upperBound - range.lowerBound + 1))
    }
    mutating func chance(_ oneIn: UInt64) -> Bool { next() % oneIn == 0 }
}

/// Numbers at one scale of 24 digits: slow, plain, and without any of the gate's resolved limits.
private struct Number: Comparable {
    var raw: Int128
    init(_ decimal: ExactDecimal) {
        guard let raw = decimal.scaled(to: 24) else { preconditionFailure("\(decimal) at 24 digits") }
        self.raw = raw
    }
    init(raw: Int128) { self.raw = raw }
    static func < (a: Number, b: Number) -> Bool { a.raw < b.raw }
    static func + (a: Number, b: Number) -> Number { Number(raw: a.raw + b.raw) }
    static func - (a: Number, b: Number) -> Number { Number(raw: a.raw - b.raw) }
}

/// The gate said again in decimals, sentence by sentence from the table of controls.
private struct NaiveGate {
    let instrument: Instrument
    let scope: RiskLimits.Scope

    func code(_ request: OrderRequest, _ e: Exposure, _ now: Timestamp) -> String? {
        let quantity = instrument.decimal(lots: request.quantity.lots)
        if request.quantity.lots <= 0 { return "bad_qty" }
        if request.type == .limit && request.price.ticks <= 0 { return "bad_price" }
        let (bid, ask) = (price(e.bestBidTicks), price(e.bestAskTicks))
        let reference = reference(e, now, bid, ask)
        let worst = worst(request, reference, bid, ask)
        let value = worst.map { Number($0 * quantity) }
        let met = request.type == .limit
            ? instrument.decimal(request.price) : (request.side == .buy ? ask : bid) ?? last(e)
        if let met, Number(met * quantity) < Number(instrument.minNotional.decimal) { return "min_notional" }
        if let most = scope.maxOrderQuantity[instrument.base], Number(quantity) > Number(most) { return "max_order_qty" }
        if let most = scope.maxOrderValue {
            guard let value else { return "no_reference" }
            if value > Number(most.decimal) { return "max_order_value" }
        }
        if let collar = scope.priceCollar, let refusal = self.collar(request, collar, reference, bid, ask) { return refusal }
        if let most = scope.maxOpenOrders, e.accountLiveOrders + 1 > most { return "max_open_orders" }
        if let most = scope.maxOpenValue {
            guard let value else { return "no_reference" }
            if Number(e.accountOpenValue.decimal) + value > Number(most.decimal) { return "max_open_value" }
        }
        let leaves = instrument.decimal(lots: request.side == .buy ? e.buyLeavesLots : e.sellLeavesLots)
        let position = Number(instrument.decimal(lots: e.positionLots))
        let after = request.side == .buy
            ? position + Number(leaves) + Number(quantity) : position - Number(leaves) - Number(quantity)
        if let most = scope.maxPosition[instrument.base] {
            if request.side == .buy ? after > Number(most) : after < Number(-most) { return "max_position" }
        }
        if e.checksBalances, let refusal = balance(request, value, quantity, e) { return refusal }
        if e.hasLiveTwin && !request.allowsDuplicate { return "duplicate" }
        if meetsOurselves(request, e) { return "self_match" }
        let zero = Number(raw: 0)
        if request.isReduceOnly {
            let shrinks = request.side == .buy ? position < zero && after <= zero : position > zero && after >= zero
            if !shrinks { return "reduce_only" }
        }
        return nil
    }

    private func price(_ ticks: Int64) -> ExactDecimal? {
        ticks == Exposure.noBid || ticks == Exposure.noAsk ? nil : ExactDecimal(mantissa: Int128(ticks), scale: 0) * instrument.tick
    }

    private func reference(_ e: Exposure, _ now: Timestamp, _ bid: ExactDecimal?, _ ask: ExactDecimal?) -> ExactDecimal? {
        guard let collar = scope.priceCollar else { return nil }
        let most = (collar.referenceMaxAge ?? Span(nanoseconds: 5_000_000_000)).nanoseconds
        if let bid, let ask, now.nanoseconds - e.bookTime.nanoseconds <= most {
            let sum = Number(bid) + Number(ask)
            return ExactDecimal(mantissa: sum.raw, scale: 24) * decimal("0.5")
        }
        if e.lastTicks > 0, now.nanoseconds - e.lastTime.nanoseconds <= most { return price(e.lastTicks) }
        return nil
    }

    private func factor(_ part: ExactDecimal, up: Bool) -> ExactDecimal {
        let one = Number(.one)
        return ExactDecimal(mantissa: (up ? one + Number(part) : one - Number(part)).raw, scale: 24).normalized
    }

    private func worst(
        _ request: OrderRequest, _ reference: ExactDecimal?, _ bid: ExactDecimal?, _ ask: ExactDecimal?
    ) -> ExactDecimal? {
        let touch = request.side == .buy ? ask : bid
        if request.type == .limit {
            let own = instrument.decimal(request.price)
            guard request.side == .sell, let bid, Number(bid) > Number(own) else { return own }
            return bid
        }
        guard let reference, let a = scope.priceCollar?.aggressive else { return touch }
        // The last tick inside the collar, found by walking from the reference.
        let bound = Number(reference.normalized * factor(a, up: request.side == .buy))
        var ticks = bound.raw / Number(instrument.tick).raw
        while Number(raw: Number(instrument.tick).raw * ticks) > bound { ticks -= 1 }
        if request.side == .sell && Number(raw: Number(instrument.tick).raw * ticks) < bound { ticks += 1 }
        let end = ExactDecimal(mantissa: ticks, scale: 0) * instrument.tick
        guard let touch else { return end }
        return Number(touch) > Number(end) ? touch : end
    }

    private func collar(
        _ request: OrderRequest, _ collar: RiskLimits.PriceCollar, _ reference: ExactDecimal?, _ bid: ExactDecimal?,
        _ ask: ExactDecimal?
    ) -> String? {
        guard let reference else { return "no_reference" }
        let isBuy = request.side == .buy
        guard let asked = request.type == .limit ? instrument.decimal(request.price) : isBuy ? ask : bid else { return nil }
        let mid = reference.normalized
        if let a = collar.aggressive {
            let bound = Number(mid * factor(a, up: isBuy))
            if isBuy ? Number(asked) > bound : Number(asked) < bound { return "price_collar" }
        }
        if let b = collar.passive, request.type == .limit {
            let bound = Number(mid * factor(b, up: !isBuy))
            if isBuy ? Number(asked) < bound : Number(asked) > bound { return "price_collar" }
        }
        return nil
    }

    private func balance(_ request: OrderRequest, _ value: Number?, _ quantity: ExactDecimal, _ e: Exposure) -> String? {
        if request.side == .sell {
            return Number(quantity) > Number(e.availableBase.decimal) ? "insufficient_balance" : nil
        }
        guard let value else { return "no_reference" }
        let fee = Number(ExactDecimal(mantissa: value.raw, scale: 24).normalized * instrument.takerFee)
        return value + fee > Number(e.availableQuote.decimal) ? "insufficient_balance" : nil
    }

    private func meetsOurselves(_ request: OrderRequest, _ e: Exposure) -> Bool {
        let isBuy = request.side == .buy
        let own = isBuy
            ? (request.isPostOnly ? e.lowestStayingSellTicks : e.lowestOwnSellTicks)
            : (request.isPostOnly ? e.highestStayingBuyTicks : e.highestOwnBuyTicks)
        guard let mine = price(own) else { return false }
        let reach = request.type == .limit
            ? instrument.decimal(request.price) : price(isBuy ? e.bestAskTicks : e.bestBidTicks) ?? last(e)
        guard let reach else { return true }
        return isBuy ? Number(reach) >= Number(mine) : Number(reach) <= Number(mine)
    }

    private func last(_ e: Exposure) -> ExactDecimal? { e.lastTicks > 0 ? price(e.lastTicks) : nil }
}

@Suite("The gate against its naive twin") struct NaiveGateTests {
    private func exposure(_ random: inout Random) -> Exposure {
        var e = Exposure()
        if !random.chance(8) { e.bestBidTicks = random.pick(180...200) }
        if !random.chance(8) { e.bestAskTicks = random.pick(201...220) }
        e.bookTime = Timestamp(nanoseconds: noon.nanoseconds - random.pick(0...6) * 1_000_000_000)
        if !random.chance(4) { e.lastTicks = random.pick(180...220) }
        e.lastTime = Timestamp(nanoseconds: noon.nanoseconds - random.pick(0...6) * 1_000_000_000)
        e.positionLots = random.pick(-6...6)
        (e.buyLeavesLots, e.sellLeavesLots) = (random.pick(0...5), random.pick(0...5))
        e.accountLiveOrders = Int(random.pick(0...5))
        e.accountOpenValue = Amount(raw: amount("0.05").raw * Int128(random.pick(0...20)))
        if random.chance(3) { e.lowestStayingSellTicks = random.pick(195...220) }
        e.lowestOwnSellTicks = min(e.lowestStayingSellTicks, random.chance(3) ? random.pick(195...220) : Exposure.noAsk)
        if random.chance(3) { e.highestStayingBuyTicks = random.pick(180...205) }
        e.highestOwnBuyTicks = max(e.highestStayingBuyTicks, random.chance(3) ? random.pick(180...205) : Exposure.noBid)
        e.hasLiveTwin = random.chance(20)
        e.checksBalances = random.chance(3)
        e.availableQuote = Amount(raw: amount("0.1001").raw * Int128(random.pick(0...12)))
        e.availableBase = Amount(raw: amount("0.001").raw * Int128(random.pick(0...12)))
        return e
    }

    private func request(_ random: inout Random) -> OrderRequest {
        let side: Side = random.chance(2) ? .buy : .sell
        var request = limit(
            side, random.chance(50) ? 0 : random.pick(1...10), at: random.chance(50) ? 0 : random.pick(170...230))
        if random.chance(4) { request.type = .market }
        request.isReduceOnly = random.chance(5)
        request.isPostOnly = request.type == .limit && random.chance(4)
        request.allowsDuplicate = random.chance(2)
        return request
    }

    private func scope(_ random: inout Random) -> RiskLimits.Scope {
        var scope = RiskLimits.Scope()
        if random.chance(3) { scope.maxOrderQuantity = ["BTC": ExactDecimal(mantissa: Int128(random.pick(30...90)), scale: 4)] }
        if random.chance(3) { scope.maxOrderValue = Amount(raw: amount("0.05").raw * Int128(random.pick(4...20))) }
        if random.chance(2) {
            scope.priceCollar = .init(
                aggressive: random.chance(5) ? nil : ExactDecimal(mantissa: Int128(random.pick(0...100)), scale: 3),
                passive: random.chance(2) ? nil : ExactDecimal(mantissa: Int128(random.pick(0...150)), scale: 3),
                referenceMaxAge: random.chance(2) ? nil : Span(nanoseconds: random.pick(0...6) * 1_000_000_000))
        }
        if random.chance(3) { scope.maxOpenOrders = Int(random.pick(0...6)) }
        if random.chance(3) { scope.maxOpenValue = Amount(raw: amount("0.05").raw * Int128(random.pick(5...40))) }
        if random.chance(3) { scope.maxPosition = ["BTC": ExactDecimal(mantissa: Int128(random.pick(0...12)), scale: 3)] }
        return scope
    }

    @Test("the same verdict over random limits, markets and requests", arguments: [UInt64(1), 2, 3, 4])
    func sameVerdict(seed: UInt64) throws {
        var random = Random(state: seed)
        let instrument = try bitcoin(minNotional: "0.2")
        var seen: Set<String> = []
        for round in 0..<400 {
            let scope = scope(&random)
            var limits = RiskLimits()
            limits.account = scope
            var gate = Gate(instruments: [instrument], limits: limits)
            let naive = NaiveGate(instrument: instrument, scope: scope)
            for step in 0..<20 {
                let (request, exposure) = (request(&random), exposure(&random))
                var code: String?
                do throws(Breach) { _ = try gate.clear(request, at: noon, exposure: exposure) } catch { code = error.code }
                let expected = naive.code(request, exposure, noon)
                seen.insert(code ?? "cleared")
                #expect(code == expected, "seed \(seed), round \(round), step \(step): \(request) \(exposure) \(scope)")
                if code != expected { return }
            }
        }
        #expect(seen.count >= 13, "all of the controls were met: \(seen.sorted())")
    }
}
