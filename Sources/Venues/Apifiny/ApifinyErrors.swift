internal import Domain

/// What the venue was asked, where a code's meaning depends on it.
enum ApifinyMatter { case place, cancel, query }

extension RequestVerdict {
    /// - Parameters:
    ///   - code: As in the venue's table, decimal; some are printed there with two numbers, and both are known here.
    ///   - message: Decides where one number means several things; an unclear one is taken for the most careful meaning.
    /// - Source: Apifiny Connect, "Error codes".
    init(apifiny code: Int64, message: String, matter: ApifinyMatter) {
        self = RequestVerdict.general(code) ?? RequestVerdict.order(code, message.lowercased(), matter) ?? RequestVerdict.unlisted(code, matter)
        // A word that only says "wrong" does not say whether an order or a cancel went through before.
        if matter != .query, code == 65_548 || code == 65_595 { self = .unknown }
    }

    /// Codes that mean the same of every request.
    private static func general(_ code: Int64) -> RequestVerdict? {
        switch code {
        case 65_548, 65_562, 131_099, 2_097_178: .rejected(code == 2_097_178 ? .unsupported : .venue)
        case 65_579, 262_427, 328_058: .unknown
        case 65_595, 131_114: .throttled
        case 65_658, 131_115, 131_130, 2_097_163: .forbidden
        case 131_098, 131_162, 327_962, 328_074: .account
        case 196_634, 196_650, 196_666, 196_682, 196_698, 2_097_162: .unauthorised
        case 262_170, 262_186, 262_218, 262_250, 262_266, 262_299, 262_443: .rejected(.venue)
        case 262_202: .rejected(.unsupported)
        case 327_741: .paused
        case 327_787, 327_978, 328_042, 393_243, 393_322, 393_338, 393_355, 393_372, 393_514, 393_530: .rejected(.venue)
        case 393_258, 393_274, 393_290, 393_354: .rejected(.insufficientBalance)
        default: nil
        }
    }

    /// Codes about an order.
    private static func order(_ code: Int64, _ message: String, _ matter: ApifinyMatter) -> RequestVerdict? {
        switch code {
        case 131_178, 327_722, 327_803: matter == .place ? .duplicate : .rejected(.venue)
        case 5_243_242, 327_706, 327_738, 327_739, 327_836, 327_946, 327_948: matter == .place ? .rejected(.venue) : .noSuchOrder
        case 327_723, 327_770, 393_306, 393_482: .unknown
        case 327_755: .rejected(.venue)
        // Cancels that come too soon are sent again by the session; of anything else nothing is known.
        case 327_754, 328_026: .unknown
        case 328_010: matter == .cancel ? .done : .unknown
        case 327_802: matter == .cancel || message.contains("cancel") ? .noSuchOrder : .duplicate
        case 327_818: matter == .cancel || message.contains("timeout") ? .unknown : .rejected(.venue)
        case 327_834: matter == .place ? .clock : .rejected(.venue)
        case 327_786:
            message.contains("side") ? .rejected(.venue) : message.contains("too many") ? .rejected(.venue) : .unknown
        case 393_242: message.contains("ticket") ? .rejected(.venue) : .rejected(.insufficientBalance)
        default: nil
        }
    }

    /// By its last hexadecimal digit: A is the client's fault, everything else the server's. An order is never given up by a suffix.
    private static func unlisted(_ code: Int64, _ matter: ApifinyMatter) -> RequestVerdict {
        guard matter == .query, code & 0xF == 0xA else { return .unknown }
        return .rejected(.venue)
    }

    /// Whether a cancel came while the order was on its way: to be sent again after half a second.
    static func isTooSoon(_ code: Int64) -> Bool { code == 327_754 || code == 328_026 }
}
