import Domain
import Foundation
import Testing

@testable import FIX

/// Our session against somebody else's: QuickFIX, as an acceptor. Skipped where no Python has the module.
@Suite(.serialized, .enabled(if: QuickFIX.python != nil, "skipped: no Python with quickfix; pip install quickfix, and PERIGEE_QUICKFIX_PYTHON names it"))
struct QuickFIXTests {
    private let folder: String

    init() throws {
        folder = NSTemporaryDirectory() + "perigee-quickfix-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    private func wire(_ reset: FIXResetPolicy = FIXResetPolicy(), numbers: FIXSequence? = .first) -> Wire {
        Wire(FIXSettings(sender: "STA-00000001", target: "APIFINY", reset: reset), numbers: numbers)
    }
    private let keeps = FIXResetPolicy(onLogon: false, onLogout: false, onDisconnect: false)

    @Test func logonOrderFillCancelLogout() throws {
        let acceptor = try QuickFIX(folder: folder, reset: true)
        var wire = wire()
        wire.connect(port: acceptor.port, token: "a.b=c")
        #expect(wire.read { $0.has(.ready) })
        #expect(acceptor.wait(for: "credentials") == "credentials a.b=c")
        #expect(wire.order("1") == 2)
        #expect(wire.read { $0.statuses == ["0"] })
        acceptor.tell("fill 1")
        #expect(wire.read { $0.statuses == ["0", "1"] })
        wire.cancel("1")
        #expect(wire.read { $0.statuses == ["0", "1", "4"] })
        wire.feed(.logout(text: "done"))
        #expect(wire.read { $0.has(.ended(.ours)) })
        #expect(acceptor.wait(for: "logout") != nil)
    }

    /// F57: numbers of the acceptor are missing; it fills the gap and orders go again.
    @Test func aGapIsFilled() throws {
        let acceptor = try QuickFIX(folder: folder, reset: true)
        var wire = wire()
        wire.connect(port: acceptor.port, token: "t")
        #expect(wire.read { $0.has(.ready) })
        _ = wire.order("1")
        #expect(wire.read { $0.statuses.count == 1 })
        wire.clear()
        acceptor.tell("skip 5")
        acceptor.tell("fill 1")
        #expect(wire.read { $0.has(.ready) && $0.statuses == ["1"] })
        #expect(wire.types == ["2"])
        #expect(wire.order("2") != nil)
        #expect(wire.read { $0.statuses == ["1", "0"] })
    }

    /// F60, C36: the acceptor misses our orders and asks for them; it gets a gap-fill, and the session goes on.
    @Test func ordersAskedForAgainAreGapFilled() throws {
        let acceptor = try QuickFIX(folder: folder, reset: true)
        var wire = wire()
        wire.connect(port: acceptor.port, token: "t")
        #expect(wire.read { $0.has(.ready) })
        for id in ["1", "2", "3"] { _ = wire.order(id) }
        #expect(wire.read { $0.statuses.count == 3 })
        wire.clear()
        acceptor.tell("miss 2")
        #expect(acceptor.wait(for: "missed") != nil)
        _ = wire.order("4")
        #expect(wire.read { $0.has(.notResent(sequences: [2, 3, 4, 5])) })
        #expect(wire.types == ["D", "4"])
        #expect(acceptor.wait(for: "admin 4") != nil)
        // The order that showed the gap was covered by the fill: only asking tells what became of it.
        wire.clear()
        #expect(wire.order("5") == 6)
        #expect(wire.read { $0.statuses == ["0"] })
        #expect(acceptor.wait(for: "app D 5") != nil)
    }

    /// F68: numbers go on over a cut, and over a restart of ours from what was kept.
    @Test func numbersGoOnAfterACut() throws {
        let acceptor = try QuickFIX(folder: folder, reset: false)
        var wire = wire(keeps)
        wire.connect(port: acceptor.port, token: "t")
        #expect(wire.read { $0.has(.ready) })
        _ = wire.order("1")
        #expect(wire.read { $0.statuses.count == 1 })
        wire.cut()
        let kept = try #require(wire.kept)
        #expect(kept.sender >= 4)
        _ = acceptor.wait(for: "logout")
        var again = self.wire(keeps, numbers: kept)
        again.connect(port: acceptor.port, token: "t")
        #expect(again.read { $0.has(.ready) })
        #expect(again.has(.loggedOn(reset: false)))
        _ = again.order("2")
        #expect(again.read { $0.statuses.contains("0") })
        #expect(acceptor.wait(for: "app D 2") != nil)
    }

    /// F68: an old file is noticed by the acceptor's Logout, and the next logon resets.
    @Test func oldNumbersAreResetAtTheNextLogon() throws {
        let acceptor = try QuickFIX(folder: folder, reset: false)
        var wire = wire(keeps)
        wire.connect(port: acceptor.port, token: "t")
        #expect(wire.read { $0.has(.ready) })
        for id in ["1", "2"] { _ = wire.order(id) }
        #expect(wire.read { $0.statuses.count == 2 })
        wire.cut()
        _ = acceptor.wait(for: "logout")
        var old = self.wire(keeps, numbers: FIXSequence(sender: 2, target: 2))
        old.connect(port: acceptor.port, token: "t")
        #expect(old.read { wire in wire.news.contains { if case .ended(.refused) = $0 { true } else { false } } })
        _ = acceptor.wait(for: "logout")
        old.connect(port: acceptor.port, token: "t")
        #expect(old.read { $0.has(.ready) })
        #expect(old.has(.loggedOn(reset: true)) && old.session.numbers.sender == 2)
    }

    /// F66: the acceptor logs out while a gap is open; the number stays, and the gap is asked for at the next logon.
    @Test func aLogoutOfTheAcceptorIsAnswered() throws {
        let acceptor = try QuickFIX(folder: folder, reset: false)
        var wire = wire(keeps)
        wire.connect(port: acceptor.port, token: "t")
        #expect(wire.read { $0.has(.ready) })
        acceptor.tell("logout")
        #expect(wire.read { wire in wire.news.contains { if case .ended(.loggedOut) = $0 { true } else { false } } })
        _ = acceptor.wait(for: "logout")
        var again = self.wire(keeps, numbers: wire.kept)
        again.connect(port: acceptor.port, token: "t")
        // QuickFIX stays away until its next session; whichever it does, it is a typed end or a logon.
        #expect(again.read { wire in wire.has(.ready) || wire.news.contains { if case .ended = $0 { true } else { false } } })
    }
}
