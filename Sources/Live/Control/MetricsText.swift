internal import Domain

/// A snapshot in Prometheus's text format, version 0.0.4.
public enum MetricsText {
    public static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    public static func render(_ snapshot: StatusSnapshot) -> String {
        var text = ""
        func family(_ name: String, _ kind: String, _ help: String, _ samples: [(labels: [(String, String)], value: String)]) {
            guard !samples.isEmpty else { return }
            text += "# HELP perigee_\(name) \(help)\n# TYPE perigee_\(name) \(kind)\n"
            for sample in samples { text += "perigee_\(name)\(labels(sample.labels)) \(sample.value)\n" }
        }
        family(
            "info", "gauge", "The run.",
            [([("mode", snapshot.mode), ("run", snapshot.run), ("phase", snapshot.phase), ("trading_state", snapshot.tradingState), ("binary", snapshot.binary)], "1")])
        family("snapshot_time_seconds", "gauge", "When the desk published this.", [([], seconds(snapshot.time.nanoseconds))])
        family("start_time_seconds", "gauge", "When the run began.", [([], seconds(snapshot.started.nanoseconds))])
        family("orders_sent_total", "counter", "Orders handed to venues.", [([], "\(snapshot.ordersSent)")])
        family("fills_total", "counter", "Fills booked.", [([], "\(snapshot.fills)")])
        family("rejects_total", "counter", "Orders refused by a venue.", [([], "\(snapshot.rejects)")])
        family("unknown_orders", "gauge", "Orders whose outcome is not known.", [([], "\(snapshot.unknownOrders)")])
        family("open_orders", "gauge", "Orders that live or may live.", [([], "\(snapshot.orders.count)")])
        family("profit_today", "gauge", "Profit and loss of the day in the reporting currency.", snapshot.profitToday.map { [([], "\($0)")] } ?? [])
        family("position", "gauge", "Position in base units.", snapshot.positions.map { ([("instrument", $0.instrument)], "\($0.quantity)") })
        family("limit_used", "gauge", "How much of a limit is used.", snapshot.limits.map { ([("limit", $0.name)], "\($0.used)") })
        family("limit", "gauge", "A limit.", snapshot.limits.map { ([("limit", $0.name)], "\($0.limit)") })
        family("feed_age_seconds", "gauge", "Since the last record.", snapshot.feeds.compactMap { feed in feed.age.map { ([("instrument", feed.instrument)], seconds($0.nanoseconds)) } })
        family("feed_valid", "gauge", "1 while the book can be believed.", snapshot.feeds.map { ([("instrument", $0.instrument)], $0.isValid ? "1" : "0") })
        family("feed_records_total", "counter", "Market records.", snapshot.feeds.map { ([("instrument", $0.instrument)], "\($0.records)") })
        family("link_ready", "gauge", "1 while a connection is ready.", snapshot.links.map { ([("venue", $0.venue), ("side", $0.side)], $0.state == "ready" ? "1" : "0") })
        family("strategy_running", "gauge", "1 while a strategy runs.", snapshot.strategies.map { ([("strategy", $0.name)], $0.state == "running" ? "1" : "0") })
        text += latencies(snapshot)
        return text
    }

    private static func latencies(_ snapshot: StatusSnapshot) -> String {
        guard !snapshot.latencies.isEmpty else { return "" }
        var text = "# HELP perigee_latency_seconds Durations by path.\n# TYPE perigee_latency_seconds summary\n"
        for latency in snapshot.latencies {
            for (quantile, span) in [("0.5", latency.p50), ("0.99", latency.p99), ("0.999", latency.p999)] {
                text += "perigee_latency_seconds\(labels([("path", latency.name), ("quantile", quantile)])) \(seconds(span.nanoseconds))\n"
            }
            text += "perigee_latency_seconds_count\(labels([("path", latency.name)])) \(latency.count)\n"
        }
        return text
    }

    private static func seconds(_ nanoseconds: Int64) -> String {
        let digits = String(1_000_000_000 + nanoseconds.magnitude % 1_000_000_000).dropFirst()
        return "\(nanoseconds < 0 ? "-" : "")\(nanoseconds.magnitude / 1_000_000_000).\(digits)"
    }

    private static func labels(_ pairs: [(String, String)]) -> String {
        guard !pairs.isEmpty else { return "" }
        return "{" + pairs.map { name, value in "\(name)=\"\(escaped(value))\"" }.joined(separator: ",") + "}"
    }

    private static func escaped(_ text: String) -> String {
        text.map { character in
            switch character {
            case "\\": "\\\\"
            case "\"": "\\\""
            case "\n": "\\n"
            case _: String(character)
            }
        }.joined()
    }
}
