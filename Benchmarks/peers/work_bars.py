#!/usr/bin/env python3
"""B0 of docs/performance.md in backtesting.py, vectorbt or backtrader. Run by compare.py.

    work_bars.py backtesting|vectorbt|backtrader BARS.csv [--repetitions N] [--first N]

The time is that of the run alone: indicators, bars, orders; loading and compiling left out.
"""
import work
import os
import time
import warnings

warnings.filterwarnings('ignore')
os.environ.setdefault('TQDM_DISABLE', '1')
import pandas as pd

FAST, SLOW = 10, 30


def load(args):
    frame = pd.read_csv(args.data, nrows=args.first or None)
    frame.index = pd.to_datetime(frame['time' if 'time' in frame else 'ts_ns'])
    return frame[['open', 'high', 'low', 'close', 'volume']]


def backtesting(frame):
    import backtesting as library
    from backtesting import Backtest, Strategy
    library.backtesting._tqdm = lambda bars, **_: bars
    frame = frame.rename(columns=str.capitalize)

    class Cross(Strategy):
        def init(self):
            mean = lambda values, window: pd.Series(values).rolling(window).mean()
            self.fast, self.slow = self.I(mean, self.data.Close, FAST), self.I(mean, self.data.Close, SLOW)
            self.before, self.side = None, 0

        def next(self):
            now, before = self.fast[-1] - self.slow[-1], self.before
            self.before = now
            if before is None:
                return
            side = 1 if now > 0 and before <= 0 else -1 if now < 0 and before >= 0 else self.side
            if side == self.side:
                return
            self.position.close()
            (self.buy if side > 0 else self.sell)(size=1)
            self.side = side

    def run():
        result = Backtest(frame, Cross, cash=1e8, commission=work.TAKER_FEE, finalize_trades=True).run()
        return f'trades {int(result["# Trades"])}'
    return library.__version__, run


def vectorbt(frame):
    import vectorbt as library

    def run():
        close = frame['close']
        difference = library.MA.run(close, FAST).ma - library.MA.run(close, SLOW).ma
        before = difference.shift(1)
        portfolio = library.Portfolio.from_signals(
            close, entries=(difference > 0) & (before <= 0), short_entries=(difference < 0) & (before >= 0),
            price=frame['open'].shift(-1).fillna(close), size=1, fees=work.TAKER_FEE, init_cash=1e8, freq='1min')
        portfolio.final_value()
        return f'orders {int(portfolio.orders.count())}'
    run()  # compiles
    return library.__version__, run


def backtrader(frame):
    import backtrader as library

    class Cross(library.Strategy):
        def __init__(self):
            self.fast = library.indicators.SMA(self.data.close, period=FAST)
            self.slow = library.indicators.SMA(self.data.close, period=SLOW)
            self.before, self.side, self.orders = None, 0, 0

        def next(self):
            now, before = self.fast[0] - self.slow[0], self.before
            self.before = now
            if before is None:
                return
            side = 1 if now > 0 and before <= 0 else -1 if now < 0 and before >= 0 else self.side
            if side == self.side:
                return
            (self.buy if side > 0 else self.sell)(size=abs(side - self.side))
            self.side, self.orders = side, self.orders + 1

    def run():
        cerebro = library.Cerebro(stdstats=False)
        cerebro.adddata(library.feeds.PandasData(dataname=frame))
        cerebro.addstrategy(Cross)
        cerebro.broker.setcash(1e8)
        cerebro.broker.setcommission(commission=work.TAKER_FEE)
        return f'orders {cerebro.run()[0].orders}'
    return library.__version__, run


def main():
    args = work.arguments(['backtesting', 'vectorbt', 'backtrader'])
    frame = load(args)
    version, run = {'backtesting': backtesting, 'vectorbt': vectorbt, 'backtrader': backtrader}[args.work](frame)
    did, times = work.repeat(run, args.repetitions, len(frame))
    work.answer({'backtesting': 'backtesting.py'}.get(args.work, args.work), version, len(frame), times, did)


main()
