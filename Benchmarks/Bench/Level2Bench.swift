import Domain
import Tape

/// ns an event, stage by stage, in turn with the floors.
struct Level2Bench {
    let runner: Runner
    let events: Double

    init(_ runner: Runner) {
        self.runner = runner
        events = Double(runner.tape.recordCount)
    }

    private static let read = "tape read"
    private static let book = "+ the desk's book"
    private static let exchange = "+ the venue, its book, 20 resting orders"
    private static let everyEvent = "S0: + a Lua callback on every event"
    private static let quotes = "+ a Lua callback on quote changes"
    private static let maker = "S1: + a Lua market maker every 100 ms"

    func measure(_ floor: FloorEvents, tapeFile: MappedFile, repetitions: Int, into results: Results) throws {
        let lua = LuaFloor()
        func script(_ name: String, _ file: String) -> Case {
            Case(name: name, count: events) { try runner.run(file).elapsed }
        }
        let ours = [
            Case(name: Level2Bench.read, count: events) { try runner.read() },
            Case(name: Level2Bench.book, count: events) { try runner.readIntoBook() },
            Case(name: Level2Bench.exchange, count: events) { try runner.run(Rester()).elapsed },
            script(Level2Bench.everyEvent, "count"), script(Level2Bench.quotes, "quotes"), script(Level2Bench.maker, "maker"),
        ]
        let floors = FloorCases.level2(floor, tape: tapeFile, lua: lua)
        let all = try Interleaved(floors + ours, repetitions: repetitions)
        results.section("floors in C", unit: "ns an event")
        for one in floors { results.add(one.name, "ns/event", all[one.name]) }
        print(all, into: results)
        try runner.tell("S1 did", runner.run("maker"), results)
    }

    private func print(_ all: Interleaved, into results: Results) {
        func best(_ name: String) -> Double { all[name].best }
        let scan = best(FloorCases.scan32)
        let books = best(FloorCases.books)
        let lua = best(FloorCases.pcallCount)
        results.section("engine", unit: "ns an event")
        results.add(Level2Bench.read, "ns/event", all[Level2Bench.read], floor: best(FloorCases.scan64))
        results.add(Level2Bench.book, "ns/event", all[Level2Bench.book], floor: best(FloorCases.scan64) + best(FloorCases.book))
        results.add(Level2Bench.exchange, "ns/event", all[Level2Bench.exchange], floor: scan + books)
        results.add(Level2Bench.everyEvent, "ns/event", all[Level2Bench.everyEvent], floor: scan + books + lua, goal: .ratio(1.5))
        results.add(Level2Bench.quotes, "ns/event", all[Level2Bench.quotes], floor: scan + books)
        results.add(Level2Bench.maker, "ns/event", all[Level2Bench.maker], floor: scan + books)
        results.section("events a second, millions", unit: "10^6/s")
        for name in [Level2Bench.read, Level2Bench.book, Level2Bench.exchange, Level2Bench.everyEvent, Level2Bench.quotes, Level2Bench.maker] {
            results.add(
                Figure(name: name, unit: "Mevents/s", value: 1e3 / all[name].best, median: 1e3 / all[name].median))
        }
    }
}
