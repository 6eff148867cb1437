public import Domain

/// What an order is charged with until it is final: the numbers the gate judged it by.
public struct Charge: Hashable, Sendable, BitwiseCopyable {
    /// The price its leaves count at in the open value; 0 ticks where no price was known and no limit needed one.
    public let price: Price
    /// ``price`` × quantity, in the quote currency.
    public let value: Amount
    /// What to set aside: quote currency with fees for a buy, base currency for a sell; zero where balances are not checked.
    public let reserve: Amount

    init(price: Price, value: Amount, reserve: Amount) {
        (self.price, self.value, self.reserve) = (price, value, reserve)
    }
}

/// Proof that a request passed every control. Only this module can make one, and a gateway accepts nothing else.
public struct Cleared: Hashable, Sendable, BitwiseCopyable {
    public let request: OrderRequest
    public let charge: Charge
    /// The version of the limits that judged it.
    public let limitVersion: UInt32

    init(_ request: OrderRequest, charge: Charge, limitVersion: UInt32) {
        (self.request, self.charge, self.limitVersion) = (request, charge, limitVersion)
    }
}

/// Proof that an amendment passed every control.
public struct ClearedAmendment: Hashable, Sendable, BitwiseCopyable {
    public let amendment: AmendRequest
    /// What the order is charged with once the venue has amended it.
    public let charge: Charge
    public let limitVersion: UInt32

    init(_ amendment: AmendRequest, charge: Charge, limitVersion: UInt32) {
        (self.amendment, self.charge, self.limitVersion) = (amendment, charge, limitVersion)
    }
}
