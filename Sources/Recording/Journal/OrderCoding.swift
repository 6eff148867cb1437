import Domain
import Risk
import Trading

/// Words of orders and fills as bytes. A number that is out of its range in a damaged journal is refused here, not trapped on later.
extension FieldWriter {
    mutating func instrument(_ instrument: InstrumentID) { integer(instrument.index) }

    mutating func optional(_ instrument: InstrumentID?) {
        flag(instrument != nil)
        if let instrument { self.instrument(instrument) }
    }

    mutating func request(_ request: OrderRequest) {
        integer(request.id.raw)
        instrument(request.instrument)
        integer(request.side.rawValue)
        integer(request.type.rawValue)
        integer(request.timeInForce.rawValue)
        flag(request.isPostOnly)
        flag(request.isReduceOnly)
        integer(request.quantity.lots)
        integer(request.price.ticks)
        integer(request.stop.ticks)
        time(request.expire)
        integer(request.tag.index)
        flag(request.allowsDuplicate)
        integer(request.quote.raw)
    }

    mutating func amendment(_ amendment: AmendRequest) {
        integer(amendment.id.raw)
        integer(amendment.price.ticks)
        integer(amendment.quantity.lots)
    }

    mutating func fill(_ fill: Fill) {
        integer(fill.id.raw)
        integer(fill.price.ticks)
        integer(fill.quantity.lots)
        integer(fill.liquidity.rawValue)
        integer(fill.fee.raw)
        flag(fill.feeInBase)
    }

    mutating func report(_ report: ExecutionReport) {
        integer(report.order.raw)
        instrument(report.instrument)
        time(report.exchangeTime)
        switch report.fact {
        case .accepted: integer(UInt8(0))
        case .rejected(let reason): choice(1, reason.rawValue)
        case .filled(let fill):
            integer(UInt8(2))
            self.fill(fill)
        case .cancelled: integer(UInt8(3))
        case .expired: integer(UInt8(4))
        case .cancelRejected(let reason): choice(5, reason.rawValue)
        case .amended(let price, let open):
            integer(UInt8(6))
            integer(price.ticks)
            integer(open.lots)
        case .amendRejected(let reason): choice(7, reason.rawValue)
        }
    }

    mutating func choice(_ tag: UInt8, _ value: UInt8) {
        integer(tag)
        integer(value)
    }
}

/// Reads what the journal's writer wrote.
struct JournalFields {
    var fields: FieldReader
    /// How many instruments there are: a place beyond them is refused.
    let instruments: Int

    init(_ bytes: [UInt8], instruments: Int) {
        fields = FieldReader(bytes)
        self.instruments = instruments
    }

    typealias Malformed = FieldReader.Malformed

    mutating func instrument() throws(Malformed) -> InstrumentID {
        let index = try fields.integer(UInt16.self)
        guard Int(index) < instruments else { throw fields.malformed("an instrument below \(instruments) before it, found \(index)") }
        return InstrumentID(index: Int(index))
    }

    mutating func optionalInstrument() throws(Malformed) -> InstrumentID? { try fields.flag() ? instrument() : nil }

    mutating func quantity() throws(Malformed) -> Quantity {
        let lots = try fields.integer(Int64.self)
        guard lots >= 0 else { throw fields.malformed("a quantity of zero or more before it, found \(lots)") }
        return Quantity(lots: lots)
    }

    mutating func price() throws(Malformed) -> Price { Price(ticks: try fields.integer(Int64.self)) }
    mutating func order() throws(Malformed) -> OrderID { OrderID(try fields.integer(UInt64.self)) }
    mutating func amount() throws(Malformed) -> Amount { Amount(raw: try fields.integer(Int128.self)) }
    mutating func span() throws(Malformed) -> Span { Span(nanoseconds: try fields.integer(Int64.self)) }
    mutating func count() throws(Malformed) -> Int { Int(try fields.integer(UInt32.self)) }

    mutating func request() throws(Malformed) -> OrderRequest {
        let (id, instrument) = (try order(), try instrument())
        let side = try fields.choice(Side.self)
        let type = try fields.choice(OrderType.self)
        let timeInForce = try fields.choice(TimeInForce.self)
        let (isPostOnly, isReduceOnly) = (try fields.flag(), try fields.flag())
        let quantity = try quantity()
        let (limit, stop) = (try price(), try price())
        let (expire, tag, allowsDuplicate) = (try fields.time(), try fields.integer(UInt32.self), try fields.flag())
        return OrderRequest(
            id: id, instrument: instrument, side: side, type: type, quantity: quantity, price: limit, stop: stop, timeInForce: timeInForce,
            expire: expire, isPostOnly: isPostOnly, isReduceOnly: isReduceOnly, tag: OrderTag(index: tag),
            allowsDuplicate: allowsDuplicate, quote: QuoteID(raw: try fields.integer(UInt32.self)))
    }

    mutating func amendment() throws(Malformed) -> AmendRequest {
        let (id, price) = (try order(), try price())
        return AmendRequest(id: id, price: price, quantity: try quantity())
    }

    mutating func fill() throws(Malformed) -> Fill {
        let id = FillID(try fields.integer(UInt64.self))
        let (price, quantity) = (try price(), try quantity())
        let liquidity = try fields.choice(Liquidity.self)
        let fee = try amount()
        return Fill(id: id, price: price, quantity: quantity, liquidity: liquidity, fee: fee, feeInBase: try fields.flag())
    }

    mutating func report() throws(Malformed) -> ExecutionReport {
        let (order, instrument, time) = (try order(), try instrument(), try fields.time())
        return ExecutionReport(order: order, instrument: instrument, exchangeTime: time, fact: try fact())
    }

    private mutating func fact() throws(Malformed) -> ExecutionReport.Fact {
        switch try fields.integer(UInt8.self) {
        case 0: return .accepted
        case 1: return .rejected(try fields.choice(RejectReason.self))
        case 2: return .filled(try fill())
        case 3: return .cancelled
        case 4: return .expired
        case 5: return .cancelRejected(try fields.choice(RejectReason.self))
        case 6:
            let price = try price()
            return .amended(price: price, open: try quantity())
        case 7: return .amendRejected(try fields.choice(RejectReason.self))
        case let other: throw fields.malformed("a report's kind below 8 before it, found \(other)")
        }
    }
}
