import Domain
import Tape

/// ns a bar.
enum BarBench {
    static func measure(_ runner: Runner, repetitions: Int, into results: Results) throws {
        var closes: [Double] = []
        var lane = try runner.tape.deskLane()
        while !lane.isAtEnd {
            closes.append(Double(unsafe lane.record.pointee.d) / 10)
            try lane.advance()
        }
        let name = "B0: SMA cross in Lua"
        let floors = FloorCases.bars(closes, lua: LuaFloor())
        let ours = Case(name: name, count: Double(closes.count)) { try runner.run("cross").elapsed }
        let all = try Interleaved(floors + [ours], repetitions: repetitions)
        results.section("bars", unit: "ns a bar")
        results.add(FloorCases.bar, "ns/bar", all[FloorCases.bar])
        results.add(name, "ns/bar", all[name], floor: all[FloorCases.bar].best)
        results.add(Figure(name: "bars a second, millions", unit: "Mbars/s", value: 1e3 / all[name].best, median: 1e3 / all[name].median))
        try runner.tell("B0 did", runner.run("cross"), results)
    }
}
