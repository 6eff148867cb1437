public import Domain

/// What a strategy asked for during one callback, in the order in which it asked.
enum Wish: Hashable, Sendable {
    case submit(OrderRequest)
    case cancel(OrderID)
    case amend(AmendRequest)
    case requestQuote(QuoteRequest)
}

/// Why a wish is refused on the spot, before any limit is judged: form only.
public enum FormRefusal: Error, Hashable, Sendable {
    case tooMany(limit: Int)
    case stopping
    case unconvertible(currency: String, into: String)
    case final
    case beingCancelled

    public var code: String {
        switch self {
        case .tooMany: "too_many"
        case .stopping: "stopping"
        case .unconvertible: "no_conversion"
        case .final: "final"
        case .beingCancelled: "pending_cancel"
        }
    }

    public var message: String {
        switch self {
        case .tooMany(let limit): "one callback may ask for at most \(limit) things"
        case .stopping: "the strategy is stopping; nothing can be asked any more"
        case .unconvertible(let currency, let into): "no instrument of this run converts \(currency) into \(into), in which the run reports"
        case .final: "the order is final"
        case .beingCancelled: "the order is being cancelled"
        }
    }
}

extension Desk {
    /// Notes a wish for an order; its `id` is given here. Limits are judged after the callback has returned cleanly.
    public mutating func submit(_ draft: OrderRequest) throws(FormRefusal) -> OrderID {
        try admitWish()
        try admitCurrency(of: draft.instrument)
        var request = draft
        request.id = orders.nextID()
        orders.open(request, at: now)
        wishes.append(.submit(request))
        return request.id
    }

    func admitCurrency(of instrument: InstrumentID) throws(FormRefusal) {
        if conversions[portfolio.quoteCurrency[instrument.position]] == nil {
            throw .unconvertible(currency: instruments[instrument.position].quote, into: reportingCurrency)
        }
    }

    /// Asks for a cancel. False where the order is final or a cancel is under way: nothing is sent.
    @discardableResult
    public mutating func cancel(_ id: OrderID) -> Bool {
        guard !isClosed, orders.update(id, { $0.order.requestCancel() }) == true else { return false }
        wishes.append(.cancel(id))
        return true
    }

    /// Asks for a cancel of every open order of the instrument; answers how many were asked.
    public mutating func cancelAll(_ instrument: InstrumentID) -> Int {
        var count = 0
        for place in 0..<orders.liveCount(instrument.position) where unsafe cancel(orders.live(instrument.position, at: place).pointee.order.id) {
            count += 1
        }
        return count
    }

    /// Asks that the order stand at `price` with `quantity` open.
    public mutating func amend(_ request: AmendRequest) throws(FormRefusal) {
        try admitWish()
        guard let record = orders[request.id], record.order.isOpen else { throw .final }
        guard record.order.mayAmend else { throw .beingCancelled }
        wishes.append(.amend(request))
    }

    func admitWish() throws(FormRefusal) {
        if isClosed || stopReason != nil { throw .stopping }
        if wishes.count >= wishLimit { throw .tooMany(limit: Desk.wishesPerCallback) }
    }

    public func order(_ id: OrderID) -> OrderRecord? { orders[id] }

    /// Where the order stands, valid until the next wish; nil where the desk does not know it.
    @inline(__always)
    public func place(of id: OrderID) -> UnsafePointer<OrderRecord>? { unsafe orders.place(of: id).map { unsafe UnsafePointer($0) } }

    /// How many orders of an instrument are not final, and one of them by its age.
    @inline(__always) public func openOrderCount(_ instrument: Int) -> Int { orders.liveCount(instrument) }
    @inline(__always) public func openOrder(_ instrument: Int, at place: Int) -> UnsafePointer<OrderRecord> {
        unsafe orders.live(instrument, at: place)
    }

    /// Whether the desk knows the order and it is not final.
    public func isOpen(_ id: OrderID) -> Bool { orders.isOpen(id) }

    /// Orders in any state that is not final, oldest first.
    public func openOrders(_ instrument: InstrumentID) -> [OrderID] { orders.live(instrument) }

    /// All of them, by instrument, then oldest first.
    public var openOrders: [OrderID] { orders.allLive }

    public mutating func every(_ interval: Span) -> TimerID {
        precondition(interval > .zero, "a timer needs an interval above zero")
        return timers.add(due: now + interval, every: interval)
    }

    public mutating func after(_ delay: Span) -> TimerID { timers.add(due: now + max(delay, .zero), every: .zero) }

    /// A time that has passed is due at once.
    public mutating func at(_ time: Timestamp) -> TimerID { timers.add(due: max(time, now), every: .zero) }

    @discardableResult
    public mutating func cancelTimer(_ timer: TimerID) -> Bool { timers.cancel(timer) }

    public var timerCount: Int { timers.count }
}

extension Desk {
    /// What a strategy can subscribe to.
    public enum Feed: Hashable, Sendable {
        case quotes, book, trades
        /// The interval as text, `1m`.
        case bars(String)
    }

    public mutating func subscribe(_ instrument: InstrumentID, to feed: Feed) throws(BarError) {
        switch feed {
        case .quotes: unsafe markets[instrument.position].subscribed.insert(.quote)
        case .book: unsafe markets[instrument.position].subscribed.insert(.book)
        case .trades: unsafe markets[instrument.position].subscribed.insert(.trade)
        case .bars(let interval):
            try bars.add(instrument, interval: interval)
            unsafe markets[instrument.position].hasBars = true
        }
    }

    public mutating func unsubscribe(_ instrument: InstrumentID, from feed: Feed) {
        switch feed {
        case .quotes: unsafe markets[instrument.position].subscribed.remove(.quote)
        case .book: unsafe markets[instrument.position].subscribed.remove(.book)
        case .trades: unsafe markets[instrument.position].subscribed.remove(.trade)
        case .bars(let interval):
            if let span = Span(interval) { bars.remove(instrument, interval: span) }
            unsafe markets[instrument.position].hasBars = bars.has(instrument)
        }
    }
}
