import Domain
import Foundation
import JSON
import Testing
import Transport

@testable import Venues

/// Start, arming, reconnecting: what comes in, and what the session does.
struct CryptoComLinkTests {
    @Test func startUpInItsOrder() throws {
        var walk = try Walk()
        walk.feed(.command(.begin(.trading, instruments: [try instrument("BTC_USDT")])))
        #expect(walk.connects.map(\.1) == ["wss://127.0.0.1:9/v2/market", "wss://127.0.0.1:9/v2/user"])
        walk.feed(.opened(Walk.market))
        walk.feed(.opened(Walk.user))
        walk.wait(999)
        #expect(walk.sent.isEmpty, "nothing within a second of the opening")
        walk.wait(1)
        #expect(walk.sent.map(\.method) == ["subscribe", "subscribe", "public/auth"])
        #expect(walk.sent[0].params["channels"] == #"["book.BTC_USDT.150"]"# && walk.sent[1].params["channels"] == #"["trade.BTC_USDT"]"#)
        #expect(walk.sent[2].text.contains(#""api_key":"token","sig":""#))
        let auth = walk.sent[2].id
        walk.sent = []
        walk.message(Walk.user, #"{"id":\#(auth),"method":"public/auth","code":0}"#)
        #expect(walk.sent.map(\.method) == ["private/set-cancel-on-disconnect"] && walk.sent[0].params["scope"] == "\"CONNECTION\"")
        #expect(!walk.sent[0].text.contains("sig"))
        let arm = walk.sent[0].id
        walk.sent = []
        walk.message(Walk.user, #"{"id":\#(arm),"method":"private/set-cancel-on-disconnect","code":0,"result":{"scope":"CONNECTION"}}"#)
        #expect(walk.sent.compactMap { $0.params["channels"] } == [#"["user.order.BTC_USDT"]"#, #"["user.trade.BTC_USDT"]"#, #"["user.balance"]"#])
        let last = walk.sent.removeLast()
        walk.acknowledge()
        #expect(!walk.links.contains("orders ready"), "one acknowledgement is missing")
        walk.message(Walk.user, #"{"id":\#(last.id),"method":"subscribe","code":0,"channel":"user.balance"}"#)
        #expect(walk.links == ["market connecting", "orders connecting", "orders ready"])
    }

    @Test func marketDataUsesNoCredentialsAndPlacesNothing() throws {
        var walk = try Walk.ready(.marketData)
        walk.place("a")
        walk.feed(.command(.cancelAll(nil)))
        walk.feed(.command(.cancel(VenueOrderReference(clientID: "a", venueID: "1", symbol: "BTC_USDT"))))
        walk.feed(.command(.query(VenueQueryID(1), .balances)))
        #expect(walk.sent.isEmpty && walk.asked.isEmpty && walk.connects.isEmpty)
        #expect(walk.refused == ["a unsupported scope"] && walk.cancelRefused == ["a scope"])
        var begun = try Walk()
        begun.feed(.command(.begin(.marketData, instruments: [try instrument("BTC_USDT")])))
        #expect(begun.connects.map(\.0) == [Walk.market])
        begun.feed(.opened(Walk.market))
        begun.wait(1_000)
        #expect(begun.sent.allSatisfy { !$0.text.contains("token") && !$0.text.contains("sig") })
    }

    @Test func cancellingOpensTheOrderSocketOnlyAndArmsNothing() throws {
        var walk = try Walk()
        walk.feed(.command(.begin(.cancelling, instruments: [try instrument("BTC_USDT")])))
        #expect(walk.connects.map(\.0) == [Walk.user])
        walk.feed(.opened(Walk.user))
        walk.wait(1_000)
        #expect(walk.sent.map(\.method) == ["public/auth"])
        walk.acknowledge()
        #expect(walk.links.last == "orders ready")
        walk.place("a")
        #expect(walk.refused == ["a unsupported scope"])
        walk.feed(.command(.cancelAll(InstrumentID(index: 0))))
        #expect(walk.sent.map(\.method) == ["private/cancel-all-orders"], "warm and authenticated: the cancel goes at once")
    }

    @Test(arguments: [
        (VenueSettings.Environment.sandbox, ["rest": "https://api.crypto.com/v2"], [:], "endpoints.rest"),
        (.production, ["user": "wss://uat-stream.3ona.co/v2/user"], [:], "endpoints.user"),
        (.production, ["rest": "https://crypto.com.example.org/v2"], [:], "endpoints.rest"),
        (.production, ["rest": "http://api.crypto.com/v2"], [:], "endpoints.rest"), (.custom, [:], [:], "endpoints.rest"),
        (.production, [:], ["depth": "50"], "depth"), (.production, [:], ["reply_timeout": "soon"], "reply_timeout"), (.production, [:], ["colour": "red"], "colour"),
    ] as [(VenueSettings.Environment, [String: String], [String: String], String)])
    func settingsThatCannotBe(environment: VenueSettings.Environment, endpoints: [String: String], options: [String: String], key: String) {
        #expect {
            _ = try CryptoComSession(
                settings: VenueSettings(name: "c", environment: environment, endpoints: endpoints, options: options, seed: 1))
        } throws: { ($0 as? VenueSettingsError)?.key == key }
    }

    @Test func theEnvironmentsAreTheDocumentedHosts() throws {
        var session = try CryptoComSession(settings: VenueSettings(name: "c", environment: .sandbox, seed: 1))
        var actions: [VenueAction] = []
        let now = VenueTime(wall: Timestamp(nanoseconds: 0), monotonic: 0)
        session.handle(.command(.begin(.marketData, instruments: [])), at: now, into: &actions)
        session.handle(.command(.query(VenueQueryID(1), .instruments)), at: now, into: &actions)
        let addresses = actions.compactMap { action -> String? in
            switch action {
            case .connect(_, url: let url, headers: _): url
            case .request(_, let request): request.url
            case .send, .close, .timer, .cancelTimer, .keep, .tell: nil
            }
        }
        #expect(addresses == ["wss://uat-stream.3ona.co/v2/market", "https://uat-api.3ona.co/v2/public/get-instruments"])
    }

    @Test func missingCredentialsAreTold() throws {
        var walk = try Walk(credentials: false)
        walk.feed(.command(.begin(.trading, instruments: [])))
        #expect(walk.links.contains { $0.hasPrefix("orders refused: credentials.key") })
    }

    @Test(arguments: [10_003, 10_005, 10_008]) func someRefusalsOfAuthenticationAreFinal(code: Int) throws {
        var walk = try authenticating()
        walk.message(Walk.user, #"{"id":\#(walk.sent[0].id),"method":"public/auth","code":\#(code)}"#)
        #expect(walk.links.last?.hasPrefix("orders refused") == true && walk.closes == [Walk.user])
        walk.wait(120_000)
        #expect(walk.connects.count == 1)
    }

    private func authenticating() throws -> Walk {
        var walk = try Walk()
        walk.feed(.command(.begin(.cancelling, instruments: [])))
        walk.feed(.opened(Walk.user))
        walk.wait(1_000)
        return walk
    }

    @Test func wrongKeysAreTriedTwiceOnly() throws {
        var walk = try authenticating()
        walk.message(Walk.user, #"{"id":\#(walk.sent[0].id),"method":"public/auth","code":10002,"message":"UNAUTHORIZED"}"#)
        #expect(walk.links.last == "orders down")
        walk.sent = []
        walk.wait(2_000)
        #expect(walk.connects.count == 2)
        walk.feed(.opened(Walk.user))
        walk.wait(1_000)
        walk.message(Walk.user, #"{"id":\#(walk.sent[0].id),"method":"public/auth","code":10002}"#)
        #expect(walk.links.last?.hasPrefix("orders refused") == true)
    }

    @Test func armingRefusedIsNotReady() throws {
        var walk = try authenticating(.trading)
        walk.message(Walk.user, #"{"id":\#(walk.sent[0].id),"method":"public/auth","code":0}"#)
        let arm = try #require(walk.sent.last)
        walk.message(Walk.user, #"{"id":\#(arm.id),"method":"private/set-cancel-on-disconnect","code":0,"result":{"scope":"ACCOUNT"}}"#)
        #expect(walk.links.last == "orders down" && !walk.alarms.isEmpty && walk.closes == [Walk.user])
    }

    private func authenticating(_ scope: VenueScope) throws -> Walk {
        var walk = try Walk()
        walk.feed(.command(.begin(scope, instruments: [])))
        walk.feed(.opened(Walk.user))
        walk.wait(1_000)
        return walk
    }

    @Test func oneRefusedSubscriptionIsNotReady() throws {
        var walk = try Walk()
        walk.feed(.command(.begin(.trading, instruments: [try instrument("BTC_USDT"), try instrument("ETH_USDT")])))
        walk.feed(.opened(Walk.market))
        walk.feed(.opened(Walk.user))
        walk.wait(1_000)
        while !walk.sent.isEmpty {
            let next = walk.sent.removeFirst()
            let code = next.text.contains("user.trade.ETH_USDT") || next.text.contains("trade.ETH_USDT") ? 30_003 : 0
            walk.message(next.socket, #"{"id":\#(next.id),"method":"\#(next.method)","code":\#(code)}"#)
        }
        #expect(!walk.links.contains("orders ready") && !walk.links.contains("market ready"))
        #expect(walk.links.contains("orders down") && walk.links.contains("market down"))
    }

    @Test func anAcknowledgementThatNeverComesEndsInAReconnect() throws {
        var walk = try authenticating()
        walk.wait(2_000)
        #expect(walk.links.last == "orders down" && walk.closes == [Walk.user])
        walk.wait(1_000)
        #expect(walk.connects.count == 2)
    }

    @Test func heartbeatsAreAnsweredFirstAndTellTheTime() throws {
        var walk = try Walk.ready()
        walk.message(Walk.user, #"{"id":1700000001500,"method":"public/heartbeat","code":0}"#)
        #expect(walk.sent.map(\.text) == [#"{"id":1700000001500,"method":"public/respond-heartbeat"}"#])
        guard case .clock(let venue, _, _)? = walk.told.last else { return #expect(Bool(false), "no clock") }
        #expect(venue == Timestamp(nanoseconds: 1_700_000_001_600_000_000))
        walk.clear()
        walk.message(Walk.market, #"{"id":1587523073344,"method":"public/heartbeat","code":0}"#)
        #expect(walk.sent.count == 1 && walk.told.isEmpty, "a number that is no clock is answered and not believed")
    }

    @Test func aSocketWithoutHeartbeatsIsGivenUp() throws {
        var walk = try Walk.ready()
        walk.wait(30_000)
        walk.message(Walk.user, #"{"id":1,"method":"public/heartbeat","code":0}"#)
        walk.wait(14_500)
        #expect(walk.closes == [Walk.market], "45 s after the opening")
        walk.wait(31_000)
        #expect(walk.closes.contains(Walk.user))
    }

    @Test func backOffGrowsWithJitterAndForgetsAfterAMinute() throws {
        var walk = try Walk.ready(.marketData)
        var waits: [Int64] = []
        for _ in 0..<12 {
            let from = walk.now.monotonic
            walk.feed(.closed(Walk.market, VenueClosing(code: 1_006, reason: "")))
            walk.connects = []
            while walk.connects.isEmpty { walk.wait(10) }
            waits.append((walk.now.monotonic - from) / 1_000_000)
            walk.feed(.opened(Walk.market))
        }
        for (index, wait) in waits.enumerated() { #expect(wait <= min(30_000, 500 << Int64(min(index, 10))) + 10, "\(waits)") }
        #expect(waits.max() ?? 0 > 1_000)
        walk.wait(1_000)
        walk.acknowledge()
        for _ in 0..<3 {
            walk.wait(25_000)
            walk.message(Walk.market, #"{"id":1,"method":"public/heartbeat","code":0}"#)
        }
        walk.feed(.closed(Walk.market, VenueClosing(code: 1_006, reason: "")))
        walk.connects = []
        walk.wait(510)
        #expect(walk.connects.count == 1, "after a stable minute the first wait is short again")
    }

    @Test func aRestartingVenueIsGivenFiveToTenSeconds() throws {
        for seed in 0..<20 {
            var walk = try Walk(seed: UInt64(seed))
            walk.feed(.command(.begin(.marketData, instruments: [])))
            walk.feed(.opened(Walk.market))
            walk.feed(.closed(Walk.market, VenueClosing(code: 1_013, reason: "restart")))
            walk.connects = []
            walk.wait(4_990)
            #expect(walk.connects.isEmpty)
            walk.wait(5_020)
            #expect(walk.connects.count == 1)
        }
    }

    @Test func aRetiredAPIIsRefused() throws {
        var walk = try Walk()
        walk.feed(.command(.begin(.trading, instruments: [])))
        walk.feed(.closed(Walk.market, VenueClosing(code: 0, reason: "HTTP 404", isRefusal: true, status: 404)))
        #expect(walk.links.last?.hasPrefix("market refused: venue API retired") == true)
        walk.feed(.closed(Walk.user, VenueClosing(code: 0, reason: "HTTP 503", isRefusal: true, status: 503)))
        #expect(walk.links.last == "orders down")
        walk.feed(.command(.query(VenueQueryID(1), .instruments)))
        walk.respond(walk.asked[0], "<html>gone</html>", status: 200)
        guard case .failed(let failure)? = walk.answers.last else { return #expect(Bool(false)) }
        #expect(failure.kind == .retired && failure.message.contains("venue API retired"))
    }

    @Test func expiredAuthenticationIsRenewedOnceAndNothingIsPlacedMeanwhile() throws {
        var walk = try Walk.ready()
        walk.place("a")
        walk.message(Walk.user, #"{"id":\#(walk.sent[0].id),"method":"private/create-order","code":10002,"message":"UNAUTHORIZED"}"#)
        #expect(walk.refused == ["a venue 10002"] && walk.links == ["orders down"])
        #expect(walk.sent.last?.method == "public/auth")
        walk.place("b")
        #expect(walk.refused.last == "b venue not_connected")
        walk.sent.removeFirst()
        walk.acknowledge()
        #expect(walk.links.last == "orders ready")
        walk.clear()
        walk.place("c")
        walk.message(Walk.user, #"{"id":\#(walk.sent[0].id),"method":"private/create-order","code":10002}"#)
        #expect(walk.closes == [Walk.user], "the second time on one connection it is made anew")
    }

    @Test func theEndAnswersEverythingAndIsSilentAfter() throws {
        var walk = try Walk.ready()
        walk.place("a")
        walk.feed(.command(.query(VenueQueryID(9), .balances)))
        walk.feed(.command(.cancelAll(nil)))
        walk.clear()
        walk.feed(.command(.end))
        #expect(walk.lost == ["a"] && walk.answers.count == 1 && walk.closes == [Walk.market, Walk.user])
        #expect(walk.links == ["market closed", "orders closed"] && walk.timers.isEmpty)
        walk.clear()
        walk.message(Walk.user, #"{"id":1,"method":"public/heartbeat","code":0}"#)
        walk.feed(.command(.cancelAll(nil)))
        walk.wait(100_000)
        #expect(walk.told.isEmpty && walk.sent.isEmpty && walk.connects.isEmpty)
    }
}
