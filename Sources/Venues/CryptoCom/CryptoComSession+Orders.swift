internal import Domain

/// Orders as the venue writes them.
extension CryptoComSession {
    func placing(_ order: VenueOrderRequest, _ instrument: Instrument) -> CallOrReason<Call> {
        guard let params = CryptoComSession.params(order.request, order.clientID, instrument) else { return .none("the venue has no such order") }
        return .call(Call(CryptoComMethod.place, params), .socket(.orders))
    }

    /// The venue cancels by its own ids only.
    func cancelling(_ reference: VenueOrderReference) -> Call? {
        guard let venueID = reference.venueID else { return nil }
        return Call(CryptoComMethod.cancel, [CryptoComField("instrument_name", reference.symbol), CryptoComField("order_id", venueID)])
    }

    /// An instrument's only: the account is a wave of them.
    func cancellingAll(_ symbol: String?) -> (call: Call, route: RequestRoute)? {
        symbol.map { (Call(CryptoComMethod.cancelAll, [CryptoComField("instrument_name", $0)]), cancelRoute) }
    }

    var cancelRoute: RequestRoute { core.orders.isAuthenticated ? .socket(.orders) : .rest }

    /// Nil for what the venue does not have. Every number goes as a text, so that it is signed as it is written.
    static func params(_ request: OrderRequest, _ clientID: String, _ instrument: Instrument) -> [CryptoComField]? {
        guard !clientID.isEmpty, clientID.utf8.count <= 36, request.quantity > .zero else { return nil }
        var fields = [
            CryptoComField("instrument_name", instrument.nativeSymbol), CryptoComField("side", request.side == .buy ? "BUY" : "SELL"),
        ]
        switch request.type {
        case .limit: fields.append(CryptoComField("type", "LIMIT"))
        case .market: fields.append(CryptoComField("type", "MARKET"))
        case .stopLimit: fields.append(CryptoComField("type", "STOP_LIMIT"))
        // A stop that buys is told by notional there, and ours by quantity.
        case .stop: return nil
        }
        if request.type.hasLimit { fields.append(CryptoComField("price", instrument.decimal(request.price).description)) }
        fields.append(CryptoComField("quantity", instrument.decimal(request.quantity).description))
        if request.type.isStop { fields.append(CryptoComField("trigger_price", instrument.decimal(request.stop).description)) }
        fields.append(CryptoComField("client_oid", clientID))
        if request.type == .limit {
            switch request.timeInForce {
            case .goodTillCancel: fields.append(CryptoComField("time_in_force", "GOOD_TILL_CANCEL"))
            case .immediateOrCancel: fields.append(CryptoComField("time_in_force", "IMMEDIATE_OR_CANCEL"))
            case .fillOrKill: fields.append(CryptoComField("time_in_force", "FILL_OR_KILL"))
            case .goodTillDate: return nil
            }
        } else if request.timeInForce == .goodTillDate {
            return nil
        }
        if request.isPostOnly {
            guard request.type == .limit, request.timeInForce == .goodTillCancel else { return nil }
            fields.append(CryptoComField("exec_inst", "POST_ONLY"))
        }
        return fields
    }
}
