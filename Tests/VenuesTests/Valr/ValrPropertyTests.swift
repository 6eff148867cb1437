import Domain
import Foundation
import JSON
import Testing
import Transport

@testable import Venues

/// Random venues: no input traps, memory stays bounded, and no placement is forgotten.
struct ValrPropertyTests {
    /// F21 to F24, F33: real payloads with random bytes changed, cut, doubled: an error or a value, never a trap.
    @Test(arguments: ["aggregated", "full"]) func mutatedMessagesNeverTrap(book: String) throws {
        let samples = try Fixture.names("valr").filter { !$0.contains("vectors") }.map { try Fixture.bytes($0) }
        var random = TestRandom(seed: UInt64(ProcessInfo.processInfo.environment["FUZZ_SEED"] ?? "") ?? 20_261_121)
        let start = try ValrWalk.ready(.trading, options: ["book": book])
        var walk = start
        for round in 0..<fuzzIterations(3_000) {
            if round % 500 == 0 { walk = start }
            let text = random.mutated(random.pick(samples))
            if random.chance(70) {
                var actions: [VenueAction] = []
                let socket = random.chance(50) ? ValrWalk.trade : ValrWalk.account
                Bytes.with(text) { walk.session.handle(.message(socket, $0), at: walk.now, into: &actions) }
            } else {
                answer(&walk, text, &random)
            }
        }
        #expect(walk.session.early.count <= 1_024 && walk.session.watches.entries.count < 2_000)
    }

    private func answer(_ walk: inout ValrWalk, _ body: [UInt8], _ random: inout TestRandom) {
        let queries: [VenueQuery] = [
            .instruments, .openOrders(symbol: nil), .order(VenueOrderReference(clientID: nil, venueID: "1", symbol: "BTCZAR")), .balances,
            .fills(symbol: nil, from: Timestamp(nanoseconds: 0), to: Timestamp(nanoseconds: 1)), .serverTime,
            .orderHistory(symbol: nil, from: Timestamp(nanoseconds: 0), to: Timestamp(nanoseconds: 1)),
        ]
        walk.clear()
        walk.feed(.command(.query(VenueQueryID(1), random.pick(queries))))
        walk.wait(300)
        for asked in walk.asked { walk.feed(.response(asked.token, .answer(status: random.pick([200, 201, 400, 404, 500]), headers: [], body: body))) }
    }

    /// Any mixture of answers, silence, closes and events: each placement ends in exactly one of refused, lost, receipt or the venue's own word.
    @Test(arguments: 0..<40 as Range<UInt64>) func noPlacementIsForgotten(seed: UInt64) throws {
        var random = TestRandom(seed: seed)
        var walk = try ValrWalk.ready()
        var placed: [String] = []
        var requests: [(id: Int64, clientID: String)] = []
        for step in 0..<120 {
            switch random.below(10) {
            case 0...3:
                placed.append("o\(step)")
                walk.place("o\(step)")
            case 4, 5: reply(&walk, requests, &random)
            case 6: if let any = placed.last { walk.feed(.command(.cancel(VenueOrderReference(clientID: any, venueID: nil, symbol: "BTCZAR")))) }
            case 7: walk.wait(Int64(random.below(6_000)))
            case 8: if random.chance(20) { walk.feed(.closed(ValrWalk.account, VenueClosing(code: 1_006, reason: "random"))) }
            default: push(&walk, requests, &random)
            }
            for sent in walk.sent where sent.method == "PLACE_LIMIT_ORDER" {
                let name = String((sent.params["customerOrderId"] ?? "").dropFirst().dropLast())
                if !requests.contains(where: { $0.clientID == name }) { requests.append((sent.id, name)) }
            }
            let places = walk.sent.filter { $0.method == "PLACE_LIMIT_ORDER" }
            #expect(places.count == Set(places.map(\.id)).count)
            walk.sent = walk.sent.filter { $0.method != "PLACE_LIMIT_ORDER" }
            for asked in walk.asked where random.chance(30) { walk.respond(asked, random.pick(["[]", "{}", #"{"code":-1,"message":"x"}"#]), status: random.pick([200, 404, 500])) }
            walk.asked = []
            walk.settle()
        }
        walk.wait(6_000)
        var outcomes: [String: Int] = [:]
        for id in walk.lost { outcomes[id, default: 0] += 1 }
        for line in walk.refused { outcomes[String(line.prefix { $0 != " " }), default: 0] += 1 }
        let answered = Set(walk.received.map { String($0.prefix { $0 != " " }) } + walk.orders.compactMap(\.reference.clientID))
        for id in placed {
            #expect((outcomes[id] ?? 0) <= 1, "seed \(seed): \(id) ended twice")
            #expect(outcomes[id] != nil || answered.contains(id), "seed \(seed): \(id) is forgotten")
        }
        #expect(requests.count == Set(requests.map(\.clientID)).count, "seed \(seed): a placement was sent twice")
    }

    private func reply(_ walk: inout ValrWalk, _ requests: [(id: Int64, clientID: String)], _ random: inout TestRandom) {
        guard !requests.isEmpty else { return }
        let request = requests[random.below(requests.count)]
        let body = random.pick([
            #"{"type":"PLACE_LIMIT_WS_RESPONSE","clientMsgId":"\#(request.id)","data":{"orderId":"v\#(request.clientID)"}}"#,
            #"{"type":"INVALID_PLACE_LIMIT_REQUEST","clientMsgId":"\#(request.id)","error":{"message":"Validation failed"}}"#,
            #"{"type":"PLACE_LIMIT_WS_RESPONSE","clientMsgId":"\#(request.id)","error":{"message":"An error occurred"}}"#,
            #"{"type":"RATE_LIMIT_EXCEEDED","clientMsgId":"\#(request.id)"}"#,
        ])
        walk.message(ValrWalk.account, body)
    }

    private func push(_ walk: inout ValrWalk, _ requests: [(id: Int64, clientID: String)], _ random: inout TestRandom) {
        guard !requests.isEmpty else { return }
        let id = requests[random.below(requests.count)].clientID
        walk.message(ValrWalk.account, ValrWalkTests.status("v\(id)", id, random.pick(["Placed", "Cancelled", "Failed", "Strange", "Partially Filled"])))
    }
}
