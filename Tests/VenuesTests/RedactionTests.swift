import Domain
import Testing
import Transport

@testable import Venues

/// S5 at the rim where a venue's words come in: a server, or something before it, may repeat what it was sent.
struct RedactionTests {
    @Test func noTextOfAnEventRepeatsASecret() {
        var redactor = Redactor()
        redactor.add(Secret(Array("CANARY-4711-abc".utf8)))
        let words = "signature of CANARY-4711-abc is wrong; Q0FOQVJZLTQ3MTEtYWJj"
        let reference = VenueOrderReference(clientID: "a", venueID: "1", symbol: "X")
        let order = VenueOrder(reference: reference, state: .rejected(.venue, code: words, message: words), updated: Timestamp(nanoseconds: 0))
        let odd = VenueOrder(reference: reference, state: .unrecognised(words), updated: Timestamp(nanoseconds: 0))
        let events: [VenueEvent] = [
            .link(.orders, .down(why: words)), .link(.market, .refused(why: words)), .bookInvalid(InstrumentID(index: 0), why: words), .order(order), .order(odd),
            .refused(clientID: "a", reason: .venue, code: words, message: words), .lost(clientID: "a", why: words),
            .cancelRefused(reference, code: words, message: words), .cancelLost(reference, why: words), .amendRefused(reference, code: words, message: words),
            .cancelAllFailed(symbol: nil, why: words), .alarm(words), .answer(VenueQueryID(1), .failed(VenueFailure(.unreachable, words))),
            .answer(VenueQueryID(1), .orders([order, odd])), .answer(VenueQueryID(1), .order(order, fills: [])),
        ]
        for event in events {
            let text = "\(event.redacted(by: redactor))"
            #expect(!text.contains("4711") && !text.contains("Q0FOQVJZ"), "\(text)")
            #expect(text.contains(Redactor.mark), "\(text)")
        }
    }

    @Test func whatHasNoSecretStaysAsItIs() {
        var redactor = Redactor()
        redactor.add(Secret(Array("CANARY-4711-abc".utf8)))
        let event = VenueEvent.refused(clientID: "a", reason: .venue, code: "306", message: "INSUFFICIENT")
        guard case .refused("a", .venue, "306", "INSUFFICIENT") = event.redacted(by: redactor) else { return #expect(Bool(false)) }
    }
}
