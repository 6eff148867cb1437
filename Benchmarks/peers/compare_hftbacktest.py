#!/usr/bin/env python3
"""The same market maker in perigee and in hftbacktest 2.4 on one tape; fills compared one by one.

    compare_hftbacktest.py --perigee PATH --tape X.tape [--queue risk-averse|power:N|log ...] [--fills full|partial ...]
                           [--set hold=10 ...] [--work DIR]

Prints one line a combination and ends with 1 where a fill differs. A fill is (order number, side, price in ticks, lots,
exchange time, maker or not); what one order receives at one exchange time counts as one fill, as hftbacktest tells no finer.
"""
import argparse, csv, itertools, json, os, subprocess, sys
from collections import OrderedDict
from decimal import Decimal
import numpy as np
from numba import njit, uint64
from hftbacktest import BacktestAsset, HashMapMarketDepthBacktest, GTX, LIMIT
from hftbacktest.order import IOC
from hftbacktest.data import correct_event_order, validate_event_order
from hftbacktest.types import (event_dtype, DEPTH_EVENT, TRADE_EVENT, BUY_EVENT, SELL_EVENT)

EXPIRED, FILLED, PARTIALLY_FILLED = 2, 3, 5
# Less than whole lots by this: hftbacktest keeps an order in its book that one trade fills exactly, and stops at the next.
HAIR = 1e-5
DEFAULTS = dict(step_ns=100_000_000, hold=10, offsets=3, lots=10, sizes=7, taker=20, inventory=0)
HERE = os.path.dirname(os.path.abspath(__file__))


def events_of(path):
    """The rows of `perigee data export --csv --exact` in hftbacktest's form; the one clearing before a snapshot is left out."""
    rows = []
    with open(path) as file:
        for row in csv.DictReader(file):
            if row['type'] == 'C':
                if rows and any(r[0] & DEPTH_EVENT == DEPTH_EVENT for r in rows):
                    sys.exit(f'{path}: a second snapshot, which this script does not translate')
                continue
            kind = DEPTH_EVENT if row['type'] == 'D' else TRADE_EVENT
            side = {'B': BUY_EVENT, 'S': SELL_EVENT, '': 0}[row['side']]
            rows.append((kind | side, int(row['exch_ts_ns']), int(row['local_ts_ns']),
                         float(row['price']), float(row['qty']), 0, 0, 0.0))
    data = np.array(rows, dtype=event_dtype)
    data = correct_event_order(data, np.argsort(data['exch_ts'], kind='stable'), np.argsort(data['local_ts'], kind='stable'))
    validate_event_order(data)
    return data


@njit
def collect(hbt, lot, left, out, n):
    """Appends what the responses so far have filled; answers the new count."""
    values = hbt.orders(0).values()
    while values.has_next():
        order = values.get()
        if order.status != FILLED and order.status != PARTIALLY_FILLED and order.status != EXPIRED:
            continue
        i = int(order.order_id)
        if order.leaves_qty < left[i] - lot / 2:
            out[n, 0] = i
            out[n, 1] = order.side
            out[n, 2] = order.exec_price_tick
            out[n, 3] = round((left[i] - order.leaves_qty) / lot)
            out[n, 4] = order.exch_timestamp
            out[n, 5] = order.arr[0].maker
            n += 1
            left[i] = order.leaves_qty
    return n


@njit
def run(hbt, look, tick, lot, start, step_ns, hold, offsets, lots, sizes, taker, inventory, out, left):
    n, steps, number, clock = 0, 0, 0, start
    hbt.elapse(1)  # the clock stands nowhere before the first step
    while True:
        while hbt.current_timestamp < clock:
            code = hbt.elapse(min(look, clock - hbt.current_timestamp))
            if code != 0:
                if code != 1:
                    print('hftbacktest stopped with code', code, 'at', hbt.current_timestamp)
                return collect(hbt, lot, left, out, n), number
            n = collect(hbt, lot, left, out, n)
        clock += step_ns
        steps += 1
        hbt.clear_inactive_orders(0)
        phase, round_ = steps % hold, steps // hold
        takes = taker > 0 and round_ % taker == 0
        if phase > 1 or phase == 1 and not takes:
            continue
        depth = hbt.depth(0)
        bid, ask = depth.best_bid_tick, depth.best_ask_tick
        if bid <= 0 or ask > 9_000_000_000 or bid >= ask:
            continue
        if phase == 1:
            number += 1
            left[number] = (lots - HAIR) * lot
            if round_ // taker % 2 == 0:
                hbt.submit_buy_order(0, uint64(number), ask * tick, left[number], IOC, LIMIT, False)
            else:
                hbt.submit_sell_order(0, uint64(number), bid * tick, left[number], IOC, LIMIT, False)
            continue
        values = hbt.orders(0).values()
        while values.has_next():
            order = values.get()
            if order.cancellable:
                hbt.cancel(0, order.order_id, False)
        if takes:
            continue
        offset, size = round_ % offsets, lots * (1 + round_ % sizes)
        position = hbt.position(0) / lot
        if inventory == 0 or position < inventory - 0.5:
            number += 1
            left[number] = (size - HAIR) * lot
            hbt.submit_buy_order(0, uint64(number), (bid - offset) * tick, left[number], GTX, LIMIT, False)
        if inventory == 0 or position > -inventory + 0.5:
            number += 1
            left[number] = (size - HAIR) * lot
            hbt.submit_sell_order(0, uint64(number), (ask + offset) * tick, left[number], GTX, LIMIT, False)


def theirs(data, tick, lot, start, queue, fills, latency, p):
    asset = (BacktestAsset().data([data]).linear_asset(1.0).constant_order_latency(latency, latency)
             .trading_value_fee_model(-0.00005, 0.0007).tick_size(tick).lot_size(lot).last_trades_capacity(0))
    if queue == 'risk-averse':
        asset = asset.risk_adverse_queue_model()
    elif queue == 'log':
        asset = asset.log_prob_queue_model()
    else:
        asset = asset.power_prob_queue_model(float(queue.split(':')[1]))
    asset = asset.no_partial_fill_exchange() if fills == 'full' else asset.partial_fill_exchange()
    hbt = HashMapMarketDepthBacktest([asset])
    out, left = np.zeros((2_000_000, 6), dtype=np.int64), np.zeros(4_000_000)
    n, sent = run(hbt, p['look'], tick, lot, start, p['step_ns'], p['hold'], p['offsets'], p['lots'], p['sizes'], p['taker'], p['inventory'],
                  out, left)
    hbt.close()
    merged = OrderedDict()
    for number, side, price, lots, time, maker in out[:n].tolist():
        if lots:
            key = (number, 'buy' if side > 0 else 'sell', price, time, bool(maker))
            merged[key] = merged.get(key, 0) + lots
    return merged, sent


def ours(args, tick, lot, start, queue, fills, latency, p, work):
    out = os.path.join(work, f'run-{queue.replace(":", "")}-{fills}')
    command = [args.perigee, 'backtest', os.path.join(HERE, 'maker.lua'), '--data', args.tape, '--queue', queue, '--fills', fills,
               '--latency', f'{latency}ns/{latency}ns', '--maker-fee=-0.00005', '--taker-fee=0.0007', '--out', out, '--quiet',
               '--format', 'json', '--set', f'start={start}']
    for key, value in p.items():
        command += ['--set', f'{key}={value}']
    summary = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    merged = OrderedDict()
    with open(os.path.join(out, 'fills.csv')) as file:
        for row in csv.DictReader(file):
            key = (int(row['tag']), row['side'], int(Decimal(row['price']) / tick), int(row['exchange_time']),
                   row['liquidity'] == 'maker')
            merged[key] = merged.get(key, 0) + int(Decimal(row['qty']) / lot)
    with open(os.path.join(out, 'orders.csv')) as file:
        return merged, sum(1 for _ in csv.DictReader(file)), summary


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--perigee', required=True)
    parser.add_argument('--tape', required=True)
    parser.add_argument('--queue', nargs='+', default=['risk-averse', 'power:3', 'log'])
    parser.add_argument('--fills', nargs='+', default=['full', 'partial'])
    parser.add_argument('--latency-ns', type=int, default=5_000_000)
    parser.add_argument('--set', action='append', default=[])
    parser.add_argument('--look-ns', type=int, default=1_000_000, help='how often to look for fills in hftbacktest')
    parser.add_argument('--work', default='.')
    parser.add_argument('--show', type=int, default=6)
    args = parser.parse_args()
    p = dict(DEFAULTS)
    for item in args.set:
        key, value = item.split('=')
        p[key] = int(value)
    exported = os.path.join(args.work, os.path.basename(args.tape) + '.csv')
    subprocess.run([args.perigee, 'data', 'export', args.tape, '--csv', exported, '--exact'], check=True, capture_output=True)
    info = json.loads(subprocess.run([args.perigee, 'data', 'info', args.tape, '--format', 'json'], check=True, capture_output=True,
                                     text=True).stdout)['instruments'][0]
    tick, lot = Decimal(info['tick']), Decimal(info['lot'])
    data = events_of(exported)
    # An odd nanosecond keeps our orders from meeting a record at the same instant, where engines may choose differently.
    start = int(info['first_time']) + 1_000_000_007
    bad = 0
    for queue, fills in itertools.product(args.queue, args.fills):
        a, sent_a, summary = ours(args, tick, lot, start, queue, fills, args.latency_ns, p, args.work)
        b, sent_b = theirs(data, float(tick), float(lot), start, queue, fills, args.latency_ns, {**p, 'look': args.look_ns})
        equal = sum(1 for key, lots in a.items() if b.get(key) == lots)
        only_a = [(k, v) for k, v in a.items() if b.get(k) != v]
        only_b = [(k, v) for k, v in b.items() if a.get(k) != v]
        print(f'{os.path.basename(args.tape)} {queue} {fills}: orders {sent_a}/{sent_b}, fills {len(a)}/{len(b)}, equal {equal}, '
              f'only ours {len(only_a)}, only theirs {len(only_b)}, position {summary["final_position"]}', flush=True)
        for name, rows in (('ours', only_a), ('theirs', only_b)):
            for row in rows[:args.show]:
                print('   ', name, row)
        bad += len(only_a) + len(only_b) + (sent_a != sent_b)
    sys.exit(1 if bad else 0)


if __name__ == '__main__':
    main()
