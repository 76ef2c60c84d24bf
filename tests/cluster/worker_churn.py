#!/usr/bin/env python3
"""A study over nodes whose workers die: one node keeps the jobs and serves clients, three nodes compute. Every few
seconds one of the three is killed (-9) and started anew. At the end each trial has been counted once, and the table of
trials is, byte by byte, that of a node that stands alone.

  worker_churn.py TT_BINARY INSTRUMENTS_YAML [TRIALS] [SECONDS_BETWEEN_KILLS] [SEED]   (short form: 900, 3; with TT_CHAOS=full: 10000, 5)
"""
import http.client
import json
import math
import os
import random
import subprocess
import sys
import time

import netns

WORKERS = ["beta", "gamma", "delta"]
SCRIPT = """//@version=5
strategy("crossing")
fast = input.int(5, "fast")
slow = input.int(20, "slow")
a = ta.sma(close, fast)
b = ta.sma(close, slow)
if ta.crossover(a, b)
    strategy.entry("L", strategy.long)
if ta.crossunder(a, b)
    strategy.close("L")
"""


def post(cluster, name, target, body):
    sock = cluster.machines[name].socket()
    sock.settimeout(15)
    sock.connect(("127.0.0.1", 8080))
    link = http.client.HTTPConnection("localhost", 8080)
    link.sock = sock
    link.request("POST", target, json.dumps(body), headers={"Connection": "close", "Content-Type": "application/json"})
    answer = link.getresponse()
    text = answer.read().decode()
    link.close()
    assert answer.status == 200, f"{target}: {answer.status} {text}"
    return json.loads(text)


def study_of(trials):
    side = math.isqrt(trials)
    assert side * side == trials, "the number of trials must be a square"
    span = lambda first: {"type": "int", "min": first, "max": first + side - 1, "step": 1}
    return {"pine_script": SCRIPT, "symbols": ["BTCUSD"], "timeframes": ["1h"], "start_date": "2024-01-01", "end_date": "2024-12-31",
            "parameters": {"fast": span(2), "slow": span(2 + side)}, "max_trials": trials}


def status(cluster, name, study):
    return cluster.get(name, f"/api/optimize/{study}/status")


def wait(cluster, name, study, patience):
    """Until the end; the status then."""
    body, _ = cluster.until(name, f"/api/optimize/{study}/status", lambda s, b: s == 200 and b["status"] in ("completed", "failed"), patience)
    return body


def table(cluster, name, study):
    return cluster.get(name, f"/api/optimize/{study}/trials?format=csv")[1]


def main(tt, instruments, trials, pause, seed):
    draw = random.Random(seed)
    cluster = netns.Cluster(tt, instruments)
    feeds = [{"name": "sim", "kind": "sim", "seed": 1, "symbols": ["BTCUSD"], "start": "2026-01-15T15:00:00Z"}]
    more = "backtest: {workers: 1}\n"
    kills = 0
    try:
        for name in ["alpha", *WORKERS]:
            cluster.add(name)
        cluster.start("alpha", "market, gateway", feeds)
        for name in WORKERS:
            cluster.start(name, "backtest", feeds, more)
        cluster.until("alpha", "/udf/history?symbol=BTCUSD&resolution=60&countback=2&to=1735689600", lambda s, b: s == 200 and b.get("s") == "ok")
        study = post(cluster, "alpha", "/api/optimize/study", study_of(trials))["study_id"]
        began, seen, next_kill = time.monotonic(), 0.0, time.monotonic() + pause
        while True:
            code, now = status(cluster, "alpha", study)
            assert code == 200, (code, now)
            assert now["progress"] >= seen, f"progress fell from {seen} to {now['progress']}"
            seen = now["progress"]
            if now["status"] != "running" and now["status"] != "queued":
                break
            if time.monotonic() >= next_kill:
                victim = draw.choice(WORKERS)
                cluster.kill(victim)
                cluster.launch(victim, ["ip", "netns", "exec", victim])
                kills += 1
                next_kill = time.monotonic() + pause
            time.sleep(0.1)
            assert time.monotonic() - began < 3600, f"no end: {now}"
        took = time.monotonic() - began
        assert now["status"] == "completed", now
        assert now["trials_done"] == trials, f"each trial once: {now}"
        assert kills > 0, "the study was over before anybody was killed: give more trials"
        churned = table(cluster, "alpha", study)
        rows = churned.splitlines()
        assert len(rows) == trials + 1, f"{len(rows)} lines"
        numbers = [row.split(",")[0] for row in rows[1:]]
        assert len(set(numbers)) == trials, "a trial stands twice in the table"
        for name in WORKERS:
            cluster.kill(name)
        cluster.start_alone("alone", feeds)
        cluster.until("alone", "/health/live", lambda s, b: s == 200)
        same = post(cluster, "alone", "/api/optimize/study", study_of(trials))["study_id"]
        end = wait(cluster, "alone", same, 3600)
        assert end["status"] == "completed", end
        assert table(cluster, "alone", same) == churned, "another table than that of one node"
        results = lambda name, job: json.dumps(cluster.get(name, f"/api/optimize/{job}/results")[1]["results"], sort_keys=True)
        assert results("alone", same) == results("alpha", study), "other results than those of one node"
        print(f"PASS: seed {seed}, {trials} trials over three nodes in {took:.1f} s, {kills} nodes killed; the table is that of one node")
    except BaseException:
        print(f"seed {seed}", file=sys.stderr)
        for name in cluster.machines:
            print(f"--- {name}", file=sys.stderr)
            subprocess.run(["tail", "-n", "25", cluster.path(f"{name}.log")], stdout=sys.stderr)
        raise
    finally:
        cluster.close()


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    netns.enter()
    full = os.environ.get("TT_CHAOS") == "full"
    main(os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else 10_000 if full else 900,
         float(sys.argv[4]) if len(sys.argv) > 4 else 5 if full else 3, int(sys.argv[5]) if len(sys.argv) > 5 else 20260115)
