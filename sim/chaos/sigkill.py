#!/usr/bin/env python3
"""SIGKILL at random instants, each followed by a restart; at the end the venue's truth is compared with all that perigee wrote (F46).

    sim/chaos/sigkill.py PERIGEE [--kills 100] [--seed 1] [--folder DIR] [--longest 7]

Exit status 0: no order lost, doubled or forgotten, every fill booked exactly once over all runs, positions equal, nothing open, and every
journal replays. The dead-man process is killed too in every other round: otherwise it would clean up before the restart has anything to find.
"""
import argparse, os, random, signal, sys, tempfile, time
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from common import World


def guardian(pid):
    """The dead-man process that this run started."""
    for entry in os.listdir("/proc"):
        if not entry.isdigit(): continue
        try:
            parts = open(f"/proc/{entry}/stat").read().rsplit(")", 1)[1].split()
            if int(parts[1]) == pid and b"dead-man" in open(f"/proc/{entry}/cmdline", "rb").read(): return int(entry)
        except OSError: pass
    return None


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("perigee")
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--longest", type=float, default=7)
    parser.add_argument("--folder")
    a = parser.parse_args()
    chance = random.Random(a.seed)
    world = World(a.perigee, a.folder or tempfile.mkdtemp(prefix="chaos-"), seed=a.seed)
    began = time.time()
    try:
        for k in range(a.kills):
            run = world.live(f"r{k:03}")
            time.sleep(chance.uniform(0.02, a.longest))
            other = guardian(run.pid)
            if run.poll() is not None:
                print(f"run {k} ended by itself with {run.returncode}: " + open(world.path(f"r{k:03}.log")).read()[-400:])
                return 1
            run.send_signal(signal.SIGKILL)
            if other and k % 2: os.kill(other, signal.SIGKILL)
            run.wait()
        run = world.live("last", "--duration", "25s")
        if run.wait(180) != 0:
            print(f"the last run ended with {run.returncode}: " + open(world.path("last.log")).read()[-600:])
            return 1
        wrong, counts = world.compare("last")
        unverified, verified = world.verify()
        for line in wrong + unverified: print(line)
        print(f"{a.kills} kills in {time.time() - began:.0f} s, seed {a.seed}: {counts['intents']} intents, {counts['orders']} orders and "
              f"{counts['trades']} fills at the venue; {len(wrong)} differences; {verified} journals verified, {len(unverified)} not")
        return 1 if wrong or unverified else 0
    finally:
        world.close()


sys.exit(main())
