public import Domain

/// What a simulated venue does wrong, and when: the faults of `docs/safety.md` as data.
public struct FaultPlan: Sendable {
    public enum Fault: String, CaseIterable, Hashable, Sendable {
        /// Done, and not answered.
        case dropAnswer = "drop_answer"
        /// Not done, and not answered.
        case ignore
        /// Done, answered later by `delay`.
        case late
        /// Done, and the connection is reset instead of an answer.
        case resetAfter = "reset_after"
        /// Not done, and the connection is reset.
        case resetBefore = "reset_before"
        /// Done, answered with `status` (REST) or an error code.
        case errorAfter = "error_after"
        /// Not done, answered with `status` (REST) or an error code.
        case errorBefore = "error_before"
        case throttle
        /// Done, answered with half of the text.
        case partial
        /// A push is sent twice, left out, kept back behind the next one, or the stream falls silent.
        case duplicate, skip, reorder, silence
        /// The socket is closed with `code`.
        case close
        /// 301 to another path (F27).
        case redirect
        /// The order is filled before its cancel is looked at.
        case fillFirst = "fill_first"
        /// Answered as if it were done, where the venue's answers are receipts, and never done.
        case receiptOnly = "receipt_only"
        /// A push with something wrong inside that its form does not show: a checksum, a number left out.
        case corrupt
    }

    /// One line of a plan.
    public struct Rule: Hashable, Sendable {
        /// A method of the venue (`create-order`), a push (`order`, `trade`, `book`, `balance`, `ticker`), or `heartbeat`.
        public var event: String
        public var fault: Fault
        /// The first of these events that it befalls, counted from 1.
        public var nth = 1
        /// And then every so many; 0 for never again.
        public var every = 0
        /// How often in all; 0 for without end.
        public var count = 1
        public var delay = Span(nanoseconds: 0)
        /// HTTP status, close code, or the venue's own error code.
        public var code = 0

        public init(on event: String, _ fault: Fault, nth: Int = 1, every: Int = 0, count: Int = 1, delay: Span = .zero, code: Int = 0) {
            (self.event, self.fault, self.nth, self.every) = (event, fault, nth, every)
            (self.count, self.delay, self.code) = (count, delay, code)
        }
    }

    private var rules: [Rule]
    private var seen: [String: Int] = [:]
    private var done: [Int]

    public init(_ rules: [Rule] = []) {
        self.rules = rules
        done = Array(repeating: 0, count: rules.count)
    }

    public mutating func add(_ rule: Rule) {
        rules.append(rule)
        done.append(0)
        seen[rule.event] = 0
    }

    /// The fault that befalls this event, if one does.
    public mutating func next(_ event: String) -> Rule? {
        let number = seen[event, default: 0] + 1
        seen[event] = number
        for (index, rule) in rules.enumerated() where rule.event == event {
            if rule.count > 0, done[index] >= rule.count { continue }
            let isDue = number == rule.nth || rule.every > 0 && number > rule.nth && (number - rule.nth) % rule.every == 0
            if isDue {
                done[index] += 1
                return rule
            }
        }
        return nil
    }
}
