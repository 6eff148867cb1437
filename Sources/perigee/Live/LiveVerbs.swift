import ArgumentParser

/// The verbs that need venues. `Sources/perigee/BacktestOnly` has the other one of this name, for a binary that is built without them.
enum LiveVerbs {
    static let all: [any ParsableCommand.Type] = [
        SimCommand.self, PaperCommand.self, LiveCommand.self, RecordCommand.self, KillCommand.self, ArmCommand.self, StatusCommand.self, VenuesCommand.self,
        DeadManCommand.self, AccountCommand.self,
    ]
    /// Verbs that exist, but not in this binary.
    static let absent: [String] = []
}
