/// The field numbers that we write or read, by their names of FIX 4.2.
public enum FIXTag {
    // Header and trailer.
    public static let beginString = 8, bodyLength = 9, checkSum = 10, msgSeqNum = 34, msgType = 35, possDupFlag = 43
    public static let senderCompID = 49, senderSubID = 50, sendingTime = 52, targetCompID = 56, targetSubID = 57, possResend = 97
    public static let origSendingTime = 122
    // Session.
    public static let beginSeqNo = 7, endSeqNo = 16, newSeqNo = 36, refSeqNum = 45, text = 58, rawDataLength = 95, rawData = 96
    public static let encryptMethod = 98, heartBtInt = 108, testReqID = 112, gapFillFlag = 123, resetSeqNumFlag = 141
    public static let refTagID = 371, refMsgType = 372, sessionRejectReason = 373, businessRejectRefID = 379, businessRejectReason = 380
    // Orders.
    public static let account = 1, avgPx = 6, clOrdID = 11, commission = 12, cumQty = 14, execID = 17, execRefID = 19, execTransType = 20
    public static let handlInst = 21, lastPx = 31, lastShares = 32, orderID = 37, orderQty = 38, ordStatus = 39, ordType = 40
    public static let origClOrdID = 41, price = 44, side = 54, symbol = 55, timeInForce = 59, transactTime = 60
    public static let cxlRejReason = 102, ordRejReason = 103, execType = 150, leavesQty = 151, securityExchange = 207
    public static let cxlRejResponseTo = 434

    /// Fields that belong before the first field of a body.
    ///
    /// - Source: FIX 4.2, "Standard message header".
    static func isHeader(_ tag: Int) -> Bool {
        switch tag {
        case 8, 9, 35, 34, 43, 49, 50, 52, 56, 57, 90, 91, 97, 115, 116, 122, 128, 129, 142, 143, 144, 145, 212, 213, 347, 369, 370: true
        default: false
        }
    }

    /// The data field whose length this field tells; nil for any other field.
    ///
    /// - Source: FIX 4.2, fields of type `data`.
    static func data(announcedBy tag: Int) -> Int? {
        switch tag {
        case 90: 91
        case 93: 89
        case 95: 96
        case 212: 213
        case 348: 349
        case 350: 351
        case 352: 353
        case 354: 355
        case 356: 357
        case 358: 359
        case 360: 361
        case 362: 363
        case 364: 365
        case 445: 446
        default: nil
        }
    }
}

/// Message types, spelled once.
public enum FIXType {
    public static let heartbeat = "0", testRequest = "1", resendRequest = "2", reject = "3", sequenceReset = "4", logout = "5", logon = "A"
    public static let executionReport = "8", orderCancelReject = "9", newOrderSingle = "D", orderCancelRequest = "F", orderStatusRequest = "H"
    public static let businessMessageReject = "j"

    /// Messages of the session itself; everything else is an application's.
    public static func isAdministrative(_ type: String) -> Bool {
        switch type {
        case heartbeat, testRequest, resendRequest, reject, sequenceReset, logout, logon: true
        case _: false
        }
    }

    /// Whether FIX 4.2 has a message of this type.
    static func exists(_ type: String) -> Bool {
        guard type.utf8.count == 1, let byte = type.utf8.first else { return false }
        return switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "H"), UInt8(ascii: "J")...UInt8(ascii: "T"),
            UInt8(ascii: "V")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "m"): true
        default: false
        }
    }
}
