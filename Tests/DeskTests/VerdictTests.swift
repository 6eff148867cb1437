import Domain
import Foundation
import Recording
import Risk
import Scripting
import Testing
import Trading

/// A strategy that its watchdog ended: the replay has no such clock, and does the same.
struct VerdictTests {
    static let script = """
        local S = { name = "hang", params = { at = 3 } }
        local n = 0
        function S.on_start() S.i = market.instrument(); S.i:subscribe("trades") end
        function S.on_trade(inst)
          n = n + 1
          inst:buy(1, 100 - n)
          if n == params.at then while true do n = n + 1 end end
        end
        return S
        """

    /// An engine cannot be copied, so it has a place of its own.
    final class Bench {
        var engine: Engine<LuaStrategy>
        init(_ engine: consuming Engine<LuaStrategy>) { self.engine = engine }
    }

    private func instruments() throws -> [Instrument] {
        [try Instrument(venue: "t", symbol: "A_USD", nativeSymbol: "A_USD", base: "A", quote: "USD", tick: ExactDecimal("1"), lot: ExactDecimal("1"))]
    }

    private func engine(_ instruments: [Instrument], deadline: Span?) throws -> Engine<LuaStrategy> {
        var options = LuaOptions()
        (options.deadline, options.instance) = (deadline, "abc")
        let script = try LuaStrategy(source: Array(VerdictTests.script.utf8), file: "hang.lua", instruments: instruments, options: options)
        return Engine(strategy: script, gate: Gate(instruments: instruments, limits: .none), desk: setup(instruments))
    }

    private func setup(_ instruments: [Instrument]) -> DeskSetup { DeskSetup(instruments: instruments, balances: [], reportingCurrency: "USD") }

    @Test("A verdict is journaled by the number of the call, and the replay gives the same effects, bit for bit")
    func replay() throws {
        let path = NSTemporaryDirectory() + "perigee-verdict-\(UUID().uuidString).tape"
        defer { try? FileManager.default.removeItem(atPath: path) }
        let instruments = try instruments()
        var seat = JournalHead.Seat(name: "hang", file: "hang.lua", source: Array(VerdictTests.script.utf8), sha256: "", desk: setup(instruments))
        seat.instance = "abc"
        let journal = try JournalWriter(path: path, instruments: instruments, head: JournalHead(mode: .live, engine: "test", seats: [seat]))
        let bench = Bench(try engine(instruments, deadline: .milliseconds(30)))
        var effects: [Effect] = []
        var verdicts: [StrategyVerdict] = []
        func step(_ input: Input, _ time: Int64) throws {
            try journal.input(input, seat: 0, at: Timestamp(nanoseconds: time))
            bench.engine.step(input, at: Timestamp(nanoseconds: time), into: &effects)
            if let verdict = bench.engine.takeVerdict() {
                verdicts.append(verdict)
                try journal.verdict(verdict)
            }
            try journal.effects(effects)
            effects.removeAll()
        }
        try step(.start, 1)
        for index in 0..<6 {
            let record = MarketRecord(kind: .trade, instrument: InstrumentID(index: 0), localTime: Int64(index + 2), exchangeTime: 1, side: .buy, a: 100, b: 1)
            try unsafe withUnsafePointer(to: record) { try unsafe step(.market($0, instrument: 0), Int64(index + 2)) }
        }
        try step(.control(.windDown(reason: "end")), 10)
        try step(.stop(reason: "end"), 11)
        try journal.finish()
        #expect(verdicts.count == 1)
        guard case .failed(let message) = bench.engine.life else {
            Issue.record("\(bench.engine.life)")
            return
        }
        #expect(bench.engine.strategy.isDead && message == verdicts.first?.message)

        let reader = try JournalReader(path: path)
        // A replay's guard is ten seconds: were the call entered, this would take that long and end otherwise.
        let replay = Replay<LuaStrategy>(reader, seats: [Replay<LuaStrategy>.Seat(try engine(instruments, deadline: nil))])
        let result = try replay.run()
        #expect(result.difference == nil && result.recordedEffects > 2)
        #expect(replay.seats[0].engine.life == .failed(message: message))
    }

    @Test("C24: condemned, a strategy is dead whatever its error policy, and is never entered again")
    func condemned() throws {
        let instruments = try instruments()
        let script = try LuaStrategy(source: Array(VerdictTests.script.utf8), file: "hang.lua", instruments: instruments)
        var engine = Engine(strategy: script, gate: Gate(instruments: instruments, limits: .none), desk: setup(instruments), errorPolicy: .carryOn)
        var effects: [Effect] = []
        engine.step(.start, at: Timestamp(nanoseconds: 1), into: &effects)
        engine.step(.control(.verdict("it stood still")), at: Timestamp(nanoseconds: 2), into: &effects)
        #expect(engine.life == .failed(message: "it stood still") && engine.strategy.isDead)
        let calls = engine.strategy.calls
        engine.step(.stop(reason: "x"), at: Timestamp(nanoseconds: 3), into: &effects)
        #expect(engine.strategy.calls == calls)
    }
}
