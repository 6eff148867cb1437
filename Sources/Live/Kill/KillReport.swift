public import Domain
public import TLS
public import Transport
public import Venues

/// One venue's account that is to be emptied, and all that is needed for it: no strategy, no price, no P&L.
public struct KillTarget: Sendable {
    public var name: String
    /// Instruments to cancel-all at once, before a listing says which others have orders.
    public var instruments: [Instrument]
    /// Only orders whose client id begins with this are touched; nil: everything on the account.
    public var ownPrefix: String?
    public var tls: TLSContext
    /// What no text of the venue may repeat.
    public var redactor: Redactor
    public var session: @Sendable () throws -> any VenueSession

    public init(
        name: String, instruments: [Instrument], ownPrefix: String? = nil, tls: TLSContext, redactor: Redactor = Redactor(),
        session: @escaping @Sendable () throws -> any VenueSession
    ) {
        (self.name, self.instruments, self.ownPrefix, self.tls, self.redactor, self.session) = (name, instruments, ownPrefix, tls, redactor, session)
    }
}

/// What became of one venue.
public struct KillOutcome: Hashable, Sendable {
    public var venue: String
    public var finding: CancelProof.Finding
    /// From the latch to the first cancel handed to the transport.
    public var firstCancel: Span?
    /// From the latch to the proof that nothing is open.
    public var proven: Span?
    /// Cancels and cancel-alls asked for.
    public var cancels = 0
    /// Said behind the finding.
    public var remark: String?
    /// Why an empty listing was not believed: orders that were sent and may still be executed.
    public var doubts: [String] = []

    public init(venue: String, finding: CancelProof.Finding, remark: String? = nil) {
        (self.venue, self.finding, self.remark) = (venue, finding, remark)
    }

    public var isClean: Bool { finding == .clean }

    /// `NAME clean|n left|unreachable`, with times.
    public var text: String {
        var parts: [String] = []
        if let firstCancel { parts.append("first cancel after \(KillOutcome.text(firstCancel))") }
        if let proven { parts.append("proven after \(KillOutcome.text(proven))") }
        if let remark { parts.append(remark) }
        let tail = parts.isEmpty ? "" : " (\(parts.joined(separator: ", ")))"
        switch finding {
        case .clean: return "\(venue) clean\(tail)"
        case .unreachable(let why): return "\(venue) unreachable: \(why)\(tail)"
        case .left(let orders):
            let names = orders.map { "\($0.symbol) \($0.venueID ?? $0.clientID ?? "without an id")" }
            if names.isEmpty {
                let why = doubts.isEmpty ? "it was listed empty, and not a second time" : KillOutcome.list(doubts, "; ")
                return "\(venue) 0 left, not proven: \(why)\(tail)"
            }
            return "\(venue) \(names.count) left: \(KillOutcome.list(names, ", "))\(tail)"
        }
    }

    private static func list(_ names: [String], _ separator: String) -> String {
        names.prefix(50).joined(separator: separator) + (names.count > 50 ? ", and \(names.count - 50) more" : "")
    }

    /// Milliseconds with microseconds' digits: people compare them.
    static func text(_ span: Span) -> String {
        let micros = span.nanoseconds / 1_000
        let digits = String(1_000 + micros % 1_000).dropFirst()
        return "\(micros / 1_000).\(digits)ms"
    }
}

/// What became of every venue.
public struct KillReport: Hashable, Sendable {
    public var outcomes: [KillOutcome]
    public init(outcomes: [KillOutcome]) { self.outcomes = outcomes }

    public var isClean: Bool { outcomes.allSatisfy(\.isClean) }

    /// 0 only when every venue is proven clean, 1 when something is left open, 4 when a venue could not be reached.
    public var exitStatus: Int32 {
        if isClean { return 0 }
        let isLeft = outcomes.contains { if case .left = $0.finding { true } else { false } }
        return isLeft ? 1 : 4
    }
}
