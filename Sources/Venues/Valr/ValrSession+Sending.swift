internal import Domain
internal import JSON

/// Requests as bytes, REST answers as what they mean.
extension ValrSession {
    private func kinds(_ outgoing: Outgoing<ValrCall>) -> [ValrLimits.Kind] {
        switch outgoing.route {
        case .socket: return outgoing.call.limits
        case .rest: return outgoing.call.isPublic ? outgoing.call.limits : outgoing.call.limits + [.rest]
        }
    }

    func free(_ outgoing: Outgoing<ValrCall>) -> Int64 { limits.free(kinds(outgoing), isUrgent: outgoing.isUrgent) }

    mutating func write(_ outgoing: Outgoing<ValrCall>, id: UInt64) {
        limits.count(kinds(outgoing), at: now.monotonic)
        let call = outgoing.call
        if case .socket(let link) = outgoing.route { return core.out.append(.send(core[link].socket, call.frame(id: id))) }
        var headers: [(name: String, value: String)] = []
        if !call.body.isEmpty { headers.append((name: "Content-Type", value: "application/json")) }
        if !call.isPublic, let signer = settings.signer {
            headers += signer.headers(timestamp, call.method.rawValue, settings.restPath + call.path, body: call.body)
        }
        if case .page(let job) = outgoing.purpose, case .serverTime? = core.jobs[job]?.kind { clockAsked = now }
        core.out.append(
            .request(
                VenueToken(id),
                VenueRequest(
                    method: call.method, url: settings.rest + call.path, headers: headers, body: call.body, deadline: replyTimeout,
                    isUrgent: outgoing.isUrgent)))
    }

    func judge(_ outgoing: Outgoing<ValrCall>, status: Int, headers: [(name: String, value: String)], body: Bytes) -> Reply {
        guard ValrSession.isJSON(body) else { return Reply(unreadable: body, status: status) }
        guard (200..<300).contains(status) else { return refusal(outgoing, status, body) }
        var reply = Reply(verdict: .done, result: body, why: "HTTP \(status)")
        switch outgoing.purpose {
        case .place:
            reply.venueID = ValrSession.id(body)
            // Success without the order's id is no receipt.
            if reply.venueID == nil { reply.verdict = .unknown }
        // The outcome of what was only accepted is not known.
        case .amend: if status == 202 { reply.verdict = .unknown }
        case .authenticate, .arm, .subscribe, .unsubscribe, .cancel, .cancelAll, .page, .other: break
        }
        return reply
    }

    private func refusal(_ outgoing: Outgoing<ValrCall>, _ status: Int, _ body: Bytes) -> Reply {
        let error = ValrError(body)
        let text = error?.text ?? body.excerpt
        var reply = Reply(verdict: RequestVerdict(status: status), code: error?.codeText ?? "", message: text, why: "HTTP \(status) \(error?.codeText ?? "") \(text)")
        switch status {
        case 401, 403, 429, 408, 500...: break
        case 404: if isAboutOneOrder(outgoing) { reply.verdict = .noSuchOrder }
        case 409: reply.verdict = .duplicate
        case _: reply.verdict = error?.verdict ?? reply.verdict
        }
        switch outgoing.purpose {
        // Nothing to change: it is as it should be.
        case .amend: if error?.code == -21_303 { reply.verdict = .done }
        // Fees are a nicety of the list of pairs, and who the key is of the start.
        case .page(let job):
            guard let job = core.jobs[job], reply.verdict != .throttled, reply.verdict != .unknown else { break }
            if case .instruments = job.kind, job.step == 1 { reply.verdict = .done }
            if case .own = job.kind { reply.verdict = .done }
        case .authenticate, .arm, .subscribe, .unsubscribe, .place, .cancel, .cancelAll, .other: break
        }
        return reply
    }

    private func isAboutOneOrder(_ outgoing: Outgoing<ValrCall>) -> Bool {
        switch outgoing.purpose {
        case .cancel, .amend: true
        case .page(let job): if case .detail? = core.jobs[job]?.kind { true } else { false }
        case .authenticate, .arm, .subscribe, .unsubscribe, .place, .cancelAll, .other: false
        }
    }

    private static func isJSON(_ body: Bytes) -> Bool {
        do throws(JSONError) {
            var reader = JSONReader(body)
            _ = try reader.raw()
            try reader.finish()
            return true
        } catch {
            return false
        }
    }

    /// `{"id":"…"}`
    private static func id(_ body: Bytes) -> String? {
        do throws(JSONError) {
            var reader = JSONReader(body)
            var fields = JSONFields(["id", "orderId"])
            var id: String?
            try reader.beginObject()
            while try fields.next(in: &reader) != nil { id = try reader.optionalText() ?? id }
            return id
        } catch {
            return nil
        }
    }

    // MARK: - Orders

    func placing(_ order: VenueOrderRequest, _ instrument: Instrument) -> CallOrReason<ValrCall> {
        if isReadOnly { return .none("VALR is read-only for maintenance: it takes no orders") }
        let made = ValrCall.place(order.request, order.clientID, instrument)
        guard placesByREST, case .call(let call, _) = made else { return made }
        return .call(call, .rest)
    }

    func cancelling(_ reference: VenueOrderReference) -> ValrCall? { ValrCall.cancel(reference) }

    func amending(_ reference: VenueOrderReference, price: Price, total: Quantity, _ instrument: Instrument) -> CallOrReason<ValrCall> {
        ValrCall.modify(reference, price: price, total: total, instrument)
    }

    /// REST has the only cancel-all; it leaves conditional orders alone, and we have none.
    func cancellingAll(_ symbol: String?) -> (call: ValrCall, route: RequestRoute)? {
        (ValrCall(method: .delete, path: "/v1/orders" + (symbol.map { "/" + $0 } ?? "")), .rest)
    }

    var cancelRoute: RequestRoute { core.orders.phase == .ready ? .socket(.orders) : .rest }
}
