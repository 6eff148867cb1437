import TLS

/// Why an address is refused before anything is dialled.
public struct AddressError: Error, Hashable, Sendable, CustomStringConvertible {
    public let description: String
}

/// Where a service lives: scheme, host, port and what its paths begin with.
///
/// Without TLS only this machine can be reached (S8).
public struct Origin: Hashable, Sendable, CustomStringConvertible {
    public let isSecure: Bool
    public let host: String
    public let port: Int
    /// Empty, or begins with a slash and does not end with one. For a WebSocket, its whole path and query.
    public let path: String

    /// Reads `https://host:port/prefix`, `wss://host/path?query`, or `tls://host:port` of a stream without frames.
    ///
    /// - Throws: For other schemes, user names in the address, fragments, plain text to another machine.
    public init(_ text: String) throws(AddressError) {
        func wrong(_ why: String) -> AddressError { AddressError(description: "address \(text): \(why)") }
        guard text.utf8.allSatisfy({ $0 > 32 && $0 < 127 }) else {
            throw AddressError(description: "an address of plain ASCII without spaces was expected")
        }
        guard let colon = text.firstRange(of: "://") else { throw wrong("expected https://, http://, wss://, ws://, tls:// or tcp://") }
        switch text[..<colon.lowerBound].lowercased() {
        case "https", "wss", "tls": isSecure = true
        case "http", "ws", "tcp": isSecure = false
        default: throw wrong("expected https://, http://, wss://, ws://, tls:// or tcp://")
        }
        let rest = text[colon.upperBound...]
        let end = rest.firstIndex { $0 == "/" || $0 == "?" || $0 == "#" } ?? rest.endIndex
        let authority = rest[..<end]
        guard !rest.contains("#") else { throw wrong("a fragment (#) is never sent") }
        guard !authority.contains("@") else {
            throw AddressError(description: "an address must not hold a user name or password")
        }
        (host, port) = try Origin.split(authority, isSecure: isSecure, wrong)
        var path = String(rest[end...])
        if path.hasPrefix("?") { path = "/" + path }
        while path.hasSuffix("/") { path.removeLast() }
        self.path = path
        guard isSecure || Loopback.contains(host) else { throw wrong("without TLS only this machine may be reached") }
    }

    private static func split(
        _ authority: Substring, isSecure: Bool, _ wrong: (String) -> AddressError
    ) throws(AddressError) -> (String, Int) {
        var host = authority
        var port = isSecure ? 443 : 80
        let afterBracket = authority.lastIndex(of: "]") ?? authority.startIndex
        if let colon = authority[afterBracket...].lastIndex(of: ":") {
            guard let value = UInt16(authority[authority.index(after: colon)...]), value > 0 else {
                throw wrong("expected a port of 1 to 65535 after the colon")
            }
            port = Int(value)
            host = authority[..<colon]
        }
        if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
        guard !host.isEmpty, !host.contains("["), !host.contains("]") else { throw wrong("expected a host") }
        return (host.lowercased(), port)
    }

    /// The `Host` header: the port only where it is not the scheme's own.
    var authority: String {
        let name = host.contains(":") ? "[\(host)]" : host
        return port == (isSecure ? 443 : 80) ? name : "\(name):\(port)"
    }

    public var description: String { "\(isSecure ? "https" : "http")://\(authority)\(path)" }
}
