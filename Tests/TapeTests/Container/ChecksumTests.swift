import CChecksum
import Domain
import Tape
import Testing

@Suite struct ChecksumTests {
    /// One bit at a time, straight from the definition.
    static func naive(_ bytes: ArraySlice<UInt8>) -> UInt32 {
        var sum: UInt32 = 0xFFFF_FFFF
        for byte in bytes {
            sum ^= UInt32(byte)
            for _ in 0..<8 { sum = sum & 1 == 1 ? (sum >> 1) ^ 0x82F6_3B78 : sum >> 1 }
        }
        return ~sum
    }

    /// RFC 3720, B.4.
    @Test func knownValues() {
        let rising: [UInt8] = Array(0...31)
        let falling: [UInt8] = rising.reversed()
        let vectors: [([UInt8], UInt32)] = [
            ([UInt8](repeating: 0, count: 32), 0x8A91_36AA), ([UInt8](repeating: 0xFF, count: 32), 0x62A8_AB43),
            (rising, 0x46DD_794E), (falling, 0x113F_DB5C), ([UInt8]("123456789".utf8), 0xE306_9283),
        ]
        for (bytes, expected) in vectors {
            #expect(cchecksum_crc32c(0, bytes, bytes.count) == expected)
            #expect(cchecksum_crc32c_portable(0, bytes, bytes.count) == expected)
        }
    }

    @Test func everyLengthAndEveryWay() {
        var random = SplitMix(seed: 11)
        let bytes = (0..<60_000).map { _ in UInt8(truncatingIfNeeded: random.next()) }
        let longer: [Int] = [255, 256, 767, 768, 769, 24_575, 24_576, 24_577, 49_999]
        let lengths: [Int] = Array(0..<40) + longer
        for length in lengths {
            let start = random.below(9)
            let slice = bytes[start..<(start + length)]
            let expected = ChecksumTests.naive(slice)
            let cut = length == 0 ? 0 : random.below(length)
            slice.withUnsafeBytes { raw in
                #expect(cchecksum_crc32c(0, raw.baseAddress, length) == expected)
                #expect(cchecksum_crc32c_portable(0, raw.baseAddress, length) == expected)
                let first = cchecksum_crc32c(0, raw.baseAddress, cut)
                #expect(cchecksum_crc32c(first, raw.baseAddress.map { $0 + cut }, length - cut) == expected, "cut at \(cut) of \(length)")
            }
        }
    }

    /// FIPS 180-2, B.
    @Test func sha256() throws {
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        #expect(SHA256.digest(Array("abc".utf8)) == abc)
        #expect(SHA256.digest([]) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
        let million = [UInt8](repeating: UInt8(ascii: "a"), count: 1_000_000)
        let digest = "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
        #expect(SHA256.digest(million) == digest)
        let folder = try TemporaryFolder()
        #expect(try SHA256.fileDigest(path: folder.write(million + million, to: "a")) == SHA256.digest(million + million))
        #expect(throws: TapeError.self) { try SHA256.fileDigest(path: folder.path("absent")) }
    }
}

/// Packed tapes are small enough to commit.
@Suite struct PackedSizeTests {
    @Test func aTenthOfAYearOfMinuteBars() throws {
        let folder = try TemporaryFolder()
        let path = folder.path("bars.tape")
        let writer = try TapeWriter(path: path, instruments: Samples.instruments(1), metadata: [], encoding: .packed)
        var random = SplitMix(seed: 5)
        var price: Int64 = 6_000_000
        let minute: Int64 = 60_000_000_000
        for row in 0..<52_560 {
            func step(_ width: Int) -> Int64 { Int64(random.below(width) + random.below(width)) - Int64(width) }
            let open = price
            price += step(800)
            let high = max(open, price) + Int64(random.below(400))
            let low = min(open, price) - Int64(random.below(400))
            let time = 1_672_531_200_000_000_000 + Int64(row) * minute
            let record = MarketRecord(
                kind: .bar, instrument: InstrumentID(index: 0), localTime: time + minute, exchangeTime: time, flags: 1, a: open,
                b: high, c: low, d: price, e: Int64(random.below(60_000)), aux: UInt32(random.below(900)))
            try writer.append(record)
        }
        try writer.finish()
        let size = try TapeReader(path: path).fileBytes
        #expect(size <= 450_000, "\(size) bytes; a year of them must fit in 4.5 MB")
    }

    @Test func aLevelTwoTapeTakesSevenBytesARecord() throws {
        let folder = try TemporaryFolder()
        let path = folder.path("l2.tape")
        let writer = try TapeWriter(path: path, instruments: Samples.instruments(1), metadata: [], encoding: .packed)
        var random = SplitMix(seed: 6)
        var (price, exchange, local): (Int64, Int64, Int64) = (600_000, 1_700_000_000_000_000_000, 0)
        let count = 40_000
        var left = 0
        for _ in 0..<count {
            if left == 0 {
                exchange += Int64(random.below(200)) * 1_000_000
                local = max(local + 1, exchange + 5_000_000 + Int64(random.below(4_000_000)))
                price += Int64(random.below(9)) - 4
                left = 1 + random.below(8)
            }
            left -= 1
            let side: Side = left % 2 == 0 ? .buy : .sell
            try writer.append(
                MarketRecord(
                    kind: random.chance(10) ? .trade : .level, instrument: InstrumentID(index: 0), localTime: local,
                    exchangeTime: exchange, side: side, flags: left == 0 ? MarketRecord.Flag.endOfBatch : 0,
                    a: price - side.sign * Int64(random.below(20)), b: random.chance(4) ? 0 : Int64(random.below(200_000))))
        }
        try writer.finish()
        let size = try TapeReader(path: path).fileBytes
        #expect(size <= 7 * count, "\(Double(size) / Double(count)) bytes a record")
    }
}
