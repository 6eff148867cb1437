/// One recorded market event, in the fixed 64 bytes in which a tape holds it, so that a mapped tape is read in place.
///
/// The meaning of `a`…`e` depends on the kind; prices are in ticks, sizes in the instrument's size units:
///
/// | kind | a | b | c | d | e | aux |
/// |---|---|---|---|---|---|---|
/// | level | price | new size (0 deletes) | | | | |
/// | clear | | | | | | |
/// | trade | price | size | | | | |
/// | quote | bid price | bid size | ask price | ask size | | sides present: 1 bid, 2 ask |
/// | bar | open | high | low | close | volume | number of trades |
/// | orderAdd, orderModify | price | size | | | order id | |
/// | orderCancel | | | | | order id | |
/// | orderFill | price | size filled | | | order id | |
/// | status | code | | | | | |
///
/// - Source: `docs/tape-format.md`.
@frozen public struct MarketRecord: Hashable, Sendable, BitwiseCopyable {
    @frozen public enum Kind: UInt8, Sendable {
        case level = 1, clear = 2, trade = 3, quote = 4, bar = 5
        case orderAdd = 6, orderModify = 7, orderCancel = 8, orderFill = 9
        case status = 10
    }

    /// Bits of ``flags``.
    public enum Flag {
        /// Last record of one message of the venue: `on_book` runs here.
        public static let endOfBatch: UInt8 = 1
        /// Only the desk sees it (it came out of order at the venue; its twin is marked venueOnly).
        public static let deskOnly: UInt8 = 2
        public static let venueOnly: UInt8 = 4
        /// Part of a snapshot: a whole book, not a change.
        public static let snapshot: UInt8 = 8
        /// A trade off the book (hidden or off exchange): it is printed, and moves no queue.
        public static let offBook: UInt8 = 16
        /// The capture skipped messages before this one.
        public static let gap: UInt8 = 32
        /// Two bits: 0 the tape does not know, 1 buy (bid side, or the buyer was the aggressor), 2 sell.
        public static let sideShift: UInt8 = 6
    }

    /// Arrival at the desk, ns.
    public var localTime: Int64
    /// Event time at the venue, ns.
    public var exchangeTime: Int64
    public var a: Int64
    public var b: Int64
    public var c: Int64
    public var d: Int64
    public var e: Int64
    public var kindByte: UInt8
    public var flags: UInt8
    public var instrument: UInt16
    public var aux: UInt32

    @inline(__always) public init(
        kind: Kind, instrument: InstrumentID, localTime: Int64, exchangeTime: Int64,
        side: Side? = nil, flags: UInt8 = 0,
        a: Int64 = 0, b: Int64 = 0, c: Int64 = 0, d: Int64 = 0, e: Int64 = 0, aux: UInt32 = 0
    ) {
        self.localTime = localTime
        self.exchangeTime = exchangeTime
        (self.a, self.b, self.c, self.d, self.e) = (a, b, c, d, e)
        kindByte = kind.rawValue
        self.flags = flags | (side.map { ($0.rawValue + 1) << Flag.sideShift } ?? 0)
        self.instrument = instrument.index
        self.aux = aux
    }

    @inline(__always) public var kind: Kind {
        guard let kind = Kind(rawValue: kindByte) else { preconditionFailure("a record of unknown kind \(kindByte)") }
        return kind
    }
    @inline(__always) public var endsBatch: Bool { flags & Flag.endOfBatch != 0 }
    /// The book side or the aggressor; nil where the tape does not know it.
    @inline(__always) public var side: Side? {
        switch flags >> Flag.sideShift {
        case 1: .buy
        case 2: .sell
        default: nil
        }
    }
    @inline(__always) public var hasSide: Bool { (flags >> Flag.sideShift) &- 1 < 2 }
    /// The side of a record that has one. Without a branch: of two sides as likely as each other every second guess would be wrong.
    @inline(__always) public var toldSide: Side { unsafe unsafeBitCast((flags >> Flag.sideShift &- 1) & 1, to: Side.self) }
}
