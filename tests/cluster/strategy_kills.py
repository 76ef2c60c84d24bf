#!/usr/bin/env python3
"""A strategy's node is killed (-9) at random moments while the strategy trades on paper, and started again. After each start:
no order that was seen is gone, no fill that was seen is gone, no bar made two orders, and what the strategy believes to hold
is what the account holds.

  strategy_kills.py TT_BINARY INSTRUMENTS_YAML [KILLS] [SEED]   (short form: 8 kills; with TT_CHAOS=full: 200)

The strategy buys one lot on an even bar and sells it on the next, and rests a stop beside it: an order that was lost or doubled
shows as two orders of one kind in a row, or as a position of another size than one lot or none.
"""
import http.client
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

LOT = 0.01
SOURCE = """//@version=6
strategy("toggler", overlay = true, margin_long = 0)
if bar_index % 2 == 0
    strategy.entry("L", strategy.long, qty = 0.01)
else
    strategy.close("L")
strategy.exit("X", "L", stop = strategy.position_avg_price * 0.9)
"""
# limits are the matter of other tests
RISK = """risk:
  consecutive_losses: 1000
  daily_loss: 0.9
  drawdown: 0.9
  order_rate_strategy_second: 1000
  order_rate_strategy_minute: 10000
  order_rate_account_second: 1000
  order_rate_account_minute: 10000
  order_rate_node_second: 1000
  order_rate_node_minute: 10000
  runaway_orders: 1000
  volatility_crypto: 100
  breaker_benchmark_move: 1
  signal_age_s: 86400
"""
# bars of a tenth of a second, so that a kill meets every step of an order
CONFIG = """node: {{id: kills}}
server: {{host: 127.0.0.1, port: {port}}}
log: {{level: warn, format: text}}
""" + RISK + """feeds:
  - {{name: sim, kind: sim, seed: 7, symbols: [BTCUSD], start: "{start}", speed: 600}}
"""
PATIENCE = 60  # seconds for anything of the node


class Node:
    def __init__(self, tt, instruments):
        self.tt, self.instruments = tt, instruments
        self.folder = tempfile.mkdtemp(prefix="tt-kills-")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.process = None

    def launch(self, start):
        config = os.path.join(self.folder, "node.yaml")
        with open(config, "w") as file:
            file.write(CONFIG.format(port=self.port, start=start))
        env = dict(os.environ, DATA_DIR=os.path.join(self.folder, "data"), TT_INSTRUMENTS=self.instruments)
        with open(os.path.join(self.folder, "node.log"), "a") as log:
            self.process = subprocess.Popen([self.tt, "node", "--config", config], stdout=log, stderr=log, env=env, cwd=self.folder)
        self.until("/health/ready", lambda s, b: s == 200 and b.get("ok"))

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def ask(self, target, body=None, method=None):
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=15)
        try:
            link.request(method or ("POST" if body else "GET"), target, json.dumps(body) if body else None, {"Content-Type": "application/json"})
            answer = link.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            link.close()

    def until(self, target, fits):
        end = time.monotonic() + PATIENCE
        last = None
        while time.monotonic() < end:
            assert self.process.poll() is None, f"the node ended by itself: {self.process.returncode}"
            try:
                last = self.ask(target)
                if fits(*last):
                    return last[1]
            except OSError:
                pass
            time.sleep(0.02)
        raise AssertionError(f"{target}: {last}")

    def close(self):
        if self.process and self.process.poll() is None:
            self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


def pages(node, target, key):
    """All of a list, newest first."""
    out, cursor = [], ""
    while True:
        code, page = node.ask(f"{target}?limit=500{cursor}")
        assert code == 200, page
        out += page[key]
        if not page.get("next_cursor") or not page[key]:
            return out
        cursor = f"&cursor={page['next_cursor']}"


def orders_of(node):
    code, page = node.ask("/api/orders?limit=500")
    assert code == 200, page
    return page


def check(node, seen_orders, seen_fills):
    """What has been written is there, and nothing twice. Returns how many fills there are."""
    orders = {one["order_id"]: one for one in orders_of(node)}
    oldest = min((one["created_at"] for one in orders.values()), default="")
    for known in seen_orders.values():
        if known["created_at"] > oldest:
            assert known["order_id"] in orders, f"an order is lost: {known}"
            assert orders[known["order_id"]]["version"] >= known["version"], f"an order went back: {known}"
    fills = {one["execution_id"]: one for one in pages(node, "/api/v1/executions", "executions")}
    assert seen_fills.keys() <= fills.keys(), f"fills are lost: {seen_fills.keys() - fills.keys()}"
    held = 0.0
    for one in sorted(fills.values(), key=lambda f: [int(n) for n in f["execution_id"][1:].split("-")]):
        held += one["quantity"] if one["side"] == "buy" else -one["quantity"]
        assert -1e-9 < held < LOT + 1e-9, f"two orders for one signal: the position came to {held} with {one}"
    return orders, fills, held


def believes(node):
    """What the strategy holds, once it runs and its orders are at rest."""
    code, status = node.ask("/api/v1/strategies/status")
    assert code == 200, status
    return status


def main(tt, instruments, kills, seed):
    draw = random.Random(seed)
    node = Node(tt, instruments)
    orders, fills = {}, {}
    start = "2026-01-15T15:12:00Z"
    began = time.monotonic()
    try:
        node.launch(start)
        code, made = node.ask("/api/v1/strategies", {"strategy_id": "t", "kind": "pine", "source": SOURCE, "symbols": ["BTCUSD"], "timeframe": "1m",
                                                     "account_id": "paper_simulator", "enabled": True})
        assert code == 201, made
        for number in range(kills):
            # some fills of this life, then death at any moment
            before = len(fills)
            node.until("/api/v1/executions?limit=1", lambda s, b: s == 200 and b["executions"] and b["executions"][0]["execution_id"] not in fills)
            end = time.monotonic() + draw.uniform(0, 0.4)
            while True:
                orders, fills, _ = check(node, orders, fills)
                if time.monotonic() >= end:
                    break
            _, quote = node.ask("/api/v1/quotes/BTCUSD")
            time.sleep(draw.uniform(0, 0.12))
            node.kill()
            assert len(fills) > before
            # the market goes on while the node is down
            start = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(quote["ts_ms"] / 1000 + draw.choice([60, 120, 300])))
            node.launch(start)
            orders, fills, _ = check(node, orders, fills)
        # switched off, it comes to rest: what it believes is what is
        code, answer = node.ask("/api/v1/strategies/t/disable", {"reason": "the end"})
        assert code == 200, answer
        node.until("/api/orders?limit=500", lambda s, b: s == 200 and not any(one["state"] in ("submitting", "unknown", "pending_cancel") for one in b))
        orders, fills, held = check(node, orders, fills)
        status = believes(node)
        code, positions = node.ask("/api/positions")
        at_account = sum(one["quantity"] for one in positions if one["symbol"] == "BTCUSD")
        assert abs(at_account - held) < 1e-9, f"positions {positions}, fills say {held}"
        _, runs = node.ask("/api/v1/strategies/t/runs")
        print(f"PASS: seed {seed}, {kills} kills in {time.monotonic() - began:.0f} s, {len(fills)} fills, no order lost or doubled; holds {held:g}; "
              f"runs {len(runs['runs'])}; {json.dumps(status)[:300]}")
    except BaseException:
        print(f"seed {seed}", file=sys.stderr)
        subprocess.run(["tail", "-n", "25", os.path.join(node.folder, "node.log")], stdout=sys.stderr)
        raise
    finally:
        node.close()


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    full = os.environ.get("TT_CHAOS") == "full"
    main(os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else 200 if full else 8,
         int(sys.argv[4]) if len(sys.argv) > 4 else 20260115)
