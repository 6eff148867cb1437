import Domain

@testable import FIX

/// A session fed with mutated messages, its peer's numbers mostly right, so that the changes are met deep inside.
enum FIXFuzz {
    struct Result {
        var mostWaiting = 0
        var mostQueued = 0
        var mostActions = 0
        var reached: [String] = []
    }

    static func run(rounds: Int, seed: UInt64) -> Result {
        var random = TestRandom(seed: seed)
        var result = Result()
        var counts: [String: Int] = [:]
        var bench = Bench.active()
        let bodies = Messages.all.compactMap { sample -> (String, String)? in
            guard let message = try? FIXMessage(bytes(sample.text)) else { return nil }
            let body = message.pairs.filter { ![8, 9, 10, 34, 35, 49, 52, 56].contains($0.tag) }
            return (message.type, body.map { "\($0.tag)=\(String(decoding: $0.value, as: UTF8.self))|" }.joined())
        }
        for _ in 0..<rounds {
            if bench.session.phase == .disconnected {
                bench.connect()
                bench.peer = 1
                bench.say("A", "98=0|108=30|141=Y|")
                counts["active", default: 0] += 1
            }
            let (type, body) = bodies[random.below(bodies.count)]
            let number = random.below(20) == 0 ? Int64(random.below(40)) : bench.session.numbers.target
            var message = bench.message(type, mutated(body, &random), number: number, header: random.below(10) == 0 ? "43=Y|" : "")
            if random.below(4) == 0 { mutate(&message, &random) }
            let actions = bench.actions.count
            bench.feed(.received(message))
            if random.below(50) == 0 { bench.pass(Double(random.below(40))) }
            if random.below(20) == 0 { _ = bench.order("1") }
            result.mostActions = max(result.mostActions, bench.actions.count - actions)
            result.mostWaiting = max(result.mostWaiting, bench.session.framer.waiting)
            result.mostQueued = max(result.mostQueued, bench.session.queue.count)
            if bench.session.gap != nil { counts["gaps", default: 0] += 1 }
            if actions > 5_000 { count(&bench, &counts) }
        }
        count(&bench, &counts)
        result.reached = counts.filter { $0.value > 0 }.keys.sorted()
        return result
    }

    private static func count(_ bench: inout Bench, _ counts: inout [String: Int]) {
        counts["applications", default: 0] += bench.applications.count
        counts["rejects", default: 0] += bench.types.filter { $0 == "3" }.count
        for message in bench.applications where message.type == "8" { _ = try? FIXExecution(message) }
        bench.clear()
    }

    /// Fields changed before lengths and sums are put on: what the session itself has to judge.
    private static func mutated(_ body: String, _ random: inout TestRandom) -> String {
        guard random.below(2) == 0 else { return body }
        var bytes = Array(body.utf8)
        mutate(&bytes, &random)
        return String(decoding: bytes.map { $0 > 126 ? 63 : $0 }, as: UTF8.self)
    }

    private static func mutate(_ bytes: inout [UInt8], _ random: inout TestRandom) {
        for _ in 0...random.below(3) where !bytes.isEmpty {
            let place = random.below(bytes.count)
            switch random.below(7) {
            case 0: bytes[place] = UInt8(random.below(256))
            case 1: bytes.remove(at: place)
            case 2: bytes.insert(1, at: place)
            case 3: bytes.removeSubrange(place..<min(bytes.count, place + random.below(30)))
            case 4: bytes.insert(contentsOf: bytes[place..<min(bytes.count, place + random.below(60))], at: place)
            case 5: bytes.insert(contentsOf: Array("9999999999999999999".utf8), at: place)
            default: bytes.insert(contentsOf: Array("|382=9|375=|95=99999|96=".replacing("|", with: "\u{1}").utf8), at: place)
            }
        }
    }
}
