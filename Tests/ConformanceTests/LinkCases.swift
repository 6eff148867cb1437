import Domain
import Live
import Testing
import VenueSim
import Venues

/// Connections that fail, fall silent, or are refused; books that cannot be believed.
struct LinkCases {
    @Test(arguments: VenueUnderTest.all) func theBookIsTheVenues(_ subject: VenueUnderTest) async throws {
        try await VenueBench.run(subject) { bench in
            try await bench.begin(.marketData)
            bench.level(.buy, 9_998, 0)
            bench.level(.buy, 9_997, 7)
            try await bench.until("the book is the venue's") {
                bench.books[0].bids == [9_999: 50, 9_997: 7] && bench.books[0].asks == [10_001: 50, 10_002: 80] && bench.books[1].bids == [4_999: 100]
            }
            bench.trade(.buy, 3, at: 10_001)
            try await bench.until("a trade") { bench.books[0].trades == 1 }
        }
    }

    /// F36, F39: a book that goes back, is crossed, or empty, is doubted, and then whole again.
    @Test(arguments: VenueUnderTest.all, ["back", "crossed", "empty"]) func aBadBookIsDoubted(_ subject: VenueUnderTest, how: String) async throws {
        try await VenueBench.run(subject) { bench in
            try await bench.begin(.marketData)
            try await bench.until("a book") { !bench.books[0].bids.isEmpty }
            switch how {
            case "back" where subject.passesOldBooks:
                bench.sim.rewind(0)
                bench.level(.buy, 9_990, 9)
                try await bench.until("the venue's book") { bench.books[0].bids[9_999] == 50 && bench.books[0].bids[9_990] == 9 }
                #expect(bench.books[0].bids.count == 3 && !bench.told.contains { if case .bookInvalid = $0 { true } else { false } })
                return
            case "back": bench.sim.rewind(0)
            case "crossed": bench.sim.misquote(0, bids: [(10_005, 1)], asks: [(10_004, 1)])
            default: bench.sim.misquote(0, bids: [], asks: [])
            }
            try await bench.until("doubt") { bench.told.contains { if case .bookInvalid(InstrumentID(index: 0), why: _) = $0 { true } else { false } } }
            bench.level(.buy, 9_990, 9)
            try await bench.until("the venue's book again") { bench.books[0].bids[9_999] == 50 && bench.books[0].bids[9_990] == 9 }
        }
    }

    /// F29: a socket without a heartbeat is given up, and another opened; F30: the venue's close.
    @Test(arguments: VenueUnderTest.all) func silenceIsNoticed(_ subject: VenueUnderTest) async throws {
        var setting = Setting().with(.heartbeat, .silence, nth: 3, every: 1, count: 0)
        setting.manners.heartbeat = .milliseconds(200)
        setting.options["heartbeat_silence"] = "600ms"
        try await VenueBench.run(subject, setting) { bench in
            try await bench.begin()
            try await bench.until("down") { bench.told.contains { if case .link(.orders, .down) = $0 { true } else { false } } }
            try await bench.until("up again") { bench.readyCounts[.orders] == 2 }
        }
    }

    @Test(arguments: VenueUnderTest.all) func heartbeatsAreAnswered(_ subject: VenueUnderTest) async throws {
        var setting = Setting()
        setting.manners.heartbeat = .milliseconds(50)
        // How late an answer may be is not what this shows.
        setting.options["heartbeat_silence"] = "30s"
        try await VenueBench.run(subject, setting) { bench in
            try await bench.begin()
            try await bench.until("forty answers") { bench.sim.counts[subject.heartbeatAnswer] ?? 0 >= 40 }
            #expect(bench.readyCounts[.orders] == 1 && bench.readyCounts[.market] == 1)
        }
    }

    /// F30, F41: closed by the venue, with orders open.
    @Test(arguments: VenueUnderTest.all) func aCutConnectionComesBackWithTheTruth(_ subject: VenueUnderTest) async throws {
        try await VenueBench.run(subject, FaultCases.short) { bench in
            try await bench.begin()
            for round in 1...3 {
                let id = bench.place(.buy, 10, at: 9_990)
                try await bench.until("open") { bench.isLive(id) }
                bench.sim.cutAll()
                // Filled while nobody listens.
                bench.trade(.sell, 4, at: 9_990)
                try await bench.until("connected again") { bench.readyCounts[.orders] == round + 1 }
                try await bench.reconcile()
                if !bench.cancelsOnDisconnect { bench.cancel(id) }
                try await bench.until("the order ended") { bench.truth(id)?.isLive == false && bench.isDone(id) }
                try await bench.agree()
            }
            #expect(bench.truePosition(0) == 12)
        }
    }

    /// F35: a venue that drops each connection at once is not hammered.
    @Test(arguments: VenueUnderTest.all) func reconnectingIsBounded(_ subject: VenueUnderTest) async throws {
        try await VenueBench.run(subject, Setting().with(.subscribe, .close, every: 1, count: 0, code: 1_000)) { bench in
            bench.send(.begin(.marketData, instruments: bench.instruments))
            try await bench.until("four attempts") { bench.sim.connections >= 4 }
            let elapsed = bench.now.wall - bench.began
            // Full jitter from half a second: four attempts at once would be a storm.
            #expect(elapsed > .milliseconds(500))
            #expect(bench.readyCounts[.market] == nil)
        }
    }

    /// F34: the authentication ends while we trade.
    @Test(arguments: VenueUnderTest.all.filter(\.canExpire)) func anExpiredAuthenticationIsRenewed(_ subject: VenueUnderTest) async throws {
        try await VenueBench.run(subject, FaultCases.short.with(.place, .errorBefore, code: 10_002)) { bench in
            try await bench.begin()
            let id = bench.place(.buy, 10, at: 9_990)
            try await bench.until("refused") { bench.isDone(id) }
            try await bench.until("ready again") { bench.readyCounts[.orders] == 2 }
            let next = bench.place(.buy, 10, at: 9_990)
            try await bench.until("open") { bench.isLive(next) }
            try await bench.agree()
        }
    }

    /// Wrong credentials: refused, and not tried for ever.
    @Test(arguments: VenueUnderTest.all) func aWrongKeyIsRefused(_ subject: VenueUnderTest) async throws {
        var setting = Setting()
        setting.secret = "another"
        try await VenueBench.run(subject, setting) { bench in
            bench.send(.begin(.trading, instruments: bench.instruments))
            try await bench.until("refused") { if case .refused? = bench.links[.orders] { true } else { false } }
            guard case .failed(let failure) = try await bench.answer(.balances) else { return #expect(Bool(false), "an answer came") }
            #expect(failure.kind == .authentication)
            #expect(!bench.told.contains { "\($0)".contains("another") })
        }
    }

    /// The venue refuses what comes in a socket's first second.
    @Test(arguments: VenueUnderTest.all) func theFirstSecondIsRespected(_ subject: VenueUnderTest) async throws {
        var setting = Setting()
        setting.manners.isStrict = true
        setting.options["settle"] = "1s"
        try await VenueBench.run(subject, setting) { bench in
            try await bench.begin()
            #expect(!bench.told.contains { if case .throttled = $0 { true } else { false } })
            #expect(bench.sim.connections == subject.sockets)
        }
    }

    /// F24, F49: the venue's clock is an hour ahead of ours.
    @Test(arguments: VenueUnderTest.all) func aClockThatIsWrongIsCorrected(_ subject: VenueUnderTest) async throws {
        var setting = Setting()
        setting.manners.clockSkew = .seconds(3_600)
        try await VenueBench.run(subject, setting) { bench in
            bench.send(.begin(.trading, instruments: bench.instruments))
            // An answer that took too long tells nothing: it is asked again.
            for _ in 0..<8 where bench.now.wall - VenueBench.wall < .seconds(3_000) { _ = try await bench.answer(.serverTime) }
            try await bench.until("ready") { bench.links[.orders] == .ready }
            let answer = try await bench.answer(.balances)
            guard case .balances = answer else { return #expect(Bool(false), "\(answer)") }
        }
    }

    /// F30: 1013 says that the venue restarts: we come back, later than at once.
    @Test(arguments: VenueUnderTest.all.filter { !$0.placesByREST && $0.kind == .cryptocom }) func aRestartingVenueIsWaitedFor(_ subject: VenueUnderTest) async throws {
        try await VenueBench.run(subject, FaultCases.short.with(.place, .close, code: 1_013)) { bench in
            try await bench.begin()
            let id = bench.place(.buy, 10, at: 9_990)
            try await bench.until("lost") { bench.lost.count == 1 }
            #expect(bench.sim.connections == 2, "nobody came back at once")
            try await bench.until("ready again") { bench.readyCounts[.orders] == 2 }
            try await bench.until("proven absent") { bench.isDone(id) }
            try await bench.agree()
        }
    }

    /// Half a message, or none of ours, is an alarm and no end.
    @Test(arguments: VenueUnderTest.all) func halfABookIsSurvived(_ subject: VenueUnderTest) async throws {
        try await VenueBench.run(subject, Setting().with(.bookPush, .partial, nth: 3)) { bench in
            try await bench.begin(.marketData)
            bench.level(.buy, 9_995, 5)
            try await bench.until("the alarm") { !bench.alarms.isEmpty }
            bench.level(.buy, 9_994, 6)
            try await bench.until("the book") { bench.books[0].bids[9_995] == 5 && bench.books[0].bids[9_994] == 6 }
        }
    }
}
