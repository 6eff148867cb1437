import Domain
import Testing
import Trading

@testable import Recording

/// What is written is read, byte for byte; what nobody wrote is refused, never trapped on.
struct CodecTests {
    private func bytes(_ event: JournalEvent) -> [UInt8] {
        var writer = FieldWriter()
        writer.event(event)
        return writer.bytes
    }
    private func bytes(_ effect: JournalEffect) -> [UInt8] {
        var writer = FieldWriter()
        writer.effect(effect)
        return writer.bytes
    }
    private func bytes(_ head: JournalHead) -> [UInt8] {
        var writer = FieldWriter()
        writer.head(head)
        return writer.bytes
    }

    @Test(arguments: 1...50 as ClosedRange<UInt64>) func eventsComeBack(seed: UInt64) throws {
        var chance = Chance(seed)
        for event in chance.everyEvent() {
            var reader = JournalFields(bytes(event), instruments: 2)
            let read = try reader.event()
            #expect(read == event && reader.fields.isAtEnd, "seed \(seed)")
            #expect(bytes(read) == bytes(event), "seed \(seed)")
        }
    }

    @Test(arguments: 1...50 as ClosedRange<UInt64>) func effectsComeBack(seed: UInt64) throws {
        var chance = Chance(seed)
        let effects = chance.everyEffect()
        let all = effects.flatMap(bytes)
        #expect(try JournalEffects.decode(all, instruments: 2) == effects, "seed \(seed)")
        let instruments = try Chance.instruments()
        for effect in effects where !effect.words(instruments).isEmpty { #expect(!effect.kind.isEmpty) }
    }

    @Test(arguments: 1...20 as ClosedRange<UInt64>) func headsComeBack(seed: UInt64) throws {
        var chance = Chance(seed)
        let head = try chance.head()
        var reader = JournalFields(bytes(head), instruments: 2)
        let read = try reader.head(try Chance.instruments())
        #expect(bytes(read) == bytes(head), "seed \(seed)")
        #expect(read.seats.count == 2 && read.seats[1].parameters.map(\.key) == ["fast", "slow"] && read.live?.messages["a"]?.rate == 3)
    }

    /// Layouts are a contract with journals on disk: a change of one must be a new version.
    @Test func theBytesOfAnEventAreFixed() {
        #expect(bytes(.lost(OrderID(0x0102))) == [6, 2, 1, 0, 0, 0, 0, 0, 0])
        #expect(bytes(.control(.lock(venue: "ab"))) == [7, 3, 2, 0, 0, 0, 97, 98])
        let report = ExecutionReport(order: OrderID(1), instrument: InstrumentID(index: 1), exchangeTime: Timestamp(nanoseconds: -1), fact: .rejected(.venue))
        #expect(bytes(.report(report)) == [2, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 255, 255, 255, 255, 255, 255, 255, 255, 1, 8])
        var digest = EffectDigest()
        digest.add(Array("foobar".utf8))
        #expect(digest.value == 0x8594_4171_F739_67E8, "FNV-1a of 64 bits, as its authors give it")
    }

    /// Decoding random and damaged bytes answers or throws.
    @Test(arguments: 1...40 as ClosedRange<UInt64>) func damagedBytesAreAnsweredOrRefused(seed: UInt64) throws {
        var chance = Chance(seed)
        var refused = 0
        let head = bytes(try chance.head())
        let instruments = try Chance.instruments()
        let samples = chance.everyEvent().map(bytes) + chance.everyEffect().map(bytes) + [head]
        for sample in samples {
            for round in 0..<20 {
                var damaged = sample
                if round == 0 {
                    damaged = (0..<chance.below(100)).map { _ in UInt8(chance.below(256)) }
                } else if round < 8, !damaged.isEmpty {
                    damaged.removeLast(1 + chance.below(damaged.count))
                } else {
                    for _ in 0...chance.below(4) where !damaged.isEmpty { damaged[chance.below(damaged.count)] = UInt8(chance.below(256)) }
                }
                var reader = JournalFields(damaged, instruments: 2)
                if (try? reader.event()) == nil { refused += 1 }
                _ = try? JournalEffects.decode(damaged, instruments: 2)
                reader = JournalFields(damaged, instruments: 2)
                _ = try? reader.head(instruments)
            }
        }
        #expect(refused > 100, "seed \(seed)")
    }
}
