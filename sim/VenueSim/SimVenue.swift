public import Domain
public import Exchange

/// An order as the venue itself keeps it: the truth that connectors are measured by.
public struct SimOrder: Hashable, Sendable {
    public enum State: String, Hashable, Sendable { case pending = "PENDING", active = "ACTIVE", filled = "FILLED", cancelled = "CANCELED", rejected = "REJECTED", expired = "EXPIRED" }
    public let venueID: String
    public let clientID: String
    public let instrument: Int
    public var request: OrderRequest
    public let created: Timestamp
    public internal(set) var updated: Timestamp
    public internal(set) var state = State.pending
    public internal(set) var reason: RejectReason?
    public internal(set) var filled = Quantity.zero
    public internal(set) var value = Amount.zero
    /// Σ ticks × lots of its fills.
    var tickLots: Int128 = 0
    /// The connection that placed it: cancel-on-disconnect takes it down with that one.
    public let connection: Int

    func averagePrice(tick: ExactDecimal) -> Amount {
        guard filled > .zero, let unit = Amount(tick) else { return .zero }
        return unit.scaled(by: tickLots, over: Int128(filled.lots))
    }

    public var isLive: Bool { state == .pending || state == .active }
}

public struct SimFill: Hashable, Sendable {
    public let tradeID: String
    public let order: SimOrder
    public let fill: Fill
    public let time: Timestamp
}

/// How a venue spells the ids that it gives.
public struct SimNames: Sendable {
    public let order: @Sendable (UInt64) -> String
    public let trade: @Sendable (UInt64) -> String
    public init(order: @escaping @Sendable (UInt64) -> String, trade: @escaping @Sendable (UInt64) -> String) {
        (self.order, self.trade) = (order, trade)
    }

    /// Eighteen digits.
    public static let numbers = SimNames(order: { String(337_843_775_021_233_500 + $0) }, trade: { String(371_303_044_218_155_296 + $0) })
    /// As a version 7 UUID is spelled.
    public static let uuids = SimNames(order: { uuid($0, "019cced5-85ab") }, trade: { uuid($0, "0197d496-0e9f") })

    private static func uuid(_ number: UInt64, _ head: String) -> String {
        let digits = String(number, radix: 16)
        return "\(head)-7111-a0a6-" + String(repeating: "0", count: max(0, 12 - digits.count)) + digits
    }
}

/// A book at an address: books cannot be copied.
final class SimBook {
    var book = Book()

    /// Levels from the best, as ticks and size units.
    func levels(_ side: Side, depth: Int) -> [(ticks: Int64, size: Int64)] {
        guard !book.isEmpty(side) else { return [] }
        var levels: [(ticks: Int64, size: Int64)] = []
        var next: Int64? = book.bestTicks(side)
        while let ticks = next, levels.count < depth {
            levels.append((ticks, book.size(side, ticks: ticks)))
            next = book.next(side, after: ticks)
        }
        return levels
    }
}

/// What a simulated venue has to tell its protocol.
public enum SimVenueEvent: Sendable {
    case order(SimOrder)
    case fill(SimFill)
    case balances
}

/// A venue's inside: the exchange simulation, one account's orders, fills and balances. The protocols stand in front of it.
///
/// Confined to one event loop; time is an argument.
public final class SimVenue {
    public let instruments: [Instrument]
    public private(set) var orders: [SimOrder] = []
    public private(set) var fills: [SimFill] = []
    public private(set) var balances: [String: Amount]
    let books: [SimBook]
    private var exchange: SimExchange
    private var place: [String: Int] = [:]
    /// Places of the orders that may be alive: what ended is dropped now and then.
    private var live: [Int] = []
    private var sweepAt = 64
    private var lastOrder: UInt64 = 0
    private let names: SimNames
    public var listener: ((SimVenueEvent) -> Void)?

    public init(instruments: [Instrument], rules: ExchangeRules, balances: [(currency: String, amount: Amount)], names: SimNames = .numbers) {
        self.instruments = instruments
        self.names = names
        exchange = SimExchange(instruments: instruments, rules: rules)
        self.balances = Dictionary(balances.map { ($0.currency, $0.amount) }, uniquingKeysWith: +)
        for instrument in instruments {
            for currency in [instrument.base, instrument.quote] where self.balances[currency] == nil { self.balances[currency] = .zero }
        }
        books = instruments.map { _ in SimBook() }
    }

    public func instrument(named symbol: String) -> Int? { instruments.firstIndex { $0.nativeSymbol == symbol } }
    public func order(_ venueID: String) -> SimOrder? { place[venueID].map { orders[$0] } }
    public var open: [SimOrder] { live.lazy.map { self.orders[$0] }.filter(\.isLive) }

    /// What open orders bind of a currency.
    public func reserved(_ currency: String) -> Amount {
        open.reduce(.zero) { sum, order in
            let instrument = instruments[order.instrument]
            let leaves = order.request.quantity - order.filled
            switch order.request.side {
            case .buy: return instrument.quote == currency ? sum + instrument.notional(order.request.price, leaves) : sum
            case .sell: return instrument.base == currency ? sum + instrument.baseLot * leaves.lots : sum
            }
        }
    }

    // MARK: - The market

    /// Records of the market around us, exchange time now.
    public func apply(_ records: [MarketRecord], at now: Timestamp) {
        for record in records {
            var own = record
            own.exchangeTime = now.nanoseconds
            own.localTime = now.nanoseconds
            unsafe withUnsafePointer(to: own) { unsafe exchange.apply($0, instrument: Int(own.instrument)) }
            keep(own)
        }
        settle(at: now)
    }

    private func keep(_ record: MarketRecord) {
        let index = Int(record.instrument)
        switch record.kind {
        case .level: if let side = record.side { _ = books[index].book.set(side, ticks: record.a, size: record.b) }
        case .clear: if let side = record.side { books[index].book.clear(side) } else { books[index].book.clear() }
        case .trade, .quote, .bar, .orderAdd, .orderModify, .orderCancel, .orderFill, .status: break
        }
    }

    // MARK: - Requests

    /// Takes an order; what becomes of it is told by events.
    ///
    /// - Parameter venueID: Where the client names the order; else the venue does.
    public func submit(_ draft: OrderRequest, clientID: String, connection: Int, at now: Timestamp, venueID: String? = nil) -> SimOrder {
        lastOrder += 1
        var request = draft
        request.id = OrderID(lastOrder)
        let order = SimOrder(
            venueID: venueID ?? names.order(lastOrder), clientID: clientID, instrument: request.instrument.position, request: request, created: now,
            updated: now, connection: connection)
        place[order.venueID] = orders.count
        live.append(orders.count)
        if live.count > sweepAt {
            live.removeAll { $0 < orders.count && !orders[$0].isLive }
            sweepAt = 64 + 2 * live.count
        }
        orders.append(order)
        return order
    }

    /// A trade with the venue itself, all of it at one price: no book is met, and there is no fee.
    public func deal(instrument index: Int, side: Side, lots: Int64, ticks: Int64, clientID: String, at now: Timestamp) -> SimOrder {
        let request = OrderRequest(
            id: OrderID(0), instrument: InstrumentID(index: index), side: side, type: .market, quantity: Quantity(lots: lots), price: Price(ticks: ticks),
            timeInForce: .fillOrKill)
        let made = submit(request, clientID: clientID, connection: 0, at: now)
        let fill = Fill(id: FillID(UInt64(fills.count)), price: Price(ticks: ticks), quantity: Quantity(lots: lots), liquidity: .taker, fee: .zero)
        if let index = place[made.venueID] { book(fill, index, now) }
        listener?(.balances)
        return order(made.venueID) ?? made
    }

    /// Lets an order that was taken reach the book.
    public func execute(_ venueID: String, at now: Timestamp) {
        guard let index = place[venueID], orders[index].state == .pending else { return }
        exchange.submit(orders[index].request, at: now)
        settle(at: now)
    }

    public func cancel(_ venueID: String, at now: Timestamp) -> Bool {
        guard let index = place[venueID], orders[index].isLive else { return false }
        if orders[index].state == .pending {
            orders[index].state = .cancelled
            orders[index].updated = now
            listener?(.order(orders[index]))
        } else {
            exchange.cancel(orders[index].request.id, at: now)
            settle(at: now)
        }
        return true
    }

    /// Changes an order that stands in the book; what becomes of it is told by events.
    ///
    /// - Parameter total: What it is for in all, fills included.
    public func amend(_ venueID: String, price: Price, total: Quantity, at now: Timestamp) -> Bool {
        guard let index = place[venueID], orders[index].state == .active, total > orders[index].filled else { return false }
        exchange.amend(AmendRequest(id: orders[index].request.id, price: price, quantity: total - orders[index].filled), at: now)
        settle(at: now)
        return true
    }

    public func cancelAll(instrument: Int?, connection: Int? = nil, at now: Timestamp) {
        for order in open where instrument.map({ $0 == order.instrument }) ?? true && connection.map({ $0 == order.connection }) ?? true {
            _ = cancel(order.venueID, at: now)
        }
    }

    /// Fills an order as if the market had come to it: for races of fills and cancels.
    public func fillNow(_ venueID: String, at now: Timestamp) {
        guard let index = place[venueID], orders[index].state == .active else { return }
        let order = orders[index]
        let record = MarketRecord(
            kind: .trade, instrument: order.request.instrument, localTime: now.nanoseconds, exchangeTime: now.nanoseconds,
            side: order.request.side.opposite, flags: MarketRecord.Flag.endOfBatch,
            a: order.request.side == .buy ? order.request.price.ticks - 1 : order.request.price.ticks + 1,
            b: (order.request.quantity - order.filled).lots * instruments[order.instrument].unitsPerLot)
        apply([record], at: now)
    }

    public func expire(at now: Timestamp) {
        if exchange.nextExpiry <= now {
            exchange.expire(at: now)
            settle(at: now)
        }
    }

    // MARK: - Reports

    private func settle(at now: Timestamp) {
        let reports = exchange.reports
        exchange.reports.removeAll(keepingCapacity: true)
        for report in reports {
            let index = Int(report.order.raw) - 1
            orders[index].updated = now
            switch report.fact {
            case .accepted: orders[index].state = .active
            case .rejected(let reason):
                orders[index].state = .rejected
                orders[index].reason = reason
            case .filled(let fill): book(fill, index, now)
            case .cancelled: orders[index].state = .cancelled
            case .expired: orders[index].state = orders[index].request.timeInForce == .goodTillDate ? .expired : .cancelled
            case .amended(let price, let open):
                orders[index].request.price = price
                orders[index].request.quantity = orders[index].filled + open
            case .cancelRejected, .amendRejected: continue
            }
            if case .filled = report.fact { continue }
            listener?(.order(orders[index]))
        }
        if !reports.isEmpty { listener?(.balances) }
    }

    private func book(_ fill: Fill, _ index: Int, _ now: Timestamp) {
        let instrument = instruments[orders[index].instrument]
        let notional = instrument.notional(fill.price, fill.quantity)
        let base = instrument.baseLot * fill.quantity.lots
        let isBuy = orders[index].request.side == .buy
        balances[instrument.quote, default: .zero] -= isBuy ? notional : .zero - notional
        balances[instrument.base, default: .zero] += isBuy ? base : .zero - base
        balances[fill.feeInBase ? instrument.base : instrument.quote, default: .zero] -= fill.fee
        orders[index].filled = orders[index].filled + fill.quantity
        orders[index].value += notional
        orders[index].tickLots += Int128(fill.price.ticks) * Int128(fill.quantity.lots)
        if orders[index].filled >= orders[index].request.quantity { orders[index].state = .filled }
        let made = SimFill(tradeID: names.trade(UInt64(fills.count)), order: orders[index], fill: fill, time: now)
        fills.append(made)
        listener?(.fill(made))
        listener?(.order(orders[index]))
    }
}
