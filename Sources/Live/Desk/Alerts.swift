public import Domain

/// Something that a person must see (C29).
public struct Alert: Hashable, Sendable {
    public enum Urgency: String, Hashable, Sendable, CaseIterable { case warning, urgent, critical }

    /// Of the run, from 1: what `perigee status --ack` takes.
    public var number: Int
    /// The control, where one speaks: `C27`; else the part of the desk.
    public var source: String
    public var text: String
    public var urgency: Urgency
    public var raised: Timestamp
    /// How often it happened, and how often it was said again because nobody had acknowledged it.
    public var count = 1
    public var repeats = 0

    public var line: String {
        let again = repeats > 0 ? ", not acknowledged, said for the \(repeats + 1). time" : ""
        return "alert \(number) (\(urgency.rawValue)\(count > 1 ? ", \(count) times" : "")\(again)): \(source): \(text)"
    }
}

/// Alerts that nobody has acknowledged yet: said at once, and again and louder until somebody does.
///
/// A pure value. What happens once is one alert, however often it happens.
public struct Alerts: Sendable {
    /// After so long an alert is said again; each time longer, the last for ever.
    static let pauses: [Int64] = [30_000_000_000, 120_000_000_000, 300_000_000_000]
    /// More than these at a time are counted, not kept: a flood must not hide what began it.
    static let most = 200

    private struct Open {
        var alert: Alert
        var key: String
        var due: Int64
    }

    private var list: [Open] = []
    private var number = 0
    /// Raised while ``most`` were open.
    public private(set) var dropped = 0

    public init() {}

    /// Not acknowledged, oldest first.
    public var open: [Alert] { list.map(\.alert) }

    /// - Parameter key: What makes it the same as an earlier one; its text by itself where nil.
    /// - Returns: What is to be said now; nil where it is known already.
    public mutating func raise(_ source: String, _ text: String, key: String? = nil, urgency: Alert.Urgency = .warning, at now: Timestamp, monotonic: Int64) -> Alert? {
        let key = "\(source)/\(key ?? text)"
        if let place = list.firstIndex(where: { $0.key == key }) {
            list[place].alert.count += 1
            guard urgency.rank > list[place].alert.urgency.rank else { return nil }
            (list[place].alert.urgency, list[place].alert.text) = (urgency, text)
            return list[place].alert
        }
        number += 1
        guard list.count < Alerts.most else {
            dropped += 1
            return nil
        }
        let alert = Alert(number: number, source: source, text: text, urgency: urgency, raised: now)
        list.append(Open(alert: alert, key: key, due: monotonic + Alerts.pauses[0]))
        return alert
    }

    /// What is to be said again, one step more urgent.
    public mutating func due(at monotonic: Int64) -> [Alert] {
        var said: [Alert] = []
        for place in list.indices where list[place].due <= monotonic {
            list[place].alert.repeats += 1
            list[place].alert.urgency = list[place].alert.urgency.next
            list[place].due = monotonic + Alerts.pauses[min(list[place].alert.repeats, Alerts.pauses.count - 1)]
            said.append(list[place].alert)
        }
        return said
    }

    /// A person has seen it; all of them where nil.
    ///
    /// - Returns: How many that were.
    public mutating func acknowledge(_ number: Int?) -> Int {
        let before = list.count
        list.removeAll { number == nil || $0.alert.number == number }
        return before - list.count
    }
}

extension Alert.Urgency {
    var rank: Int { self == .warning ? 0 : self == .urgent ? 1 : 2 }
    var next: Alert.Urgency { self == .warning ? .urgent : .critical }
}
