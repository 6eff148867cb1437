import Domain

/// Days by their result: equity at the last row of a UTC day against the last row of the day before.
struct DayTally: Sendable {
    struct Day: Hashable, Sendable {
        var day: Int64
        var change: Amount
        var fraction: Double?
    }

    private var opening: Amount
    private var latest: Amount
    private var day: Int64?
    private(set) var up = 0
    private(set) var down = 0
    private(set) var flat = 0
    private(set) var best: Day?
    private(set) var worst: Day?

    init(startingEquity: Amount) { (opening, latest) = (startingEquity, startingEquity) }

    mutating func row(_ time: Timestamp, _ equity: Amount) {
        let today = time.day
        if today != day { close() }
        (day, latest) = (today, equity)
    }

    /// Ends the day at hand.
    mutating func close() {
        guard let day else { return }
        let change = latest - opening
        let fraction = opening.raw == 0 ? nil : change.ratio(to: opening)
        let result = Day(day: day, change: change, fraction: fraction)
        if change > .zero { up += 1 } else if change < .zero { down += 1 } else { flat += 1 }
        if best.map({ change > $0.change }) ?? true { best = result }
        if worst.map({ change < $0.change }) ?? true { worst = result }
        opening = latest
        self.day = nil
    }
}
