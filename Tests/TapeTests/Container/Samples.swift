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
        try (0..<count).map { (index: Int) throws -> Instrument in
            try Instrument(
                venue: "file", symbol: "C\(index)_USDT", nativeSymbol: "C\(index)USDT", base: "C\(index)", quote: "USDT",
                tick: ExactDecimal("0.0\(index + 1)"), lot: ExactDecimal("0.001"), sizeUnit: ExactDecimal("0.00001"),
                minQuantity: Quantity(lots: Int64(index + 1)), minNotional: Amount(raw: 5),
                makerFee: ExactDecimal("-0.0001"), takerFee: ExactDecimal("0.0007"),
                barInterval: Span(nanoseconds: Int64(index)), dataKind: index % 2 == 0 ? .level2 : .quotes)
        }
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
        return (0..<count).map { _ in
            if !random.chance(4) { local += Int64(random.below(1000)) * 1000 }
            let lag = Int64(random.below(disorder)) * 10_000
            func value() -> Int64 {
                extreme ? Int64(bitPattern: random.next()) >> Int64(random.below(64)) : Int64(random.below(100_000))
            }
            var record = MarketRecord(
                kind: kinds[random.below(random.chance(3) ? kinds.count : 4)],
                instrument: InstrumentID(index: random.below(instruments)), localTime: local, exchangeTime: local - lag,
                side: [nil, .buy, .sell][random.below(3)],
                flags: random.chance(3) ? MarketRecord.Flag.endOfBatch : 0,
                a: value(), b: value(), c: value(), d: value(), e: value(), aux: UInt32(random.below(1 << 20)))
            if random.chance(20) {
                record.flags |= MarketRecord.Flag.deskOnly
            } else if random.chance(20) {
                record.flags |= MarketRecord.Flag.venueOnly
                venueOnly = max(venueOnly, record.exchangeTime)
                record.exchangeTime = venueOnly
            }
            return record
        }
    }
}
