#!/usr/bin/env python3
"""A disk that is full, broken, slow to take or interrupted, at every kind of write of a live run (F43, F44).

    sim/chaos/disk.py PERIGEE [--quick] [--folder DIR] [--seed 1]

Each case is one run with one fault (faultfs.c, by LD_PRELOAD; wants a C compiler), then a run without. What must hold: a fault that costs
data ends the run with an exit status that is not 0 and a message that names the file; a short write or EINTR costs nothing; at the venue
nothing is open afterwards; the next run starts, and ends with the venue's position. As root, the same once for real: a tmpfs of a few
pages for the run, for the state, and a limit on file sizes.
"""
import argparse, itertools, os, resource, subprocess, sys, tempfile, time
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from common import HERE, World

FILES = ["/ledger", "/journal.tape", "/orders.csv", "/fills.csv", "/equity.csv", "/log.jsonl"]
SMALL = ["/epoch", "/instance", "/saved-churn", "/summary.json", "/lock"]


def cases(quick):
    times = [1, 9] if quick else [1, 2, 5, 12, 30]
    for file, n in itertools.product(FILES, times):
        for kind, stay in ([("ENOSPC", True)] if quick else [("ENOSPC", True), ("EIO", False), ("SHORT", False), ("EINTR", False)]):
            yield dict(op="write", path=file, n=n, kind=kind, stay=stay)
    for file in SMALL: yield dict(op="write", path=file, n=1, kind="ENOSPC", stay=True)
    for file, n in itertools.product(["/ledger", "/journal.tape", "/epoch", "/state"], [1] if quick else [1, 2, 4]):
        yield dict(op="sync", path=file, n=n, kind="EIO", stay=False)
    for file in ["/epoch", "/instance", "/saved-churn"]: yield dict(op="rename", path=file, n=1, kind="EIO", stay=False)


class Disk:
    def __init__(self, world, shim):
        self.world, self.shim, self.number, self.wrong, self.hit = world, shim, 0, [], 0

    def judge(self, what, run, out, costs, happened):
        world = self.world
        try: code = run.wait(60)
        except subprocess.TimeoutExpired:
            run.kill()
            return self.wrong.append(f"{what}: it did not end")
        text = open(world.path(out + ".log"), errors="replace").read()
        if happened: self.hit += 1
        if happened and costs and code in (0, 130): self.wrong.append(f"{what}: exit {code}, as if nothing had happened")
        if happened and costs and code < 0: self.wrong.append(f"{what}: died of signal {-code}")
        if (not happened or not costs) and code != 0: self.wrong.append(f"{what}: exit {code}: {text[-300:]}")
        for _ in range(40):
            left = world.open_orders()
            if not left: break
            time.sleep(0.5)
        if left: self.wrong.append(f"{what}: {len(left)} orders are open")
        print(f"{what}: exit {code}{'' if happened else ' (not reached)'}: {text.strip().splitlines()[-1][:150] if text.strip() else ''}", flush=True)

    def again(self, what):
        """The disk is well again: it must start, and know its position."""
        out = f"a{self.number:03}"
        run = self.world.live(out, "--duration", "3s")
        code = run.wait(90)
        if code != 0: self.wrong.append(f"{what}: the next run ended with {code}: " + open(self.world.path(out + '.log')).read()[-300:])
        return out

    def case(self, c):
        self.number += 1
        out, mark = f"f{self.number:03}", self.world.path("happened")
        if os.path.exists(mark): os.remove(mark)
        env = dict(self.world.env, LD_PRELOAD=self.shim, FAULT_OP=c["op"], FAULT_PATH=c["path"], FAULT_N=str(c["n"]), FAULT_KIND=c["kind"], FAULT_LOG=mark)
        if c["stay"]: env["FAULT_STAY"] = "1"
        kept, self.world.env = self.world.env, env
        run = self.world.live(out, "--duration", "6s")
        self.world.env = kept
        what = f"{c['op']} {c['n']} of {c['path'][1:]}: {c['kind']}{' for good' if c['stay'] else ''}"
        try: run.wait(60)
        except subprocess.TimeoutExpired: pass
        self.judge(what, run, out, c["kind"] not in ("SHORT", "EINTR"), os.path.exists(mark))

    def real(self):
        """The system itself refuses: a tmpfs of a few pages, a limit on file sizes."""
        for name, pages in (("t-run", 16),):
            self.number += 1
            folder = self.world.path(name)
            os.makedirs(folder, exist_ok=True)
            if subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={pages * 4}k,mode=0700", "tmpfs", folder]).returncode != 0:
                print("no tmpfs can be mounted here: left out")
                return
            try:
                self.world.write("t-run.log", "")
                self.judge(f"{name} of {pages} pages", self.start_on_tmpfs("t-run/r"), "t-run", True, True)
            finally:
                subprocess.run(["umount", "-l", folder])
        self.number += 1
        out = f"l{self.number:03}"
        limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (48 << 10, 48 << 10))
        run = self.world.live(out, "--duration", "40s", preexec_fn=limit)
        self.judge("files of 48 KiB at most", run, out, True, True)

    def start_on_tmpfs(self, out):
        world = self.world
        return subprocess.Popen(
            [world.perigee, "live", os.path.join(HERE, "churn.lua"), "--config", "perigee.toml", "--yes", "--out", out, "--duration", "60s"],
            cwd=world.folder, env=world.env, stdin=subprocess.DEVNULL, stdout=open(world.path("t-run.log"), "w"), stderr=subprocess.STDOUT)


def full_state(a, folder):
    """The state itself on a tmpfs of a few pages, with an account of its own: its ledger goes with it."""
    world = World(a.perigee, folder, seed=a.seed)
    state = world.path("state")
    try:
        os.makedirs(state, mode=0o700)
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=40k,mode=0700", "tmpfs", state]).returncode != 0: return []
        try:
            disk = Disk(world, None)
            run = world.live("r", "--duration", "60s")
            disk.judge("t-state of 10 pages", run, "r", True, True)
            intents, _ = world.ledger()
            strangers = [o["client_oid"] for o in world.history() if o["client_oid"] not in intents]
            return disk.wrong + [f"order {o} has no intent" for o in strangers]
        finally:
            subprocess.run(["umount", "-l", state])
    finally:
        world.close()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("perigee")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder")
    a = parser.parse_args()
    folder = a.folder or tempfile.mkdtemp(prefix="disk-")
    world = World(a.perigee, folder, seed=a.seed)
    shim = world.path("faultfs.so")
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", shim, os.path.join(HERE, "faultfs.c"), "-ldl"], check=True)
    disk = Disk(world, shim)
    try:
        for c in cases(a.quick): disk.case(c)
        if os.geteuid() == 0:
            disk.real()
            disk.wrong += full_state(a, folder + "-state")
        last = disk.again("all of them")
        wrong, counts = world.compare(last)
        # Rows of a run whose own file could not be written are lost with it; the ledger, the orders and the position are not.
        wrong = [w for w in wrong if not w.startswith("fill ")]
        for line in disk.wrong + wrong: print("WRONG", line)
        print(f"{disk.number} cases, {disk.hit} of them struck; {counts['orders']} orders, {counts['trades']} fills at the venue; {len(disk.wrong) + len(wrong)} wrong")
        return 1 if disk.wrong or wrong else 0
    finally:
        world.close()


sys.exit(main())
