import Domain
import Glibc
internal import Synchronization

/// Tells a registry what the account's ledger knows of orders that were sent, on a thread of its own: a disk that is slow or gone holds up
/// no cancel, it only keeps an empty listing from being believed too early.
public final class LedgerFollower: Sendable {
    private let path: String
    private let registry: LiveOrderRegistry
    private let isStopping = Atomic<Bool>(false)
    private let wake = Wakeup()
    static let period: Int32 = 50

    /// Begins to read at once.
    ///
    /// - Parameter folder: The state folder; it need not exist.
    public init(folder: String, into registry: LiveOrderRegistry) {
        (path, self.registry) = ("\(folder)/ledger", registry)
        registry.cover(.unsure(why: "the ledger was not read yet"))
        if !OwnThread.start({ self.follow() }) { registry.cover(.unsure(why: "the ledger is not read: the system has no thread left")) }
    }

    /// No more reading.
    public func stop() {
        isStopping.store(true, ordering: .releasing)
        wake.knock()
    }

    private func follow() {
        var tail: LedgerTail?
        var known: [String: LedgerTail.Order] = [:]
        while !isStopping.load(ordering: .acquiring) {
            do throws(LedgerError) {
                if tail == nil { tail = try LedgerTail(path: path) }
                try tail?.catchUp(path: path)
                publish(tail?.open ?? [:], &known)
                let skipped = tail?.skippedBytes ?? 0
                registry.cover(skipped == 0 ? .whole : .unsure(why: "\(path): \(skipped) bytes are damaged"))
            } catch {
                registry.cover(.unsure(why: error.description))
            }
            wake.wait(milliseconds: LedgerFollower.period)
        }
    }

    private func publish(_ open: [String: LedgerTail.Order], _ known: inout [String: LedgerTail.Order]) {
        let (now, wall, boot) = (KillRunner.now, LedgerFollower.read(CLOCK_REALTIME), LedgerFollower.read(CLOCK_BOOTTIME))
        for (clientID, order) in open where known[clientID] != order {
            registry.add(order.reference, venue: order.venue, sent: now - order.age(wall: wall, boot: boot).nanoseconds)
        }
        for (clientID, order) in known where open[clientID] == nil { registry.remove(clientID: clientID, venue: order.venue) }
        known = open
    }

    private static func read(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        // Without a clock everything was sent just now.
        guard unsafe clock_gettime(clock, &time) == 0 else { return .min / 2 }
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}
