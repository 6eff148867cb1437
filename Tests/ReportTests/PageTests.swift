import Domain
import Foundation
import Report
import Testing

@Suite struct PageTests {
    private func page(_ run: SampleRun) throws -> String {
        let folder = ScratchFolder()
        try run.write(to: folder.path)
        try ReportPage.write(directory: folder.path)
        return try readText(folder.path + "/report.html")
    }

    /// A script's texts are data: its tags, names, parameters and lines must not become markup.
    @Test func hostileTextsStayText() throws {
        var run = try SampleRun.marketMaker()
        run.samples = 300
        run.hostile = "<script>alert(1)</script>\" onload='x' <img src=x onerror=y>&"
        let html = try page(run)
        #expect(html.contains("&lt;script&gt;alert(1)&lt;/script&gt;&quot; onload=&#39;x&#39; &lt;img src=x onerror=y&gt;&amp;"))
        #expect(!html.contains("<script>alert"))
        #expect(!html.contains("<img"))
        #expect(!html.contains("\" onload="))
        #expect(html.components(separatedBy: "<script").count == 2, "one script of our own")
    }

    @Test func needsNoNetwork() throws {
        var run = try SampleRun.marketMaker()
        run.samples = 300
        let html = try page(run)
        #expect(!html.contains("http:") && !html.contains("https:") && !html.contains("//"))
        #expect(!html.contains(" src=") && !html.contains("@import") && !html.contains("url("))
        #expect(html.contains("default-src 'none'"))
    }

    @Test func hasEveryPart() throws {
        var run = try SampleRun.marketMaker()
        run.samples = 1200
        let html = try page(run)
        for text in ["Equity, USDT", "without fees", "Drawdown", "Rolling Sharpe ratio", "mid price", "Position, BTC", "inventory",
            "By month", "By day", "Distribution of results", "After our fills", "By instrument", "By tag", "List of trades", "post only",
            "Parameters", "Models", "Provenance", "b61e07aab61e07aa"]
        {
            #expect(html.contains(text), "no '\(text)'")
        }
        #expect(!html.contains(">nan") && !html.contains(" nan") && !html.contains("inf%"))
    }

    /// The page of a run without fills, of one row, of none.
    @Test(arguments: [0, 1, 2])
    func emptyRunsHaveAPage(samples: Int) throws {
        var run = try SampleRun.marketMaker()
        (run.samples, run.fillChance) = (samples, 0)
        let html = try page(run)
        #expect(html.contains("No trade closed a position."))
        #expect(html.hasSuffix("</html>\n"))
    }

    /// However long the run, the page and the charts' data stay small.
    @Test func pageIsBounded() throws {
        var run = try SampleRun.marketMaker()
        (run.samples, run.fillChance) = (6000, 0.5)
        let html = try page(run)
        #expect(html.components(separatedBy: "<use ").count - 1 <= 2 * 96)
        #expect(html.components(separatedBy: "<tr><td class=\"l\" data-v").count - 1 == 1000)
        #expect(html.contains("The last 1,000 of "))
        #expect(html.utf8.count < 900_000)
    }

    @Test func brokenFoldersAreToldApart() throws {
        let folder = ScratchFolder()
        let missing = #expect(throws: RunFileError.self) { try ReportPage.write(directory: folder.path) }
        #expect(missing?.description.hasSuffix("/summary.json: cannot open it: No such file or directory") == true)
        _ = try Golden.write(to: folder.path)
        let path = folder.path + "/fills.csv"
        let fills = try readText(path)
        try (fills + "17,18,a,b,c,buy,abc,1,1,USDT,maker,,1,0,1\n").write(toFile: path, atomically: true, encoding: .utf8)
        let broken = #expect(throws: RunFileError.self) { try ReportPage.write(directory: folder.path) }
        #expect(broken?.message == "line \(fills.split(separator: "\n").count + 1), column 7: 'abc' is not a decimal")
        try "a,b\n".write(toFile: path, atomically: true, encoding: .utf8)
        let header = #expect(throws: RunFileError.self) { try ReportPage.write(directory: folder.path) }
        #expect(header?.message.hasPrefix("line 1: expected the header time,exchange_time,instrument") == true)
        try "{}\n".write(toFile: folder.path + "/charts.json", atomically: true, encoding: .utf8)
        let old = #expect(throws: RunFileError.self) { try ReportPage.write(directory: folder.path) }
        #expect(old?.message == "no 'equity': an earlier perigee wrote it; run the backtest again")
    }
}
