import CFloors
import Domain
import Glibc
import Tape

/// Measures perigee and, in the same run, the floors that plain C sets: `make bench`.
struct Bench {
    let options: Options
    let results = Results()
    let scratch: ScratchFolder

    init(_ options: Options) throws {
        self.options = options
        scratch = try ScratchFolder()
    }

    func run() throws {
        if let folder = options.write { return try write(into: folder) }
        tellMachine()
        let hot = options.wants(Options.hot)
        let level2 = ["engine", "orders", "allocations", "memory"].contains(where: options.wants) || hot && options.tape != nil
            ? try level2Tape() : nil
        let bars = ["bars", "allocations", "memory"].contains(where: options.wants) || hot && options.barTape != nil ? try barTape() : nil
        let runner = try level2.map { try Runner(MergedTape(paths: [$0])) }
        let barRunner = try bars.map { try Runner(MergedTape(paths: [$0])) }
        if let runner, let level2, options.wants("engine") {
            let floor = try FloorEvents(runner.tape, path: scratch.path + "/floor.bin")
            try Level2Bench(runner).measure(floor, tapeFile: MappedFile(level2), repetitions: options.repetitions, into: results)
        }
        if let barRunner, options.wants("bars") { try BarBench.measure(barRunner, repetitions: options.repetitions, into: results) }
        if hot { try HotBench.measure(runner, barRunner, repetitions: options.repetitions, into: results) }
        if let runner, options.wants("orders") { try OrderBench.roundTrips(runner, repetitions: options.repetitions, into: results) }
        if options.wants("risk") { try OrderBench.riskChecks(repetitions: options.repetitions, into: results) }
        if options.wants("allocations") { try AllocationBench.measure(runner, barRunner, into: results) }
        try processes(level2, bars)
        results.note("load at the end", Bench.load())
        if let path = options.json { try BenchFiles.write(results.json(), to: path) }
    }

    private func processes(_ level2: String?, _ bars: String?) throws {
        guard options.wants("process") || options.wants("memory") else { return }
        let bench = ProcessBench(perigee: options.perigee ?? BenchFiles.perigee(), scratch: scratch)
        guard BenchFiles.exists(bench.perigee) else {
            return print("\n\(bench.perigee) is not there: whole processes are left out (swift build -c release --product perigee)")
        }
        if options.wants("process") { try bench.startUp(repetitions: options.repetitions, into: results) }
        if let level2, options.wants("memory") { try bench.memory(events: options.events, longest: level2, bars: bars, into: results) }
    }

    private func level2Tape() throws -> String {
        if let tape = options.tape {
            results.note("tape", tape)
            return tape
        }
        let path = scratch.path + "/level2.tape"
        try SyntheticTape.ensure(path, events: options.events)
        results.note("tape", "\(options.events) generated level-2 events, seed \(SyntheticTape.seed)")
        return path
    }

    private func write(into folder: String) throws {
        try SyntheticMarket.write(to: folder + "/level2.tape", events: options.events, seed: SyntheticTape.seed)
        try SyntheticBars.write(to: folder + "/bars.tape", bars: options.bars, seed: SyntheticTape.barSeed)
    }

    private func barTape() throws -> String {
        if let tape = options.barTape {
            results.note("bars", tape)
            return tape
        }
        let path = scratch.path + "/bars.tape"
        try SyntheticBars.write(to: path, bars: options.bars, seed: SyntheticTape.barSeed)
        results.note("bars", "\(options.bars) generated bars, seed \(SyntheticTape.barSeed)")
        return path
    }

    private func tellMachine() {
        let lines = (try? BenchFiles.bytes("/proc/cpuinfo")).map { String(decoding: $0, as: UTF8.self).split(separator: "\n") } ?? []
        let model = lines.first { $0.hasPrefix("model name") }?.split(separator: ":").last.map { $0.drop { $0 == " " } } ?? "unknown"
        let count = lines.count { $0.hasPrefix("processor") }
        results.note("machine", "\(count) × \(model)")
        results.note("load at the start", Bench.load())
        results.note("times", "processor time of the best of \(options.repetitions) repetitions, and their median; floors and cases took turns")
    }

    private static func load() -> String {
        let text = (try? BenchFiles.bytes("/proc/loadavg")).map { String(decoding: $0, as: UTF8.self) } ?? ""
        return text.split(separator: " ").prefix(3).joined(separator: " ")
    }
}

func run() -> Int32 {
    bench_print_by_line()
    do throws(Options.Bad) {
        let options = try Options(Array(CommandLine.arguments.dropFirst()))
        do {
            try Bench(options).run()
            return 0
        } catch let error as BenchError {
            print("bench: \(error.message)")
        } catch {
            print("bench: \(error)")
        }
        return 1
    } catch {
        print("\(error.message)\n\(Options.usage)")
        return 2
    }
}

exit(run())
