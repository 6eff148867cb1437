internal import CLua
public import Domain
public import Trading

extension LuaStrategy: Strategy {
    /// Lends the desk to the script for one call, and answers how it came back.
    @inline(__always)
    private func call(_ desk: inout Desk, _ body: (OpaquePointer, Int64) -> Int32) -> Int32 {
        guard mayCall() else { return Int32(CLUA_OK) - 1 }
        return unsafe withUnsafeMutablePointer(to: &desk) { pointer in
            unsafe host.pointee.desk = unsafe pointer
            let status = unsafe body(state, pointer.pointee.now.nanoseconds)
            if countsWork { unsafe work += clua_work(state) }
            unsafe host.pointee.desk = nil
            return status
        }
    }

    /// - Parameter event: what was being handled; told only where it went wrong.
    private func failed(_ callback: String, _ desk: borrowing Desk, _ event: String) -> CallbackResult {
        // Condemned: the message is that of the verdict, and the script was not entered.
        if isCondemned { return .failed }
        let error = unsafe ScriptError(clua_last_error(state))
        lastError = error
        faultMessage = "\(callback) failed while handling \(event), at \(desk.now.nanoseconds): \(error.description)"
        switch error.kind {
        case .timeout, .budget, .memory, .poisoned: died()
        case .file, .failed: break
        }
        return .failed
    }

    public func onStart(_ desk: inout Desk) -> CallbackResult {
        for note in unsafe host.pointee.earlyNotes { desk.notes.append(.log(at: desk.now, level: note.level, text: note.text)) }
        unsafe host.pointee.earlyNotes = []
        guard unsafe call(&desk, { unsafe clua_on_start($0, $1) }) == CLUA_OK else { return failed("on_start", desk, "the start") }
        return .clean
    }

    public func onQuote(_ instrument: InstrumentID, _ desk: inout Desk) -> CallbackResult {
        let index = UInt32(instrument.index)
        if unsafe call(&desk, { unsafe clua_on_quote($0, $1, index) }) == CLUA_OK { return .clean }
        return failed("on_quote", desk, "a new best price of \(name(instrument))")
    }

    public func onBook(_ instrument: InstrumentID, _ desk: inout Desk) -> CallbackResult {
        let index = UInt32(instrument.index)
        if unsafe call(&desk, { unsafe clua_on_book($0, $1, index) }) == CLUA_OK { return .clean }
        return failed("on_book", desk, "a change of the book of \(name(instrument))")
    }

    public func onTrade(_ trade: PublicTrade, of instrument: InstrumentID, _ desk: inout Desk) -> CallbackResult {
        let index = UInt32(instrument.index)
        let grids = unsafe host.pointee.grids + instrument.position
        let price = unsafe grids.pointee.price.number(trade.ticks)
        let size = unsafe grids.pointee.size.number(trade.size)
        let side: Int32 = trade.side.map { Int32($0.sign) } ?? 0
        let time = trade.exchangeTime.nanoseconds
        if unsafe call(&desk, { unsafe clua_on_trade($0, $1, index, price, size, side, time) }) == CLUA_OK { return .clean }
        return failed("on_trade", desk, "a trade of \(size) at \(price) of \(name(instrument))")
    }

    public func onBar(_ bar: Bar, of instrument: InstrumentID, _ desk: inout Desk) -> CallbackResult {
        let index = UInt32(instrument.index)
        let grids = unsafe host.pointee.grids + instrument.position
        var record = clua_bar()
        record.time = bar.openTime.nanoseconds
        record.open = unsafe grids.pointee.halfPrice.number(bar.open.count)
        record.high = unsafe grids.pointee.halfPrice.number(bar.high.count)
        record.low = unsafe grids.pointee.halfPrice.number(bar.low.count)
        record.close = unsafe grids.pointee.halfPrice.number(bar.close.count)
        record.volume = unsafe grids.pointee.size.number(bar.volume)
        record.trades = bar.trades
        record.interval = intervalPlace(instrument.position, bar.closeTime.nanoseconds - bar.openTime.nanoseconds)
        if unsafe call(&desk, { unsafe clua_on_bar($0, $1, index, &record) }) == CLUA_OK { return .clean }
        return failed("on_bar", desk, "the bar of \(bar.openTime.nanoseconds) of \(name(instrument))")
    }

    private func intervalPlace(_ instrument: Int, _ span: Int64) -> UInt32 {
        let count = unsafe host.pointee.barTexts.count
        for place in 0..<count {
            let text = unsafe host.pointee.barTexts[place]
            if text.instrument == instrument, text.span == span { return text.place }
        }
        return 0
    }

    public func onOrder(_ order: OrderID, _ desk: inout Desk) -> CallbackResult {
        // What a script holds of an open order is read anew when it asks; a final one may be gone by then.
        if unsafe desk.isOpen(order) && !clua_has(state, Int32(CLUA_ON_ORDER)) { return .clean }
        var shown = clua_order()
        let status = unsafe call(&desk) { state, now in
            guard unsafe ScriptHost.describe(host, order, &shown) else { return Int32(CLUA_OK) }
            let status = unsafe clua_has(state, Int32(CLUA_ON_ORDER)) ? clua_on_order(state, now, &shown) : Int32(CLUA_OK)
            unsafe clua_refresh_order(state, &shown)
            return status
        }
        if status == CLUA_OK { return .clean }
        return failed("on_order", desk, "a report on order \(unsafe host.pointee.orderID(order)), now \(desk.order(order)?.stateName ?? "gone")")
    }

    public func onFill(_ fill: Fill, of order: OrderID, exchangeTime: Timestamp, _ desk: inout Desk) -> CallbackResult {
        var shown = clua_order()
        let status = unsafe call(&desk) { state, now in
            guard unsafe ScriptHost.describe(host, order, &shown) else { return Int32(CLUA_OK) }
            let index = Int(shown.instrument)
            let currency = fill.feeInBase ? instruments[index].base : instruments[index].quote
            return unsafe currency.withCString { currency in
                let grids = unsafe host.pointee.grids + index
                var told = unsafe clua_fill(
                    price: grids.pointee.price.number(fill.price.ticks), qty: grids.pointee.quantity.number(fill.quantity.lots),
                    fee: nearestDouble(fill.fee), fee_currency: currency, maker: fill.liquidity == .maker,
                    time: exchangeTime.nanoseconds, id: fill.id.raw)
                return unsafe clua_on_fill(state, now, &shown, &told)
            }
        }
        if status == CLUA_OK { return .clean }
        return failed("on_fill", desk, "a fill of order \(unsafe host.pointee.orderID(order))")
    }

    public func onQuoted(_ quote: Quote, _ desk: inout Desk) -> CallbackResult {
        var shown = unsafe ScriptHost.shown(quote, host)
        if unsafe call(&desk, { unsafe clua_on_rfq($0, $1, &shown) }) == CLUA_OK { return .clean }
        return failed("on_rfq", desk, "a quote of \(shown.price) for request \(quote.id.request.raw) of \(name(quote.instrument))")
    }

    public func onQuoteRefused(
        _ request: QuoteRequestID, of instrument: InstrumentID, reason: String, _ desk: inout Desk
    ) -> CallbackResult {
        let answer = unsafe call(&desk) { state, now in
            unsafe reason.withCString { unsafe clua_on_rfq_refused(state, now, request.raw, UInt32(instrument.index), $0) }
        }
        if answer == CLUA_OK { return .clean }
        return failed("on_rfq_refused", desk, "request \(request.raw) for a quote of \(name(instrument)) refused: \(reason)")
    }

    public func onTimer(_ timer: TimerID, _ desk: inout Desk) -> CallbackResult {
        if unsafe call(&desk, { unsafe clua_on_timer($0, $1, timer.raw) }) == CLUA_OK { return .clean }
        return failed("a timer", desk, "timer \(timer.raw)")
    }

    public func onStatus(_ status: VenueStatus, of instrument: InstrumentID, _ desk: inout Desk) -> CallbackResult {
        let answer = unsafe call(&desk) { state, now in
            unsafe status.name.withCString { unsafe clua_on_status(state, now, Int64(instrument.index), clua_nothing(), $0) }
        }
        if answer == CLUA_OK { return .clean }
        return failed("on_status", desk, "\(name(instrument)) becoming \(status.name)")
    }

    public func onStatus(_ status: VenueStatus, ofVenue venue: String, _ desk: inout Desk) -> CallbackResult {
        let answer = unsafe call(&desk) { state, now in
            unsafe venue.withCString { venue in
                unsafe status.name.withCString { unsafe clua_on_status(state, now, -1, venue, $0) }
            }
        }
        if answer == CLUA_OK { return .clean }
        return failed("on_status", desk, "\(venue) becoming \(status.name)")
    }

    public func onReconcile(_ report: ReconcileReport, _ desk: inout Desk) -> CallbackResult {
        let what = clua_reconciled(
            adopted: Int64(report.adopted), cancelled: Int64(report.cancelled), fills: Int64(report.fills),
            position_change: nearestDouble(report.positionChange))
        if unsafe call(&desk, { unsafe clua_on_reconcile($0, $1, what) }) == CLUA_OK { return .clean }
        return failed("on_reconcile", desk, "what the reconciliation found")
    }

    public func condemn(_ message: String) { condemned(message) }

    public func takeVerdict() -> StrategyVerdict? {
        defer { verdict = nil }
        return verdict
    }

    public func doom(_ verdict: StrategyVerdict) { doom(at: verdict.call, verdict.message) }

    public func onStop(_ reason: String, _ desk: inout Desk) -> CallbackResult {
        let answer = unsafe call(&desk) { state, now in
            unsafe withTexts([reason]) { unsafe clua_on_stop(state, now, $0[0]) }
        }
        if answer == CLUA_OK { return .clean }
        return failed("on_stop", desk, "the end (\(reason))")
    }

    /// Nothing to do: what a script holds of an order was brought up to date with the order's last report.
    public func forget(_ order: OrderID) {}

    private func name(_ instrument: InstrumentID) -> String { instruments[instrument.position].name }
}

// MARK: - State across restarts

extension LuaStrategy {
    /// What `on_save` wants kept; nil where it keeps nothing, or failed (then ``lastError`` says why).
    public func save(_ desk: inout Desk) -> [UInt8]? {
        var saved = unsafe clua_text(bytes: clua_nothing(), count: 0)
        lastError = nil
        guard unsafe call(&desk, { unsafe clua_on_save($0, $1, &saved) }) == CLUA_OK else {
            _ = failed("on_save", desk, "the saving of its state")
            return nil
        }
        guard unsafe saved.count > 0 else { return nil }
        return unsafe [UInt8](UnsafeRawBufferPointer(start: saved.bytes, count: saved.count))
    }

    /// Hands saved state to `on_load`; before ``onStart(_:)``.
    public func restore(_ saved: [UInt8], _ desk: inout Desk) -> CallbackResult {
        let answer = unsafe call(&desk) { state, now in
            unsafe saved.withUnsafeBytes { bytes in
                let start = unsafe bytes.baseAddress?.assumingMemoryBound(to: CChar.self) ?? clua_nothing()
                return unsafe clua_on_load(state, now, clua_text(bytes: start, count: bytes.count))
            }
        }
        if answer == CLUA_OK { return .clean }
        return failed("on_load", desk, "its saved state")
    }
}
