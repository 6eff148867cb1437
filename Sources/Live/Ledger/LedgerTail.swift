import Domain
import Glibc
import Recording
import Venues

/// What an account's ledger says of orders that may still live, read beside whoever writes it.
///
/// It writes nothing and takes no lock, so it works beside a process that hangs; and it goes on where a restart would refuse: damage is
/// skipped up to the next sound record, and told.
@safe final class LedgerTail {
    struct Order: Hashable {
        var reference: VenueOrderReference
        var venue: String
        /// When it was written that it is about to leave, by the wall's clock and by the one that runs since the machine's start.
        var wall: Int64
        var boot: Int64

        /// How long ago that was: the lesser where the clocks disagree, so that a clock that was set proves nothing too early.
        func age(wall now: Int64, boot: Int64) -> Span {
            var age = max(0, now - wall)
            // The machine may have been started anew since: then that clock says nothing.
            if self.boot <= boot { age = min(age, boot - self.boot) }
            return Span(nanoseconds: age)
        }
    }

    private let descriptor: Int32
    private var offset = 0
    private var rest: [UInt8] = []
    private var hasMagic = false
    /// Sent and not known to have ended, by client id.
    private(set) var open: [String: Order] = [:]
    /// Bytes that no record could be made of, up to the last sound one.
    private(set) var skippedBytes = 0

    /// - Returns: Nil where there is no ledger: nothing was ever sent.
    init?(path: String) throws(LedgerError) {
        descriptor = unsafe Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor < 0 else { return }
        if errno == ENOENT { return nil }
        throw LedgerFile.failure(path, "open")
    }

    deinit { close(descriptor) }

    /// Reads what was written since the last time.
    func catchUp(path: String) throws(LedgerError) {
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { throw LedgerFile.failure(path, "read") }
        if Int(status.st_size) < offset + rest.count { (offset, rest, hasMagic, open, skippedBytes) = (0, [], false, [:], 0) }
        var chunk = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            let place = offset + rest.count
            let count = unsafe chunk.withUnsafeMutableBytes { unsafe pread(descriptor, $0.baseAddress, $0.count, off_t(place)) }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw LedgerFile.failure(path, "read") }
            guard count > 0 else { return }
            rest += chunk[..<count]
            digest()
        }
    }

    private func digest() {
        var place = 0
        if !hasMagic {
            guard rest.count >= LedgerFile.magic.count else { return }
            hasMagic = true
            if Array(rest[..<LedgerFile.magic.count]) == LedgerFile.magic { place = LedgerFile.magic.count }
        }
        while place < rest.count {
            if let end = take(at: place) {
                place = end
                continue
            }
            // A record that is being written, or damage: only where something sound stands behind is it known to be damage.
            guard let next = nextSound(after: place) else { break }
            skippedBytes += next - place
            place = next
        }
        rest.removeFirst(place)
        offset += place
    }

    private func nextSound(after place: Int) -> Int? {
        var next = place + 1
        while next + LedgerFile.headerBytes + 4 <= rest.count {
            if LedgerFile.soundRecord(rest, at: next) != nil { return next }
            next += 1
        }
        return nil
    }

    private func take(at place: Int) -> Int? {
        guard let record = LedgerFile.soundRecord(rest, at: place) else { return nil }
        do throws(FieldReader.Malformed) {
            switch try LedgerCodec.decode(record.kind, record.payload) {
            case .intent(let intent):
                open[intent.clientID] = Order(
                    reference: VenueOrderReference(clientID: intent.clientID, venueID: nil, symbol: intent.symbol), venue: intent.venue,
                    wall: record.wall, boot: record.monotonic)
            case .venueID(let clientID, let venueID): open[clientID]?.reference.venueID = venueID
            case .closed(let clientID, _): open[clientID] = nil
            case .cancelWanted, .unknown, .fill, .baseline, .limits, .note, .release, .accepted: break
            }
        } catch {
            skippedBytes += record.end - place
        }
        return record.end
    }
}
