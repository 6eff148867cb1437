import Domain
import Foundation
import Testing
import Venues

@testable import Live

/// A folder of its own for one test, gone with it.
final class TemporaryFolder {
    let path: String
    init() throws {
        path = NSTemporaryDirectory() + "perigee-live-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
    }
    deinit { try? FileManager.default.removeItem(atPath: path) }
}

func decimal(_ text: String) throws -> ExactDecimal { try ExactDecimal(text) }

func instrument(venue: String = "cryptocom", native: String = "BTC_USDT") throws -> Instrument {
    try Instrument(
        venue: venue, symbol: "BTC_USDT", nativeSymbol: native, base: "BTC", quote: "USDT", tick: decimal("0.01"), lot: decimal("0.0001"))
}

func time(_ seconds: Double) -> VenueTime {
    let nanoseconds = Int64(seconds * 1e9)
    return VenueTime(wall: Timestamp(nanoseconds: 1_700_000_000_000_000_000 + nanoseconds), monotonic: nanoseconds)
}

let venueCapabilities = VenueCapabilities(
    orderTypes: [.limit, .market], timesInForce: [.goodTillCancel], hasPostOnly: true, clientIDs: .echoed, refusesRepeatedClientIDs: false,
    hasAmend: false, cancelAll: .instrument, hasCancelOnDisconnect: true, marketData: .push, privateUpdates: .push, hasServerTime: false,
    hasSandbox: true, acceptanceBound: Span(nanoseconds: 2_000_000_000), proofSpacing: Span(nanoseconds: 1_000_000_000), messageRate: 15,
    messageWindow: Span(nanoseconds: 100_000_000))
