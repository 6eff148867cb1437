/// What a kill needs of a configuration, and nothing else: where the state is, and how to reach each venue.
///
/// Whatever else is wrong with the file is said, and stops nothing (C21, 3).
public struct Essentials: Sendable {
    public var stateDirectory: String
    public var venues: [Settings.Venue] = []
    /// Venues that the file names and that cannot be reached with what it says of them.
    public var unreadable: [(name: String, why: String)] = []
    public var warnings: [String] = []
    /// There is no file, or it cannot be read.
    public var isMissing = false

    private static let needed = ["name", "kind", "environment", "endpoints", "ca_file", "credentials"]
    private static let wanted = needed + ["request_ttl", "instruments", "auth", "poll", "workflow", "venue", "orders", "fix_tls"]

    public init(_ file: String) {
        stateDirectory = Folder(of: file).resolve("state")
        do throws(ConfigurationError) {
            let text = try Settings.contents(of: file)
            do throws(ConfigurationError) {
                let settings = try Settings(toml: text, file: file)
                (stateDirectory, venues) = (settings.run.stateDirectory, settings.venues)
            } catch {
                warnings.append(error.message)
                read(text, file: file)
            }
        } catch {
            warnings.append(error.message)
            isMissing = true
        }
    }

    private mutating func read(_ text: String, file: String) {
        do throws(ConfigurationError) {
            take(try Node(toml: text, file: file), text, file)
        } catch {
            // Not even TOML: each table that matters, by itself.
            for part in Essentials.parts(of: text) {
                do throws(ConfigurationError) {
                    take(try Node(toml: part, file: file), part, file)
                } catch {
                    unreadable.append(("a [[venue]] of \(file)", error.message))
                }
            }
        }
    }

    private mutating func take(_ node: Node, _ text: String, _ file: String) {
        guard case .table(let entries) = node else { return }
        let folder = Folder(of: file)
        for (key, value) in entries {
            if key == "run", case .table(let fields) = value, case .string(let path)? = fields.first(where: { $0.key == "state_dir" })?.value {
                stateDirectory = folder.resolve(path)
            }
            guard key == "venue" else { continue }
            let tables: [Node]
            if case .array(let list) = value { tables = list } else { tables = [value] }
            for (index, table) in tables.enumerated() {
                guard case .table(let fields) = table else { continue }
                takeVenue(fields, "venue[\(index + 1)]", text, file, folder)
            }
        }
    }

    private mutating func takeVenue(_ fields: [(key: String, value: Node)], _ path: String, _ text: String, _ file: String, _ folder: Folder) {
        var name = path
        if case .string(let given)? = fields.first(where: { $0.key == "name" })?.value { name = given }
        guard !venues.contains(where: { $0.name == name }) else { return unreadable.append((name, "a second venue of this name")) }
        var why = ""
        for keys in [nil, Essentials.wanted, Essentials.needed] {
            let kept = keys.map { keys in fields.filter { keys.contains($0.key) } } ?? fields
            do throws(ConfigurationError) {
                venues.append(try Settings.Venue(Section(kept, path: path, file: file, lines: KeyLines(text)), folder: folder))
                return
            } catch {
                if why.isEmpty { why = error.message }
            }
        }
        unreadable.append((name, why))
    }

    /// `[run]`, and each `[[venue]]` with the tables inside it, as texts of their own.
    private static func parts(of text: String) -> [String] {
        var parts: [String] = []
        var isKept = false
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            let bare = line.filter { $0 != " " && $0 != "\t" && $0 != "\r" }
            if bare.hasPrefix("[[venue]]") || bare.hasPrefix("[run]") {
                parts.append("")
                isKept = true
            } else if bare.hasPrefix("[["), !bare.hasPrefix("[[venue.") {
                isKept = false
            } else if bare.hasPrefix("["), bare.contains("]"), !bare.contains(","), !bare.hasPrefix("[[venue."), !bare.hasPrefix("[venue.") {
                isKept = false
            }
            if isKept { parts[parts.count - 1] += line + "\n" }
        }
        return parts
    }
}
