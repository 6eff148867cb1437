internal import Domain

/// The balances of a spot account: per currency what there is and what open orders hold back.
struct Purse {
    private var currencies: [String] = []
    private var totals: [Amount] = []
    private var held: [Amount] = []

    init(_ balances: [SpotBalance]) {
        for balance in balances { totals[place(of: balance.currency)] += balance.total }
    }

    /// The currency's place, made where it is new.
    mutating func place(of currency: String) -> Int {
        if let place = currencies.firstIndex(of: currency) { return place }
        currencies.append(currency)
        totals.append(.zero)
        held.append(.zero)
        return currencies.count - 1
    }

    func total(_ currency: String) -> Amount? { currencies.firstIndex(of: currency).map { totals[$0] } }
    func available(_ place: Int) -> Amount { totals[place] - held[place] }

    /// Replaces what an order holds back by `amount`.
    mutating func hold(_ amount: Amount, insteadOf former: Amount, in place: Int) {
        held[place] += amount - former
    }

    mutating func add(_ amount: Amount, to place: Int) {
        totals[place] += amount
        precondition(totals[place] >= .zero, "a spot balance went below zero")
    }
}
