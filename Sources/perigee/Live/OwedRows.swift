import Domain
import Glibc
import Live
import Report
import Trading

/// Fills that the ledger has and no run's `fills.csv`: the process ended between the two writes. The next run's file has their rows, so that
/// all runs together have every fill exactly once (F46).
///
/// `state/rows` says how many fills the ledger had when the last run began, and which files have the rows since.
struct OwedRows {
    private static let name = "rows"

    /// Before anything of this run is booked.
    static func settle(_ run: LiveRun, _ sink: LiveSink, _ instruments: [Instrument]) throws {
        guard let state = try run.ledger?.state else { return }
        let fills = state.fillSequence
        let files = sink.seats.map { absolute($0.recorder.directory) + "/" + RunFiles.fills }
        do throws(StateError) {
            if let last = try read(run.folder), last.count <= fills.count {
                let owed = unwritten(fills, from: last.count, in: last.files)
                if !owed.isEmpty {
                    // Both, until they are written: whoever is killed in between finds what was done.
                    try save(last.count, last.files + files, in: run.folder)
                    write(owed, of: fills, run, sink, instruments)
                }
            }
            try save(fills.count, files, in: run.folder)
        } catch {
            throw Failure(.runFailed, error.description)
        }
    }

    // MARK: - Which

    /// Places in the ledger's sequence. None where a file cannot be read: nobody can say then, and nothing is told twice.
    private static func unwritten(_ fills: [LedgerFill], from first: Int, in files: [String]) -> Set<Int> {
        guard first < fills.count else { return [] }
        var written: Set<String> = []
        for file in files {
            guard let bytes = TextFile.bytes(file) else { return [] }
            written.formUnion(rows(bytes).compactMap { $0.count > 5 ? "\($0[5])/\($0[$0.count - 1])" : nil })
        }
        return Set((first..<fills.count).filter { place in
            // A trade id may stand for two fills of ours, one a side (F13).
            fills[place].clientID != nil && !written.contains("\(fills[place].key.side.name)/\(OrderKeeper.fillID(of: fills[place].key.tradeID))")
        })
    }

    /// Fields of a CSV; a quoted one may hold anything.
    static func rows(_ bytes: [UInt8]) -> [[String]] {
        var (rows, row, field): ([[String]], [String], [UInt8]) = ([], [], [])
        var isQuoted = false
        for byte in bytes {
            switch byte {
            case UInt8(ascii: "\""): isQuoted.toggle()
            case UInt8(ascii: ",") where !isQuoted, UInt8(ascii: "\n") where !isQuoted:
                row.append(String(decoding: field, as: UTF8.self))
                field = []
                if byte == UInt8(ascii: "\n") {
                    rows.append(row)
                    row = []
                }
            case _: field.append(byte)
            }
        }
        // A line that breaks off was not written.
        return rows
    }

    // MARK: - Their rows

    private static func write(_ owed: Set<Int>, of fills: [LedgerFill], _ run: LiveRun, _ sink: LiveSink, _ instruments: [Instrument]) {
        for (seat, plan) in run.plans.enumerated() {
            var portfolio = Portfolio(instruments: instruments, balances: [])
            for (place, fill) in fills.enumerated() where fill.strategy == plan.name {
                guard let index = instruments.firstIndex(where: { $0.venue == fill.key.venue && $0.nativeSymbol == fill.key.symbol }),
                    let own = fill.booked(on: instruments[index])
                else { continue }
                let outcome = portfolio.apply(own, side: fill.key.side, instrument: InstrumentID(index: index))
                guard owed.contains(place) else { continue }
                sink.seats[seat].recorder.fill(FillRow(
                    time: fill.time, exchangeTime: fill.time, instrument: InstrumentID(index: index), orderID: fill.clientID ?? "",
                    venueOrderID: fill.key.order, side: fill.key.side, price: own.price, quantity: own.quantity, fee: own.fee,
                    feeCurrency: fill.feeCurrency, liquidity: own.liquidity, positionAfter: outcome.positionAfter, reducedLots: outcome.closedLots,
                    realisedPnL: outcome.realised, fillID: OrderKeeper.fillID(of: fill.key.tradeID)))
            }
        }
        CommandLineMain.say("perigee: \(owed.count) fills of an earlier run, whose rows were lost with its process, are in this run's \(RunFiles.fills)")
    }

    // MARK: - The file

    private static func read(_ folder: StateFolder) throws(StateError) -> (count: Int, files: [String])? {
        guard let bytes = try folder.read(name) else { return nil }
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
        guard let first = lines.first, first.hasPrefix("fills "), let count = Int(first.dropFirst(6)) else { return nil }
        return (count, lines.dropFirst().filter { $0.hasPrefix("file ") }.map { String($0.dropFirst(5)) })
    }

    private static func save(_ count: Int, _ files: [String], in folder: StateFolder) throws(StateError) {
        try folder.replace(name, with: Array(("fills \(count)\n" + files.map { "file \($0)\n" }.joined()).utf8))
    }

    private static func absolute(_ path: String) -> String {
        guard !path.hasPrefix("/"), let here = unsafe getcwd(nil, 0) else { return path }
        defer { unsafe free(here) }
        return unsafe String(cString: here) + "/" + path
    }
}
