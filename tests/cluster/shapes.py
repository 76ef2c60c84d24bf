#!/usr/bin/env python3
"""The market pipeline in four shapes, each node in a network namespace of its own: one node; two (feed and gateway,
symbols); three (feed, symbols, gateway); five (a second host of symbols, a second gateway). One test, `pipeline`, runs
against each: history, quotes, prints and the stream must be what the recordings say and what the one node said. Where
symbols have a node of their own, one such node is then killed with -9, and everything must be there again, without a hole; then
a feed, and a host of symbols beside another, is stopped (SIGSTOP) for longer than the down limit: prints that are over must not
come as new ones.

  shapes.py TT_BINARY INSTRUMENTS_YAML [two|three|five]...

The one node always comes first: it gives the answers that the others are held to.
"""
import os
import signal
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
        self.times = {symbol: [] for symbol in LIVE}
        self.problem = None
        self.stream.send({"action": "subscribe", "symbols": LIVE, "channels": ["trades"]})

    def run(self):
        try:
            while True:
                message = self.stream.receive()
                if message.get("type") == "trade" and not message.get("snapshot"):
                    assert "dropped" not in message, message
                    self.seen[message["symbol"]].append(message["data"]["trade_seq"])
                    self.times[message["symbol"]].append(message["data"]["ts_ms"])
        except (OSError, ValueError, AssertionError) as e:
            self.problem = e


def check_history(cluster, name):
    """Every minute of the running recording from its first to its newest, as written in its file."""
    for i, symbol in enumerate(LIVE):
        status, bars = cluster.get(name, f"/udf/history?symbol={symbol}&resolution=1&from={START - 600}&to={START + 60 * SLOW_BARS + 600}")
        assert status == 200 and bars["s"] == "ok", (status, bars)
        closed = len(bars["t"]) - 1
        assert bars["t"] == [START + 60 * k for k in range(closed + 1)], f"{symbol}: a hole in {bars['t']}"
        assert bars["c"][:closed] == [100 + 50 * i + k % 40 + 1 for k in range(closed)], symbol
        assert bars["v"][:closed] == [100 + k for k in range(closed)], symbol


def quoted_at(cluster, gateway):
    return {s: cluster.get(gateway, f"/api/v1/quotes/{s}")[1]["ts_ms"] for s in LIVE}


def await_fresh(cluster, gateway, before):
    """Until every symbol has a later quote that is not stale; gives how long the slowest took."""
    slowest = 0.0
    for symbol in LIVE:
        def is_back(status, body, symbol=symbol):
            return status == 200 and body.get("ts_ms", 0) > before[symbol] and not body.get("stale", True)
        _, seconds = cluster.until(gateway, f"/api/v1/quotes/{symbol}", is_back)
        slowest = max(slowest, seconds)
    return slowest


def kill_and_recover(cluster, victim, gateway, restart):
    before = quoted_at(cluster, gateway)
    expected = answers(cluster, gateway)
    cluster.kill(victim)
    refusals = set()
    if restart:
        body, _ = cluster.until(gateway, "/api/v1/quotes/AAPL", lambda status, _: status == 503)
        refusals.add(body["error_code"] if "error_code" in body else str(body))
        restart()
    slowest = await_fresh(cluster, gateway, before)
    check_history(cluster, gateway)
    cluster.until(gateway, "/api/v1/quotes/SPY", lambda status, _: status == 200)
    cluster.until(gateway, "/api/v1/quotes/QQQ", lambda status, _: status == 200)
    assert answers(cluster, gateway) == expected, "the finished recording reads otherwise after the move"
    print(f"  kill -9 {victim}: all symbols fresh again after {slowest:.1f} s" + (f"; meanwhile {refusals}" if refusals else ""))


def freeze_and_recover(cluster, victim, gateway, readers):
    """SIGSTOP for longer than the down limit: everybody goes on without it, and nothing that is over is told as if it were new."""
    before = quoted_at(cluster, gateway)
    cluster.signal(victim, signal.SIGSTOP)
    _, unseen = cluster.until(gateway, "/api/v1/cluster", lambda status, body: status == 200 and is_down(body, victim))
    cluster.signal(victim, signal.SIGCONT)
    slowest = await_fresh(cluster, gateway, before)
    await_more(cluster, gateway, readers)
    for reader in readers:
        for symbol, times in reader.times.items():
            back = [(a, b) for a, b in zip(times, times[1:]) if b < a]
            assert not back, f"{symbol}: prints of the past came as new ones: {back[:5]}"
        assert reader.problem is None, reader.problem
    check_history(cluster, gateway)
    print(f"  SIGSTOP {victim}: missed after {unseen:.1f} s; after SIGCONT all symbols fresh again after {slowest:.1f} s, no print of the past")


def is_down(view, name):
    """No node has a link to it, or it is not in the table any more."""
    here = view["nodes"][0]
    return not any(link["peer"] == name and link["state"] == "up" for link in here["links"])


class Shape:
    """Which node does what. No roles: a node that stands alone and does everything."""

    def __init__(self, **roles):
        self.roles = roles
        self.gateways = [name for name, has in roles.items() if has is None or "gateway" in has]
        self.hosts = [name for name, has in roles.items() if has == "symbols"]
        self.feeders = [name for name, has in roles.items() if has is None or "feed" in has or "symbols" in has]

    def start(self, cluster, feeds):
        for name, has in self.roles.items():
            if has is not None:
                cluster.add(name)
        for name in self.roles:
            self.start_node(cluster, name, feeds)

    def start_node(self, cluster, name, feeds):
        if self.roles[name] is None:
            cluster.start_alone(name, feeds)
        else:
            cluster.start(name, self.roles[name], feeds if name in self.feeders else [])


SHAPES = {"one": Shape(alpha=None),
          "two": Shape(alpha="feed, gateway", beta="symbols"),
          "three": Shape(alpha="feed", beta="symbols", gamma="gateway"),
          "five": Shape(alpha="feed", beta="symbols", delta="symbols", gamma="gateway", epsilon="gateway")}


def pipeline(cluster, gateways, expected):
    """The end-to-end test: from the recordings through feeds and symbols to HTTP and the stream, at every gateway. Gives what
    was answered about the recording that is over, and the readers of the running one."""
    for name in gateways:
        _, seconds = cluster.until(name, "/api/v1/feeds", feeds_run)
        print(f"  {name} serves after {seconds:.1f} s")
        await_done(cluster, name)
    readers = [Reader(cluster.machines[name]) for name in gateways]
    for reader in readers:
        reader.start()
    for name in gateways:
        said = answers(cluster, name)
        expected = expected or said
        assert said == expected, f"{name} does not say what one node says"
        check_recording(said)
        check_history(cluster, name)
    await_more(cluster, gateways[0], readers)
    check_stream(readers)
    return expected, readers


def check_recording(said):
    """What was answered is what stands in the file."""
    bars = next(body for target, (_, body) in ((t, b) for t, b in said.items() if "SPY&resolution=1&" in t))
    assert bars["t"] == [START + 60 * k for k in range(BARS)], bars["t"]
    for column, of in (("o", lambda p: p), ("h", lambda p: p + 2), ("l", lambda p: p - 1), ("c", lambda p: p + 1)):
        assert bars[column] == [of(100 + k % 40) for k in range(BARS)], (column, bars[column])
    assert bars["v"] == [100 + k for k in range(BARS)], bars["v"]
    trades = said["/api/v1/trades/QQQ?limit=9"][1]["trades"]
    assert [t["trade_seq"] for t in trades] == list(range(4 * BARS, 4 * BARS - 9, -1)), trades


def await_more(cluster, name, readers):
    """Until each stream has brought more of every symbol than now."""
    before = [{s: len(n) for s, n in reader.seen.items()} for reader in readers]
    cluster.until(name, "/health/live", lambda *_: all(len(r.seen[s]) > h[s] + 8 for r, h in zip(readers, before) for s in LIVE))


def check_stream(readers):
    for reader in readers:
        for symbol, numbers in reader.seen.items():
            holes = [(a, b) for a, b in zip(numbers, numbers[1:]) if b != a + 1]
            assert not holes, f"{symbol}: the stream's prints are not in order without a hole: {holes[:5]}"
        assert reader.problem is None, reader.problem


def show_cluster(cluster, name):
    """Everybody is in everybody's table; gives how many symbols live where."""
    status, view = cluster.get(name, "/api/v1/cluster")
    assert status == 200 and len(view["nodes"]) == len(cluster.processes), view
    table = cluster.command(name, "cluster", "status")
    assert all(f"\n{one} " in table for one in cluster.processes), table
    print("  " + table.strip().replace("\n", "\n  "))
    return {node["name"]: node["symbols"] for node in view["nodes"]}


def run_shape(tt, instruments, which, expected):
    shape = SHAPES[which]
    cluster = netns.Cluster(tt, instruments)
    feeds = make_feeds(cluster.folder)
    try:
        shape.start(cluster, feeds)
        expected, readers = pipeline(cluster, shape.gateways, expected)
        print("  idle memory in MB: " + ", ".join(f"{name} {cluster.rss_mb(name):.0f}" for name in sorted(cluster.processes)))
        if shape.hosts:
            hosted = show_cluster(cluster, shape.gateways[0])
            victim = max(shape.hosts, key=hosted.get)
            assert hosted[victim] > 0, hosted
            # where nobody else hosts symbols it has to come back
            restart = (lambda: shape.start_node(cluster, victim, feeds)) if len(shape.hosts) == 1 else None
            kill_and_recover(cluster, victim, shape.gateways[0], restart)
            for name in shape.gateways:
                check_history(cluster, name)
            await_more(cluster, shape.gateways[0], readers)
            check_stream(readers)
            alone = [name for name in shape.feeders if name not in shape.hosts and name not in shape.gateways]
            for frozen in alone + [name for name in shape.hosts if name != victim]:
                freeze_and_recover(cluster, frozen, shape.gateways[0], readers)
        print(f"  the streams brought {sum(len(n) for r in readers for n in r.seen.values())} prints, in order, none missing, none twice")
        return expected
    except BaseException:
        for name in cluster.machines:
            path = cluster.path(f"{name}.log")
            if os.path.exists(path):
                with open(path, errors="replace") as log:
                    print(f"--- {name}\n{''.join(log.readlines()[-25:])}", file=sys.stderr)
        raise
    finally:
        cluster.close()


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    netns.enter()
    said = None
    for asked in ["one", *(sys.argv[3:] or ["two", "three", "five"])]:
        print(f"{asked} node{'s' if asked != 'one' else ''}")
        said = run_shape(os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2]), asked, said)
    print("PASS")
