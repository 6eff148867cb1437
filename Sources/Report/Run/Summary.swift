public import Domain

/// What `summary.json` holds: every figure of a run in the order of the file.
public struct Summary: Hashable, Sendable {
    public let json: JSON

    public init(json: JSON) { self.json = json }

    /// The text of `summary.json`, and of `--format json`.
    public var text: String { json.pretty }

    public subscript(key: String) -> JSON { json[key] }

    /// A ratio; nil where it is undefined.
    public func ratio(_ key: String) -> Double? { json[key].number }

    /// Under 30 days a year's figures are an extrapolation that means little.
    public var isTooShortForAnnualFigures: Bool {
        guard let length = json["duration_ns"].integer else { return false }
        return length < 30 * 86_400_000_000_000
    }

    public var finalEquity: Amount { json["final_equity"].amount ?? .zero }

    /// Reads `summary.json` of a run's folder.
    public static func read(directory: String) throws(RunFileError) -> Summary {
        let path = directory + "/" + RunFiles.summary
        let bytes = try FileText.readAll(path)
        do {
            return Summary(json: try JSONParser.parse(bytes))
        } catch {
            throw RunFileError(path: path, message: "not the JSON of a run: \(error.message) at byte \(error.offset)")
        }
    }
}

/// The names in a run's folder.
public enum RunFiles {
    public static let summary = "summary.json"
    public static let fills = "fills.csv"
    public static let orders = "orders.csv"
    public static let equity = "equity.csv"
    public static let log = "log.jsonl"
    public static let charts = "charts.json"
    public static let report = "report.html"
}
