"""What docs/fills.md says of tapes of bars, written down once more in Python and whole numbers, from the page alone.

Prices are ticks, sizes lots, times ns. Money is a Fraction of the quote currency (spot balances).
"""
from dataclasses import dataclass
from fractions import Fraction


@dataclass
class Bar:
    time: int      # when it opens
    close_time: int
    open: int
    high: int
    low: int
    close: int
    lots: Fraction  # volume


@dataclass
class Order:
    id: int
    buy: bool
    lots: int
    limit: int = None
    stop: int = None
    tif: str = 'GTC'
    expire: int = None
    post: bool = False
    reduce: bool = False
    state: str = 'new'
    touched: bool = False     # the trigger
    entered: bool = False     # has seen an open since it was sent or amended
    later: bool = False       # touched inside this bar: its limit stands from the next
    asked: bool = False       # post-only: judged at an open already
    held: Fraction = Fraction(0)

    def waits_for_trigger(self):
        return self.stop is not None and not self.touched

    def ends_at_once(self):
        return self.limit is None or self.tif in ('IOC', 'FOK')


class Venue:
    def __init__(self, tick, lot, maker, taker, slip=(0, 0), share=None, spot=None):
        self.tick, self.lot, self.rates = Fraction(tick), Fraction(lot), {True: Fraction(maker), False: Fraction(taker)}
        self.slip_ticks, self.slip_points, self.share = slip[0], Fraction(slip[1]), None if share is None else Fraction(share)
        self.spot = None if spot is None else [Fraction(x) for x in spot]    # base, quote
        self.orders, self.fills, self.position, self.last, self.room = [], [], 0, None, None

    # Requests

    def submit(self, order, now):
        self.orders.append(order)
        if order.post and order.limit is None:
            return self.end(order, 'rejected')
        if order.reduce and self.reducible(order) == 0:
            return self.end(order, 'rejected')
        if self.spot is not None:
            need = self.need(order)
            if need > self.free(order.buy, order):
                return self.end(order, 'rejected')
            order.held = need
        order.state = 'pending' if order.post and order.stop is None else 'open'
        if order.expire is not None and order.expire <= now:
            self.end(order, 'expired')

    def cancel(self, order):
        if order.state in ('open', 'pending'):
            self.end(order, 'cancelled')

    def amend(self, order, limit, lots):
        if order.state != 'open':
            return
        limit = order.limit if order.limit is None or limit is None else limit
        lots = order.lots if lots is None else lots
        if self.spot is not None:
            before, order.limit, order.lots = (order.limit, order.lots), limit, lots
            need = self.need(order)
            if need > self.free(order.buy, order):
                order.limit, order.lots = before
                return
            order.held = need
        # A smaller size at the same price keeps the place; anything else goes to the back.
        if not (limit == order.limit and lots <= order.lots) or self.spot is not None and not (limit == before[0] and lots <= before[1]):
            self.orders.remove(order)
            self.orders.append(order)
        order.limit, order.lots = limit, lots

    def expire(self, now):
        for order in self.alive():
            if order.expire is not None and order.expire <= now:
                self.end(order, 'expired')

    # Bars

    def alive(self):
        return [o for o in self.orders if o.state in ('open', 'pending')]

    def open_bar(self, bar):
        self.room = None if self.share is None else int(bar.lots * self.share)
        for order in self.alive():
            if order.state in ('open', 'pending'):
                self.at_open(order, bar)
                order.entered = True
        self.settle_reduce_only()

    def at_open(self, order, bar):
        if order.waits_for_trigger():
            if bar.open < order.stop if order.buy else bar.open > order.stop:
                return
            order.touched = True
        if order.limit is None:
            return self.take(order, bar.open, bar.time)
        good = bar.open <= order.limit if order.buy else bar.open >= order.limit
        if order.state == 'pending':
            if good:
                return self.end(order, 'rejected')
            order.state = 'open'
        if good and order.post:
            self.fill(order, order.limit, bar.time, True)
        elif good:
            self.take(order, bar.open, bar.time)
        if order.tif in ('IOC', 'FOK') and order.state == 'open':
            self.end(order, 'expired')

    def close_bar(self, bar):
        for order in self.alive():
            if order.entered and order.waits_for_trigger():
                if bar.high < order.stop if order.buy else bar.low > order.stop:
                    continue
                order.touched = order.later = True
                price = max(bar.open, order.stop) if order.buy else min(bar.open, order.stop)
                if order.limit is None:
                    self.take(order, price, bar.close_time)
                    continue
                if price <= order.limit if order.buy else price >= order.limit:
                    if order.post:
                        self.end(order, 'expired')
                        continue
                    self.take(order, price, bar.close_time)
                if order.tif in ('IOC', 'FOK') and order.state == 'open':
                    self.end(order, 'expired')
        for order in self.alive():
            if order.entered and order.limit is not None and not order.waits_for_trigger() and not order.later:
                if bar.low < order.limit if order.buy else bar.high > order.limit:
                    self.fill(order, order.limit, bar.close_time, True)
        for order in self.orders:
            order.later = False
        self.last = bar.close
        self.settle_reduce_only()

    # Fills

    def take(self, order, price, now):
        bound = [b for b in (self.room, self.reducible(order) if order.reduce else None) if b is not None]
        if order.tif != 'FOK' or all(order.lots <= b for b in bound):
            self.fill(order, self.slipped(order, price), now, False)
        if order.state == 'open' and order.ends_at_once():
            self.end(order, 'expired')

    def slipped(self, order, price):
        step = self.slip_ticks or -((-abs(price) * self.slip_points) // 10_000)
        worse = price + step if order.buy else price - step
        if not order.buy and price > 0 and step:
            worse = max(worse, 1)
        if order.limit is not None:
            worse = min(worse, order.limit) if order.buy else max(worse, order.limit)
        return worse

    def fill(self, order, price, now, maker):
        lots = order.lots if self.room is None else min(order.lots, self.room)
        if order.reduce:
            lots = min(lots, self.reducible(order))
        if self.spot is not None:
            lots = self.affordable(order, price, lots)
        if lots <= 0:
            return
        order.lots -= lots
        self.position += lots if order.buy else -lots
        if self.room is not None:
            self.room -= lots
        if self.spot is not None:
            value, size = self.value(price, lots), self.lot * lots
            fee = value * self.rates[maker]
            self.spot[0] += size if order.buy else -size
            self.spot[1] += -value - fee if order.buy else value - fee
            order.held = Fraction(0) if order.limit is None and not order.waits_for_trigger() else self.need(order)
        self.fills.append((order.id, price, lots, now, maker))
        if order.lots == 0:
            self.end(order, 'filled')

    def end(self, order, state):
        order.state, order.held = state, Fraction(0)

    def reducible(self, order):
        return max(0, -self.position if order.buy else self.position)

    def settle_reduce_only(self):
        for order in self.alive():
            if order.reduce and self.reducible(order) == 0:
                self.end(order, 'expired')

    # Spot

    def value(self, price, lots):
        return self.tick * price * self.lot * lots

    def cost(self, price, lots):
        return self.value(price, lots) * (1 + max(0, *self.rates.values()))

    def need(self, order):
        if not order.buy:
            return self.lot * order.lots
        if order.limit is not None:
            return self.cost(order.limit, order.lots)
        if order.stop is not None and not order.touched:
            return self.cost(order.stop, order.lots)
        return Fraction(0) if self.last is None else self.cost(self.last, order.lots)

    def free(self, buy, own):
        return self.spot[1 if buy else 0] - sum((o.held for o in self.alive() if o.buy == buy and o is not own), Fraction(0))

    def affordable(self, order, price, lots):
        each = self.cost(price, 1) if order.buy else self.lot
        return max(0, min(lots, self.free(order.buy, order) // each)) if each > 0 else lots
