internal import CLua
internal import Domain
internal import Trading

// Quotes on request, as a script asks for them and takes them.
extension ScriptHost {
    static func requestQuote(
        _ context: UnsafeMutableRawPointer?, _ index: UInt32, _ side: Int32, _ quantity: Double, _ number: UnsafeMutablePointer<UInt32>,
        _ refusal: OpaquePointer
    ) -> Int32 {
        let host = unsafe at(context)
        guard let desk = unsafe host.pointee.desk else { return 0 }
        let instrument = InstrumentID(index: Int(index))
        let grids = unsafe UnsafePointer(host.pointee.grids + instrument.position)
        var draft: OrderRequest
        do throws(Bad) {
            let lots = try unsafe Self.quantity(quantity, grids, unsafe host.pointee.instruments[instrument.position])
            draft = OrderRequest(id: OrderID(0), instrument: instrument, side: side == 0 ? .buy : .sell, type: .market, quantity: lots)
            try unsafe checkSize(draft, grids, unsafe host.pointee.instruments[instrument.position], touch: unsafe max(desk.pointee.markets[instrument.position].lastTrade.ticks, 1))
        } catch {
            unsafe refuse(refusal, error)
            return 0
        }
        do throws(FormRefusal) {
            unsafe number.pointee = try unsafe desk.pointee.requestQuote(instrument, draft.side, draft.quantity).raw
            return 1
        } catch {
            unsafe refuse(refusal, error.code, error.message)
            return 0
        }
    }

    static func acceptQuote(
        _ context: UnsafeMutableRawPointer?, _ shown: UnsafePointer<clua_quote>, _ tag: UnsafePointer<CChar>,
        _ out: UnsafeMutablePointer<clua_order>, _ refusal: OpaquePointer
    ) -> Int32 {
        let host = unsafe at(context)
        guard let desk = unsafe host.pointee.desk else { return 0 }
        let text = unsafe String(cString: tag)
        guard let tag = text.isEmpty ? OrderTag.none : unsafe desk.pointee.tag(text) else {
            unsafe refuse(refusal, "bad_options", "option tag: more than \(Desk.tagLimit) different tags in one run")
            return 0
        }
        do throws(FormRefusal) {
            let id = try unsafe desk.pointee.accept(quote(shown.pointee), tag: tag)
            return unsafe describe(host, id, out) ? 1 : 0
        } catch {
            unsafe refuse(refusal, error.code, error.message)
            return 0
        }
    }

    private static func quote(_ shown: clua_quote) -> Quote {
        Quote(
            id: QuoteID(QuoteRequestID(shown.request), answer: shown.answer), instrument: InstrumentID(index: Int(shown.instrument)),
            side: shown.side == 0 ? .buy : .sell, quantity: Quantity(lots: shown.lots), price: Price(ticks: shown.ticks),
            expires: Timestamp(nanoseconds: shown.expires))
    }

    static func shown(_ quote: Quote, _ host: UnsafeMutablePointer<ScriptHost>) -> clua_quote {
        let grids = unsafe host.pointee.grids[quote.instrument.position]
        return clua_quote(
            request: quote.id.request.raw, instrument: UInt32(quote.instrument.index), answer: quote.id.answer, side: quote.side.rawValue,
            ticks: quote.price.ticks, lots: quote.quantity.lots, price: grids.price.number(quote.price.ticks),
            qty: grids.quantity.number(quote.quantity.lots), expires: quote.expires.nanoseconds)
    }
}
