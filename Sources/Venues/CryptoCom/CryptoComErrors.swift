internal import Domain

/// What the venue's codes mean.
///
/// - Source: Exchange API v2, "Response and reason codes"; classes as in the page of the venue.
extension RequestVerdict {
    /// - Parameter status: Of HTTP, 0 on a socket; only asked where the code does not tell.
    init(cryptocom code: Int64, status: Int) {
        switch code {
        case 0: self = .done
        case 10_001, 100_001, 10_000: self = .unknown
        case 10_002, 40_101: self = .unauthorised
        case 10_003, 10_005: self = .forbidden
        case 10_006: self = .throttled
        case 10_007: self = .clock
        case 10_008: self = .retired
        case 10_004, 10_009, 10_010: self = .rejected(.venue)
        case 20_001, 204: self = .duplicate
        case 20_002, 306: self = .rejected(.insufficientBalance)
        case 30_004, 30_005: self = .rejected(.unsupported)
        case 30_008: self = .rejected(.minQuantity)
        case 30_016, 30_023: self = .rejected(.minNotional)
        case 30_003, 30_006, 30_007, 30_009, 30_010, 30_013, 30_014, 30_017, 30_024, 30_025, 318: self = .rejected(.venue)
        case 40_001, 50_001, 20_005: self = .account
        case 40_007: self = .paused
        case 40_002...40_006: self = .rejected(.venue)
        case 212, 316: self = .noSuchOrder
        default: self = RequestVerdict(status: status)
        }
    }

    /// Why an order was refused, from the `reason` that its listing shows.
    static func cryptocomReason(_ code: Int64?) -> RejectReason {
        guard let code, case .rejected(let reason) = RequestVerdict(cryptocom: code, status: 400) else { return .venue }
        return reason
    }
}
