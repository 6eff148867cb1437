import Configuration
import Domain
import Risk
import Testing

/// The example of the command line's contract, word for word.
let example = #"""
[run]
state_dir = "state"                 # kill latch, id epochs, journals: 0700
reporting_currency = "USDT"
on_restart = "cancel"               # or "adopt"
durability = "process"              # intents survive a crash of the process; "power": fdatasync before each order

[[venue]]
name = "cryptocom"                  # what strategies and other keys call it
kind = "cryptocom"                  # smartvalor | valr | dvchain | apifiny | cryptocom | sim
environment = "production"          # "sandbox", or "custom" with endpoints of its own
endpoints = { rest = "https://127.0.0.1:9443/v2", market = "wss://127.0.0.1:9443/v2/market", user = "wss://127.0.0.1:9443/v2/user" }
ca_file = "sim/tls/ca.pem"          # an extra trust anchor; custom environment and loopback only
instruments = ["BTC_USDT"]
request_ttl = "30s"                 # longest a lost request may still be executed; shorter in custom environments
credentials = { key = "env:CRYPTOCOM_KEY", secret = "file:keys/cryptocom.secret" }   # env: or file: (0600, owner) only; a literal is an error
fees = { maker = "0.0004", taker = "0.001" }          # where the venue does not tell

[[strategy]]                        # instead of STRATEGY.lua on the command line, where one desk hosts several
name = "maker_a"
file = "strategies/market_maker.lua"
params = { qty = 0.01 }

[simulation]                        # paper (and backtest with --config): flags of the same names
latency = "measured"                # or "5ms/5ms"
queue = "risk-averse"
fills = "partial"

[risk]                              # account-wide; [risk.instrument."cryptocom:BTC_USDT"] and [risk.strategy.NAME] tighten, never loosen
max_order_qty = { BTC = "0.5" }
max_order_value = "5000"
max_position = { BTC = "1.0" }
max_open_orders = 20
max_open_value = "20000"
price_collar = { aggressive = "1%", passive = "10%", reference_max_age = "5s" }
messages = { rate = 20, per = "1s", reserved_for_cancels = 5 }
daily_loss = "500"

on_disconnect = "cancel"            # arm the venue's cancel-on-disconnect where it has one; the dead-man process elsewhere

[watchdog]
feed_silence = "10s"
strategy_deadline = "50ms"
dead_man = "5s"

[dashboard]
listen = "127.0.0.1:7780"           # loopback only unless expose = true with tls and a token
"""#

func decode(_ text: String) throws -> Settings { try Settings(toml: text, file: "desk/perigee.toml") }

/// The error of a text.
func complaint(_ text: String) -> String {
    do throws(ConfigurationError) {
        _ = try Settings(toml: text, file: "desk/perigee.toml")
        return "no error"
    } catch {
        return error.message
    }
}

func decimal(_ text: String) -> ExactDecimal {
    guard let decimal = try? ExactDecimal(text) else { preconditionFailure("decimal \(text)") }
    return decimal
}

func amount(_ text: String) -> Amount {
    guard let amount = Amount(decimal(text)) else { preconditionFailure("amount \(text)") }
    return amount
}

func seconds(_ count: Int64) -> Span { Span(nanoseconds: count * 1_000_000_000) }

@Suite("The contract's example") struct ExampleTests {
    @Test func run() throws {
        let settings = try decode(example)
        #expect(settings.run.stateDirectory == "desk/state")
        #expect(settings.run.reportingCurrency == "USDT")
        #expect(settings.run.onRestart == .cancel && settings.run.durability == .process)
        #expect(settings.onDisconnect == .cancel)
        #expect(settings.watchdog.feedSilence == seconds(10))
        #expect(settings.watchdog.strategyDeadline == Span(nanoseconds: 50_000_000))
        #expect(settings.watchdog.deadMan == seconds(5))
        #expect(settings.dashboard.listen == "127.0.0.1:7780")
        #expect(settings.simulation.latency == "measured" && settings.simulation.queue == "risk-averse")
        #expect(settings.simulation.fills == "partial")
    }

    @Test func venue() throws {
        let venue = try #require(try decode(example).venues.first)
        #expect(venue.name == "cryptocom" && venue.kind == .cryptocom && venue.environment == .production)
        #expect(venue.endpoints["user"] == "wss://127.0.0.1:9443/v2/user" && venue.endpoints.count == 3)
        #expect(venue.instruments == ["BTC_USDT"] && venue.requestLifetime == seconds(30))
        #expect(venue.certificateAuthority == "desk/sim/tls/ca.pem")
        #expect(venue.credentials["key"] == .environment("CRYPTOCOM_KEY"))
        #expect(venue.credentials["secret"] == .file("desk/keys/cryptocom.secret"))
        #expect(venue.makerFee == decimal("0.0004") && venue.takerFee == decimal("0.001"))
    }

    @Test func strategy() throws {
        let strategy = try #require(try decode(example).strategies.first)
        #expect(strategy.name == "maker_a" && strategy.file == "desk/strategies/market_maker.lua")
        #expect(strategy.parameters == [.init(name: "qty", value: .number(0.01))])
    }

    @Test func limits() throws {
        let account = try decode(example).limits.account
        #expect(account.maxOrderQuantity == ["BTC": decimal("0.5")] && account.maxPosition == ["BTC": decimal("1")])
        #expect(account.maxOrderValue == amount("5000") && account.maxOpenValue == amount("20000"))
        #expect(account.maxOpenOrders == 20)
        #expect(
            account.priceCollar
                == .init(aggressive: decimal("0.01"), passive: decimal("0.1"), referenceMaxAge: seconds(5)))
        #expect(account.later.messages?.rate == 20 && account.later.messages?.per == seconds(1))
        #expect(account.later.messages?.reservedForCancels == 5 && account.later.dailyLoss == amount("500"))
    }

    @Test("an empty file is a configuration without limits") func empty() throws {
        let settings = try decode("")
        #expect(settings.limits == .none && settings.venues.isEmpty && settings.strategies.isEmpty)
        #expect(
            settings.missingLiveLimits
                == ["risk.max_order_value", "risk.price_collar", "risk.max_open_orders", "risk.max_position", "risk.daily_loss"])
        #expect(try decode(example).missingLiveLimits.isEmpty)
    }
}
