public import Domain

/// What the desk knows of one instrument beside its book.
public struct MarketState: Sendable, BitwiseCopyable {
    /// Last public trade; `ticks` is meaningless while ``hasTraded`` is false.
    public internal(set) var lastTrade = PublicTrade(ticks: 0, size: 0, side: nil, exchangeTime: Timestamp(nanoseconds: 0))
    public internal(set) var hasTraded = false
    /// Arrival of the last trade, and of the last change of the book.
    public internal(set) var lastTradeArrival = Timestamp(nanoseconds: .min)
    public internal(set) var bookArrival = Timestamp(nanoseconds: .min)
    /// Exchange time of the last event.
    public internal(set) var eventTime = Timestamp(nanoseconds: 0)
    /// Changes with every public trade, so that a snapshot can tell whether it is stale.
    public internal(set) var tradeVersion: UInt64 = 0
    /// The last price at which the position can be marked, in half ticks.
    var lastMark: Int64 = 0
    var hasMark = false
    /// `Book.touchVersion` when `onQuote` last ran.
    var quotedTouch: UInt64 = 0
    /// A change of the book since the last end of a batch.
    var isBookDirty = false
    /// What the strategy subscribed to: `quote`, `book`, `trade`.
    var subscribed: Callbacks = []
    var hasBars = false
    /// A recorded level below this rounds to no lot at all and is gone (`docs/fills.md`).
    let smallestUnits: Int64

    init(unitsPerLot: Int64) { smallestUnits = unitsPerLot / 2 + unitsPerLot % 2 }
}

/// Which price a position is valued at.
public enum MarkMode: String, Hashable, Sendable, CaseIterable {
    /// The middle of the best bid and offer; the last trade while a side is empty.
    case mid
    case last
    /// The side that a position would be closed at.
    case adverse
}
