import Domain

/// C14: the day's loss and the fall from the peak. At 80 % of a limit only reducing is allowed, at the limit the kill switch is pulled.
///
/// The equity is taken at adverse prices. A day is a UTC day; its loss counts from the equity at its first look.
struct LossLimits: Sendable {
    private let dailyLoss: Amount?
    /// Parts of 10^9.
    private let drawdown: Int64?
    private var day = Int64.min
    private var dayStart = Amount.zero
    private var peak: Amount?

    init(_ scopes: [LaterLimits]) {
        dailyLoss = scopes.compactMap(\.dailyLoss).min()
        drawdown = scopes.compactMap(\.maxDrawdown).map { $0.whole(of: ExactDecimal(mantissa: 1, scale: 9)) }.min()
    }

    var isInForce: Bool { dailyLoss != nil || drawdown != nil }

    mutating func judge(_ equity: Amount, at now: Timestamp) -> StateVerdict? {
        guard isInForce else { return nil }
        let today = now.nanoseconds.flooredQuotient(by: Span.day.nanoseconds)
        if today != day { (day, dayStart) = (today, equity) }
        let top = max(peak ?? equity, equity)
        peak = top
        var worst: StateVerdict?
        if let limit = dailyLoss, let verdict = verdict(lost: dayStart.raw - equity.raw, limit: limit.raw, code: "daily_loss") { worst = verdict }
        if let parts = drawdown, top > .zero {
            let limit = top.raw / 1_000_000_000 * Int128(parts)
            if let verdict = verdict(lost: top.raw - equity.raw, limit: limit, code: "max_drawdown"), verdict.state > (worst?.state ?? .active) { worst = verdict }
        }
        return worst
    }

    private func verdict(lost: Int128, limit: Int128, code: String) -> StateVerdict? {
        if lost <= 0 { return nil }
        let words = "\(code): lost \(Amount(raw: lost)), limit \(Amount(raw: limit))"
        if lost >= limit { return StateVerdict(state: .halted, instrument: nil, control: 14, reason: words, kills: true) }
        if lost >= limit / 5 * 4 { return StateVerdict(state: .reducing, instrument: nil, control: 14, reason: words, kills: false) }
        return nil
    }
}

extension Int64 {
    /// Rounds down, also below zero.
    fileprivate func flooredQuotient(by divisor: Int64) -> Int64 {
        let quotient = self / divisor
        return self % divisor < 0 ? quotient - 1 : quotient
    }
}
