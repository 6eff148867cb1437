public import Domain

/// The order messages that we write, as FIX 4.2 has them; what a venue wants otherwise is the caller's choice of fields.
public enum FIXOrders {
    public enum Kind: Int64, Hashable, Sendable { case market = 1, limit = 2 }

    /// NewOrderSingle, in rising order of its fields.
    public struct New: Hashable, Sendable {
        public var account: String
        public var clientID: String
        public var symbol: String
        public var side: Side
        public var kind: Kind
        public var quantity: ExactDecimal
        /// Of a limit order.
        public var price: ExactDecimal?
        /// TimeInForce as the venue numbers it; nil leaves it out.
        public var timeInForce: Int64?
        public var exchange: String
        public var text: String
        public var time: Timestamp

        public init(
            account: String, clientID: String, symbol: String, side: Side, kind: Kind, quantity: ExactDecimal, price: ExactDecimal?,
            timeInForce: Int64?, exchange: String, text: String, time: Timestamp
        ) {
            (self.account, self.clientID, self.symbol, self.side) = (account, clientID, symbol, side)
            (self.kind, self.quantity, self.price, self.timeInForce) = (kind, quantity, price, timeInForce)
            (self.exchange, self.text, self.time) = (exchange, text, time)
        }

        public var body: FIXBody {
            var body = FIXBody()
            body.add(FIXTag.account, account)
            body.add(FIXTag.clOrdID, clientID)
            body.add(FIXTag.handlInst, 1)
            body.add(FIXTag.orderQty, quantity)
            body.add(FIXTag.ordType, kind.rawValue)
            if let price { body.add(FIXTag.price, price) }
            body.add(FIXTag.side, FIXOrders.code(side))
            body.add(FIXTag.symbol, symbol)
            body.add(FIXTag.text, text)
            if let timeInForce { body.add(FIXTag.timeInForce, timeInForce) }
            body.add(FIXTag.transactTime, time)
            body.add(FIXTag.securityExchange, exchange)
            return body
        }
    }

    /// OrderCancelRequest: the few fields that a venue documents, or all that FIX 4.2 asks for.
    public struct Cancel: Hashable, Sendable {
        /// What FIX 4.2 requires beside the order's own name.
        public struct Standard: Hashable, Sendable {
            public var symbol: String
            public var side: Side
            public var quantity: ExactDecimal?
            public var time: Timestamp
            public init(symbol: String, side: Side, quantity: ExactDecimal?, time: Timestamp) {
                (self.symbol, self.side, self.quantity, self.time) = (symbol, side, quantity, time)
            }
        }

        public var account: String
        /// ClOrdID of this request.
        public var clientID: String
        /// OrigClOrdID, in the standard form.
        public var original: String?
        public var exchange: String
        public var text: String
        public var standard: Standard?

        public init(account: String, clientID: String, original: String? = nil, exchange: String, text: String, standard: Standard? = nil) {
            (self.account, self.clientID, self.original) = (account, clientID, original)
            (self.exchange, self.text, self.standard) = (exchange, text, standard)
        }

        public var body: FIXBody {
            var body = FIXBody()
            body.add(FIXTag.account, account)
            body.add(FIXTag.clOrdID, clientID)
            if let quantity = standard?.quantity { body.add(FIXTag.orderQty, quantity) }
            if let original { body.add(FIXTag.origClOrdID, original) }
            if let standard {
                body.add(FIXTag.side, FIXOrders.code(standard.side))
                body.add(FIXTag.symbol, standard.symbol)
            }
            body.add(FIXTag.text, text)
            if let standard { body.add(FIXTag.transactTime, standard.time) }
            body.add(FIXTag.securityExchange, exchange)
            return body
        }
    }

    /// OrderStatusRequest.
    public static func status(account: String, clientID: String, exchange: String, standard: (symbol: String, side: Side)? = nil) -> FIXBody {
        var body = FIXBody()
        body.add(FIXTag.account, account)
        body.add(FIXTag.clOrdID, clientID)
        if let standard {
            body.add(FIXTag.side, code(standard.side))
            body.add(FIXTag.symbol, standard.symbol)
        }
        body.add(FIXTag.securityExchange, exchange)
        return body
    }

    static func code(_ side: Side) -> Int64 { side == .buy ? 1 : 2 }
}
