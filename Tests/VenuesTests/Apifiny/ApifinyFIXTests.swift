import Domain
import FIX
import JSON
import Testing
import Transport

@testable import Venues

/// The order link over FIX.
struct ApifinyFIXTests {
    @Test func theLogonBearsTheToken() throws {
        var walk = try ApifinyWalk("fix")
        walk.feed(.command(.begin(.trading, instruments: [try ApifinyWalk.bitcoin()])))
        #expect(walk.connects.contains { $0.socket == ApifinyWalk.orders && $0.url == "tls://a.test:1443" })
        walk.feed(.opened(ApifinyWalk.orders))
        let logon = try #require(walk.messages.first)
        #expect(logon.type == "A" && logon.flag(141) && logon.integer(95) == logon.value(96).map { Int64($0.count) } && logon.text(49) == "STA-00000001")
        // Its number is kept before it leaves.
        #expect(!walk.kept.isEmpty && FIXSequenceRecord.latest(in: walk.kept[0] + walk.kept[0]) != nil)
    }

    /// The kill switch must not push the desk's session out.
    @Test func aCancellingSessionTakesREST() throws {
        var walk = try ApifinyWalk("fix")
        walk.feed(.command(.begin(.cancelling, instruments: [])))
        #expect(walk.connects.map(\.url) == ["wss://a.test/order"])
    }

    @Test func fillsAreToldWithTheirFees() throws {
        var walk = try ApifinyWalk.ready("fix")
        let venueID = walk.place()
        #expect(walk.messages.map(\.type) == ["D"] && walk.messages[0].text(11) == venueID)
        walk.say("8", "11=\(venueID)|14=0|17=E1|20=0|37=V1|38=1|39=0|44=99.9|54=1|55=BTCUSDT|150=0|151=1|")
        #expect(walk.states == [.open])
        // The client's id is missing from now on, as the page says.
        walk.say("8", "14=0.4|17=E2|20=0|32=0.4|37=V1|38=1|39=1|44=99.8|54=1|55=BTCUSDT|150=1|151=0.6|")
        #expect(walk.fills.isEmpty && walk.asked.map(\.name) == ["getCommissionRate", "listFilledOrder"] || walk.asked.map(\.name) == ["listFilledOrder"])
        walk.answer(
            "listFilledOrder",
            #"{"result":[{"orderId":"\#(venueID)","symbol":"BTCUSDT","orderSide":"BUY","lastFilledQuantity":0.4,"lastFilledPrice":99.8,"lastCommission":0.01,"lastCommissionCurrency":"USDT","lastFilledCreatedAt":1628000000500,"isTaker":false}],"error":null}"#)
        #expect(walk.fills.map(\.tradeID) == ["0.4"] && walk.fills[0].fee == dec("0.01") && walk.fills[0].liquidity == .maker)
    }

    /// A venue whose list stays behind: after a while the report's own word is taken.
    @Test func aListThatStaysBehindIsNotWaitedForForEver() throws {
        var walk = try ApifinyWalk.ready("fix")
        walk.answer("getCommissionRate", #"{"result":[{"takeFee":0.003,"makeFee":0}],"error":null}"#, orIgnore: true)
        let venueID = walk.place()
        walk.say("8", "11=\(venueID)|14=1|17=E2|20=0|32=1|37=\(venueID)|38=1|39=2|44=99.8|54=1|55=BTCUSDT|150=2|151=0|")
        for _ in 0..<6 {
            walk.answer("listFilledOrder", #"{"result":[],"error":null}"#)
            walk.wait(300)
        }
        #expect(walk.fills.map(\.tradeID) == ["1"] && walk.fills[0].price == dec("99.8") && !walk.alarms.isEmpty)
    }

    /// F20: reversed exactly in the sum, told, and nobody trades on it.
    @Test func aBustHaltsTheInstrument() throws {
        var walk = try ApifinyWalk.ready("fix")
        let venueID = walk.place()
        walk.say("8", "11=\(venueID)|14=0.4|17=E2|20=0|32=0.4|37=V1|38=1|39=1|44=99.8|54=1|55=BTCUSDT|150=1|151=0.6|")
        walk.say("8", "11=\(venueID)|14=0|17=E3|19=E2|20=1|37=V1|38=1|39=0|44=99.8|54=1|55=BTCUSDT|150=1|151=1|")
        #expect(walk.session.fixOrders[venueID]?.fills.total == .zero)
        #expect(walk.told.contains { if case .status(InstrumentID(index: 0), .halted) = $0 { true } else { false } })
        #expect(walk.alarms.contains { $0.contains("reverses") })
    }

    @Test func aSessionRejectRefusesItsOrder() throws {
        var walk = try ApifinyWalk.ready("fix")
        walk.place()
        let number = try #require(walk.messages.first?.sequence)
        walk.say("3", "45=\(number)|58=Required tag missing|371=207|372=D|373=1|")
        #expect(walk.refusals.map(\.1) == ["373=1"])
    }

    /// The documented form first, the standard's where the venue asks for it.
    @Test func cancelsInBothForms() throws {
        var walk = try ApifinyWalk.ready("fix")
        let venueID = walk.place()
        walk.say("8", "11=\(venueID)|14=0|17=E1|20=0|37=V1|38=1|39=0|44=99.9|54=1|55=BTCUSDT|150=0|151=1|")
        walk.feed(.command(.cancel(VenueOrderReference(clientID: "abc00000000001", venueID: nil, symbol: "BTCUSDT"))))
        let first = try #require(walk.messages.last)
        #expect(first.type == "F" && first.text(11) == venueID && first.value(41) == nil)
        walk.say("3", "45=\(first.sequence ?? 0)|58=Required tag missing|371=41|372=F|373=1|")
        let second = try #require(walk.messages.last)
        #expect(second.text(41) == venueID && second.text(54) == "1" && second.text(55) == "BTCUSDT" && second.value(60) != nil)
        walk.say("8", "11=\(venueID)|14=0|17=E4|20=0|37=V1|38=1|39=4|44=99.9|54=1|55=BTCUSDT|150=4|151=0|")
        #expect(walk.states.last == .cancelled)
        walk.wait(10_000)
        #expect(!walk.told.contains { if case .cancelLost = $0 { true } else { false } })
    }

    @Test func aRefusedCancelIsAskedAbout() throws {
        var walk = try ApifinyWalk.ready("fix")
        let venueID = walk.place()
        walk.feed(.command(.cancel(VenueOrderReference(clientID: "abc00000000001", venueID: nil, symbol: "BTCUSDT"))))
        walk.say("9", "11=\(venueID)|37=\(venueID)|39=2|41=\(venueID)|58=too late|102=0|434=1|")
        #expect(walk.messages.last?.type == "H" && walk.messages.last?.text(11) == venueID)
        #expect(walk.told.contains { if case .cancelRefused = $0 { true } else { false } })
    }

    /// C36 as the whole connector: asked for again, an order is not sent again, but asked about.
    @Test func anOrderAskedForAgainIsAskedAbout() throws {
        var walk = try ApifinyWalk.ready("fix")
        let venueID = walk.place()
        walk.clear()
        walk.say("2", "7=2|16=0|")
        #expect(walk.messages.map(\.type) == ["4", "H"] && walk.messages[1].text(11) == venueID)
    }

    @Test func aGapTakesTheLinkDownUntilItIsFilled() throws {
        var walk = try ApifinyWalk.ready("fix")
        walk.peerNumber += 3
        walk.say("0", "")
        #expect(walk.links.count == 1 && walk.messages.map(\.type) == ["2"])
        walk.place()
        #expect(walk.refusals.count == 1)
        walk.peerNumber = 2
        walk.say("4", "36=6|123=Y|")
        #expect(walk.links.last == .ready)
    }

    @Test func fiveRefusedLogonsAreEnough() throws {
        var walk = try ApifinyWalk("fix")
        walk.feed(.command(.begin(.trading, instruments: [try ApifinyWalk.bitcoin()])))
        for _ in 0..<5 {
            walk.feed(.opened(ApifinyWalk.orders))
            walk.peerNumber = 1
            walk.say("5", "58=Signature Error|")
            walk.wait(60_000)
        }
        #expect(walk.links.contains { if case .refused(let why) = $0 { why.contains("Signature Error") } else { false } })
        let connects = walk.connects.filter { $0.socket == ApifinyWalk.orders }.count
        walk.wait(600_000)
        #expect(walk.connects.filter { $0.socket == ApifinyWalk.orders }.count == connects)
    }

    @Test func goodByeIsSaid() throws {
        var walk = try ApifinyWalk.ready("fix")
        walk.feed(.command(.end))
        #expect(walk.messages.last?.type == "5" && walk.messages.last?.text(58) == "client shutdown")
    }

    /// F68: kept numbers are gone on with where the policy says so.
    @Test func keptNumbersAreUsed() throws {
        let record = FIXSequenceRecord(generation: 8, numbers: FIXSequence(sender: 12, target: 34))
        var walk = try ApifinyWalk("fix", ["fix_reset": "never"], kept: ["fix-apifiny.seq": record.bytes + record.bytes])
        walk.feed(.command(.begin(.trading, instruments: [try ApifinyWalk.bitcoin()])))
        walk.feed(.opened(ApifinyWalk.orders))
        #expect(walk.messages.first?.sequence == 12 && walk.messages.first?.flag(141) == false)
        let kept = walk.kept.compactMap { FIXSequenceRecord.latest(in: $0 + $0) }
        #expect(kept.allSatisfy { $0.generation > 8 } && kept.last?.numbers.sender == 13)
    }

    /// Mutated payloads on every way: a value or an alarm, never a trap (F21 to F24, F67).
    @Test func mutatedMessagesNeverTrap() throws {
        let samples = try Fixture.names("apifiny").filter { $0.hasSuffix(".json") && !$0.contains("vectors") }.map { try Fixture.bytes($0) }
        let start = try ApifinyWalk.ready("rest")
        var walk = start
        var random = TestRandom(seed: 7)
        for round in 0..<fuzzIterations(2_000) {
            if round % 300 == 0 { walk = start }
            var text = random.pick(samples)
            for _ in 0...random.below(4) where !text.isEmpty {
                let place = random.below(text.count)
                switch random.below(4) {
                case 0: text[place] = UInt8(random.below(256))
                case 1: text.removeSubrange(place..<min(text.count, place + random.below(20)))
                case 2: text.insert(contentsOf: text[place..<min(text.count, place + random.below(40))], at: place)
                default: text.insert(contentsOf: Array(random.pick(["1e400", "null", "-0", "[[[[", "9223372036854775807"]).utf8), at: place)
                }
            }
            let socket = random.pick([ApifinyWalk.market, ApifinyWalk.orders, ApifinyWalk.assets])
            Bytes.with(text) { walk.feed(.message(socket, $0)) }
            walk.feed(.command(.query(VenueQueryID(1), random.pick([.instruments, .openOrders(symbol: nil), .balances, .serverTime]))))
            walk.wait(1_000)
            for asked in walk.asked { walk.feed(.response(asked.token, .answer(status: random.pick([200, 500]), headers: [], body: text))) }
            walk.clear()
        }
        #expect(walk.session.core.nextID > 0)
    }
}

extension ApifinyWalk {
    mutating func answer(_ name: String, _ body: String, orIgnore: Bool) {
        if asked.contains(where: { $0.name == name }) { answer(name, body) }
    }
}
