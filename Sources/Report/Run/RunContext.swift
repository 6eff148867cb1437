public import Domain

/// A tape that a run read.
public struct RunInput: Hashable, Sendable {
    /// As given; only its last component is printed, so that no file depends on the machine.
    public let path: String
    public let sha256: String
    public let records: Int64

    public init(path: String, sha256: String, records: Int64) {
        (self.path, self.sha256, self.records) = (path, sha256, records)
    }

    var name: String { path.split(separator: "/").last.map(String.init) ?? path }
}

/// The value a strategy's parameter was bound to.
public enum ParameterValue: Hashable, Sendable {
    case integer(Int64)
    case number(Double)
    case boolean(Bool)
    case text(String)

    var json: JSON {
        switch self {
        case .integer(let value): .integer(value)
        case .number(let value): .ratio(value)
        case .boolean(let value): .bool(value)
        case .text(let value): .string(value)
        }
    }
}

/// Which samples make a year.
public enum YearCalendar: String, Hashable, Sendable, CaseIterable {
    /// 365 days of 24 hours.
    case crypto
    /// 252 sessions; samples outside the tape's sessions do not count.
    case equity
}

/// An amount of one currency.
public struct Balance: Hashable, Sendable {
    public let currency: String
    public let amount: Amount

    public init(currency: String, amount: Amount) {
        self.currency = currency
        self.amount = amount
    }
}

/// A setting of the run and its text, as the report prints it.
public struct NamedText: Hashable, Sendable {
    public let name: String
    public let text: String

    public init(_ name: String, _ text: String) {
        self.name = name
        self.text = text
    }
}

/// What is known of a run before its first event: its identity, inputs and models. Nothing in it may depend on the machine,
/// the moment or the output path.
public struct RunContext: Sendable {
    public struct Parameter: Hashable, Sendable {
        public let name: String
        public let value: ParameterValue

        public init(name: String, value: ParameterValue) {
            self.name = name
            self.value = value
        }
    }

    public var strategyName: String
    public var strategySHA256: String
    public var engineVersion: String
    public var seed: UInt64
    public var reportingCurrency: String
    public var startingEquity: Amount
    /// In the order in which they shall be printed.
    public var startingBalances: [Balance]
    public var samplePeriod: Span
    /// Paper and live: files are written row by row under their own names, so that they survive the process.
    public var isLive = false
    public var calendar: YearCalendar
    public var inputs: [RunInput]
    /// In the order of the script's declaration.
    public var parameters: [Parameter]
    /// `maker_fee`, `taker_fee`, `latency`, `queue`, `fills`, `slippage`, `mark`, `sample`, `calendar`, …: in the order in which
    /// they shall be printed.
    public var models: [NamedText]

    public init(
        strategyName: String, strategySHA256: String, engineVersion: String, seed: UInt64,
        reportingCurrency: String, startingEquity: Amount, startingBalances: [Balance],
        samplePeriod: Span, calendar: YearCalendar = .crypto,
        inputs: [RunInput] = [], parameters: [Parameter] = [], models: [NamedText] = []
    ) {
        (self.strategyName, self.strategySHA256, self.engineVersion) = (strategyName, strategySHA256, engineVersion)
        (self.seed, self.reportingCurrency, self.startingEquity) = (seed, reportingCurrency, startingEquity)
        (self.startingBalances, self.samplePeriod, self.calendar) = (startingBalances, samplePeriod, calendar)
        (self.inputs, self.parameters, self.models) = (inputs, parameters, models)
    }
}

/// What is known once the last event is done.
public struct FinalState: Sendable {
    public struct Position: Hashable, Sendable {
        public let instrument: InstrumentID
        public let lots: Int64

        public init(instrument: InstrumentID, lots: Int64) {
            self.instrument = instrument
            self.lots = lots
        }
    }

    /// `tape_end`, `stopped`, `error`, …
    public var outcome: String
    /// The reason a strategy gave for stopping, or the error.
    public var outcomeReason: String
    /// In the order in which they shall be printed.
    public var cash: [Balance]
    /// One an instrument, in the order of the run's list.
    public var positions: [Position]
    /// Orders not closed, in order of creation.
    public var openOrders: [OrderRow]
    /// Market records handled.
    public var events: Int64

    public init(
        outcome: String = "tape_end", outcomeReason: String = "", cash: [Balance], positions: [Position],
        openOrders: [OrderRow] = [], events: Int64 = 0
    ) {
        (self.outcome, self.outcomeReason, self.cash) = (outcome, outcomeReason, cash)
        (self.positions, self.openOrders, self.events) = (positions, openOrders, events)
    }
}
