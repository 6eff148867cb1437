public import Domain
import Glibc
internal import Synchronization

/// Writes the latch on a thread of its own: a disk that is full, slow or gone holds up no cancel.
public final class LatchWriter: Sendable {
    public enum Outcome: Hashable, Sendable {
        case written
        /// It was latched before: the first reason stays.
        case already(KillLatch)
        case failed(String)
    }

    private let outcome = Mutex<Outcome?>(nil)

    /// Begins at once, and pokes whoever runs on the folder.
    public init(_ latch: KillLatch, folder path: String) {
        let started = OwnThread.start {
            let found = LatchWriter.write(latch, path)
            self.outcome.withLock { $0 = found }
        }
        if !started { outcome.withLock { $0 = .failed("the system has no thread left") } }
    }

    private static func write(_ latch: KillLatch, _ path: String) -> Outcome {
        do throws(StateError) {
            let folder = try StateFolder(path: path)
            let earlier = KillLatch.read(from: folder)
            if earlier == nil { try latch.write(to: folder) }
            _ = ControlClient.poke(folder, reason: latch.reason)
            return earlier.map { .already($0) } ?? .written
        } catch {
            return .failed(error.description)
        }
    }

    /// Waits so long at most.
    public func result(within span: Span) -> Outcome {
        let deadline = KillRunner.now + span.nanoseconds
        while true {
            if let found = outcome.withLock({ $0 }) { return found }
            if KillRunner.now >= deadline { return .failed("the disk does not answer") }
            _ = poll(nil, 0, 1)
        }
    }
}

extension StateFolder {
    /// Who holds the folder's lock, nil where nobody runs on it.
    public var holder: String? {
        let descriptor = unsafe open(file("lock"), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return nil }
        let bytes: [UInt8]?
        do throws(StateError) { bytes = try read("lock") } catch { return "a process" }
        return bytes.map { String(decoding: $0, as: UTF8.self) } ?? "a process"
    }
}
