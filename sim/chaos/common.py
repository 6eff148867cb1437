"""What the chaos scripts share: a simulated venue, a configuration, the venue's truth, and the comparison with what perigee wrote.

Standard library only. The venue is asked over its own REST protocol, signed here with code of its own.
"""
import csv, glob, hashlib, hmac, json, os, re, shutil, ssl, struct, subprocess, time, urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
KEY, SECRET = "chaos-key-7Qx2", "chaos-secret-9Zk4"

RISK = """
[risk]
max_order_value = "5000"
max_position = { BTC = "1.0", ETH = "20" }
max_open_orders = 20
price_collar = { aggressive = "1%", passive = "10%", reference_max_age = "5s" }
daily_loss = "50000"

[watchdog]
dead_man = "DEADMAN"
"""


class World:
    """One simulated venue and one state folder, in `folder`."""

    def __init__(self, perigee, folder, seed=1, dead_man="5s", scenario=None):
        self.perigee, self.folder = os.path.abspath(perigee), os.path.abspath(folder)
        shutil.rmtree(self.folder, ignore_errors=True)
        os.makedirs(self.folder)
        text = open(scenario or os.path.join(HERE, "busy.toml")).read()
        self.write("scenario.toml", text.replace("SEED", str(seed)).replace("KEY", KEY).replace("SECRET", SECRET))
        self.env = dict(os.environ, CRYPTOCOM_KEY=KEY, CRYPTOCOM_SECRET=SECRET)
        self.sim = subprocess.Popen(
            [self.perigee, "sim", "scenario.toml", "--serve", "cryptocom", "--tls", "--tls-dir", "tls", "--config-out", "perigee.toml",
             "--until-stdin-closes"],
            cwd=self.folder, stdin=subprocess.PIPE, stdout=open(self.path("sim.out"), "w"), stderr=open(self.path("sim.err"), "w"))
        for _ in range(1200):
            if os.path.exists(self.path("perigee.toml")) and "user" in open(self.path("sim.out")).read(): break
            if self.sim.poll() is not None: raise SystemExit("perigee sim: " + open(self.path("sim.err")).read())
            time.sleep(0.1)
        with open(self.path("perigee.toml"), "a") as f: f.write(RISK.replace("DEADMAN", dead_man))
        self.rest = re.search(r'rest = "([^"]+)"', open(self.path("perigee.toml")).read()).group(1)
        self.tls = ssl.create_default_context(cafile=self.path("tls/ca.pem"))
        self.start = int(time.time() * 1000) - 7_200_000
        # How far the venue's clock is ahead of ours, s.
        self.skew = 0

    def path(self, name): return os.path.join(self.folder, name)
    def write(self, name, text): open(self.path(name), "w").write(text)

    def close(self):
        self.sim.stdin.close()
        try: self.sim.wait(20)
        except subprocess.TimeoutExpired: self.sim.kill()

    # -- perigee ------------------------------------------------------------------------------------------------------------------
    def live(self, out, *more, strategy=os.path.join(HERE, "churn.lua"), prefix=(), **options):
        """Starts `perigee live`; its output goes to OUT.log."""
        return subprocess.Popen(
            [*prefix, self.perigee, "live", strategy, "--config", "perigee.toml", "--yes", "--out", out, *more],
            cwd=self.folder, env=self.env, stdin=subprocess.DEVNULL, stdout=open(self.path(out + ".log"), "w"), stderr=subprocess.STDOUT, **options)

    def run(self, *arguments, timeout=120):
        return subprocess.run([self.perigee, *arguments], cwd=self.folder, env=self.env, capture_output=True, text=True, timeout=timeout)

    # -- the venue's truth --------------------------------------------------------------------------------------------------------
    def call(self, method, params):
        def flat(value):
            if isinstance(value, dict): return "".join(k + flat(value[k]) for k in sorted(value))
            return str(value)
        for attempt in range(8):
            nonce = int((time.time() + self.skew) * 1000)
            signature = hmac.new(SECRET.encode(), f"{method}{nonce}{KEY}{flat(params)}{nonce}".encode(), hashlib.sha256).hexdigest()
            body = json.dumps(dict(id=nonce, method=method, api_key=KEY, params=params, nonce=nonce, sig=signature)).encode()
            request = urllib.request.Request(f"{self.rest}/{method}", data=body, headers={"Content-Type": "application/json"})
            try: return json.load(urllib.request.urlopen(request, context=self.tls, timeout=10))["result"]
            except Exception as error: problem = error
            time.sleep(1.2)
        raise problem

    def pages(self, method, key):
        rows, page = [], 0
        while True:
            got = self.call(method, dict(start_ts=self.start, end_ts=int((time.time() + 7200) * 1000), page_size="200", page=str(page)))[key]
            rows += got
            page += 1
            time.sleep(1.1)
            if len(got) < 200: return rows

    def trades(self): return self.pages("private/get-trades", "trade_list")
    def history(self): return self.pages("private/get-order-history", "order_list")
    def open_orders(self): return self.call("private/get-open-orders", dict(page_size="200", page="0"))["order_list"]

    # -- what perigee wrote -------------------------------------------------------------------------------------------------------
    def ledger(self):
        """Intents and closed orders by client id, venue ids, from the ledger's bytes (docs/live.md)."""
        data = open(self.path("state/ledger"), "rb").read()
        place, intents, closed = 8, [], set()
        while place + 36 <= len(data):
            length, kind = struct.unpack_from("<IH", data, place)
            payload = data[place + 32:place + 32 + length]
            if len(payload) < length: break
            size = struct.unpack_from("<I", payload)[0]
            name = payload[4:4 + size].decode(errors="replace")
            if kind == 1: intents.append(name)
            if kind == 6: closed.add(name)
            place += 36 + length
        return intents, closed

    def fills(self):
        """fill id -> rows of every run's fills.csv."""
        seen = {}
        for path in sorted(glob.glob(self.path("*/fills.csv"))):
            for row in csv.DictReader(open(path)):
                if row.get("fill_id"): seen.setdefault(row["fill_id"], []).append((path, row))
        return seen

    def compare(self, final):
        """Everything that must hold after the last run; a list of what does not."""
        wrong = []
        trades, history, live = self.trades(), self.history(), self.open_orders()
        intents, closed = self.ledger()
        fills = self.fills()
        truth = {}
        for t in trades: truth.setdefault(str(t["trade_id"]), t)
        for t in truth:
            if t not in fills: wrong.append(f"fill {t} is in no run")
        for f, rows in fills.items():
            if len(rows) > 1: wrong.append(f"fill {f} is there {len(rows)} times: {[r[0] for r in rows]}")
            if f not in truth: wrong.append(f"fill {f} is not the venue's")
            elif abs(float(rows[0][1]["qty"]) - float(truth[f]["traded_quantity"])) > 1e-12: wrong.append(f"fill {f} has another size")
        names = [o["client_oid"] for o in history]
        for n in set(names):
            if names.count(n) > 1: wrong.append(f"order {n} was placed {names.count(n)} times")
            if n not in intents: wrong.append(f"order {n} has no intent")
        if len(set(intents)) != len(intents): wrong.append("a client id was used twice")
        if live: wrong.append(f"{len(live)} orders are open")
        forgotten = [i for i in intents if i not in closed]
        if forgotten: wrong.append(f"{len(forgotten)} orders have no end in the ledger: {forgotten[:5]}")
        position = {}
        for t in truth.values():
            sign = 1 if t["side"] == "BUY" else -1
            position[t["instrument_name"]] = position.get(t["instrument_name"], 0) + sign * float(t["traded_quantity"])
        told = json.load(open(self.path(f"{final}/summary.json")))["final_position"]
        told = {k.split(":")[1]: float(v) for k, v in told.items()}
        for name in set(position) | set(told):
            if abs(position.get(name, 0) - told.get(name, 0)) > 1e-9: wrong.append(f"position of {name}: {told.get(name, 0)}, the venue's trades say {position.get(name, 0)}")
        return wrong, dict(trades=len(truth), orders=len(names), intents=len(intents))

    def verify(self):
        """Replays every journal; what failed. A run killed before its journal's head was whole has none."""
        wrong, done = [], 0
        for journal in sorted(glob.glob(self.path("*/journal.tape"))):
            if os.path.getsize(journal) == 0: continue
            result = self.run("replay", journal, "--verify")
            # Killed while the journal was being made: it has no head yet.
            if result.returncode == 1 and "its first record is no head" in result.stderr: continue
            if result.returncode != 0: wrong.append(f"{journal}: {(result.stdout + result.stderr).strip()[-300:]}")
            else: done += 1
        return wrong, done
