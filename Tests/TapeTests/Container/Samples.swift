import Domain
import Glibc
import Tape

/// SplitMix64: a small seeded generator, the same everywhere.
struct SplitMix: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed }
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
    mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }
    mutating func chance(_ one: Int) -> Bool { below(one) == 0 }
}

/// A folder that goes away with its owner.
final class TemporaryFolder {
    let root: String
    init() throws {
        var template = Array("/tmp/perigee-tape-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw TapeError.noTapes }
        root = template.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }  // house-ok: the template is not empty
    }
    func path(_ name: String) -> String { root + "/" + name }
    func write(_ bytes: some Collection<UInt8>, to name: String) -> String {
        let path = path(name)
        let file = fopen(path, "wb")
        let copy = Array(bytes)
        fwrite(copy, 1, copy.count, file)
        fclose(file)
        return path
    }
    static func read(_ path: String) -> [UInt8] {
        guard let file = fopen(path, "rb") else { return [] }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            let count = fread(&chunk, 1, chunk.count, file)
            if count == 0 { return bytes }
            bytes.append(contentsOf: chunk[..<count])
        }
    }
    deinit {
        if let folder = opendir(root) {
            while let entry = readdir(folder) {
                let name = withUnsafePointer(to: &entry.pointee.d_name) {
                    $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                }
                if name != "." && name != ".." { unlink(root + "/" + name) }
            }
            closedir(folder)
        }
        rmdir(root)
    }
}

enum Samples {
    static func instruments(_ count: Int) throws -> [Instrument] {
        var list: [Instrument] = []
        for index in 0..<count { list.append(try instrument(index)) }
        return list
    }

    private static func instrument(_ index: Int) throws -> Instrument {
        let name: String = "C\(index)"
        let tick = try ExactDecimal("0.0\(index + 1)")
        let kind: DataKind = index % 2 == 0 ? .level2 : .quotes
        return try Instrument(
            venue: "file", symbol: name + "_USDT", nativeSymbol: name + "USDT", base: name, quote: "USDT",
            tick: tick, lot: ExactDecimal("0.001"), sizeUnit: ExactDecimal("0.00001"),
            minQuantity: Quantity(lots: Int64(index + 1)), minNotional: Amount(raw: 5),
            makerFee: ExactDecimal("-0.0001"), takerFee: ExactDecimal("0.0007"),
            barInterval: Span(nanoseconds: Int64(index)), dataKind: kind)
    }

    static let kinds: [MarketRecord.Kind] = [
        .level, .clear, .trade, .quote, .bar, .orderAdd, .orderModify, .orderCancel, .orderFill, .status,
    ]

    /// Local times in order with ties, exchange times that step back, every kind, some venue-only and desk-only records.
    static func disordered(
        _ random: inout SplitMix, count: Int, instruments: Int, start: Int64 = 1_700_000_000_000_000_000, disorder: Int = 50,
        extreme: Bool = false
    ) -> [MarketRecord] {
        var local = start
        var venueOnly = start - 1_000_000
        var records: [MarketRecord] = []
        for _ in 0..<count {
            if !random.chance(4) { local += Int64(random.below(1000)) * 1000 }
            let lag = Int64(random.below(disorder)) * 10_000
            var record = record(&random, local: local, exchange: local - lag, instruments: instruments, extreme: extreme)
            if random.chance(20) {
                record.flags |= MarketRecord.Flag.deskOnly
            } else if random.chance(20) {
                record.flags |= MarketRecord.Flag.venueOnly
                venueOnly = max(venueOnly, record.exchangeTime)
                record.exchangeTime = venueOnly
            }
            records.append(record)
        }
        return records
    }

    private static func record(
        _ random: inout SplitMix, local: Int64, exchange: Int64, instruments: Int, extreme: Bool
    ) -> MarketRecord {
        let sides: [Side?] = [nil, .buy, .sell]
        let kind = kinds[random.below(random.chance(3) ? kinds.count : 4)]
        let side = sides[random.below(3)]
        var record = MarketRecord(
            kind: kind, instrument: InstrumentID(index: random.below(instruments)), localTime: local, exchangeTime: exchange,
            side: side, flags: random.chance(3) ? MarketRecord.Flag.endOfBatch : 0)
        record.a = value(&random, extreme: extreme)
        record.b = value(&random, extreme: extreme)
        record.c = value(&random, extreme: extreme)
        record.d = value(&random, extreme: extreme)
        record.e = value(&random, extreme: extreme)
        record.aux = UInt32(random.below(1 << 20))
        return record
    }

    private static func value(_ random: inout SplitMix, extreme: Bool) -> Int64 {
        if !extreme { return Int64(random.below(100_000)) }
        let shift = Int64(random.below(64))
        return Int64(bitPattern: random.next()) >> shift
    }
}
