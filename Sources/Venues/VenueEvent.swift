public import Domain

/// What a session tells.
public enum VenueEvent: Sendable {
    case link(VenueLink, VenueLinkState)
    /// One message's records, the last one marked as the end of its batch; local times are the arrival.
    /// A whole book is a `clear` and its levels, marked as a snapshot. Sizes are in the instrument's size units.
    case market([MarketRecord])
    /// The book cannot be believed until the next snapshot (gap, checksum, crossed): said before anything else is done about it.
    case bookInvalid(InstrumentID, why: String)
    case status(InstrumentID, VenueStatusCode)
    /// The venue has the request; not its outcome.
    case received(clientID: String, venueID: String?)
    case order(VenueOrder)
    case fill(VenueFill)
    /// Definitely not executed.
    case refused(clientID: String, reason: RejectReason, code: String, message: String)
    case quote(VenueQuoteAnswer)
    /// The answer to a placement is lost: unknown until proven.
    case lost(clientID: String, why: String)
    /// The answer to a cancel or an amendment; a refusal proves nothing about the order.
    case cancelRefused(VenueOrderReference, code: String, message: String)
    case cancelLost(VenueOrderReference, why: String)
    case amendRefused(VenueOrderReference, code: String, message: String)
    /// The venue has changed the order: its price, and what it is for in all, fills included.
    case amended(VenueOrderReference, price: Price, total: Quantity)
    /// The venue has the cancel-all; `nil` is the account. Not its outcome.
    case cancelAllReceived(symbol: String?)
    case cancelAllFailed(symbol: String?, why: String)
    case balances([VenueBalance])
    case answer(VenueQueryID, VenueAnswer)
    /// The venue's clock as just seen: the offset estimator's food. A driver tells it with the machine's own times, uncorrected.
    case clock(venue: Timestamp, sent: VenueTime, received: VenueTime)
    /// For people: something is wrong that no other event tells.
    case alarm(String)
    /// The venue throttles us: nothing new for this long.
    case throttled(Span)
}

/// A half of a session that can be up or down by itself.
public enum VenueLink: UInt8, Hashable, Sendable { case market = 0, orders = 1 }

public enum VenueLinkState: Hashable, Sendable {
    case connecting
    /// Subscribed, authenticated, cancel-on-disconnect armed where the venue has it: everything acknowledged.
    case ready
    case down(why: String)
    /// It will not be tried again: wrong credentials, a retired API, a refused certificate.
    case refused(why: String)
    /// After `.end`.
    case closed
}

public enum VenueStatusCode: Hashable, Sendable { case trading, halted }

/// An order as a venue shows it.
public struct VenueOrder: Hashable, Sendable {
    public enum State: Hashable, Sendable {
        case pending, open, filled, cancelled, expired
        case rejected(RejectReason, code: String, message: String)
        /// A word we do not know: counts as alive until something better is known.
        case unrecognised(String)
    }

    public var reference: VenueOrderReference
    public var state: State
    /// What the venue tells of it; nil where this message does not.
    public var side: Side?
    public var price: ExactDecimal?
    public var quantity: ExactDecimal?
    public var cumulativeQuantity: ExactDecimal?
    public var created: Timestamp?
    public var updated: Timestamp

    public init(
        reference: VenueOrderReference, state: State, side: Side? = nil, price: ExactDecimal? = nil, quantity: ExactDecimal? = nil,
        cumulativeQuantity: ExactDecimal? = nil, created: Timestamp? = nil, updated: Timestamp
    ) {
        (self.reference, self.state, self.side, self.price) = (reference, state, side, price)
        (self.quantity, self.cumulativeQuantity) = (quantity, cumulativeQuantity)
        (self.created, self.updated) = (created, updated)
    }

    public var isFinal: Bool {
        switch state {
        case .filled, .cancelled, .expired, .rejected: true
        case .pending, .open, .unrecognised: false
        }
    }
}

/// An execution as a venue shows it.
public struct VenueFill: Hashable, Sendable {
    /// The venue's own text.
    public var tradeID: String
    public var reference: VenueOrderReference
    public var side: Side
    public var price: ExactDecimal
    public var quantity: ExactDecimal
    /// Paid is positive.
    public var fee: ExactDecimal
    public var feeCurrency: String
    /// Nil where the venue does not tell.
    public var liquidity: Liquidity?
    public var time: Timestamp

    public init(
        tradeID: String, reference: VenueOrderReference, side: Side, price: ExactDecimal, quantity: ExactDecimal,
        fee: ExactDecimal, feeCurrency: String, liquidity: Liquidity?, time: Timestamp
    ) {
        (self.tradeID, self.reference, self.side) = (tradeID, reference, side)
        (self.price, self.quantity, self.fee, self.feeCurrency) = (price, quantity, fee, feeCurrency)
        (self.liquidity, self.time) = (liquidity, time)
    }
}

public struct VenueBalance: Hashable, Sendable {
    public var currency: String
    public var total: ExactDecimal
    public var available: ExactDecimal
    /// Bound by open orders.
    public var reserved: ExactDecimal
    /// ``total`` is a signed net position and ``available`` the credit left to sell; it is no money that is held.
    public var isCredit = false
    public init(currency: String, total: ExactDecimal, available: ExactDecimal, reserved: ExactDecimal) {
        (self.currency, self.total, self.available, self.reserved) = (currency, total, available, reserved)
    }
}

public enum VenueAnswer: Sendable {
    case instruments([VenueInstrument])
    case orders([VenueOrder])
    /// Nil: the venue says that it does not know the order.
    case order(VenueOrder?, fills: [VenueFill])
    case fills([VenueFill])
    case balances([VenueBalance])
    case serverTime(Timestamp)
    case failed(VenueFailure)
}

public struct VenueFailure: Error, Hashable, Sendable {
    public enum Kind: Hashable, Sendable {
        case unreachable, throttled, authentication, refused
        /// The venue cannot be asked this.
        case unsupported
        /// The API that we speak is not there any more.
        case retired
    }
    public var kind: Kind
    public var message: String
    public init(_ kind: Kind, _ message: String) { (self.kind, self.message) = (kind, message) }
}

/// What a venue tells about an instrument.
public struct VenueInstrument: Hashable, Sendable {
    /// The venue's own spelling.
    public var symbol: String
    public var base: String
    public var quote: String
    public var tick: ExactDecimal?
    public var lot: ExactDecimal?
    public var minQuantity: ExactDecimal?
    public var maxQuantity: ExactDecimal?
    public var minNotional: ExactDecimal?
    public var makerFee: ExactDecimal?
    public var takerFee: ExactDecimal?
    public var isTrading: Bool

    public init(
        symbol: String, base: String, quote: String, tick: ExactDecimal?, lot: ExactDecimal?, minQuantity: ExactDecimal? = nil,
        maxQuantity: ExactDecimal? = nil, minNotional: ExactDecimal? = nil, makerFee: ExactDecimal? = nil, takerFee: ExactDecimal? = nil,
        isTrading: Bool = true
    ) {
        (self.symbol, self.base, self.quote, self.tick, self.lot) = (symbol, base, quote, tick, lot)
        (self.minQuantity, self.maxQuantity, self.minNotional) = (minQuantity, maxQuantity, minNotional)
        (self.makerFee, self.takerFee, self.isTrading) = (makerFee, takerFee, isTrading)
    }
}
