import Glibc
import Synchronization

/// Whether SIGINT or SIGTERM has come. The handler only sets a flag; the run looks at it between events.
enum Interrupt {
    private static let pending = Atomic<Bool>(false)

    static var isPending: Bool { pending.load(ordering: .relaxed) }

    static func watch() {
        unblock()
        signal(SIGINT) { _ in Interrupt.pending.store(true, ordering: .relaxed) }
        signal(SIGTERM) { _ in Interrupt.pending.store(true, ordering: .relaxed) }
        // Some parents start their children with every signal blocked.
        var own = sigset_t()
        unsafe sigemptyset(&own)
        unsafe sigaddset(&own, SIGINT)
        unsafe sigaddset(&own, SIGTERM)
        unsafe pthread_sigmask(SIG_UNBLOCK, &own, nil)
    }

    /// Whoever started us may have had them blocked, and a blocked signal stops nothing.
    static func unblock() {
        var signals = sigset_t()
        unsafe sigemptyset(&signals)
        unsafe sigaddset(&signals, SIGINT)
        unsafe sigaddset(&signals, SIGTERM)
        _ = unsafe pthread_sigmask(SIG_UNBLOCK, &signals, nil)
    }
}
