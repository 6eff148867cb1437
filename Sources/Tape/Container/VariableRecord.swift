public import Domain

/// A record of variable length: what a journal keeps beside the market records.
public struct VariableRecord: Hashable, Sendable {
    public let type: UInt16
    public let time: Timestamp
    /// Market records that came before it.
    public let position: Int
    public let payload: [UInt8]
}

/// The 32 bytes before each payload: length, type, two zero bytes, time, position, CRC-32C, four zero bytes.
enum VariableCodec {
    static let headerBytes = 32
    private static let crcOffset = 24

    static func append(type: UInt16, time: Int64, position: Int, payload: [UInt8], to bytes: inout [UInt8]) {
        let start = bytes.count
        put(UInt32(payload.count), &bytes)
        put(type, &bytes)
        put(UInt16(0), &bytes)
        put(time, &bytes)
        put(UInt64(position), &bytes)
        put(UInt64(0), &bytes)
        bytes.append(contentsOf: payload)
        let sum = unsafe bytes.withUnsafeBytes { unsafe TapeFormat.checksum(UnsafeRawBufferPointer(rebasing: $0[start...])) }
        for place in 0..<4 { bytes[start + crcOffset + place] = UInt8(truncatingIfNeeded: sum >> (8 * UInt32(place))) }
        while bytes.count & 7 != 0 { bytes.append(0) }
    }

    private static func put(_ value: some FixedWidthInteger, _ bytes: inout [UInt8]) {
        unsafe withUnsafeBytes(of: value.littleEndian) { unsafe bytes.append(contentsOf: $0) }
    }

    /// Reads the record at `offset` and moves it behind; answers what is wrong, where something is.
    static func next(_ bytes: UnsafeRawBufferPointer, at offset: inout Int) -> Result<VariableRecord, Fault> {
        guard bytes.count - offset >= headerBytes else { return .failure(Fault(reason: "a variable record breaks off")) }
        let length = Int(unsafe bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
        let end = offset + headerBytes + length
        guard end <= bytes.count else { return .failure(Fault(reason: "a variable record of \(length) bytes breaks off")) }
        var copy = unsafe Array(UnsafeRawBufferPointer(rebasing: bytes[offset..<end]))
        for place in 0..<4 { copy[crcOffset + place] = 0 }
        let expected = unsafe bytes.loadUnaligned(fromByteOffset: offset + crcOffset, as: UInt32.self)
        guard unsafe copy.withUnsafeBytes({ unsafe TapeFormat.checksum($0) }) == expected else {
            return .failure(Fault(reason: "the checksum of a variable record does not fit"))
        }
        let position = unsafe bytes.loadUnaligned(fromByteOffset: offset + 16, as: UInt64.self)
        let record = unsafe VariableRecord(
            type: bytes.loadUnaligned(fromByteOffset: offset + 4, as: UInt16.self),
            time: Timestamp(nanoseconds: bytes.loadUnaligned(fromByteOffset: offset + 8, as: Int64.self)),
            position: Int(clamping: position), payload: Array(copy[headerBytes...]))
        offset = (end + 7) & ~7
        return .success(record)
    }

    struct Fault: Error { let reason: String }
}
