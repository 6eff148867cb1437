import Domain
import Testing
import Venues

@testable import Live

struct CancelProofTests {
    static let order = VenueOrderReference(clientID: "abc1", venueID: "7", symbol: "BTC_USDT")

    func open(_ references: [VenueOrderReference]) -> VenueAnswer {
        .orders(references.map { VenueOrder(reference: $0, state: .open, updated: time(0).wall) })
    }

    /// Answers each listing with what the venue holds, and says what was cancelled.
    func run(_ proof: inout CancelProof, until limit: Double, venue: (Double) -> VenueAnswer?) -> (cleanAt: Double?, cancels: Int) {
        var now = 0.0
        var cancels = 0
        var actions = proof.start(at: time(0))
        while now <= limit {
            var wake = limit + 1
            var next: [CancelProof.Action] = []
            for action in actions {
                switch action {
                case .command(.query(let id, _)):
                    if let answer = venue(now) { next += proof.handle(.answer(id, answer), at: time(now)) }
                case .command(.cancel): cancels += 1
                case .command: break
                case .wake(let span): wake = now + Double(span.nanoseconds) / 1e9
                case .done: return (now, cancels)
                }
            }
            if next.isEmpty {
                now = wake
                next = proof.wake(at: time(now))
            }
            actions = next
        }
        return (nil, cancels)
    }

    @Test("Clean only after two empty listings, far enough apart")
    func twoEmptyListings() throws {
        var proof = CancelProof(capabilities: venueCapabilities, known: [])
        let (cleanAt, _) = run(&proof, until: 10) { _ in open([]) }
        #expect(try #require(cleanAt) >= 1)
        #expect(proof.finding == .clean)
    }

    @Test("What is listed is cancelled again until it is gone")
    func stubborn() throws {
        var proof = CancelProof(capabilities: venueCapabilities, known: [CancelProofTests.order])
        let (cleanAt, cancels) = run(&proof, until: 30) { now in open(now < 3 ? [CancelProofTests.order] : []) }
        #expect(try #require(cleanAt) >= 4)
        #expect(cancels >= 3)
    }

    @Test("An order that appears between the listings starts the proof again")
    func appears() throws {
        var proof = CancelProof(capabilities: venueCapabilities, known: [])
        var listings = 0
        let (cleanAt, cancels) = run(&proof, until: 30) { _ in
            listings += 1
            return open(listings == 2 ? [CancelProofTests.order] : [])
        }
        #expect(cleanAt != nil && cancels == 1 && listings >= 4)
    }

    @Test("Failures and silence prove nothing")
    func unreachable() {
        var proof = CancelProof(capabilities: venueCapabilities, known: [])
        var listings = 0
        let (cleanAt, _) = run(&proof, until: 60) { _ in
            listings += 1
            return listings % 2 == 0 ? nil : .failed(VenueFailure(.unreachable, "connection refused"))
        }
        #expect(cleanAt == nil)
        #expect(proof.finding == .unreachable("connection refused") || proof.finding == .unreachable("no answer to a listing"))
    }

    @Test("While a request may still be executed, an empty listing is not believed")
    func inFlight() throws {
        var proof = CancelProof(capabilities: venueCapabilities, known: [])
        proof.expectInFlight(until: time(5).monotonic)
        let (cleanAt, _) = run(&proof, until: 30) { _ in open([]) }
        #expect(try #require(cleanAt) >= 5)
    }

    @Test("Orders of others are left alone when only ours are to go")
    func othersStay() throws {
        var proof = CancelProof(capabilities: venueCapabilities, known: [], ownPrefix: "abc")
        let other = VenueOrderReference(clientID: "hand", venueID: "9", symbol: "BTC_USDT")
        let (cleanAt, cancels) = run(&proof, until: 30) { _ in open([other]) }
        #expect(cleanAt != nil && cancels == 0)
    }
}
