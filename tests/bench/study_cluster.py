#!/usr/bin/env python3
"""Studies on whole nodes: how well they scale over workers of one node and over nodes, what the second node costs, and what memory a
node needs while it runs one.

  study_cluster.py TT_BINARY INSTRUMENTS_YAML [speed|memory] [TRIALS] [DAYS]

`speed` (default 2,000 trials of 25 days of minutes = 36,000 bars each): one node with one and with two workers, two
nodes with one worker each. All tables must be the same bytes. `memory` (10,000 trials of 694 days = 999,360 bars): one node with two
workers; its resident memory (what it holds alone, and the bars that it maps) beside that of a study of one trial.
"""
import http.client
import json
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import date, timedelta

SCRIPT = """//@version=5
strategy("S1", initial_capital=100000, default_qty_type=strategy.fixed, default_qty_value=1)
fast = input.int(10, "fast")
slow = input.int(30, "slow")
a = ta.sma(close, fast)
b = ta.sma(close, slow)
if ta.crossover(a, b)
    strategy.entry("L", strategy.long)
if ta.crossunder(a, b)
    strategy.close("L")
"""
FIRST_DAY = date(2023, 1, 1)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Node:
    def __init__(self, tt, instruments, name, roles, workers, seed=None):
        self.name, self.port, self.control = name, free_port(), free_port()
        self.folder = tempfile.mkdtemp(prefix="tt-study-")
        first = seed or self
        config = f"""node: {{id: {name}}}
server: {{host: 127.0.0.1, port: {self.port}}}
log: {{level: warn, format: text}}
backtest: {{workers: {workers}, max_concurrent: 1}}
cluster:
  control: tcp://127.0.0.1:{self.control}
  security: plain
  seeds: ["{first.name}=tcp://127.0.0.1:{first.control}"]
  roles: [{roles}]
feeds:
  - {{name: sim, kind: sim, seed: 1, symbols: [BTCUSD], start: "2026-01-15T15:00:00Z"}}
"""
        with open(os.path.join(self.folder, "node.yaml"), "w") as file:
            file.write(config)
        env = dict(os.environ, DATA_DIR=os.path.join(self.folder, "data"), TT_INSTRUMENTS=instruments)
        with open(os.path.join(self.folder, "log"), "w") as log:
            self.process = subprocess.Popen([tt, "node", "--config", os.path.join(self.folder, "node.yaml")], stdout=log, stderr=log, env=env, cwd=self.folder)

    def ask(self, target, body=None):
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            link.request("POST" if body else "GET", target, json.dumps(body) if body else None, {"Content-Type": "application/json"})
            answer = link.getresponse()
            return answer.status, answer.read().decode()
        finally:
            link.close()

    def until(self, target, fits, patience=60):
        end = time.monotonic() + patience
        while time.monotonic() < end:
            try:
                code, text = self.ask(target)
                if code == 200 and fits(json.loads(text)):
                    return json.loads(text)
            except (OSError, ValueError):
                pass
            time.sleep(0.02)
        raise SystemExit(f"{self.name}: {target} never came")

    def memory_mb(self):
        """Resident: private, and of files (the mapped bars)."""
        with open(f"/proc/{self.process.pid}/status") as file:
            rows = dict(line.split(":", 1) for line in file)
        mb = lambda key: int(rows[key].split()[0]) / 1024
        return mb("RssAnon"), mb("RssFile")

    def close(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(20)
        shutil.rmtree(self.folder, ignore_errors=True)


def study(trials, days):
    return {"pine_script": SCRIPT, "symbols": ["BTCUSD"], "timeframes": ["1m"], "start_date": str(FIRST_DAY), "end_date": str(FIRST_DAY + timedelta(days=days - 1)),
            "parameters": {"fast": {"type": "int", "min": 2, "max": 101}, "slow": {"type": "int", "min": 102, "max": 301}},
            "method": "random", "seed": 1, "max_trials": trials}


def run(node, what, sample=None):
    """Seconds by the node's own progress, from the first trial to the last; the table."""
    code, text = node.ask("/api/optimize/study", what)
    assert code == 200, text
    name = json.loads(text)["study_id"]
    begun = None
    while True:
        code, text = node.ask(f"/api/optimize/{name}/status")
        if code != 200:  # too busy to answer in time
            continue
        now = json.loads(text)
        if begun is None and now["trials_done"] > 0:
            begun = time.monotonic(), now["trials_done"]
        if sample:
            sample()
        if now["status"] in ("completed", "failed"):
            break
        time.sleep(0.05)
    assert now["status"] == "completed", now
    seconds = time.monotonic() - begun[0]
    return seconds * what["max_trials"] / max(1, what["max_trials"] - begun[1]), node.ask(f"/api/optimize/{name}/trials?format=csv")[1]


def speed(tt, instruments, trials, days):
    bars = trials * days * 1440
    what, warm = study(trials, days), study(2, days)
    tables, rates = {}, {}

    def measure(name, nodes):
        try:
            nodes[0].until("/health/ready", lambda b: b["ok"])
            nodes[0].until("/api/v1/cluster", lambda b: sum(n["state"] == "up" for n in b["nodes"]) == len(nodes))
            run(nodes[0], warm)  # the bars are there
            times = []
            for _ in range(3):
                seconds, table = run(nodes[0], what)
                times.append(seconds)
                tables[name] = table
            rates[name] = bars / statistics.median(times)
            print(f"{name:34} {statistics.median(times):8.2f} s  {rates[name] / 1e6:7.2f} M bars/s   ({min(times):.2f} to {max(times):.2f} s)", flush=True)
        finally:
            for node in reversed(nodes):
                node.close()

    print(f"{trials} trials of {days * 1440} bars, medians of three")
    measure("one node, one worker", [Node(tt, instruments, "a", "market, gateway, backtest", 1)])
    measure("one node, two workers", [Node(tt, instruments, "a", "market, gateway, backtest", 2)])
    first = Node(tt, instruments, "a", "market, gateway, backtest", 1)
    measure("two nodes, one worker each", [first, Node(tt, instruments, "b", "backtest", 1, first)])
    assert len(set(tables.values())) == 1, "the tables differ"
    one = rates["one node, one worker"]
    for name, rate in rates.items():
        if name != "one node, one worker":
            print(f"{name}: efficiency {rate / one / 2:.1%}")
    print(f"cost of the second node: {1 - rates['two nodes, one worker each'] / rates['one node, two workers']:.1%}")


def memory(tt, instruments, trials, days):
    node = Node(tt, instruments, "a", "market, gateway, backtest", 2)
    try:
        node.until("/health/ready", lambda b: b["ok"])
        idle = node.memory_mb()
        run(node, study(1, days))
        seen = []
        run(node, study(1, days), lambda: seen.append(node.memory_mb()))
        one = max(sum(m) for m in seen)
        seen.clear()
        began = time.monotonic()
        run(node, study(trials, days), lambda: seen.append(node.memory_mb()))
        most = max(seen, key=sum)
        print(f"{trials} trials of {days * 1440} bars on two workers: {time.monotonic() - began:.0f} s, {trials * days * 1440 / (time.monotonic() - began) / 1e6:.1f} M bars/s")
        print(f"resident: idle {sum(idle):.0f} MB; one trial and its bars {one:.0f} MB; most during the study {sum(most):.0f} MB (private {most[0]:.0f}, mapped {most[1]:.0f}) "
              f"= {sum(most) / one:.2f}x")
    finally:
        node.close()


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    kind = sys.argv[3] if len(sys.argv) > 3 else "speed"
    numbers = [int(n) for n in sys.argv[4:6]] + [None] * 2
    if kind == "memory":
        memory(os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2]), numbers[0] or 10_000, numbers[1] or 694)
    else:
        speed(os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2]), numbers[0] or 2_000, numbers[1] or 25)
