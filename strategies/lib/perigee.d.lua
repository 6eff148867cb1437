---@meta
-- What a perigee strategy can use, for lua-language-server: completion and checks in any editor. Nothing here runs.
-- The contract itself, with every rule, is docs/lua-api.md. A test compares this file with what the host really offers.

---@alias perigee.Side "buy"|"sell"
---@alias perigee.BookSide "buy"|"sell"|"bid"|"ask"
---@alias perigee.Rounding "down"|"up"|"nearest"
---@alias perigee.Feed "quotes"|"book"|"trades"|"bars"
---@alias perigee.OrderState "pending_new"|"open"|"partially_filled"|"pending_cancel"|"filled"|"cancelled"|"rejected"|"expired"|"unknown"
---@alias perigee.Status "connected"|"disconnected"|"stale"|"resynced"|"halted"
---@alias perigee.Time integer Nanoseconds since the epoch, UTC
---@alias perigee.Span string A length of time: "250us", "100ms", "10s", "5m", "2h", "1d"

---A strategy is one file that returns this table. A missing callback costs nothing.
---@class perigee.Strategy
---@field name? string
---@field params? table<string, number|boolean|string> Defaults; `--set key=value` overrides, the type is kept
---@field on_start? fun() Once, before any event
---@field on_quote? fun(inst: perigee.Instrument) Best bid or ask changed
---@field on_book? fun(inst: perigee.Instrument) A batch of depth updates was applied
---@field on_trade? fun(inst: perigee.Instrument, price: number, qty: number, side: perigee.Side?, time: perigee.Time) A public trade; `side` is the aggressor
---@field on_bar? fun(inst: perigee.Instrument, bar: perigee.Bar) A bar closed
---@field on_order? fun(order: perigee.Order) An order of ours changed state
---@field on_fill? fun(order: perigee.Order, fill: perigee.Fill) Before the `on_order` of the same report
---@field on_rfq? fun(quote: perigee.Quote) A quote in answer to `request_quote`
---@field on_rfq_refused? fun(request: string, inst: perigee.Instrument, reason: string) A request that gets no quote
---@field on_status? fun(what: perigee.Instrument|string, status: perigee.Status)
---@field on_reconcile? fun(report: perigee.Reconciled) A start or reconnect found something
---@field on_stop? fun(reason: string) The last call; orders placed here are refused
---@field on_save? fun(): table? What to keep across restarts: numbers, strings, booleans, nested tables; 1 MiB
---@field on_load? fun(state: table) Before `on_start`, where a state was kept

---@class perigee.Instrument
---@field symbol string Canonical, `BASE_QUOTE`
---@field venue string
---@field base string
---@field quote string
---@field tick number
---@field lot number
---@field min_qty number
---@field min_notional number
---@field maker_fee number
---@field taker_fee number
local Instrument = {}

---@return number? price, number? qty
function Instrument:bid() end

---@return number? price, number? qty
function Instrument:ask() end

---@return number?
function Instrument:mid() end

---@return number?
function Instrument:spread() end

---@return number?
function Instrument:microprice() end

---Price and quantity of the n-th level, 1 is the best.
---@param side perigee.BookSide
---@param n integer
---@return number? price, number? qty
function Instrument:level(side, n) end

---Up to n levels; each is `{price, qty}`, also by name.
---@param side perigee.BookSide
---@param n integer
---@return perigee.Level[]
function Instrument:depth(side, n) end

---(bid qty − ask qty) ÷ sum over n levels; nil of an empty book.
---@param n? integer Default 1
---@return number?
function Instrument:imbalance(n) end

---The last public trade.
---@return number? price, number? qty, perigee.Side? side, perigee.Time? time
function Instrument:last() end

---Exchange time of the last event.
---@return perigee.Time
function Instrument:time() end

---A price on the tick.
---@param price number
---@param mode? perigee.Rounding Default "nearest"
---@return number? price, string? message, string? code
function Instrument:round(price, mode) end

---A quantity on the lot, by default never more than was asked.
---@param qty number
---@param mode? perigee.Rounding Default "down"
---@return number? qty, string? message, string? code
function Instrument:round_qty(qty, mode) end

---@param what perigee.Feed
---@param interval? perigee.Span For "bars"
---@return boolean
function Instrument:subscribe(what, interval) end

---@param what perigee.Feed
---@param interval? perigee.Span For "bars"
---@return boolean
function Instrument:unsubscribe(what, interval) end

---Signed quantity, as the desk has been told so far.
---@return number
function Instrument:position() end

---Average entry price; nil where there is no position.
---@return number?
function Instrument:avg_price() end

---In the quote currency, fees included.
---@return number realised, number unrealised
function Instrument:pnl() end

---No price: a market order. Nil, a message and a code for bad form only; limits are judged after the callback.
---@param qty number
---@param price? number
---@param opts? perigee.OrderOptions
---@return perigee.Order? order, string? message, string? code
function Instrument:buy(qty, price, opts) end

---@param qty number
---@param price? number
---@param opts? perigee.OrderOptions
---@return perigee.Order? order, string? message, string? code
function Instrument:sell(qty, price, opts) end

---Every order that is not final, oldest first.
---@return perigee.Order[]
function Instrument:open_orders() end

---How many cancels are sent.
---@return integer
function Instrument:cancel_all() end

---Asks for a firm price; `on_rfq` gets it, `on_rfq_refused` hears that there is none.
---@param request {side: perigee.Side, qty: number}
---@return string? id, string? message, string? code
function Instrument:request_quote(request) end

---@class perigee.Level
---@field [1] number Price
---@field [2] number Quantity
---@field price number
---@field qty number

---@class perigee.OrderOptions
---@field tif? "GTC"|"IOC"|"FOK"|"GTD"
---@field expire? perigee.Time With GTD
---@field post_only? boolean
---@field reduce_only? boolean
---@field stop? number Trigger price: a stop, or with a price a stop-limit order
---@field tag? string At most 32 bytes
---@field allow_duplicate? boolean A second order like a live one is meant (control C16)

---@class perigee.Order
---@field id string Our own id
---@field venue_id string? Once the venue has told it
---@field inst perigee.Instrument
---@field side perigee.Side
---@field type "market"|"limit"|"stop"|"stop_limit"
---@field tif "GTC"|"IOC"|"FOK"|"GTD"
---@field price number?
---@field stop number?
---@field qty number
---@field filled number
---@field remaining number
---@field avg_price number?
---@field state perigee.OrderState
---@field reason string? Why it was refused
---@field tag string?
---@field time perigee.Time When it was placed, by the desk's clock
---@field updated perigee.Time When it ended, else now
local Order = {}

---@return boolean? asked, string? message, string? code
function Order:cancel() end

---A new limit, a new open quantity, or both.
---@param change {price: number?, qty: number?}
---@return boolean? asked, string? message, string? code
function Order:amend(change) end

---Whether it is in a state that is not final.
---@return boolean
function Order:is_open() end

---Valid during its `on_bar`: copy the fields you keep.
---@class perigee.Bar
---@field time perigee.Time When it opened
---@field open number
---@field high number
---@field low number
---@field close number
---@field volume number
---@field trades integer
---@field interval perigee.Span As subscribed

---@class perigee.Fill
---@field price number
---@field qty number
---@field fee number Paid is positive, a rebate negative
---@field fee_currency string
---@field liquidity "maker"|"taker"
---@field time perigee.Time At the venue
---@field id string

---A firm price for one size, good until it expires and for one acceptance.
---@class perigee.Quote
---@field id string
---@field request string What `request_quote` answered
---@field inst perigee.Instrument
---@field side perigee.Side Ours
---@field price number
---@field qty number
---@field expires perigee.Time By the desk's clock
local Quote = {}

---Takes it: an order for all of it at its price. A second time is an order refused as `quote_used`.
---@param opts? {tag: string?}
---@return perigee.Order? order, string? message, string? code
function Quote:accept(opts) end

---@class perigee.Reconciled
---@field adopted integer
---@field cancelled integer
---@field fills integer
---@field position_change number

---@class perigee.Timer
local Timer = {}

---@return boolean cancelled Whether it was still to run
function Timer:cancel() end

---@class perigee.Indicator
local Indicator = {}

---Takes a number, a bar, or two numbers; nil until it is warm.
---@param x number|perigee.Bar
---@param second? number
---@return number?, number?, number?
function Indicator:update(x, second) end

---The answer of the last update.
---@return number?, number?, number?
function Indicator:value() end

function Indicator:reset() end

market = {}

---Nil and a message where it is not known; without a symbol, the only instrument.
---@param symbol? string "BTC_USDT", "cryptocom:BTC_USDT" or the venue's own spelling
---@return perigee.Instrument? instrument, string? message
function market.instrument(symbol) end

---@return perigee.Instrument[]
function market.instruments() end

clock = {}

---@return perigee.Time
function clock.now() end

---@param span perigee.Span
---@param fn fun()
---@return perigee.Timer
function clock.every(span, fn) end

---@param span perigee.Span
---@param fn fun()
---@return perigee.Timer
function clock.after(span, fn) end

---@param time perigee.Time
---@param fn fun()
---@return perigee.Timer
function clock.at(time, fn) end

---UTC, as `os.date("*t")`, with `ns`.
---@param time? perigee.Time
---@return {year: integer, month: integer, day: integer, hour: integer, min: integer, sec: integer, ns: integer, wday: integer, yday: integer, isdst: boolean}
function clock.date(time) end

---RFC 3339, or a format of `strftime`.
---@param time? perigee.Time
---@param format? string
---@return string
function clock.format(time, format) end

account = {}

---@param currency string
---@param venue? string
---@return number total, number available
function account.balance(currency, venue) end

---In the reporting currency.
---@return number
function account.equity() end

---1 − equity ÷ peak.
---@return number
function account.drawdown() end

log = {}

---@param format string
---@param ... any
function log.debug(format, ...) end

---@param format string
---@param ... any
function log.info(format, ...) end

---@param format string
---@param ... any
function log.warn(format, ...) end

---@param format string
---@param ... any
function log.error(format, ...) end

---The bound parameters; read-only.
---@type table<string, any>
params = {}

---A point of a line of its own in the report.
---@param series string
---@param value number
function plot(series, value) end

---Ends the strategy in good order.
---@param reason? string
function stop(reason) end

ta = {}

---@param n integer
---@return perigee.Indicator
function ta.sma(n) end

---@param n integer
---@return perigee.Indicator
function ta.wma(n) end

---@param n integer
---@return perigee.Indicator
function ta.ema(n) end

---@param n integer
---@return perigee.Indicator
function ta.highest(n) end

---@param n integer
---@return perigee.Indicator
function ta.lowest(n) end

---@param n integer
---@return perigee.Indicator
function ta.stddev(n) end

---@param n integer
---@return perigee.Indicator
function ta.zscore(n) end

---@param n integer
---@return perigee.Indicator
function ta.roc(n) end

---@param n integer
---@return perigee.Indicator
function ta.rsi(n) end

---Middle, upper, lower.
---@param n integer
---@param k number
---@return perigee.Indicator
function ta.bollinger(n, k) end

---Middle, upper, lower.
---@param n integer
---@param k number
---@return perigee.Indicator
function ta.keltner(n, k) end

---Line, signal, histogram.
---@param fast integer
---@param slow integer
---@param signal integer
---@return perigee.Indicator
function ta.macd(fast, slow, signal) end

---Upper, lower, middle.
---@param n integer
---@return perigee.Indicator
function ta.donchian(n) end

---@param n integer
---@return perigee.Indicator
function ta.atr(n) end

---ADX, +DI, −DI.
---@param n integer
---@return perigee.Indicator
function ta.adx(n) end

---K, D.
---@param n integer
---@param smooth integer
---@param d integer
---@return perigee.Indicator
function ta.stochastic(n, smooth, d) end

---@return perigee.Indicator
function ta.obv() end

---`update(price, qty)`, or a bar.
---@param n? integer
---@return perigee.Indicator
function ta.vwap(n) end

---`update(a, b)`: 1 where a crosses above b, −1 below, else 0.
---@return perigee.Indicator
function ta.cross() end
