/// What the result came from: whoever has these can make it again, byte for byte.
enum ProvenanceSection {
    static func html(_ data: RunData) -> String {
        let summary = data.summary
        let strategy = summary["strategy"]
        var facts = [
            ("Strategy", HTML.escape(strategy["name"].text ?? "")), ("SHA-256", "<code>\(HTML.escape(strategy["sha256"].text ?? ""))</code>"),
            ("Seed", "<code>\(HTML.escape(summary["seed"].text ?? ""))</code>"),
            ("Engine", "perigee \(HTML.escape(summary["engine_version"].text ?? ""))"),
            ("Market records", Display.count(summary["events"])),
        ]
        facts.append(("Starting balance", balances(summary["starting_balances"])))
        facts.append(("Final cash", balances(summary["final_cash"])))
        facts.append(("Final position", balances(summary["final_position"])))
        let inputs = summary["inputs"].items.map { input in
            [
                HTML.escape(input["path"].text ?? ""), Display.count(input["records"]), "<code>\(HTML.escape(input["sha256"].text ?? ""))</code>",
            ]
        }
        let tapes = inputs.isEmpty ? "" : "<h3 class=\"sub\">Tapes</h3>" + HTML.table(["File", "Records", "SHA-256"], inputs, left: [0, 2])
        let lists = "<div class=\"two\"><div><h3 class=\"sub\">Parameters</h3>\(list(summary["parameters"].members))</div>"
            + "<div><h3 class=\"sub\">Models</h3>\(list(summary["models"].members))</div></div>"
        let body = "<dl class=\"facts sub\">\(facts.map { "<dt>\($0.0)</dt><dd>\($0.1)</dd>" }.joined())</dl>" + tapes + lists
        return HTML.section(
            "Provenance", id: "provenance", note: "The same tapes, script, seed, parameters and models give the same files, byte for byte.", body)
    }

    private static func balances(_ json: JSON) -> String {
        let texts = json.members.map { "\(HTML.escape($0.value.text ?? "")) \(HTML.escape($0.key))" }
        return texts.isEmpty ? Display.none : texts.joined(separator: ", ")
    }

    private static func list(_ members: [JSON.Member]) -> String {
        if members.isEmpty { return "<p class=\"note\">None.</p>" }
        let facts = members.map { "<dt>\(HTML.escape($0.key))</dt><dd><code>\(HTML.escape($0.value.text ?? ""))</code></dd>" }
        return "<dl class=\"facts\">\(facts.joined())</dl>"
    }
}
