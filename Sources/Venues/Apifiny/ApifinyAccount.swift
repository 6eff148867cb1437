public import Domain
internal import JSON

/// What an operator may ask of an account and do with it, beside trading: its state, its activities, its rates, and a transfer between its venues.
///
/// Requests and answers only; who sends them is the command line. There are no withdrawals and no deposit addresses, by design: money does not leave
/// the account by this program.
public struct ApifinyAccount {
    private let settings: ApifinySettings
    private let signer: ApifinySigner

    /// - Throws: For settings that no session could be made with, and for missing credentials.
    public init(settings: VenueSettings) throws(VenueSettingsError) {
        self.settings = try ApifinySettings(settings)
        guard let signer = self.settings.signer, self.settings.missingCredential == nil else {
            throw VenueSettingsError(key: "credentials.\(self.settings.missingCredential ?? "key")", message: "is missing; expected \"env:NAME\" or \"file:PATH\"")
        }
        self.signer = signer
    }

    public var venue: String { settings.venue }
    public var accountID: String { settings.accountID }

    public func info(at now: Timestamp) -> VenueRequest { get("/account/queryAccountInfo", [], now) }

    /// Rates of commission of one symbol, as the venue spells it.
    public func fees(symbol: String, at now: Timestamp) -> VenueRequest { get("/asset/getCommissionRate", [("symbol", symbol)], now) }

    /// - Parameters:
    ///   - page: From 1.
    public func activity(from: Timestamp, to: Timestamp, page: Int, at now: Timestamp) -> VenueRequest {
        let window = [
            ("startTimeDate", String(from.nanoseconds / 1_000_000)), ("endTimeDate", String(to.nanoseconds / 1_000_000)), ("limit", "100"),
            ("page", String(page)),
        ]
        return get("/asset/queryAssetActivityList", window, now)
    }

    /// Moves an amount from the configured venue to another one of the same account.
    public func transfer(_ amount: ExactDecimal, of currency: String, to target: String, at now: Timestamp) -> VenueRequest {
        var writer = JSONWriter()
        writer.beginObject()
        writer.field("accountId", settings.accountID)
        writer.field("venue", settings.venue)
        writer.field("currency", currency)
        writer.field("amount", amount.description)
        writer.field("targetVenue", target)
        writer.endObject()
        let (body, headers) = signer.post(writer.bytes, at: now)
        return VenueRequest(
            method: .post, url: settings.rest + "/asset/transferToVenue", headers: headers + [("Content-Type", "application/json")], body: body,
            deadline: Span.seconds(15))
    }

    private func get(_ path: String, _ query: [(String, String)], _ now: Timestamp) -> VenueRequest {
        let whole = [("accountId", settings.accountID), ("venue", settings.venue)] + query
        let (text, headers) = signer.get(whole.map { "\($0.0)=\($0.1)" }.joined(separator: "&"), at: now)
        return VenueRequest(method: .get, url: "\(settings.rest)\(path)?\(text)", headers: headers, deadline: Span.seconds(15))
    }

    /// What an answer says.
    public enum Answer: Hashable, Sendable {
        /// Rows of names and values, in the order of the names.
        case rows([[String]])
        /// Definitely not done.
        case refused(String)
        /// Nobody can say whether it was done.
        case unknown(String)
    }

    public static func read(_ response: VenueResponse) -> Answer {
        switch response {
        case .notSent(let why): return .refused("not sent: \(why)")
        case .ambiguous(let why): return .unknown(why)
        case .answer(let status, _, let body):
            return Bytes.with(body) { bytes -> Answer in
                do throws(JSONError) {
                    let envelope = try ApifinyEnvelope(bytes)
                    if let code = envelope.code { return refusal(code, envelope.message) }
                    guard status < 300, envelope.result != nil else { return status < 500 ? .refused("HTTP \(status)") : .unknown("HTTP \(status)") }
                    return .rows(try rows(envelope.result))
                } catch {
                    return status < 500 && status != 408 && status >= 400 ? .refused("HTTP \(status)") : .unknown("HTTP \(status): \(bytes.excerpt)")
                }
            }
        }
    }

    private static func refusal(_ code: Int64, _ message: String) -> Answer {
        switch RequestVerdict(apifiny: code, message: message, matter: .place) {
        case .unknown, .duplicate, .noSuchOrder, .done: .unknown("\(code) \(message)")
        case .rejected, .throttled, .unauthorised, .forbidden, .clock, .retired, .account, .paused: .refused("\(code) \(message)")
        }
    }

    private static func rows(_ result: Bytes?) throws(JSONError) -> [[String]] {
        var rows: [[String]] = []
        try ApifinyEnvelope.each(result) { row throws(JSONError) in
            guard row.hasPrefix("{") else { return rows.append([row.text]) }
            let fields = try ApifinyReference.fields(row)
            rows.append(fields.keys.sorted().map { "\($0)=\(fields[$0] ?? "")" })
        }
        return rows
    }
}
