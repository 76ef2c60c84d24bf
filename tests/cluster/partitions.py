#!/usr/bin/env python3
"""Leases under partitions of real processes: three nodes compete for a feed, a fourth keeps the leases. Again and again
one of the three is cut off (both ways, or in one direction only) or frozen, for 10 ms to 60 s, and healed.

Checked: by the nodes' own words, with the times of one clock, no two of them run the feed at once unless one was frozen;
by the store's record, epochs never go back and each has one holder; every node sees a loss that outlasts the down limit
as "lost", and is linked again after the healing; the feed runs again each time. At full size the limits of wall time, too:
a loss is seen within 2 s, and all links are up within 3 s of the healing.

  partitions.py TT_BINARY INSTRUMENTS_YAML [ROUNDS] [SEED]     (6 rounds; with TT_CHAOS=full 100)
"""
import collections
import datetime
import os
import random
import re
import signal
import sqlite3
import subprocess
import sys
import time

import netns

RIVALS = ["beta", "gamma", "delta"]
DOWN_LIMIT = 2.0  # s, of the bus
HEAL_LIMIT = 3.0  # s
FULL = os.environ.get("TT_CHAOS") == "full"
SURELY_SEEN = 8.0  # s; in one direction only, what is under way still arrives for a while
TTL_MS = 2000
# times in logs are whole milliseconds, and a line is written a moment after what it tells of; an overlap is a fault
LOG_SLACK = 0.01


def seconds_of(stamp):
    return datetime.datetime.strptime(stamp, "%Y-%m-%d %H:%M:%S.%f").replace(tzinfo=datetime.timezone.utc).timestamp()


def lines(cluster, name, pattern):
    """What the node has logged and when: (time, match)."""
    stamped = re.compile(r"(\S+ \S+) \S+ +" + pattern)
    with open(cluster.path(f"{name}.log"), errors="replace") as log:
        for line in re.sub(r"\x1b\[[0-9;]*m", "", log.read()).splitlines():
            if match := stamped.match(line):
                yield seconds_of(match.group(1)), match


def losses_and_returns(cluster, victim, kind, since):
    """By the logs since a moment: when the last node noticed the loss of its link to the victim (and the victim that of its link to
    another node, if it was not frozen), and when the last of these links was back."""
    lost, back = {}, {}
    for name in cluster.processes:
        for at, match in lines(cluster, name, r"node (\S+) is (up|lost|left)"):
            pair = (name, match.group(2))
            if at < since or victim not in pair or (kind == "frozen" and name == victim):
                continue
            if match.group(3) == "up":
                back[pair] = at
            else:
                lost.setdefault(pair, at)
    return max(lost.values(), default=None), max((back[pair] for pair in lost if pair in back), default=None)


def intervals(cluster, name):
    """When the node ran the feed, by its own log: (begin, end, epoch)."""
    out, begun = [], None
    for at, match in lines(cluster, name, r"feed/sim (?:runs here under epoch (\d+)|ends here)"):
        if match.group(2):
            begun = (at, int(match.group(2)))
        elif begun:
            out.append((begun[0], at, begun[1]))
            begun = None
    if begun:
        out.append((begun[0], time.time(), begun[1]))
    return out


def check_store(cluster):
    with sqlite3.connect(f"file:{cluster.path('data-alpha', 'leases.sqlite')}?mode=ro", uri=True) as db:
        acts = db.execute("SELECT epoch, what FROM tt_acts WHERE lease = 'feed/sim' ORDER BY id").fetchall()
    holders = collections.defaultdict(set)
    for (before, _), (after, _) in zip(acts, acts[1:]):
        assert after >= before, f"epochs go back in the store: {before} then {after}"
    for epoch, what in acts:
        holders[epoch].add(what)
    assert all(len(who) == 1 for who in holders.values()), f"two holders of one epoch: {holders}"
    return len(holders)


def check_overlaps(cluster, frozen):
    """No two intervals overlap but for those of a node while it was frozen."""
    runs = sorted((begin, end, epoch, name) for name in RIVALS for begin, end, epoch in intervals(cluster, name))
    epochs = [epoch for _, _, epoch, _ in runs]
    assert epochs == sorted(epochs) and len(set(epochs)) == len(epochs), f"epochs out of order: {runs}"
    for (_, end, _, name), (begin, _, _, other) in zip(runs, runs[1:]):
        excused = any(who == name and since - 1 <= end and begin <= until + LOG_SLACK + 1 for who, since, until in frozen)
        assert end <= begin + LOG_SLACK or excused, f"{name} ran until {end}, {other} began at {begin}: {runs}"
    return len(runs)


def block(cluster, name, direction):
    """One direction only: the node's packets to the others vanish, or theirs to it."""
    everybody = [m.address for n, m in cluster.machines.items() if n != name]
    own = cluster.machines[name].address
    routes = [(name, a) for a in everybody] if direction == "outgoing" else [(n, own) for n in cluster.machines if n != name]
    for where, to in routes:
        netns.run("ip", "-n", where, "route", "add", "blackhole", f"{to}/32")
    return lambda: [netns.run("ip", "-n", where, "route", "del", "blackhole", f"{to}/32") for where, to in routes]


def links_up(cluster):
    def all_up(status, view):
        if status != 200 or len(view["nodes"]) != len(cluster.processes):
            return False
        return all(node["answered"] and sum(link["state"] == "up" for link in node["links"]) == len(cluster.processes) - 1 for node in view["nodes"])
    return cluster.until("alpha", "/api/v1/cluster", all_up, 90)[1]


def hurt(cluster, victim, kind, length, frozen):
    """Gives the moments of the loss and of the healing."""
    began = time.time()
    if kind == "frozen":
        cluster.signal(victim, signal.SIGSTOP)
        heal = lambda: cluster.signal(victim, signal.SIGCONT)
    elif kind == "cut":
        cluster.machines[victim].cut()
        heal = cluster.machines[victim].mend
    else:
        heal = block(cluster, victim, kind)
    parted = time.time()
    time.sleep(length)
    heal()
    healed = time.time()
    if kind == "frozen":
        frozen.append((victim, began, healed))
    return parted, healed


class Worst:
    """The longest of a kind of wait, held to its limit at full size."""

    def __init__(self, limit):
        self.limit, self.longest, self.late, self.count = limit, {}, [], 0

    def add(self, kind, seconds, where):
        self.count += 1
        self.longest[kind] = max(self.longest.get(kind, 0.0), seconds)
        if seconds > self.limit:
            self.late.append(f"{where}: {kind} {seconds:.2f} s")

    def check(self, what):
        assert not (FULL and self.late), f"{what} later than {self.limit} s: {self.late}"

    def __str__(self):
        return f"{self.count} times, " + ", ".join(f"{kind} after at most {seconds:.2f} s" for kind, seconds in sorted(self.longest.items()))


def main(tt, instruments, rounds, seed):
    draw = random.Random(seed)
    cluster = netns.Cluster(tt, instruments)
    feeds = [{"name": "sim", "kind": "sim", "seed": 1, "symbols": ["BTCUSD", "ETHUSD"]}]
    frozen, detections, healings = [], Worst(DOWN_LIMIT), Worst(HEAL_LIMIT)
    try:
        for name in ["alpha", *RIVALS]:
            cluster.add(name)
        cluster.start("alpha", "symbols, gateway", feeds, f"  lease_ttl_ms: {TTL_MS}\n")
        for name in RIVALS:
            cluster.start(name, "feed", feeds, f"  lease_ttl_ms: {TTL_MS}\n")
        links_up(cluster)
        for i in range(rounds):
            kind = draw.choice(["cut", "outgoing", "incoming", "frozen"])
            victim = draw.choice(RIVALS)
            length = min(60.0, 0.01 * (6000 ** (draw.random() if rounds > 20 else draw.random() * 0.75)))
            parted, healed = hurt(cluster, victim, kind, length, frozen)
            links_up(cluster)
            lost, back = losses_and_returns(cluster, victim, kind, parted)
            if length > SURELY_SEEN:
                assert lost is not None, f"{victim} was {kind} for {length:.1f} s and nobody noticed"
            if lost is not None:
                detections.add(kind, lost - parted, f"round {i + 1}")
            if back is not None:
                healings.add(kind, back - healed, f"round {i + 1}")
            cluster.until("alpha", "/api/v1/feeds", lambda s, b: s == 200 and [f["state"] for f in b["feeds"]] == ["live"], 60)
            print(f"  round {i + 1}: {victim} {kind} for {length:.2f} s" + (f", seen after {lost - parted:.2f} s" if lost else "")
                  + (f", healed after {back - healed:.2f} s" if back else ""), flush=True)
        runs, epochs = check_overlaps(cluster, frozen), check_store(cluster)
        print(f"seed {seed}, {rounds} partitions, {runs} runs of the feed under {epochs} epochs, never two at once")
        print(f"seen: {detections}\nhealed: {healings}")
        detections.check("seen")
        healings.check("healed")
        print("PASS")
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
    main(os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else 100 if FULL else 6,
         int(sys.argv[4]) if len(sys.argv) > 4 else 20260115)
