#!/usr/bin/env python3
"""Random orders of every kind on a tape of bars: perigee against bars_reference.py, fill by fill and end by end.

    compare_bars.py --perigee PATH --tape BARS.tape [--seed N ...] [--bars 3000] [--work DIR]

Each seed is a run with rules of its own (bar share, slippage, spot balances, fees): market, limit, stop and stop-limit orders, GTC,
IOC, FOK, GTD, post-only, reduce-only; amended and cancelled; sent at a bar's close, inside bars and in gaps. Ends with 1 on a difference.
"""
import argparse, bisect, csv, json, os, random, shutil, subprocess, sys
from decimal import Decimal
from fractions import Fraction
from collections import defaultdict
import bars_reference as reference

HERE = os.path.dirname(os.path.abspath(__file__))


def load(perigee, path, work, count, step):
    info = json.loads(subprocess.run([perigee, 'data', 'info', path, '--format', 'json'], check=True, capture_output=True,
                                     text=True).stdout)['instruments'][0]
    out = os.path.join(work, os.path.basename(path) + '.csv')
    if not os.path.exists(out):
        subprocess.run([perigee, 'data', 'export', path, '--csv', out, '--exact'], check=True, capture_output=True)
    bars = []
    tick, lot = Decimal(info['tick']), Decimal(info['lot'])
    with open(out) as file:
        for row in csv.DictReader(file):
            if len(bars) == count:
                break
            p = [int(Decimal(row[k]) / tick) for k in ('open', 'high', 'low', 'close')]
            bars.append(reference.Bar(int(row['time']), int(row['time']) + step, *p, Fraction(row['volume']) / Fraction(str(lot))))
    return info, tick, lot, bars


def draw(rng, bars, reach, typical):
    """Actions by time: at closes, inside bars, between bars; the side turns every 40 bars, as a desk trades not with itself."""
    flow, number, live = [], 0, []
    for k, bar in enumerate(bars[1:-3], 1):
        side = 'buy' if k // 40 % 2 == 0 else 'sell'
        if k % 40 == 39:
            flow += [{'time': bar.close_time, 'what': 'cancel', 'id': o['id']} for o in live]
            live = []
            continue
        if k % 40 == 0:
            continue
        live = [o for o in live if o['until'] > k]
        for o in live:
            if o['touched'] + 3 > k or rng.random() > 0.06:
                continue
            o['touched'] = k
            if rng.random() < 0.4:
                flow.append({'time': bar.close_time, 'what': 'cancel', 'id': o['id']})
                o['until'] = 0
            else:
                lots = max(1, o['lots'] + rng.choice([-1, 1]) * rng.randrange(1, 30))
                amend = {'time': bar.close_time, 'what': 'amend', 'id': o['id'], 'lots': lots}
                o['lots'] = lots
                if o['limit'] and rng.random() < 0.6:
                    amend['ticks'] = bar.close + rng.randrange(-reach, reach + 1)
                flow.append(amend)
        for _ in range(rng.choice([0, 0, 0, 1, 1, 2, 3])):
            number += 1
            inside = bars[k + 1].time + rng.randrange(1, bars[k + 1].close_time - bars[k + 1].time)
            time = bar.close_time if rng.random() < 0.7 else inside
            kind = rng.choice(['market', 'limit', 'limit', 'stop', 'stop_limit'])
            new = {'time': time, 'what': 'new', 'id': number, 'side': side if rng.random() < 0.97 else 'sell' if side == 'buy' else 'buy',
                   'lots': max(1, int(typical * rng.choice([0.001, 0.01, 0.1, 1]) * rng.random())) + number % 97}
            if 'limit' in kind:
                new['ticks'] = bar.close + rng.randrange(-reach, reach + 1)
            if 'stop' in kind:
                new['stop'] = bar.close + rng.randrange(-reach, reach + 1)
            if 'limit' in kind and rng.random() < 0.4:
                new['tif'] = rng.choice(['IOC', 'FOK', 'GTD', 'GTD'])
                if new['tif'] == 'GTD':
                    step = bar.close_time - bar.time
                    new['expire'] = time + rng.choice([step // 3, step, step * 2, step * 7 // 2, step * 9])
            if kind == 'limit' and new.get('tif') in (None, 'GTD') and rng.random() < 0.35:
                new['post'] = True
            if rng.random() < 0.1:
                new['reduce'] = True
            flow.append(new)
            if kind != 'market':
                live.append({'id': number, 'until': k + rng.randrange(3, 25), 'touched': k, 'lots': new['lots'], 'limit': 'ticks' in new})
    flow.sort(key=lambda a: a['time'])
    return flow


def simulate(venue, bars, flow, refused):
    """Requests while a bar runs take effect at its close; what local state forbids is never asked."""
    orders, i, busy = {}, 0, set()

    def execute(action, now):
        what, id = action['what'], action['id']
        if what == 'new':
            order = reference.Order(id, action['side'] == 'buy', action['lots'], action.get('ticks'), action.get('stop'),
                                    action.get('tif', 'GTC'), action.get('expire'), action.get('post', False), action.get('reduce', False))
            orders[id] = order
            venue.submit(order, now)
        elif what == 'cancel':
            venue.cancel(orders[id])
        else:
            venue.amend(orders[id], action.get('ticks'), action['lots'])

    def ask(action, waiting, now):
        """What the desk sends: to an order that it knows as open."""
        id = action['id']
        if id in refused or action['what'] != 'new' and (id not in orders or orders[id].state != 'open' or id in busy):
            return
        if waiting is None:
            execute(action, now)
        else:
            waiting.append(action)
            if action['what'] != 'new':
                busy.add(id)

    def ends(now):
        while True:
            due = [o.expire for o in venue.alive() if o.expire is not None and o.expire <= now]
            if not due:
                return
            venue.expire(min(due))

    for bar in bars:
        while i < len(flow) and flow[i]['time'] <= bar.time:
            ends(flow[i]['time'])
            ask(flow[i], None, flow[i]['time'])
            i += 1
        ends(bar.time)
        venue.open_bar(bar)
        waiting = []
        while i < len(flow) and flow[i]['time'] < bar.close_time:
            ends(flow[i]['time'])
            ask(flow[i], waiting, None)
            i += 1
        ends(bar.close_time - 1)
        venue.close_bar(bar)
        for action in waiting:
            execute(action, bar.close_time)
        busy.clear()
        ends(bar.close_time)
    return orders


def lua(value):
    return {True: 'true', False: 'false'}[value] if isinstance(value, bool) else f'"{value}"' if isinstance(value, str) else str(value)


def perigee_run(args, flow, flags, work, tick, lot):
    folder = os.path.join(work, 'bars')
    os.makedirs(folder, exist_ok=True)
    shutil.copy(os.path.join(HERE, 'replay.lua'), folder)
    parts = [flow[i:i + 1_500] for i in range(0, len(flow), 1_500)]
    with open(os.path.join(folder, 'flow.lua'), 'w') as file:
        file.write(f'return {len(parts)}\n')
    for number, part in enumerate(parts, 1):
        with open(os.path.join(folder, f'flow{number}.lua'), 'w') as file:
            file.write('return {\n' + ''.join('  {' + ', '.join(f'{k} = {lua(v)}' for k, v in a.items()) + '},\n' for a in part) + '}\n')
    out = os.path.join(work, 'bars-run')
    shutil.rmtree(out, ignore_errors=True)
    done = subprocess.run([args.perigee, 'backtest', os.path.join(folder, 'replay.lua'), '--data', args.tape, '--out', out, '--quiet'] + flags,
                          capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(done.stderr[-2_000:])
    fills, ends, refused, unamended = [], {}, {}, set()
    with open(os.path.join(out, 'fills.csv')) as file:
        for row in csv.DictReader(file):
            fills.append((int(row['tag']), int(Decimal(row['price']) / tick), int(Decimal(row['qty']) / lot), int(row['exchange_time']),
                          row['liquidity'] == 'maker'))
    with open(os.path.join(out, 'orders.csv')) as file:
        for row in csv.DictReader(file):
            if row['state'] == 'rejected' and row['reason'] not in ('post_only', 'min_qty', 'min_notional'):
                refused[int(row['tag'])] = row['reason']
            elif row['reason'] in ('self_match', 'duplicate', 'reduce_only'):
                unamended.add(int(row['tag']))
            ends[int(row['tag'])] = row['state']
    return fills, ends, refused, unamended


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--perigee', required=True)
    parser.add_argument('--tape', required=True)
    parser.add_argument('--seed', type=int, nargs='+', default=[1, 2, 3, 4])
    parser.add_argument('--bars', type=int, default=3000)
    parser.add_argument('--interval', type=int, default=60, help="the bars' length in seconds")
    parser.add_argument('--work', default='.')
    parser.add_argument('--show', type=int, default=4)
    args = parser.parse_args()
    info, tick, lot, bars = load(args.perigee, args.tape, args.work, args.bars, args.interval * 10**9)
    ranges = sorted(b.high - b.low for b in bars)
    reach, typical = max(2, ranges[len(ranges) * 3 // 4]), max(1, int(sorted(b.lots for b in bars)[len(bars) // 2]))
    bad = 0
    for seed in args.seed:
        rng = random.Random(seed)
        flow = draw(rng, bars, reach, typical)
        flags, options = ['--maker-fee=0.0002', '--taker-fee=0.0005', '--to', str(bars[-1].close_time + 1)], dict(maker='0.0002', taker='0.0005')
        if rng.random() < 0.5:
            flags += ['--max-bar-share', '10%']
            options['share'] = '0.1'
        slip = rng.choice([(0, '0'), (2, '0'), (0, '7.5')])
        if slip != (0, '0'):
            flags += ['--slippage', f'{slip[0]}ticks' if slip[0] else f'{slip[1]}bps']
            options['slip'] = slip
        if seed % 2 == 0:
            money = int(typical * float(lot) * bars[0].close * float(tick)) + 1
            coins = Decimal(typical) * lot
            flags += ['--spot', '--balance', f'{info["instrument"].split(":")[1].split("_")[1]}={money}', '--balance',
                      f'{info["instrument"].split(":")[1].split("_")[0]}={coins}']
            options['spot'] = (str(coins), money)
        mine, ends, refused, unamended = perigee_run(args, flow, flags, args.work, tick, lot)
        # The desk refused to amend these: an amendment that would have met an order of ours.
        flow = [a for a in flow if a['what'] != 'amend' or a['id'] not in unamended]
        venue = reference.Venue(str(tick), str(lot), **options)
        orders = simulate(venue, bars, flow, refused)
        expected = {i: 'open' if o.state == 'pending' else o.state for i, o in orders.items()}
        ends = {i: 'open' if s in ('pending_new', 'partially_filled') else s for i, s in ends.items() if i not in refused}
        a, b = dict(enumerate(mine)), dict(enumerate(venue.fills))
        fills_off = [(k, a.get(k), b.get(k)) for k in sorted(set(a) | set(b)) if a.get(k) != b.get(k)]
        ends_off = [(k, ends.get(k), expected.get(k)) for k in sorted(set(ends) | set(expected)) if ends.get(k) != expected.get(k)]
        by = defaultdict(int)
        for reason in refused.values():
            by[reason] += 1
        print(f'{os.path.basename(args.tape)} seed {seed} {" ".join(flags[4:])}: sent {len(orders)}, desk or venue refused {dict(by)}, '
              f'fills {len(mine)}/{len(venue.fills)}, fills different {len(fills_off)}, ends different {len(ends_off)}', flush=True)
        for rows in (fills_off, ends_off):
            for row in rows[:args.show]:
                print('   ', row)
        bad += len(fills_off) + len(ends_off)
    sys.exit(1 if bad else 0)


if __name__ == '__main__':
    main()
