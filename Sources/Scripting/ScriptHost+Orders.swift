internal import CLua
internal import Domain
internal import Trading

// Wishes, and what a script is shown of an order.

extension ScriptHost {
    /// Amounts that one order may stand for, in whole units: beyond them exact money would not fit.
    static let largestNotional = Amount(raw: Int128(1_000_000_000_000) * ExactDecimal.powerOfTen(Amount.scale))

    enum Bad: Error {
        case price(String)
        case quantity(String)
    }

    /// A number for messages; the sign of a NaN differs from machine to machine.
    private static func shown(_ value: Double) -> String { value.isNaN ? "nan" : "\(value)" }

    /// The price in ticks, exactly as the script meant it.
    private static func price(
        _ value: Double, _ grids: UnsafePointer<Grids>, _ instrument: @autoclosure () -> Instrument, _ what: StaticString
    ) throws(Bad) -> Price {
        guard value.isFinite, value > 0 else { throw .price("the \(what) \(shown(value)) is not a finite number above zero") }
        guard let ticks = unsafe grids.pointee.price.count(of: value), ticks > 0 else {
            let instrument = instrument()
            throw .price("the \(what) \(value) of \(instrument.symbol) is off its tick of \(instrument.tick); inst:round(price, \"down\") helps")
        }
        return Price(ticks: ticks)
    }

    static func quantity(
        _ value: Double, _ grids: UnsafePointer<Grids>, _ instrument: @autoclosure () -> Instrument
    ) throws(Bad) -> Quantity {
        guard value.isFinite, value > 0 else { throw .quantity("the quantity \(shown(value)) is not a finite number above zero") }
        guard let lots = unsafe grids.pointee.quantity.count(of: value), lots > 0 else {
            let instrument = instrument()
            if value / nearestDouble(instrument.lot) > Double(Grid.largestCount) {
                throw .quantity("the quantity \(value) of \(instrument.symbol) is too large to be accounted for")
            }
            throw .quantity("the quantity \(value) of \(instrument.symbol) is off its lot of \(instrument.lot); inst:round_qty(qty) helps")
        }
        return Quantity(lots: lots)
    }

    /// Refuses what no account could hold, before exact arithmetic would have to trap on it.
    static func checkSize(
        _ request: OrderRequest, _ grids: UnsafePointer<Grids>, _ instrument: @autoclosure () -> Instrument, touch: Int64
    ) throws(Bad) {
        let ticks = max(max(request.type.hasLimit ? request.price.ticks : 0, request.type.isStop ? request.stop.ticks : 0), max(touch, 1))
        let lots = Int128(request.quantity.lots)
        if unsafe Int128(ticks) &* lots > grids.pointee.largestProduct || lots > grids.pointee.largestLots {
            let instrument = instrument()
            throw .quantity("the quantity \(instrument.decimal(request.quantity)) of \(instrument.symbol) is too large to be accounted for")
        }
    }

    static func refuse(_ refusal: OpaquePointer, _ bad: Bad) {
        switch bad {
        case .price(let message): unsafe refuse(refusal, "bad_price", message)
        case .quantity(let message): unsafe refuse(refusal, "bad_qty", message)
        }
    }

    private static func draft(
        _ asked: clua_request, _ host: UnsafeMutablePointer<ScriptHost>, _ desk: UnsafeMutablePointer<Desk>
    ) throws(Bad) -> OrderRequest {
        let index = Int(asked.instrument)
        let grids = unsafe UnsafePointer(host.pointee.grids + index)
        let side: Side = asked.side == 0 ? .buy : .sell
        let type: OrderType = asked.has_stop ? (asked.has_price ? .stopLimit : .stop) : (asked.has_price ? .limit : .market)
        var request = try OrderRequest(
            id: OrderID(0), instrument: InstrumentID(index: index), side: side, type: type,
            quantity: unsafe quantity(asked.qty, grids, unsafe host.pointee.instruments[index]), timeInForce: TimeInForce(rawValue: asked.tif) ?? .goodTillCancel,
            isPostOnly: asked.post_only, isReduceOnly: asked.reduce_only,
            allowsDuplicate: asked.allow_duplicate)
        if asked.has_price { request.price = try unsafe price(asked.price, grids, unsafe host.pointee.instruments[index], "price") }
        if asked.has_stop { request.stop = try unsafe price(asked.stop, grids, unsafe host.pointee.instruments[index], "stop price") }
        if asked.has_expire { request.expire = Timestamp(nanoseconds: asked.expire) }
        let far = unsafe desk.pointee.books[index].bestTicks(side.opposite)
        let touch = far == Book.noAsk || far == Book.noBid ? unsafe desk.pointee.markets[index].lastTrade.ticks : far
        try unsafe checkSize(request, grids, unsafe host.pointee.instruments[index], touch: touch)
        return request
    }

    static func submit(
        _ context: UnsafeMutableRawPointer?, _ asked: UnsafePointer<clua_request>, _ number: UnsafeMutablePointer<UInt64>,
        _ refusal: OpaquePointer
    ) -> Int32 {
        let host = unsafe at(context)
        guard let desk = unsafe host.pointee.desk else { return 0 }
        var request: OrderRequest
        do throws(Bad) {
            request = try unsafe draft(asked.pointee, host, desk)
        } catch {
            unsafe refuse(refusal, error)
            return 0
        }
        guard let tag = unsafe asked.pointee.tag.0 == 0 ? OrderTag.none : desk.pointee.tag(text(of: asked.pointee.tag)) else {
            unsafe refuse(refusal, "bad_options", "option tag: more than \(Desk.tagLimit) different tags in one run")
            return 0
        }
        request.tag = tag
        do throws(FormRefusal) {
            unsafe number.pointee = try desk.pointee.submit(request).raw
            return 1
        } catch {
            unsafe refuse(refusal, error.code, error.message)
            return 0
        }
    }

    static func cancel(
        _ context: UnsafeMutableRawPointer?, _ number: UInt64, _ refusal: OpaquePointer
    ) -> Int32 {
        guard let desk = unsafe at(context).pointee.desk else { return 0 }
        if unsafe desk.pointee.cancel(OrderID(number)) { return 1 }
        let record = unsafe desk.pointee.order(OrderID(number))
        let why: FormRefusal =
            unsafe desk.pointee.isClosed ? .stopping : record?.order.isOpen == true ? .beingCancelled : .final
        unsafe refuse(refusal, why.code, why.message)
        return 0
    }

    static func amend(
        _ context: UnsafeMutableRawPointer?, _ number: UInt64, _ hasPrice: Bool, _ price: Double, _ hasQuantity: Bool,
        _ quantity: Double, _ refusal: OpaquePointer
    ) -> Int32 {
        let host = unsafe at(context)
        guard let desk = unsafe host.pointee.desk else { return 0 }
        guard let order = unsafe desk.pointee.order(OrderID(number))?.order, order.isOpen else {
            unsafe refuse(refusal, FormRefusal.final.code, FormRefusal.final.message)
            return 0
        }
        let index = order.instrument.position
        let instrument = unsafe host.pointee.instruments[index]
        let grids = unsafe UnsafePointer(host.pointee.grids + index)
        var wanted = AmendRequest(
            id: order.id, price: order.request.price, quantity: order.leaves, keepsPrice: !hasPrice, keepsQuantity: !hasQuantity)
        do throws(Bad) {
            if hasPrice && !order.request.type.hasLimit { throw .price("the order has no limit price to amend") }
            if hasPrice { wanted.price = try unsafe Self.price(price, grids, instrument, "price") }
            if hasQuantity { wanted.quantity = try unsafe Self.quantity(quantity, grids, instrument) }
            var whole = order.request
            (whole.price, whole.quantity) = (wanted.price, wanted.quantity)
            try unsafe checkSize(whole, grids, instrument, touch: 1)
        } catch {
            unsafe refuse(refusal, error)
            return 0
        }
        do throws(FormRefusal) {
            try unsafe desk.pointee.amend(wanted)
            return 1
        } catch {
            unsafe refuse(refusal, error.code, error.message)
            return 0
        }
    }

    static func cancelAll(_ context: UnsafeMutableRawPointer?, _ index: UInt32) -> Int64 {
        guard let desk = unsafe at(context).pointee.desk else { return 0 }
        return unsafe Int64(desk.pointee.cancelAll(InstrumentID(index: Int(index))))
    }

    static func openOrders(
        _ context: UnsafeMutableRawPointer?, _ index: UInt32, _ from: Int, _ capacity: Int, _ out: UnsafeMutablePointer<UInt64>
    ) -> Int {
        guard let desk = unsafe at(context).pointee.desk else { return 0 }
        let count = unsafe max(0, min(desk.pointee.openOrderCount(Int(index)) - from, capacity))
        for place in 0..<count { unsafe out[place] = desk.pointee.openOrder(Int(index), at: from + place).pointee.order.id.raw }
        return count
    }

    static func describeOrder(
        _ context: UnsafeMutableRawPointer?, _ number: UInt64, _ out: UnsafeMutablePointer<clua_order>
    ) -> Int32 {
        unsafe describe(at(context), OrderID(number), out) ? 1 : 0
    }

    static func nameOrder(
        _ context: UnsafeMutableRawPointer?, _ number: UInt64, _ isAcknowledged: Bool, _ out: UnsafeMutablePointer<clua_order_names>
    ) {
        let host = unsafe at(context)
        unsafe write(host.pointee.orderID(OrderID(number)), into: &out.pointee.id)
        if isAcknowledged { unsafe write(String(number), into: &out.pointee.venue_id) }
    }

    /// Fills in what a script can know of an order; false where the desk no longer knows it.
    static func describe(
        _ host: UnsafeMutablePointer<ScriptHost>, _ id: OrderID, _ out: UnsafeMutablePointer<clua_order>
    ) -> Bool {
        guard let desk = unsafe host.pointee.desk, let record = unsafe desk.pointee.place(of: id) else { return false }
        unsafe show(record, host, desk, out)
        return true
    }

    private static func show(
        _ record: UnsafePointer<OrderRecord>, _ host: UnsafeMutablePointer<ScriptHost>, _ desk: UnsafeMutablePointer<Desk>,
        _ shown: UnsafeMutablePointer<clua_order>
    ) {
        let index = unsafe record.pointee.order.instrument.position
        let grids = unsafe host.pointee.grids + index
        unsafe shown.initialize(to: clua_order())
        unsafe shown.pointee.number = record.pointee.order.id.raw
        unsafe shown.pointee.instrument = UInt32(index)
        unsafe shown.pointee.side = record.pointee.order.side.rawValue
        unsafe shown.pointee.state = state(of: record.pointee.order)
        let type = unsafe record.pointee.order.request.type
        unsafe shown.pointee.type = type.rawValue
        unsafe shown.pointee.tif = record.pointee.order.request.timeInForce.rawValue
        unsafe shown.pointee.has_price = type.hasLimit
        unsafe shown.pointee.has_stop = type.isStop
        if type.hasLimit { unsafe shown.pointee.price = grids.pointee.price.number(record.pointee.order.request.price.ticks) }
        if type.isStop { unsafe shown.pointee.stop = grids.pointee.price.number(record.pointee.order.request.stop.ticks) }
        let filled = unsafe record.pointee.order.filled
        unsafe shown.pointee.qty = grids.pointee.quantity.number(record.pointee.order.request.quantity.lots)
        if filled > .zero {
            unsafe shown.pointee.filled = grids.pointee.quantity.number(filled.lots)
            unsafe shown.pointee.remaining = grids.pointee.quantity.number(record.pointee.order.leaves.lots)
            unsafe shown.pointee.has_average = true
            // Fills at one price, or that meet on the grid, need no division of 128 bits.
            let sum = unsafe Int64(exactly: record.pointee.order.filledTickLots)
            if let sum, sum % filled.lots == 0 {
                unsafe shown.pointee.average = grids.pointee.price.number(sum / filled.lots)
            } else {
                unsafe shown.pointee.average = average(record.pointee.order, host.pointee.instruments[index])
            }
        } else {
            unsafe shown.pointee.remaining = shown.pointee.qty
        }
        unsafe shown.pointee.time = record.pointee.order.created.nanoseconds
        let closed = unsafe record.pointee.order.closed
        unsafe shown.pointee.updated = closed == .never ? desk.pointee.now.nanoseconds : closed.nanoseconds
        unsafe shown.pointee.is_acknowledged = record.pointee.order.acknowledged != .never
        if unsafe !record.pointee.reason.isEmpty { unsafe write(record.pointee.reason, into: &shown.pointee.reason) }
        let tag = unsafe record.pointee.order.request.tag
        if tag != OrderTag.none { unsafe write(desk.pointee.text(of: tag), into: &shown.pointee.tag) }
    }

    private static func average(_ order: Order, _ instrument: Instrument) -> Double {
        let filled = Int128(order.filled.lots)
        guard let tick = Amount(instrument.tick) else { return .nan }
        return nearestDouble(tick.scaled(by: order.filledTickLots, over: filled))
    }

    private static func state(of order: Order) -> UInt8 {
        let state =
            switch order.phase {
            case .done(.filled): CLUA_FILLED
            case .done(.cancelled): CLUA_CANCELLED
            case .done(.expired): CLUA_EXPIRED
            case .done(.rejected): CLUA_REJECTED
            case .unknown: CLUA_UNKNOWN
            case .pending: order.isCancelRequested ? CLUA_PENDING_CANCEL : CLUA_PENDING_NEW
            case .working:
                order.isCancelRequested ? CLUA_PENDING_CANCEL : order.filled == .zero ? CLUA_OPEN : CLUA_PARTIALLY_FILLED
            }
        return UInt8(state)
    }
}
