import Foundation
import Testing

/// What SIGINT and SIGTERM leave behind: nothing that is not complete.
struct InterruptTests {
    /// The unfinished output is a pipe here, so that the verb stands still in the middle of its work until it is interrupted.
    @Test(arguments: [SIGINT, SIGTERM])
    func anInterruptedExportLeavesNothing(_ signal: Int32) throws {
        let scratch = try Scratch()
        let (output, partial) = (scratch.path("x.csv"), scratch.path("x.csv.partial"))
        try #require(mkfifo(partial, 0o600) == 0)
        let reader = open(partial, O_RDONLY | O_NONBLOCK)
        try #require(reader >= 0)
        defer { close(reader) }
        let errors = scratch.path("errors")
        _ = FileManager.default.createFile(atPath: errors, contents: nil)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: Binary.path)
        process.arguments = ["data", "export", Binary.root.appendingPathComponent("backtest-data/btc-l2.tape").path, "--csv", output]
        process.standardError = try FileHandle(forWritingTo: URL(fileURLWithPath: errors))
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        var waiting = pollfd(fd: reader, events: Int16(POLLIN), revents: 0)
        #expect(poll(&waiting, 1, 60_000) == 1, "nothing was written")
        kill(process.processIdentifier, signal)
        process.waitUntilExit()
        #expect(process.terminationReason == .exit && process.terminationStatus == 130)
        #expect(try scratch.read("errors").contains("interrupted"))
        #expect(!FileManager.default.fileExists(atPath: partial) && !FileManager.default.fileExists(atPath: output))
    }
}
