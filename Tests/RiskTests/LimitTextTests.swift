import Domain
import Testing

@testable import Risk

/// C28: which limits are looser than the ones before.
struct LimitTextTests {
    private func limits(_ change: (inout RiskLimits) throws -> Void = { _ in }) throws -> RiskLimits {
        var limits = RiskLimits()
        limits.account.maxOrderValue = Amount(try ExactDecimal("5000"))
        limits.account.maxOrderQuantity = ["BTC": try ExactDecimal("0.5"), "ETH": try ExactDecimal("3")]
        limits.account.maxOpenOrders = 20
        limits.account.priceCollar = RiskLimits.PriceCollar(aggressive: try ExactDecimal("0.01"), passive: try ExactDecimal("0.1"), referenceMaxAge: .seconds(5))
        limits.account.balanceHaircut = try ExactDecimal("0.1")
        limits.account.duplicateWindow = .seconds(2)
        var messages = LaterLimits.Messages()
        (messages.rate, messages.per, messages.reservedForCancels) = (20, .seconds(1), 5)
        limits.account.later.messages = messages
        limits.account.later.dailyLoss = Amount(try ExactDecimal("500"))
        limits.later.permit = ["a": ["v:X", "v:Y"]]
        var scope = RiskLimits.Scope()
        scope.maxOpenOrders = 3
        limits.strategies["a"] = scope
        try change(&limits)
        return limits
    }

    private func looser(_ change: (inout RiskLimits) throws -> Void) throws -> [String] {
        try LimitText(limits(change), live: LiveDefaults()).loosened(from: LimitText(limits(), live: LiveDefaults())).map(\.key)
    }

    @Test("The text comes back as it went, and a set is not looser than itself")
    func roundTrip() throws {
        let text = LimitText(try limits(), live: LiveDefaults())
        #expect(LimitText(text: text.text) == text)
        #expect(text.loosened(from: text).isEmpty)
        #expect(try looser { _ in }.isEmpty)
    }

    @Test("More of a limit, or none, is looser; less is not")
    func directions() throws {
        #expect(try looser { $0.account.maxOrderValue = Amount(try ExactDecimal("5000.01")) } == ["max_order_value"])
        #expect(try looser { $0.account.maxOrderValue = Amount(try ExactDecimal("4999")) } == [])
        #expect(try looser { $0.account.maxOrderValue = nil } == ["max_order_value"])
        #expect(try looser { $0.account.maxOrderQuantity["ETH"] = nil } == ["max_order_qty.ETH"])
        #expect(try looser { $0.account.maxOrderQuantity["SOL"] = .one } == [])
        #expect(try looser { $0.account.priceCollar?.referenceMaxAge = .seconds(6) } == ["price_collar.reference_max_age"])
        #expect(try looser { $0.account.later.dailyLoss = nil } == ["daily_loss"])
        #expect(try looser { $0.strategies["a"] = nil } == ["strategy.a.max_open_orders"])
    }

    @Test("Of a haircut, a window or a reserve less is looser")
    func growing() throws {
        #expect(try looser { $0.account.balanceHaircut = try ExactDecimal("0.05") } == ["balance_haircut"])
        #expect(try looser { $0.account.duplicateWindow = .seconds(1) } == ["duplicate_window"])
        #expect(try looser { $0.account.duplicateWindow = .seconds(60) } == [])
        #expect(try looser { $0.account.later.messages?.reservedForCancels = 4 } == ["messages.reserved_for_cancels"])
        #expect(try looser { $0.account.later.messages?.per = .milliseconds(900) } == ["messages.per"])
    }

    @Test("A default that is left is looser too; a permission more is")
    func defaultsAndPermits() throws {
        #expect(try looser { $0.later.unknownMax = 6 } == ["unknown.max"])
        #expect(try looser { $0.later.breakTolerance = .one } == ["break.tolerance"])
        #expect(try looser { $0.account.later.fillTolerance = try ExactDecimal("0.02") } == ["fill_tolerance"])
        #expect(try looser { $0.later.permit = ["a": ["v:X"]] } == [])
        #expect(try looser { $0.later.permit = ["a": ["v:X", "v:Y", "v:Z"]] } == ["permit.a"])
        #expect(try looser { $0.later.permit = ["a": ["v:X"], "b": ["v:X"]] } == ["permit.b"])
        #expect(try looser { $0.later.permit = nil } == ["permit.a"])
        #expect(try looser { $0.selfMatch = .cancelResting } == ["self_match"])
    }

    @Test("C32: the limits of new code tighten and never loosen")
    func canary() throws {
        var all = try limits()
        var trial = RiskLimits.Scope()
        trial.maxOpenOrders = 5
        trial.maxOrderValue = Amount(try ExactDecimal("100"))
        trial.maxOrderQuantity = ["BTC": try ExactDecimal("9")]
        all.canary = trial
        let staged = all.withCanary(["a", "b"])
        #expect(staged.strategies["a"]?.maxOpenOrders == 3 && staged.strategies["b"]?.maxOpenOrders == 5)
        #expect(staged.strategies["a"]?.maxOrderValue == Amount(try ExactDecimal("100")))
        let text = LimitText(staged, live: LiveDefaults())
        #expect(text.loosened(from: LimitText(try limits(), live: LiveDefaults())).isEmpty)
        // And taking it off is looser.
        #expect(!LimitText(try limits(), live: LiveDefaults()).loosened(from: text).isEmpty)
    }
}
