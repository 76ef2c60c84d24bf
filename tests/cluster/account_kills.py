#!/usr/bin/env python3
"""Accounts in the cluster's database: the node that has them is killed (-9) or frozen (SIGSTOP) at random moments while a
strategy trades, and another node takes them over. After each: no order that was seen is gone, no fill that was seen is gone, no
bar made two orders; a node that was frozen does nothing more when it wakes but stand by.

  account_kills.py TT_BINARY INSTRUMENTS_YAML [ROUNDS] [SEED]   (short form: 6 rounds; with TT_CHAOS=full: 200)

A third of the rounds leaves cluster.on_isolation at its default (`block`) and only kills: a process that has ended holds nobody
back, a frozen one would. The others say `continue`.

Prints how long accounts were without a home: from the signal to the first fill of the strategy on the other node.
"""
import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import postgres
import strategy_kills
from strategy_kills import RISK, SOURCE, check

# the market runs on a node of its own and goes on whatever happens; a minute takes a tenth of a second
COMMON = """node: {{id: {name}}}
server: {{host: 127.0.0.1, port: {port}}}
log: {{level: info, format: text}}
storage: {{database_url: "{database}"}}
cluster:
  control: tcp://127.0.0.1:{control}
  security: plain
{policy}  seeds: [{seeds}]
  roles: [{roles}]
""" + RISK + """  price_age_crypto_s: 3600
feeds:
  - {{name: sim, kind: sim, seed: 7, symbols: [BTCUSD], start: "2026-01-15T15:12:00Z", speed: 600}}
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Member(strategy_kills.Node):
    def __init__(self, tt, instruments, name, roles, seed, database, policy):
        super().__init__(tt, instruments)
        self.name, self.control = name, free_port()
        text = COMMON.format(name=name, port=self.port, control=self.control, roles=roles, database=database, policy=policy,
                             seeds=f'"{seed.name}=tcp://127.0.0.1:{seed.control}"' if seed else f'"{name}=tcp://127.0.0.1:{self.control}"')
        with open(os.path.join(self.folder, "node.yaml"), "w") as file:
            file.write(text)

    def begin(self):
        env = dict(os.environ, DATA_DIR=os.path.join(self.folder, "data"), TT_INSTRUMENTS=self.instruments)
        with open(os.path.join(self.folder, "node.log"), "a") as log:
            self.process = subprocess.Popen([self.tt, "node", "--config", os.path.join(self.folder, "node.yaml")], stdout=log, stderr=log, env=env,
                                            cwd=self.folder)

    def has_accounts(self):
        try:
            code, page = self.ask("/api/orders?limit=1")
            return code == 200 and isinstance(page, list)
        except OSError:
            return False


def until(what, fits):
    end = time.monotonic() + strategy_kills.PATIENCE
    while time.monotonic() < end:
        if fits():
            return
        time.sleep(0.01)
    raise AssertionError(what)


def trades_on(node, known):
    """Whether there is a fill that was not known; a node that just begins to serve may refuse the connection."""
    try:
        code, page = node.ask("/api/v1/executions?limit=1")
        return code == 200 and page["executions"] and page["executions"][0]["execution_id"] not in known
    except OSError:
        return False


def main(tt, instruments, rounds, seed):
    run(tt, instruments, max(1, rounds // 3), seed, "", ["kill"])
    run(tt, instruments, rounds - max(1, rounds // 3), seed + 1, "  on_isolation: continue\n", ["kill", "freeze"])


def run(tt, instruments, rounds, seed, policy, hows):
    draw = random.Random(seed)
    try:
        server = postgres.Postgres()
    except postgres.Missing as why:
        print(f"skipped: {why}")
        sys.exit(77)
    market = Member(tt, instruments, "market", "feed, symbols", None, server.url, policy)
    pair = [Member(tt, instruments, name, "gateway, execution", market, server.url, policy) for name in ("one", "two")]
    nodes = [market, *pair]
    orders, fills, gaps = {}, {}, {"kill": [], "freeze": []}
    began = time.monotonic()
    try:
        market.begin()
        pair[0].begin()
        until("the first node has the accounts", pair[0].has_accounts)
        pair[1].begin()
        holder, other = pair
        holder.until("/health/ready", lambda s, b: s == 200 and b.get("ok"))
        code, made = holder.ask("/api/v1/strategies", {"strategy_id": "t", "kind": "pine", "source": SOURCE, "symbols": ["BTCUSD"], "timeframe": "1m",
                                                       "account_id": "paper_simulator", "enabled": True})
        assert code == 201, made
        for number in range(rounds):
            until("the strategy trades", lambda: trades_on(holder, fills))
            end = time.monotonic() + draw.uniform(0, 0.4)
            while True:
                orders, fills, _ = check(holder, orders, fills)
                if time.monotonic() >= end:
                    break
            until("the other node serves", lambda: serves(other))
            time.sleep(draw.uniform(0, 0.12))
            how = hows[number % len(hows)]
            gone = time.monotonic()
            if how == "kill":
                holder.kill()
            else:
                holder.process.send_signal(signal.SIGSTOP)
            until("the other node takes the accounts over", lambda: trades_on(other, fills))
            gaps[how].append(time.monotonic() - gone)
            orders, fills, _ = check(other, orders, fills)
            if how == "kill":
                holder.begin()
            else:
                holder.process.send_signal(signal.SIGCONT)
                until("the one that wakes lets go of them", lambda: serves(holder) and not holder.has_accounts())
            holder, other = other, holder
        code, answer = holder.ask("/api/v1/strategies/t/disable", {"reason": "the end"})
        assert code == 200, answer
        holder.until("/api/orders?limit=500", lambda s, b: s == 200 and not any(one["state"] in ("submitting", "unknown", "pending_cancel") for one in b))
        orders, fills, held = check(holder, orders, fills)
        code, positions = holder.ask("/api/positions")
        at_account = sum(one["quantity"] for one in positions if one["symbol"] == "BTCUSD")
        assert abs(at_account - held) < 1e-9, f"positions {positions}, fills say {held}"
        told = "; ".join(f"{len(all_)} x {how}: median {sorted(all_)[len(all_) // 2]:.2f} s, longest {max(all_):.2f} s" for how, all_ in gaps.items() if all_)
        print(f"PASS: {policy.strip() or 'on_isolation: block'}, seed {seed}, {rounds} rounds in {time.monotonic() - began:.0f} s, {len(fills)} fills, no order lost or doubled; holds {held:g}; "
              f"signal to next fill: {told}")
    except BaseException:
        print(f"seed {seed}", file=sys.stderr)
        print(server.ask("SELECT run, seq, convert_from(body, 'UTF8') FROM tt_strategies.events ORDER BY run DESC, seq DESC LIMIT 30"), file=sys.stderr)
        for node in nodes:
            print(f"--- {node.name}, exit code {node.process.poll()}", file=sys.stderr)
            subprocess.run(["tail", "-n", "25", os.path.join(node.folder, "node.log")], stdout=sys.stderr)
        raise
    finally:
        for node in nodes:
            node.close()
        server.close()


def serves(node):
    try:
        return node.ask("/health")[0] in (200, 503)
    except (OSError, json.JSONDecodeError):
        return False


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    full = os.environ.get("TT_CHAOS") == "full"
    main(os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else 200 if full else 6,
         int(sys.argv[4]) if len(sys.argv) > 4 else 20260116)
