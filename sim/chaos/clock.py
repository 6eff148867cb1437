#!/usr/bin/env python3
"""Clocks that are wrong and processes that stand still (F41, F42, F51).

    sim/chaos/clock.py PERIGEE [--long] [--folder DIR]        wants a C compiler for the leaps

The wall clock leaps an hour forward and back under a running process (faultclock.c); the venue's clock is off by 2 s either way, and by an
hour; a process is stopped for shorter and longer than the dead-man process waits, once with `perigee kill` meanwhile (--long: 60 s).
After each: nothing open, every fill booked once, positions equal, journals verified.
"""
import argparse, json, os, signal, subprocess, sys, tempfile, time
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from common import HERE, World


def finish(world, what, wrong, expected, run, out):
    try: code = run.wait(90)
    except subprocess.TimeoutExpired:
        run.kill()
        return wrong.append(f"{what}: it did not end")
    text = open(world.path(out + ".log"), errors="replace").read()
    if code not in expected: wrong.append(f"{what}: exit {code}, expected {expected}: {text[-400:]}")
    print(f"{what}: exit {code}", flush=True)


def settle(world, what, wrong, seconds="4s"):
    """A last run, and the comparison."""
    if os.path.exists(world.path("state/kill.latch")):
        latched = world.live("latched")
        if latched.wait(30) != 3: wrong.append(f"{what}: a latched start exited {latched.returncode}, not 3")
        armed = world.run("arm", "--timeout", "20s")
        if armed.returncode != 0: wrong.append(f"{what}: arm: {armed.stdout}{armed.stderr}")
    last = world.live("last", "--duration", seconds)
    if last.wait(90) != 0: wrong.append(f"{what}: the next run ended with {last.returncode}: " + open(world.path("last.log")).read()[-400:])
    differences, counts = world.compare("last")
    unverified, verified = world.verify()
    wrong += [f"{what}: {d}" for d in differences + unverified]
    print(f"{what}: {counts['orders']} orders, {counts['trades']} fills, {len(differences)} differences, {verified} journals verified, {len(unverified)} not", flush=True)


def skewed(a, folder, skew):
    text = open(os.path.join(HERE, "busy.toml")).read().replace("speed = 3", f'speed = 3\nclock_skew = "{skew}"')
    os.makedirs(folder, exist_ok=True)
    path = folder + ".toml"
    open(path, "w").write(text)
    wrong, what = [], f"the venue's clock is off by {skew}"
    world = World(a.perigee, folder, scenario=path)
    world.skew = {"2s": 2, "-2s": -2, "1h": 3600}[skew]
    try:
        finish(world, what, wrong, (0,), world.live("r", "--duration", "8s"), "r")
        settle(world, what, wrong)
    finally: world.close()
    return wrong


def leapt(a, folder, by):
    wrong, what = [], f"the wall clock leaps by {by} s"
    world = World(a.perigee, folder)
    shim = world.path("faultclock.so")
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", shim, os.path.join(HERE, "faultclock.c"), "-ldl"], check=True)
    try:
        kept = world.env
        world.env = dict(kept, LD_PRELOAD=shim, CLOCK_AFTER="5", CLOCK_LEAP=str(by))
        run = world.live("r", "--duration", "14s")
        world.env = kept
        finish(world, what, wrong, (0,), run, "r")
        log = open(world.path("r/log.jsonl")).read()
        if "clock jumped" not in log: wrong.append(f"{what}: the log does not tell of it")
        rows = open(world.path("r/orders.csv")).read().count("\n")
        print(f"{what}: {rows} orders")
        settle(world, what, wrong)
    finally: world.close()
    return wrong


def stopped(a, folder, seconds, dead_man, expected, kills=False):
    what = f"stopped for {seconds} s, dead man after {dead_man}" + (", killed meanwhile" if kills else "")
    wrong = []
    world = World(a.perigee, folder, dead_man=dead_man)
    try:
        run = world.live("r", "--duration", f"{10 + seconds}s")
        time.sleep(7)
        run.send_signal(signal.SIGSTOP)
        began = time.time()
        if kills:
            outcome = world.run("kill", "--timeout", "20s")
            print("  " + outcome.stdout.strip())
            if outcome.returncode != 0: wrong.append(f"{what}: kill exited {outcome.returncode}: {outcome.stdout}{outcome.stderr}")
        emptied = None
        while time.time() - began < seconds:
            if emptied is None and not world.open_orders(): emptied = time.time() - began
            time.sleep(1.2)
        before = len(world.history())
        run.send_signal(signal.SIGCONT)
        finish(world, what, wrong, expected, run, "r")
        time.sleep(1.2)
        after = len(world.history())
        if expected == (3,) and after != before: wrong.append(f"{what}: {after - before} orders came after it woke")
        print(f"{what}: account empty after {'never' if emptied is None else f'{emptied:.1f} s'}, {after - before} orders after it woke")
        settle(world, what, wrong)
    finally: world.close()
    return wrong


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("perigee")
    parser.add_argument("--long", action="store_true")
    parser.add_argument("--folder")
    a = parser.parse_args()
    folder = a.folder or tempfile.mkdtemp(prefix="clock-")
    os.makedirs(folder, exist_ok=True)
    wrong = []
    for number, skew in enumerate(["2s", "-2s", "1h"]): wrong += skewed(a, f"{folder}/skew{number}", skew)
    for number, by in enumerate([3600, -3600]): wrong += leapt(a, f"{folder}/leap{number}", by)
    wrong += stopped(a, f"{folder}/stop1", 8, "3s", (3,))
    wrong += stopped(a, f"{folder}/stop2", 4, "30s", (3,), kills=True)
    if a.long: wrong += stopped(a, f"{folder}/stop3", 60, "5s", (3,))
    for line in wrong: print("WRONG", line)
    print("all as it must be" if not wrong else f"{len(wrong)} wrong")
    return 1 if wrong else 0


sys.exit(main())
