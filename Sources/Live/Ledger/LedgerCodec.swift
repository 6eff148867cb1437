import Domain
import Recording

/// Ledger entries as bytes. A type number is never used for anything else again.
enum LedgerCodec {
    enum Kind: UInt16 { case intent = 1, venueID, cancelWanted, unknown, fill, closed, baseline, limits, note, release, accepted }

    static func encode(_ entry: LedgerEntry) -> (kind: Kind, payload: [UInt8]) {
        var writer = FieldWriter()
        let kind: Kind
        switch entry {
        case .intent(let intent):
            kind = .intent
            put(intent, &writer)
        case .venueID(let clientID, let venueID):
            kind = .venueID
            writer.text(clientID)
            writer.text(venueID)
        case .cancelWanted(let clientID):
            kind = .cancelWanted
            writer.text(clientID)
        case .unknown(let clientID):
            kind = .unknown
            writer.text(clientID)
        case .fill(let fill):
            kind = .fill
            put(fill, &writer)
        case .closed(let clientID, let outcome):
            kind = .closed
            writer.text(clientID)
            writer.integer(outcome.rawValue)
        case .baseline(let venue, let currency, let total):
            kind = .baseline
            writer.text(venue)
            writer.text(currency)
            writer.decimal(total)
        case .limits(let version, let text):
            kind = .limits
            writer.integer(version)
            writer.text(text)
        case .note(let text):
            kind = .note
            writer.text(text)
        case .release(let release):
            kind = .release
            put(release, &writer)
        case .accepted(let venue, let reason):
            kind = .accepted
            writer.text(venue)
            writer.text(reason)
        }
        return (kind, writer.bytes)
    }

    static func decode(_ kind: Kind, _ payload: [UInt8]) throws(FieldReader.Malformed) -> LedgerEntry {
        var reader = FieldReader(payload)
        let entry: LedgerEntry
        switch kind {
        case .intent: entry = .intent(try intent(&reader))
        case .venueID: entry = .venueID(clientID: try reader.text(), venueID: try reader.text())
        case .cancelWanted: entry = .cancelWanted(clientID: try reader.text())
        case .unknown: entry = .unknown(clientID: try reader.text())
        case .fill: entry = .fill(try fill(&reader))
        case .closed: entry = .closed(clientID: try reader.text(), outcome: try reader.choice(LedgerOutcome.self))
        case .baseline: entry = .baseline(venue: try reader.text(), currency: try reader.text(), total: try reader.decimal())
        case .limits: entry = .limits(version: try reader.integer(UInt32.self), text: try reader.text())
        case .note: entry = .note(try reader.text())
        case .release: entry = .release(try release(&reader))
        case .accepted: entry = .accepted(venue: try reader.text(), reason: try reader.text())
        }
        try reader.finish()
        return entry
    }

    private static func put(_ intent: LedgerIntent, _ writer: inout FieldWriter) {
        for text in [intent.clientID, intent.strategy, intent.venue, intent.symbol] { writer.text(text) }
        writer.integer(intent.side.rawValue)
        writer.integer(intent.type.rawValue)
        writer.integer(intent.timeInForce.rawValue)
        writer.flag(intent.isPostOnly)
        writer.flag(intent.isReduceOnly)
        for value in [intent.price, intent.stop, intent.quantity] { writer.decimal(value) }
        writer.text(intent.tag)
        writer.integer(intent.limitVersion)
        writer.integer(intent.cause)
        writer.text(intent.run)
        writer.time(intent.sent)
    }

    private static func intent(_ reader: inout FieldReader) throws(FieldReader.Malformed) -> LedgerIntent {
        LedgerIntent(
            clientID: try reader.text(), strategy: try reader.text(), venue: try reader.text(), symbol: try reader.text(),
            side: try reader.choice(Side.self), type: try reader.choice(OrderType.self), timeInForce: try reader.choice(TimeInForce.self),
            isPostOnly: try reader.flag(), isReduceOnly: try reader.flag(), price: try reader.decimal(), stop: try reader.decimal(),
            quantity: try reader.decimal(), tag: try reader.text(), limitVersion: try reader.integer(UInt32.self),
            cause: try reader.integer(UInt64.self), run: try reader.text(), sent: try reader.time())
    }

    private static func put(_ release: LedgerRelease, _ writer: inout FieldWriter) {
        for text in [release.run, release.configuration, release.binary] { writer.text(text) }
        writer.integer(release.limitVersion)
        writer.integer(UInt32(release.code.count))
        for code in release.code {
            writer.text(code.strategy)
            writer.text(code.sha256)
            writer.flag(code.isCanary)
        }
    }

    private static func release(_ reader: inout FieldReader) throws(FieldReader.Malformed) -> LedgerRelease {
        let (run, configuration, binary) = (try reader.text(), try reader.text(), try reader.text())
        var release = LedgerRelease(run: run, code: [], configuration: configuration, binary: binary, limitVersion: try reader.integer(UInt32.self))
        let count = try reader.integer(UInt32.self)
        for _ in 0..<count {
            let (strategy, sum) = (try reader.text(), try reader.text())
            release.code.append(LedgerRelease.Code(strategy: strategy, sha256: sum, isCanary: try reader.flag()))
        }
        return release
    }

    private static func put(_ fill: LedgerFill, _ writer: inout FieldWriter) {
        for text in [fill.key.venue, fill.key.symbol, fill.key.tradeID, fill.key.order] { writer.text(text) }
        writer.integer(fill.key.side.rawValue)
        writer.optional(fill.clientID)
        writer.text(fill.strategy)
        for value in [fill.price, fill.quantity, fill.fee] { writer.decimal(value) }
        writer.text(fill.feeCurrency)
        writer.time(fill.time)
        writer.integer(fill.source.rawValue)
    }

    private static func fill(_ reader: inout FieldReader) throws(FieldReader.Malformed) -> LedgerFill {
        let venue = try reader.text(), symbol = try reader.text(), trade = try reader.text(), order = try reader.text()
        let key = FillKey(venue: venue, symbol: symbol, tradeID: trade, order: order, side: try reader.choice(Side.self))
        return LedgerFill(
            key: key, clientID: try reader.optional(), strategy: try reader.text(), price: try reader.decimal(), quantity: try reader.decimal(),
            fee: try reader.decimal(), feeCurrency: try reader.text(), time: try reader.time(), source: try reader.choice(LedgerFill.Source.self))
    }
}
