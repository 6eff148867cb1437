#!/usr/bin/env python3
"""S0 and S1 of docs/performance.md in hftbacktest, compiled by numba, on its fastest book. Run by compare.py.

    work_hftbacktest.py S0|S1 LEVEL2.csv|LEVEL2.npz [--repetitions N] [--first N]
"""
import work
import os
import numpy as np
import hftbacktest
from numba import njit, uint64
from hftbacktest import BacktestAsset, GTX, LIMIT, ROIVectorMarketDepthBacktest
from hftbacktest.types import (BUY_EVENT, DEPTH_EVENT, EXCH_EVENT, LOCAL_EVENT, SELL_EVENT, TRADE_EVENT, event_dtype)


def translate(path):
    """The CSV's rows as hftbacktest's events; both clocks rise in the generated data, so one order serves venue and desk."""
    import pandas as pd
    frame = pd.read_csv(path, dtype={'type': str, 'side': str})
    data = np.zeros(len(frame), event_dtype)
    is_buy = (frame['side'] == 'B').to_numpy()
    data['ev'] = np.where((frame['type'] == 'D').to_numpy(), DEPTH_EVENT, TRADE_EVENT) | np.where(is_buy, BUY_EVENT, SELL_EVENT)
    data['ev'] |= EXCH_EVENT | LOCAL_EVENT
    for ours, theirs in (('exch_ts', 'exch_ts_ns'), ('local_ts', 'local_ts_ns'), ('px', 'price'), ('qty', 'qty')):
        data[ours] = frame[theirs].to_numpy()
    if not (np.all(np.diff(data['exch_ts']) >= 0) and np.all(np.diff(data['local_ts']) >= 0)):
        raise SystemExit(f'{path}: a clock steps back; use hftbacktest.data.correct_event_order')
    return data


@njit
def count_all(hbt):
    count = 0
    while hbt.wait_next_feed(False, 10 ** 15) == 2:
        count += 1
    return count


@njit
def make_market(hbt, step, quantity, limit, distance, tick):
    sent, cancelled, number = 0, 0, uint64(1)
    while hbt.elapse(step) == 0:
        hbt.clear_inactive_orders(0)
        depth = hbt.depth(0)
        bid, ask = depth.best_bid_tick, depth.best_ask_tick
        if bid <= 0 or ask <= bid or ask > 10 ** 9:
            continue
        values = hbt.orders(0).values()
        while values.has_next():
            order = values.get()
            if order.cancellable:
                hbt.cancel(0, order.order_id, False)
                cancelled += 1
        total, position = bid + ask, hbt.position(0)
        if position < limit - 1e-9:
            hbt.submit_buy_order(0, number, (total - 2 * distance) // 2 * tick, quantity, GTX, LIMIT, False)
            number += uint64(1)
            sent += 1
        if position > -limit + 1e-9:
            hbt.submit_sell_order(0, number, (total + 2 * distance + 1) // 2 * tick, quantity, GTX, LIMIT, False)
            number += uint64(1)
            sent += 1
    return sent, cancelled


def engine(data, low, high):
    asset = (BacktestAsset().data([data]).linear_asset(1.0).constant_order_latency(5_000_000, 5_000_000)
             .risk_adverse_queue_model().no_partial_fill_exchange().trading_value_fee_model(work.MAKER_FEE, work.TAKER_FEE)
             .tick_size(work.TICK).lot_size(work.LOT).last_trades_capacity(0).roi_lb(low).roi_ub(high))
    return ROIVectorMarketDepthBacktest([asset])


def main():
    args = work.arguments(['S0', 'S1'])
    if args.data.endswith('.csv'):
        cache = args.data[:-4] + '.npz'
        if not os.path.exists(cache):
            np.savez(cache, data=translate(args.data))
        args.data = cache
    data = np.load(args.data)['data']
    if args.first:
        data = np.ascontiguousarray(data[:args.first])
    low, high = float(data['px'].min()) - 100, float(data['px'].max()) + 100

    def prepared(rows):
        hbt = engine(rows, low, high)
        if args.work == 'S0':
            return lambda: (count_all(hbt), hbt)
        return lambda: (make_market(hbt, work.STEP_NS, work.QUANTITY, work.LIMIT, work.DISTANCE, work.TICK), hbt)

    few = data[:20_000].copy()  # the engine reads it where it lies: it must outlive the run
    prepared(few)()[1].close()  # compiles
    times = None
    for _ in range(args.repetitions):
        job = prepared(data)
        (result, hbt), once = work.repeat(job, 1, len(data))
        times = once if times is None else {key: min(times[key], once[key]) for key in times}
        if args.work == 'S0':
            did = f'events {result}'
        else:
            state = hbt.state_values(0)
            did = (f'sent {result[0]} cancelled {result[1]} fills {int(state.num_trades)} position {round(state.position, 6)} '
                   f'balance {round(state.balance, 4)} fee {round(state.fee, 6)}')
        hbt.close()
    work.answer('hftbacktest', hftbacktest.__version__, len(data), times, did)


main()
