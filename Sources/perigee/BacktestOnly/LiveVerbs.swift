import ArgumentParser

/// The verbs that need venues are not in this binary: it was built with PERIGEE_PARTS=backtest, as the first step of `make demo` is.
enum LiveVerbs {
    static let all: [any ParsableCommand.Type] = []
    /// Verbs that exist, but not in this binary.
    static let absent = ["sim", "paper", "live", "record", "kill", "arm", "status", "venues", "account"]
}
