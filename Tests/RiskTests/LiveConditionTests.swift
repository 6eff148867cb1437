import Domain
import Testing

@testable import Risk

/// Controls that judge what happens beside one request: C5 to C8, C12, C14, C15, C18, C20, C25, C26. Each passes at its limit and refuses beyond.
struct LiveConditionTests {
    func gate(live: Bool = false, strategy: String = "maker", _ set: (inout RiskLimits) -> Void = { _ in }) throws -> Gate {
        var limits = RiskLimits()
        set(&limits)
        return Gate(instruments: [try bitcoin()], limits: limits, strategy: strategy, live: live ? LiveDefaults() : nil)
    }

    func code(_ gate: inout Gate, _ request: OrderRequest = limit(.buy, 1, at: 190), _ exposure: Exposure = quietMarket(), at now: Timestamp = noon) -> String? {
        var request = request
        request.allowsDuplicate = true
        do throws(Breach) {
            _ = try gate.clear(request, at: now, exposure: exposure)
            return nil
        } catch {
            return error.code
        }
    }

    @Test("C5: the reference may drift by the limit within the window, not by a half tick more")
    func drift() throws {
        var gate = try gate {
            $0.account.later.collarOverTime = .init()
            $0.account.later.collarOverTime?.drift = decimal("0.02")
            $0.account.later.collarOverTime?.per = second
        }
        var moved = quietMarket()
        #expect(code(&gate) == nil)  // mid 201 ticks is the anchor
        (moved.bestBidTicks, moved.bestAskTicks) = (204, 206)
        #expect(code(&gate, exposure(moved)) == nil)
        (moved.bestBidTicks, moved.bestAskTicks) = (205, 206)
        #expect(code(&gate, exposure(moved)) == "collar_over_time")
        let later = noon + Span(nanoseconds: 3_000_000_000)
        #expect(code(&gate, limit(.buy, 1, at: 190), exposure(moved), at: later) == "collar_over_time", "the last sample stays the anchor")
        #expect(code(&gate, limit(.buy, 1, at: 190), exposure(moved), at: later + second) == nil)
    }

    private func exposure(_ exposure: Exposure) -> Exposure { exposure }
    private func code(_ gate: inout Gate, _ exposure: Exposure) -> String? { code(&gate, limit(.buy, 1, at: 190), exposure) }

    @Test("C6: stale, empty, crossed, locked or broken books refuse; a snapshot heals the break")
    func book() throws {
        var gate = try gate(live: true)
        gate.conditions.setLock(false, venue: "sim")
        let tenSeconds = Span(nanoseconds: 10_000_000_000)
        #expect(code(&gate, limit(.buy, 1, at: 190), quietMarket(), at: noon + tenSeconds) == nil)
        #expect(code(&gate, limit(.buy, 1, at: 190), quietMarket(), at: noon + tenSeconds + Span(nanoseconds: 1)) == "book_invalid")
        var market = quietMarket()
        market.bestBidTicks = 202
        #expect(code(&gate, market) == "book_invalid")
        (market.bestBidTicks, market.bestAskTicks) = (Exposure.noBid, Exposure.noAsk)
        #expect(code(&gate, market) == "book_invalid")
        gate.conditions.setBookInvalid(instrument0, since: noon)
        #expect(code(&gate, quietMarket()) == "book_invalid")
        gate.bookSeen(instrument0)
        #expect(code(&gate, quietMarket()) == nil)
    }

    @Test("C7: strictly the window that ends now; cancels count and have a share that new orders never use")
    func messages() throws {
        var gate = try gate {
            $0.account.later.messages = .init()
            $0.account.later.messages?.rate = 5
            $0.account.later.messages?.per = second
            $0.account.later.messages?.reservedForCancels = 2
        }
        for _ in 0..<3 { #expect(code(&gate) == nil) }
        #expect(code(&gate) == "throttled")
        let almost = noon + Span(nanoseconds: 999_999_999)
        #expect(code(&gate, limit(.buy, 1, at: 190), quietMarket(), at: almost) == "throttled")
        for _ in 0..<5 { gate.noteCancel(instrument0, at: almost) }
        #expect(code(&gate, limit(.buy, 1, at: 190), quietMarket(), at: noon + second) == "throttled")
        #expect(code(&gate, limit(.buy, 1, at: 190), quietMarket(), at: almost + second) == nil)
    }

    @Test("C7 against a list of every message: never more than the limit in any window")
    func messagesAgainstTwin() {
        var seed: UInt64 = 7
        func next(_ bound: UInt64) -> Int64 {
            seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int64((seed >> 33) % bound)
        }
        var window = RollingWindow(capacity: 8, window: Span(nanoseconds: 100))
        var all: [Int64] = []
        var now: Int64 = 0
        for _ in 0..<20_000 {
            now += next(30)
            let time = Timestamp(nanoseconds: now)
            let naive = min(all.reversed().prefix { $0 > now - 100 }.count, 8)
            let counted = window.count(at: time)
            #expect(counted == naive)
            if next(3) > 0 {
                window.note(at: time)
                all.append(now)
            }
        }
    }

    func fill(_ ticks: Int64) -> Fill { Fill(id: FillID(1), price: Price(ticks: ticks), quantity: Quantity(lots: 1), liquidity: .taker, fee: .zero) }

    @Test("C8: one fill too many latches the strategy off until a person arms it")
    func repeatedFills() throws {
        var gate = try gate {
            $0.account.later.repeatedFills = .init()
            $0.account.later.repeatedFills?.count = 2
            $0.account.later.repeatedFills?.per = second
        }
        let order = limit(.buy, 1, at: 200)
        for _ in 0..<2 { #expect(gate.conditions.noteFill(fill(200), of: order, midHalfTicks: 402, at: noon) == []) }
        #expect(code(&gate) == nil)
        #expect(gate.conditions.noteFill(fill(200), of: order, midHalfTicks: 402, at: noon).map(\.control) == [8])
        let hour = noon + Span(nanoseconds: 3_600_000_000_000)
        #expect(code(&gate, limit(.buy, 1, at: 190), quietMarket(), at: hour) == "halted")
        gate.conditions.arm()
        #expect(code(&gate, limit(.buy, 1, at: 190), quietMarket(), at: hour) == nil)
    }

    @Test("C12: gross and net of the account in the reporting currency; without a conversion everything is refused")
    func aggregate() throws {
        var gate = try gate {
            $0.account.later.maxGross = amount("1000")
            $0.account.later.maxNet = amount("500")
        }
        var market = quietMarket()
        #expect(code(&gate, market) == "no_reference")
        market.hasConversion = true
        market.conversion = amount("1")
        (market.grossValue, market.netValue) = (amount("904.9"), amount("0"))
        #expect(code(&gate, limit(.buy, 1000, at: 190), market) == nil, "95 more make 999.9")
        market.grossValue = amount("905.1")
        #expect(code(&gate, limit(.buy, 1000, at: 190), market) == "max_gross")
        (market.grossValue, market.netValue, market.openBuyValue) = (.zero, amount("300"), amount("105"))
        #expect(code(&gate, limit(.buy, 1000, at: 190), market) == nil)
        market.openBuyValue = amount("106")
        #expect(code(&gate, limit(.buy, 1000, at: 190), market) == "max_net")
        #expect(code(&gate, limit(.sell, 1000, at: 210), market) == nil)
    }

    @Test("C14: nothing below 80 % of the day's loss, reducing from there, killed at the limit; a new day begins anew")
    func dailyLoss() throws {
        var gate = try gate { $0.account.later.dailyLoss = amount("500") }
        func note(_ equity: String) -> StateVerdict? { gate.conditions.noteEquity(amount(equity), at: noon) }
        #expect(note("10000") == nil)
        #expect(note("9600.01") == nil)
        #expect(note("9600")?.state == .reducing)
        #expect(note("9550") == nil, "told once")
        #expect(note("9500.01") == nil)
        let verdict = note("9500")
        #expect(verdict?.state == .halted && verdict?.kills == true && verdict?.control == 14)
        #expect(code(&gate) == "halted")
        var fresh = try self.gate { $0.account.later.dailyLoss = amount("500") }
        #expect(fresh.conditions.noteEquity(amount("10000"), at: noon) == nil)
        #expect(fresh.conditions.noteEquity(amount("9700"), at: noon + .day) == nil)
        #expect(fresh.conditions.noteEquity(amount("9250"), at: noon + .day)?.state == .reducing)
    }

    @Test("C14: the fall from the peak")
    func drawdown() throws {
        var gate = try gate { $0.account.later.maxDrawdown = decimal("0.1") }
        #expect(gate.conditions.noteEquity(amount("1000"), at: noon) == nil)
        #expect(gate.conditions.noteEquity(amount("2000"), at: noon) == nil)
        #expect(gate.conditions.noteEquity(amount("1840"), at: noon)?.state == .reducing)
        #expect(gate.conditions.noteEquity(amount("1800"), at: noon)?.kills == true)
    }

    @Test("C15: a fill worse than its limit halts the instrument; a market order's beyond its tolerance too")
    func fills() throws {
        var gate = try gate(live: true)
        gate.conditions.setLock(false, venue: "sim")
        #expect(gate.conditions.noteFill(fill(200), of: limit(.buy, 1, at: 200), midHalfTicks: 402, at: noon) == [])
        #expect(gate.conditions.noteFill(fill(202), of: orderAtMarket(.buy, 1), midHalfTicks: 402, at: noon) == [])
        #expect(gate.conditions.noteFill(fill(203), of: orderAtMarket(.buy, 1), midHalfTicks: 402, at: noon).map(\.control) == [15])
        #expect(code(&gate) == "cancel_only")
        var other = try self.gate(live: true)
        #expect(other.conditions.noteFill(fill(201), of: limit(.buy, 1, at: 200), midHalfTicks: 402, at: noon).map(\.state) == [.cancelOnly])
    }

    @Test("C18: a strategy trades what it was given and nothing else")
    func permission() throws {
        var allowed = try gate { $0.later.permit = ["maker": ["sim:BTC_USDT"]] }
        #expect(code(&allowed) == nil)
        var other = try gate(strategy: "other") { $0.later.permit = ["maker": ["sim:BTC_USDT"]] }
        #expect(code(&other) == "not_permitted")
    }

    @Test("C20: the most severe state counts, automatic moves only go down, reducing lets only smaller positions through")
    func states() throws {
        var gate = try gate()
        let fell = gate.conditions.lower(to: .reducing, instrument0)
        let rose = gate.conditions.lower(to: .active, instrument0)
        #expect(fell && !rose)
        #expect(code(&gate) == "reducing")
        var long = quietMarket()
        long.positionLots = 5
        #expect(code(&gate, limit(.sell, 5, at: 210), long) == nil)
        #expect(code(&gate, limit(.sell, 6, at: 210), long) == "reducing")
        long.sellLeavesLots = 4
        #expect(code(&gate, limit(.sell, 2, at: 210), long) == "reducing")
        let halted = gate.conditions.lower(to: .halted, nil)
        #expect(halted)
        #expect(code(&gate, limit(.sell, 1, at: 210), long) == "halted")
        gate.conditions.arm()
        #expect(code(&gate) == nil)
    }

    @Test("C25: a live gate is locked until its venue is reconciled; a backtest's never is")
    func lock() throws {
        var gate = try gate(live: true)
        #expect(code(&gate) == "not_reconciled")
        gate.conditions.setLock(false, venue: "sim")
        #expect(code(&gate) == nil)
        var backtest = try self.gate()
        #expect(code(&backtest) == nil)
    }

    @Test("C26: too many lost orders, or one lost for too long")
    func unknown() throws {
        var gate = try gate(live: true)
        gate.conditions.setLock(false, venue: "sim")
        var market = quietMarket()
        (market.unknownOrders, market.oldestUnknown) = (5, noon)
        #expect(code(&gate, market) == nil)
        market.unknownOrders = 6
        #expect(code(&gate, market) == "too_many_unknown")
        (market.unknownOrders, market.oldestUnknown) = (1, noon + Span(nanoseconds: -60_000_000_001))
        #expect(code(&gate, market) == "too_many_unknown")
    }
}
