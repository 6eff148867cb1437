public import Domain

/// What the desk is exposed to on one instrument at one moment: all the numbers that the ``Gate`` judges a request by.
///
/// The engine fills one in for each request. Every order that may still be alive at the venue counts: in flight, live, being
/// cancelled, unknown.
///
/// - Units: lots, ticks and amounts of the request's instrument and its quote currency.
public struct Exposure: Hashable, Sendable, BitwiseCopyable {
    /// Prices of an empty side of a book, as `Book` has them: worse than any price.
    public static let noBid = Int64.min
    public static let noAsk = Int64.max

    /// Signed.
    public var positionLots: Int64 = 0
    public var buyLeavesLots: Int64 = 0
    public var sellLeavesLots: Int64 = 0

    /// Orders on this instrument.
    public var liveOrders = 0
    /// Orders on all instruments.
    public var accountLiveOrders = 0
    /// Σ leaves × ``Charge/price`` on this instrument.
    public var openValue = Amount.zero
    /// The same over all instruments with this quote currency.
    public var accountOpenValue = Amount.zero

    /// Highest limit of our buys on the book (no untriggered stop), ``noBid`` where there is none.
    public var highestOwnBuyTicks = Exposure.noBid
    /// Lowest limit of our sells on the book (no untriggered stop), ``noAsk`` where there is none.
    public var lowestOwnSellTicks = Exposure.noAsk
    /// Like ``highestOwnBuyTicks``, without orders whose cancellation is under way.
    public var highestStayingBuyTicks = Exposure.noBid
    /// Like ``lowestOwnSellTicks``, without orders whose cancellation is under way.
    public var lowestStayingSellTicks = Exposure.noAsk
    /// Whether an order of the same strategy, side, type, price, stop and quantity is live and not being cancelled.
    public var hasLiveTwin = false

    public var bestBidTicks = Exposure.noBid
    public var bestAskTicks = Exposure.noAsk
    /// When the book last spoke, by the desk's clock.
    public var bookTime = Timestamp(nanoseconds: .min)
    /// Price of the last public trade, or the close of the last bar; 0 before the first.
    public var lastTicks: Int64 = 0
    public var lastTime = Timestamp(nanoseconds: .min)

    /// Whether an order needs cover: a spot account that may not go below zero.
    public var checksBalances = false
    /// Free quote currency: the total without what live buys reserve.
    public var availableQuote = Amount.zero
    /// Free base currency: the total without what live sells reserve.
    public var availableBase = Amount.zero

    /// Orders of unknown fate, and since when the oldest is (C26).
    public var unknownOrders = 0
    public var oldestUnknown = Timestamp.never

    // C12: the account in the reporting currency, filled in where such a limit is set.
    /// Whether the request's quote currency can be valued in the reporting one at fresh prices.
    public var hasConversion = false
    /// What one unit of the quote currency is worth there.
    public var conversion = Amount.zero
    /// Σ |position value| + Σ value of open orders.
    public var grossValue = Amount.zero
    /// Σ signed position value.
    public var netValue = Amount.zero
    public var openBuyValue = Amount.zero
    public var openSellValue = Amount.zero

    /// The middle of the touch in half ticks, else the last price; nil where neither is known.
    public var midHalfTicks: Int64? {
        if bestBidTicks != Exposure.noBid, bestAskTicks != Exposure.noAsk { return bestBidTicks + bestAskTicks }
        return lastTicks > 0 ? lastTicks * 2 : nil
    }

    /// An amount of the quote currency in the reporting currency.
    func reported(_ amount: Amount) -> Amount {
        amount.scaled(by: conversion.raw, over: ExactDecimal.powerOfTen(Amount.scale))
    }

    public init() {}
}
