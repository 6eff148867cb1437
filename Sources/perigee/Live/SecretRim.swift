import Glibc
import Synchronization
import TLS
import Transport

/// Every secret that this process has read, taken out of whatever it writes for people: the last rim, behind the drivers' own (S5).
enum SecretRim {
    private static let known = Mutex(Redactor())

    /// From now on nothing that goes through here shows it; and no core file shows it either.
    static func hide(_ secret: Secret) {
        known.withLock { $0.add(secret) }
        Secure.refuseDumps()
    }

    /// For those who redact by themselves, with what is known by now.
    static var redactor: Redactor { known.withLock { $0 } }

    static func redact(_ text: String) -> String { redactor.redact(text) }

    /// What this process makes from now on is its user's alone (S20).
    static func closeDoors() { umask(0o077) }
}
