#!/usr/bin/env python3
"""Random orders of every kind in perigee, in hftbacktest 2.4 and in level2_reference.py on one level-2 tape, fill by fill.

    compare_random.py --perigee PATH --tape X.tape [--queue ...] [--fills ...] [--entry-ms 3 --response-ms 9] [--seed N ...]
                      [--one-a-price] [--every-ms 60] [--work DIR]

One seeded list of actions (market, IOC, FOK, GTC that crosses wholly or in part, post-only that would cross, resting orders, several
at one price, amendments of price and size, cancels) is played to each. Three comparisons a combination: perigee with the reference
(every fill, every end), hftbacktest with the reference told to do as hftbacktest (`peer`), and perigee with hftbacktest directly for
the orders on which the page and hftbacktest agree. Ends with 1 where one differs.
"""
import argparse, csv, heapq, itertools, json, math, os, random, shutil, subprocess, sys
from collections import OrderedDict, defaultdict
from decimal import Decimal
import numpy as np
import pandas
from numba import njit, uint64
from hftbacktest import BacktestAsset, HashMapMarketDepthBacktest, LIMIT
from hftbacktest.order import GTC, GTX, FOK, IOC, MARKET
from hftbacktest.data import correct_event_order, validate_event_order
from hftbacktest.types import event_dtype, DEPTH_EVENT, TRADE_EVENT, BUY_EVENT, SELL_EVENT
import level2_reference as reference

HERE = os.path.dirname(os.path.abspath(__file__))
MS = 1_000_000
EXPIRED, FILLED, CANCELED, PARTIALLY_FILLED = 2, 3, 4, 5


class Tape:
    """A tape's records as hftbacktest's events and as the reference's."""

    def __init__(self, perigee, path, work):
        self.path = path
        info = json.loads(subprocess.run([perigee, 'data', 'info', path, '--format', 'json'], check=True, capture_output=True,
                                         text=True).stdout)['instruments'][0]
        self.tick, self.lot = Decimal(info['tick']), Decimal(info['lot'])
        exported = os.path.join(work, os.path.basename(path) + '.csv')
        if not os.path.exists(exported):
            subprocess.run([perigee, 'data', 'export', path, '--csv', exported, '--exact'], check=True, capture_output=True)
        rows = pandas.read_csv(exported, dtype={'side': str, 'price': str, 'qty': str}, keep_default_na=False)
        clears = np.flatnonzero(rows['type'] == 'C')
        depth = np.flatnonzero(rows['type'] == 'D')
        if any(c > depth[0] for c in clears):
            sys.exit(f'{path}: a second snapshot, which this script does not translate')
        rows = rows[rows['type'] != 'C'].reset_index(drop=True)
        price, size = rows['price'].astype(float).to_numpy(), rows['qty'].astype(float).to_numpy()
        self.scale = max(-self.lot.as_tuple().exponent, int(rows['qty'].str.partition('.')[2].str.rstrip('0').str.len().max()))
        self.per_lot = int(self.lot * 10 ** self.scale)
        kind = np.where(rows['type'] == 'D', DEPTH_EVENT, TRADE_EVENT)
        side = rows['side'].map({'B': BUY_EVENT, 'S': SELL_EVENT, '': 0}).to_numpy()
        data = np.zeros(len(rows), dtype=event_dtype)
        data['ev'], data['px'], data['qty'] = kind | side, price, size
        data['exch_ts'], data['local_ts'] = rows['exch_ts_ns'], rows['local_ts_ns']
        order = np.argsort(data['exch_ts'], kind='stable')
        ticks = np.rint(price / float(self.tick)).astype(np.int64)
        units = np.rint(size * 10 ** self.scale).astype(np.int64)
        sides = rows['side'].map({'B': 0, 'S': 1, '': -1}).to_numpy()
        self.records = list(zip(data['exch_ts'][order].tolist(), (rows['type'] != 'D').astype(int).to_numpy()[order].tolist(),
                                sides[order].tolist(), ticks[order].tolist(), units[order].tolist()))
        self.events = correct_event_order(data, order, np.argsort(data['local_ts'], kind='stable'))
        validate_event_order(self.events)
        self.first, self.last = int(data['local_ts'].min()), int(data['local_ts'].max())

    def asset(self):
        return (BacktestAsset().data([self.events]).linear_asset(1.0).trading_value_fee_model(0.0, 0.0)
                .tick_size(float(self.tick)).lot_size(float(self.lot)).last_trades_capacity(0))


@njit
def look(hbt, times, out):
    hbt.elapse(1)
    for i in range(len(times)):
        if hbt.elapse(times[i] - hbt.current_timestamp) != 0:
            return i
        depth = hbt.depth(0)
        out[i, 0], out[i, 1] = depth.best_bid_tick, depth.best_ask_tick
        out[i, 2] = round((depth.best_bid_qty + depth.best_ask_qty) / depth.lot_size)
    return len(times)


def touches(tape, times):
    hbt = HashMapMarketDepthBacktest([tape.asset().constant_order_latency(0, 0).risk_adverse_queue_model().no_partial_fill_exchange()])
    out = np.zeros((len(times), 3), dtype=np.int64)
    n = look(hbt, np.array(times, dtype=np.int64), out)
    hbt.close()
    return out[:n].tolist()


def draw_flow(tape, seed, every, entry, response, one_a_price):
    """The list of actions; keeps clear of what a desk refuses (an order that would meet one of ours)."""
    rng = random.Random(seed)
    trip = entry + response + 2 * MS
    times, t = [], tape.first + 2_000 * MS
    while t < tape.last - 3 * trip - 9_000 * MS:
        t += int(rng.expovariate(1 / every)) // MS * MS + MS
        times.append(t // MS * MS + 333_333)
    books = touches(tape, times)
    flow, live, cancels, number = [], {}, [], 0
    for t, (bid, ask, top) in zip(times, books):
        while cancels and cancels[0][0] <= t:
            due, id = heapq.heappop(cancels)
            flow.append({'time': due, 'what': 'cancel', 'id': id})
        for id in [i for i, o in live.items() if o['dead'] <= t]:
            del live[id]
        if not 0 < bid < ask < 1 << 60:
            continue
        phase = t // (3_000 * MS) % 3
        if live and rng.random() < 0.25:
            id = rng.choice(list(live))
            o = live[id]
            if o['free'] > t or o['end'] - t < 2 * trip or o['post']:
                continue
            ticks = price(rng, o['side'], bid, ask) if rng.random() < 0.5 else None
            lots = rng.choice([max(1, o['lots'] // 2), max(1, o['lots'] - 1), o['lots'] + 1 + rng.randrange(o['lots'])])
            if any(other['lots'] == lots and other['side'] == o['side'] for other in live.values()):
                continue
            if ticks is not None and not clear(live, o['side'], ticks, ticks, one_a_price):
                continue
            if ticks is not None and rng.random() < 0.5:
                lots = None
            flow.append({'time': t, 'what': 'amend', 'id': id, 'ticks': ticks, 'lots': lots})
            o['lots'], o['free'] = lots or o['lots'], t + trip
            if ticks is not None:
                o['ticks'].append(ticks)
            continue
        side = 'buy' if phase == 0 or phase == 2 and rng.random() < 0.5 else 'sell'
        kind = rng.choice(['rest', 'rest', 'rest', 'post', 'IOC', 'FOK', 'market', 'GTC'])
        lots = max(1, int(math.exp(rng.uniform(0, math.log(max(3, 2 * top))))))
        if rng.random() < 0.3:
            lots = 1 + rng.randrange(3)
        while any(o['lots'] == lots and o['side'] == side for o in live.values()):
            lots += 1  # a desk refuses one exactly like another
        new = {'time': t, 'what': 'new', 'id': number + 1, 'side': side, 'lots': lots}
        sign = 1 if side == 'buy' else -1
        near, far = (bid, ask) if side == 'buy' else (ask, bid)
        if kind in ('rest', 'post'):
            new['ticks'] = price(rng, side, bid, ask) if kind == 'post' else near - sign * rng.randrange(4)
            new['post'] = kind == 'post'
        elif kind == 'GTC':
            new['ticks'] = far + sign * rng.choice([0, 0, 1, 3, 10, 40])
        elif kind != 'market':
            new['ticks'], new['tif'] = far + sign * rng.choice([-1, 0, 0, 1, 5, 30]), kind
        if not clear(live, side, new.get('ticks'), new.get('ticks') if kind in ('rest', 'post', 'GTC') else None, one_a_price):
            continue
        number += 1
        flow.append(new)
        end = t + trip + int(rng.expovariate(1 / (1_500 * MS))) // MS * MS if kind in ('rest', 'post', 'GTC') else t
        if end > t:
            heapq.heappush(cancels, (end + 111, number))
        live[number] = dict(side=side, lots=lots, ticks=[new.get('ticks')], dead=end + 2 * trip, end=end, post=new.get('post') or kind not in ('rest', 'GTC'),
                            free=t + trip)
    while cancels:
        due, id = heapq.heappop(cancels)
        flow.append({'time': due, 'what': 'cancel', 'id': id})
    flow.sort(key=lambda a: a['time'])
    return [a for a in flow if a['time'] < tape.last - 2 * trip], number


def price(rng, side, bid, ask):
    """Near the touch: behind it, on it, inside, or across."""
    sign, near, far = (1, bid, ask) if side == 'buy' else (-1, ask, bid)
    return rng.choice([near, near - sign, near - 2 * sign, near + sign, far, far - sign, far + sign, far + 3 * sign])


def clear(live, side, ticks, resting, one_a_price):
    for o in live.values():
        for other in o['ticks']:
            if o['side'] != side:
                if ticks is None or other is None or (ticks >= other if side == 'buy' else ticks <= other):
                    return False
            elif one_a_price and resting is not None and other == resting:
                return False
    return True


# hftbacktest

@njit
def collect(hbt, left, last, size, lot, out, n, state):
    values = hbt.orders(0).values()
    while values.has_next():
        order = values.get()
        i = int(order.order_id)
        if order.exch_timestamp == last[i] or order.exch_timestamp == 0:
            continue
        last[i] = order.exch_timestamp
        state[i] = order.status
        if abs(order.qty - size[i]) > lot / 4:  # an amendment has arrived
            size[i] = order.qty
            left[i] = order.qty
        if order.status != FILLED and order.status != PARTIALLY_FILLED and order.status != EXPIRED:
            continue
        if order.leaves_qty < left[i] - lot / 4:
            out[n, 0] = i
            out[n, 1] = order.exec_price_tick
            out[n, 2] = math.floor((left[i] - order.leaves_qty) / lot + 1e-4)
            out[n, 3] = order.exch_timestamp
            out[n, 4] = order.arr[0].maker
            n += 1
            left[i] = order.leaves_qty
    return n


@njit
def play(hbt, tick, lot, flow, out, left, last, size, state):
    n = 0
    hbt.elapse(1)
    for k in range(len(flow)):
        while hbt.current_timestamp < flow[k, 0]:
            code = hbt.wait_next_feed(0 == 0, flow[k, 0] - hbt.current_timestamp)
            if code == 3:
                n = collect(hbt, left, last, size, lot, out, n, state)
            elif code != 0 and code != 2:
                return n, code, hbt.current_timestamp
        hbt.clear_inactive_orders(0)
        what, i, side, ticks, lots, tif, kind = flow[k, 1], flow[k, 2], flow[k, 3], flow[k, 4], flow[k, 5], flow[k, 6], flow[k, 7]
        # A hair less than whole lots: an order that one trade fills exactly would stay in hftbacktest's book and stop it later.
        quantity = (lots - 1e-5) * lot
        if what == 0:
            left[i] = quantity
            size[i] = quantity
            if side == 0:
                hbt.submit_buy_order(0, uint64(i), ticks * tick, quantity, tif, kind, False)
            else:
                hbt.submit_sell_order(0, uint64(i), ticks * tick, quantity, tif, kind, False)
        elif hbt.orders(0).get(uint64(i)) is not None:
            order = hbt.orders(0).get(uint64(i))
            if order.cancellable:
                if what == 1:
                    hbt.cancel(0, uint64(i), False)
                else:
                    hbt.modify(0, uint64(i), (ticks if ticks != 0 else order.price_tick) * tick,
                               quantity if lots != 0 else order.leaves_qty, False)
    while True:
        code = hbt.wait_next_feed(0 == 0, 1_000_000_000)
        if code == 3:
            n = collect(hbt, left, last, size, lot, out, n, state)
        elif code != 0 and code != 2:
            return n, code, hbt.current_timestamp


def theirs(tape, flow, count, queue, fills, entry, response):
    asset = tape.asset().constant_order_latency(entry, response)
    if queue == 'risk-averse':
        asset = asset.risk_adverse_queue_model()
    elif queue == 'log':
        asset = asset.log_prob_queue_model()
    else:
        asset = asset.power_prob_queue_model(float(queue.split(':')[1]))
    asset = asset.no_partial_fill_exchange() if fills == 'full' else asset.partial_fill_exchange()
    rows = np.zeros((len(flow), 8), dtype=np.int64)
    for k, a in enumerate(flow):
        what = {'new': 0, 'cancel': 1, 'amend': 2}[a['what']]
        tif = GTX if a.get('post') else {'GTC': GTC, 'IOC': IOC, 'FOK': FOK}[a.get('tif', 'GTC')]
        rows[k] = (a['time'], what, a['id'], 0 if a.get('side') == 'buy' else 1, a.get('ticks') or 0, a.get('lots') or 0, tif,
                   LIMIT if a.get('ticks') is not None else MARKET)
    out, left, size = np.zeros((1_000_000, 5), dtype=np.int64), np.zeros(count + 2), np.zeros(count + 2)
    last, state = np.zeros(count + 2, dtype=np.int64), np.zeros(count + 2, dtype=np.int64)
    hbt = HashMapMarketDepthBacktest([asset])
    n, code, when = play(hbt, float(tape.tick), float(tape.lot), rows, out, left, last, size, state)
    hbt.close()
    if code != 1:
        print(f'    hftbacktest stopped with code {code} at {when}')
    names = {1: 'open', EXPIRED: 'expired', FILLED: 'filled', CANCELED: 'cancelled', PARTIALLY_FILLED: 'open'}
    return merged(out[:n].tolist()), {i: names.get(int(state[i]), str(state[i])) for i in range(1, count + 1) if state[i]}


# perigee

def lua(value):
    return {True: 'true', False: 'false'}[value] if isinstance(value, bool) else f'"{value}"' if isinstance(value, str) else str(value)


def ours(perigee, tape, flow, queue, fills, entry, response, work):
    folder = os.path.join(work, 'replay')
    os.makedirs(folder, exist_ok=True)
    shutil.copy(os.path.join(HERE, 'replay.lua'), folder)
    parts = [flow[i:i + 2_000] for i in range(0, len(flow), 2_000)]
    with open(os.path.join(folder, 'flow.lua'), 'w') as file:
        file.write(f'return {len(parts)}\n')
    for number, part in enumerate(parts, 1):
        with open(os.path.join(folder, f'flow{number}.lua'), 'w') as file:
            file.write('return {\n')
            for a in part:
                file.write('  {' + ', '.join(f'{k} = {lua(v)}' for k, v in a.items() if v is not None) + '},\n')
            file.write('}\n')
    out = os.path.join(work, 'run')
    shutil.rmtree(out, ignore_errors=True)
    subprocess.run([perigee, 'backtest', os.path.join(folder, 'replay.lua'), '--data', tape.path, '--queue', queue, '--fills', fills,
                    '--latency', f'{entry}ns/{response}ns', '--out', out, '--quiet'], check=True, capture_output=True)
    rows, states, refused = [], {}, set()
    with open(os.path.join(out, 'fills.csv')) as file:
        for row in csv.DictReader(file):
            rows.append((int(row['tag']), int(Decimal(row['price']) / tape.tick), int(Decimal(row['qty']) / tape.lot),
                         int(row['exchange_time']), row['liquidity'] == 'maker'))
    with open(os.path.join(out, 'orders.csv')) as file:
        for row in csv.DictReader(file):
            if row['state'] == 'rejected' and row['reason'] in ('duplicate', 'self_match'):
                refused.add(int(row['tag']))  # by the desk: it was never sent
            else:
                states[int(row['tag'])] = row['state']
    return rows, states, refused


def merged(rows):
    """What one order gets at one instant and kind as one fill at its last price: hftbacktest tells no finer."""
    fills = OrderedDict()
    for id, ticks, lots, time, maker in rows:
        key = (id, time, bool(maker))
        fills[key] = (ticks, fills.get(key, (0, 0))[1] + lots)
    return {key: value for key, value in fills.items() if value[1] > 0}


def differences(a, b, skip=()):
    return [(k, a.get(k), b.get(k)) for k in sorted(set(a) | set(b)) if a.get(k) != b.get(k)
            and (k if isinstance(k, int) else k[0]) not in skip]


def compare(args, tape, flow, count, queue, fills, entry, response):
    mine, states, refused = ours(args.perigee, tape, flow, queue, fills, entry, response, args.work)
    flow = [a for a in flow if a['id'] not in refused]

    def simulate(peer):
        venue = reference.Venue(tape.per_lot, tape.scale, float(tape.lot), queue, fills, peer)
        return reference.run(tape.records, flow, entry, venue)
    plain, peer = simulate(False), simulate(True)
    there, ends = theirs(tape, flow, count, queue, fills, entry, response)
    expected = {i: o.state for i, o in plain.orders.items()}
    exact = [] if mine == plain.fills else differences(dict(enumerate(mine)), dict(enumerate(plain.fills)))
    outcome = differences(states, expected)
    peers = {i: 'expired' if o.state == 'rejected' else o.state for i, o in peer.orders.items()}
    named = {i for i in expected if expected[i] != peer.orders[i].state} | plain.rested_crossing
    # hftbacktest enters an amended order anew with the open size it had before.
    anew, size = set(), {}
    for a in flow:
        if a['what'] != 'cancel' and a.get('lots'):
            if a['what'] == 'amend' and (a.get('ticks') is not None or a['lots'] > size.get(a['id'], 0)):
                anew.add(a['id'])
            size[a['id']] = a['lots']
    named |= anew
    for a, b in ((merged(plain.fills), merged(peer.fills)),):
        named |= {k[0] for k in set(a) | set(b) if a.get(k) != b.get(k)}
    reports = [('perigee/page fills', exact), ('perigee/page ends', outcome),
               ('hftbacktest/page-as-peer fills', differences(there, merged(peer.fills), anew)), ('hftbacktest/page-as-peer ends', differences(ends, peers, anew)),
               ('perigee/hftbacktest fills', differences(merged(mine), there, named)),
               ('perigee/hftbacktest ends', differences({i: 'expired' if s == 'rejected' else s for i, s in states.items()}, ends, named))]
    kinds = defaultdict(int)
    for a in flow:
        kinds[a['what'] if a['what'] != 'new' else 'post' if a.get('post') else a.get('tif') or ('market' if a.get('ticks') is None else 'limit')] += 1
    print(f'{os.path.basename(tape.path)} {queue} {fills} {entry // MS}/{response // MS} ms: orders {count - len(refused)} ({dict(kinds)}), fills ours {len(mine)}, '
          f'theirs {len(there)}, orders left out between them {len(named)} ({len(anew)} amended to another size at the back); differences: '
          + ', '.join(f'{name} {len(rows)}' for name, rows in reports), flush=True)
    for name, rows in reports:
        for row in rows[:args.show]:
            print('   ', name, row)
    return sum(len(rows) for _, rows in reports)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--perigee', required=True)
    parser.add_argument('--tape', required=True)
    parser.add_argument('--queue', nargs='+', default=['risk-averse', 'power:3', 'log'])
    parser.add_argument('--fills', nargs='+', default=['full', 'partial'])
    parser.add_argument('--entry-ms', type=int, default=3)
    parser.add_argument('--response-ms', type=int, default=9)
    parser.add_argument('--every-ms', type=float, default=60)
    parser.add_argument('--seed', type=int, nargs='+', default=[1])
    parser.add_argument('--one-a-price', action='store_true', help='never two of ours at one price and side')
    parser.add_argument('--work', default='.')
    parser.add_argument('--show', type=int, default=4)
    args = parser.parse_args()
    tape = Tape(args.perigee, args.tape, args.work)
    entry, response, bad = args.entry_ms * MS, args.response_ms * MS, 0
    for seed in args.seed:
        flow, count = draw_flow(tape, seed, args.every_ms * MS, entry, response, args.one_a_price)
        for queue, fills in itertools.product(args.queue, args.fills):
            bad += compare(args, tape, flow, count, queue, fills, entry, response)
    sys.exit(1 if bad else 0)


if __name__ == '__main__':
    main()
