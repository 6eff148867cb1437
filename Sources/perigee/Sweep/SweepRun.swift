import Glibc
import Report

/// The runs of a sweep, several at a time, in processes of their own.
struct SweepRun {
    struct Result {
        let names: [String]
        var rows: [SweepTable.Row] = []
        /// The first summary: inputs, seed and models are the same in all.
        var first: Summary?
    }

    let strategy: String
    let data: [String]
    let grid: SweepGrid
    let combinations: [Int]
    let out: String
    let keepsRuns: Bool
    let jobs: Int
    let arguments: [String]
    let isQuiet: Bool

    private var runs: String { "\(out)/runs" }
    private func folder(_ combination: Int) -> String { "\(runs)/\(combination)" }
    private func errors(_ combination: Int) -> String { "\(runs)/\(combination).stderr" }

    /// - Throws: `Failure` for what is wrong in all of them, found by the first, which runs alone; and for an interrupt.
    mutating func execute() throws -> Result {
        try SweepRun.makeFolders(runs)
        var rows: [Int: SweepTable.Row] = [:]
        var workers = SweepWorkers()
        var next = 0
        do {
            while rows.count < combinations.count {
                // What is wrong with the command line is told by the first, and not by each.
                let most = rows.isEmpty ? 1 : jobs
                while next < combinations.count, workers.count < most {
                    try start(combinations[next], &workers, place: next)
                    next += 1
                }
                let outcome = workers.wait()
                if Interrupt.isPending { throw Failure(.interrupted, "interrupted after \(rows.count) of \(combinations.count) runs; no table was written") }
                guard let outcome else { continue }
                rows[outcome.place] = try row(combinations[outcome.place], status: outcome.status)
                progress(rows.count)
            }
        } catch {
            workers.stop()
            clear()
            throw error
        }
        clear()
        let ordered = combinations.indices.compactMap { rows[$0] }
        return Result(names: grid.axes.map(\.name), rows: ordered, first: ordered.first { $0.summary != nil }?.summary)
    }

    private func start(_ combination: Int, _ workers: inout SweepWorkers, place: Int) throws {
        var words = ["backtest", strategy, "--data"] + data
        for (axis, value) in zip(grid.axes, grid.values(combination)) { words += ["--set", "\(axis.name)=\(value)"] }
        words += arguments + ["--out", folder(combination), "--quiet"]
        try workers.start(words, place: place, errors: errors(combination))
    }

    /// Reads what a run left, and takes away what nobody wants to keep.
    private func row(_ combination: Int, status: Int32) throws -> SweepTable.Row {
        let told = lastWords(combination)
        if status == Failure.Code.usage.rawValue { throw Failure(.usage, asGrid(told)) }
        if status == Failure.Code.interrupted.rawValue { throw Failure(.interrupted, "a run was interrupted; no table was written") }
        // A limit that ended the run is a result; a failed run is none.
        let isResult = status == 0 || status == Failure.Code.stoppedByLimit.rawValue
        let summary = isResult ? try? Summary.read(directory: folder(combination)) : nil
        if !keepsRuns { SweepRun.remove(folder(combination)) }
        unsafe unlink(errors(combination))
        return SweepTable.Row(combination: combination, values: grid.values(combination), summary: summary, problem: told)
    }

    private func lastWords(_ combination: Int) -> String {
        let text = TextFile.bytes(errors(combination)).map { String(decoding: $0, as: UTF8.self) } ?? ""
        var lines = text.split(separator: "\n").filter { !$0.hasPrefix("warning: ") }
        if lines.first?.hasPrefix("perigee: ") == true { lines[0] = lines[0].dropFirst("perigee: ".count) }
        return lines.isEmpty ? "it ended without a word" : lines.joined(separator: "\n")
    }

    /// The user wrote `--grid`, where the run was told `--set`.
    private func asGrid(_ message: String) -> String {
        guard let name = BacktestChecks.parameter(in: message), grid.axes.contains(where: { $0.name == name }) else { return message }
        return "--grid " + message.dropFirst("--set ".count)
    }

    // MARK: - Progress

    private static let isTerminal = isatty(2) == 1

    private func progress(_ done: Int) {
        guard SweepRun.isTerminal, !isQuiet else { return }
        var line = "\r\u{1B}[K\(done) of \(combinations.count) runs"
        line.withUTF8 { bytes in _ = unsafe write(2, bytes.baseAddress, bytes.count) }
    }

    private func clear() {
        if !isQuiet { Progress.clearLine() }
        if !keepsRuns {
            for combination in combinations {
                SweepRun.remove(folder(combination))
                unsafe unlink(errors(combination))
            }
        }
        // Only where it is empty.
        unsafe rmdir(runs)
    }

    // MARK: - Files

    private static func makeFolders(_ path: String) throws {
        let parts = path.split(separator: "/", omittingEmptySubsequences: true)
        for count in 1...parts.count {
            let folder = (path.hasPrefix("/") ? "/" : "") + parts.prefix(count).joined(separator: "/")
            guard unsafe mkdir(folder, 0o755) != 0, errno != EEXIST else { continue }
            throw Failure(.usage, "--out \(folder): cannot be made: \(unsafe String(cString: strerror(errno)))")
        }
    }

    /// The files of a run's folder, and the folder where nothing else is in it.
    private static func remove(_ folder: String) {
        for name in ["summary.json", "fills.csv", "orders.csv", "equity.csv", "report.html", "charts.json", "log.jsonl", "plots.csv", "journal.tape"] {
            unsafe unlink("\(folder)/\(name)")
        }
        unsafe rmdir(folder)
    }

    static func save(_ text: String, to path: String) throws {
        func failure() -> Failure { Failure(.runFailed, "\(path): cannot be written: \(unsafe String(cString: strerror(errno)))") }
        let partial = path + ".partial"
        guard let file = unsafe fopen(partial, "w") else { throw failure() }
        var text = text
        let count = text.withUTF8 { bytes in unsafe fwrite(bytes.baseAddress, 1, bytes.count, file) }
        let isClosed = unsafe fclose(file) == 0
        guard count == text.utf8.count, isClosed, unsafe rename(partial, path) == 0 else {
            unsafe unlink(partial)
            throw failure()
        }
    }
}
