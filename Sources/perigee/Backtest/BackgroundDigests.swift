import Dispatch
import Synchronization
import Tape

/// SHA-256 of files, taken on another thread while a run goes on.
final class BackgroundDigests: Sendable {
    private let results: Mutex<[String: Result<String, Failure>]> = Mutex([:])
    private let group = DispatchGroup()

    init(_ paths: [String]) {
        for path in paths {
            DispatchQueue.global().async(group: group) {
                let result: Result<String, Failure>
                do {
                    result = .success(try SHA256.fileDigest(path: path))
                } catch {
                    result = .failure(Failure(.runFailed, "\(error)"))
                }
                self.results.withLock { $0[path] = result }
            }
        }
    }

    /// Waits for the digest of one of the files.
    func digest(of path: String) throws -> String {
        group.wait()
        guard let result = results.withLock({ $0[path] }) else { throw Failure(.runFailed, "\(path): no digest was taken") }
        return try result.get()
    }
}
