/// The next number of each direction: what must survive a restart where a session does not begin anew at every logon.
public struct FIXSequence: Hashable, Sendable, BitwiseCopyable {
    /// Of our next message.
    public var sender: Int64
    /// Expected of the peer's next.
    public var target: Int64
    public static let first = FIXSequence(sender: 1, target: 1)

    public init(sender: Int64, target: Int64) { (self.sender, self.target) = (sender, target) }
}

/// The numbers as a file holds them: two places, written in turn, so that a torn write leaves the one before.
///
/// `PRGFIX01 | generation u64 | sender i64 | target i64 | crc32c u32 | 0 u32`, little endian.
public struct FIXSequenceRecord: Hashable, Sendable {
    public static let size = 40
    private static let magic = Array("PRGFIX01".utf8)
    public var generation: UInt64
    public var numbers: FIXSequence

    public init(generation: UInt64, numbers: FIXSequence) { (self.generation, self.numbers) = (generation, numbers) }

    /// Where it belongs in the file.
    public var offset: Int { generation % 2 == 0 ? 0 : FIXSequenceRecord.size }

    public var bytes: [UInt8] {
        var bytes = FIXSequenceRecord.magic
        for value in [generation, UInt64(bitPattern: numbers.sender), UInt64(bitPattern: numbers.target)] { FIXSequenceRecord.put(value, 8, &bytes) }
        FIXSequenceRecord.put(UInt64(FIXSequenceRecord.crc32c(bytes)), 8, &bytes)
        return bytes
    }

    /// The later of a file's two records; nil where neither is sound, as in a file that was lost.
    public static func latest(in file: [UInt8]) -> FIXSequenceRecord? {
        let found = [0, size].compactMap { offset in file.count >= offset + size ? FIXSequenceRecord(Array(file[offset..<(offset + size)])) : nil }
        return found.max { $0.generation < $1.generation }
    }

    init?(_ bytes: [UInt8]) {
        guard bytes.count == FIXSequenceRecord.size, bytes.starts(with: FIXSequenceRecord.magic) else { return nil }
        let words = (0..<4).map { FIXSequenceRecord.word(bytes, at: 8 + $0 * 8) }
        guard words[3] == UInt64(FIXSequenceRecord.crc32c(Array(bytes.prefix(32)))) else { return nil }
        let numbers = FIXSequence(sender: Int64(bitPattern: words[1]), target: Int64(bitPattern: words[2]))
        guard numbers.sender >= 1, numbers.target >= 1 else { return nil }
        (generation, self.numbers) = (words[0], numbers)
    }

    private static func word(_ bytes: [UInt8], at offset: Int) -> UInt64 {
        var value: UInt64 = 0
        for index in 0..<8 { value |= UInt64(bytes[offset + index]) << UInt64(index * 8) }
        return value
    }

    private static func put(_ value: UInt64, _ count: Int, _ bytes: inout [UInt8]) {
        for index in 0..<count { bytes.append(UInt8(truncatingIfNeeded: value >> UInt64(index * 8))) }
    }

    /// Castagnoli's polynomial, bit by bit: forty bytes need no table.
    private static func crc32c(_ bytes: [UInt8]) -> UInt32 {
        var crc: UInt32 = 0xFFFF_FFFF
        for byte in bytes {
            crc ^= UInt32(byte)
            for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0x82F6_3B78 : crc >> 1 }
        }
        return ~crc
    }
}
