import CChecksum

#if !_endian(little)
#error("a tape is little-endian and read in place; this host is not")
#endif

/// How the market records of a block are stored.
public enum TapeEncoding: UInt8, Hashable, Sendable {
    /// 64 bytes a record, read in place from the mapped file.
    case plain = 1
    /// Columns of differences, deflated: small enough to commit; decoded a block at a time.
    case packed = 2

    public var name: String { self == .plain ? "plain" : "packed" }
}

/// Constants of the format that `docs/tape-format.md` describes.
enum TapeFormat {
    static let version: UInt32 = 1
    /// `PRGTAPE\n`: a line feed at the end, so that a transfer in text mode breaks it at once.
    static let fileMagic: UInt64 = 0x0A45_5041_5447_5250
    static let footerMagic: UInt64 = 0x0A44_4E45_5447_5250
    static let blockMagic: UInt32 = 0x4B42_4750
    /// Everything starts at a multiple of this, so that a plain record never straddles a cache line.
    static let alignment = 64
    /// 8,192 records are 512 KiB: they stay in the second-level cache between the check and the reading,
    /// cost 0.02 % for the block's header, and lose little when a tail is torn.
    static let defaultRecordsPerBlock = 8192
    static let maximumRecordsPerBlock = 65536
    static let maximumHeaderBytes = 1 << 26
    static let maximumVariableBytes = 1 << 24
    static let maximumInstruments = 65535

    static func padded(_ length: Int) -> Int { (length + alignment - 1) & ~(alignment - 1) }

    static func checksum(_ bytes: UnsafeRawBufferPointer, from sum: UInt32 = 0) -> UInt32 {
        unsafe cchecksum_crc32c(sum, bytes.baseAddress, bytes.count)
    }
}

/// What a block holds; the raw values of a market block are those of ``TapeEncoding``.
enum BlockKind: UInt8 { case plain = 1, packed = 2, variable = 3, index = 4 }

/// A fixed part of the file that ends in the CRC-32C of what comes before it.
protocol SealedBytes: BitwiseCopyable { var crc: UInt32 { get set } }

extension SealedBytes {
    static var length: Int { MemoryLayout<Self>.size }

    /// The checksum of all bytes but the last four.
    var expectedCRC: UInt32 {
        unsafe withUnsafeBytes(of: self) { bytes in
            unsafe TapeFormat.checksum(UnsafeRawBufferPointer(rebasing: bytes[..<(bytes.count - 4)]))
        }
    }
    var isSealed: Bool { crc == expectedCRC }
    mutating func seal() { crc = expectedCRC }
}

/// First 64 bytes of the file.
struct FileHeader: SealedBytes {
    var magic = TapeFormat.fileMagic
    var version = TapeFormat.version
    /// Of this header, the body and its padding; the first block starts here.
    var headerBytes: UInt32 = 0
    var bodyBytes: UInt32 = 0
    /// Over the body and its padding.
    var bodyCRC: UInt32 = 0
    /// No block holds more market records than this.
    var recordsPerBlock: UInt32 = 0
    var reserved0: UInt32 = 0
    var reserved1: UInt64 = 0
    var reserved2: UInt64 = 0
    var reserved3: UInt64 = 0
    var reserved4: UInt32 = 0
    var crc: UInt32 = 0
}

/// The 128 bytes before a block's payload, and its entry in the index.
struct BlockHeader: SealedBytes {
    var magic = TapeFormat.blockMagic
    var kindByte: UInt8
    var flags: UInt8 = 0
    var reserved0: UInt16 = 0
    /// Place in the file, from 0.
    var number: UInt64
    /// Byte offset of this header in the file.
    var offset: UInt64
    /// Market records in earlier blocks.
    var firstRecord: UInt64
    /// Records in this block (blocks in an index).
    var count: UInt32
    /// Without padding.
    var payloadBytes: UInt32
    /// Over the payload and its padding.
    var payloadCRC: UInt32 = 0
    /// The CRC of the file's header: a block left over from another file is not one of ours.
    var tapeID: UInt32
    var firstLocal: Int64 = .min
    var lastLocal: Int64 = .min
    var minExchange: Int64 = .max
    var maxExchange: Int64 = .min
    var minLag: Int64 = .max
    /// Bit `i mod 64` where instrument `i` occurs.
    var instruments: UInt64 = 0
    var deskCount: UInt32 = 0
    var venueCount: UInt32 = 0
    /// Of a packed block before deflation.
    var unpackedBytes: UInt32 = 0
    var reserved1: UInt32 = 0
    var reserved2: UInt64 = 0
    var reserved3: UInt32 = 0
    var crc: UInt32 = 0

    /// Bits of ``flags``.
    static let exchangeSorted: UInt8 = 1
    static let exchangeMonotone: UInt8 = 2

    var kind: BlockKind? { BlockKind(rawValue: kindByte) }
    var isMarket: Bool { kindByte == BlockKind.plain.rawValue || kindByte == BlockKind.packed.rawValue }
    /// Header, payload and padding.
    var totalBytes: Int { BlockHeader.length + TapeFormat.padded(Int(payloadBytes)) }
    var end: Int { Int(offset) + totalBytes }
}

/// Last 64 bytes of a finished file.
struct FileFooter: SealedBytes {
    var magic = TapeFormat.footerMagic
    var indexOffset: UInt64
    var blocks: UInt64
    var records: UInt64
    var reserved0: UInt64 = 0
    var reserved1: UInt64 = 0
    var reserved2: UInt64 = 0
    var tapeID: UInt32
    var crc: UInt32 = 0
}
