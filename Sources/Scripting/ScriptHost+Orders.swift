internal import CLua
internal import Domain
internal import Trading

// Wishes, and what a script is shown of an order.

extension ScriptHost {
    /// Amounts that one order may stand for, in whole units: beyond them exact money would not fit.
    private static let largestNotional = Amount(raw: Int128(1_000_000_000_000) * ExactDecimal.powerOfTen(Amount.scale))

    enum Bad: Error {
        case price(String)
        case quantity(String)
    }

    /// A number for messages; the sign of a NaN differs from machine to machine.
    private static func shown(_ value: Double) -> String { value.isNaN ? "nan" : "\(value)" }

    /// The price in ticks, exactly as the script meant it.
    private static func price(
        _ value: Double, _ grids: Grids, _ instrument: @autoclosure () -> Instrument, _ what: StaticString
    ) throws(Bad) -> Price {
        guard value.isFinite, value > 0 else { throw .price("the \(what) \(shown(value)) is not a finite number above zero") }
        guard let ticks = grids.price.count(of: value), ticks > 0 else {
            let instrument = instrument()
            throw .price("the \(what) \(value) of \(instrument.symbol) is off its tick of \(instrument.tick); inst:round(price, \"down\") helps")
        }
        return Price(ticks: ticks)
    }

    static func quantity(
        _ value: Double, _ grids: Grids, _ instrument: @autoclosure () -> Instrument
    ) throws(Bad) -> Quantity {
        guard value.isFinite, value > 0 else { throw .quantity("the quantity \(shown(value)) is not a finite number above zero") }
        guard let lots = grids.quantity.count(of: value), lots > 0 else {
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
        _ request: OrderRequest, _ grids: Grids, _ instrument: @autoclosure () -> Instrument, touch: Int64
    ) throws(Bad) {
        let ticks = max(request.type.hasLimit ? request.price.ticks : 0, request.type.isStop ? request.stop.ticks : 0, touch, 1)
        let lots = Int128(request.quantity.lots)
        let (value, overflow) = (Int128(ticks) * lots).multipliedReportingOverflow(by: grids.tickLot.raw)
        let (base, baseOverflow) = lots.multipliedReportingOverflow(by: grids.baseLot.raw)
        if overflow || baseOverflow || value > largestNotional.raw || base > largestNotional.raw {
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
        let grids = unsafe host.pointee.grids[index]
        let side: Side = asked.side == 0 ? .buy : .sell
        let type: OrderType = asked.has_stop ? (asked.has_price ? .stopLimit : .stop) : (asked.has_price ? .limit : .market)
        var request = try OrderRequest(
            id: OrderID(0), instrument: InstrumentID(index: index), side: side, type: type,
            quantity: quantity(asked.qty, grids, unsafe host.pointee.instruments[index]), timeInForce: TimeInForce(rawValue: asked.tif) ?? .goodTillCancel,
            isPostOnly: asked.post_only, isReduceOnly: asked.reduce_only,
            allowsDuplicate: asked.allow_duplicate)
        if asked.has_price { request.price = try price(asked.price, grids, unsafe host.pointee.instruments[index], "price") }
        if asked.has_stop { request.stop = try price(asked.stop, grids, unsafe host.pointee.instruments[index], "stop price") }
        if asked.has_expire { request.expire = Timestamp(nanoseconds: asked.expire) }
        let far = unsafe desk.pointee.books[index].bestTicks(side.opposite)
        let touch = far == Book.noAsk || far == Book.noBid ? unsafe desk.pointee.markets[index].lastTrade.ticks : far
        try checkSize(request, grids, unsafe host.pointee.instruments[index], touch: touch)
        return request
    }

    static func submit(
        _ context: UnsafeMutableRawPointer?, _ asked: UnsafePointer<clua_request>, _ out: UnsafeMutablePointer<clua_order>,
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
            let id = try unsafe desk.pointee.submit(request)
            return unsafe describe(host, id, out) ? 1 : 0
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
        let grids = unsafe host.pointee.grids[index]
        var wanted = AmendRequest(
            id: order.id, price: order.request.price, quantity: order.leaves, keepsPrice: !hasPrice, keepsQuantity: !hasQuantity)
        do throws(Bad) {
            if hasPrice && !order.request.type.hasLimit { throw .price("the order has no limit price to amend") }
            if hasPrice { wanted.price = try Self.price(price, grids, instrument, "price") }
            if hasQuantity { wanted.quantity = try Self.quantity(quantity, grids, instrument) }
            var whole = order.request
            (whole.price, whole.quantity) = (wanted.price, wanted.quantity)
            try checkSize(whole, grids, instrument, touch: 1)
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
        let ids = unsafe desk.pointee.openOrders(InstrumentID(index: Int(index))).dropFirst(from).prefix(capacity)
        for (place, id) in ids.enumerated() { unsafe out[place] = id.raw }
        return ids.count
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
        guard let desk = unsafe host.pointee.desk else { return false }
        return unsafe desk.pointee.read(id) { unsafe show($0, host, desk, out) } != nil
    }

    private static func show(
        _ record: OrderRecord, _ host: UnsafeMutablePointer<ScriptHost>, _ desk: UnsafeMutablePointer<Desk>,
        _ out: UnsafeMutablePointer<clua_order>
    ) {
        let order = record.order
        let index = order.instrument.position
        let grids = unsafe host.pointee.grids[index]
        var shown = clua_order()
        shown.number = order.id.raw
        shown.instrument = UInt32(index)
        shown.side = order.side.rawValue
        shown.state = state(of: order)
        shown.type = order.request.type.rawValue
        shown.tif = order.request.timeInForce.rawValue
        shown.has_price = order.request.type.hasLimit
        shown.has_stop = order.request.type.isStop
        if shown.has_price { shown.price = grids.price.number(order.request.price.ticks) }
        if shown.has_stop { shown.stop = grids.price.number(order.request.stop.ticks) }
        shown.qty = grids.quantity.number(order.request.quantity.lots)
        shown.filled = grids.quantity.number(order.filled.lots)
        shown.remaining = grids.quantity.number(order.leaves.lots)
        shown.has_average = order.filled > .zero
        if shown.has_average { shown.average = unsafe average(order, host.pointee.instruments[index]) }
        shown.time = order.created.nanoseconds
        shown.updated = unsafe order.closed == .never ? desk.pointee.now.nanoseconds : order.closed.nanoseconds
        shown.is_acknowledged = order.acknowledged != .never
        if !record.reason.isEmpty { write(record.reason, into: &shown.reason) }
        if order.request.tag != OrderTag.none { write(unsafe desk.pointee.text(of: order.request.tag), into: &shown.tag) }
        unsafe out.initialize(to: shown)
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
