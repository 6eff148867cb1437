import Testing

@testable import Tape

/// Every figure of truth.json is worked out again from an import and compared. A figure that nobody works out fails, and so does a file that
/// nobody claims: nothing is forgotten when the truths grow.
@Suite struct TruthTests {
    @Test(.enabled(if: Recorded.isThere, Recorded.absent), arguments: Recorded.truth.keys.sorted())
    func everyFigureComesOutAgain(_ file: String) throws {
        guard let found = try TruthTests.figures(file) else { return }
        let truth = Figures(truth: file).values.filter { !TruthTests.isText($0.key) }
        for path in Set(truth.keys).union(found.values.keys).sorted() {
            #expect(found.values[path] == truth[path], "\(file): \(path)")
        }
    }

    /// What is no figure: how a replay was done, in words.
    private static func isText(_ path: String) -> Bool { path == "replay.rule" }

    /// Nil where the file belongs to no format that can be imported.
    private static func figures(_ file: String) throws -> Figures? {
        let name = file.split(separator: "/").last.map(String.init) ?? file
        switch file.split(separator: "/").first {
        case "binance_ws": return try BinanceTruth.figures(file)
        case "equity_ticks" where name.hasSuffix("_quote.zip"): return try FileTruth.equityQuotes(file)
        case "equity_ticks": return try FileTruth.equityTrades(file)
        case "lobster" where name.contains("_message_"): return try FileTruth.lobsterMessages(file)
        case "lobster": return try FileTruth.lobsterBooks(file)
        case "ohlcv" where name.hasPrefix("lean_"): return try FileTruth.leanHours(file)
        case "ohlcv": return try FileTruth.bars(file)
        case "quotes": return try FileTruth.forexQuotes(file)
        case "ws_captures" where name.hasPrefix("cryptofeed_"): return try CaptureTruth.figures(file)
        case "ws_captures" where name.hasPrefix("nautilus_bybit"):
            // Bybit's order book files are no format of `data import` (docs/data.md): refused, not taken for something else.
            for format in [ImportFormat.binanceWS, .cryptofeed] { #expect(!refusal(format, [Recorded.path(file)]).hasPrefix("imported")) }
            return nil
        default:
            Issue.record("\(file): no test reproduces its figures")
            return nil
        }
    }
}
