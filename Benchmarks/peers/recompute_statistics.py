#!/usr/bin/env python3
"""Computes the statistics of a run's folder again from its CSV files, as docs/statistics.md defines them, and compares.

    recompute_statistics.py RUN... [--calendar equity --times FILE]

Amounts with exact decimals, ratios to 1e-9. Single instrument, quoted in the reporting currency. Ends with 1 where something differs.
"""
import argparse, csv, json, math, os, sys
from decimal import Decimal as D, getcontext
from fractions import Fraction as F

getcontext().prec = 80
YEAR = 365 * 86_400 * 10 ** 9


def rows(run, name):
    with open(os.path.join(run, name)) as file:
        return list(csv.DictReader(file))


def half_even(value, digits):
    """A fraction at so many places."""
    return F(round(value * 10 ** digits), 10 ** digits)


def returns_of(samples):
    values = [F(row['equity']) for row in samples]
    return [float((b - a) / a) for a, b in zip(values, values[1:])]


def ratios(samples, equity, year, out):
    r = returns_of(samples)
    mean = math.fsum(r) / len(r)
    deviation = math.sqrt(math.fsum((x - mean) ** 2 for x in r) / (len(r) - 1))
    down = math.sqrt(math.fsum(min(x, 0) ** 2 for x in r) / len(r))
    out['volatility'] = deviation * math.sqrt(year)
    out['sharpe'] = mean / deviation * math.sqrt(year) if deviation else None
    out['sortino'] = mean / down * math.sqrt(year) if down else None
    out['exposure'] = math.fsum(float(abs(F(row['position_value'])) / F(row['equity'])) for row in samples) / len(samples)
    return sum(F(row['equity']) for row in samples) / len(samples)


def drawdowns(start, equity, out):
    peak, worst, wrong = start, F(0), 0
    for row in equity:
        value = F(row['equity'])
        peak = max(peak, value)
        fall = 1 - value / peak
        worst = max(worst, fall)
        wrong += half_even(fall, 12) != F(row['drawdown'])
    out['max_drawdown'] = float(worst)
    return wrong


class Position:
    """Average cost, as docs/fills.md tells it: parts are rounded half-even at 1e-12, the remainder stays."""

    def __init__(self):
        self.size, self.cost, self.entry_fees = F(0), F(0), F(0)

    def fill(self, side, price, quantity, fee):
        signed = quantity if side == 'buy' else -quantity
        if self.size * signed >= 0:
            self.size, self.cost, self.entry_fees = self.size + signed, self.cost + signed * price, self.entry_fees + fee
            return None
        closed = min(abs(signed), abs(self.size))
        cost = half_even(self.cost * closed / abs(self.size), 12)
        entry = half_even(self.entry_fees * closed / abs(self.size), 12)
        own = half_even(fee * closed / quantity, 12) if closed < quantity else fee
        direction = 1 if self.size > 0 else -1
        result = direction * closed * price - cost - own - entry
        self.size, self.cost, self.entry_fees = self.size - direction * closed, self.cost - cost, self.entry_fees - entry
        if quantity > closed:
            rest = (quantity - closed) * (1 if signed > 0 else -1)
            self.size, self.cost, self.entry_fees = rest, rest * price, fee - own
        return result


def trades_of(fills, out):
    position, results, wrong = Position(), [], 0
    for row in fills:
        result = position.fill(row['side'], F(row['price']), F(row['qty']), F(row['fee']))
        wrong += F(row['realised_pnl']) != (result or 0)
        wrong += F(row['position_after']) != position.size
        if result is not None:
            results.append(result)
    gains, losses = sum(x for x in results if x > 0), sum(x for x in results if x < 0)
    out['trades'] = len(results)
    out['win_rate'] = sum(x > 0 for x in results) / len(results) if results else None
    out['profit_factor'] = float(gains / -losses) if losses else None
    out['expectancy'] = half_even(sum(results) / len(results), 24) if results else None
    return position, wrong


def recompute(run, samples_in=lambda samples: samples, year_of=lambda summary, samples: YEAR / summary['sample_ns']):
    summary = json.load(open(os.path.join(run, 'summary.json')))
    equity, fills, orders = rows(run, 'equity.csv'), rows(run, 'fills.csv'), rows(run, 'orders.csv')
    out = {}
    start, end = F(summary['starting_equity']), F(equity[-1]['equity'])
    samples = samples_in([row for row in equity if row['kind'] == 'sample'])
    mean = ratios(samples, equity, year_of(summary, samples), out)
    wrong_drawdowns = drawdowns(start, equity, out)
    length = int(equity[-1]['time']) - int(equity[0]['time'])
    out['total_return'] = float(end / start - 1)
    growth = F(YEAR, length) * F(math.log(end / start)) if end > 0 else None
    try:
        out['cagr'] = math.expm1(growth) if growth is not None else None
    except OverflowError:
        out['cagr'] = None
    out['calmar'] = out['cagr'] / out['max_drawdown'] if out['cagr'] is not None and out['max_drawdown'] else None
    notional = [F(row['price']) * F(row['qty']) for row in fills]
    makers = [n for n, row in zip(notional, fills) if row['liquidity'] == 'maker']
    out['turnover'] = float(sum(notional) / mean)
    out['maker_share'] = float(sum(makers) / sum(notional)) if fills else None
    out['fees'] = sum((F(row['fee']) for row in fills), F(0))
    out['fills'] = len(fills)
    position, wrong_fills = trades_of(fills, out)
    accepted = [row for row in orders if row['state'] != 'rejected']
    wanted = sum(F(row['qty']) for row in accepted)
    # A venue's own refusal is of an order that was sent; a limit's is not.
    out['orders'] = len(accepted) + sum(row['reason'] == 'post_only' for row in orders if row['state'] == 'rejected')
    out['fill_ratio'] = float(sum(F(row['filled']) for row in accepted) / wanted) if wanted else None
    signs = [n if row['side'] == 'sell' else -n for n, row in zip(notional, fills)]
    cash = start + sum(signs) - out['fees']
    out['final_equity'] = end
    checks = compare(summary, out)
    checks.append(('final_cash', F(list(summary['final_cash'].values())[0]) == cash == F(equity[-1]['cash']), str(cash)))
    held = F(list(summary['final_position'].values())[0]) if summary['final_position'] else F(0)
    checks.append(('final_position', held == position.size, str(position.size)))
    checks.append(('drawdown column', wrong_drawdowns == 0, wrong_drawdowns))
    checks.append(('realised_pnl, position_after columns', wrong_fills == 0, wrong_fills))
    balanced = sum(F(row['cash']) + F(row['position_value']) != F(row['equity']) for row in equity)
    checks.append(('cash + position_value = equity', balanced == 0, balanced))
    return checks


def compare(summary, out):
    checks = []
    for key, value in out.items():
        told = summary[key]
        if isinstance(value, F):
            same = told is not None and F(told) == value
        elif value is None or told is None:
            same = value is None and told is None
        else:
            same = math.isclose(float(told), value, rel_tol=1e-9, abs_tol=1e-15)
        checks.append((key, same, f'{told} told, {float(value) if value is not None else None} computed'))
    return checks


def sessions(times):
    """First and last record of each UTC day."""
    days = {}
    for time in times:
        day = time // (86_400 * 10 ** 9)
        low, high = days.get(day, (time, time))
        days[day] = (min(low, time), max(high, time))
    return days


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('runs', nargs='+')
    parser.add_argument('--calendar', choices=['crypto', 'equity'], default='crypto')
    parser.add_argument('--times', help='a file with the local times of the tape\'s records, one a line (with --calendar equity)')
    args = parser.parse_args()
    keep, year = {}, {}
    if args.calendar == 'equity':
        with open(args.times) as file:
            days = sessions(int(line) for line in file)

        def inside(samples):
            def fits(time):
                session = days.get(time // (86_400 * 10 ** 9))
                return session is not None and session[0] <= time <= session[1]
            return [row for row in samples if fits(int(row['time']))]

        def full(summary, samples):
            longest = max(high - low for low, high in days.values())
            return 252 * (longest // summary['sample_ns'] + 1)
        keep, year = {'samples_in': inside}, {'year_of': full}
    bad = 0
    for run in args.runs:
        checks = recompute(run, **keep, **year)
        wrong = [check for check in checks if not check[1]]
        print(f'{run}: {len(checks) - len(wrong)} of {len(checks)} agree')
        for name, _, text in wrong:
            print(f'    {name}: {text}')
        bad += len(wrong)
    sys.exit(1 if bad else 0)


if __name__ == '__main__':
    main()
