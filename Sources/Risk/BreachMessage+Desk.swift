import Domain

extension Breach {
    /// What the state of desk, book and venue forbids, in words.
    func ofTheDesk(on instrument: Instrument) -> String {
        switch self {
        case .collarOverTime(let parts, let limit): "price or fills have moved by \(fraction(parts)) within the window; the limit is \(fraction(limit))"
        case .bookInvalid(.gap): "the book of \(instrument.name) has a gap and waits for its snapshot"
        case .bookInvalid(.empty): "the book of \(instrument.name) is empty"
        case .bookInvalid(.crossed): "the book of \(instrument.name) is crossed or locked"
        case .bookInvalid(.stale(let age, let limit)): "the book of \(instrument.name) is \(age.text) old; the limit is \(limit.text)"
        case .throttled(let count, let limit): "it would be message \(count) of the window; new orders may use \(limit)"
        case .repeatedFills(let count, let limit): "\(count) fills within the window; the limit is \(limit)"
        case .maxGross(let asked, let limit): "the account's gross exposure would be \(asked); the limit is \(limit)"
        case .maxNet(let asked, let limit): "the account's net exposure would be \(asked); the limit is \(limit)"
        case .notPermitted: "the strategy may not trade \(instrument.name); risk.permit says which it may"
        case .state(.active): "trading is open"
        case .state(.reducing): "only orders that make a position smaller are allowed"
        case .state(.cancelOnly): "only cancels are allowed"
        case .state(.halted): "trading is halted"
        case .notReconciled: "\(instrument.venue) is not reconciled yet"
        case .tooManyUnknown(let count, let limit): "\(count) orders are of unknown fate; the limit is \(limit)"
        case .unknownTooOld(let age, let limit): "an order has been of unknown fate for \(age.text); the limit is \(limit.text)"
        case .unknownInstrument, .badQuantity, .tooLarge, .badPrice, .badStop, .badExpire, .unsupportedType,
            .unsupportedTimeInForce, .unsupportedPostOnly, .minQuantity, .minNotional, .maxOrderQuantity, .maxOrderValue, .noReference,
            .priceCollar, .maxOpenOrders, .maxOpenValue, .maxPosition, .insufficientBalance, .duplicate, .duplicateWithin, .selfMatch,
            .reduceOnly, .quote:
            preconditionFailure("not a limit of the desk: \(code)")
        }
    }

    /// Parts of 10^9 as a decimal.
    private func fraction(_ parts: Int64) -> String { ExactDecimal(mantissa: Int128(parts), scale: 9).description }
}
