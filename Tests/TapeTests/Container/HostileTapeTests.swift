import CChecksum
import Domain
import Tape
import Testing

/// A checksum shows that bytes are those that were written, not that whoever wrote them was sane: tapes with wrong contents under
/// right checksums give an error or some records, and never a trap.
@Suite struct HostileTapeTests {
    static func reseal(_ bytes: inout [UInt8], at offset: Int) {
        func put(_ value: UInt32, _ place: Int) {
            for byte in 0..<4 { bytes[place + byte] = UInt8(truncatingIfNeeded: value >> (8 * UInt32(byte))) }
        }
        var length = 0
        for byte in (0..<4).reversed() { length = length << 8 | Int(bytes[offset + 36 + byte]) }
        let padded = (length + 63) / 64 * 64
        if offset + 128 + padded <= bytes.count {
            put(bytes.withUnsafeBytes { cchecksum_crc32c(0, $0.baseAddress.map { $0 + offset + 128 }, padded) }, offset + 40)
        }
        put(bytes.withUnsafeBytes { cchecksum_crc32c(0, $0.baseAddress.map { $0 + offset }, 124) }, offset + 124)
    }

    @Test(arguments: [TapeEncoding.plain, .packed], 1...4)
    func wrongContentsUnderRightChecksums(encoding: TapeEncoding, seed: Int) throws {
        let folder = try TemporaryFolder()
        let (path, _) = try DamageTests.makeTape(folder, encoding)
        let blocks = try TapeReader(path: path).blocks
        let whole = TemporaryFolder.read(path)
        let end = blocks[4].offset + blocks[4].bytes
        var random = SplitMix(seed: UInt64(seed))
        var (refused, accepted) = (0, 0)
        for _ in 0..<400 {
            var bytes = Array(whole[..<end])
            let block = blocks[random.below(blocks.count)]
            for _ in 0...random.below(3) {
                let place = block.offset + (random.chance(2) ? random.below(128) : random.below(block.bytes))
                let edges: [UInt8] = [0, 0xFF, 0x7F, 0x80]
                bytes[place] = random.chance(2) ? UInt8(truncatingIfNeeded: random.next()) : edges[random.below(4)]
            }
            HostileTapeTests.reseal(&bytes, at: block.offset)
            let copyPath = folder.write(bytes, to: "hostile.tape")
            do {
                let merged = try MergedTape(paths: [copyPath])
                _ = try merged.firstEarlyRecord()
                _ = try LaneTests.drain(merged.deskLane())
                _ = try LaneTests.drain(merged.venueLane())
                _ = try DamageTests.readAll(copyPath)
                accepted += 1
            } catch {
                refused += 1
            }
        }
        #expect(refused > 50 && accepted > 50, "\(refused) refused, \(accepted) accepted: the test must see both")
    }
}
