import Domain
import Foundation
import JSON
import Testing
import Transport

@testable import Venues

/// Random venues: no input traps, and no placement is forgotten.
struct CryptoComPropertyTests {
    /// Real payloads with random bytes changed, cut, doubled: an error or a value, never a trap.
    @Test func mutatedMessagesNeverTrap() throws {
        let samples = try Fixture.names("cryptocom").filter { !$0.contains("vectors") }.map { try Fixture.bytes($0) }
        var random = TestRandom(seed: UInt64(ProcessInfo.processInfo.environment["FUZZ_SEED"] ?? "") ?? 20_260_101)
        let start = try Walk.ready(.trading, symbols: ["BTC_USDT", "ETH_CRO", "LTC_USDT", "ADA_USDT"])
        var walk = start
        for round in 0..<fuzzIterations(3_000) {
            if round % 500 == 0 { walk = start }
            let text = random.mutated(random.pick(samples))
            if random.chance(70) {
                let socket = random.chance(50) ? Walk.market : Walk.user
                var actions: [VenueAction] = []
                Bytes.with(text) { walk.session.handle(.message(socket, $0), at: walk.now, into: &actions) }
            } else {
                answer(&walk, text, &random)
            }
        }
        #expect(walk.session.core.nextID > 0)
    }

    private func answer(_ walk: inout Walk, _ body: [UInt8], _ random: inout TestRandom) {
        let queries: [VenueQuery] = [
            .instruments, .openOrders(symbol: nil), .order(VenueOrderReference(clientID: nil, venueID: "1", symbol: "ETH_CRO")), .balances,
            .fills(symbol: nil, from: Timestamp(nanoseconds: 0), to: Timestamp(nanoseconds: 1)), .serverTime,
        ]
        walk.clear()
        walk.feed(.command(.query(VenueQueryID(1), random.pick(queries))))
        walk.wait(1_500)
        for asked in walk.asked { walk.feed(.response(asked.token, .answer(status: random.pick([200, 400, 500]), headers: [], body: body))) }
    }

    /// Any mixture of answers, silence, closes and cancels: each placement ends in exactly one of refused, lost, receipt or the venue's own word.
    @Test(arguments: 0..<40 as Range<UInt64>) func noPlacementIsForgotten(seed: UInt64) throws {
        var random = TestRandom(seed: seed)
        var walk = try Walk.ready()
        var placed: [String] = []
        var requests: [(id: Int64, clientID: String)] = []
        for step in 0..<120 {
            let sentBefore = walk.sent.count
            switch random.below(10) {
            case 0...3:
                placed.append("o\(step)")
                walk.place("o\(step)")
            case 4, 5: reply(&walk, &requests, &random)
            case 6: if let any = placed.last { walk.feed(.command(.cancel(VenueOrderReference(clientID: any, venueID: nil, symbol: "BTC_USDT")))) }
            case 7: walk.wait(Int64(random.below(6_000)))
            case 8: if random.chance(20) { walk.feed(.closed(Walk.user, VenueClosing(code: 1_006, reason: "random"))) }
            default: push(&walk, requests, &random)
            }
            for sent in walk.sent.dropFirst(min(sentBefore, walk.sent.count)) where sent.method == "private/create-order" {
                requests.append((sent.id, String((sent.params["client_oid"] ?? "").dropFirst().dropLast())))
            }
            reconnect(&walk, &random)
        }
        walk.wait(6_000)
        var outcomes: [String: Int] = [:]
        for id in walk.lost { outcomes[id, default: 0] += 1 }
        for line in walk.refused { outcomes[String(line.prefix { $0 != " " }), default: 0] += 1 }
        let answered = Set(walk.received.map { String($0.prefix { $0 != " " }) } + walk.told.compactMap { event -> String? in
            if case .order(let order) = event { order.reference.clientID } else { nil }
        })
        for id in placed {
            #expect((outcomes[id] ?? 0) <= 1, "seed \(seed): \(id) ended twice")
            #expect(outcomes[id] != nil || answered.contains(id), "seed \(seed): \(id) is forgotten")
        }
        #expect(requests.count == Set(requests.map(\.clientID)).count, "seed \(seed): a placement was sent twice")
    }

    private func reply(_ walk: inout Walk, _ requests: inout [(id: Int64, clientID: String)], _ random: inout TestRandom) {
        guard !requests.isEmpty else { return }
        let request = requests[random.below(requests.count)]
        let code = random.pick([0, 0, 0, 10_001, 10_004, 10_006, 20_001, 20_002, 30_013, 77_777])
        let result = code == 0 && random.chance(90) ? #","result":{"order_id":"v\#(request.clientID)"}"# : ""
        walk.message(Walk.user, #"{"id":\#(request.id),"method":"private/create-order","code":\#(code)\#(result)}"#)
    }

    private func push(_ walk: inout Walk, _ requests: [(id: Int64, clientID: String)], _ random: inout TestRandom) {
        guard !requests.isEmpty else { return }
        let id = requests[random.below(requests.count)].clientID
        walk.message(Walk.user, CryptoComOrderTests.order(id, "v\(id)", random.pick(["ACTIVE", "CANCELED", "REJECTED", "STRANGE"])))
    }

    /// What a venue does by itself: opens, acknowledges handshakes, beats.
    private func reconnect(_ walk: inout Walk, _ random: inout TestRandom) {
        let connects = walk.connects
        walk.connects = []
        for (socket, _) in connects { walk.feed(.opened(socket)) }
        for sent in walk.sent where sent.method != "private/create-order" && random.chance(90) {
            walk.message(sent.socket, #"{"id":\#(sent.id),"method":"\#(sent.method)","code":0}"#)
        }
        walk.sent = walk.sent.filter { $0.method == "private/create-order" }
        for socket in [Walk.market, Walk.user] { walk.message(socket, #"{"id":5,"method":"public/heartbeat"}"#) }
        walk.sent.removeAll { $0.method == "public/respond-heartbeat" }
    }
}
