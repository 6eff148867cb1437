#!/usr/bin/env python3
"""Seeded random orders on bars in perigee, in backtesting.py 0.6 (market and stop orders) and in an exact model of docs/fills.md
(limits, stop-limits, amendments, cancels, ends of life and aggregated bars too); fills compared one by one.

    compare_backtesting.py --perigee PATH --tape BARS.tape [--seeds 1 2 3] [--first N] [--intervals 1m 5m] [--work DIR]

Ends with 1 where something differs. The model counts prices in ticks and knows no floating point.
"""
import argparse, csv, json, os, subprocess, sys, warnings
from collections import Counter
from decimal import Decimal

HERE = os.path.dirname(os.path.abspath(__file__))
UNITS = {'m': 60, 'h': 3600}


class Draws:
    def __init__(self, seed):
        self.state = seed

    def __call__(self, n):
        self.state = (self.state * 1103515245 + 12345) % 2147483648
        return self.state // 65536 % n


class Wish:
    """One order, numbered as it was sent."""

    def __init__(self, number, side, lots, kind, stop, price, expire):
        self.number, self.side, self.lots, self.kind = number, side, lots, kind
        self.stop, self.price, self.expire, self.triggered = stop, price, expire, kind in (0, 2)
        self.new, self.dying, self.waits = True, False, False


class Orders:
    """Twin of orders.lua: what is sent, cancelled and amended at a bar."""

    def __init__(self, seed, kinds, reach, busy, seconds):
        self.draw, self.kinds, self.reach, self.busy, self.seconds = Draws(seed), kinds, reach, busy, seconds
        self.live, self.count, self.bars = [], 0, -1

    def make(self, ticks, now):
        draw = self.draw
        side = 1 if draw(2) == 0 else -1
        if self.kinds == 4:
            side = 1 if self.bars // 200 % 2 == 0 else -1
        kind = draw(self.kinds)
        a, b = draw(2 * self.reach + 1) - self.reach, draw(2 * self.reach + 1) - self.reach
        life = draw(8)
        self.count += 1
        lots = 1 + self.count % 97
        stop = ticks + a if kind in (1, 3) else None
        price = {2: ticks + a, 3: ticks + b}.get(kind)
        expire = now + 11 * self.seconds * 500_000_000 if life == 0 and kind == 2 else None
        self.live.append(Wish(self.count, side, lots, kind, stop, price, expire))

    def on_bar(self, ticks, now):
        """Answers the cancelled ones."""
        draw, gone = self.draw, []
        self.bars += 1
        if self.bars < 1:
            return gone
        if self.kinds == 4 and self.bars % 200 == 199:
            self.live.clear()
            return gone
        for wish in self.live:
            wish.new = False
        if draw(100) < self.busy:
            self.make(ticks, now)
            if draw(3) == 0:
                self.make(ticks, now)
        if draw(10) == 0 and self.live:
            gone.append(self.live[draw(len(self.live))])
        if self.kinds == 4 and draw(10) == 0:
            limits = [w for w in self.live if w.kind == 2 and not w.new and w not in gone]
            if limits:
                wish = limits[draw(len(limits))]
                wish.price = ticks + draw(2 * self.reach + 1) - self.reach
        for wish in gone:
            self.live.remove(wish)
        return gone


def take(wish, price):
    return wish.price is None or wish.side * (wish.price - price) >= 0


def at_open(wish, bar):
    """The price of a fill at the open, or None."""
    if not wish.triggered and wish.side * (bar['open'] - wish.stop) >= 0:
        wish.triggered = True
    return bar['open'] if wish.triggered and take(wish, bar['open']) else None


def fills_of_bar(live, bar, length):
    """(number, time, price, maker, side × lots); filled orders leave the list."""
    out = []

    def fill(wish, time, price, maker):
        out.append((wish.number, time, price, maker, wish.side * wish.lots))
        live.remove(wish)

    live[:] = [w for w in live if w.expire is None or w.expire > bar['time']]
    for wish in list(live):
        price = at_open(wish, bar)
        if price is not None:
            fill(wish, bar['time'], price, False)
    close = bar['time'] + length
    live[:] = [w for w in live if w.expire is None or w.expire > close]
    resting = [w for w in live if w.triggered]
    for wish in [w for w in live if not w.triggered]:
        if wish.side * ((bar['high'] if wish.side > 0 else bar['low']) - wish.stop) >= 0:
            wish.triggered = True
            if take(wish, wish.stop):
                fill(wish, close, wish.stop, False)
    for wish in resting:
        if wish.side * (wish.price - (bar['low'] if wish.side > 0 else bar['high'])) > 0:
            fill(wish, close, wish.price, True)
    return out


def modelled(bars, length, interval, orders):
    out = []
    group = None
    for i, bar in enumerate(bars):
        out += [fill + (i,) for fill in fills_of_bar(orders.live, bar, length)]
        if interval == length:
            orders.on_bar(bar['close'], bar['time'] + length)
            continue
        end = bar['time'] // interval * interval + interval
        following = bars[i + 1]['time'] if i + 1 < len(bars) else bar['time'] + length
        if following >= end:
            orders.on_bar(bar['close'], end)
    return out


def told(args, tape, tick, lot, settings):
    out = os.path.join(args.work, 'bars-run')
    command = [args.perigee, 'backtest', os.path.join(HERE, 'orders.lua'), '--data', tape, '--out', out, '--quiet']
    for key, value in settings.items():
        command += ['--set', f'{key}={value}']
    subprocess.run(command, check=True, capture_output=True)
    fills = []
    with open(os.path.join(out, 'fills.csv')) as file:
        for row in csv.DictReader(file):
            lots = int(Decimal(row['qty']) / lot)
            fills.append((int(row['tag']), int(row['exchange_time']), int(Decimal(row['price']) / tick),
                          row['liquidity'] == 'maker', lots if row['side'] == 'buy' else -lots))
    return fills


def peer(bars, orders, tick):
    """Changes of position by (bar, price), as backtesting.py made them, open trades included."""
    warnings.filterwarnings('ignore')
    os.environ.setdefault('TQDM_DISABLE', '1')
    import pandas as pd
    import backtesting
    from backtesting import Backtest, Strategy
    backtesting.backtesting._tqdm = lambda it, **_: it
    frame = pd.DataFrame({k.capitalize(): [float(bar[k] * tick) for bar in bars] for k in ('open', 'high', 'low', 'close')})
    frame.index = pd.to_datetime([bar['time'] for bar in bars])
    held = {}

    class Random(Strategy):
        def init(self):
            held['self'] = self
            orders.on_bar(bars[0]['close'], 0)

        def next(self):
            i = len(self.data) - 1
            pending = {order: wish for order, wish in held.get('map', {}).items() if order in self.orders}
            orders.live[:] = [wish for wish in orders.live if wish in pending.values()]
            before = orders.count
            gone = orders.on_bar(bars[i]['close'], 0)
            sent = [w for w in orders.live + gone if w.number > before]
            for wish in sorted(sent, key=lambda w: w.number):
                stop = float(wish.stop * tick) if wish.stop is not None else None
                order = (self.buy if wish.side > 0 else self.sell)(size=wish.lots, stop=stop)
                pending[order] = wish
            for order, wish in pending.items():
                if wish in gone:
                    order.cancel()
            held['map'] = pending

    Backtest(frame, Random, cash=1e12, commission=0, trade_on_close=False, exclusive_orders=False, hedging=False).run()
    strategy, changes = held['self'], Counter()
    for trade in list(strategy.trades) + list(strategy.closed_trades):
        changes[trade.entry_bar, round(trade.entry_price / float(tick))] += trade.size
        if trade.exit_price is not None:
            changes[trade.exit_bar, round(trade.exit_price / float(tick))] -= trade.size
    return Counter({key: value for key, value in changes.items() if value})


def seconds_of(text):
    return int(text[:-1]) * UNITS[text[-1]]


def load(args):
    exported = os.path.join(args.work, 'bars.csv')
    subprocess.run([args.perigee, 'data', 'export', args.tape, '--csv', exported], check=True, capture_output=True)
    info = json.loads(subprocess.run([args.perigee, 'data', 'info', args.tape, '--format', 'json'], check=True, capture_output=True,
                                     text=True).stdout)['instruments'][0]
    return exported, info


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--perigee', required=True)
    parser.add_argument('--tape', required=True)
    parser.add_argument('--seeds', type=int, nargs='+', default=[1, 2, 3])
    parser.add_argument('--intervals', nargs='+', default=[])
    parser.add_argument('--reach', type=int, default=40)
    parser.add_argument('--peer-bars', type=int, default=100_000, help='backtesting.py is slow: how many bars it gets')
    parser.add_argument('--work', default='.')
    args = parser.parse_args()
    exported, info = load(args)
    tick, lot, length = Decimal(info['tick']), Decimal(info['lot']), seconds_of(info['bar_interval']) * 10 ** 9
    with open(exported) as file:
        bars = [{**{k: int(Decimal(row[k]) / tick) for k in ('open', 'high', 'low', 'close')}, 'time': int(row['time'])}
                for row in csv.DictReader(file)]
    own = f'{length // 60_000_000_000}m'
    bad = 0
    for seed in args.seeds:
        for kinds, interval in [(2, own), (4, own)] + [(4, i) for i in args.intervals]:
            settings = dict(seed=seed, kinds=kinds, interval=interval, reach=args.reach, seconds=length // 10 ** 9)
            a = told(args, args.tape, tick, lot, settings)
            twin = Orders(seed, kinds, args.reach, 30, length // 10 ** 9)
            b = modelled(bars, length, seconds_of(interval) * 10 ** 9, twin)
            ours, model = Counter(a), Counter(fill[:-1] for fill in b)
            extra, missing = ours - model, model - ours
            print(f'seed {seed} kinds {kinds} {interval}: {len(bars)} bars, orders {twin.count}, fills {len(a)}/{len(b)}, '
                  f'differ {sum(extra.values())}/{sum(missing.values())}', flush=True)
            for name, rows in (('ours', extra), ('model', missing)):
                for row in sorted(rows, key=lambda r: r[1])[:4]:
                    print('   ', name, row)
            bad += sum(extra.values()) + sum(missing.values())
            if kinds == 2 and args.peer_bars >= len(bars):
                bad += against_peer(bars, b, seed, args.reach, tick)
    sys.exit(1 if bad else 0)


def against_peer(bars, model, seed, reach, tick):
    """The model's fills, equal to ours where the line before says so, by bar: the model knows in which one it filled."""
    theirs = peer(bars, Orders(seed, 2, reach, 30, 60), tick)
    mine = Counter()
    for _, _, price, _, lots, i in model:
        mine[i, price] += lots
    mine = Counter({key: value for key, value in mine.items() if value})
    extra = {k: v for k, v in mine.items() if theirs.get(k) != v}
    missing = {k: v for k, v in theirs.items() if mine.get(k) != v}
    print(f'    backtesting.py: changes of position {len(mine)}/{len(theirs)}, differ {len(extra)}/{len(missing)}', flush=True)
    for name, rows in (('ours', extra), ('theirs', missing)):
        for row in sorted(rows.items())[:4]:
            print('       ', name, row)
    return len(extra) + len(missing)


if __name__ == '__main__':
    main()
