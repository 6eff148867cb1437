import Configuration
import Domain
import Glibc
import Tape

/// What would run, but not mean anything: found before the run, named as the user wrote it.
enum BacktestChecks {
    /// Samples that one run may take: more would fill a disk before anybody looked at them.
    private static let mostSamples: Int64 = 200_000_000

    /// The same file twice would happen twice.
    static func distinct(_ paths: [String], _ what: String = "--data") throws {
        var seen: [(device: UInt, file: UInt)] = []
        for path in paths {
            var facts = stat()
            guard unsafe stat(path, &facts) == 0 else { continue }
            let own = (device: UInt(facts.st_dev), file: UInt(facts.st_ino))
            guard !seen.contains(where: { $0 == own }) else {
                throw Failure(.usage, "\(what): found \(path) twice; expected each tape once")
            }
            seen.append(own)
        }
    }

    static func samples(_ sample: Span?, _ tape: MergedTape) throws {
        guard let sample, let first = tape.firstLocalTime, let last = tape.lastLocalTime else { return }
        let count = (last - first).nanoseconds / sample.nanoseconds
        guard count > mostSamples else { return }
        throw Failure(
            .usage, "--sample \(sample.text): found \(DataVerb.grouped(Int(count))) samples over the tape, expected at most \(DataVerb.grouped(Int(mostSamples)))")
    }

    /// A currency that nothing on the tape is traded in, or cannot be valued in.
    static func currencies(_ instruments: [Instrument], _ models: SimulationModels, reporting: String?, config: String?) throws {
        let quotes = instruments.map(\.quote)
        let traded = Set(quotes + instruments.map(\.base))
        if let reporting, !traded.contains(reporting) {
            throw Failure(
                .usage, "\(config ?? "perigee.toml"): run.reporting_currency: found \"\(reporting)\", into which nothing on the tape converts; "
                    + "expected one of \(traded.sorted().joined(separator: ", "))")
        }
        for balance in models.balances where !traded.contains(balance.currency) {
            CommandLineMain.say(
                "warning: the balance of \(balance.currency) is of no use: the tape is traded in \(traded.sorted().joined(separator: ", "))")
        }
    }

    /// The parameter that an error about `--set KEY=VALUE` is about.
    static func parameter(in message: String) -> String? {
        guard message.hasPrefix("--set "), let sign = message.firstIndex(of: "=") else { return nil }
        return String(message[message.index(message.startIndex, offsetBy: 6)..<sign])
    }
}
