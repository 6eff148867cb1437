public import Domain
public import Transport

/// What a session is made from: one `[[venue]]` of the configuration, its secrets read.
public struct VenueSettings: Sendable {
    /// Decides the default addresses; `custom` has none.
    public enum Environment: String, CaseIterable, Sendable { case production, sandbox, custom }

    /// What strategies and other keys call the venue.
    public var name: String
    public var environment: Environment
    /// By the names of the kind: the whole prefix to which the venue's paths are added. What is missing is the environment's default.
    public var endpoints: [String: String]
    /// By the names of the kind; may be empty where the scope is market data.
    public var credentials: [String: Secret]
    /// Longest that a lost request may still be executed; nil for the venue's own bound.
    public var requestLifetime: Span?
    /// The kind's other keys, as texts.
    public var options: [String: String]
    /// What an earlier start kept, by file name.
    public var kept: [String: [UInt8]] = [:]
    /// Of the jitter of reconnecting.
    public var seed: UInt64

    public init(
        name: String, environment: Environment, endpoints: [String: String] = [:], credentials: [String: Secret] = [:],
        requestLifetime: Span? = nil, options: [String: String] = [:], seed: UInt64
    ) {
        (self.name, self.environment, self.endpoints, self.credentials) = (name, environment, endpoints, credentials)
        (self.requestLifetime, self.options, self.seed) = (requestLifetime, options, seed)
    }
}

/// A setting with which no session can be made.
public struct VenueSettingsError: Error, Hashable, Sendable, CustomStringConvertible {
    /// As in the configuration: `endpoints.rest`.
    public let key: String
    public let message: String
    public init(key: String, message: String) { (self.key, self.message) = (key, message) }
    public var description: String { "\(key): \(message)" }
}

extension VenueSettings {
    /// The file in which a session keeps its sequence numbers.
    public var keptName: String { "fix-\(name).seq" }

    /// An endpoint without a slash at its end, checked for its scheme and, where the environment is the venue's own, its domain (C33).
    func endpoint(
        _ key: String, scheme: String, defaults: [String: String], domain: String?
    ) throws(VenueSettingsError) -> String {
        guard var text = endpoints[key] ?? defaults[key] else {
            throw VenueSettingsError(key: "endpoints.\(key)", message: "is missing; the \(environment.rawValue) environment has no default")
        }
        guard text.hasPrefix(scheme + "://") else {
            throw VenueSettingsError(key: "endpoints.\(key)", message: "'\(text)' must begin with \(scheme)://")
        }
        let host = text.dropFirst(scheme.utf8.count + 3).prefix { $0 != "/" && $0 != ":" && $0 != "?" }.lowercased()
        if let domain, host != domain, !host.hasSuffix("." + domain) {
            let message = "'\(host)' is no host of the \(environment.rawValue) environment (\(domain)); other hosts are environment = \"custom\""
            throw VenueSettingsError(key: "endpoints.\(key)", message: message)
        }
        while text.hasSuffix("/") { text.removeLast() }
        return text
    }

    /// A duration among the options.
    func span(_ key: String, default value: Span) throws(VenueSettingsError) -> Span {
        guard let text = options[key] else { return value }
        guard let span = Span(text), span > .zero else {
            throw VenueSettingsError(key: key, message: "'\(text)' is no duration above zero, such as 5s")
        }
        return span
    }

    /// One of a few words among the options.
    func choice(_ key: String, of words: [String]) throws(VenueSettingsError) -> String {
        guard let text = options[key] else { return words[0] }
        guard words.contains(text) else {
            throw VenueSettingsError(key: key, message: "'\(text)' is none of \(words.joined(separator: ", "))")
        }
        return text
    }
}
