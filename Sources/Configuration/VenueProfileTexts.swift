/// The texts of `sim/profiles/*.toml`, so that a profile is there wherever the binary stands. `VenueProfileTests` says how to renew them.
enum VenueProfileTexts {
    static let apifiny = #"""
        # Apifiny: rates as the sample answer of its commission endpoint; the account's own are at /asset/getCommissionRate.
        venue = "apifiny"

        [fees]
        maker = "0"
        taker = "0.003"
        currency = "quote"      # assumed

        [latency]               # ours, to be measured: paper replaces them
        feed = "50ms"
        entry = "80ms"
        response = "80ms"

        [queue]
        model = "risk-averse"
        fills = "partial"

        [rules]
        order_types = ["market", "limit"]
        time_in_force = ["GTC", "IOC"]
        post_only = true        # TIF 7 on the wire
        amend = false
        spot = true

        [messages]              # published: 20 a second an account id
        place = { rate = 20, per = "1s" }
        cancel = { rate = 20, per = "1s" }
        total = { rate = 20, per = "1s" }

        """#

    static let cryptocom = #"""
        # Crypto.com Exchange, API v2. It has no method that tells fees: set the account's own, these are the configuration example's.
        venue = "cryptocom"

        [fees]
        maker = "0.0004"        # assumed
        taker = "0.001"         # assumed
        currency = "quote"      # fills name their fee currency; it may be CRO

        [latency]               # ours, to be measured: paper replaces them
        feed = "20ms"
        entry = "30ms"
        response = "30ms"

        [queue]
        model = "risk-averse"
        fills = "partial"

        [rules]
        order_types = ["market", "limit", "stop", "stop_limit"]
        time_in_force = ["GTC", "IOC", "FOK"]
        post_only = true
        amend = false
        spot = true
        max_open_orders = 200   # an instrument; 1000 in all

        [messages]              # published limits, each method and key
        place = { rate = 15, per = "100ms" }
        cancel = { rate = 15, per = "100ms" }
        total = { rate = 150, per = "1s" }      # over the user WebSocket

        """#

    static let dvchain = #"""
        # DV Chain: a desk that quotes; what it earns is in its spread, its reports say fee 0.
        venue = "dvchain"

        [fees]
        maker = "0"
        taker = "0"
        currency = "quote"

        [latency]               # ours, to be measured: paper replaces them
        feed = "100ms"
        entry = "150ms"
        response = "150ms"

        [queue]
        model = "risk-averse"   # a limit order is held by the desk; no queue is shown
        fills = "full"

        [rules]
        order_types = ["market", "limit"]
        time_in_force = ["GTC"]
        post_only = false
        amend = false
        spot = false            # net positions and credit limits

        [messages]              # not documented; the default budget of the connector
        place = { rate = 5, per = "1s" }
        cancel = { rate = 5, per = "1s" }
        total = { rate = 5, per = "1s" }

        """#

    static let smartvalor = #"""
        # SMART VALOR: its rates are not documented; the public record has 0.29 % on both sides (an older one 0.18 %).
        venue = "smartvalor"

        [fees]
        maker = "0.0029"
        taker = "0.0029"
        currency = "quote"      # assumed

        [latency]               # REST only: what is polled twice a second is this old
        feed = "500ms"
        entry = "150ms"
        response = "500ms"      # a fill is seen at the next poll

        [queue]
        model = "risk-averse"
        fills = "partial"

        [rules]
        order_types = ["market", "limit"]
        time_in_force = ["GTC"]
        post_only = false
        amend = false
        spot = true

        [messages]              # not documented; the default budget of the connector
        place = { rate = 1, per = "1s" }
        cancel = { rate = 1, per = "1s" }
        total = { rate = 1, per = "1s" }

        """#

    static let valr = #"""
        # VALR: fees as its account page shows them for a new account; the account's own are at GET /v1/account/fees/trade.
        venue = "valr"

        [fees]
        maker = "0.0008"        # 0.08 percentage points in the venue's sample; may be negative (a maker reward)
        taker = "0.001"
        currency = "quote"      # the venue charges some fills in base: live, the fill's own feeCurrency counts

        [latency]               # ours, to be measured: paper replaces them
        feed = "40ms"
        entry = "60ms"
        response = "60ms"

        [queue]
        model = "risk-averse"
        fills = "partial"

        [rules]
        order_types = ["market", "limit", "stop", "stop_limit"]
        time_in_force = ["GTC", "IOC", "FOK"]
        post_only = true
        amend = true
        spot = true

        [messages]              # published limits
        place = { rate = 400, per = "1s" }
        cancel = { rate = 450, per = "1s" }
        total = { rate = 2000, per = "1m" }

        """#
}
