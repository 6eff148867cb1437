import Domain
public import Market

/// What a scenario says about venues: its `[venue]` or `[[venue]]` tables and its `[[fault]]` list.
public struct VenuePlan: Sendable {
    /// One `[[fault]]`, with the kind it is meant for; nil for every one.
    public struct PlannedFault: Sendable {
        public var kind: SimVenueKind?
        public var rule: FaultPlan.Rule
    }

    public private(set) var tables: [VenueTable] = []
    public private(set) var faults: [PlannedFault] = []

    /// Whether a setting is of this plan, and not of the market's scenario.
    public static func owns(_ key: String) -> Bool { key.hasPrefix("venue.") || key.hasPrefix("fault.") }

    /// - Parameter settings: Those that ``owns(_:)`` says yes to.
    /// - Throws: The first setting that is wrong or unknown.
    public init(_ settings: [ScenarioSetting]) throws(ScenarioError) {
        var reader = SettingsReader(settings)
        if reader.has("venue.0.") {
            for name in reader.names(under: "venue").sorted(by: VenuePlan.isEarlier) {
                let table = try VenueTable(&reader, table: "venue.\(name)")
                if tables.contains(where: { $0.kind == table.kind }) {
                    throw ScenarioError("venue.\(name).kind", "is \"\(table.kind.rawValue)\" a second time")
                }
                tables.append(table)
            }
        } else if reader.has("venue.") {
            tables.append(try VenueTable(&reader, table: "venue"))
        }
        for name in reader.names(under: "fault").sorted(by: VenuePlan.isEarlier) { faults.append(try VenuePlan.fault(&reader, "fault.\(name)")) }
        try reader.finish()
    }

    private static func isEarlier(_ one: String, _ other: String) -> Bool { (Int(one) ?? .max) < (Int(other) ?? .max) }

    private static func fault(_ reader: inout SettingsReader, _ table: String) throws(ScenarioError) -> PlannedFault {
        var kind: SimVenueKind?
        if reader.has("\(table).venue") {
            let word = try reader.text("\(table).venue")
            kind = SimVenueKind(rawValue: word)
            guard kind != nil else {
                throw ScenarioError("\(table).venue", "is \"\(word)\"; expected \(SimVenueKind.allCases.map(\.rawValue).joined(separator: ", "))")
            }
        }
        let points = kind?.faultPoints ?? SimVenueKind.allCases.flatMap(\.faultPoints)
        let event = try reader.text("\(table).on")
        guard points.contains(event) else { throw ScenarioError("\(table).on", "is \"\(event)\"; expected \(points.joined(separator: ", "))") }
        let word = try reader.text("\(table).do")
        guard let fault = FaultPlan.Fault(rawValue: word) else {
            throw ScenarioError("\(table).do", "is \"\(word)\"; expected \(FaultPlan.Fault.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        let nth = Int(try reader.integer("\(table).nth", 1, 1...1_000_000_000))
        let every = Int(try reader.integer("\(table).every", 0, 0...1_000_000_000))
        let count = Int(try reader.integer("\(table).count", every > 0 ? 0 : 1, 0...1_000_000_000))
        let delay = try reader.span("\(table).delay", "0s", from: "0s", to: "1h")
        let code = Int(try reader.integer("\(table).code", 0, 0...1_000_000))
        return PlannedFault(kind: kind, rule: FaultPlan.Rule(on: event, fault, nth: nth, every: every, count: count, delay: delay, code: code))
    }

    /// The table of a kind; its defaults where the scenario has none.
    public func table(_ kind: SimVenueKind) -> VenueTable { tables.first { $0.kind == kind } ?? VenueTable(kind: kind) }

    public func rules(_ kind: SimVenueKind) -> [FaultPlan.Rule] { faults.filter { $0.kind == nil || $0.kind == kind }.map(\.rule) }
}
