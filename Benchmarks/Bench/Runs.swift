import Backtesting
import CFloors
import Domain
import Exchange
import Glibc
import Risk
import Scripting
import Tape
import Trading

/// What a run did, told by its sink and by the script's last words.
struct Outcome {
    var elapsed = Elapsed(wall: 0, cpu: 0)
    var events = 0
    var fills = 0
    var closed = 0
    var refused = 0
    /// Σ ∓ price × size of the fills, and their fees, as peers count a balance.
    var balance = Amount.zero
    var fee = Amount.zero
    var position: Int64 = 0
    var lastWords = ""
    var allocations = 0
}

/// Takes results and keeps their sums only: what remains is the engine, the exchange and the script.
struct NullSink: BacktestSink {
    final class Tally {
        var outcome = Outcome()
    }

    let tally: Tally
    let instruments: [Instrument]

    var nextMark: Int64 { .max }

    func filled(_ booked: BookedFill, desk: borrowing Desk) {
        let value = instruments[booked.instrument.position].notional(booked.fill.price, booked.fill.quantity)
        tally.outcome.fills += 1
        tally.outcome.fee += booked.outcome.feeInQuote
        tally.outcome.balance = booked.side == .buy ? tally.outcome.balance - value : tally.outcome.balance + value
    }

    func closed(_ order: OrderRecord, desk: borrowing Desk) {
        if order.isSent { tally.outcome.closed += 1 } else { tally.outcome.refused += 1 }
    }

    func sampled(at time: Timestamp, lastRecord: Timestamp, desk: borrowing Desk) {}
    func marked(at time: Timestamp, desk: borrowing Desk) {}
    func tick(events: Int, at time: Timestamp) -> Bool { false }

    func noted(_ note: Note) {
        switch note {
        case .log(_, _, let text): tally.outcome.lastWords = text
        case .plot: break
        }
    }
}

/// Backtests as `perigee backtest` runs them, without its files.
struct Runner {
    let tape: MergedTape
    let instruments: [Instrument]
    let setup: DeskSetup
    /// By the desk's clock; the whole tape where nil.
    var end: Timestamp?

    /// - Note: the fees are those of the work that is measured, whatever the tape's.
    init(_ tape: MergedTape) throws {
        self.tape = tape
        let (maker, taker) = (try ExactDecimal("-0.00005"), try ExactDecimal("0.0007"))
        instruments = try tape.instruments.map { try $0.with(makerFee: maker, takerFee: taker) }
        let cash = Amount(raw: 10_000 * ExactDecimal.powerOfTen(Amount.scale))
        setup = DeskSetup(
            instruments: instruments, balances: [(instruments[0].quote, cash)], reportingCurrency: instruments[0].quote,
            barsFromTrades: try tape.holdsTrades())
    }

    private var settings: BacktestSettings {
        var rules = ExchangeRules()
        rules.fills = .full
        let interval = instruments[0].barInterval
        var settings = BacktestSettings(
            exchange: rules, desk: setup, sample: interval > .zero ? interval : Span(nanoseconds: 1_000_000_000))
        if instruments[0].dataKind != .bars {
            settings.latency = .constant(entry: Span(nanoseconds: 5_000_000), response: Span(nanoseconds: 5_000_000))
        }
        settings.to = end
        return settings
    }

    /// A script of `Benchmarks/strategies`.
    func run(_ script: String, _ parameters: [(key: String, value: String)] = []) throws -> Outcome {
        var options = LuaOptions()
        options.parameters = parameters
        let file = script + ".lua"
        let source = try BenchFiles.bytes(BenchFiles.strategies + "/" + file)
        return try run(LuaStrategy(source: source, file: file, instruments: instruments, options: options))
    }

    func run<S: Strategy & ~Copyable>(_ strategy: consuming S) throws -> Outcome {
        let gate = Gate(instruments: instruments, limits: RiskLimits(), strategy: "bench")
        let engine = Engine(strategy: strategy, gate: gate, desk: setup)
        let tally = NullSink.Tally()
        var run = try Backtest(engine: engine, tape: tape, settings: settings, sink: NullSink(tally: tally, instruments: instruments))
        var ending = BacktestEnding.interrupted
        let before = bench_allocations()
        let elapsed = try Elapsed.of { ending = try run.run() }
        var outcome = tally.outcome
        outcome.allocations = Int(bench_allocations() - before)
        guard ending == .endOfTape else { throw BenchError("a run ended early: \(ending)") }
        (outcome.elapsed, outcome.events) = (elapsed, run.eventCount)
        outcome.position = run.engine.desk.portfolio.positions[0].lots
        return outcome
    }

    /// One lane from end to end.
    func read() throws -> Elapsed {
        var sum: Int64 = 0
        let elapsed = try Elapsed.of {
            var lane = try tape.deskLane()
            while !lane.isAtEnd {
                sum &+= unsafe lane.record.pointee.a
                try lane.advance()
            }
        }
        Sink.keep(sum)
        return elapsed
    }

    /// One lane into an engine whose strategy listens to nothing: the desk's book.
    func readIntoBook() throws -> Elapsed {
        let gate = Gate(instruments: instruments, limits: RiskLimits(), strategy: "bench")
        var engine = Engine(strategy: Idle(), gate: gate, desk: setup)
        var effects: [Effect] = []
        let elapsed = try Elapsed.of {
            var lane = try tape.deskLane()
            engine.step(.start, at: Timestamp(nanoseconds: lane.time), into: &effects)
            while !lane.isAtEnd {
                unsafe engine.step(.market(lane.record, instrument: lane.instrument), at: Timestamp(nanoseconds: lane.time), into: &effects)
                try lane.advance()
            }
        }
        Sink.keep(engine.desk.now.nanoseconds)
        return elapsed
    }
}
