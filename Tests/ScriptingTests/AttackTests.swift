import Testing

/// L1–L30 and our own, each in a process of its own: stopped in time, its order cancelled, its neighbour and the thread beside it
/// unharmed, its memory back, and the process alive to say so.
@Suite(.serialized)
struct AttackTests {
    private func check(_ attack: Attack) throws {
        var arguments = ["attack", "FILE", "--deadline", "\(attack.deadline)", "--memory", "\(attack.memory)"]
        if attack.atLoad { arguments.append("--load") }
        let outcome = try Lab.run(arguments, text: attack.chunk)
        let shown = Comment(rawValue: "\(attack.name): \(outcome.output)")
        #expect(outcome.status == 0, shown)
        #expect(outcome["neighbour"] == "well", shown)
        switch attack.end {
        case .stopped: #expect(outcome["kind"] == "timeout", shown)
        case .memory: #expect(outcome["kind"] == "memory", shown)
        case .either: #expect(["timeout", "memory"].contains(outcome["kind"]), shown)
        case .fails(let text):
            #expect(outcome["life"] == "failed" && outcome["kind"] == "failed" && outcome["said"].contains(text), shown)
        case .harmless(let text):
            let words = text.split(separator: "|")
            #expect(outcome["life"] == "running" && words.contains { outcome["said"].contains($0) }, shown)
        case .refused(let text):
            #expect(outcome["life"] == "refused" && outcome["said"].contains(text), shown)
        }
        if outcome["life"] == "failed" { #expect(outcome["cancels"] == "1", shown) }
        if ["timeout", "memory"].contains(outcome["kind"]) {
            #expect(outcome["memory"] == "0", shown)
            #expect((Int(outcome["onlooker"]) ?? 0) > 0, shown)
        }
        // Of the thread's own processor time, so that a busy machine is no excuse and no cause. What makes the state is in it.
        if outcome["kind"] == "timeout" { #expect((Int(outcome["ms"]) ?? .max) < 2 * attack.deadline + 60, shown) }
    }

    @Test(arguments: Attack.listed) func listed(_ attack: Attack) throws { try check(attack) }
    @Test(arguments: Attack.own) func own(_ attack: Attack) throws { try check(attack) }
}
