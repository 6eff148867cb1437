import Domain
import Foundation
import Testing

@testable import Configuration

/// `sim/profiles/*.toml` and what of them is in the binary.
struct VenueProfileTests {
    private static let folder = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("sim/profiles")

    /// Where this fails a file was edited: copy it into `VenueProfileTexts`.
    @Test(arguments: Settings.Venue.Kind.allCases)
    func theBinaryHasTheFiles(_ kind: Settings.Venue.Kind) throws {
        let file = Self.folder.appendingPathComponent("\(kind.rawValue).toml")
        guard let text = VenueProfile.text(of: kind) else {
            #expect(kind == .sim && !FileManager.default.fileExists(atPath: file.path))
            return
        }
        #expect(try text == String(contentsOf: file, encoding: .utf8))
        #expect(VenueProfile.of(kind)?.venue == kind.rawValue)
    }

    @Test func whatAProfileSays() throws {
        let profile = try #require(VenueProfile.of(.smartvalor))
        #expect(try profile.fees.maker == ExactDecimal("0.0029") && profile.fees.taker == ExactDecimal("0.0029"))
        #expect(profile.entry == Span("150ms") && profile.response == Span("500ms"))
        #expect(profile.queue == "risk-averse" && profile.fills == "partial" && profile.rules.isSpot)
        #expect(profile.rules.orderTypes == ["market", "limit"] && profile.rules.timesInForce == ["GTC"] && !profile.rules.hasPostOnly)
        #expect(VenueProfile.of(.cryptocom)?.rules.maxOpenOrders == 200)
        #expect(VenueProfile.of(.dvchain)?.rules.isSpot == false)
    }

    @Test func aVenueHasTheProfileOfItsKindOrOneOfItsOwn() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("perigee-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        func settings(_ more: String) throws -> Settings {
            try Settings(toml: "[[venue]]\nname = \"a\"\nkind = \"valr\"\n\(more)\n", file: folder.appendingPathComponent("perigee.toml").path)
        }
        #expect(try settings("").venues[0].profile == .of(.valr))
        let own = "venue = \"mine\"\n[fees]\nmaker = \"-0.0001\"\nplaces = 8\n[latency]\nentry = \"1ms\"\n[queue]\nmodel = \"power:3\"\n"
        try own.write(to: folder.appendingPathComponent("own.toml"), atomically: true, encoding: .utf8)
        let profile = try #require(try settings("profile = \"own.toml\"").venues[0].profile)
        #expect(try profile.fees.maker == ExactDecimal("-0.0001") && profile.fees.places == 8)
        #expect(profile.entry == Span("1ms") && profile.response == .zero && profile.queue == "power:3")
        for (bad, words) in [
            ("venue = \"x\"\n[fees]\nmakr = \"0\"\n", "own.toml:3: fees.makr: unknown key; did you mean \"maker\"?"),
            ("venue = \"x\"\n[queue]\nmodel = \"lifo\"\n", "own.toml:3: queue.model: found \"lifo\"; expected risk-averse"),
            ("venue = \"x\"\n[rules]\norder_types = [\"iceberg\"]\n", "own.toml:3: rules.order_types: found \"iceberg\"; expected some of market"),
            ("[fees]\nmaker = \"0\"\n", "venue is missing"),
        ] {
            try bad.write(to: folder.appendingPathComponent("own.toml"), atomically: true, encoding: .utf8)
            do {
                _ = try settings("profile = \"own.toml\"")
                Issue.record("taken: \(bad)")
            } catch let error as ConfigurationError {
                #expect(error.message.contains(words), "\(error.message)")
            }
        }
    }
}
