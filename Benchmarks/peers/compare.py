#!/usr/bin/env python3
"""The same work in perigee and in its peers, in one run: S0, S1 and B0 of docs/performance.md.

    compare.py [--venvs DIR] [--tape LEVEL2.tape] [--bar-tape BARS.tape] [--quick] [--repetitions N] [--only PEER ...] [--json FILE]

Peers run where they are installed: in DIR/venv-NAME, else in DIR, else in the Python that runs this. What is missing is named and
left out. Without tapes, PerigeeBench generates them; the peers read what `perigee data export` makes of the same tapes.
Perigee and a peer take turns; times are the processor's, the best of the repetitions, whole processes by the wall clock.
"""
import argparse, itertools, json, os, shutil, signal, subprocess, sys, tempfile, time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
RELEASE = os.path.join(ROOT, '.build', 'release')
SCRIPTS = os.path.join(ROOT, 'Benchmarks', 'strategies')
FLAGS = ['--latency', '5ms/5ms', '--fills', 'full', '--maker-fee=-0.00005', '--taker-fee=0.0007']
# Peer: its module, script, and how many events or bars of the data it gets at most (slow ones get fewer; the figure is a piece's).
PEERS = {
    'hftbacktest': ('hftbacktest', 'work_hftbacktest.py', None),
    'vectorbt': ('vectorbt', 'work_bars.py', None),
    'backtesting': ('backtesting', 'work_bars.py', None),
    'backtrader': ('backtrader', 'work_bars.py', 200_000),
    'nautilus_trader': ('nautilus_trader', 'work_nautilus.py', 1_000_000),
}


def process(command):
    """Runs a command; answers its output, wall and processor seconds, and its largest memory in MiB."""
    start = time.perf_counter()
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT)
    out, err = child.communicate()
    wall = time.perf_counter() - start
    if child.returncode:
        raise RuntimeError(f'{" ".join(command)} ended with {child.returncode}: {(err or out).strip()[-400:]}')
    return out, wall


def peak_of(command):
    """A run's largest memory, MiB: by a small process between, since what a large parent held counts for its children too."""
    script = ('import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL);'
              'print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)')
    return int(process([sys.executable, '-c', script] + command)[0]) / 1024


class Comparison:
    def __init__(self, args, scratch):
        self.args, self.scratch, self.rows, self.answers = args, scratch, [], {}
        self.perigee, self.bench = os.path.join(RELEASE, 'perigee'), os.path.join(RELEASE, 'PerigeeBench')
        for program in (self.perigee, self.bench):
            if not os.path.exists(program):
                sys.exit(f'{program} is not there: run `make bench-peers`, or swift build -c release --product {os.path.basename(program)}')
        self.prepare()

    # The data

    def prepare(self):
        self.tape, self.bars = self.args.tape, self.args.bar_tape
        if not self.tape or not self.bars:
            size = ['--events', '500000', '--bars', '100000'] if self.args.quick else []
            process([self.bench, '--write', self.scratch] + size)
            self.tape = self.tape or os.path.join(self.scratch, 'level2.tape')
            self.bars = self.bars or os.path.join(self.scratch, 'bars.tape')
        self.events_csv, self.bars_csv = (os.path.join(self.scratch, name) for name in ('level2.csv', 'bars.csv'))
        process([self.perigee, 'data', 'export', self.tape, '--csv', self.events_csv])
        process([self.perigee, 'data', 'export', self.bars, '--csv', self.bars_csv])

    # Ours

    def ours(self, work):
        """Our hot ns a piece, the least of all turns so far, and what the run did."""
        tape = ['--bar-tape', self.bars] if work == 'B0' else ['--tape', self.tape]
        report = os.path.join(self.scratch, 'ours.json')
        process([self.bench, '--only', 'hot', '--repetitions', str(self.args.repetitions), '--json', report] + tape)
        with open(report) as file:
            report = json.load(file)
        for figure in report['figures']:
            kept = self.answers.setdefault(figure['name'], dict(ns=figure['value']))
            kept['ns'] = min(kept['ns'], figure['value'])
            kept['did'] = report['facts'].get(figure['name'] + ' did', '')
        return self.answers[work]

    def command(self, script, tape):
        flags = FLAGS if tape == self.tape else FLAGS[-1:]
        return [self.perigee, 'backtest', os.path.join(SCRIPTS, script), '--data', tape, '--quiet',
                '--out', os.path.join(self.scratch, 'run')] + flags

    def end_after(self, count, work):
        """The flags by which our process, too, stops after so many events of the level-2 tape."""
        if work == 'B0':
            return []
        with open(self.events_csv) as file:
            column = file.readline().strip().split(',').index('local_ts_ns')
            row = next(itertools.islice(file, count, None), None)
        return ['--to', row.split(',')[column]] if row else []

    # Theirs

    def python(self, peer):
        folder, module = self.args.venvs, PEERS[peer][0]
        places = [sys.executable]
        if folder:
            places = [os.path.join(folder, f'venv-{peer}', 'bin', 'python'), os.path.join(folder, 'bin', 'python')] + places
        for place in places:
            if os.path.exists(place) and subprocess.run([place, '-c', f'import {module}'], capture_output=True).returncode == 0:
                return place
        return None

    def peer_command(self, python, peer, work, repetitions):
        first = PEERS[peer][2]
        data = self.bars_csv if work == 'B0' else self.events_csv
        if peer == 'nautilus_trader' and work == 'B0':
            first = 100_000
        name = peer if PEERS[peer][1] == 'work_bars.py' else work
        return ([python, os.path.join(HERE, PEERS[peer][1]), name, data, '--repetitions', str(repetitions)]
                + (['--first', str(first)] if first else []))

    def theirs(self, python, peer, work):
        out, wall = process(self.peer_command(python, peer, work, self.args.repetitions))
        answer = json.loads(out.strip().splitlines()[-1])
        answer['wall_s'] = wall
        self.answers[f'{peer} {work}'] = answer
        return answer

    # The table

    def row(self, what, ours, theirs, unit, goal=None):
        ratio = ours / theirs
        verdict = '' if goal is None else ('reached' if ratio <= goal else 'NOT reached')
        self.rows.append(dict(what=what, ours=ours, theirs=theirs, unit=unit, ratio=ratio, goal=goal, verdict=verdict))
        print(f'{what:<58}{ours:>12.2f}{theirs:>14.2f} {unit:<5}{ratio:>9.4f}  ' + (f'≤ {goal:g}: {verdict}' if goal else ''), flush=True)

    def hot(self, peer, works, goals, memory_goal=None):
        python = self.python(peer)
        if not python:
            print(f'{peer}: not installed, left out (pip install {peer})')
            return None
        for work in works:
            try:
                mine = self.ours(work)
                answer = self.theirs(python, peer, work)
                mine = self.ours(work)
            except RuntimeError as error:
                print(f'{peer} {work}: {error}')
                continue
            title = f'{work} beside {peer} {answer["version"]} ({answer["count"]:,})'
            self.row(title, mine['ns'], answer['ns'], 'ns', goals.get(work))
            if work == 'S1':
                print(f'    perigee: {mine["did"]}\n    {peer}: {answer["did"]}')
            script, tape = ('cross.lua', self.bars) if work == 'B0' else ({'S0': 'count.lua', 'S1': 'maker.lua'}[work], self.tape)
            command = self.command(script, tape) + self.end_after(answer['count'], work)
            self.row(f'    peak memory of the process, {work}', peak_of(command), answer['peak_mib'], 'MiB',
                     memory_goal if work == 'S1' else None)
        return python

    def whole_process(self, python):
        """Both from the shell's point of view: start, compile, load, run, report."""
        mine = self.command('maker.lua', self.tape)
        other = self.peer_command(python, 'hftbacktest', 'S1', 1)
        walls = {0: [], 1: []}
        for _ in range(3):
            for which, command in enumerate((mine, other)):
                try:
                    walls[which].append(process(command)[1])
                except RuntimeError as error:
                    return print(f'whole process: {error}')
        self.row('S1, whole process, beside hftbacktest', min(walls[0]), min(walls[1]), 's', 0.1)

    def same_trades(self):
        ours, theirs = self.answers.get('S1', {}).get('did', ''), self.answers.get('hftbacktest S1', {}).get('did', '')
        facts = [dict(zip(text.split()[::2], text.split()[1::2])) for text in (ours, theirs)]
        keys = ('sent', 'cancelled', 'fills', 'position', 'balance', 'fee')
        if not all(key in fact for fact in facts for key in keys):
            return
        far = [key for key in keys if abs(float(facts[0][key]) - float(facts[1][key])) > 1e-3]
        print(f'S1 in both: {"the same trades" if not far else "DIFFERENT " + ", ".join(far)}')
        self.rows.append(dict(what='S1 does the same as hftbacktest', verdict='NOT reached' if far else 'reached'))

    def run(self):
        print(f'{"work":<58}{"perigee":>12}{"peer":>14} {"":<5}{"ratio":>9}  goal')
        wants = lambda peer: not self.args.only or peer in self.args.only
        if wants('hftbacktest'):
            python = self.hot('hftbacktest', ['S0', 'S1'], {'S0': 1.0, 'S1': 0.5})
            if python:
                self.same_trades()
                self.whole_process(python)
        for peer, goal in (('vectorbt', 1.5), ('backtesting', 0.06), ('backtrader', 0.01)):
            if wants(peer):
                self.hot(peer, ['B0'], {'B0': goal})
        if wants('nautilus_trader'):
            self.hot('nautilus_trader', ['S0', 'S1', 'B0'], {'S1': 0.015}, memory_goal=0.05)
        print(f'load {os.getloadavg()}')
        if self.args.json:
            with open(self.args.json, 'w') as file:
                json.dump(dict(load=os.getloadavg(), rows=self.rows, answers=self.answers), file, indent=1)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--venvs', help='where the peers are installed')
    parser.add_argument('--tape')
    parser.add_argument('--bar-tape')
    parser.add_argument('--quick', action='store_true', help='500,000 events and 100,000 bars')
    parser.add_argument('--repetitions', type=int, default=3)
    parser.add_argument('--only', nargs='+', choices=PEERS)
    parser.add_argument('--json')
    args = parser.parse_args()
    for name in ('tape', 'bar_tape', 'json'):
        if getattr(args, name):
            setattr(args, name, os.path.abspath(getattr(args, name)))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the folder goes, too
    scratch = tempfile.mkdtemp(prefix='perigee-peers-')
    try:
        Comparison(args, scratch).run()
    finally:
        shutil.rmtree(scratch)


main()
