internal import CLua
internal import Domain
internal import Trading

// Reads of books, trades and positions: plain functions that the C side calls while a script runs.

extension ScriptHost {
    static func top(_ context: UnsafeMutableRawPointer?, _ index: UInt32, _ out: UnsafeMutablePointer<clua_top>) {
        let host = unsafe at(context)
        guard let desk = unsafe host.pointee.desk else { return unsafe out.initialize(to: clua_top()) }
        let grids = unsafe host.pointee.grids + Int(index)
        let book = unsafe desk.pointee.books + Int(index)
        var top = clua_top()
        let bid = unsafe book.pointee.bestBidTicks
        let ask = unsafe book.pointee.bestAskTicks
        top.has_bid = bid != Book.noBid
        top.has_ask = ask != Book.noAsk
        if top.has_bid {
            top.bid = unsafe grids.pointee.price.number(bid)
            top.bid_qty = unsafe grids.pointee.size.number(book.pointee.bestBidSize)
        }
        if top.has_ask {
            top.ask = unsafe grids.pointee.price.number(ask)
            top.ask_qty = unsafe grids.pointee.size.number(book.pointee.bestAskSize)
        }
        if top.has_bid && top.has_ask {
            top.mid = unsafe grids.pointee.halfPrice.number(bid + ask)
            top.spread = unsafe grids.pointee.price.number(ask - bid)
        }
        unsafe out.initialize(to: top)
    }

    static func last(_ context: UnsafeMutableRawPointer?, _ index: UInt32, _ out: UnsafeMutablePointer<clua_last>) {
        let host = unsafe at(context)
        var last = clua_last()
        if let desk = unsafe host.pointee.desk, unsafe desk.pointee.markets[Int(index)].hasTraded {
            let trade = unsafe desk.pointee.markets[Int(index)].lastTrade
            let grids = unsafe host.pointee.grids + Int(index)
            last.exists = true
            last.price = unsafe grids.pointee.price.number(trade.ticks)
            last.qty = unsafe grids.pointee.size.number(trade.size)
            last.side = trade.side.map { Int8($0.sign) } ?? 0
            last.time = trade.exchangeTime.nanoseconds
        }
        unsafe out.initialize(to: last)
    }

    static func eventTime(_ context: UnsafeMutableRawPointer?, _ index: UInt32) -> Int64 {
        guard let desk = unsafe at(context).pointee.desk else { return 0 }
        return unsafe desk.pointee.markets[Int(index)].eventTime.nanoseconds
    }

    static func holding(_ context: UnsafeMutableRawPointer?, _ index: UInt32, _ out: UnsafeMutablePointer<clua_holding>) {
        let host = unsafe at(context)
        guard let desk = unsafe host.pointee.desk else { return unsafe out.initialize(to: clua_holding()) }
        let position = unsafe desk.pointee.portfolio.positions[Int(index)]
        var holding = clua_holding()
        holding.position = unsafe host.pointee.grids[Int(index)].quantity.number(position.lots)
        holding.lots = position.lots
        unsafe out.initialize(to: holding)
    }

    /// The rest of a holding, which few scripts ask for and which costs more.
    static func profit(_ context: UnsafeMutableRawPointer?, _ index: UInt32, _ out: UnsafeMutablePointer<clua_holding>) {
        let host = unsafe at(context)
        guard let desk = unsafe host.pointee.desk else { return }
        let position = unsafe desk.pointee.portfolio.positions[Int(index)]
        let instrument = unsafe host.pointee.instruments[Int(index)]
        unsafe out.pointee.has_average = position.lots != 0
        if position.lots != 0 {
            let lots = Int128(position.lots.magnitude)
            let scale = Int128(ExactDecimal.powerOfTen(instrument.lot.scale))
            unsafe out.pointee.average = nearestDouble(position.cost.scaled(by: scale, over: lots * instrument.lot.mantissa))
        }
        let profit = unsafe desk.pointee.profit(Int(index))
        unsafe out.pointee.realised = nearestDouble(profit.realised)
        unsafe out.pointee.unrealised = nearestDouble(profit.unrealised)
    }

    static func levels(
        _ context: UnsafeMutableRawPointer?, _ index: UInt32, _ side: Int32, _ from: Int, _ count: Int,
        _ out: UnsafeMutablePointer<clua_level>
    ) -> Int {
        let host = unsafe at(context)
        guard let desk = unsafe host.pointee.desk else { return 0 }
        let grids = unsafe host.pointee.grids + Int(index)
        var written = 0
        unsafe walk(desk, Int(index), side == 0 ? .buy : .sell, from + count) { place, ticks, size in
            guard place >= from else { return }
            unsafe (out + written).initialize(
                to: clua_level(price: grids.pointee.price.number(ticks), qty: grids.pointee.size.number(size)))
            written += 1
        }
        return written
    }

    /// Visits up to `count` levels from the best.
    private static func walk(
        _ desk: UnsafeMutablePointer<Desk>, _ index: Int, _ side: Side, _ count: Int, _ visit: (Int, Int64, Int64) -> Void
    ) {
        let book = unsafe desk.pointee.books + index
        guard unsafe !book.pointee.isEmpty(side) else { return }
        var ticks = unsafe book.pointee.bestTicks(side)
        for place in 0..<count {
            unsafe visit(place, ticks, book.pointee.size(side, ticks: ticks))
            guard let next = unsafe book.pointee.next(side, after: ticks) else { return }
            ticks = next
        }
    }

    static func imbalance(
        _ context: UnsafeMutableRawPointer?, _ index: UInt32, _ count: Int, _ out: UnsafeMutablePointer<Double>
    ) -> Int32 {
        guard let desk = unsafe at(context).pointee.desk else { return 0 }
        var bids: Int128 = 0
        var asks: Int128 = 0
        unsafe walk(desk, Int(index), .buy, count) { bids += Int128($2) }
        unsafe walk(desk, Int(index), .sell, count) { asks += Int128($2) }
        guard bids + asks > 0 else { return 0 }
        unsafe out.pointee = Double(bids - asks) / Double(bids + asks)
        return 1
    }

    static func round(
        _ context: UnsafeMutableRawPointer?, _ index: UInt32, _ isQuantity: Bool, _ value: Double, _ mode: Int32,
        _ out: UnsafeMutablePointer<Double>
    ) -> Int32 {
        let grids = unsafe at(context).pointee.grids + Int(index)
        guard let rounding = Grid.Rounding(rawValue: Int(mode)) else { return 0 }
        // A size is rounded by its magnitude: down is never more than was asked, also for a sale written below zero.
        let rounded = unsafe isQuantity
            ? grids.pointee.quantity.rounded(value.magnitude, rounding).map { value < 0 && $0 != 0 ? -$0 : $0 }
            : grids.pointee.price.rounded(value, rounding)
        guard let rounded else { return 0 }
        unsafe out.pointee = rounded
        return 1
    }

    static func findInstrument(
        _ context: UnsafeMutableRawPointer?, _ isNamed: Bool, _ symbol: clua_text, _ refusal: OpaquePointer
    ) -> Int64 {
        let host = unsafe at(context)
        do throws(SymbolTable.Unknown) {
            return try unsafe Int64(isNamed ? host.pointee.symbols.find(string(symbol)) : host.pointee.symbols.only())
        } catch {
            unsafe refuse(refusal, "unknown_instrument", error.message)
            return -1
        }
    }

    static func subscribe(
        _ context: UnsafeMutableRawPointer?, _ index: UInt32, _ what: Int32, _ interval: Int64, _ text: clua_text,
        _ place: UInt32, _ on: Bool, _ refusal: OpaquePointer
    ) -> Int32 {
        let host = unsafe at(context)
        guard let desk = unsafe host.pointee.desk else { return 0 }
        let feed: Desk.Feed =
            switch Int(what) {
            case CLUA_QUOTES: .quotes
            case CLUA_BOOK: .book
            case CLUA_TRADES: .trades
            default: .bars(unsafe string(text))
            }
        let instrument = InstrumentID(index: Int(index))
        guard on else {
            unsafe desk.pointee.unsubscribe(instrument, from: feed)
            unsafe host.pointee.barTexts.removeAll { $0.instrument == Int(index) && $0.span == interval && Int(what) == CLUA_BARS }
            return 1
        }
        do throws(BarError) {
            try unsafe desk.pointee.subscribe(instrument, to: feed)
        } catch {
            unsafe refuse(refusal, "bad_interval", error.description)
            return 0
        }
        let known = unsafe host.pointee.barTexts.contains { $0.instrument == Int(index) && $0.span == interval }
        if Int(what) == CLUA_BARS, !known {
            unsafe host.pointee.barTexts.append(BarText(instrument: Int(index), span: interval, place: place))
        }
        return 1
    }
}
