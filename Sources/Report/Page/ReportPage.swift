import Dispatch
import Synchronization

/// Draws `report.html` from the other files of a run's folder: one page without network, that needs no script to be read.
public enum ReportPage {
    /// Reads `summary.json`, `fills.csv` and `charts.json`, and writes `report.html` beside them.
    ///
    /// - Throws: ``RunFileError`` where a file of the folder is missing, broken or cannot be written.
    public static func write(directory: String) throws(RunFileError) {
        let data = try RunData(directory: directory)
        try RunFile.write(html(data), directory: directory, name: RunFiles.report)
    }

    static func html(_ data: RunData) -> String {
        let name = HTML.escape(data.summary["strategy_name"].text ?? "")
        let (charts, trades) = longest(data)
        return """
            <!doctype html>
            <html lang="en"><head><meta charset="utf-8"><title>\(name) – perigee report</title>
            <meta name="viewport" content="width=device-width,initial-scale=1"><meta name="referrer" content="no-referrer">
            <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
            <style>\(PageStyle.css)</style></head><body>
            \(signs)
            <main>
            \(HeadSection.html(data))
            \(charts)
            \(ReturnSections.html(data))
            \(trades)
            \(OrderSections.html(data))
            \(ProvenanceSection.html(data))
            <footer>perigee \(HTML.escape(data.summary["engine_version"].text ?? "")) · times are UTC · definitions in docs/statistics.md · every figure is in summary.json, every row in the CSV files beside this page</footer>
            </main>
            <script>\(PageScript.source)</script></body></html>

            """
    }

    /// The two long sections, beside each other: what each of them is does not depend on the other.
    private static func longest(_ data: RunData) -> (charts: String, trades: String) {
        let texts = Mutex(["", ""])
        DispatchQueue.concurrentPerform(iterations: 2) { place in
            let text = place == 0 ? ChartSections.html(data) : TradeSections.html(data)
            texts.withLock { $0[place] = text }
        }
        return texts.withLock { ($0[0], $0[1]) }
    }

    /// The marks of fills, drawn once and used many times.
    private static let signs = """
        <svg class="defs" aria-hidden="true"><defs><path id="buy" d="M0 2L4.5 10L-4.5 10Z"/><path id="sell" d="M0 -2L4.5 -10L-4.5 -10Z"/></defs></svg>
        """
}
