import Domain

extension RiskLimits.Scope {
    /// Both in force: of each limit the tighter.
    func tightened(by other: RiskLimits.Scope) -> RiskLimits.Scope {
        var both = self
        both.maxOrderQuantity.merge(other.maxOrderQuantity) { $0.isMore(than: $1) ? $1 : $0 }
        both.maxPosition.merge(other.maxPosition) { $0.isMore(than: $1) ? $1 : $0 }
        both.maxOrderValue = least(maxOrderValue, other.maxOrderValue)
        both.maxOpenOrders = least(maxOpenOrders, other.maxOpenOrders)
        both.maxOpenValue = least(maxOpenValue, other.maxOpenValue)
        both.balanceHaircut = most(balanceHaircut, other.balanceHaircut)
        both.duplicateWindow = [duplicateWindow, other.duplicateWindow].compactMap(\.self).max()
        if let collar = other.priceCollar {
            both.priceCollar = RiskLimits.PriceCollar(
                aggressive: less(priceCollar?.aggressive, collar.aggressive), passive: less(priceCollar?.passive, collar.passive),
                referenceMaxAge: least(priceCollar?.referenceMaxAge, collar.referenceMaxAge))
        }
        both.later = later.tightened(by: other.later)
        return both
    }
}

extension LaterLimits {
    func tightened(by other: LaterLimits) -> LaterLimits {
        var both = self
        if let own = other.collarOverTime {
            var limit = collarOverTime ?? CollarOverTime()
            (limit.drift, limit.slippage) = (less(limit.drift, own.drift), less(limit.slippage, own.slippage))
            limit.per = [limit.per, own.per].compactMap(\.self).max()
            both.collarOverTime = limit
        }
        if let own = other.marketData {
            var limit = marketData ?? MarketData()
            (limit.maxAge, limit.grace) = (least(limit.maxAge, own.maxAge), least(limit.grace, own.grace))
            both.marketData = limit
        }
        if let own = other.messages {
            var limit = messages ?? Messages()
            (limit.rate, limit.per) = (least(limit.rate, own.rate), [limit.per, own.per].compactMap(\.self).max())
            limit.reservedForCancels = [limit.reservedForCancels, own.reservedForCancels].compactMap(\.self).max()
            both.messages = limit
        }
        if let own = other.repeatedFills {
            var limit = repeatedFills ?? RepeatedFills()
            (limit.count, limit.per) = (least(limit.count, own.count), [limit.per, own.per].compactMap(\.self).max())
            both.repeatedFills = limit
        }
        (both.maxGross, both.maxNet) = (least(maxGross, other.maxGross), least(maxNet, other.maxNet))
        (both.dailyLoss, both.maxDrawdown) = (least(dailyLoss, other.dailyLoss), less(maxDrawdown, other.maxDrawdown))
        both.fillTolerance = less(fillTolerance, other.fillTolerance)
        return both
    }
}

private func least<Value: Comparable>(_ one: Value?, _ other: Value?) -> Value? { [one, other].compactMap(\.self).min() }

private func less(_ one: ExactDecimal?, _ other: ExactDecimal?) -> ExactDecimal? {
    guard let one, let other else { return one ?? other }
    return one.isMore(than: other) ? other : one
}

private func most(_ one: ExactDecimal?, _ other: ExactDecimal?) -> ExactDecimal? {
    guard let one, let other else { return one ?? other }
    return one.isMore(than: other) ? one : other
}
