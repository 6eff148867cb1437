#!/usr/bin/env python3
"""SIGKILL at each system call by which the desk's thread writes to a file or a socket, each followed by a restart (F46).

    sim/chaos/syscalls.py PERIGEE [--stride 1] [--limit 0] [--seed 1] [--folder DIR]      wants strace

A first run counts the calls; then one run for each index: strace kills the process as it enters the call. The next run of the list is the
restart, so that recovery itself is killed too, at every index. At the end the venue's truth is compared, and every journal replayed.
"""
import argparse, collections, os, re, shutil, signal, subprocess, sys, tempfile, time
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from common import World

CALLS = ["write", "writev", "fsync", "fdatasync", "rename", "ftruncate", "pwrite64", "unlink"]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("perigee")
    parser.add_argument("--stride", type=int, default=1)
    parser.add_argument("--limit", type=int, default=0, help="at most so many kills; 0 for all")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder")
    a = parser.parse_args()
    if not shutil.which("strace"):
        print("strace is not there: nothing was tried")
        return 0
    world = World(a.perigee, a.folder or tempfile.mkdtemp(prefix="syscalls-"), seed=a.seed)
    began, killed, late = time.time(), 0, 0
    try:
        trace = world.path("trace")
        run = world.live("count", "--duration", "5s", prefix=["strace", "-qq", "-o", trace, "-e", "trace=" + ",".join(CALLS)])
        if run.wait(120) != 0:
            print("the counting run failed: " + open(world.path("count.log")).read()[-500:])
            return 1
        counts = collections.Counter(re.findall(r"^(\w+)\(", open(trace).read(), re.M))
        plan = [(call, n) for call in CALLS for n in range(1, counts[call] + 1, a.stride)]
        if a.limit: plan = plan[::max(1, -(-len(plan) // a.limit))]
        print(f"{dict(counts)}: {len(plan)} kills", flush=True)
        for k, (call, n) in enumerate(plan):
            run = world.live(f"k{k:04}", "--duration", "5s", prefix=["strace", "-qq", "-o", "/dev/null", "-e", f"trace={call}", "-e", f"inject={call}:signal=KILL:when={n}"])
            code = run.wait(120)
            if code in (-signal.SIGKILL, 128 + signal.SIGKILL): killed += 1
            elif code == 0: late += 1
            else:
                print(f"{call} {n}: exit {code}: " + open(world.path(f"k{k:04}.log")).read()[-500:])
                return 1
        run = world.live("last", "--duration", "120s")
        # Orders that were never placed are proven so one after the other, within the venue's limits of questions.
        if run.wait(300) != 0:
            print(f"the last run ended with {run.returncode}: " + open(world.path("last.log")).read()[-600:])
            return 1
        wrong, truth = world.compare("last")
        unverified, verified = world.verify()
        for line in wrong + unverified: print("WRONG", line)
        print(f"{killed} kills ({late} runs ended before their call) in {time.time() - began:.0f} s: {truth['intents']} intents, {truth['orders']} orders and "
              f"{truth['trades']} fills at the venue; {len(wrong)} differences; {verified} journals verified, {len(unverified)} not")
        return 1 if wrong or unverified else 0
    finally:
        world.close()


sys.exit(main())
