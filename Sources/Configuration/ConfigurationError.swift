/// What is wrong with a configuration file: which file, line and key, what was found, and what was expected.
public struct ConfigurationError: Error, Hashable, Sendable, CustomStringConvertible {
    /// One line for people. It never contains a secret.
    public let message: String
    public var description: String { message }
}
