import Foundation
import Testing

/// `perigee sim --serve`, as a script would use it.
struct SimServeTests {
    static let busy = Binary.root.appendingPathComponent("sim/scenarios/cryptocom-busy.toml").path

    /// Standard input is at its end from the start: it listens, says where, and stops.
    @Test(arguments: ["cryptocom-busy", "cryptocom-faults"]) func saysWhereAndStops(_ name: String) throws {
        let scratch = try Scratch()
        let scenario = Binary.root.appendingPathComponent("sim/scenarios/\(name).toml").path
        let run = try Binary.run([
            "sim", scenario, "--serve", "cryptocom", "--tls", "--tls-dir", scratch.path("a/tls"), "--config-out", scratch.path("perigee.toml"),
            "--until-stdin-closes",
        ])
        #expect(run.status == 0, "\(run.errors)")
        let lines = run.output.split(separator: "\n").map(String.init)
        #expect(lines.count == 2 && lines[0] == "ca_file \(scratch.path("a/tls/ca.pem"))")
        let port = try #require(lines[1].firstMatch(of: #/cryptocom https://127\.0\.0\.1:(\d+)/v2 wss:/#)?.1)
        #expect(lines[1] == "cryptocom https://127.0.0.1:\(port)/v2 wss://127.0.0.1:\(port)/v2/market wss://127.0.0.1:\(port)/v2/user")
        #expect(try scratch.read("a/tls/ca.pem").hasPrefix("-----BEGIN CERTIFICATE-----"))
        #expect(try !scratch.read("a/tls/ca.pem").contains("PRIVATE"))
        let configuration = try scratch.read("perigee.toml")
        #expect(configuration.contains("rest = \"https://127.0.0.1:\(port)/v2\""))
        #expect(!configuration.contains("secretKey") && configuration.contains("env:CRYPTOCOM_SECRET"))
        // It is a configuration that perigee itself reads.
        let script = try scratch.write("idle.lua", "local S = {}\nfunction S.on_start() end\nreturn S\n")
        let check = try Binary.run(["check", script, "--config", scratch.path("perigee.toml")])
        #expect(check.status == 0, "\(check.errors)")
    }

    @Test(arguments: [
        ("speed = 3", "speeds = 3", "speeds is unknown"), ("kind = \"cryptocom\"", "kind = \"nobody\"", "expected cryptocom"),
        ("speed = 3", "speed = 3\n[[fault]]\non = \"create-order\"\ndo = \"explode\"", "fault.0.do is \"explode\""),
        ("speed = 3", "balances = { USDT = 5.5 }", "write decimals as strings"),
        ("lot = \"0.0001\"", "lot = \"0.0005\"", "a number of decimals"),
    ]) func errorsNameFileLineAndKey(_ found: String, _ wrong: String, _ message: String) throws {
        let scratch = try Scratch()
        var text = try String(contentsOfFile: SimServeTests.busy, encoding: .utf8)
        if wrong.hasPrefix("balances") { text = text.replacing(#/balances = .*\n/#, with: "") }
        let path = try scratch.write("scenario.toml", text.replacing(found, with: wrong, maxReplacements: 1))
        let run = try Binary.run(["sim", path, "--serve", "cryptocom", "--until-stdin-closes"])
        #expect(run.status == 2 && run.errors.contains(message), "\(run.errors)")
        #expect(run.errors.firstMatch(of: #/scenario\.toml:\d+: /#) != nil, "\(run.errors)")
        #expect(run.output.isEmpty)
    }

    @Test func oneOfBothIsExpected() throws {
        let scratch = try Scratch()
        for flags in [[], ["--generate", scratch.path("x.tape"), "--serve", "cryptocom"], ["--serve", "nobody"], ["--serve", "cryptocom", "--port", "70000"]] {
            let run = try Binary.run(["sim", SimServeTests.busy] + flags)
            #expect(run.status == 2 && !run.errors.isEmpty, "\(flags)")
        }
    }
}
