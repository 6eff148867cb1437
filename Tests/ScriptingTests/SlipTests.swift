import Testing

@testable import Scripting

/// Slips that people make: the message names the slip, and is the same on every machine.
struct SlipTests {
    @Test(arguments: [
        ("i:buy(0/0, 100)", "the quantity nan is not a finite number above zero"), ("i:buy(-(0/0), 100)", "the quantity nan is not"),
        ("i:buy(1/0, 100)", "the quantity inf is not a finite number"), ("i:buy(1, 0/0)", "the price nan is not a finite number"),
        ("i:buy()", "the quantity is missing"), ("i:buy('1')", "the quantity is a string; it is a number"),
        ("i:buy(1e15)", "too large to be accounted for"), ("i:buy(math.maxinteger)", "too large to be accounted for"),
        ("i:buy(1, { tif = 'IOC' })", "options come after the price"),
    ])
    func aRefusedOrderSaysWhy(_ call: String, _ found: String) throws {
        let said = try say("local i = market.instrument() local _, message = \(call) print(message)")
        #expect(said.contains(found), "\(call): \(said)")
    }

    @Test func logIsCalledWithADot() throws {
        #expect(try say("log:info('x')").contains("log.info(...), not log:info(...)"))
        #expect(try say("log.info({}) log.info('x') log.info(log ~= nil)") == "table\nx\ntrue")
    }

    @Test func onErrorIsAKeyOfTheConfiguration() {
        #expect(loadError("return { on_error = 'continue' }").contains("a key of the configuration"))
        #expect(loadError("return { on_tick = print }").contains("the nearest one is"))
    }
}
