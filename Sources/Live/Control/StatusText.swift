internal import Domain

/// A snapshot as tables for a terminal.
public enum StatusText {
    public static func render(_ snapshot: StatusSnapshot) -> String {
        var text = """
            \(snapshot.mode) \(snapshot.run), process \(snapshot.process): \(snapshot.phase), trading \(snapshot.tradingState), \
            up \(duration(snapshot.time - snapshot.started)), binary \(snapshot.binary.prefix(16))
            orders sent \(snapshot.ordersSent), fills \(snapshot.fills), rejects \(snapshot.rejects), unknown \(snapshot.unknownOrders)\
            \(snapshot.profitToday.map { ", today \($0)" } ?? "")

            """
        for alert in snapshot.alerts { text += alert.line + "\n" }
        text += table("STRATEGY STATE", snapshot.strategies.map { [$0.name, $0.isCanary ? "\($0.state) (canary)" : $0.state] })
        text += table("LINK SIDE STATE", snapshot.links.map { [$0.venue, $0.side, $0.why.isEmpty ? $0.state : "\($0.state): \($0.why)"] })
        text += table(
            "FEED BOOK AGE RECORDS",
            snapshot.feeds.map { [$0.instrument, $0.isValid ? "valid" : "invalid", $0.age.map(duration) ?? "never", "\($0.records)"] })
        text += table(
            "POSITION QUANTITY AVERAGE REALISED UNREALISED",
            snapshot.positions.map { [$0.instrument, "\($0.quantity)", show($0.averagePrice), show($0.realised), show($0.unrealised)] })
        text += table(
            "ORDER INSTRUMENT SIDE PRICE QUANTITY FILLED STATE STRATEGY",
            snapshot.orders.map { [$0.clientID, $0.instrument, $0.side, show($0.price), "\($0.quantity)", "\($0.filled)", $0.state, $0.strategy] })
        text += table("LIMIT USED OF", snapshot.limits.map { [$0.name, "\($0.used)", "\($0.limit)"] })
        text += table(
            "LATENCY COUNT P50 P99 P99.9", snapshot.latencies.map { [$0.name, "\($0.count)", duration($0.p50), duration($0.p99), duration($0.p999)] })
        return text
    }

    private static func show(_ value: ExactDecimal?) -> String { value.map(\.description) ?? "-" }

    /// Three digits are enough for people.
    private static func duration(_ span: Span) -> String {
        let value = span.nanoseconds
        func scaled(_ unit: Int64, _ name: String) -> String {
            let tenths = value * 10 / unit
            return "\(tenths / 10).\(tenths % 10)\(name)"
        }
        if value < 10_000 { return "\(value)ns" }
        if value < 10_000_000 { return scaled(1_000, "us") }
        if value < 10_000_000_000 { return scaled(1_000_000, "ms") }
        if value < 600_000_000_000 { return scaled(1_000_000_000, "s") }
        return "\(value / 60_000_000_000)m"
    }

    /// Columns as wide as they must be; nothing where there are no rows.
    private static func table(_ head: String, _ rows: [[String]]) -> String {
        guard !rows.isEmpty else { return "" }
        let all = [head.split(separator: " ").map(String.init)] + rows
        let widths = all[0].indices.map { column in all.map { $0[column].count }.max() ?? 0 }
        var text = "\n"
        for row in all {
            var line = ""
            for (cell, width) in zip(row, widths) { line += cell + String(repeating: " ", count: width - cell.count + 2) }
            while line.hasSuffix(" ") { line.removeLast() }
            text += line + "\n"
        }
        return text
    }
}
