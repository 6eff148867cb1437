internal import Domain
internal import FIX
internal import JSON

/// An order of a FIX session: what its reports told, and which executions wait for their fees.
struct ApifinyFIXOrder {
    var venueID: String
    var symbol: String
    var side: Side
    var quantity: ExactDecimal?
    var fills = FIXFills()
    /// Told by reports and not yet told on, with what was executed in all.
    var waiting: [(cumulative: ExactDecimal, execution: FIXFills.Execution, time: Timestamp)] = []
    var attempts = 0

    init(_ order: ApifinyNewOrder) {
        (venueID, symbol, side, quantity) = (order.venueID, order.symbol, order.side, order.quantity)
    }

    init(_ venueID: String, _ report: FIXExecution) {
        (self.venueID, symbol, side, quantity) = (venueID, report.symbol ?? "", report.side ?? .buy, report.quantity)
    }
}

/// ExecutionReports: what they say of the order at once, its fills with their fees as soon as the venue lists them.
extension ApifinySession {
    /// How often a list is asked for executions that a report told, before the report's own word is taken.
    static let mostFillAttempts = 6

    mutating func track(_ order: ApifinyFIXOrder) {
        if fixOrders.updateValue(order, forKey: order.venueID) == nil { fixOrderSequence.append(order.venueID) }
        if fixOrderSequence.count > 8_192 {
            for old in fixOrderSequence.prefix(4_096) where fixOrders[old]?.waiting.isEmpty ?? true { fixOrders[old] = nil }
            fixOrderSequence.removeFirst(4_096)
        }
    }

    mutating func report(_ report: FIXExecution) {
        // The client's id comes with acknowledgements only; later reports have the order's, learnt from them.
        let known = report.clientID ?? report.orderID.map { fixNames[$0] ?? $0 }
        guard let venueID = known else { return }
        if let orderID = report.orderID, orderID != venueID {
            if fixNames.count > 16_384 { fixNames = [:] }
            fixNames[orderID] = venueID
        }
        if fixOrders[venueID] == nil { track(ApifinyFIXOrder(venueID, report)) }
        guard var order = fixOrders[venueID] else { return }
        let change = order.fills.apply(report)
        take(change, &order, report)
        fixOrders[venueID] = order
        tellOrder(order, report)
        if !order.waiting.isEmpty { wantFills(venueID) }
    }

    private mutating func take(_ change: FIXFills.Change, _ order: inout ApifinyFIXOrder, _ report: FIXExecution) {
        switch change {
        case .nothing: break
        case .filled(let execution):
            order.waiting.append((order.fills.total, execution, report.time ?? now.wall))
            named(order.venueID, order.fills.total.description, execution.quantity)
            order.attempts = 0
        case .busted(let execution): reversed("execution \(execution.id) of order \(order.venueID), \(execution.quantity) at \(execution.price), was taken back", order)
        case .corrected(let old, let new):
            reversed("execution \(old.id) of order \(order.venueID) was corrected from \(old.quantity) at \(old.price) to \(new.quantity) at \(new.price)", order)
        case .contradiction(let text):
            tell(.alarm("FIX: order \(order.venueID): \(text)"))
            wantFills(order.venueID)
        }
    }

    /// What was booked is not so (F20): nobody trades on it before it was looked at.
    private mutating func reversed(_ text: String, _ order: ApifinyFIXOrder) {
        tell(.alarm("the venue reverses a fill: \(text); the instrument is halted"))
        if let index = core.places[order.symbol] { tell(.status(InstrumentID(index: index), .halted)) }
    }

    private mutating func tellOrder(_ order: ApifinyFIXOrder, _ report: FIXExecution) {
        let state: VenueOrder.State =
            switch report.status {
            case .pendingNew: .pending
            case .new, .accepted, .partiallyFilled, .pendingCancel, .pendingReplace, .replaced, .stopped, .suspended, .calculated: .open
            case .filled: .filled
            case .cancelled: .cancelled
            case .expired, .doneForDay: .expired
            case .rejected: .rejected(ApifinySession.reason(report.text), code: "103=\(report.rejectReason ?? 0)", message: report.text)
            case .unrecognised(let word): .unrecognised(word)
            }
        if let told = report.cumulative, report.transaction != .status, told != order.fills.total {
            tell(.alarm("FIX: order \(order.venueID) has executed \(told) by its report and \(order.fills.total) by its executions"))
            wantFills(order.venueID)
        }
        let clientID = settings.naming.clientID(of: order.venueID)
        let reference = VenueOrderReference(clientID: clientID, venueID: order.venueID, symbol: order.symbol)
        let made = VenueOrder(
            reference: reference, state: state, side: report.side ?? order.side, quantity: report.quantity ?? order.quantity,
            cumulativeQuantity: report.cumulative ?? order.fills.total, created: OrderNaming.created(order.venueID), updated: report.time ?? now.wall)
        if made.isFinal { settleCancel(order.venueID) }
        tell(order: made)
    }

    private static func reason(_ text: String) -> RejectReason {
        let words = text.lowercased()
        if words.contains("not enough") || words.contains("insufficient") { return .insufficientBalance }
        return words.contains("post") && words.contains("only") ? .postOnly : .venue
    }

    // MARK: - Fills with their fees

    /// Asks for the executions of an order, one question at a time.
    mutating func wantFills(_ venueID: String) {
        guard wantedFills.insert(venueID).inserted else { return }
        askFills(venueID)
    }

    private mutating func askFills(_ venueID: String) {
        let number = nextFillNumber
        nextFillNumber += 1
        fillQuestions[number] = venueID
        let query = [("accountId", settings.accountID), ("venue", settings.venue)] + fillsOf(venueID, until: now.wall)
        submit(Outgoing(purpose: .other(number), call: .get(path: "/order/listFilledOrder", query: query, isSigned: true), route: .rest))
    }

    mutating func readFills(_ number: UInt64, _ reply: Reply) {
        guard let venueID = fillQuestions.removeValue(forKey: number) else { return }
        var rows: [ApifinyExecution] = []
        do throws(JSONError) {
            try ApifinyEnvelope.each(reply.verdict == .done ? reply.result : nil) { row throws(JSONError) in
                let order = try ApifinyOrder(row)
                guard order.venueID == venueID else { return }
                if let execution = ApifinyExecution(order, now: now.wall, grids: core.grids(order.symbol)) { rows.append(execution) }
            }
        } catch {
            rows = []
        }
        let fills = ApifinyExecution.fills(rows, settings.naming, told: namedFills)
        let known = Set(fills.map(\.tradeID))
        for fill in fills { tell(fill: fill) }
        guard var order = fixOrders[venueID] else {
            wantedFills.remove(venueID)
            return
        }
        order.waiting.removeAll { known.contains($0.cumulative.description) }
        order.attempts += 1
        if order.waiting.isEmpty {
            wantedFills.remove(venueID)
        } else if order.attempts >= ApifinySession.mostFillAttempts {
            for (cumulative, execution, time) in order.waiting { tell(fill: estimated(order, cumulative, execution, time)) }
            order.waiting = []
            wantedFills.remove(venueID)
        } else {
            core.out.append(.timer(ApifinySession.fillTimer, after: Span.milliseconds(200)))
        }
        fixOrders[venueID] = order
    }

    /// What reports told and no list has shown yet.
    mutating func fetchFills() {
        let asked = Set(fillQuestions.values)
        for venueID in wantedFills.sorted() where !asked.contains(venueID) { askFills(venueID) }
    }

    /// The report's own word, its fee by the account's rate for takers: better than a position that is wrong.
    private mutating func estimated(
        _ order: ApifinyFIXOrder, _ cumulative: ExactDecimal, _ execution: FIXFills.Execution, _ time: Timestamp
    ) -> VenueFill {
        tell(.alarm("the venue does not list execution \(execution.id) of order \(order.venueID): its fee is estimated"))
        let rate = commission?.taker ?? .zero
        let place = core.places[order.symbol]
        let quote = place.map { core.instruments[$0].quote } ?? ""
        return VenueFill(
            tradeID: cumulative.description,
            reference: VenueOrderReference(clientID: settings.naming.clientID(of: order.venueID), venueID: order.venueID, symbol: order.symbol),
            side: order.side, price: execution.price, quantity: execution.quantity, fee: execution.price * execution.quantity * rate, feeCurrency: quote,
            liquidity: nil, time: time)
    }
}
