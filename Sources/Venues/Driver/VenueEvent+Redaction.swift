internal import Transport

extension VenueEvent {
    /// The same without our secrets: a venue, or something before it, may repeat what it was sent (S5).
    func redacted(by redactor: Redactor) -> VenueEvent {
        switch self {
        case .link(let link, let state): .link(link, state.redacted(by: redactor))
        case .bookInvalid(let instrument, let why): .bookInvalid(instrument, why: redactor.redact(why))
        case .order(let order): .order(order.redacted(by: redactor))
        case .refused(let clientID, let reason, let code, let message):
            .refused(clientID: clientID, reason: reason, code: redactor.redact(code), message: redactor.redact(message))
        case .lost(let clientID, let why): .lost(clientID: clientID, why: redactor.redact(why))
        case .cancelRefused(let order, let code, let message): .cancelRefused(order, code: redactor.redact(code), message: redactor.redact(message))
        case .cancelLost(let order, let why): .cancelLost(order, why: redactor.redact(why))
        case .amendRefused(let order, let code, let message): .amendRefused(order, code: redactor.redact(code), message: redactor.redact(message))
        case .cancelAllFailed(let symbol, let why): .cancelAllFailed(symbol: symbol, why: redactor.redact(why))
        case .alarm(let text): .alarm(redactor.redact(text))
        case .answer(let id, let answer): .answer(id, answer.redacted(by: redactor))
        case .quote(let answer): .quote(answer.redacted(by: redactor))
        case .market, .status, .received, .fill, .cancelAllReceived, .balances, .clock, .throttled, .amended: self
        }
    }
}

extension VenueLinkState {
    fileprivate func redacted(by redactor: Redactor) -> VenueLinkState {
        switch self {
        case .down(let why): .down(why: redactor.redact(why))
        case .refused(let why): .refused(why: redactor.redact(why))
        case .connecting, .ready, .closed: self
        }
    }
}

extension VenueOrder {
    fileprivate func redacted(by redactor: Redactor) -> VenueOrder {
        var order = self
        switch state {
        case .rejected(let reason, let code, let message): order.state = .rejected(reason, code: redactor.redact(code), message: redactor.redact(message))
        case .unrecognised(let word): order.state = .unrecognised(redactor.redact(word))
        case .pending, .open, .filled, .cancelled, .expired: break
        }
        return order
    }
}

extension VenueAnswer {
    fileprivate func redacted(by redactor: Redactor) -> VenueAnswer {
        switch self {
        case .failed(var failure):
            failure.message = redactor.redact(failure.message)
            return .failed(failure)
        case .orders(let orders): return .orders(orders.map { $0.redacted(by: redactor) })
        case .order(let order, let fills): return .order(order?.redacted(by: redactor), fills: fills)
        case .instruments, .fills, .balances, .serverTime: return self
        }
    }
}

extension VenueQuoteAnswer {
    fileprivate func redacted(by redactor: Redactor) -> VenueQuoteAnswer {
        guard case .refused(let why, let message) = outcome else { return self }
        return VenueQuoteAnswer(number: number, outcome: .refused(why, message: redactor.redact(message)))
    }
}
