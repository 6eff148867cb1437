import Domain
import Foundation
import Glibc
import TLS
import Testing
import VenueSim

@testable import Live

/// I24: runs as an operator has them, with secrets that cannot be mistaken for anything else, and every byte they wrote searched for them.
@Suite(.serialized) struct CanaryTests {
    static let key = "CANARYkey-7f3a91c2d4"
    static let secret = "CANARY/secret+8b5e60=71a9"

    /// The secrets in the spellings in which they could leak.
    private static let forms: [String] = [key, secret].flatMap { text in
        let bytes = Array(text.utf8)
        return [text, Encoding.hex(bytes), Encoding.base64(bytes), String(text.dropFirst(6)), text.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? text]
    }

    private static func run(_ arguments: [String], in folder: String, key: String = key) async throws -> (status: Int32, text: String) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: Program.path)
        process.arguments = arguments
        process.currentDirectoryURL = URL(fileURLWithPath: folder)
        process.environment = ProcessInfo.processInfo.environment.merging(["PERIGEE_TEST_KEY": key, "PERIGEE_TEST_SECRET": secret]) { $1 }
        let name = folder + "/output-\(UUID().uuidString)"
        _ = FileManager.default.createFile(atPath: name, contents: nil)
        process.standardOutput = FileHandle(forWritingAtPath: name)
        process.standardError = process.standardOutput
        process.standardInput = FileHandle.nullDevice
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            process.terminationHandler = { _ in continuation.resume() }
            do { try process.run() } catch { continuation.resume(throwing: error) }
        }
        // Both streams go into one file, and may cut each other's characters.
        return (process.terminationStatus, String(decoding: try Data(contentsOf: URL(fileURLWithPath: name)), as: UTF8.self))
    }

    private static let script = """
        local S = { name = "canary" }
        function S.on_start()
          S.i = market.instrument("BTC_USDT")
          clock.every("200ms", function()
            for _, o in ipairs(S.i:open_orders()) do o:cancel() end
            S.i:buy(0.01, 100)
          end)
        end
        function S.on_order(o) log.info("order %s %s %s", o.id, o.state, tostring(o.reason)) end
        return S
        """

    private static let limits = """
        [risk]
        max_order_value = "5000"
        max_position = { BTC = "1.0" }
        max_open_orders = 20
        price_collar = { aggressive = "1%" }
        daily_loss = "5000"
        [metrics]
        listen = "127.0.0.1:0"
        """

    /// Everything in the folder and below, searched. The configuration itself names no secret either.
    private func expectNone(in folder: TemporaryFolder) throws {
        var searched = 0
        let files = FileManager.default.enumerator(atPath: folder.path)
        while let name = files?.nextObject() as? String {
            guard let data = FileManager.default.contents(atPath: folder.path + "/" + name) else { continue }
            searched += 1
            for form in Self.forms { #expect(data.range(of: Data(form.utf8)) == nil, "\(name) holds \(form)") }
        }
        #expect(searched > 15, "only \(searched) files were there")
    }

    private func expectClosed(_ path: String) throws {
        let files = FileManager.default.enumerator(atPath: path)
        var seen = 0
        while let name = files?.nextObject() as? String {
            var status = stat()
            #expect(lstat(path + "/" + name, &status) == 0)
            #expect(status.st_mode & 0o077 == 0, "\(name) is open to others: \(String(status.st_mode & 0o777, radix: 8))")
            seen += 1
        }
        #expect(seen > 3)
    }

    @Test func noByteThatIsWrittenHoldsASecret() async throws {
        var settings = CryptoComSim.Settings()
        (settings.key, settings.secret) = (Self.key, Self.secret)
        let server = try await SimServer.start(settings: settings)
        let folder = try TemporaryFolder()
        let config = try server.configure(folder, rest: Self.limits)
        let path = folder.path
        try Self.script.write(toFile: folder.path + "/canary.lua", atomically: true, encoding: .utf8)
        let paper = try await Self.run(["paper", "canary.lua", "--config", config, "--out", "paper", "--duration", "2s"], in: path)
        #expect(paper.status == 0, "\(paper.text)")
        async let live = Self.run(["live", "canary.lua", "--config", config, "--yes", "--out", "live", "--duration", "6s"], in: path)
        for _ in 0..<3 { _ = try await Self.run(["status", "--config", config, "--format", "json"], in: path) }
        let lived = try await live
        #expect(lived.status == 0, "\(lived.text)")
        let wrong = try await Self.run(["live", "canary.lua", "--config", config, "--yes", "--out", "wrong"], in: path, key: Self.key + "x")
        #expect(wrong.status == 4, "\(wrong.text)")
        for verb in [["kill", "--config", config], ["status", "--config", config], ["arm", "--config", config], ["kill", "--drill", "--config", config]] {
            _ = try await Self.run(verb, in: path)
        }
        try expectNone(in: folder)
        for name in ["paper", "live", "state"] { try expectClosed(folder.path + "/" + name) }
        try await server.stop()
    }

    @Test func aLiteralIsRefusedAndNotRepeated() async throws {
        let server = try await SimServer.start()
        let folder = try TemporaryFolder()
        let config = try server.configure(folder, rest: Self.limits)
        let path = folder.path
        let text = try String(contentsOfFile: config, encoding: .utf8)
        for broken in [
            text.replacingOccurrences(of: "\"env:PERIGEE_TEST_SECRET\"", with: "\"\(Self.secret)\""),
            text.replacingOccurrences(of: "\"env:PERIGEE_TEST_SECRET\"", with: "\"\(Self.secret)"),
            text.replacingOccurrences(of: "\"env:PERIGEE_TEST_SECRET\"", with: Self.secret),
            text.replacingOccurrences(of: "\"env:PERIGEE_TEST_SECRET\"", with: "\"env:\(Self.secret)\""),
        ] {
            try broken.write(toFile: config, atomically: true, encoding: .utf8)
            for verb in [["live", "canary.lua", "--yes"], ["paper", "canary.lua"], ["kill", "--timeout", "500ms"], ["status"]] {
                let outcome = try await Self.run(verb + ["--config", config], in: path)
                #expect(outcome.status != 0)
                for form in Self.forms { #expect(!outcome.text.contains(form), "\(verb): \(outcome.text)") }
            }
        }
        try await server.stop()
    }
}
