import Domain
import Testing

@testable import FIX

/// Gaps, repetitions, resends: F57 to F63, F66, F67, C36.
struct FIXSequenceTests {
    private func report(_ execution: String) -> String { "11=1|17=\(execution)|20=0|32=1|37=1|39=1|44=100|150=1|" }
    private let dup = "43=Y|"

    /// F57
    @Test func aGapIsAskedForOnceAndWhatCameIsKept() {
        var bench = Bench.active()
        bench.say("8", report("E3"), number: 4)
        bench.say("8", report("E4"), number: 5)
        bench.say("8", report("E5"), number: 6)
        #expect(bench.types == ["2"] && bench.written[0].integer(7) == 2 && bench.written[0].integer(16) == 0)
        #expect(bench.applications.isEmpty && !bench.session.isReady && bench.order("1") == nil)
        #expect(bench.news.contains { if case .notReady = $0 { true } else { false } })
        // Sent again, from the beginning to the end, as 16=0 asks.
        for (number, execution) in [(2, "E1"), (3, "E2"), (4, "E3"), (5, "E4"), (6, "E5")] as [(Int64, String)] {
            bench.say("8", report(execution), number: number, header: dup + "122=20210803-14:13:20.000|")
        }
        #expect(bench.applications.compactMap { $0.text(17) } == ["E1", "E2", "E3", "E4", "E5"])
        #expect(bench.session.isReady && bench.session.numbers.target == 7)
        #expect(bench.types == ["2"])
    }

    @Test func aGapThatIsNotFilledIsAskedForThreeTimes() {
        var bench = Bench.active()
        bench.say("8", report("E3"), number: 4)
        for _ in 0..<2 {
            bench.pass(10)
            bench.say("0", number: 5)
        }
        #expect(bench.types.filter { $0 == "2" }.count == 3)
        bench.pass(10)
        #expect(bench.endings == [.gap] && bench.isDisconnected)
    }

    @Test func whatIsKeptBehindAGapIsBounded() {
        var bench = Bench.active { $0.mostQueued = 10 }
        for number in 4..<1_000 as Range<Int64> { bench.say("8", report("E\(number)"), number: number) }
        #expect(bench.session.queue.count == 10 && bench.types == ["2"])
        bench.say("4", "36=4|123=Y|", number: 2)
        #expect(bench.applications.count == 10 && bench.session.numbers.target == 14)
        // What was dropped is still missing: not ready before it came.
        #expect(!bench.session.isReady)
        bench.say("4", "36=1000|123=Y|", number: 14)
        #expect(bench.session.isReady)
    }

    /// F58
    @Test func aNumberTooLowEndsTheSession() {
        var bench = Bench.active()
        bench.say("0")
        bench.say("0")
        bench.say("8", report("E1"), number: 2)
        #expect(bench.types == ["5"] && bench.written[0].text(58) == "MsgSeqNum too low, expecting 4 but received 2")
        #expect(bench.endings == [.sequenceTooLow(expected: 4, received: 2)] && bench.isDisconnected && bench.applications.isEmpty)
        #expect(!bench.alarms.isEmpty)
    }

    /// F59
    @Test func aRepetitionIsIgnored() {
        var bench = Bench.active()
        bench.say("8", report("E1"))
        bench.say("8", report("E1"), number: 2, header: dup + "122=20210803-14:13:20.000|")
        #expect(bench.applications.count == 1 && bench.types.isEmpty && bench.session.numbers.target == 3)
    }

    @Test func aRepetitionSaysWhenItWasFirstSent() {
        var bench = Bench.active()
        bench.say("8", report("E1"))
        bench.say("8", report("E1"), number: 2, header: dup)
        #expect(bench.types == ["3"] && bench.written[0].integer(371) == 122)
        bench.clear()
        bench.say("8", report("E1"), number: 2, header: dup + "122=20990101-00:00:00.000|")
        #expect(bench.types == ["3"] && bench.written[0].integer(373) == 10)
    }

    /// F60, C36
    @Test func ordersAreNeverSentAgain() throws {
        var bench = Bench.active()
        for id in ["1", "2", "3"] { _ = bench.order(id) }
        bench.clear()
        bench.say("2", "7=1|16=0|")
        #expect(bench.types == ["4"])
        let fill = bench.written[0]
        #expect(fill.sequence == 1 && fill.integer(36) == 5 && fill.flag(123) && fill.isPossDup && fill.value(122) != nil)
        #expect(bench.news == [.notResent(sequences: [2, 3, 4])])
        // The numbers go on as if nothing had happened.
        bench.clear()
        #expect(bench.order("4") == 5 && bench.types == ["D"])
        bench.clear()
        bench.say("2", "7=2|16=3|")
        #expect(bench.types == ["4"] && bench.written[0].integer(36) == 4 && bench.news == [.notResent(sequences: [2, 3])])
    }

    @Test func aResendRequestOfNothingIsNoReasonToSend() {
        var bench = Bench.active()
        bench.say("2", "7=9|16=0|")
        #expect(bench.types.isEmpty && !bench.alarms.isEmpty)
        bench.clear()
        bench.say("2", "7=0|16=0|")
        bench.say("2", "7=5|16=3|")
        #expect(bench.types == ["3", "3"])
    }

    /// F61
    @Test func gapFillsBeyondAndBelow() {
        var bench = Bench.active()
        bench.say("8", report("E3"), number: 4)
        bench.say("4", "36=100|123=Y|", number: 2)
        #expect(bench.session.numbers.target == 100 && bench.session.isReady && bench.session.queue.isEmpty)
        // A fill over a message that came is no reason to forget it.
        #expect(bench.applications.map { $0.text(17) } == ["E3"])
        bench.clear()
        for number in [100, 50, 1] as [Int64] {
            bench.say("4", "36=\(number)|123=Y|", number: 100)
            #expect(bench.types.last == "3" && bench.written.last?.integer(373) == 5 && bench.session.numbers.target == 100)
        }
        bench.clear()
        bench.say("4", "36=200|123=Y|", number: 40)
        #expect(bench.isDisconnected, "a gap-fill too low and not a repetition")
        bench = Bench.active()
        bench.say("0")
        bench.say("4", "36=200|123=Y|", number: 2, header: dup)
        #expect(!bench.isDisconnected && bench.session.numbers.target == 3)
    }

    @Test func aHardResetMovesOnlyForward() {
        var bench = Bench.active()
        bench.say("4", "36=50|123=N|", number: 999)
        #expect(bench.session.numbers.target == 50 && !bench.alarms.isEmpty)
        bench.clear()
        bench.say("4", "36=50|", number: 1)
        #expect(bench.types.isEmpty && bench.session.numbers.target == 50)
        bench.say("4", "36=10|", number: 50)
        #expect(bench.types == ["3"] && bench.session.numbers.target == 50)
    }

    /// F62
    @Test func twoSidesThatMissSomethingDoNotLoop() {
        var bench = Bench.active()
        _ = bench.order("1")
        bench.clear()
        bench.say("2", "7=2|16=0|", number: 4)
        // Answered at once, and asked for our own.
        #expect(bench.types == ["4", "2"])
        bench.say("2", "7=2|16=0|", number: 5)
        #expect(bench.types == ["4", "2", "4"])
        bench.clear()
        bench.say("4", "36=6|123=Y|", number: 2, header: dup)
        #expect(bench.types.isEmpty && bench.session.isReady && bench.session.numbers.target == 6)
    }

    /// F63
    @Test func garbledMessagesUseNoNumber() {
        var bench = Bench.active()
        var broken = bench.message("8", report("E1"), number: 2)
        broken[broken.count - 2] ^= 1
        bench.feed(.received(broken))
        #expect(bench.session.numbers.target == 2 && bench.types.isEmpty && !bench.isDisconnected)
        bench.say("8", report("E1"), number: 2)
        #expect(bench.applications.count == 1 && bench.session.numbers.target == 3)
    }

    /// F66
    @Test func aLogoutDuringAResendLeavesTheGap() {
        let keeps = FIXResetPolicy(onLogon: false, onLogout: false, onDisconnect: false)
        var bench = Bench({ $0.reset = keeps }, numbers: .first)
        bench.connect()
        bench.say("A", "98=0|108=30|", number: 1)
        bench.say("0", "112=PERIGEE-1|", number: 2)
        bench.say("8", report("E3"), number: 5)
        bench.say("5", number: 6)
        #expect(bench.session.numbers.target == 3 && bench.isDisconnected && bench.types.last == "5")
        bench.clear()
        bench.connect()
        bench.say("A", "98=0|108=30|", number: 7)
        let asked = bench.written.first { $0.type == "2" }
        #expect(asked?.integer(7) == 3)
    }

    /// F67
    @Test(arguments: [
        ("58=a|58=b|", 58 as Int64?), ("382=3|375=A|", 382), ("58=|", 58), ("95=4|96=a|", 96),
    ]) func malformedMessagesAreRejectedAndUsedUp(body: String, tag: Int64?) {
        var bench = Bench.active()
        bench.say("8", "37=1|39=0|" + body)
        #expect(bench.types == ["3"] && bench.written[0].integer(45) == 2 && bench.written[0].integer(371) == tag)
        #expect(bench.session.numbers.target == 3 && bench.applications.isEmpty && !bench.isDisconnected)
    }

    @Test func aMegabyteIsRejected() {
        var bench = Bench.active()
        bench.say("8", "37=1|39=0|58=" + String(repeating: "x", count: 1 << 20) + "|")
        #expect(bench.types == ["3"] && bench.session.numbers.target == 3)
        bench.say("0")
        #expect(bench.session.numbers.target == 4 && bench.session.framer.waiting == 0)
    }

    @Test func aRejectIsNeverRejected() {
        var bench = Bench.active()
        bench.say("3", "45=2|58=a|58=b|")
        #expect(bench.types.isEmpty && bench.session.numbers.target == 3)
    }

    @Test func typesThatAreNoneOrNotOurs() {
        var bench = Bench.active()
        bench.say("zz")
        #expect(bench.types == ["3"] && bench.written[0].integer(373) == 11)
        bench.say("W")
        #expect(bench.types == ["3", "j"] && bench.written[1].integer(380) == 3 && bench.session.numbers.target == 4)
    }

    /// C36
    @Test func possibleRepetitionsOfKnownReportsAreRefused() {
        var bench = Bench.active()
        bench.say("8", report("E1"))
        bench.say("8", report("E1"), header: "97=Y|")
        #expect(bench.applications.count == 1)
        bench.say("8", report("E2"), header: "97=Y|")
        #expect(bench.applications.count == 2)
        bench.say("9", "11=1|37=1|39=0|", header: "97=Y|")
        #expect(bench.applications.count == 2 && !bench.alarms.isEmpty)
    }

    @Test func rejectionsNameOurMessage() throws {
        var bench = Bench.active()
        bench.peer = 11
        bench.session.numbers.target = 11
        bench.wall = try #require(try Messages.message("sessrej").time(52))
        bench.feed(.received(bytes(Messages.text("sessrej"))))
        bench.feed(.received(bytes(Messages.text("bizrej"))))
        let rejection = FIXRejection(sequence: 10, type: "D", tag: 207, reason: 1, text: "Required tag missing")
        #expect(bench.news.first == .rejected(rejection))
        let business = try #require(bench.applications.first.flatMap { FIXRejection(business: $0) })
        #expect(business == FIXRejection(sequence: 10, type: "G", tag: nil, reason: 3, text: "Unsupported message type"))
    }

    @Test func afterAResumedLogonTheQuestionIsAskedAnewWhenThePeerMissedIt() {
        let keeps = FIXResetPolicy(onLogon: false, onLogout: false, onDisconnect: false)
        var bench = Bench({ $0.reset = keeps }, numbers: FIXSequence(sender: 10, target: 20))
        bench.connect()
        bench.say("A", "98=0|108=30|", number: 20)
        bench.say("2", "7=8|16=0|", number: 21)
        #expect(bench.types == ["A", "1", "4", "1"] && !bench.session.isReady)
        #expect(bench.written[2].integer(36) == 12 && bench.written[3].sequence == 12)
        bench.say("0", "112=PERIGEE-2|", number: 22)
        #expect(bench.session.isReady)
    }
}
