internal import Domain
internal import JSON

/// An error of the venue, in REST's form and in the socket's: a code, a message, what was wrong with single fields.
struct ValrError {
    var code: Int64?
    var message = ""
    var details: [String] = []

    private static let names: [StaticString] = ["code", "message", "validationErrors", "error", "failureReason"]

    init?(_ bytes: Bytes?) {
        guard let bytes else { return nil }
        do throws(JSONError) {
            var reader = JSONReader(bytes)
            try read(&reader)
        } catch {
            return nil
        }
    }

    private mutating func read(_ reader: inout JSONReader) throws(JSONError) {
        if try reader.peek() == .string {
            message = try reader.text()
            return
        }
        var fields = JSONFields(ValrError.names)
        try reader.beginObject()
        while let field = try fields.next(in: &reader) {
            switch field {
            case 0: code = try reader.optionalInteger()
            case 1, 4: message = try reader.peek() == .string ? try reader.text() : message
            case 2:
                guard try reader.peek() == .array else { try reader.skip(); continue }
                try reader.beginArray()
                while try reader.nextElement() {
                    if try reader.peek() == .string { details.append(try reader.text()) } else { try reader.skip() }
                }
            case 3: if try reader.peek() == .object { try read(&reader) } else { message = try reader.optionalText() ?? message }
            default: preconditionFailure("a field without a place")
            }
        }
    }

    var text: String { ([message] + details).filter { !$0.isEmpty }.joined(separator: "; ") }
    var codeText: String { code.map(String.init) ?? "" }

    /// What the venue's words mean; nil for words that nobody wrote down.
    ///
    /// - Source: the venue publishes no whole table; the known ones.
    var verdict: RequestVerdict? {
        switch code {
        case -12_007: return .rejected(.minNotional)
        case -21_311: return .rejected(.unsupported)
        case -21: return .rejected(.unsupported)
        case -93: return .unauthorised
        case -1: return .rejected(.venue)
        case _: break
        }
        return ValrError.verdict(of: text)
    }

    static func verdict(of text: String) -> RequestVerdict? {
        let words = text.lowercased()
        func says(_ any: String...) -> Bool { any.contains { words.contains($0) } }
        if says("api key", "api-key", "signature", "unauthor", "not authenticated") { return .unauthorised }
        if says("frozen", "disabled", "suspended") { return .account }
        if says("insufficient", "balance") { return .rejected(.insufficientBalance) }
        if says("post only", "post-only", "postonly") { return .rejected(.postOnly) }
        if says("customer order id", "customerorderid"), says("duplicate", "already", "unique", "exists") { return .duplicate }
        if says("rate limit", "too many requests") { return .throttled }
        if says("not found", "does not exist", "no such order", "unknown order") { return .noSuchOrder }
        if says("currency pair") { return .rejected(.unsupported) }
        if says("minimum") { return .rejected(.minQuantity) }
        if says("read-only", "read only", "maintenance") { return .paused }
        if says("validation", "invalid request", "invalid order", "must be", "maximum") { return .rejected(.venue) }
        return nil
    }

    /// Why an order ended as the venue tells it in `failedReason`.
    static func reason(_ text: String) -> RejectReason {
        if case .rejected(let reason)? = verdict(of: text) { return reason }
        return .venue
    }
}
