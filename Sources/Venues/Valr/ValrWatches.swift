internal import Domain

/// What is waited for after a receipt: an order's first word, a cancel's end, the truth about an order that left the list.
struct ValrWatches {
    enum Kind: Equatable {
        /// Placed, as far as the receipt goes.
        case receipt
        case cancel(attempts: Int)
        case look
    }
    struct Entry {
        var kind: Kind
        var reference: VenueOrderReference
        var due: Int64
        var tries = 0
    }

    private(set) var entries: [Entry] = []

    var next: Int64? { entries.map(\.due).min() }

    mutating func add(_ entry: Entry) {
        entries.removeAll { ValrWatches.isSame($0.reference, entry.reference) && ValrWatches.rank($0.kind) == ValrWatches.rank(entry.kind) }
        entries.append(entry)
    }

    mutating func due(at now: Int64) -> [Entry] {
        let due = entries.filter { $0.due <= now }
        if !due.isEmpty { entries.removeAll { $0.due <= now } }
        return due
    }

    /// The order was shown: its receipt is redeemed, and with its end everything is.
    mutating func heard(_ reference: VenueOrderReference, isFinal: Bool) {
        guard !entries.isEmpty else { return }
        entries.removeAll { ValrWatches.isSame($0.reference, reference) && (isFinal || $0.kind == .receipt) }
    }

    mutating func cancelFailed(_ venueID: String) {
        entries.removeAll { $0.reference.venueID == venueID && ValrWatches.rank($0.kind) == 1 }
    }

    func reference(_ venueID: String) -> VenueOrderReference? { entries.first { $0.reference.venueID == venueID }?.reference }

    private static func isSame(_ one: VenueOrderReference, _ other: VenueOrderReference) -> Bool {
        if let id = one.venueID, let same = other.venueID { return id == same }
        if let id = one.clientID, let same = other.clientID { return id == same }
        return false
    }

    private static func rank(_ kind: Kind) -> Int {
        switch kind {
        case .receipt: 0
        case .cancel: 1
        case .look: 2
        }
    }
}

extension ValrSession {
    mutating func watch(_ kind: ValrWatches.Kind, _ reference: VenueOrderReference, after nanoseconds: Int64, tries: Int = 0) {
        watches.add(ValrWatches.Entry(kind: kind, reference: reference, due: now.monotonic + nanoseconds, tries: tries))
        scheduleWatch()
    }

    private mutating func scheduleWatch() {
        guard let next = watches.next else { return }
        core.out.append(.timer(ValrTimer.watch, after: Span(nanoseconds: max(0, next - now.monotonic))))
    }

    /// Asks for what did not come by itself.
    mutating func lookAround() {
        for entry in watches.due(at: now.monotonic) {
            switch entry.kind {
            case .receipt, .look: look(entry)
            case .cancel(let attempts): cancelAgain(entry.reference, attempts)
            }
        }
        scheduleWatch()
    }

    private mutating func cancelAgain(_ reference: VenueOrderReference, _ attempts: Int) {
        guard attempts < 4, let call = cancelling(reference) else {
            return tell(.cancelLost(reference, why: "VALR took the cancel, and did not say that the order ended"))
        }
        submit(Outgoing(purpose: .cancel(reference), call: call, route: .rest, attempts: attempts + 1))
    }

    private mutating func look(_ entry: ValrWatches.Entry) {
        let number = nextLook
        nextLook += 1
        looks[number] = entry
        start(QueryJob(owner: .own(number), kind: .detail(entry.reference)))
    }

    /// What a look has found.
    mutating func looked(_ entry: ValrWatches.Entry, _ answer: VenueAnswer) {
        switch answer {
        case .order(let order?, let fills):
            for fill in fills { tell(fill: fill) }
            tell(order: order)
            follow(order)
            return
        case .order, .failed, .orders, .fills, .balances, .instruments, .serverTime: break
        }
        // Not there, or not to be asked: once more, and then it is unknown.
        if entry.tries < 2 { return watch(entry.kind, entry.reference, after: 1_000_000_000, tries: entry.tries + 1) }
        if entry.kind == .receipt, let clientID = entry.reference.clientID {
            tell(.lost(clientID: clientID, why: "VALR gave a receipt, and does not show the order"))
        }
    }
}
