internal import Domain
internal import JSON

/// What the account socket tells: orders, fills, balances, in whatever order they come.
extension ValrSession {
    mutating func account(_ frame: ValrFrame) {
        if frame.isA("PONG") { pings[1] = 0 }
        if answer(frame) { return proven() }
        if frame.isA("ERROR") { return failed(ValrError(frame.error ?? frame.data ?? frame.whole)?.text ?? frame.whole.excerpt) }
        if frame.isA("RATE_LIMIT_EXCEEDED") { return tell(.throttled(untilNextMinute)) }
        if frame.isA("AUTHENTICATED") {
            if core.orders.phase == .authenticating { settled(.orders) }
            return proven()
        }
        guard core.orders.phase != .authenticating else { return }
        if let data = frame.data { event(frame, data) }
        proven()
    }

    private mutating func event(_ frame: ValrFrame, _ data: Bytes) {
        if frame.isA("ORDER_STATUS_UPDATE") {
            return eachRow(data, of: "account socket") { session, row throws(JSONError) in
                session.shown(try ValrPrivate.order(row, .push, now: session.now.wall))
            }
        }
        if frame.isA("NEW_ACCOUNT_TRADE") {
            return eachRow(data, of: "account socket") { session, row throws(JSONError) in
                let (fill, hasFee) = try ValrPrivate.fill(row, now: session.now.wall)
                if hasFee { session.tell(fill: fill) } else { session.price(fill) }
            }
        }
        if frame.isA("BALANCE_UPDATE") {
            return eachRow(data, of: "account socket") { session, row throws(JSONError) in session.tell(.balances([try ValrPrivate.balance(row)])) }
        }
        if frame.isA("OPEN_ORDERS_UPDATE") { return openOrders(data) }
        if frame.isA("ORDER_PROCESSED") || frame.isA("FAILED_ORDER") || frame.isA("FAILED_CANCEL_ORDER") { return verdict(frame, data) }
        if frame.isA("CANCEL_ON_DISCONNECT_UPDATE") { armed(ValrSession.flag(data, "cancelOnDisconnect") ?? false) }
        if frame.isA("MODIFY_ORDER_OUTCOME"), let id = ValrSession.text(data, "orderId"), let reference = live[id] {
            watch(.look, reference, after: 0)
        }
    }

    private mutating func failed(_ text: String) {
        if core.orders.phase == .authenticating || core.orders.phase == .arming { return handshakeFailed(.orders, text) }
        if ValrError.verdict(of: text) == .unauthorised { return authenticationExpired(text) }
        let words = text.lowercased()
        if !placesByREST, words.contains("unsupported") || words.contains("unknown type") || words.contains("invalid message type") {
            placesByREST = true
            tell(.alarm("the account socket does not take orders (\(text)): they go by REST"))
        } else {
            tell(.alarm("the account socket says: \(text)"))
        }
    }

    /// The venue counts by calendar minutes.
    private var untilNextMinute: Span {
        let minute: Int64 = 60_000_000_000
        return Span(nanoseconds: minute - now.wall.nanoseconds % minute)
    }

    // MARK: - Orders

    mutating func shown(_ shown: ValrOrder) {
        let order = cleaned(shown.order)
        if shown.failedWithFills { tell(.alarm("VALR says that order \(order.reference.venueID ?? "") failed, and it has fills: \(order.reference.symbol)")) }
        tell(order: order)
        follow(order)
        if shown.mayHaveEnded { watch(.look, order.reference, after: 300_000_000) }
    }

    /// Keeps the list of what is open, and ends waiting for news of an order that is here.
    mutating func follow(_ order: VenueOrder) {
        guard let venueID = order.reference.venueID else { return }
        watches.heard(order.reference, isFinal: order.isFinal)
        early[venueID] = nil
        live[venueID] = order.isFinal ? nil : order.reference
    }

    private func cleaned(_ order: VenueOrder) -> VenueOrder {
        guard let grids = core.grids(order.reference.symbol) else { return order }
        var order = order
        order.price = order.price.map { grids.price.cleaned($0) }
        order.quantity = order.quantity.map { grids.quantity.cleaned($0) }
        order.cumulativeQuantity = order.cumulativeQuantity.map { grids.quantity.cleaned($0) }
        return order
    }

    /// The whole list of what is open: an order that we believed open and that is not on it is asked for.
    private mutating func openOrders(_ data: Bytes) {
        var listed: Set<String> = []
        var isWhole = true
        let rows = ValrSession.field(data, "orders") ?? data
        let before = live
        eachRow(rows, of: "list of open orders") { session, row throws(JSONError) in
            do throws(JSONError) {
                let made = try ValrPrivate.order(row, .open, now: session.now.wall)
                if let id = made.order.reference.venueID { listed.insert(id) }
                session.shown(made)
            } catch {
                isWhole = false
                throw error
            }
        }
        guard isWhole else { return }
        for id in before.keys.sorted() where !listed.contains(id) {
            if let reference = before[id] { watch(.look, reference, after: 500_000_000) }
        }
    }

    /// `ORDER_PROCESSED`, `FAILED_ORDER`, `FAILED_CANCEL_ORDER`: about an order by the venue's id alone.
    private mutating func verdict(_ frame: ValrFrame, _ data: Bytes) {
        guard let id = ValrSession.text(data, "orderId") else { return tell(.alarm("a message about no order: \(frame.whole.excerpt)")) }
        let message = ValrSession.text(data, "failureReason") ?? ValrSession.text(data, "message") ?? ""
        let reference = live[id] ?? watches.reference(id) ?? VenueOrderReference(clientID: nil, venueID: id, symbol: "")
        if frame.isA("FAILED_CANCEL_ORDER") {
            watches.cancelFailed(id)
            return tell(.cancelRefused(reference, code: "", message: message))
        }
        // Handled is not an outcome: what the engine made of it follows.
        if frame.isA("ORDER_PROCESSED"), ValrSession.flag(data, "success") ?? true { return }
        let reason = ValrError.reason(message)
        let order = VenueOrder(reference: reference, state: .rejected(reason, code: "", message: message), updated: now.wall)
        if reference.symbol.isEmpty {
            // The receipt that names it is still under way.
            early = early.filter { $0.value.until > now.monotonic }
            if early.count < 1_024 { early[id] = (order, now.monotonic + 10_000_000_000) }
        } else {
            tell(order: order)
            follow(order)
        }
    }

    /// A receipt names the order: what was heard of it before counts now; else it is waited for, and then asked for.
    mutating func placementDone(_ clientID: String, venueID: String?, symbol: String) {
        let reference = VenueOrderReference(clientID: clientID, venueID: venueID, symbol: symbol)
        if let venueID, var known = early.removeValue(forKey: venueID)?.order {
            known.reference = reference
            tell(order: known)
            return follow(known)
        }
        if let venueID, live[venueID] != nil { return }
        watch(.receipt, reference, after: 1_000_000_000)
    }

    /// `requested: true` is no outcome: repeated until the order is seen to have ended.
    mutating func cancelDone(_ reference: VenueOrderReference, _ outgoing: Outgoing<ValrCall>) {
        watch(.cancel(attempts: outgoing.attempts), reference, after: 1_000_000_000)
    }

    // MARK: - Fills without a fee

    private mutating func price(_ fill: VenueFill) {
        unpriced.append(fill)
        if unpriced.count == 1 {
            unpricedTries = 0
            fetchFees()
        }
    }

    mutating func fetchFees() {
        guard let oldest = unpriced.map(\.time.nanoseconds).min(), let symbol = unpriced.first?.reference.symbol else { return }
        unpricedTries += 1
        start(
            QueryJob(
                owner: .own(ValrQuestion.fees), kind: .fills(symbol: symbol), from: Timestamp(nanoseconds: oldest - 60_000_000_000),
                to: now.wall + Span(nanoseconds: 60_000_000_000), longest: longestWindow))
    }

    mutating func priced(_ answer: VenueAnswer) {
        if case .fills(let fills) = answer {
            for fill in fills { tell(fill: fill) }
            let known = Set(fills.map(\.tradeID))
            unpriced.removeAll { known.contains($0.tradeID) }
        }
        guard !unpriced.isEmpty else { return }
        if unpricedTries < 4 { return core.out.append(.timer(ValrTimer.unpriced, after: Span(nanoseconds: 500_000_000 << Int64(unpricedTries)))) }
        for fill in unpriced {
            tell(.alarm("the fee of fill \(fill.tradeID) is not to be had: it is counted as zero"))
            tell(fill: fill)
        }
        unpriced = []
    }

    // MARK: - Single fields

    private static func field(_ data: Bytes, _ name: StaticString) -> Bytes? {
        do throws(JSONError) {
            var reader = JSONReader(data)
            guard try reader.peek() == .object else { return nil }
            var fields = JSONFields([name])
            try reader.beginObject()
            return try fields.next(in: &reader) == nil ? nil : try reader.raw()
        } catch {
            return nil
        }
    }

    static func text(_ data: Bytes, _ name: StaticString) -> String? {
        guard let value = field(data, name) else { return nil }
        var reader = JSONReader(value)
        return try? reader.optionalText()
    }

    static func flag(_ data: Bytes, _ name: StaticString) -> Bool? {
        guard let value = field(data, name) else { return nil }
        return value.equals("true") ? true : value.equals("false") ? false : nil
    }
}
