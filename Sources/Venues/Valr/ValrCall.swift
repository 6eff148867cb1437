internal import Domain
internal import JSON

/// A request of the venue: REST and the account socket take the same body.
struct ValrCall: CustomStringConvertible {
    let method: VenueRequest.Method
    /// With its query, as it is signed.
    let path: String
    /// What the socket calls it; empty for what only REST has.
    var type = ""
    var body: [UInt8] = []

    var isPublic: Bool { path.hasPrefix("/v1/public/") }
    var description: String { path }

    var limits: [ValrLimits.Kind] {
        if isPublic { return [path.hasSuffix("/time") || path.hasSuffix("/status") ? .fastPublic : .publicData] }
        switch type {
        case "PLACE_LIMIT_ORDER", "PLACE_MARKET_ORDER": return [.place]
        case "CANCEL_LIMIT_ORDER": return [.cancel]
        case _: return []
        }
    }

    static func get(_ path: String) -> ValrCall { ValrCall(method: .get, path: path) }

    /// The frame of the account socket.
    func frame(id: UInt64) -> [UInt8] {
        Array("{\"type\":\"\(type)\",\"clientMsgId\":\"\(id)\",\"payload\":".utf8) + body + [UInt8(ascii: "}")]
    }

    // MARK: - Orders

    /// Nil for what the venue does not have.
    static func place(_ request: OrderRequest, _ clientID: String, _ instrument: Instrument) -> CallOrReason<ValrCall> {
        guard ValrCall.isName(clientID) else { return .none("VALR takes client ids of letters, digits and hyphens, at most 50") }
        guard request.quantity > .zero else { return .none("the quantity is not above zero") }
        var writer = JSONWriter(reserving: 256)
        writer.beginObject()
        writer.field("side", request.side == .buy ? "BUY" : "SELL")
        switch request.type {
        case .limit:
            guard let force = word(request.timeInForce) else { return .none("VALR has no such time in force") }
            if request.isPostOnly, request.timeInForce != .goodTillCancel { return .none("post-only goes with GTC only") }
            writer.field("quantity", instrument.decimal(request.quantity).description)
            writer.field("price", instrument.decimal(request.price).description)
            writer.field("pair", instrument.nativeSymbol)
            writer.field("postOnly", request.isPostOnly)
            writer.field("customerOrderId", clientID)
            writer.field("timeInForce", force)
            writer.endObject()
            return .call(ValrCall(method: .post, path: "/v2/orders/limit", type: "PLACE_LIMIT_ORDER", body: writer.bytes), .socket(.orders))
        case .market:
            if request.isPostOnly || request.timeInForce == .goodTillDate { return .none("a market order is neither post-only nor good till a date") }
            writer.field("baseAmount", instrument.decimal(request.quantity).description)
            writer.field("pair", instrument.nativeSymbol)
            writer.field("customerOrderId", clientID)
            writer.endObject()
            return .call(ValrCall(method: .post, path: "/v2/orders/market", type: "PLACE_MARKET_ORDER", body: writer.bytes), .socket(.orders))
        case .stop, .stopLimit:
            return .none("VALR's conditional orders are left out of its cancel-all and of its cancel-on-disconnect: not used")
        }
    }

    private static func word(_ force: TimeInForce) -> String? {
        switch force {
        case .goodTillCancel: "GTC"
        case .immediateOrCancel: "IOC"
        case .fillOrKill: "FOK"
        case .goodTillDate: nil
        }
    }

    static func isName(_ text: String) -> Bool {
        (1...50).contains(text.utf8.count) && text.utf8.allSatisfy { (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0) || $0 == 45 }
    }

    /// By the venue's id, or by ours: both name an open order.
    static func cancel(_ reference: VenueOrderReference) -> ValrCall? {
        var writer = JSONWriter(reserving: 128)
        writer.beginObject()
        if let venueID = reference.venueID {
            writer.field("orderId", venueID)
        } else if let clientID = reference.clientID {
            writer.field("customerOrderId", clientID)
        } else {
            return nil
        }
        writer.field("pair", reference.symbol)
        writer.endObject()
        return ValrCall(method: .delete, path: "/v2/orders/order", type: "CANCEL_LIMIT_ORDER", body: writer.bytes)
    }

    /// By REST, whose field names are certain. Refused by the venue where it would match.
    static func modify(
        _ reference: VenueOrderReference, price: Price, total: Quantity, _ instrument: Instrument
    ) -> CallOrReason<ValrCall> {
        var writer = JSONWriter(reserving: 192)
        writer.beginObject()
        if let venueID = reference.venueID {
            writer.field("orderId", venueID)
        } else {
            return .none("VALR changes orders by its own id only, which is not known yet")
        }
        writer.field("pair", instrument.nativeSymbol)
        writer.field("modifyMatchStrategy", "RETAIN_ORIGINAL")
        writer.field("newPrice", instrument.decimal(price).description)
        writer.field("newTotalQuantity", instrument.decimal(total).description)
        writer.endObject()
        return .call(ValrCall(method: .put, path: "/v2/orders/modify", body: writer.bytes), .rest)
    }
}
