import Foundation

/// Another program that speaks TLS; nil where this machine has none.
final class Program {
    let process = Process()
    let input = Pipe()
    let output = Pipe()
    let folder: URL

    static func find(_ name: String) -> String? {
        ["/usr/bin/", "/usr/local/bin/", "/bin/"].map { $0 + name }.first { FileManager.default.isExecutableFile(atPath: $0) }
    }

    init(_ path: String, _ arguments: [String], files: [String: [UInt8]]) throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("perigee-tls-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        for (name, bytes) in files { try Data(bytes).write(to: folder.appendingPathComponent(name)) }
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = arguments
        process.currentDirectoryURL = folder
        process.standardInput = input
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
    }

    /// Reads what it prints until a line with this prefix, which is returned; nil at its end.
    func line(_ prefix: String) -> String? {
        var line: [UInt8] = []
        while let byte = try? output.fileHandleForReading.read(upToCount: 1)?.first {
            if byte != 10 {
                line.append(byte)
                continue
            }
            let text = String(decoding: line, as: UTF8.self)
            if text.hasPrefix(prefix) { return text }
            line = []
        }
        return nil
    }

    deinit {
        // Its mask of signals is that of the thread that began it: SIGTERM may never reach it.
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
        process.waitUntilExit()
        try? FileManager.default.removeItem(at: folder)
    }
}
