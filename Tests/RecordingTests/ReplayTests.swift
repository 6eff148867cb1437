import Domain
import Foundation
import Risk
import Tape
import Testing
import Trading

@testable import Recording

/// Asks for something now and then, by what it has been told so far.
struct Trader: Strategy {
    var callbacks: Callbacks = [.book, .trade, .bar, .order, .fill, .status, .quoted, .quoteRefused]
    var faultMessage = ""
    var random: UInt64
    /// How far from the touch it asks: another one is another strategy.
    var distance: Int64
    var saves = 0

    mutating func next(_ bound: UInt64) -> Int64 {
        random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int64((random >> 33) % bound)
    }

    mutating func act(_ desk: inout Desk) -> CallbackResult {
        let id = InstrumentID(index: Int(next(2)))
        for order in desk.openOrders(id) where next(3) == 0 {
            if next(2) == 0 { desk.cancel(order) } else {
                try? desk.amend(AmendRequest(id: order, price: Price(ticks: 100 - distance), quantity: Quantity(lots: 2)))
            }
        }
        guard next(3) == 0 else { return .clean }
        let side: Side = next(2) == 0 ? .buy : .sell
        if next(4) == 0 { _ = try? desk.requestQuote(id, side, Quantity(lots: 1)) }
        // A drawdown changes what it does: peaks of the equity must come back in a replay, too.
        let lots = 1 + next(3) + Int64(saves) + (desk.drawdown() > 0 ? 1 : 0)
        _ = try? desk.submit(OrderRequest(
            id: OrderID(0), instrument: id, side: side, type: next(4) == 0 ? .market : .limit, quantity: Quantity(lots: lots),
            price: Price(ticks: side == .buy ? 100 - distance : 102 + distance), allowsDuplicate: true))
        return .clean
    }

    mutating func onStart(_ desk: inout Desk) -> CallbackResult {
        for feed in [.book, .trades, .bars("1s")] as [Desk.Feed] { try? desk.subscribe(InstrumentID(index: 0), to: feed) }
        _ = desk.every(Span.seconds(1))
        return .clean
    }
    mutating func onQuote(_ instrument: InstrumentID, _ desk: inout Desk) -> CallbackResult { .clean }
    mutating func onBook(_ instrument: InstrumentID, _ desk: inout Desk) -> CallbackResult { act(&desk) }
    mutating func onTrade(_ trade: PublicTrade, of instrument: InstrumentID, _ desk: inout Desk) -> CallbackResult { act(&desk) }
    mutating func onBar(_ bar: Bar, of instrument: InstrumentID, _ desk: inout Desk) -> CallbackResult { act(&desk) }
    mutating func onQuoted(_ quote: Quote, _ desk: inout Desk) -> CallbackResult {
        if next(4) > 0 { _ = try? desk.accept(quote) }
        return act(&desk)
    }
    mutating func onQuoteRefused(
        _ request: QuoteRequestID, of instrument: InstrumentID, reason: String, _ desk: inout Desk
    ) -> CallbackResult { act(&desk) }
    mutating func onOrder(_ order: OrderID, _ desk: inout Desk) -> CallbackResult { .clean }
    mutating func onFill(_ fill: Fill, of order: OrderID, exchangeTime: Timestamp, _ desk: inout Desk) -> CallbackResult { act(&desk) }
    mutating func onTimer(_ timer: TimerID, _ desk: inout Desk) -> CallbackResult { act(&desk) }
    mutating func onStatus(_ status: VenueStatus, of instrument: InstrumentID, _ desk: inout Desk) -> CallbackResult { act(&desk) }
    mutating func onStatus(_ status: VenueStatus, ofVenue venue: String, _ desk: inout Desk) -> CallbackResult { act(&desk) }
    mutating func onStop(_ reason: String, _ desk: inout Desk) -> CallbackResult { .clean }
    mutating func save(_ desk: inout Desk) -> [UInt8]? {
        saves += 1
        return [1]
    }
    mutating func restore(_ saved: [UInt8], _ desk: inout Desk) -> CallbackResult {
        saves = saved.count
        return .clean
    }
    mutating func condemn(_ message: String) { faultMessage = message }
    mutating func forget(_ order: OrderID) {}
}

/// A desk with two engines and an unreliable venue, in the manner of the live one.
final class ToyDesk {
    private let journal: JournalWriter
    private var chance: Chance
    private var now = Timestamp(nanoseconds: 1_000_000_000_000)
    private var answers: [(seat: Int, input: Input)] = []
    private var effects: [Effect] = []
    private(set) var kinds: Set<String> = []

    init(path: String, seed: UInt64) throws {
        chance = Chance(seed)
        let head = try ToyDesk.head()
        journal = try JournalWriter(path: path, instruments: try Chance.instruments(), head: head)
        first = try ToyDesk.engine(head, 0, distance: 1)
        second = try ToyDesk.engine(head, 1, distance: 2)
    }
    private var first: Engine<Trader>
    private var second: Engine<Trader>

    static func head() throws -> JournalHead {
        let instruments = try Chance.instruments()
        let balance = Amount(raw: ExactDecimal.powerOfTen(30))
        var list: [JournalHead.Seat] = []
        for index in 0..<2 {
            var desk = DeskSetup(instruments: instruments, balances: [("USD", balance)], reportingCurrency: "USD")
            desk.history = [(Fill(id: FillID(1), price: Price(ticks: 99), quantity: Quantity(lots: 4), liquidity: .maker, fee: .zero), .buy, InstrumentID(index: 0))]
            let left = OrderRequest(id: OrderID(0), instrument: InstrumentID(index: 1), side: .buy, type: .limit, quantity: Quantity(lots: 5), price: Price(ticks: 90))
            desk.leftOrders = [DeskSetup.LeftOrder(request: left, name: "x\(index)", filled: Quantity(lots: 1), created: Timestamp(nanoseconds: 5))]
            list.append(JournalHead.Seat(name: "s\(index)", file: "s.lua", source: [], sha256: "", desk: desk))
        }
        var head = JournalHead(mode: .live, engine: "0", seats: list)
        head.live = LiveDefaults()
        return head
    }

    static func engine(_ head: JournalHead, _ seat: Int, distance: Int64) throws -> Engine<Trader> {
        Engine(
            strategy: Trader(random: UInt64(seat) + 7, distance: distance),
            gate: Gate(instruments: try Chance.instruments(), limits: .none, strategy: head.seats[seat].name, live: head.live),
            desk: head.seats[seat].desk)
    }

    private func step(_ input: Input, _ seat: Int) throws {
        let time = max(now, seat == 0 ? first.desk.now : second.desk.now)
        if seat == 0 { first.step(input, at: time, into: &effects) } else { second.step(input, at: time, into: &effects) }
        try journal.effects(effects, seat: seat)
        for effect in effects {
            kinds.insert(JournalEffect(effect).kind)
            switch effect {
            case .submit(let cleared): answer(cleared.request, seat)
            case .cancel(let id, let instrument): report(seat, id, instrument, chance.below(4) == 0 ? .cancelRejected(.unknownOrder) : .cancelled)
            case .amend(let cleared, let instrument): report(seat, cleared.amendment.id, instrument, .amendRejected(.unsupported))
            case .requestQuote(let cleared): answer(cleared.request, seat)
            case .filled: if seat == 0 { first.desk.noteEquity() } else { second.desk.noteEquity() }
            case .closed, .contradicted, .stateChanged, .kill, .alarm: break
            }
        }
        effects.removeAll()
    }

    private func report(_ seat: Int, _ order: OrderID, _ instrument: InstrumentID, _ fact: ExecutionReport.Fact) {
        answers.append((seat, .report(ExecutionReport(order: order, instrument: instrument, exchangeTime: now, fact: fact))))
    }

    private func answer(_ request: OrderRequest, _ seat: Int) {
        switch chance.below(6) {
        case 0: report(seat, request.id, request.instrument, .rejected(.minNotional))
        case 1: answers.append((seat, .lost(request.id)))
        case 2: report(seat, request.id, request.instrument, .accepted)
        default:
            let fill = Fill(id: FillID(chance.bits()), price: request.price, quantity: Quantity(lots: 1), liquidity: .taker, fee: Amount(raw: 1_000))
            report(seat, request.id, request.instrument, .filled(fill))
        }
    }

    private func answer(_ request: QuoteRequest, _ seat: Int) {
        let quote = Quote(
            id: QuoteID(request.id), instrument: request.instrument, side: request.side, quantity: request.quantity, price: Price(ticks: 101),
            expires: now + Span(nanoseconds: Int64(chance.below(3)) * 1_000_000_000))
        answers.append((seat, .quote(chance.below(3) == 0 ? .refused(request.id, request.instrument, .declined) : .quoted(quote))))
    }

    private func feed(_ input: Input, _ seat: Int? = nil) throws {
        try journal.input(input, seat: seat, at: now)
        for place in 0..<2 where seat == nil || seat == place { try step(input, place) }
    }

    private func market() throws {
        let isTrade = chance.below(3) == 0
        let side: Side = chance.flag() ? .buy : .sell
        let record = MarketRecord(
            kind: isTrade ? .trade : .level, instrument: InstrumentID(index: chance.below(2)), localTime: now.nanoseconds,
            exchangeTime: now.nanoseconds - 3, side: side, flags: MarketRecord.Flag.endOfBatch,
            a: side == .buy ? 100 - Int64(chance.below(3)) : 102 + Int64(chance.below(3)), b: Int64(chance.below(5)) + 1)
        try withUnsafePointer(to: record) { try feed(.market($0, instrument: Int(record.instrument))) }
    }

    private func control() throws {
        let instrument = InstrumentID(index: chance.below(2))
        let inputs: [ControlInput] = [
            .venue(.disconnected, venue: "t"), .instrument(.resynced, instrument), .bookInvalid(instrument), .lock(venue: "t"), .unlock(venue: "t"),
            .unlock(venue: "t"), .state(.reducing, instrument, reason: "test"), .arm(reason: "test"), .pulse, .pulse,
            .balances(venue: "t", [AccountBalance(currency: "USD", total: .one, available: .one)]), .foreign(instrument, ForeignExposure()),
            .reconciled(ReconcileReport()),
        ]
        try feed(.control(chance.pick(inputs)))
    }

    func run(_ count: Int) throws {
        try feed(.control(.restore([1, 2])), 1)
        try feed(.start)
        for _ in 0..<count {
            now = now + Span(nanoseconds: Int64(chance.below(200_000_000)))
            for seat in 0..<2 {
                while (seat == 0 ? first.desk.nextBarClose : second.desk.nextBarClose) <= now.nanoseconds { try feed(.barClose, seat) }
                while (seat == 0 ? first.desk.nextTimer : second.desk.nextTimer) <= now.nanoseconds { try feed(.timer, seat) }
            }
            try market()
            if chance.below(20) == 0 { try control() }
            let due = answers
            answers.removeAll()
            for (seat, input) in due where chance.below(10) > 0 { try feed(input, seat) }
            if chance.below(30) == 0 {
                first.desk.noteEquity()
                second.desk.noteEquity()
                try journal.sampled(at: now)
            }
            if chance.below(200) == 0 {
                _ = second.save()
                try journal.saved(seat: 1, at: now)
            }
            if chance.below(50) == 0 { try journal.flush() }
        }
        try feed(.control(.verdict("took 80 ms")), 0)
        second.closeDesk()
        try journal.deskClosed(seat: 1, at: now)
        try feed(.stop(reason: "done"))
        try journal.finish(durably: false)
    }
}

struct ReplayTests {
    private func journal(seed: UInt64, _ count: Int) throws -> (path: String, kinds: Set<String>) {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("replay-\(UUID().uuidString).tape").path
        let desk = try ToyDesk(path: path, seed: seed)
        try desk.run(count)
        return (path, desk.kinds)
    }

    private func replay(_ path: String, distance: Int64 = 1, stops: Bool = true) throws -> ReplayResult {
        let reader = try JournalReader(path: path)
        let seats = [
            Replay<Trader>.Seat(try ToyDesk.engine(reader.head, 0, distance: distance)),
            Replay<Trader>.Seat(try ToyDesk.engine(reader.head, 1, distance: 2)),
        ]
        return try Replay(reader, seats: seats).run(stopsAtDifference: stops)
    }

    @Test func whatHappenedLiveHappensAgain() throws {
        var (effects, inputs): (Set<String>, Set<String>) = ([], [])
        for seed in 1...6 as ClosedRange<UInt64> {
            let (path, kinds) = try journal(seed: seed, 3_000)
            defer { try? FileManager.default.removeItem(atPath: path) }
            let result = try replay(path)
            #expect(result.difference == nil, "seed \(seed): \(String(describing: result.difference))")
            #expect(result.effects == result.recordedEffects && result.effects > 50 && result.inputs > 3_000, "seed \(seed)")
            effects.formUnion(kinds)
            inputs.formUnion(result.events.keys)
        }
        #expect(effects.isSuperset(of: ["submit", "amend", "cancel", "filled", "closed", "state_changed", "request_quote"]), "\(effects)")
        let wanted: Set = ["lost", "save", "sample", "close", "bar_close", "timer", "report.filled", "control.verdict", "control.restore", "control.foreign", "quote.quoted", "quote.refused"]
        #expect(inputs.isSuperset(of: wanted), "missing: \(wanted.subtracting(inputs))")
    }

    @Test func anotherStrategyIsFoundAtItsFirstOrder() throws {
        let (path, _) = try journal(seed: 9, 500)
        defer { try? FileManager.default.removeItem(atPath: path) }
        let difference = try #require(try replay(path, distance: 3).difference)
        #expect(difference.expected != difference.got && difference.seat == 0 && difference.number > 1)
        let instruments = try Chance.instruments()
        #expect(difference.expected?.words(instruments).contains("order ") == true, "\(difference)")
        let all = try replay(path, distance: 3, stops: false)
        #expect(all.difference == difference && all.inputs > difference.number, "a replay that goes on tells the first difference, too")
    }

    @Test func aTornJournalIsReplayedAsFarAsItGoes() throws {
        let (path, _) = try journal(seed: 5, 2_000)
        defer { try? FileManager.default.removeItem(atPath: path) }
        let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        for part in [3, 5, 7, 9] {
            try bytes.prefix(bytes.count * part / 10).write(to: URL(fileURLWithPath: path))
            let result = try replay(path)
            #expect(result.difference == nil && result.inputs > 100, "\(part): \(String(describing: result.difference))")
        }
    }
}
