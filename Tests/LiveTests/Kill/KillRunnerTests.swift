import Domain
import Foundation
import Testing
import VenueSim
import Venues

@testable import Live

/// The whole procedure against a simulated venue, over TLS on loopback.
struct KillRunnerTests {
    private func kill(_ targets: [KillTarget], timeout: Int64 = 20, known: LiveOrderRegistry = LiveOrderRegistry()) async -> KillReport {
        await blocking { KillRunner.begin(.cancel, targets, timeout: Span(nanoseconds: timeout * 1_000_000_000), known: known).wait() }
    }

    @Test func fiftyOrdersOfTwoInstrumentsAreGoneAndProven() async throws {
        let server = try await SimServer.start(orders: 50)
        let report = await kill([try server.target()])
        #expect(report.exitStatus == 0, "\(report.outcomes.map(\.text))")
        #expect(try await server.open == 0)
        #expect(report.outcomes[0].proven != nil && report.outcomes[0].firstCancel != nil)
        try await server.stop()
    }

    @Test(arguments: [
        [FaultPlan.Rule(on: "cancel-all-orders", .errorBefore, every: 1, count: 0, code: 503)],
        [FaultPlan.Rule(on: "cancel-all-orders", .throttle, every: 1, count: 0)],
        [FaultPlan.Rule(on: "cancel-all-orders", .ignore, every: 1, count: 3), FaultPlan.Rule(on: "cancel-order", .throttle, count: 1)],
        [FaultPlan.Rule(on: "get-open-orders", .errorBefore, every: 1, count: 3, code: 502)],
        [FaultPlan.Rule(on: "get-open-orders", .late, delay: Span(nanoseconds: 800_000_000))],
        [FaultPlan.Rule(on: "get-open-orders", .partial, count: 1), FaultPlan.Rule(on: "cancel-all-orders", .resetBefore, count: 1)],
    ])
    func faultsDoNotStopIt(_ faults: [FaultPlan.Rule]) async throws {
        let server = try await SimServer.start(faults: faults, orders: 6)
        let report = await kill([try server.target()], timeout: 60)
        #expect(report.exitStatus == 0, "\(faults): \(report.outcomes.map(\.text))")
        #expect(try await server.open == 0, "\(faults)")
        try await server.stop()
    }

    @Test func aVenueThatRefusesEveryCancelIsSaidToHaveOrdersLeft() async throws {
        let server = try await SimServer.start(
            faults: ["cancel-all-orders", "cancel-order"].map { FaultPlan.Rule(on: $0, .errorBefore, every: 1, count: 0, code: 503) }, orders: 3)
        let report = await kill([try server.target()], timeout: 3)
        guard case .left(let orders) = report.outcomes[0].finding else { return #expect(Bool(false), "\(report.outcomes[0].text)") }
        #expect(orders.count == 3 && report.exitStatus == 1)
        #expect(report.outcomes[0].text.hasPrefix("cryptocom 3 left: "))
        try await server.stop()
    }

    @Test func oneUnreachableVenueHoldsUpNoOther() async throws {
        let server = try await SimServer.start(orders: 4)
        let gone = try await SimServer.start()
        let dead = try gone.target(name: "dead")
        try await gone.stop()
        let report = await kill([dead, try server.target()], timeout: 4)
        #expect(report.exitStatus == 4)
        #expect(report.outcomes[1].isClean && !report.outcomes[0].isClean, "\(report.outcomes.map(\.text))")
        #expect(report.outcomes[0].text.hasPrefix("dead unreachable: "))
        #expect(try await server.open == 0)
        try await server.stop()
    }

    @Test func wrongCredentialsAreNoCleanAccount() async throws {
        let server = try await SimServer.start(orders: 1)
        let report = await kill([try server.target(key: "wrong")], timeout: 2)
        #expect(report.exitStatus == 4, "\(report.outcomes.map(\.text))")
        try await server.stop()
    }

    @Test func anOrderThatAppearsBehindTheFirstEmptyListingIsCancelledToo() async throws {
        let server = try await SimServer.start(orders: 2)
        let registry = LiveOrderRegistry()
        // Its bytes had left and its answer is out: two empty listings alone would prove nothing.
        registry.add(VenueOrderReference(clientID: "late", venueID: nil, symbol: "BTC_USDT"), venue: "cryptocom")
        server.placeAfter(milliseconds: 1_700)
        let report = await kill([try server.target()], timeout: 20, known: registry)
        #expect(report.exitStatus == 0, "\(report.outcomes.map(\.text))")
        #expect(try await server.open == 0)
        #expect(try await server.count("create-order") == 0)
        try await server.stop()
    }

    @Test func lookingTouchesNothing() async throws {
        let server = try await SimServer.start(orders: 2)
        let target = try server.target()
        let found = await blocking { KillRunner.begin(.inspect, [target], timeout: Span(nanoseconds: 9_000_000_000)).wait() }
        #expect(found.exitStatus == 1)
        #expect(try await server.open == 2)
        #expect(try await server.count("cancel-order") + server.count("cancel-all-orders") == 0)
        try await server.stop()
    }
}
