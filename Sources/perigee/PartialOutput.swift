import Glibc
import Synchronization

/// Takes away the unfinished output of a verb that SIGINT or SIGTERM ends; the file appears only when it is complete.
///
/// For verbs that only copy: there is nothing to finish in good order, so the handler ends the process itself.
enum PartialOutput {
    /// Where the name stands: a C string, as an address.
    private static let path = Atomic<UInt>(0)

    /// - Parameter output: the file that is written as `OUTPUT.partial` and then renamed.
    static func removeOnSignal(_ output: String) {
        // Kept until the process ends: a handler may come at any moment.
        path.store(UInt(bitPattern: unsafe strdup(output + ".partial")), ordering: .sequentiallyConsistent)
        Interrupt.unblock()
        signal(SIGINT) { _ in PartialOutput.giveUp() }
        signal(SIGTERM) { _ in PartialOutput.giveUp() }
    }

    /// Nothing but system calls: it runs in a signal handler.
    private static func giveUp() {
        if let name = unsafe UnsafePointer<CChar>(bitPattern: path.load(ordering: .sequentiallyConsistent)) { _ = unsafe unlink(name) }
        let line: StaticString = "perigee: interrupted: nothing was written\n"
        _ = unsafe write(2, line.utf8Start, line.utf8CodeUnitCount)
        _exit(Failure.Code.interrupted.rawValue)
    }
}
