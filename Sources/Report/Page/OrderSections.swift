/// What became of the orders, and the figures that the cards leave out.
enum OrderSections {
    static func html(_ data: RunData) -> String {
        HTML.section("Orders", id: "orders", orders(data.summary)) + HTML.section("All figures", id: "figures", figures(data.summary))
    }

    private static func orders(_ summary: Summary) -> String {
        let states = summary["orders_by_state"].members
        let reasons = summary["rejected_orders_by_reason"].members
        if states.isEmpty && reasons.isEmpty { return "<p class=\"note\">The strategy sent no order.</p>" }
        let sent = "<div><h3 class=\"sub\">Orders sent, by outcome</h3>\(counts("Outcome", states, summary["orders"]))</div>"
        let refused = reasons.isEmpty
            ? "<div><h3 class=\"sub\">Refused orders</h3><p class=\"note\">None was refused.</p></div>"
            : "<div><h3 class=\"sub\">Refused orders by reason</h3>\(counts("Reason", reasons, summary["rejected_orders"]))</div>"
        return "<div class=\"two\">\(sent)\(refused)</div>"
    }

    private static func counts(_ heading: String, _ members: [JSON.Member], _ total: JSON) -> String {
        let sum = total.number ?? 0
        let rows = members.map { member in
            [
                HTML.escape(member.key.replacing("_", with: " ")), Display.count(member.value),
                Display.percent(sum > 0 ? (member.value.number ?? 0) / sum : nil, 1),
            ]
        }
        return HTML.table([heading, "Orders", "Share"], rows, footer: ["All", Display.count(total), ""])
    }

    private static func figures(_ summary: Summary) -> String {
        let sections = SummaryMetrics.sections(summary).dropFirst()
        let lists = sections.map { section in
            let facts = section.map { metric in
                let tone = metric.isGood.map { $0 ? 1.0 : -1.0 }
                return "<dt>\(HTML.escape(metric.name))</dt><dd>\(HTML.toned(HTML.escape(metric.value), tone))</dd>"
            }
            return "<dl class=\"facts sub\">\(facts.joined())</dl>"
        }
        return "<div class=\"two\">\(lists.joined())</div>"
    }
}
