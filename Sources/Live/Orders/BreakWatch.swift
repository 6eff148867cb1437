public import Domain
public import Venues

/// What a venue says it holds for us beside what our fills add up to (C27, C30).
///
/// Never is a fill invented to make it fit. A difference is believed only while every look shows it: a balance may be older or younger than the
/// fills we hold, so each is compared with every sum of the last seconds.
public struct BreakWatch: Sendable {
    public struct Limits: Hashable, Sendable {
        /// In the currency's own unit.
        public var tolerance: ExactDecimal
        public var age: Span
        public init(tolerance: ExactDecimal = .zero, age: Span = .seconds(30)) { (self.tolerance, self.age) = (tolerance, age) }
    }

    public struct Break: Hashable, Sendable {
        public enum Step: Hashable, Sendable { case seen, reduce, halt, gone }
        public var step: Step
        public var currency: String
        public var told: ExactDecimal
        public var expected: ExactDecimal
        /// The venue has so much more than we can account for.
        public var difference: ExactDecimal { told.adding(-expected) ?? told }
    }

    /// What a symbol of the venue is made of; those that we do not trade included, because others may trade them on our account.
    public typealias Pairs = [String: (base: String, quote: String)]

    private struct Account {
        var expected: ExactDecimal
        /// How many times it was moved.
        var fills = 0
        /// Sums that held until then, monotonic ns.
        var earlier: [(until: Int64, value: ExactDecimal)] = []
        var told: ExactDecimal?
        var since: Int64?
        var step = Break.Step.gone
    }

    public let limits: Limits
    private let pairs: Pairs
    /// What is less than this is rounding, not a fill: a lot of a base currency.
    private let grains: [String: ExactDecimal]
    private var accounts: [String: Account] = [:]
    /// In the order in which they were first seen.
    private var names: [String] = []
    /// How old a balance may be when it is told.
    static let lag: Int64 = 5_000_000_000

    public init(_ limits: Limits, instruments: [Instrument], pairs: Pairs = [:]) {
        self.limits = limits
        var all = pairs
        var grains: [String: ExactDecimal] = [:]
        for instrument in instruments {
            all[instrument.nativeSymbol] = (instrument.base, instrument.quote)
            let own = instrument.lot
            if let known = grains[instrument.base], let less = known.adding(-own), less.mantissa < 0 { continue }
            grains[instrument.base] = own
        }
        (self.pairs, self.grains) = (all, grains)
    }

    /// Whether the books begin somewhere for this currency.
    public func knows(_ currency: String) -> Bool { accounts[currency] != nil }

    /// Those whose books have begun.
    public var currencies: [String] { names }

    public func expected(_ currency: String) -> ExactDecimal? { accounts[currency]?.expected }

    /// The books begin here.
    public mutating func begin(_ currency: String, at total: ExactDecimal) {
        if accounts.updateValue(Account(expected: total), forKey: currency) == nil { names.append(currency) }
    }

    /// Some difference is under watch: the venue is to be asked more often.
    public var isDoubted: Bool { names.contains { accounts[$0]?.since != nil } }

    /// What a fill of the account, ours or not, does to the sums.
    public mutating func booked(_ fill: LedgerFill, at monotonic: Int64) {
        if let pair = pairs[fill.key.symbol] {
            let value = fill.price * fill.quantity
            add(fill.key.side == .buy ? fill.quantity : -fill.quantity, to: pair.base, monotonic)
            add(fill.key.side == .buy ? -value : value, to: pair.quote, monotonic)
        }
        add(-fill.fee, to: fill.feeCurrency, monotonic)
    }

    private mutating func add(_ amount: ExactDecimal, to currency: String, _ monotonic: Int64) {
        guard amount.mantissa != 0, var account = accounts[currency], let sum = account.expected.adding(amount)?.normalized else { return }
        account.earlier.removeAll { $0.until < monotonic - BreakWatch.lag }
        if account.earlier.count < 4_096 { account.earlier.append((monotonic, account.expected)) }
        account.expected = sum
        account.fills += 1
        accounts[currency] = account
    }

    /// - Returns: What is new about differences.
    public mutating func told(_ balances: [VenueBalance], at monotonic: Int64) -> [Break] {
        var news: [Break] = []
        for balance in balances {
            guard var account = accounts[balance.currency] else { continue }
            account.told = balance.total
            if fits(balance.total, account, balance.currency, monotonic) {
                if account.step != .gone { news.append(Break(step: .gone, currency: balance.currency, told: balance.total, expected: account.expected)) }
                (account.since, account.step) = (nil, .gone)
            } else {
                let since = account.since ?? monotonic
                account.since = since
                let step = step(monotonic - since)
                if step != account.step { news.append(Break(step: step, currency: balance.currency, told: balance.total, expected: account.expected)) }
                account.step = step
            }
            accounts[balance.currency] = account
        }
        return news
    }

    /// The venue cannot be asked for a while: a difference that was only seen so far counts from its next look.
    public mutating func rest() {
        for name in names where accounts[name]?.step == .seen {
            accounts[name]?.since = nil
            accounts[name]?.step = .gone
        }
    }

    private func step(_ age: Int64) -> Break.Step {
        if age > limits.age.nanoseconds &* 2 { return .halt }
        return age > limits.age.nanoseconds ? .reduce : .seen
    }

    private func fits(_ told: ExactDecimal, _ account: Account, _ currency: String, _ monotonic: Int64) -> Bool {
        if isClose(told, account.expected, account, currency) { return true }
        return account.earlier.contains { $0.until >= monotonic - BreakWatch.lag && isClose(told, $0.value, account, currency) }
    }

    private func isClose(_ told: ExactDecimal, _ expected: ExactDecimal, _ account: Account, _ currency: String) -> Bool {
        guard let difference = told.adding(-expected) else { return false }
        let size = difference.mantissa < 0 ? -difference : difference
        if let left = limits.tolerance.adding(-size), left.mantissa >= 0 { return true }
        // Venues round what a fill moves; a millionth a fill is no fill that was missed.
        let grain = grains[currency] ?? ExactDecimal(mantissa: Int128(account.fills), scale: 6)
        guard let short = size.adding(-grain) else { return false }
        return short.mantissa < 0
    }
}
