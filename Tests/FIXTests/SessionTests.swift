import Domain
import Testing

@testable import FIX

/// Logging on and off, heartbeats, resets: F64 to F66, F68.
struct FIXSessionTests {
    @Test func theLogonIsTheVenuesOwnSample() throws {
        let sample = try Messages.message("logon")
        var bench = Bench()
        bench.wall = try #require(sample.time(52))
        var credentials = FIXBody()
        credentials.add(length: 95, data: 96, Array(try #require(sample.value(96))))
        bench.feed(.connected(credentials: credentials))
        guard case .write(let bytes)? = bench.actions.first(where: { if case .write = $0 { true } else { false } }) else { Issue.record("nothing was written"); return }
        #expect(shown(bytes) == Messages.text("logon"))
        bench.wall = try #require(try Messages.message("logonack").time(52))
        bench.clear()
        bench.feed(.received(FIXTests.bytes(Messages.text("logonack"))))
        #expect(bench.news == [.loggedOn(reset: true), .ready])
        #expect(bench.session.isReady && bench.session.numbers == FIXSequence(sender: 2, target: 2))
    }

    /// C36: nothing of an application before the logon is complete.
    @Test func noOrderBeforeTheLogon() {
        var bench = Bench()
        #expect(bench.order("1") == nil)
        bench.connect()
        #expect(bench.order("1") == nil && bench.types == ["A"])
        bench.say("A", "98=0|108=30|141=Y|")
        #expect(bench.order("1") == 2 && bench.types == ["A", "D"])
    }

    @Test func theNumberIsKeptBeforeTheBytesLeave() throws {
        var bench = Bench.active()
        _ = bench.order("1")
        let kept = try #require(bench.actions.firstIndex(of: .keep(FIXSequence(sender: 3, target: 2))))
        let wrote = try #require(bench.actions.firstIndex { if case .write = $0 { true } else { false } })
        #expect(kept < wrote)
    }

    /// F64: heartbeats go out in silence; a TestRequest asks; silence after it ends the connection.
    @Test func silenceIsAskedAboutAndThenEndsTheConnection() {
        var bench = Bench.active()
        bench.pass(29.9)
        #expect(bench.types.isEmpty)
        bench.pass(0.2)
        #expect(bench.types == ["0"])
        bench.pass(6)
        #expect(bench.types == ["0", "1"])
        bench.pass(23.8)
        #expect(bench.endings.isEmpty)
        bench.pass(0.2)
        #expect(bench.endings == [.silent] && bench.isDisconnected)
    }

    @Test func anyMessageEndsTheSilence() {
        var bench = Bench.active()
        bench.pass(36.1)
        #expect(bench.types.contains("1"))
        bench.say("0", "112=PERIGEE-1|")
        bench.pass(35)
        #expect(bench.endings.isEmpty)
        #expect(bench.types.filter { $0 == "1" }.count == 1)
    }

    @Test func timersAreAskedForInTime() {
        var bench = Bench.active()
        var slept = 0
        // A driver that only wakes when asked to: nobody speaks, and after sixty seconds it is over.
        while bench.endings.isEmpty, slept < 100 {
            let spans = bench.actions.compactMap { if case .wake(let span) = $0 { span } else { nil } }
            bench.clear()
            slept += 1
            bench.pass(Double((spans.last ?? Span.seconds(30)).nanoseconds) / 1e9)
        }
        #expect(bench.endings == [.silent] && slept < 10)
    }

    @Test func aTestRequestIsAnsweredWithItsOwnText() {
        var bench = Bench.active()
        bench.say("1", "112=TEST-1|")
        #expect(bench.types == ["0"] && bench.written[0].text(112) == "TEST-1")
    }

    /// F65: a refused logon is a typed failure, and not for ever.
    @Test func aRefusedLogonIsTypedAndCounted() {
        var bench = Bench()
        for attempt in 1...5 {
            bench.clear()
            bench.connect()
            bench.peer = 1
            bench.say("5", "58=Signature Error|")
            #expect(bench.endings == [.refused("Signature Error")] && bench.isDisconnected)
            #expect(bench.session.isExhausted == (attempt == 5))
        }
    }

    @Test func anAnswerThatDoesNotComeEndsTheLogon() {
        var bench = Bench()
        bench.connect()
        bench.pass(10)
        #expect(bench.endings == [.noAnswer("Logon")] && bench.isDisconnected)
    }

    @Test(arguments: [
        ("0", "", "a heartbeat first"), ("A", "98=0|108=30|", "MsgSeqNum 5"), ("A", "108=30|141=Y|", "without 98"),
    ]) func aWrongAnswerToTheLogonEndsIt(type: String, body: String, what: String) {
        var bench = Bench()
        bench.connect()
        bench.say(type, body, number: what == "MsgSeqNum 5" ? 5 : 1)
        #expect(bench.endings.count == 1 && bench.isDisconnected && !bench.session.isReady, "\(what)")
    }

    @Test func somebodyElsesMessagesEndTheSession() {
        for (sender, target) in [("SOMEBODY", "STA-00000001"), ("APIFINY", "SOMEBODY")] {
            var bench = Bench.active()
            bench.say("0", sender: sender, target: target)
            #expect(bench.types == ["3", "5"] && bench.written[0].integer(373) == 9 && bench.isDisconnected)
            var early = Bench()
            early.connect()
            early.say("A", "98=0|108=30|141=Y|", sender: sender, target: target)
            #expect(early.isDisconnected && early.endings.count == 1)
        }
    }

    @Test func anotherVersionOrAClockFarOffEndsTheSession() {
        var bench = Bench.active()
        bench.feed(.received(bench.message("0", number: 2, version: "FIX.4.4")))
        #expect(bench.isDisconnected && bench.types == ["5"])
        bench = Bench.active()
        bench.feed(.received(bench.message("0", number: 2, time: bench.wall + Span.seconds(-121))))
        #expect(bench.isDisconnected && bench.types == ["3", "5"] && bench.written[0].integer(373) == 10)
        bench = Bench.active()
        bench.feed(.received(bench.message("0", number: 2, time: bench.wall + Span.seconds(119))))
        #expect(!bench.isDisconnected && bench.types.isEmpty)
    }

    @Test func loggingOutIsAnsweredOrTimesOut() {
        var bench = Bench.active()
        bench.feed(.logout(text: "client shutdown"))
        #expect(bench.types == ["5"] && bench.written[0].text(58) == "client shutdown" && bench.endings.isEmpty)
        #expect(bench.order("1") == nil)
        bench.say("5")
        #expect(bench.endings == [.ours] && bench.isDisconnected)
        bench = Bench.active()
        bench.feed(.logout(text: ""))
        bench.pass(2)
        #expect(bench.endings == [.ours] && bench.isDisconnected)
    }

    @Test func thePeersLogoutIsAnswered() {
        var bench = Bench.active()
        bench.say("5", "58=maintenance|")
        #expect(bench.types == ["5"] && bench.endings == [.loggedOut("maintenance")] && bench.isDisconnected)
    }

    // MARK: - Resets

    @Test func numbersGoOnWhereThePolicySaysSo() {
        let keeps = FIXResetPolicy(onLogon: false, onLogout: false, onDisconnect: false)
        var bench = Bench({ $0.reset = keeps }, numbers: FIXSequence(sender: 10, target: 20))
        bench.connect()
        #expect(bench.written[0].sequence == 10 && bench.written[0].value(141) == nil)
        bench.say("A", "98=0|108=30|", number: 20)
        // Whether the peer misses something is known when it answers what came last.
        #expect(!bench.session.isReady && bench.types == ["A", "1"])
        bench.say("0", "112=PERIGEE-1|", number: 21)
        #expect(bench.session.isReady && bench.news.contains(.ready))
        bench.feed(.disconnected(why: "closed"))
        #expect(bench.session.numbers == FIXSequence(sender: 12, target: 22))
    }

    @Test func resetsFollowThePolicy() {
        for (policy, isLogout, isReset) in [
            (FIXResetPolicy(onLogon: false, onLogout: true, onDisconnect: false), true, true),
            (FIXResetPolicy(onLogon: false, onLogout: true, onDisconnect: false), false, false),
            (FIXResetPolicy(onLogon: false, onLogout: false, onDisconnect: true), false, true),
            (FIXResetPolicy(onLogon: false, onLogout: false, onDisconnect: false), true, false),
        ] {
            var bench = Bench({ $0.reset = policy }, numbers: .first)
            bench.connect()
            bench.say("A", "98=0|108=30|")
            if isLogout { bench.say("5") } else { bench.feed(.disconnected(why: "closed")) }
            #expect((bench.session.numbers == .first) == isReset, "\(policy) \(isLogout)")
        }
    }

    /// F68: a lost file resets, where the policy allows; the owner hears it and reconciles.
    @Test func lostNumbersReset() {
        let keeps = FIXResetPolicy(onLogon: false, onLogout: false, onDisconnect: false, whenLost: true)
        var bench = Bench({ $0.reset = keeps }, numbers: nil)
        bench.connect()
        #expect(bench.written[0].flag(141) && bench.written[0].sequence == 1)
        bench.say("A", "98=0|108=30|141=Y|")
        #expect(bench.news.contains(.loggedOn(reset: true)) && bench.session.isReady)
    }

    /// F68: a file restored from an old copy is told by the peer, and the next logon resets.
    @Test func oldNumbersAreNoticed() {
        let keeps = FIXResetPolicy(onLogon: false, onLogout: false, onDisconnect: false, whenLost: true)
        var bench = Bench({ $0.reset = keeps }, numbers: FIXSequence(sender: 3, target: 3))
        bench.connect()
        bench.say("5", "58=MsgSeqNum too low, expecting 12 but received 3|", number: 9)
        #expect(bench.endings.count == 1 && bench.alarms.contains { $0.contains("lost") })
        bench.clear()
        bench.connect()
        #expect(bench.written[0].flag(141) && bench.written[0].sequence == 1)
        // Without leave to reset it does not.
        let strict = FIXResetPolicy(onLogon: false, onLogout: false, onDisconnect: false, whenLost: false)
        bench = Bench({ $0.reset = strict }, numbers: FIXSequence(sender: 3, target: 3))
        bench.connect()
        bench.say("5", "58=MsgSeqNum too low, expecting 12 but received 3|", number: 9)
        bench.clear()
        bench.connect()
        #expect(!bench.written[0].flag(141))
    }

    @Test func aPeerThatLostItsNumbersIsNoticed() {
        let keeps = FIXResetPolicy(onLogon: false, onLogout: false, onDisconnect: false)
        var bench = Bench({ $0.reset = keeps }, numbers: FIXSequence(sender: 10, target: 20))
        bench.connect()
        bench.say("A", "98=0|108=30|", number: 1)
        #expect(bench.endings == [.sequenceTooLow(expected: 20, received: 1)] && bench.isDisconnected)
    }
}
