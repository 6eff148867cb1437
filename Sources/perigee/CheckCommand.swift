import ArgumentParser
import Configuration
import Scripting

/// `perigee check STRATEGY.lua`.
struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Load a strategy, bind its parameters and look for slips; places nothing.",
        discussion: """
            Runs the file once in the sandbox, without instruments or a desk, and tells its callbacks and parameters.
            With --config the configuration is read too.

              perigee check strategies/sma_cross.lua --set fast=20

            Exit status: 0 it loads (warnings are on stderr); 1 it does not; 2 usage or configuration.
            """)

    @Argument(help: ArgumentHelp("The strategy's file.", valueName: "strategy.lua"))
    var strategy: String

    @Option(help: ArgumentHelp("A configuration to read as well.", valueName: "file.toml"))
    var config: String?

    @Option(help: ArgumentHelp("A parameter: --set fast=20. May be repeated.", valueName: "name=value"))
    var set: [String] = []

    func run() throws {
        if let config {
            do throws(ConfigurationError) {
                _ = try Settings.load(config)
            } catch {
                throw Failure(.usage, error.message)
            }
        }
        let source = try ScriptFile.source(strategy)
        var options = LuaOptions()
        options.parameters = try set.map(CheckCommand.pair)
        let script = try ScriptFile.load(strategy, instruments: [], options: options)
        print("\(strategy): ok, \(script.name)")
        let callbacks = CheckCommand.callbacks.filter(script.has)
        print("callbacks: \(callbacks.isEmpty ? "none" : callbacks.joined(separator: ", "))")
        for parameter in script.parameters { print("parameter: \(parameter.name) = \(CheckCommand.text(parameter.value))") }
        for warning in ScriptLint(script, source: source).warnings { CommandLineMain.say("warning: \(warning)") }
    }

    private static let callbacks = [
        "on_start", "on_quote", "on_book", "on_trade", "on_bar", "on_order", "on_fill", "on_rfq", "on_status", "on_reconcile",
        "on_stop", "on_save", "on_load", "on_rfq_refused",
    ]

    private static func pair(_ text: String) throws -> (key: String, value: String) {
        guard let sign = text.firstIndex(of: "="), sign > text.startIndex else {
            throw Failure(.usage, "--set: found '\(text)', expected name=value")
        }
        return (String(text[..<sign]), String(text[text.index(after: sign)...]))
    }

    private static func text(_ value: LuaParameter) -> String {
        switch value {
        case .integer(let value): "\(value)"
        case .number(let value): "\(value)"
        case .boolean(let value): "\(value)"
        case .text(let value): "\"\(value)\""
        }
    }
}
