import Domain
import Testing

@testable import Tape

/// Figures of the cryptofeed project's captures.
enum CaptureTruth {
    static func figures(_ file: String) throws -> Figures {
        // A file of tickers alone makes no tape; it is read beside its session's others.
        let isTicker = file.contains("KRAKEN.ws.49")
        let files = isTicker ? [file, file.replacing("ws.49", with: "ws.48")] : [file]
        let found = try Imported(.cryptofeed, files.map(Recorded.path))
        let input = found.summary.inputs[0]
        var figures = Figures()
        try figures.source(file)
        figures["first_recv_s"] = seconds(input.firstReceived)
        figures["last_recv_s"] = seconds(input.lastReceived)
        figures["messages"] = input.messageCount
        figures.add(kinds(input, file), under: "kinds")
        if isTicker { return figures }
        if file.contains("KRAKEN.ws.50") {
            figures["crc32_checksums_ok"] = found.note("checksums that agree")
            figures["crc32_checksums_bad"] = found.note("checksums that disagree")
        }
        guard file.contains("COINBASE") || file.contains("KRAKEN") else { return figures }
        for instrument in found.instruments {
            let one = try found.statistics(instrument.nativeSymbol)
            if one.snapshotLevels > 0 { figures.add(Figures(book: one), under: "final_books.\(instrument.nativeSymbol)") }
            if one.trades > 0 { figures["sum_trade_qty.\(instrument.nativeSymbol)"] = one.tradeQuantity }
        }
        return figures
    }

    private static func seconds(_ time: Timestamp?) -> ExactDecimal? {
        time.map { ExactDecimal(mantissa: Int128($0.nanoseconds), scale: 9).normalized }
    }

    /// The truths tell Coinbase's types and Kraken's channels; everything else is a `msg`.
    private static func kinds(_ input: InputFacts, _ file: String) -> [(kind: String, count: Int)] {
        var result: [(kind: String, count: Int)] = []
        var others = 0
        for (kind, count) in input.messages {
            let isTold = file.contains("COINBASE") || file.contains("KRAKEN") && !["heartbeat", "systemStatus", "subscriptionStatus"].contains(kind)
            if isTold { result.append((kind, count)) } else { others += count }
        }
        return others > 0 ? result + [("msg", others)] : result
    }
}
