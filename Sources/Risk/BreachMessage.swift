public import Domain

extension Breach {
    /// One line for people: the code, what was asked, and the limit, in the instrument's own units.
    public func message(on instrument: Instrument) -> String { "C\(control) \(code): \(explanation(on: instrument))" }

    private func explanation(on instrument: Instrument) -> String {
        switch self {
        case .unknownInstrument(let index): "instrument number \(index) is not in this run"
        case .badQuantity, .tooLarge, .badPrice, .badStop, .badExpire, .unsupportedType, .unsupportedTimeInForce,
            .unsupportedPostOnly, .minQuantity, .minNotional:
            malformed(on: instrument)
        case .maxOrderQuantity, .maxOrderValue, .noReference, .priceCollar: ofOneOrder(on: instrument)
        case .maxOpenOrders, .maxOpenValue, .maxPosition, .insufficientBalance: ofTheAccount(on: instrument)
        case .collarOverTime, .bookInvalid, .throttled, .repeatedFills, .maxGross, .maxNet, .notPermitted, .state, .notReconciled,
            .tooManyUnknown, .unknownTooOld:
            ofTheDesk(on: instrument)
        case .quote(let fault): fault.words
        case .duplicate: "an order like this one is live on \(instrument.name)"
        case .duplicateWithin(let age, let window):
            "an order like this one was sent to \(instrument.name) \(age.text) ago; the window is \(window.text)"
        case .selfMatch(let own):
            "it would trade with our own order at \(instrument.decimal(own)) \(instrument.quote) on \(instrument.name)"
        case .reduceOnly(let position, let after):
            "the position \(sized(position, instrument)) would become \(sized(after, instrument)) with every live order on this "
                + "side filled; it may only shrink, and keep its sign"
        }
    }

    private func malformed(on instrument: Instrument) -> String {
        switch self {
        case .badQuantity(let lots): "the quantity is \(lots) lots; expected 1 to \(Gate.largestCount)"
        case .tooLarge(let lots): "\(lots) lots at this price are worth more than an account can hold"
        case .badPrice(let ticks): "the price is \(ticks) ticks; expected 1 to \(Gate.largestCount)"
        case .badStop(let ticks): "the stop price is \(ticks) ticks; expected 1 to \(Gate.largestCount)"
        case .badExpire(let expire, let now):
            "the order would end at \(expire.nanoseconds) ns; expected a time after now, \(now.nanoseconds) ns"
        case .unsupportedType(let type): "\(instrument.name) takes no \(type.name) orders"
        case .unsupportedTimeInForce(let type, let tif): "a \(type.name) order cannot be \(tif.name)"
        case .unsupportedPostOnly(let type, let tif): "a \(type.name) \(tif.name) order cannot be post-only: it never rests"
        case .minQuantity(let asked, let limit):
            "the quantity is \(instrument.decimal(asked)) \(instrument.base); the least is \(instrument.decimal(limit))"
        case .minNotional(let asked, let limit): "the value is \(asked) \(instrument.quote); the least is \(limit)"
        case .unknownInstrument, .maxOrderQuantity, .maxOrderValue, .noReference, .priceCollar, .maxOpenOrders, .maxOpenValue,
            .maxPosition, .insufficientBalance, .duplicate, .duplicateWithin, .selfMatch, .reduceOnly,
            .collarOverTime, .bookInvalid, .throttled, .repeatedFills, .maxGross, .maxNet, .notPermitted, .state, .notReconciled,
            .tooManyUnknown, .unknownTooOld, .quote:
            preconditionFailure("not a malformed request: \(code)")
        }
    }

    private func ofOneOrder(on instrument: Instrument) -> String {
        switch self {
        case .maxOrderQuantity(let asked, let limit):
            "the quantity is \(instrument.decimal(asked)) \(instrument.base); the limit is \(instrument.decimal(limit))"
        case .maxOrderValue(let asked, let limit): "the value is \(asked) \(instrument.quote); the limit is \(limit)"
        case .noReference: "there is no fresh price of \(instrument.name) to judge the order by"
        case .priceCollar(let asked, let limit):
            "the price is \(instrument.decimal(asked)) \(instrument.quote); the collar ends at \(instrument.decimal(limit))"
        case .unknownInstrument, .badQuantity, .tooLarge, .badPrice, .badStop, .badExpire, .unsupportedType,
            .unsupportedTimeInForce, .unsupportedPostOnly, .minQuantity, .minNotional, .maxOpenOrders, .maxOpenValue,
            .maxPosition, .insufficientBalance, .duplicate, .duplicateWithin, .selfMatch, .reduceOnly,
            .collarOverTime, .bookInvalid, .throttled, .repeatedFills, .maxGross, .maxNet, .notPermitted, .state, .notReconciled,
            .tooManyUnknown, .unknownTooOld, .quote:
            preconditionFailure("not a limit of one order: \(code)")
        }
    }

    private func ofTheAccount(on instrument: Instrument) -> String {
        switch self {
        case .maxOpenOrders(let asked, let limit): "\(asked) orders would be live; the limit is \(limit)"
        case .maxOpenValue(let asked, let limit): "open orders would be worth \(asked) \(instrument.quote); the limit is \(limit)"
        case .maxPosition(let worst, let limit):
            "the position could become \(sized(worst, instrument)); the limit is \(sized(limit, instrument))"
        case .insufficientBalance(let needed, let available, let inBase):
            "it needs \(needed) \(inBase ? instrument.base : instrument.quote); \(available) is free"
        case .unknownInstrument, .badQuantity, .tooLarge, .badPrice, .badStop, .badExpire, .unsupportedType,
            .unsupportedTimeInForce, .unsupportedPostOnly, .minQuantity, .minNotional, .maxOrderQuantity, .maxOrderValue,
            .noReference, .priceCollar, .duplicate, .duplicateWithin, .selfMatch, .reduceOnly,
            .collarOverTime, .bookInvalid, .throttled, .repeatedFills, .maxGross, .maxNet, .notPermitted, .state, .notReconciled,
            .tooManyUnknown, .unknownTooOld, .quote:
            preconditionFailure("not a limit of the account: \(code)")
        }
    }

    private func sized(_ lots: Int64, _ instrument: Instrument) -> String {
        "\(instrument.decimal(lots: lots)) \(instrument.base)"
    }
}
