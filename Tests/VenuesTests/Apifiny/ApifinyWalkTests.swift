import Domain
import FIX
import JSON
import Testing
import Transport

@testable import Venues

struct ApifinyWalkTests {
    @Test func connectionsBearTheirTokens() throws {
        var walk = try ApifinyWalk()
        walk.feed(.command(.begin(.trading, instruments: [try ApifinyWalk.bitcoin()])))
        #expect(walk.connects.map(\.socket) == [ApifinyWalk.market, ApifinyWalk.orders, ApifinyWalk.assets])
        #expect(walk.connects.allSatisfy { $0.headers["signature"]?.split(separator: ".").count == 3 })
        // The market's token never changes, the user's has a time in it.
        #expect(Set(walk.connects.map { $0.headers["signature"] ?? "" }).count == 2)
    }

    /// C33: with market data only no order connection is made, and none can be placed.
    @Test func marketDataAloneTradesNothing() throws {
        var walk = try ApifinyWalk()
        walk.feed(.command(.begin(.marketData, instruments: [try ApifinyWalk.bitcoin()])))
        walk.feed(.opened(ApifinyWalk.market))
        #expect(walk.connects.map(\.socket) == [ApifinyWalk.market])
        walk.place()
        #expect(walk.refusals.map(\.1) == ["scope"] && walk.asked.isEmpty)
    }

    @Test func anOrderIsSignedAndNamed() throws {
        var walk = try ApifinyWalk.ready()
        let venueID = walk.place()
        let order = try #require(walk.asked.first)
        #expect(order.name == "newOrder" && order.request.url == "https://a.test/ac/v2/BINANCE/order/newOrder")
        #expect(order.body == #"{"accountId":"STA-00000001","venue":"BINANCE","orderId":"\#(venueID)","orderInfo":{"symbol":"BTCUSDT","orderType":"LIMIT","timeInForce":1,"orderSide":"BUY","limitPrice":"99.9","quantity":"1"}}"#)
        walk.answer("newOrder", #"{"result":[{"orderId":"\#(venueID)","orderStatus":"PENDING_SUBMIT"}],"error":null}"#)
        #expect(walk.told.contains { if case .received(clientID: "abc00000000001", venueID: venueID) = $0 { true } else { false } })
    }

    @Test(arguments: [
        (Side.buy, OrderType.limit, TimeInForce.immediateOrCancel, false, "\"timeInForce\":3"), (.sell, .limit, .goodTillCancel, true, "\"timeInForce\":7"),
        (.sell, .market, .goodTillCancel, false, "\"orderType\":\"MARKET\",\"orderSide\":\"SELL\",\"quantity\""),
    ]) func kindsOfOrders(side: Side, type: OrderType, tif: TimeInForce, postOnly: Bool, what: String) throws {
        var walk = try ApifinyWalk.ready()
        walk.place(side, type, tif: tif, postOnly: postOnly)
        #expect(walk.asked.first?.body.contains(what) == true, "\(walk.asked.first?.body ?? "")")
    }

    @Test(arguments: ["rest", "fix"]) func aMarketBuyIsAnIOCLimitAtTheCollar(orders: String) throws {
        var walk = try ApifinyWalk.ready(orders, ["collar": "0.01"])
        walk.place(.buy, .market)
        // The best ask is 100.01; one per cent of it is 1.0001, cut to the tick.
        if orders == "rest" {
            let body = walk.asked.first?.body ?? ""
            #expect(body.contains(#""orderType":"LIMIT","timeInForce":3,"orderSide":"BUY","limitPrice":"101.01","quantity":"1""#), "\(body)")
        } else {
            let order = try #require(walk.messages.first { $0.type == "D" })
            #expect(order.text(40) == "2" && order.text(44) == "101.01" && order.text(59) == "3" && order.text(38) == "1")
        }
    }

    @Test func withoutABookAMarketBuyIsRefused() throws {
        var walk = try ApifinyWalk.ready()
        walk.feed(.closed(ApifinyWalk.market, VenueClosing(code: 1006, reason: "")))
        walk.clear()
        walk.place(.buy, .market)
        #expect(walk.refusals.map(\.0) == [.unsupported] && walk.asked.isEmpty)
    }

    @Test(arguments: [OrderType.stop, .stopLimit]) func stopsAreRefusedBeforeAnythingIsSent(type: OrderType) throws {
        var walk = try ApifinyWalk.ready()
        walk.place(.buy, type)
        walk.place(.buy, .limit, tif: .fillOrKill, id: "abc00000000002")
        walk.place(.buy, .limit, tif: .goodTillDate, id: "abc00000000003")
        #expect(walk.refusals.count == 3 && walk.asked.isEmpty)
    }

    /// A placement that nobody can say anything of is lost, never sent again.
    @Test(arguments: [(393_482, "order create timeout"), (327_723, ""), (65_548, ""), (131_178, "SQL error"), (327_802, "order id repeat"), (65_595, "busy")])
    func doubtfulAnswersLoseThePlacement(code: Int, message: String) throws {
        var walk = try ApifinyWalk.ready()
        walk.place()
        walk.refuse("newOrder", code, message)
        walk.wait(20_000)
        #expect(walk.isLost && walk.refusals.isEmpty && !walk.asked.contains { $0.name == "newOrder" })
    }

    @Test func aCancelThatComesTooSoonIsSentAgain() throws {
        var walk = try ApifinyWalk.ready()
        let venueID = walk.place()
        walk.answer("newOrder", #"{"result":[{"orderId":"\#(venueID)","orderStatus":"PENDING_SUBMIT"}],"error":null}"#)
        walk.feed(.command(.cancel(VenueOrderReference(clientID: "abc00000000001", venueID: nil, symbol: "BTCUSDT"))))
        for _ in 0..<130 {
            walk.refuse("cancelOrder", 328_026)
            #expect(walk.asked.isEmpty)
            walk.wait(500)
            #expect(walk.asked.map(\.name) == ["cancelOrder"])
        }
        #expect(walk.alarms.count == 1, "an alarm after a minute")
        walk.answer("cancelOrder", #"{"result":[{"orderId":"\#(venueID)"}],"error":null}"#)
        #expect(walk.told.allSatisfy { if case .cancelRefused = $0 { false } else { true } })
    }

    @Test func anAddressThatIsShutOutStaysQuiet() throws {
        var walk = try ApifinyWalk.ready()
        walk.place()
        walk.answer("newOrder", "<html>Forbidden</html>", status: 403)
        walk.place(id: "abc00000000002")
        #expect(walk.alarms.contains { $0.contains("403") } && walk.asked.filter { $0.name == "newOrder" }.isEmpty)
    }

    @Test func everyPingIsAnswered() throws {
        var walk = try ApifinyWalk.ready()
        for socket in [ApifinyWalk.market, ApifinyWalk.orders] {
            for _ in 0..<3 { walk.push(socket, #"{"ping":1492420473027}"#) }
        }
        walk.feed(.opened(ApifinyWalk.assets))
        walk.push(ApifinyWalk.assets, #"{"ping":7}"#)
        #expect(walk.sent.map { String(decoding: $0.bytes, as: UTF8.self) } == Array(repeating: #"{"pong":1492420473027}"#, count: 6) + [#"{"pong":7}"#])
    }

    @Test func thePagesPushIsAFillAndAnEnd() throws {
        var walk = try ApifinyWalk.ready()
        walk.push(ApifinyWalk.orders, String(decoding: try Fixture.bytes("apifiny/push_order.json"), as: UTF8.self))
        let fill = try #require(walk.fills.first)
        #expect(fill.tradeID == "1.12" && fill.fee == dec("0.112") && fill.feeCurrency == "USD" && fill.liquidity == .taker && walk.states == [.filled])
        walk.feed(.opened(ApifinyWalk.assets))
        walk.push(ApifinyWalk.assets, String(decoding: try Fixture.bytes("apifiny/push_assets.json"), as: UTF8.self))
        #expect(walk.told.contains { if case .balances(let list) = $0 { list.first?.total == dec("101.95") } else { false } })
    }

    @Test(arguments: ["RESTRICTED", "SUSPENDED"]) func anAccountThatMayNotTradeIsRefused(word: String) throws {
        var walk = try ApifinyWalk()
        walk.feed(.command(.begin(.trading, instruments: [try ApifinyWalk.bitcoin()])))
        walk.feed(.opened(ApifinyWalk.orders))
        walk.answer("queryAccountInfo", #"{"result":[{"accountStatus":"\#(word)"}],"error":null}"#)
        #expect(walk.links.contains { if case .refused(let why) = $0 { why.contains(word) } else { false } })
    }

    @Test func settingsThatAreWrong() {
        func key(_ change: (inout VenueSettings) -> Void) -> String? {
            var settings = ApifinyWalk.settings("fix")
            change(&settings)
            do throws(VenueSettingsError) {
                _ = try ApifinySession(settings: settings)
                return nil
            } catch { return error.key }
        }
        #expect(key { _ in } == nil)
        #expect(key { $0.options["venue"] = nil } == "venue")
        #expect(key { $0.options["venue"] = "x/y" } == "venue")
        #expect(key { $0.options["colar"] = "1" } == "colar")
        #expect(key { $0.options["collar"] = "-1" } == "collar")
        #expect(key { $0.endpoints["fix"] = nil } == "endpoints.fix")
        #expect(key { $0.endpoints["fix"] = "a.test" } == "endpoints.fix")
        #expect(key { $0.options["fix_tls"] = "false" } == "endpoints.fix", "plain text to another machine")
        #expect(key { $0.environment = .sandbox } == "environment")
        #expect(key { ($0.environment, $0.endpoints["rest"]) = (.production, "https://evil.test/x") } == "endpoints.rest")
    }

    @Test func productionAddresses() throws {
        #expect(ApifinySettings.production("BINANCE")["rest"] == "https://apibn.apifiny.com/ac/v2")
        #expect(ApifinySettings.production("GBBO")["rest"] == "https://api.apifiny.com/ac/v2/GBBO")
        #expect(ApifinySettings.production("GBBO")["order_ws"] == "wss://api.apifiny.com/ac/ws/v2/GBBO/order")
        #expect(ApifinySettings.production("OKEX")["fix"] == "fixapiok.apifiny.com:1443" && ApifinySettings.production("GBBO")["fix"] == "fix.api.apifiny.com:1443")
    }
}
