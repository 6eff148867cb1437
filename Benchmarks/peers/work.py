"""What every peer's script needs: the arguments, the clock, and the one line of JSON in which it answers compare.py."""
import argparse, json, resource, sys, time

START = time.perf_counter()
STEP_NS = 100_000_000
MAKER_FEE, TAKER_FEE = -0.00005, 0.0007
TICK, LOT = 0.1, 0.001
QUANTITY, LIMIT, DISTANCE = 0.010, 0.05, 5


def arguments(works):
    parser = argparse.ArgumentParser()
    parser.add_argument('work', choices=works)
    parser.add_argument('data', help='CSV of `perigee data export`, or an .npz made of it')
    parser.add_argument('--repetitions', type=int, default=3)
    parser.add_argument('--first', type=int, default=0, help='only so many rows')
    return parser.parse_args()


def timed(work):
    wall, cpu = time.perf_counter(), time.process_time()
    result = work()
    return result, time.perf_counter() - wall, time.process_time() - cpu


def repeat(work, repetitions, count):
    """Runs the work so often; answers its result and the least and middle ns a piece, of the processor's time."""
    walls, cpus, result = [], [], None
    for _ in range(repetitions):
        result, wall, cpu = timed(work)
        walls.append(wall * 1e9 / count)
        cpus.append(cpu * 1e9 / count)
    return result, dict(ns=min(cpus), median_ns=sorted(cpus)[len(cpus) // 2], wall_ns=min(walls))


def answer(peer, version, count, times, did):
    print(json.dumps(dict(
        peer=peer, version=version, python=sys.version.split()[0], count=count, **times, did=did,
        peak_mib=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, process_s=time.perf_counter() - START)))
