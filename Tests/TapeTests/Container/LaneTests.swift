import Domain
import Tape
import Testing

/// Both lanes, against a twin that reads everything, filters, and sorts stably.
@Suite struct LaneTests {
    struct Item: Equatable { let time: Int64, instrument: Int, record: MarketRecord }

    static func twin(_ tapes: [[MarketRecord]], maps: [[Int]], venue: Bool) -> [Item] {
        var items: [(item: Item, place: Int)] = []
        for (tape, records) in tapes.enumerated() {
            for record in records {
                let skipped = venue ? MarketRecord.Flag.deskOnly : MarketRecord.Flag.venueOnly
                if record.flags & skipped != 0 { continue }
                let time = venue ? record.exchangeTime : record.localTime
                items.append((Item(time: time, instrument: maps[tape][Int(record.instrument)], record: record), items.count))
            }
        }
        items.sort { ($0.item.time, $0.place) < ($1.item.time, $1.place) }
        return items.map(\.item)
    }

    static func drain(_ lane: consuming TapeLane) throws -> [Item] {
        var items: [Item] = []
        while !lane.isAtEnd {
            items.append(Item(time: lane.time, instrument: lane.instrument, record: lane.record.pointee))
            try lane.advance()
        }
        try lane.advance()
        let isAtEnd = lane.isAtEnd
        #expect(isAtEnd)
        return items
    }

    @Test(arguments: 1...40)
    func lanesAgreeWithTheTwin(seed: Int) throws {
        let folder = try TemporaryFolder()
        var random = SplitMix(seed: UInt64(seed))
        let all = try Samples.instruments(4)
        var tapes: [[MarketRecord]] = []
        var maps: [[Int]] = []
        var paths: [String] = []
        var order: [Int] = []
        for tape in 0..<(1 + random.below(4)) {
            let chosen = Array((0..<4).shuffled(using: &random).prefix(1 + random.below(4)))
            for instrument in chosen where !order.contains(instrument) { order.append(instrument) }
            let start: Int64 = 1_700_000_000_000_000_000 + Int64(random.below(3)) * 50_000_000
            let records = Samples.disordered(
                &random, count: random.below(900), instruments: chosen.count, start: start,
                disorder: [1, 5, 100, 3000][random.below(4)])
            let path = folder.path("\(tape).tape")
            let writer = try TapeWriter(
                path: path, instruments: chosen.map { all[$0] }, metadata: [],
                encoding: random.chance(2) ? .plain : .packed, recordsPerBlock: [1, 7, 64, 8192][random.below(4)])
            for record in records { try writer.append(record) }
            try writer.finish(durably: false)
            tapes.append(records)
            paths.append(path)
            maps.append(chosen)
        }
        let places = maps.map { $0.map { instrument in order.firstIndex(of: instrument) ?? -1 } }
        let merged = try MergedTape(paths: paths)
        #expect(merged.instruments == order.map { all[$0] })
        #expect(merged.recordCount == tapes.reduce(0) { $0 + $1.count })
        let desk = LaneTests.twin(tapes, maps: places, venue: false)
        #expect(try LaneTests.drain(merged.deskLane()) == desk, "seed \(seed)")
        #expect(try LaneTests.drain(merged.venueLane()) == LaneTests.twin(tapes, maps: places, venue: true), "seed \(seed)")
        #expect(merged.firstLocalTime?.nanoseconds == desk.first?.time)
        #expect(merged.lastLocalTime?.nanoseconds == desk.last?.time)
        let from = 1_700_000_000_000_000_000 + Int64(random.below(400)) * 1_000_000
        #expect(
            try LaneTests.drain(merged.deskLane(from: Timestamp(nanoseconds: from))) == desk.filter { $0.time >= from },
            "seed \(seed) from \(from)")
    }
}
