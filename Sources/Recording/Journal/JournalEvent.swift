public import Domain
public import Trading

/// What happened to the engines of a run: an ``Input``, or what their driver did to a desk between inputs.
public enum JournalEvent: Hashable, Sendable {
    case start
    case market(MarketRecord)
    case report(ExecutionReport)
    case barClose, timer
    case stop(reason: String)
    case lost(OrderID)
    case control(ControlInput)
    case quote(QuoteAnswer)
    /// The driver noted the equity of this moment: its peak is what drawdowns are measured from.
    case sample
    /// The driver closed the desk: nothing can be asked any more.
    case close
    /// The strategy was asked for its state: `on_save` ran.
    case save

    /// Whether it is an input; else something that the driver did.
    public var isInput: Bool {
        switch self {
        case .start, .market, .report, .barClose, .timer, .stop, .lost, .control, .quote: true
        case .sample, .close, .save: false
        }
    }

    /// For summaries; market records by what they are.
    public var kind: String {
        switch self {
        case .start: "start"
        case .market(let record): "market.\(JournalEvent.name(of: record.kind))"
        case .report(let report): "report.\(report.fact.kind)"
        case .barClose: "bar_close"
        case .timer: "timer"
        case .stop: "stop"
        case .lost: "lost"
        case .control(let input): "control.\(input.kind)"
        case .quote(.quoted): "quote.quoted"
        case .quote(.refused): "quote.refused"
        case .sample: "sample"
        case .close: "close"
        case .save: "save"
        }
    }

    static func name(of kind: MarketRecord.Kind) -> String {
        switch kind {
        case .level: "level"
        case .clear: "clear"
        case .trade: "trade"
        case .quote: "quote"
        case .bar: "bar"
        case .orderAdd: "order_add"
        case .orderModify: "order_modify"
        case .orderCancel: "order_cancel"
        case .orderFill: "order_fill"
        case .status: "status"
        }
    }
}

extension ExecutionReport.Fact {
    var kind: String {
        switch self {
        case .accepted: "accepted"
        case .rejected: "rejected"
        case .filled: "filled"
        case .cancelled: "cancelled"
        case .expired: "expired"
        case .cancelRejected: "cancel_rejected"
        case .amended: "amended"
        case .amendRejected: "amend_rejected"
        }
    }
}

extension ControlInput {
    var kind: String {
        switch self {
        case .venue: "venue"
        case .instrument: "instrument"
        case .bookInvalid: "book_invalid"
        case .lock: "lock"
        case .unlock: "unlock"
        case .state: "state"
        case .arm: "arm"
        case .balances: "balances"
        case .foreign: "foreign"
        case .reconciled: "reconciled"
        case .restore: "restore"
        case .pulse: "pulse"
        case .verdict: "verdict"
        case .resubmit: "resubmit"
        case .windDown: "wind_down"
        }
    }
}

extension FieldWriter {
    mutating func event(_ event: JournalEvent) {
        switch event {
        case .start: integer(UInt8(0))
        case .market(let record):
            integer(UInt8(1))
            self.record(record)
        case .report(let report):
            integer(UInt8(2))
            self.report(report)
        case .barClose: integer(UInt8(3))
        case .timer: integer(UInt8(4))
        case .stop(let reason):
            integer(UInt8(5))
            text(reason)
        case .lost(let order):
            integer(UInt8(6))
            integer(order.raw)
        case .control(let input):
            integer(UInt8(7))
            control(input)
        case .sample: integer(UInt8(8))
        case .close: integer(UInt8(9))
        case .save: integer(UInt8(10))
        case .quote(let answer):
            integer(UInt8(11))
            self.answer(answer)
        }
    }

    /// The 64 bytes of a market record that cannot stand among the tape's own: it is one engine's, or came at another time.
    private mutating func record(_ record: MarketRecord) {
        for value in [record.localTime, record.exchangeTime, record.a, record.b, record.c, record.d, record.e] { integer(value) }
        integer(record.kindByte)
        integer(record.flags)
        integer(record.instrument)
        integer(record.aux)
    }
}

extension JournalFields {
    mutating func event() throws(Malformed) -> JournalEvent {
        switch try fields.integer(UInt8.self) {
        case 0: return .start
        case 1: return .market(try record())
        case 2: return .report(try report())
        case 3: return .barClose
        case 4: return .timer
        case 5: return .stop(reason: try fields.text())
        case 6: return .lost(try order())
        case 7: return .control(try control())
        case 8: return .sample
        case 9: return .close
        case 10: return .save
        case 11: return .quote(try answer())
        case let other: throw fields.malformed("an input's kind below 12 before it, found \(other)")
        }
    }

    private mutating func record() throws(Malformed) -> MarketRecord {
        var values: [Int64] = []
        for _ in 0..<7 { values.append(try fields.integer(Int64.self)) }
        let (kindByte, flags) = (try fields.integer(UInt8.self), try fields.integer(UInt8.self))
        guard let kind = MarketRecord.Kind(rawValue: kindByte) else { throw fields.malformed("a record's kind before it, found \(kindByte)") }
        let instrument = try instrument()
        return MarketRecord(
            kind: kind, instrument: instrument, localTime: values[0], exchangeTime: values[1], flags: flags, a: values[2], b: values[3],
            c: values[4], d: values[5], e: values[6], aux: try fields.integer(UInt32.self))
    }
}
