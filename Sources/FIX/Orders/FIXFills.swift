public import Domain

/// The executions of one order as its reports tell them: each counted once, taken back or corrected exactly (F11, F15, F20).
public struct FIXFills: Hashable, Sendable {
    public struct Execution: Hashable, Sendable {
        public var id: String
        public var quantity: ExactDecimal
        public var price: ExactDecimal
    }

    public enum Change: Hashable, Sendable {
        case filled(Execution)
        /// It never happened.
        case busted(Execution)
        case corrected(from: Execution, to: Execution)
        /// Told before, or nothing was executed.
        case nothing
        /// It does not fit what was told before: to be asked for otherwise.
        case contradiction(String)
    }

    public private(set) var executions: [Execution] = []
    /// Σ of the executions.
    public private(set) var total = ExactDecimal.zero
    private var seen: Set<String> = []

    public init() {}

    /// Takes a report in. A status report never adds a fill, whatever it says.
    public mutating func apply(_ report: FIXExecution) -> Change {
        switch report.transaction {
        case .status: return .nothing
        case .cancel: return bust(report)
        case .correct: return correct(report)
        case .new: return add(report)
        }
    }

    private mutating func add(_ report: FIXExecution) -> Change {
        guard report.type == .partiallyFilled || report.type == .filled || report.lastShares.map({ $0.mantissa > 0 }) == true else { return .nothing }
        if let id = report.executionID, seen.contains(id) { return .nothing }
        guard let quantity = report.lastShares ?? rest(of: report), quantity.mantissa > 0 else {
            return .contradiction("a fill of unknown size")
        }
        guard let price = report.lastPrice ?? report.price ?? report.average else { return .contradiction("a fill without a price") }
        // Without a name of its own, only a total that grows tells it from a repetition.
        guard let sum = total.adding(quantity) else { return .contradiction("a size out of range") }
        if report.executionID == nil {
            guard let cumulative = report.cumulative, cumulative == sum else { return .nothing }
        }
        let execution = Execution(id: report.executionID ?? "cum-\(sum)", quantity: quantity, price: price)
        seen.insert(execution.id)
        executions.append(execution)
        total = sum
        return .filled(execution)
    }

    /// A full fill may leave out how much it was: all that was open.
    private func rest(of report: FIXExecution) -> ExactDecimal? {
        if let cumulative = report.cumulative { return cumulative.adding(-total) }
        guard report.type == .filled, let quantity = report.quantity else { return nil }
        return quantity.adding(-total)
    }

    private mutating func bust(_ report: FIXExecution) -> Change {
        if let id = report.executionID, seen.contains(id) { return .nothing }
        guard let (place, old) = original(report) else { return .contradiction("a cancelled execution that is not known: \(report.refersTo ?? "")") }
        if let id = report.executionID { seen.insert(id) }
        executions.remove(at: place)
        total = total.adding(-old.quantity) ?? total
        return .busted(old)
    }

    private mutating func correct(_ report: FIXExecution) -> Change {
        if let id = report.executionID, seen.contains(id) { return .nothing }
        guard let (place, old) = original(report) else { return .contradiction("a corrected execution that is not known: \(report.refersTo ?? "")") }
        let quantity = report.lastShares ?? old.quantity
        let price = report.lastPrice ?? report.price ?? old.price
        guard quantity.mantissa > 0, let without = total.adding(-old.quantity), let sum = without.adding(quantity) else {
            return .contradiction("a correction to nothing")
        }
        let new = Execution(id: report.executionID ?? old.id + "'", quantity: quantity, price: price)
        executions[place] = new
        seen.insert(new.id)
        total = sum
        return .corrected(from: old, to: new)
    }

    private func original(_ report: FIXExecution) -> (Int, Execution)? {
        guard let id = report.refersTo, let place = executions.firstIndex(where: { $0.id == id }) else { return nil }
        return (place, executions[place])
    }
}
