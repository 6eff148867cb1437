import ArgumentParser
import Configuration
import Domain
import Live
import Venues

/// `perigee venues`.
struct VenuesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "venues",
        abstract: "What each venue can do, as its connector says; --probe connects and authenticates.",
        discussion: """
            The configuration's venues, or every kind that this perigee has a connector for where there is no configuration.

            --probe connects to each, authenticates where credentials are configured, subscribes to nothing, places nothing, and reports
            how far the venue's clock is from this machine's and how long a question takes.

              perigee venues --probe --config perigee.toml

            Exit status: 0 done; 2 usage or configuration; 4 a venue could not be reached or refused the credentials.
            """)

    enum Format: String, ExpressibleByArgument, CaseIterable { case text, json }

    @Option(help: "The configuration.")
    var config = "perigee.toml"

    @Flag(help: "Connect and authenticate.")
    var probe = false

    @Option(help: "text, or json: one object a venue.")
    var format = Format.text

    @Option(help: "How long a venue may take to answer the probe.")
    var timeout = "15s"

    func run() throws {
        guard let span = Span(timeout), span > .zero else { throw Failure(.usage, "--timeout: found '\(timeout)', expected a duration above zero, such as 15s") }
        guard TextFile.bytes(config) != nil || probe || config != "perigee.toml" else { return show(VenuesCommand.everyKind()) }
        let settings: Settings
        do throws(ConfigurationError) {
            settings = try Settings.load(config)
        } catch {
            throw Failure(.usage, error.message)
        }
        guard !settings.venues.isEmpty else { throw Failure(.usage, "\(config): no [[venue]]; expected at least one, with name and kind") }
        guard probe else {
            return show(settings.venues.map { venue in VenueSheet(name: venue.name, kind: venue.kind.rawValue, capabilities: VenuesCommand.capabilities(venue)) })
        }
        var isReached = true
        for venue in settings.venues {
            let outcome = VenueProbe.run(venue, timeout: span)
            isReached = isReached && outcome.isReached
            CommandLineMain.show(format == .json ? outcome.json : outcome.text)
        }
        if !isReached { throw Failure(.unreachable, "not every venue could be reached") }
    }

    private func show(_ sheets: [VenueSheet]) {
        if format == .json { for sheet in sheets { CommandLineMain.show(sheet.json) } } else { CommandLineMain.show(VenueSheet.table(sheets), terminator: "") }
    }

    /// Nil where this perigee has no connector of the kind.
    static func capabilities(_ venue: Settings.Venue) -> VenueCapabilities? {
        do { return try VenueFactory.session(venue.kind, try VenueFactory.settings(venue, withSecrets: false)).capabilities } catch { return nil }
    }

    private static func everyKind() -> [VenueSheet] {
        Settings.Venue.Kind.allCases.filter { $0 != .sim }.compactMap { kind in
            do throws(ConfigurationError) {
                let settings = try Settings(toml: "[[venue]]\nname = \"\(kind.rawValue)\"\nkind = \"\(kind.rawValue)\"\n", file: "perigee.toml")
                return settings.venues.first.flatMap { venue in
                    capabilities(venue).map { VenueSheet(name: kind.rawValue, kind: kind.rawValue, capabilities: $0) }
                }
            } catch {
                return nil
            }
        }
    }
}

/// One venue's row of the capability table.
struct VenueSheet {
    let name: String
    let kind: String
    /// Nil: no connector, or a simulation inside the process.
    let capabilities: VenueCapabilities?

    /// What there is to say, in order; names as in the JSON.
    var rows: [(name: String, value: String)] {
        guard let own = capabilities else { return [("kind", kind), ("connector", "no")] }
        func yes(_ flag: Bool) -> String { flag ? "yes" : "no" }
        return [
            ("kind", kind),
            ("order_types", own.orderTypes.sorted { $0.rawValue < $1.rawValue }.map(\.name).joined(separator: " ")),
            ("times_in_force", own.timesInForce.sorted { $0.rawValue < $1.rawValue }.map(\.name).joined(separator: " ")),
            ("post_only", yes(own.hasPostOnly)), ("amend", yes(own.hasAmend)), ("client_ids", own.clientIDs.rawValue),
            ("refuses_repeated_ids", yes(own.refusesRepeatedClientIDs)), ("cancel_all", own.cancelAll.rawValue),
            ("cancel_on_disconnect", yes(own.hasCancelOnDisconnect)), ("market_data", own.marketData.rawValue),
            ("private_updates", own.privateUpdates.rawValue), ("server_time", yes(own.hasServerTime)), ("sandbox", yes(own.hasSandbox)),
            ("order_messages", "\(own.messageRate) per \(own.messageWindow.text)"), ("request_ttl", own.acceptanceBound.text),
        ]
    }

    /// Capabilities down, venues across.
    static func table(_ sheets: [VenueSheet]) -> String {
        var names: [String] = []
        for sheet in sheets { for row in sheet.rows where !names.contains(row.name) { names.append(row.name) } }
        var lines = [["venue"] + sheets.map(\.name)]
        for name in names { lines.append([name] + sheets.map { sheet in sheet.rows.first { $0.name == name }?.value ?? "-" }) }
        let widths = lines[0].indices.map { column in lines.map { $0[column].count }.max() ?? 0 }
        var text = ""
        for line in lines {
            var row = ""
            for (cell, width) in zip(line, widths) { row += cell + String(repeating: " ", count: width - cell.count + 2) }
            while row.hasSuffix(" ") { row.removeLast() }
            text += row + "\n"
        }
        return text
    }

    var json: String { VenueSheet.object([("venue", name)] + rows) }

    /// One object of texts.
    static func object(_ fields: [(name: String, value: String)]) -> String {
        "{" + fields.map { "\(quoted($0.name)):\(quoted($0.value))" }.joined(separator: ",") + "}"
    }

    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case _ where scalar.value < 32: result += " "
            case _: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
