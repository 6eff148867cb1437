import Glibc

/// Holds the state folder for this process alone. The lock goes with the process, however it ends (F48).
public final class StateLock: Sendable {
    private let descriptor: Int32

    public init(_ folder: StateFolder) throws(StateError) { descriptor = try AccountIdentity.lock(folder) }

    deinit { close(descriptor) }
}
