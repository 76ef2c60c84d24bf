#!/usr/bin/env python3
"""The market pipeline in three shapes, each node in a network namespace of its own: one node; three nodes (feed,
symbols, gateway); five nodes (a second host of symbols, a second gateway). The same checks run against each: history,
quotes, prints and the stream must be what one node says. Then a host of symbols is killed with -9, and everything
must be there again, without a hole.

  shapes.py TT_BINARY INSTRUMENTS_YAML [three|five]
"""
import os
import sys
import threading

import netns

BARS = 30
SLOW_BARS = 360
START = 1_380_893_400  # 2013-10-04 13:30 UTC, the opening


def write_bars(path, count, base):
    with open(path, "w") as out:
        out.write("time,open,high,low,close,volume\n")
        for i in range(count):
            p = base + i % 40
            out.write(f"{START + 60 * i},{p},{p + 2},{p - 1},{p + 1},{100 + i}\n")


def make_feeds(folder):
    """One recording at full speed, one that runs during the test: a bar, so four prints, each quarter second."""
    def files(symbols, count, tag):
        out = []
        for i, symbol in enumerate(symbols):
            path = os.path.join(folder, f"{symbol}-{tag}.csv")
            write_bars(path, count, 100 + 50 * i)
            out.append({"path": path, "symbol": symbol, "kind": "bars", "timeframe": "1m"})
        return out
    return [{"name": "done", "kind": "replay", "speed": "max", "files": files(["SPY", "QQQ"], BARS, "done")},
            {"name": "live", "kind": "replay", "speed": "240", "files": files(["AAPL", "MSFT", "TSLA", "NVDA"], SLOW_BARS, "live")}]


LIVE = ["AAPL", "MSFT", "TSLA", "NVDA"]


def answers(cluster, name):
    """What every shape must say alike about the recording that is over."""
    out = {}
    for target in (f"/udf/history?symbol=SPY&resolution=1&from={START - 600}&to={START + 9000}",
                   f"/udf/history?symbol=QQQ&resolution=5&from={START - 600}&to={START + 9000}",
                   f"/udf/history?symbol=SPY&resolution=1D&from={START - 90000}&to={START + 90000}", "/api/v1/trades/QQQ?limit=9"):
        out[target] = cluster.get(name, target)
        assert out[target][0] == 200, out[target]
    _, quotes = cluster.get(name, "/api/v1/quotes?symbols=SPY,QQQ")
    for quote in quotes["quotes"]:
        out[quote["symbol"]] = {k: quote.get(k) for k in ("last", "open", "high", "low", "volume", "source", "ts_ms")}
    return out


def feeds_run(status, body):
    states = {feed["name"]: feed["state"] for feed in body["feeds"]} if status == 200 else {}
    return states == {"done": "finished", "live": "live"}


def await_done(cluster, name):
    """The feed is done when it has sent all; the symbols have it a moment later."""
    for symbol in ("SPY", "QQQ"):
        cluster.until(name, f"/api/v1/trades/{symbol}?limit=1",
                      lambda status, body: status == 200 and body["trades"] and body["trades"][0]["trade_seq"] == 4 * BARS)


class Reader(threading.Thread):
    """Collects the prints of the running recording from the stream."""

    def __init__(self, machine):
        super().__init__(daemon=True)
        self.stream = netns.Stream(machine)
        self.seen = {symbol: [] for symbol in LIVE}
        self.problem = None
        self.stream.send({"action": "subscribe", "symbols": LIVE, "channels": ["trades"]})

    def run(self):
        try:
            while True:
                message = self.stream.receive()
                if message.get("type") == "trade" and not message.get("snapshot"):
                    assert "dropped" not in message, message
                    self.seen[message["symbol"]].append(message["data"]["trade_seq"])
        except (OSError, ValueError, AssertionError) as e:
            self.problem = e

    def check(self, more_than):
        for symbol, numbers in self.seen.items():
            assert len(numbers) > more_than, f"{symbol}: only {len(numbers)} prints came over the stream"


def check_history(cluster, name):
    """Every minute of the running recording from its first to its newest, as written in its file."""
    for i, symbol in enumerate(LIVE):
        status, bars = cluster.get(name, f"/udf/history?symbol={symbol}&resolution=1&from={START - 600}&to={START + 60 * SLOW_BARS + 600}")
        assert status == 200 and bars["s"] == "ok", (status, bars)
        closed = len(bars["t"]) - 1
        assert bars["t"] == [START + 60 * k for k in range(closed + 1)], f"{symbol}: a hole in {bars['t']}"
        assert bars["c"][:closed] == [100 + 50 * i + k % 40 + 1 for k in range(closed)], symbol
        assert bars["v"][:closed] == [100 + k for k in range(closed)], symbol


def kill_and_recover(cluster, victim, gateway, restart):
    before = {s: cluster.get(gateway, f"/api/v1/quotes/{s}")[1]["ts_ms"] for s in LIVE}
    expected = answers(cluster, gateway)
    cluster.kill(victim)
    refusals = set()
    if restart:
        body, _ = cluster.until(gateway, "/api/v1/quotes/AAPL", lambda status, _: status == 503)
        refusals.add(body["error_code"] if "error_code" in body else str(body))
        restart()
    slowest = 0.0
    for symbol in LIVE:
        def is_back(status, body, symbol=symbol):
            return status == 200 and body.get("ts_ms", 0) > before[symbol] and not body.get("stale", True)
        _, seconds = cluster.until(gateway, f"/api/v1/quotes/{symbol}", is_back)
        slowest = max(slowest, seconds)
    check_history(cluster, gateway)
    cluster.until(gateway, "/api/v1/quotes/SPY", lambda status, _: status == 200)
    cluster.until(gateway, "/api/v1/quotes/QQQ", lambda status, _: status == 200)
    assert answers(cluster, gateway) == expected, "the finished recording reads otherwise after the move"
    print(f"  kill -9 {victim}: all symbols fresh again after {slowest:.1f} s" + (f"; meanwhile {refusals}" if refusals else ""))


def run_shape(tt, instruments, shape):
    alone, cluster = netns.Cluster(tt, instruments), netns.Cluster(tt, instruments)
    feeds = make_feeds(cluster.folder)
    gateways = ["gamma"] if shape == "three" else ["gamma", "epsilon"]
    hosts = ["beta"] if shape == "three" else ["beta", "delta"]
    try:
        for name in ["alpha", *hosts, *gateways]:
            cluster.add(name)
        alone.start_alone("one", feeds)
        cluster.start("alpha", "feed", feeds)
        for name in hosts:
            cluster.start(name, "symbols", feeds)
        for name in gateways:
            cluster.start(name, "gateway", [])
        alone.until("one", "/api/v1/feeds", feeds_run)
        for name in gateways:
            _, seconds = cluster.until(name, "/api/v1/feeds", feeds_run)
            print(f"  {name} serves after {seconds:.1f} s")
        await_done(alone, "one")
        for name in gateways:
            await_done(cluster, name)
        expected = answers(alone, "one")
        readers = [Reader(cluster.machines[name]) for name in gateways]
        for reader in readers:
            reader.start()
        for name in gateways:
            assert answers(cluster, name) == expected, f"{name} does not say what one node says"
            check_history(cluster, name)
        alone.close()
        status, view = cluster.get(gateways[0], "/api/v1/cluster")
        assert status == 200 and len(view["nodes"]) == len(cluster.processes), view
        table = cluster.command(gateways[0], "cluster", "status")
        assert all(f"\n{name} " in table for name in cluster.processes), table
        print("  " + table.strip().replace("\n", "\n  "))
        print("  idle memory in MB: " + ", ".join(f"{name} {cluster.rss_mb(name):.0f}" for name in sorted(cluster.processes)))
        before = [{s: len(n) for s, n in reader.seen.items()} for reader in readers]
        hosted = {node["name"]: node["symbols"] for node in view["nodes"]}
        victim = max(hosts, key=hosted.get)
        assert hosted[victim] > 0, hosted
        restart = (lambda: cluster.start("beta", "symbols", feeds)) if shape == "three" else None
        kill_and_recover(cluster, victim, gateways[0], restart)
        for name in gateways:
            check_history(cluster, name)
        for reader, had in zip(readers, before):
            cluster.until(gateways[0], "/health/live",
                          lambda *_, r=reader, h=had: all(len(r.seen[s]) > h[s] + 8 for s in LIVE))
            for symbol, numbers in reader.seen.items():
                holes = [(a, b) for a, b in zip(numbers, numbers[1:]) if b != a + 1]
                assert not holes, f"{symbol}: the stream's prints are not in order without a hole: {holes[:5]}"
            assert reader.problem is None, reader.problem
        print(f"  the streams brought {sum(len(n) for r in readers for n in r.seen.values())} prints, in order, none missing, none twice")
    except BaseException:
        for c in (alone, cluster):
            for name in c.machines:
                path = c.path(f"{name}.log")
                if os.path.exists(path):
                    with open(path, errors="replace") as log:
                        print(f"--- {name}\n{''.join(log.readlines()[-25:])}", file=sys.stderr)
        raise
    finally:
        alone.close()
        cluster.close()


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    netns.enter()
    for which in sys.argv[3:] or ["three", "five"]:
        print(f"{which} nodes")
        run_shape(os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2]), which)
    print("PASS")
