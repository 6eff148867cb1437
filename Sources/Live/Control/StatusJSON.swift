internal import Domain
internal import JSON

/// A snapshot as one JSON object: sizes and prices are decimal strings, times integer ns since the epoch, durations integer ns.
public enum StatusJSON {
    public static func render(_ snapshot: StatusSnapshot) -> String {
        var json = JSONWriter(reserving: 4_096)
        write(snapshot, to: &json)
        return json.text
    }

    static func write(_ snapshot: StatusSnapshot, to json: inout JSONWriter) {
        json.beginObject()
        json.field("running", true)
        json.field("mode", snapshot.mode)
        json.field("run", snapshot.run)
        json.field("process", Int64(snapshot.process))
        json.field("phase", snapshot.phase)
        json.field("trading_state", snapshot.tradingState)
        json.field("started", snapshot.started.nanoseconds)
        json.field("time", snapshot.time.nanoseconds)
        json.field("binary", snapshot.binary)
        json.field("orders_sent", Int64(snapshot.ordersSent))
        json.field("fills", Int64(snapshot.fills))
        json.field("rejects", Int64(snapshot.rejects))
        json.field("unknown_orders", Int64(snapshot.unknownOrders))
        json.amount("profit_today", snapshot.profitToday)
        json.list("strategies", snapshot.strategies) { json, strategy in
            json.field("name", strategy.name)
            json.field("state", strategy.state)
            json.field("code", strategy.code)
            json.field("canary", strategy.isCanary)
        }
        json.field("limit_version", Int64(snapshot.limitVersion))
        json.list("alerts", snapshot.alerts) { json, alert in
            json.field("number", Int64(alert.number))
            json.field("source", alert.source)
            json.field("urgency", alert.urgency.rawValue)
            json.field("text", alert.text)
            json.field("time", alert.raised.nanoseconds)
            json.field("count", Int64(alert.count))
        }
        json.list("positions", snapshot.positions, position)
        json.list("orders", snapshot.orders, order)
        json.list("limits", snapshot.limits) { json, limit in
            json.field("name", limit.name)
            json.amount("used", limit.used)
            json.amount("limit", limit.limit)
        }
        json.list("feeds", snapshot.feeds) { json, feed in
            json.field("instrument", feed.instrument)
            json.optional("age", feed.age?.nanoseconds)
            json.field("valid", feed.isValid)
            json.field("records", Int64(feed.records))
        }
        links(snapshot, &json)
        json.endObject()
    }

    private static func links(_ snapshot: StatusSnapshot, _ json: inout JSONWriter) {
        json.list("links", snapshot.links) { json, link in
            json.field("venue", link.venue)
            json.field("side", link.side)
            json.field("state", link.state)
            json.field("why", link.why)
        }
        json.list("latency", snapshot.latencies) { json, latency in
            json.field("name", latency.name)
            json.field("count", Int64(latency.count))
            json.field("p50", latency.p50.nanoseconds)
            json.field("p99", latency.p99.nanoseconds)
            json.field("p999", latency.p999.nanoseconds)
        }
    }

    private static func position(_ json: inout JSONWriter, _ position: StatusSnapshot.Position) {
        json.field("instrument", position.instrument)
        json.amount("quantity", position.quantity)
        json.amount("average_price", position.averagePrice)
        json.amount("realised", position.realised)
        json.amount("unrealised", position.unrealised)
    }

    private static func order(_ json: inout JSONWriter, _ order: StatusSnapshot.Order) {
        json.field("client_id", order.clientID)
        json.optional("venue_id", order.venueID)
        json.field("instrument", order.instrument)
        json.field("strategy", order.strategy)
        json.field("side", order.side)
        json.amount("price", order.price)
        json.amount("quantity", order.quantity)
        json.amount("filled", order.filled)
        json.field("state", order.state)
        json.field("sent", order.sent.nanoseconds)
    }
}

extension JSONWriter {
    mutating func optional(_ name: String, _ value: String?) {
        key(name)
        if let value { string(value) } else { null() }
    }

    mutating func optional(_ name: String, _ value: Int64?) {
        key(name)
        if let value { integer(value) } else { null() }
    }

    /// A decimal as a string.
    mutating func amount(_ name: String, _ value: ExactDecimal?) { optional(name, value?.description) }

    mutating func list<Item>(_ name: String, _ items: [Item], _ body: (inout JSONWriter, Item) -> Void) {
        key(name)
        beginArray()
        for item in items {
            beginObject()
            body(&self, item)
            endObject()
        }
        endArray()
    }
}
