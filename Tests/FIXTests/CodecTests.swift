import Domain
import Testing

@testable import FIX

struct FIXCodecTests {
    /// Lengths and sums of the venue's page were computed by others.
    @Test(arguments: Messages.all.map(\.name)) func everySampleIsSoundAndReadsBack(name: String) throws {
        let sample = bytes(Messages.text(name))
        var framer = FIXFramer()
        framer.append(sample)
        #expect(framer.next() == .message(sample))
        #expect(framer.next() == nil && framer.waiting == 0)
        let message = try FIXMessage(sample)
        #expect(message.fault == nil, "\(name): \(message.fault?.text ?? "")")
        // Written again from its own fields it is the same message.
        var body = FIXBody()
        for (tag, value) in message.pairs where ![8, 9, 10, 34, 35, 43, 49, 52, 56, 122].contains(tag) { body.add(tag, String(decoding: value, as: UTF8.self)) }
        let header = FIXHeader(
            type: message.type, sequence: try #require(message.sequence), sender: try #require(message.text(49)),
            target: try #require(message.text(56)), time: try #require(message.time(52)), original: message.time(122))
        #expect(shown(header.message(body, version: "FIX.4.2")) == Messages.text(name))
    }

    @Test func messagesGluedAndDripFedAreTheSame() {
        let all = Messages.all.flatMap { bytes($0.text) }
        var (glued, dripped) = (FIXFramer(), FIXFramer())
        glued.append(all)
        var (whole, single): ([FIXFramer.Frame], [FIXFramer.Frame]) = ([], [])
        while let frame = glued.next() { whole.append(frame) }
        for byte in all {
            dripped.append([byte])
            while let frame = dripped.next() { single.append(frame) }
        }
        #expect(whole == single && whole.count == Messages.all.count)
    }

    /// F63: what is garbled is skipped, and what follows is read.
    @Test(arguments: [
        "8=FIX.4.2|9=63|35=0|34=7|49=STA-00000001|52=20210803-14:14:20.000|56=APIFINY|10=107|",
        "8=FIX.4.2|9=62|35=0|34=7|49=STA-00000001|52=20210803-14:14:20.000|56=APIFINY|10=105|",
        "8=FIX.4.2|35=0|9=62|34=7|49=STA-00000001|52=20210803-14:14:20.000|56=APIFINY|10=106|",
        "9=62|8=FIX.4.2|35=0|34=7|49=STA-00000001|52=20210803-14:14:20.000|56=APIFINY|10=106|",
        "8=FIX.4.2|9=62|34=7|35=0|49=STA-00000001|52=20210803-14:14:20.000|56=APIFINY|10=106|",
        "8=FIX.4.2|9=abc|35=0|10=106|", "8=FIX.4.2|9=|35=0|10=106|", "8=FIX.4.2|9=99999999999|35=0|10=106|", "garbage|", "8=FIX.4.2|9=62|35=0|10=10|",
    ]) func garbledBytesAreSkipped(text: String) {
        var framer = FIXFramer()
        framer.append(bytes(text) + bytes(Messages.text("hb")) + bytes(Messages.text("testreq")))
        var found: [FIXFramer.Frame] = []
        while let frame = framer.next() { found.append(frame) }
        let messages = found.filter { if case .message = $0 { true } else { false } }
        #expect(found.contains { if case .garbled = $0 { true } else { false } })
        #expect(messages.contains(.message(bytes(Messages.text("testreq")))))
    }

    /// F67: a data field holds what it wants, by the length before it.
    @Test func separatorsInsideDataAreData() throws {
        let data: [UInt8] = [65, 1, 66, 61, 1, 49, 48, 61]
        var body = FIXBody()
        body.add(length: FIXTag.rawDataLength, data: FIXTag.rawData, data)
        body.add(FIXTag.encryptMethod, 0)
        body.add(FIXTag.heartBtInt, 30)
        let header = FIXHeader(type: "A", sequence: 1, sender: "A", target: "B", time: Timestamp(nanoseconds: 0))
        let message = try FIXMessage(header.message(body, version: "FIX.4.2"))
        #expect(message.value(FIXTag.rawData).map(Array.init) == data)
        #expect(message.integer(FIXTag.heartBtInt) == 30 && message.fault == nil)
    }

    @Test(arguments: [
        ("58=a|58=b|", FIXFault.Reason.repeated), ("58=|", .noValue), ("0=a|", .badTag), ("58=a|43=Y|", .outOfOrder),
        ("95=5|96=ab|", .badFormat), ("382=2|375=A|337=B|", .groupCount), ("382=1|337=B|375=A|", .groupOrder),
        ("382=1|375=A|337=B|337=C|", .repeated), ("382=x|375=A|", .badFormat),
    ]) func structureIsChecked(body: String, reason: FIXFault.Reason) throws {
        let message = try FIXMessage(Bench().message("8", body, number: 5))
        #expect(message.fault?.reason == reason, "\(message.fault?.text ?? "no fault")")
        #expect(message.sequence == 5)
    }

    @Test func repeatingGroupsAreRead() throws {
        let message = try FIXMessage(Bench().message("8", "37=X|39=1|382=2|375=A|337=T1|437=5|375=B|437=6|58=behind|", number: 5))
        #expect(message.fault == nil)
        let entries = message.group(.contraBrokers).map { $0.map { "\($0.tag)=\(String(decoding: $0.value, as: UTF8.self))" } }
        #expect(entries == [["375=A", "337=T1", "437=5"], ["375=B", "437=6"]])
        #expect(message.text(58) == "behind")
    }

    @Test(arguments: ["34=1|nonsense|", "34=1|=5|", "x=1|", "34=1|58"]) func whatHasNoFieldsIsGarbled(inner: String) {
        #expect(throws: FIXGarbled.self) { try FIXMessage(bytes("8=FIX.4.2|9=5|35=0|" + inner)) }
    }

    @Test func aMessageThatIsTooLongKeepsItsHead() throws {
        let bench = Bench()
        let long = bench.message("8", "37=X|39=0|58=" + String(repeating: "x", count: 1 << 20) + "|", number: 77)
        for step in [1 << 22, 4_096, 999] {
            var framer = FIXFramer(longest: 1 << 18)
            var found: [FIXFramer.Frame] = []
            var place = 0
            while place < long.count {
                framer.append(long[place..<min(long.count, place + step)])
                place += step
                while let frame = framer.next() { found.append(frame) }
                if step < 1 << 18 { #expect(framer.waiting <= (1 << 16) + step) }
            }
            guard case .tooLong(let beginning, let length)? = found.first else { Issue.record("\(found.count) frames"); continue }
            #expect(found.count == 1 && length == long.count && beginning.count <= 1_024)
            #expect(try FIXMessage(beginning).sequence == 77)
        }
    }

    @Test(arguments: ["19700101-00:00:00.000", "20210803-14:13:20.120", "20240229-23:59:59.999", "20991231-12:00:00.001"]) func timesReadBack(text: String) throws {
        #expect(FIXTime.text(try #require(FIXTime.parse(Array(text.utf8)))) == text)
    }

    @Test func timesThatAreNone() {
        for text in ["", "20210803", "20210803-14:13", "20211303-14:13:20", "20210803-25:13:20", "2021o803-14:13:20.1", "20210803 14:13:20", "20210803-14:13:20."] {
            #expect(FIXTime.parse(Array(text.utf8)) == nil, "\(text)")
        }
        #expect(FIXTime.parse(Array("20210803-14:13:20".utf8)) == Timestamp(nanoseconds: 1_628_000_000_000_000_000))
        #expect(FIXTime.parse(Array("20210803-14:13:20.123456".utf8)) == Timestamp(nanoseconds: 1_628_000_000_123_456_000))
    }

    @Test func ordersAreTheVenuesOwnSamples() throws {
        let time = try #require(FIXTime.parse(Array("20210803-14:13:21.000".utf8)))
        let order = FIXOrders.New(
            account: "STA-00000001", clientID: "000000011628000000000221", symbol: "BTCUSD", side: .buy, kind: .limit, quantity: dec("1.12"),
            price: dec("100"), timeInForce: 1, exchange: "VENUE1", text: "new Order", time: time)
        func sent(_ type: String, _ number: Int64, _ body: FIXBody, at time: Timestamp) -> String {
            shown(FIXHeader(type: type, sequence: number, sender: "STA-00000001", target: "APIFINY", time: time).message(body, version: "FIX.4.2"))
        }
        #expect(sent("D", 2, order.body, at: time) == Messages.text("new"))
        let later = try #require(FIXTime.parse(Array("20210803-14:13:25.000".utf8)))
        let market = FIXOrders.New(
            account: "STA-00000001", clientID: "000000011628000005000222", symbol: "BTCUSD", side: .sell, kind: .market, quantity: dec("0.5"),
            price: nil, timeInForce: nil, exchange: "VENUE1", text: "new Order", time: later)
        #expect(sent("D", 3, market.body, at: later) == Messages.text("newmkt"))
        let end = try #require(FIXTime.parse(Array("20210803-14:13:29.900".utf8)))
        let cancel = FIXOrders.Cancel(account: "STA-00000001", clientID: "000000011628000000000221", exchange: "VENUE1", text: "Cancel Order")
        #expect(sent("F", 4, cancel.body, at: end) == Messages.text("cancel"))
        var standard = cancel
        standard.original = "000000011628000000000221"
        standard.standard = .init(symbol: "BTCUSD", side: .buy, quantity: dec("1.12"), time: end)
        #expect(sent("F", 4, standard.body, at: end) == Messages.text("cancelstd"))
        let asked = try #require(FIXTime.parse(Array("20210803-14:13:33.000".utf8)))
        let status = FIXOrders.status(account: "STA-00000001", clientID: "000000011628000000000221", exchange: "VENUE1")
        #expect(sent("H", 5, status, at: asked) == Messages.text("status"))
    }

    @Test func textsCannotForgeFields() {
        var body = FIXBody()
        body.add(58, "a\u{1}54=2")
        #expect(shown(body.bytes) == "58=a 54=2|")
    }

    @Test func keptNumbersSurviveATornWrite() throws {
        let old = FIXSequenceRecord(generation: 4, numbers: FIXSequence(sender: 10, target: 20))
        let new = FIXSequenceRecord(generation: 5, numbers: FIXSequence(sender: 11, target: 20))
        var file = old.bytes + new.bytes
        #expect(FIXSequenceRecord.latest(in: file) == new)
        for cut in 0..<FIXSequenceRecord.size {
            var torn = file
            torn[FIXSequenceRecord.size + cut] ^= 0x40
            #expect(FIXSequenceRecord.latest(in: torn) == old, "byte \(cut)")
        }
        file[10] ^= 1
        file[50] ^= 1
        #expect(FIXSequenceRecord.latest(in: file) == nil)
        #expect(FIXSequenceRecord.latest(in: []) == nil)
    }
}
