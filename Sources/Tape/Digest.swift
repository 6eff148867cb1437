import COpenSSL
import Glibc

/// SHA-256, fed piece by piece; provenance names tapes and scripts by it.
@safe public struct SHA256: ~Copyable {
    private let context: OpaquePointer

    public init() {
        guard let context = unsafe EVP_MD_CTX_new(), unsafe EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1 else {
            preconditionFailure("OpenSSL has no SHA-256")
        }
        unsafe self.context = unsafe context
    }

    deinit { unsafe EVP_MD_CTX_free(context) }

    public mutating func update(_ bytes: UnsafeRawBufferPointer) {
        unsafe precondition(EVP_DigestUpdate(context, bytes.baseAddress, bytes.count) == 1, "SHA-256 failed")
    }

    /// The digest as 64 lower-case hexadecimal digits.
    public consuming func finish() -> String {
        var digest = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        var length: UInt32 = 0
        unsafe precondition(EVP_DigestFinal_ex(context, &digest, &length) == 1, "SHA-256 failed")
        let digits = Array("0123456789abcdef".utf8)
        let hex = digest[..<Int(length)].flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
        return String(decoding: hex, as: UTF8.self)
    }

    /// Of bytes in memory.
    public static func digest(_ bytes: [UInt8]) -> String {
        var sum = SHA256()
        unsafe bytes.withUnsafeBytes { unsafe sum.update($0) }
        return sum.finish()
    }

    /// Of a file, read in pieces of 1 MiB; shares nothing, so that any thread may call it.
    public static func fileDigest(path: String) throws(TapeError) -> String {
        let descriptor = try SystemFile.open(path, O_RDONLY, operation: "open")
        defer { close(descriptor) }
        var sum = SHA256()
        let chunk = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 64)
        defer { unsafe chunk.deallocate() }
        while true {
            let count = unsafe read(descriptor, chunk.baseAddress, chunk.count)
            if count == 0 { return sum.finish() }
            if count > 0 {
                unsafe sum.update(UnsafeRawBufferPointer(rebasing: chunk[..<count]))
            } else if errno != EINTR {
                throw SystemFile.failure(path, "read")
            }
        }
    }
}
