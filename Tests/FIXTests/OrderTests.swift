import Domain
import Testing

@testable import FIX

/// Reports and what they add up to: F11, F12, F15, F18, F20.
struct FIXOrderTests {
    private func execution(_ name: String) throws -> FIXExecution { try FIXExecution(try Messages.message(name)) }

    private func report(_ body: String) throws -> FIXExecution { try FIXExecution(try FIXMessage(Bench().message("8", body, number: 2))) }

    @Test func theVenuesOwnReports() throws {
        let new = try execution("er_new")
        #expect(new.status == .new && new.clientID == "000000011628000000000221" && new.orderID == "000000011628000000000221" && new.executionID == "E-1")
        let part = try execution("er_part")
        #expect(part.status == .partiallyFilled && part.clientID == nil && part.lastShares == dec("0.5") && part.price == dec("100") && part.leaves == dec("0.62"))
        let rejected = try execution("er_rej")
        #expect(rejected.status == .rejected && rejected.orderID == nil && rejected.text == "Not enough asset available" && rejected.rejectReason == 0)
        let status = try execution("er_status")
        #expect(status.transaction == .status && status.executionID == nil && status.cumulative == dec("0.5"))
        let cancel = FIXCancelRejection(try Messages.message("cxlrej"))
        #expect(cancel.status == .filled && cancel.reason == 0 && cancel.text == "cannot cancel order under current order status")
    }

    @Test func fillsAddUpOnceEach() throws {
        var fills = FIXFills()
        #expect(fills.apply(try execution("er_new")) == .nothing)
        #expect(fills.apply(try execution("er_part")) == .filled(.init(id: "E-2", quantity: dec("0.5"), price: dec("100"))))
        #expect(fills.apply(try execution("er_part")) == .nothing)
        #expect(fills.apply(try execution("er_status")) == .nothing)
        #expect(fills.apply(try execution("er_fill")) == .filled(.init(id: "E-3", quantity: dec("0.62"), price: dec("100"))))
        #expect(fills.total == dec("1.12"))
    }

    @Test func aFullFillMayLeaveOutItsSize() throws {
        var fills = FIXFills()
        _ = fills.apply(try execution("er_part"))
        #expect(fills.apply(try report("17=E9|37=1|38=1.12|39=2|44=101|150=2|")) == .filled(.init(id: "E9", quantity: dec("0.62"), price: dec("101"))))
    }

    @Test func withoutANameOnlyAGrowingTotalIsAFill() throws {
        var fills = FIXFills()
        let first = "37=1|39=1|14=1|31=100|32=1|150=1|"
        #expect(fills.apply(try report(first)) == .filled(.init(id: "cum-1", quantity: dec("1"), price: dec("100"))))
        #expect(fills.apply(try report(first)) == .nothing)
        #expect(fills.apply(try report("37=1|39=1|14=3|31=100|32=2|150=1|")) == .filled(.init(id: "cum-3", quantity: dec("2"), price: dec("100"))))
    }

    /// F20
    @Test func aBustTakesBackExactly() throws {
        var fills = FIXFills()
        _ = fills.apply(try execution("er_part"))
        _ = fills.apply(try execution("er_fill"))
        let bust = "17=E-9|19=E-2|20=1|37=000000011628000000000221|39=1|150=1|"
        #expect(fills.apply(try report(bust)) == .busted(.init(id: "E-2", quantity: dec("0.5"), price: dec("100"))))
        #expect(fills.total == dec("0.62") && fills.executions.map(\.id) == ["E-3"])
        #expect(fills.apply(try report(bust)) == .nothing)
        // The fill told once more stays taken back.
        #expect(fills.apply(try execution("er_part")) == .nothing && fills.total == dec("0.62"))
        #expect(fills.apply(try report("17=E-10|19=E-2|20=1|37=1|39=1|150=1|")) == .contradiction("a cancelled execution that is not known: E-2"))
    }

    /// F20
    @Test func aCorrectionReplacesExactly() throws {
        var fills = FIXFills()
        _ = fills.apply(try execution("er_part"))
        let old = FIXFills.Execution(id: "E-2", quantity: dec("0.5"), price: dec("100"))
        let new = FIXFills.Execution(id: "E-8", quantity: dec("0.4"), price: dec("99"))
        #expect(fills.apply(try report("17=E-8|19=E-2|20=2|31=99|32=0.4|37=1|39=1|150=1|")) == .corrected(from: old, to: new))
        #expect(fills.total == dec("0.4"))
        // A correction can itself be taken back.
        #expect(fills.apply(try report("17=E-11|19=E-8|20=1|37=1|39=1|150=1|")) == .busted(new))
        #expect(fills.total == .zero)
    }

    @Test func reportsThatSayNothing() {
        #expect(throws: FIXFault.self) { try report("17=E|150=1|") }
        #expect(throws: FIXFault.self) { try report("37=1|17=E|") }
        #expect(throws: FIXFault.self) { try report("37=1|39=1|32=abc|") }
    }
}
