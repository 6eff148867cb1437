import Glibc

/// Wall and processor time of one stretch of work, ns.
struct Elapsed {
    var wall: Double
    var cpu: Double

    static func of(_ work: () throws -> Void) rethrows -> Elapsed {
        let (wall, cpu) = (now(CLOCK_MONOTONIC), now(CLOCK_PROCESS_CPUTIME_ID))
        try work()
        return Elapsed(wall: now(CLOCK_MONOTONIC) - wall, cpu: now(CLOCK_PROCESS_CPUTIME_ID) - cpu)
    }

    static func now(_ clock: clockid_t) -> Double {
        var time = timespec()
        _ = unsafe clock_gettime(clock, &time)
        return Double(time.tv_sec) * 1e9 + Double(time.tv_nsec)
    }
}

/// The repetitions of one measurement, each divided by how often the thing was done.
struct Series {
    private(set) var wall: [Double] = []
    private(set) var cpu: [Double] = []

    mutating func add(_ elapsed: Elapsed, per count: Double) {
        wall.append(elapsed.wall / count)
        cpu.append(elapsed.cpu / count)
    }

    var isEmpty: Bool { wall.isEmpty }
    /// The least of the repetitions: what the machine's other work disturbs least.
    var best: Double { cpu.min() ?? .nan }
    var median: Double { Series.median(cpu) }
    var bestWall: Double { wall.min() ?? .nan }
    var medianWall: Double { Series.median(wall) }

    private static func median(_ values: [Double]) -> Double {
        if values.isEmpty { return .nan }
        let sorted = values.sorted()
        return sorted.count % 2 == 1 ? sorted[sorted.count / 2] : (sorted[sorted.count / 2 - 1] + sorted[sorted.count / 2]) / 2
    }
}

/// Something to measure: `run` does it `count` times and times what matters of it.
struct Case {
    let name: String
    let count: Double
    let run: () throws -> Elapsed
}

/// Runs cases in turn, again and again, so that a slow moment of the machine meets all of them alike.
struct Interleaved {
    private(set) var series: [String: Series] = [:]

    init(_ cases: [Case], repetitions: Int) throws {
        for one in cases { _ = try one.run() }
        for _ in 0..<repetitions {
            for one in cases { series[one.name, default: Series()].add(try one.run(), per: one.count) }
        }
    }

    subscript(name: String) -> Series {
        guard let found = series[name] else { preconditionFailure("nothing was measured under the name \(name)") }
        return found
    }
}
