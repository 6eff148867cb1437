import Glibc

/// Holds the state folder for this process alone, and numbers its starts.
///
/// The lock goes with the process, however it ends (F48).
public final class AccountIdentity: Sendable {
    /// Three characters that begin every client order id of this folder's account.
    public let instance: String
    /// Rises with every start, durably before the first order, so that no id is ever used twice.
    public let epoch: UInt32
    private let lock: Int32
    private static let alphabet = Array("0123456789abcdefghjkmnpqrstvwxyz")

    public init(_ folder: StateFolder) throws(StateError) {
        lock = try AccountIdentity.lock(folder)
        do throws(StateError) {
            instance = try AccountIdentity.instance(folder)
            epoch = try AccountIdentity.nextEpoch(folder)
        } catch {
            close(lock)
            throw error
        }
    }

    deinit { close(lock) }

    static func lock(_ folder: StateFolder) throws(StateError) -> Int32 {
        let path = folder.file("lock")
        let descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw StateFolder.failure(path, "open") }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let isBusy = errno == EWOULDBLOCK
            let holder = ((try? folder.read("lock")) ?? nil).map { String(decoding: $0, as: UTF8.self) } ?? "unknown process"
            close(descriptor)
            if isBusy { throw .busy(path: path, holder: holder) }
            throw StateFolder.failure(path, "lock")
        }
        let text = Array("process \(getpid())".utf8)
        guard ftruncate(descriptor, 0) == 0, unsafe text.withUnsafeBytes({ unsafe pwrite(descriptor, $0.baseAddress, $0.count, 0) }) == text.count else {
            close(descriptor)
            throw StateFolder.failure(path, "write")
        }
        return descriptor
    }

    private static func instance(_ folder: StateFolder) throws(StateError) -> String {
        if let bytes = try folder.read("instance") {
            let text = String(decoding: bytes, as: UTF8.self).filter { $0 != "\n" }
            guard text.count == 3, text.allSatisfy({ alphabet.contains($0) }) else {
                throw .malformed(path: folder.file("instance"), found: text, expected: "three characters of \(String(alphabet))")
            }
            return text
        }
        var generator = SystemRandomNumberGenerator()
        // Never only digits: venues and people take such ids for numbers.
        let text = String([alphabet[10 + Int.random(in: 0..<22, using: &generator)]] + (0..<2).map { _ in alphabet[Int.random(in: 0..<32, using: &generator)] })
        try folder.replace("instance", with: Array((text + "\n").utf8))
        return text
    }

    private static func nextEpoch(_ folder: StateFolder) throws(StateError) -> UInt32 {
        var epoch: UInt32 = 0
        if let bytes = try folder.read("epoch") {
            let text = String(decoding: bytes, as: UTF8.self).filter { $0 != "\n" }
            guard let last = UInt32(text), last < (1 << 20) - 1 else {
                throw .malformed(path: folder.file("epoch"), found: text, expected: "a whole number below \((1 << 20) - 1)")
            }
            epoch = last
        }
        epoch += 1
        try folder.replace("epoch", with: Array("\(epoch)\n".utf8))
        return epoch
    }
}
