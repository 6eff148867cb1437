import Foundation
import Testing

/// `ScriptLab`, run as a process of its own, with a limit on its time.
enum Lab {
    static let path: String = {
        for place in [Bundle.main.bundleURL, URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()] {
            let beside = place.appendingPathComponent("ScriptLab").path
            if FileManager.default.isExecutableFile(atPath: beside) { return beside }
        }
        return URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent(".build/debug/ScriptLab").path
    }()

    struct Outcome {
        let status: Int32
        let output: String

        /// `key=value` of an attack's line; `said` is the rest of it.
        subscript(_ key: String) -> String {
            let parts = output.components(separatedBy: key == "said" ? "said=" : " ")
            if key == "said" { return parts.count > 1 ? parts[1] : "" }
            return parts.first { $0.hasPrefix(key + "=") }.map { String($0.dropFirst(key.count + 1)) } ?? ""
        }
    }

    /// - Parameter seconds: of processor time; a process that uses more dies of it.
    static func run(_ arguments: [String], text: String? = nil, seconds: Int = 20) throws -> Outcome {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("perigee-lab-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let (script, out) = (folder.appendingPathComponent("script.lua"), folder.appendingPathComponent("out"))
        try (text ?? "").write(to: script, atomically: true, encoding: .utf8)
        _ = FileManager.default.createFile(atPath: out.path, contents: nil)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        let words = [path] + arguments.map { $0 == "FILE" ? script.path : $0 }
        process.arguments = ["-c", "ulimit -t \(seconds); exec \"$@\"", "sh"] + words
        let handle = try FileHandle(forWritingTo: out)
        process.standardOutput = handle
        process.standardError = handle
        process.standardInput = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        return Outcome(status: process.terminationStatus, output: String(decoding: try Data(contentsOf: out), as: UTF8.self))
    }
}
