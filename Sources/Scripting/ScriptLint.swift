/// What looks like a slip in a script that loads: nothing here stops it from running.
public struct ScriptLint {
    /// Callbacks that never come without a subscription, and to what.
    private static let feeds = [("on_quote", "quotes"), ("on_book", "book"), ("on_trade", "trades"), ("on_bar", "bars")]

    public let warnings: [String]

    /// - Parameter source: the script's own text; its modules are known to the strategy.
    public init(_ strategy: LuaStrategy, source: [UInt8]) {
        let text = ([source] + strategy.modules.map(\.source)).map { String(decoding: $0, as: UTF8.self) }.joined(separator: "\n")
        var warnings: [String] = []
        for (callback, feed) in ScriptLint.feeds {
            let subscribes = text.contains("\"\(feed)\"") || text.contains("'\(feed)'")
            if strategy.has(callback), !subscribes {
                warnings.append("\(callback) is there, but nothing subscribes to \"\(feed)\": it would never be called")
            }
            if !strategy.has(callback), subscribes, text.contains("subscribe") {
                warnings.append("\"\(feed)\" is subscribed to, but there is no \(callback)")
            }
        }
        for (one, other) in [("on_save", "on_load"), ("on_load", "on_save")] where strategy.has(one) && !strategy.has(other) {
            warnings.append("\(one) is there without \(other)")
        }
        for parameter in strategy.parameters where !text.contains("params.\(parameter.name)") && !text.contains("params[") {
            warnings.append("the parameter \(parameter.name) is never read as params.\(parameter.name)")
        }
        self.warnings = warnings
    }
}
