import Domain
import Foundation
import JSON
import Testing
import Transport

@testable import Venues

/// Books and trades: what is believed, what is not, and what follows.
struct CryptoComMarketTests {
    private func book(bids: String, asks: String, sequence: Int64? = nil, time: Int64 = 1_648_123_943_803, id: Int64 = -1) -> String {
        let number = sequence.map { #","s":\#($0)"# } ?? ""
        return
            #"{"id":\#(id),"method":"subscribe","code":0,"result":{"instrument_name":"BTC_USDT","subscription":"book.BTC_USDT.150","channel":"book","depth":150,"data":[{"bids":\#(bids),"asks":\#(asks),"t":\#(time)\#(number)}]}}"#
    }

    private func text(_ records: [MarketRecord]) -> [String] {
        records.map { record in
            let side = record.side.map { $0.name } ?? "-"
            let marks = (record.flags & MarketRecord.Flag.snapshot != 0 ? " snapshot" : "") + (record.endsBatch ? " end" : "")
            return "\(record.kind) \(side) \(record.a) \(record.b)\(marks)"
        }
    }

    @Test func aSnapshotThenWhatChanged() throws {
        var walk = try Walk.ready(.marketData)
        walk.message(Walk.market, book(bids: "[[122.21,0.74041,4]]", asks: "[[122.29,0.0,0],[122.31,2.0,1]]", sequence: 1))
        #expect(text(walk.records[0]) == ["clear - 0 0 snapshot", "level buy 12221 740410 snapshot", "level sell 12231 2000000 snapshot end"])
        #expect(walk.records[0][0].exchangeTime == 1_648_123_943_803_000_000 && walk.records[0][0].localTime == walk.now.wall.nanoseconds)
        walk.message(Walk.market, book(bids: "[[122.22,1,1],[122.21,0.74041,4]]", asks: "[[122.31,1.0,1],[122.4,1,1]]", sequence: 2))
        #expect(text(walk.records[1]) == ["level buy 12222 1000000", "level sell 12231 1000000", "level sell 12240 1000000 end"])
        walk.message(Walk.market, book(bids: "[[122.20,1,1]]", asks: "[[122.40,1,1]]", sequence: 3))
        #expect(text(walk.records[2]) == ["level buy 12222 0", "level buy 12221 0", "level buy 12220 1000000", "level sell 12231 0 end"])
        walk.message(Walk.market, book(bids: "[[122.20,1,1]]", asks: "[[122.40,1,1]]", sequence: 4))
        #expect(text(walk.records[3]) == ["level buy 12220 1000000 end"], "nothing changed, and the book is young again")
        walk.message(Walk.market, book(bids: "[[122.20,2,1]]", asks: "[[122.40,1,1]]", sequence: 4))
        #expect(walk.records.count == 4 && walk.invalid.isEmpty, "the same number again is nothing new")
    }

    @Test func noiseIsForgivenAndOffTickIsNot() throws {
        var walk = try Walk.ready(.marketData)
        walk.message(Walk.market, book(bids: "[[8768.240000000002,1,1]]", asks: #"[["8768.25","2.000000","1"]]"#))
        #expect(text(walk.records[0]).suffix(2) == ["level buy 876824 1000000 snapshot", "level sell 876825 2000000 snapshot end"])
        walk.message(Walk.market, book(bids: "[[8768.245,1,1]]", asks: "[[8768.25,2,1]]"))
        #expect(walk.invalid.count == 1 && walk.invalid[0].contains("8768.245"))
    }

    @Test(arguments: [
        ("[[122.31,1,1]]", "[[122.31,1,1]]", "crossed"), ("[[122.35,1,1]]", "[[122.31,1,1]]", "crossed"), ("[[-1,1,1]]", "[[122.31,1,1]]", "above zero"),
        ("[[0,1,1]]", "[[1,1,1]]", "above zero"), ("[[1,-1,1]]", "[[2,1,1]]", "negative"), ("[]", "[]", "empty"), ("[[1,0,0]]", "[]", "empty"),
        ("[[1,1,1],[1,2,1]]", "[]", "twice"), ("[[1]]", "[]", "size"), ("[[\"x\",1]]", "[]", "number"), ("[[1e40,1]]", "[]", "number"),
    ]) func aBookThatCannotBeBelieved(bids: String, asks: String, word: String) throws {
        var walk = try Walk.ready(.marketData)
        walk.message(Walk.market, book(bids: "[[122.21,1,1]]", asks: "[[122.31,1,1]]", sequence: 1))
        walk.clear()
        walk.message(Walk.market, book(bids: bids, asks: asks, sequence: 2))
        #expect(walk.invalid.count == 1 && walk.invalid[0].contains(word), "\(walk.invalid)")
        #expect(walk.records.isEmpty)
        walk.message(Walk.market, book(bids: "[[122.21,1,1]]", asks: "[[122.31,1,1]]", sequence: 3))
        #expect(text(try #require(walk.records.first)).first == "clear - 0 0 snapshot", "the next whole book is a new beginning")
    }

    @Test func aSequenceThatGoesBackIsSubscribedAnew() throws {
        var walk = try Walk.ready(.marketData)
        walk.message(Walk.market, book(bids: "[[1,1,1]]", asks: "[[2,1,1]]", sequence: 10))
        walk.clear()
        walk.message(Walk.market, book(bids: "[[1,1,1]]", asks: "[[2,1,1]]", sequence: 9))
        #expect(walk.invalid.count == 1 && walk.sent.map(\.method) == ["unsubscribe", "subscribe"])
        walk.message(Walk.market, book(bids: "[[1,1,1]]", asks: "[[2,1,1]]", sequence: 11))
        #expect(walk.records.isEmpty, "until the acknowledgement it is the old stream")
        walk.acknowledge()
        walk.message(Walk.market, book(bids: "[[1,1,1]]", asks: "[[2,1,1]]", sequence: 3))
        #expect(walk.records.count == 1 && walk.invalid.count == 1, "the new stream counts from where it likes")
    }

    @Test func aPushWithTheRequestsIdIsItsAcknowledgement() throws {
        var walk = try Walk()
        walk.feed(.command(.begin(.marketData, instruments: [try instrument("BTC_USDT")])))
        walk.feed(.opened(Walk.market))
        walk.wait(1_000)
        walk.message(Walk.market, book(bids: "[[1,1,1]]", asks: "[[2,1,1]]", id: walk.sent[0].id))
        #expect(walk.records.count == 1)
        walk.message(Walk.market, #"{"id":\#(walk.sent[1].id),"method":"subscribe","code":0}"#)
        #expect(walk.links.last == "market ready")
    }

    @Test func fiveResubscriptionsThenANewConnection() throws {
        var walk = try Walk.ready(.marketData)
        for round in 0..<6 {
            walk.feed(.command(.resynchronise(InstrumentID(index: 0))))
            #expect(walk.closes.isEmpty == (round < 5))
            walk.acknowledge()
        }
        #expect(walk.links == ["market down"])
    }

    @Test func aSilentSocketShowsItselfByTheMissingAcknowledgement() throws {
        var walk = try Walk.ready(.marketData)
        walk.feed(.command(.resynchronise(InstrumentID(index: 0))))
        walk.wait(5_000)
        #expect(walk.closes == [Walk.market] && walk.links == ["market down"])
    }

    private func update(_ u: Int64, _ pu: Int64, bids: String, asks: String = "[]") -> String {
        #"{"id":-1,"method":"subscribe","code":0,"result":{"instrument_name":"BTC_USDT","subscription":"book.BTC_USDT.150","channel":"book.update","depth":150,"data":[{"update":{"bids":\#(bids),"asks":\#(asks)},"t":1648123943804,"u":\#(u),"pu":\#(pu)}]}}"#
    }

    @Test func changesNeedABaseAndAChain() throws {
        var walk = try Walk.ready(.marketData)
        walk.message(Walk.market, update(2, 1, bids: "[[1,1,1]]"))
        #expect(walk.invalid.count == 1 && walk.sent.map(\.method) == ["unsubscribe", "subscribe"])
        walk.acknowledge()
        walk.clear()
        let base = #"{"id":-1,"method":"subscribe","code":0,"result":{"instrument_name":"BTC_USDT","subscription":"book.BTC_USDT.150","channel":"book","data":[{"bids":[["1.00","1",1]],"asks":[["2.00","1",1]],"t":1,"u":5}]}}"#
        walk.message(Walk.market, base)
        walk.message(Walk.market, update(6, 5, bids: #"[["1.50","2",1],["1.00","0",0]]"#))
        #expect(text(walk.records[1]) == ["level buy 150 2000000", "level buy 100 0 end"])
        walk.message(Walk.market, update(8, 7, bids: "[[1.5,3,1]]"))
        #expect(walk.records.count == 2 && walk.invalid.count == 1 && walk.sent.count == 2)
    }

    @Test func tradesAreToldOnceAndInOrder() throws {
        var walk = try Walk.ready(.marketData)
        func trades(_ rows: [(Int, String, Int)]) -> String {
            let data = rows.map { #"{"p":162.12,"q":1.5,"s":"\#($0.1)","d":"46553358379958\#($0.0)","t":\#($0.2),"dataTime":0}"# }.joined(separator: ",")
            return #"{"method":"subscribe","result":{"instrument_name":"BTC_USDT","subscription":"trade.BTC_USDT","channel":"trade","data":[\#(data)]}}"#
        }
        walk.message(Walk.market, trades([(3, "BUY", 30), (2, "SELL", 20), (1, "BUY", 20)]))
        #expect(text(walk.records[0]) == ["trade buy 16212 1500000", "trade sell 16212 1500000", "trade buy 16212 1500000 end"])
        #expect(walk.records[0].map(\.exchangeTime) == [20_000_000, 20_000_000, 30_000_000])
        walk.message(Walk.market, trades([(3, "BUY", 30), (4, "SELL", 40)]))
        #expect(text(walk.records[1]) == ["trade sell 16212 1500000 end"])
    }

    @Test func aLostConnectionMakesTheBookInvalid() throws {
        var walk = try Walk.ready(.marketData)
        walk.message(Walk.market, book(bids: "[[1,1,1]]", asks: "[[2,1,1]]"))
        walk.feed(.closed(Walk.market, VenueClosing(code: 1_006, reason: "")))
        #expect(walk.invalid.count == 1)
    }

    /// The records, applied to a book, give the book that the venue showed: against a naive copy over random snapshots.
    @Test(arguments: 0..<8 as Range<UInt64>) func differencesGiveTheSameBook(seed: UInt64) throws {
        var random = TestRandom(seed: seed)
        var walk = try Walk.ready(.marketData)
        var book = Book()
        for step in 1...60 {
            let middle = 1_000 + random.below(30)
            func side(_ sign: Int) -> [(Int, Int)] {
                (1...12).filter { _ in random.chance(60) }.map { (middle + sign * $0, 1 + random.below(5)) }
            }
            let (bids, asks) = (side(-1), side(1))
            if bids.isEmpty && asks.isEmpty { continue }
            func json(_ levels: [(Int, Int)]) -> String { "[" + levels.map { "[\(dec("\($0.0)e-2")),\($0.1),1]" }.joined(separator: ",") + "]" }
            walk.clear()
            walk.message(Walk.market, self.book(bids: json(bids), asks: json(asks), sequence: Int64(step)))
            for record in walk.records.joined() {
                if record.kind == .clear { book.clear() } else { book.set(try #require(record.side), ticks: record.a, size: record.b) }
            }
            for (side, levels) in [(Side.buy, bids), (.sell, asks)] {
                #expect(book.levelCount(side) == levels.count, "seed \(seed) step \(step)")
                for (ticks, size) in levels { #expect(book.size(side, ticks: Int64(ticks)) == Int64(size) * 1_000_000, "seed \(seed) step \(step)") }
            }
        }
    }
}
