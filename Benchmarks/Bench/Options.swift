/// What the command line asks for.
struct Options {
    var tape: String?
    var barTape: String?
    /// Only writes the generated tapes into this folder.
    var write: String?
    var events = 5_000_000
    var bars = 1_000_000
    var repetitions = 7
    var json: String?
    var perigee: String?
    /// Which parts to run; all where empty.
    var only: Set<String> = []

    static let parts = ["engine", "bars", "orders", "risk", "allocations", "process", "memory"]
    /// S0, S1 and B0 alone, for a comparison with peers; only where it is named.
    static let hot = "hot"
    static let usage = """
        usage: PerigeeBench [--tape FILE] [--bar-tape FILE] [--events N] [--bars N] [--repetitions N] [--quick] [--only PART,…]
                            [--json FILE] [--perigee FILE]
               PerigeeBench --write FOLDER [--events N] [--bars N]

          --tape FILE      a level-2 tape instead of the generated one
          --bar-tape FILE  a tape of bars instead of the generated one
          --write FOLDER   only writes the generated tapes, level2.tape and bars.tape
          --events N       length of the generated tape (5000000)
          --bars N         length of the generated tape of bars (1000000)
          --quick          a tenth of the work: 500000 events, 100000 bars, 3 repetitions
          --only PART,…    \(parts.joined(separator: ", ")); or hot: S0, S1 and B0 alone
          --json FILE      the figures as JSON, too
          --perigee FILE   the command whose whole process is timed (beside this one)
        """

    struct Bad: Error { let message: String }

    init(_ arguments: [String]) throws(Bad) {
        var rest = arguments[...]
        while let flag = rest.popFirst() {
            if flag == "--quick" {
                (events, bars, repetitions) = (500_000, 100_000, 3)
                continue
            }
            guard Options.valued.contains(flag) else { throw Bad(message: "found '\(flag)'") }
            guard let value = rest.popFirst() else { throw Bad(message: "\(flag): expected a value") }
            try set(flag, value)
        }
    }

    private static let valued: Set<String> = ["--tape", "--bar-tape", "--write", "--events", "--bars", "--repetitions", "--only", "--json", "--perigee"]

    private mutating func set(_ flag: String, _ value: String) throws(Bad) {
        switch flag {
        case "--tape": tape = value
        case "--bar-tape": barTape = value
        case "--write": write = value
        case "--json": json = value
        case "--perigee": perigee = value
        case "--events": events = try Options.count(flag, value, from: 10_000)
        case "--bars": bars = try Options.count(flag, value, from: 1_000)
        case "--repetitions": repetitions = try Options.count(flag, value, from: 1)
        case "--only":
            only = Set(value.split(separator: ",").map(String.init))
            if let other = only.first(where: { !Options.parts.contains($0) && $0 != Options.hot }) {
                throw Bad(message: "--only: found '\(other)', expected some of \(Options.parts.joined(separator: ", "))")
            }
        default: preconditionFailure("a flag without a meaning: \(flag)")
        }
    }

    private static func count(_ flag: String, _ text: String, from least: Int) throws(Bad) -> Int {
        guard let value = Int(text), value >= least else { throw Bad(message: "\(flag): found '\(text)', expected a number of \(least) or more") }
        return value
    }

    func wants(_ part: String) -> Bool { only.isEmpty ? part != Options.hot : only.contains(part) }
}
