internal import Domain
internal import JSON

/// What an answer of a venue means for the request that it answers. Each venue's table maps its codes to these.
enum RequestVerdict: Equatable {
    case done
    /// Definitely not executed.
    case rejected(RejectReason)
    /// The venue cannot say whether it was executed.
    case unknown
    /// Not executed: too many requests.
    case throttled
    /// Not executed: not authenticated (any more).
    case unauthorised
    /// Not executed: the account or address may not do this, now or later.
    case forbidden
    /// Not executed: our clock is off.
    case clock
    /// Not executed: the API that we speak is not there.
    case retired
    /// Not executed: something is wrong with the account.
    case account
    /// Not executed: no new orders for a minute.
    case paused
    /// Perhaps there already: ask.
    case duplicate
    /// The order is unknown to the venue, or ended: ask.
    case noSuchOrder

    /// A code that we do not know, or none at all: what HTTP says. Success is never concluded from a status alone.
    init(status: Int) {
        switch status {
        case 401, 403: self = .unauthorised
        case 429, 418: self = .throttled
        case 404, 410: self = .retired
        // The venue or a proxy gave up waiting; whether it was passed on is not said.
        case 408: self = .unknown
        case 400..<500: self = .rejected(.venue)
        default: self = .unknown
        }
    }
}

/// An answer, judged.
struct Reply {
    var verdict: RequestVerdict
    /// As the venue wrote it; empty where there was none.
    var code: String
    var message: String
    /// What the answer holds; read during the call only.
    var result: Bytes?
    /// For people.
    var why: String
    /// The venue's id of the order, where a placement's answer tells it.
    var venueID: String?
    /// There was no answer at all.
    var isUnreachable = false
    /// Not a byte of the request left: whatever it asked for did not happen.
    var isUnsent = false

    init(verdict: RequestVerdict, code: String = "", message: String = "", result: Bytes? = nil, why: String) {
        (self.verdict, self.code, self.message, self.result, self.why) = (verdict, code, message, result, why)
    }

    /// No answer.
    static func none(_ why: String, isUnsent: Bool = false) -> Reply {
        var reply = Reply(verdict: .unknown, why: why)
        (reply.isUnreachable, reply.isUnsent) = (true, isUnsent)
        return reply
    }

    /// A body that is not the venue's: a proxy's page, or half a text.
    init(unreadable body: Bytes, status: Int) {
        let trimmed = body.trimmed
        let isPage = trimmed.hasPrefix("<")
        let isOurs = status < 500 && status != 429 && status != 401 && status != 403
        verdict = isPage && isOurs ? .retired : RequestVerdict(status: status)
        (code, message) = ("", "")
        why = "HTTP \(status) with a body that is no answer of the venue: \(trimmed.excerpt)"
    }

    /// Why an order was refused.
    var reason: RejectReason {
        if case .rejected(let reason) = verdict { return reason }
        return .venue
    }
}
