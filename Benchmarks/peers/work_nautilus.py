#!/usr/bin/env python3
"""S0, S1 and B0 of docs/performance.md in NautilusTrader's backtest engine. Run by compare.py.

    work_nautilus.py S0|S1|B0 DATA.csv [--first N]

One run: the engine keeps what it has seen. The time is that of `BacktestEngine.run`.
"""
import work
from datetime import timedelta
from decimal import Decimal
import nautilus_trader
import pandas as pd
from nautilus_trader.backtest.engine import BacktestEngine, BacktestEngineConfig
from nautilus_trader.config import LoggingConfig, StrategyConfig
from nautilus_trader.backtest.models import FillModel, LatencyModel
from nautilus_trader.model.currencies import BTC, USDT
from nautilus_trader.model.data import Bar, BarType, BookOrder, OrderBookDelta, TradeTick
from nautilus_trader.model.enums import AccountType, AggressorSide, BookAction, BookType, OmsType, OrderSide, TimeInForce
from nautilus_trader.model.identifiers import InstrumentId, Symbol, TradeId, TraderId, Venue
from nautilus_trader.model.instruments import CryptoPerpetual
from nautilus_trader.model.objects import Money, Price, Quantity
from nautilus_trader.trading.strategy import Strategy

VENUE = Venue('SIM')
NAME = InstrumentId(Symbol('BTCUSDT-PERP'), VENUE)
BARS = f'{NAME}-1-MINUTE-LAST-EXTERNAL'


def instrument():
    """A margin above 0: at 0 the rebate of a resting order makes its locked balance negative, which the engine refuses."""
    return CryptoPerpetual(
        instrument_id=NAME, raw_symbol=Symbol('BTCUSDT'), base_currency=BTC, quote_currency=USDT, settlement_currency=USDT,
        is_inverse=False, price_precision=1, size_precision=3, price_increment=Price.from_str('0.1'),
        size_increment=Quantity.from_str('0.001'), margin_init=Decimal('0.001'), margin_maint=Decimal(0),
        maker_fee=Decimal(str(work.MAKER_FEE)), taker_fee=Decimal(str(work.TAKER_FEE)), ts_event=0, ts_init=0)


def events(args):
    frame = pd.read_csv(args.data, dtype={'type': str, 'side': str}, nrows=args.first or None)
    rows = []
    columns = [frame[name].to_numpy() for name in ('type', 'exch_ts_ns', 'local_ts_ns', 'side', 'price', 'qty')]
    for number, (kind, venue, desk, side, price, size) in enumerate(zip(*(column.tolist() for column in columns))):
        price, quantity = Price(price, 1), Quantity(size, 3)
        if kind == 'D':
            order = BookOrder(OrderSide.BUY if side == 'B' else OrderSide.SELL, price, quantity, 0)
            action = BookAction.UPDATE if size > 0 else BookAction.DELETE
            rows.append(OrderBookDelta(NAME, action, order, 128, number, venue, desk))
        else:
            aggressor = AggressorSide.BUYER if side == 'B' else AggressorSide.SELLER
            rows.append(TradeTick(NAME, price, quantity, aggressor, TradeId(str(number)), venue, desk))
    return rows


def bars(args):
    frame = pd.read_csv(args.data, nrows=args.first or None)
    kind = BarType.from_str(BARS)
    times = frame['time' if 'time' in frame else 'ts_ns'].tolist()
    values = zip(times, frame['open'].tolist(), frame['high'].tolist(), frame['low'].tolist(), frame['close'].tolist(), frame['volume'].tolist())
    return [Bar(kind, Price(o, 1), Price(h, 1), Price(l, 1), Price(c, 1), Quantity(v, 3), t + 60_000_000_000, t + 60_000_000_000)
            for t, o, h, l, c, v in values]


class Counting(Strategy):
    def on_start(self):
        self.count = 0
        self.subscribe_order_book_deltas(NAME, book_type=BookType.L2_MBP)
        self.subscribe_trade_ticks(NAME)

    def on_order_book_deltas(self, deltas):
        self.count += 1

    def on_trade_tick(self, tick):
        self.count += 1


class Maker(Strategy):
    def on_start(self):
        self.sent = self.cancelled = self.fills = 0
        self.traded = self.cache.instrument(NAME)
        self.subscribe_order_book_deltas(NAME, book_type=BookType.L2_MBP)
        self.clock.set_timer('step', timedelta(milliseconds=work.STEP_NS // 1_000_000), callback=self.step)

    def step(self, event):
        book = self.cache.order_book(NAME)
        bid, ask = book.best_bid_price(), book.best_ask_price()
        if bid is None or ask is None or bid >= ask:
            return
        for order in self.cache.orders_open(instrument_id=NAME, strategy_id=self.id):
            if not order.is_pending_cancel:
                self.cancel_order(order)
                self.cancelled += 1
        total = round(float(bid) / work.TICK) + round(float(ask) / work.TICK)
        position = float(self.portfolio.net_position(NAME))
        if position < work.LIMIT - 1e-9:
            self.quote(OrderSide.BUY, (total - 2 * work.DISTANCE) // 2)
        if position > -work.LIMIT + 1e-9:
            self.quote(OrderSide.SELL, (total + 2 * work.DISTANCE + 1) // 2)

    def quote(self, side, ticks):
        self.submit_order(self.order_factory.limit(
            NAME, side, Quantity(work.QUANTITY, 3), Price(ticks * work.TICK, 1), time_in_force=TimeInForce.GTC, post_only=True))
        self.sent += 1

    def on_order_filled(self, event):
        self.fills += 1


class Cross(Strategy):
    def on_start(self):
        from nautilus_trader.indicators import SimpleMovingAverage
        self.fast, self.slow = SimpleMovingAverage(10), SimpleMovingAverage(30)
        self.before, self.side, self.orders = None, 0, 0
        kind = BarType.from_str(BARS)
        self.register_indicator_for_bars(kind, self.fast)
        self.register_indicator_for_bars(kind, self.slow)
        self.subscribe_bars(kind)

    def on_bar(self, bar):
        if not self.slow.initialized:
            return
        now, before = self.fast.value - self.slow.value, self.before
        self.before = now
        if before is None:
            return
        side = 1 if now > 0 and before <= 0 else -1 if now < 0 and before >= 0 else self.side
        if side == self.side:
            return
        change, self.side = side - self.side, side
        self.orders += 1
        self.submit_order(self.order_factory.market(NAME, OrderSide.BUY if change > 0 else OrderSide.SELL, Quantity(abs(change), 3)))


def main():
    args = work.arguments(['S0', 'S1', 'B0'])
    engine = BacktestEngine(config=BacktestEngineConfig(
        trader_id=TraderId('BENCH-001'), logging=LoggingConfig(bypass_logging=True), run_analysis=False))
    level2 = args.work != 'B0'
    engine.add_venue(
        venue=VENUE, oms_type=OmsType.NETTING, account_type=AccountType.MARGIN, base_currency=None,
        starting_balances=[Money(1_000_000, USDT)],  # more, and its sums of doubles fail its own checks
        book_type=BookType.L2_MBP if level2 else BookType.L1_MBP,
        fill_model=FillModel(), latency_model=LatencyModel(base_latency_nanos=5_000_000) if level2 else None)
    engine.add_instrument(instrument())
    data = events(args) if level2 else bars(args)
    engine.add_data(data)
    strategy = {'S0': Counting, 'S1': Maker, 'B0': Cross}[args.work](StrategyConfig())
    engine.add_strategy(strategy)
    _, times = work.repeat(engine.run, 1, len(data))
    did = {'S0': lambda: f'events {strategy.count}', 'S1': lambda: f'sent {strategy.sent} cancelled {strategy.cancelled} fills {strategy.fills}',
           'B0': lambda: f'orders {strategy.orders}'}[args.work]()
    work.answer('nautilus_trader', nautilus_trader.__version__, len(data), times, did)


main()
