"""What docs/fills.md says of level-2 tapes, written down once more: slow, in Python, and from the page alone.

With `peer=True` it does instead what hftbacktest 2.4 does where the page says that it differs; so that one run of it can be held
against hftbacktest and the other against perigee, and nothing lies between the two but the differences that are named there.
"""
import math
from bisect import bisect_left, insort


class Order:
    __slots__ = ('id', 'buy', 'kind', 'tif', 'post', 'ticks', 'left', 'ahead', 'traded', 'state', 'arrival')

    def __init__(self, id, buy, kind, tif, post, ticks, lots):
        self.id, self.buy, self.kind, self.tif, self.post = id, buy, kind, tif, post
        self.ticks, self.left, self.ahead, self.traded, self.state, self.arrival = ticks, lots, 0.0, 0.0, 'open', 0


class Venue:
    def __init__(self, units_per_lot, unit_scale, lot, queue, fills, peer=False):
        self.per_lot, self.scale, self.lot = units_per_lot, 10 ** unit_scale, lot
        self.queue, self.full, self.peer = queue, fills == 'full', peer
        self.sizes = ({}, {})    # bids, asks: units by tick
        self.ladder = ([], [])   # ticks in order, rising
        self.open = ([], [])     # our buys, sells
        self.orders = {}
        self.fills = []          # (id, ticks, lots, time, maker)
        self.arrivals = 0
        self.rested_crossing = set()

    def base(self, units):
        return units / self.scale

    def best(self, side):
        ladder = self.ladder[side]
        return None if not ladder else ladder[-1] if side == 0 else ladder[0]

    # The tape

    def level(self, side, ticks, units, time):
        sizes, before, old = self.sizes[side], self.best(side), self.sizes[side].get(ticks, 0)
        if 2 * units < self.per_lot:
            if old:
                del sizes[ticks]
                self.ladder[side].pop(bisect_left(self.ladder[side], ticks))
        else:
            if not old:
                insort(self.ladder[side], ticks)
            sizes[ticks] = units
        for order in self.open[side]:
            if order.ticks == ticks:
                self.moved(order, self.base(old), self.base(units))
        now = self.best(side)
        if now is not None and now != before and (before is None or (now > before if side == 0 else now < before)):
            for order in sorted(self.open[1 - side], key=lambda o: (o.ticks if side == 0 else -o.ticks, o.arrival)):
                if order.ticks <= now if side == 0 else order.ticks >= now:
                    self.fill(order, order.left, order.ticks, time, True)
        self.sweep()

    def moved(self, order, old, new):
        if self.queue == 'risk-averse':
            order.ahead = min(order.ahead, new)
            return
        c = (old - new) - order.traded
        order.traded = 0.0
        if c < 0:
            order.ahead = min(order.ahead, new)
            return
        back = old - order.ahead
        above, below = self.weight(back), self.weight(back) + self.weight(order.ahead)
        p = float('nan') if math.isnan(below) or below == 0 and above == 0 else (
            float('inf') if below == 0 else above / below)
        if math.isinf(p):
            p = 1.0
        if math.isnan(p):
            order.ahead = new
            return
        order.ahead = min(order.ahead - (1 - p) * c + min(back - p * c, 0.0), new)

    def weight(self, x):
        if self.queue == 'log':
            return math.log(1 + x) if x > -1 else float('-inf') if x == -1 else float('nan')
        n = float(self.queue.split(':')[1])
        try:
            y = x ** n
        except (OverflowError, ZeroDivisionError):
            return float('inf')
        return float('nan') if isinstance(y, complex) else y

    def trade(self, seller, ticks, units, time):
        side = 0 if seller else 1
        left = units
        for order in sorted(self.open[side], key=lambda o: (-o.ticks if side == 0 else o.ticks, o.arrival)):
            if order.ticks > ticks if side == 0 else order.ticks < ticks:
                self.fill(order, order.left, order.ticks, time, True)
            elif order.ticks == ticks:
                order.ahead -= self.base(units if self.peer else left)
                order.traded += self.base(units)
                n = -order.ahead / self.lot
                n = math.floor(n + 0.5) if n > 0 else 0
                if n < 1:
                    continue
                lots = order.left if self.full else min(order.left, n)
                if not self.full:
                    order.ahead = 0.0
                self.fill(order, lots, ticks, time, True)
                left = max(0, left - lots * self.per_lot)
        self.sweep()

    # Requests

    def submit(self, order, time):
        self.orders[order.id] = order
        self.arrive(order, time)

    def crosses(self, order):
        best = self.best(1 if order.buy else 0)
        return best is not None and (order.ticks >= best if order.buy else order.ticks <= best)

    def walk(self, order):
        """(ticks, lots) of the levels that an order may take."""
        side, left, units, taken = 1 if order.buy else 0, order.left, 0, 0
        for ticks in list(self.ladder[side] if side == 1 else reversed(self.ladder[side])):
            if order.kind != 'market' and (ticks > order.ticks if order.buy else ticks < order.ticks):
                return
            units += self.sizes[side][ticks]
            lots = min(units // self.per_lot - taken, left)
            if lots > 0:
                taken, left = taken + lots, left - lots
                yield ticks, lots
            if left == 0:
                return

    def arrive(self, order, time):
        self.arrivals += 1
        order.arrival = self.arrivals
        if order.kind == 'market':
            if self.peer and self.full:
                best = self.best(1 if order.buy else 0)
                if best is not None:
                    self.fill(order, order.left, best, time, False)
            else:
                first = None
                for ticks, lots in self.walk(order):
                    first = ticks if first is None else first
                    if self.peer and abs(ticks - first) > (99 if order.buy else 100):
                        break
                    self.fill(order, lots, ticks, time, False)
            return self.close(order, 'expired')
        if not self.crosses(order):
            if order.tif in ('IOC', 'FOK'):
                return self.close(order, 'expired')
            return self.rest(order)
        if order.post:
            order.state = 'rejected'
            return
        covered = sum(lots for _, lots in self.walk(order)) == order.left
        if order.tif == 'FOK' and not covered and not (self.peer and self.full):
            return self.close(order, 'expired')
        if self.full:
            self.fill(order, order.left, self.best(1 if order.buy else 0), time, False)
            return
        for ticks, lots in list(self.walk(order)):
            self.fill(order, lots, ticks, time, False)
        if order.left:
            if order.tif == 'IOC':
                return self.close(order, 'expired')
            self.rested_crossing.add(order.id)
            if self.peer:
                return self.fill(order, order.left, order.ticks, time, False)
            self.rest(order)

    def rest(self, order):
        side = 0 if order.buy else 1
        order.ahead, order.traded = self.base(self.sizes[side].get(order.ticks, 0)), 0.0
        self.open[side].append(order)

    def cancel(self, id):
        order = self.orders.get(id)
        if order is not None and order.state == 'open':
            self.leave(order)
            order.state = 'cancelled'

    def amend(self, id, ticks, lots, time):
        order = self.orders.get(id)
        if order is None or order.state != 'open':
            return
        ticks = order.ticks if ticks is None else ticks
        lots = order.left if lots is None else lots
        if ticks == order.ticks and lots <= order.left:
            order.left = lots
            return
        probe = Order(id, order.buy, order.kind, order.tif, order.post, ticks, lots)
        if order.post and self.crosses(probe):
            return
        self.leave(order)
        order.ticks, order.left = ticks, lots
        self.arrive(order, time)

    # What becomes of an order

    def fill(self, order, lots, ticks, time, maker):
        if lots <= 0:
            return
        self.fills.append((order.id, ticks, lots, time, maker))
        order.left -= lots
        if order.left == 0:
            order.state = 'filled'

    def close(self, order, state):
        if order.state == 'open':
            order.state = state

    def leave(self, order):
        self.open[0 if order.buy else 1].remove(order)

    def sweep(self):
        for orders in self.open:
            if any(o.state != 'open' for o in orders):
                orders[:] = [o for o in orders if o.state == 'open']


def run(events, flow, latency, venue):
    """`events`: (exchange time, kind, side, ticks, units) in order at the venue; `flow`: actions by time; `latency`: ns to the venue."""
    n, i = len(events), 0
    for action in flow:
        due = action['time'] + latency
        while i < n and events[i][0] <= due:
            feed(venue, events[i])
            i += 1
        what = action['what']
        if what == 'new':
            venue.submit(Order(action['id'], action['side'] == 'buy', 'limit' if 'ticks' in action else 'market',
                               action.get('tif', 'GTC'), action.get('post', False), action.get('ticks'), action['lots']), due)
        elif what == 'cancel':
            venue.cancel(action['id'])
        else:
            venue.amend(action['id'], action.get('ticks'), action.get('lots'), due)
    while i < n:
        feed(venue, events[i])
        i += 1
    return venue


def feed(venue, event):
    time, kind, side, ticks, units = event
    if kind == 0:
        venue.level(side, ticks, units, time)
    elif side >= 0:
        venue.trade(side == 1, ticks, units, time)
