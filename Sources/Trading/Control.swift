public import Domain
public import Risk

/// What happens to a live desk beside the market and reports on orders. Every one is journaled, so that a replay has them too.
public enum ControlInput: Hashable, Sendable {
    /// A venue's connection changed: `on_status` with the venue's name.
    case venue(VenueStatus, venue: String)
    case instrument(VenueStatus, InstrumentID)
    /// The book cannot be believed until its next snapshot (C6).
    case bookInvalid(InstrumentID)
    /// Nothing new goes to the venue until it is reconciled (C25).
    case lock(venue: String)
    case unlock(venue: String)
    /// C20: of one instrument, of everything where nil. Only ever down.
    case state(TradingState, InstrumentID?, reason: String)
    /// The operator's word: everything is open again.
    case arm(reason: String)
    /// What a venue holds for us, as it says itself.
    case balances(venue: String, [AccountBalance])
    /// What other strategies and strangers have open or hold on this account.
    case foreign(InstrumentID, ForeignExposure)
    case reconciled(ReconcileReport)
    /// State of an earlier run; before the start.
    case restore([UInt8])
    /// Once a second: what depends on time alone is looked at (C5, C14).
    case pulse
    /// The watchdog stopped the callback of the input that follows: it fails without running.
    case verdict(String)
    /// An amended order has left the venue, which cannot amend, and is to go there again as amended: the gate judges it once more.
    case resubmit(AmendRequest)
    /// The run is ending: nothing can be asked any more; `on_stop` comes when everything is known.
    case windDown(reason: String)
}

public struct AccountBalance: Hashable, Sendable {
    public var currency: String
    public var total: ExactDecimal
    public var available: ExactDecimal
    /// ``total`` is a net position and ``available`` the credit left to sell: no money that is held.
    public var isCredit: Bool
    public init(currency: String, total: ExactDecimal, available: ExactDecimal, isCredit: Bool = false) {
        (self.currency, self.total, self.available, self.isCredit) = (currency, total, available, isCredit)
    }
}

/// What counts in the limits of one engine though its orders are another's.
public struct ForeignExposure: Hashable, Sendable, BitwiseCopyable {
    public var positionLots: Int64 = 0
    public var buyLeavesLots: Int64 = 0
    public var sellLeavesLots: Int64 = 0
    public var liveOrders = 0
    public var openValue = Amount.zero
    /// Prices of the best orders, as ``Exposure`` has them.
    public var highestBuyTicks = Exposure.noBid
    public var lowestSellTicks = Exposure.noAsk
    public init() {}

    /// Both together.
    public mutating func add(_ other: ForeignExposure) {
        positionLots += other.positionLots
        buyLeavesLots += other.buyLeavesLots
        sellLeavesLots += other.sellLeavesLots
        liveOrders += other.liveOrders
        openValue += other.openValue
        highestBuyTicks = max(highestBuyTicks, other.highestBuyTicks)
        lowestSellTicks = min(lowestSellTicks, other.lowestSellTicks)
    }
}

/// What a start or a reconnect found, as `on_reconcile` tells it.
public struct ReconcileReport: Hashable, Sendable {
    /// Orders of an earlier start that live on.
    public var adopted = 0
    /// Orders of an earlier start that were cancelled.
    public var cancelled = 0
    /// Fills that no stream had told.
    public var fills = 0
    /// Σ of those fills, in base units, signed.
    public var positionChange = ExactDecimal.zero
    public init() {}
}
