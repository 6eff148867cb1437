public import Domain

/// An ExecutionReport, read.
///
/// - Source: FIX 4.2, message 8.
public struct FIXExecution: Hashable, Sendable {
    /// What the report is about, ExecTransType.
    public enum Transaction: Int64, Hashable, Sendable { case new = 0, cancel = 1, correct = 2, status = 3 }

    /// OrdStatus and ExecType share their letters.
    public enum Status: Hashable, Sendable {
        case new, partiallyFilled, filled, doneForDay, cancelled, replaced, pendingCancel, stopped, rejected, suspended, pendingNew
        case calculated, expired, accepted, pendingReplace
        case unrecognised(String)

        init(_ text: String) {
            self =
                switch text {
                case "0": .new
                case "1": .partiallyFilled
                case "2": .filled
                case "3": .doneForDay
                case "4": .cancelled
                case "5": .replaced
                case "6": .pendingCancel
                case "7": .stopped
                case "8": .rejected
                case "9": .suspended
                case "A": .pendingNew
                case "B": .calculated
                case "C": .expired
                case "D": .accepted
                case "E": .pendingReplace
                case let other: .unrecognised(other)
                }
        }
    }

    public var transaction: Transaction
    /// Nil where the venue leaves it out, or answers a status with `0`.
    public var executionID: String?
    /// ExecRefID: the report that is cancelled or corrected.
    public var refersTo: String?
    public var orderID: String?
    public var clientID: String?
    public var originalClientID: String?
    public var type: Status?
    public var status: Status
    public var symbol: String?
    public var side: Side?
    public var quantity: ExactDecimal?
    /// Tag 44: some venues tell the price of a fill here.
    public var price: ExactDecimal?
    public var lastShares: ExactDecimal?
    public var lastPrice: ExactDecimal?
    public var cumulative: ExactDecimal?
    public var leaves: ExactDecimal?
    public var average: ExactDecimal?
    public var time: Timestamp?
    public var rejectReason: Int64?
    public var text: String
    public var exchange: String?

    /// - Throws: Where a field cannot be read, or nothing names the order.
    public init(_ message: FIXMessage) throws(FIXFault) {
        transaction = Transaction(rawValue: message.integer(FIXTag.execTransType) ?? 0) ?? .status
        executionID = FIXExecution.name(message.text(FIXTag.execID), isNothing: "0")
        refersTo = FIXExecution.name(message.text(FIXTag.execRefID), isNothing: "0")
        orderID = FIXExecution.name(message.text(FIXTag.orderID), isNothing: "NONE")
        clientID = message.text(FIXTag.clOrdID)
        originalClientID = message.text(FIXTag.origClOrdID)
        type = message.text(FIXTag.execType).map(Status.init)
        guard let word = message.text(FIXTag.ordStatus) ?? message.text(FIXTag.execType) else {
            throw FIXFault(.missing, tag: FIXTag.ordStatus, "an ExecutionReport without OrdStatus")
        }
        status = Status(word)
        guard orderID != nil || clientID != nil else { throw FIXFault(.missing, tag: FIXTag.clOrdID, "an ExecutionReport of no order") }
        symbol = message.text(FIXTag.symbol)
        side = message.integer(FIXTag.side).flatMap { $0 == 1 ? .buy : $0 == 2 ? .sell : nil }
        quantity = try FIXExecution.decimal(FIXTag.orderQty, message)
        price = try FIXExecution.decimal(FIXTag.price, message)
        lastShares = try FIXExecution.decimal(FIXTag.lastShares, message)
        lastPrice = try FIXExecution.decimal(FIXTag.lastPx, message)
        cumulative = try FIXExecution.decimal(FIXTag.cumQty, message)
        leaves = try FIXExecution.decimal(FIXTag.leavesQty, message)
        average = try FIXExecution.decimal(FIXTag.avgPx, message)
        time = message.time(FIXTag.transactTime) ?? message.time(FIXTag.sendingTime)
        rejectReason = message.integer(FIXTag.ordRejReason)
        text = message.text(FIXTag.text) ?? ""
        exchange = message.text(FIXTag.securityExchange)
    }

    private static func name(_ text: String?, isNothing nothing: String) -> String? { text == nothing ? nil : text }

    static func decimal(_ tag: Int, _ message: FIXMessage) throws(FIXFault) -> ExactDecimal? {
        guard message.value(tag) != nil else { return nil }
        guard let value = message.decimal(tag) else { throw FIXFault(.badFormat, tag: tag, "field \(tag) is no decimal number") }
        return value
    }
}

/// An OrderCancelReject, read.
public struct FIXCancelRejection: Hashable, Sendable {
    public var orderID: String?
    public var clientID: String?
    public var originalClientID: String?
    public var status: FIXExecution.Status?
    /// CxlRejReason: 0 too late, 1 unknown order, 2 broker's option, 3 already pending.
    public var reason: Int64?
    public var text: String

    public init(_ message: FIXMessage) {
        orderID = message.text(FIXTag.orderID).flatMap { $0 == "NONE" ? nil : $0 }
        clientID = message.text(FIXTag.clOrdID)
        originalClientID = message.text(FIXTag.origClOrdID)
        status = message.text(FIXTag.ordStatus).map(FIXExecution.Status.init)
        reason = message.integer(FIXTag.cxlRejReason)
        text = message.text(FIXTag.text) ?? ""
    }
}

extension FIXRejection {
    /// A BusinessMessageReject; nil where it does not say what it is about.
    public init?(business message: FIXMessage) {
        guard let sequence = message.integer(FIXTag.refSeqNum) else { return nil }
        self.init(
            sequence: sequence, type: message.text(FIXTag.refMsgType), tag: nil, reason: message.integer(FIXTag.businessRejectReason),
            text: message.text(FIXTag.text) ?? "")
    }
}
