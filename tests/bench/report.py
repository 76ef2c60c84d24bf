#!/usr/bin/env python3
"""Runs the benchmarks of a build folder and prints their figures beside the budgets.

    python3 tests/bench/report.py --build build/bench [--quick] [--only NAME ...]

Every figure is the median of several runs; report.json keeps all of them. Missing
a budget is told, not punished: the exit code is 1 only when a benchmark did not
run, or when what it checks (every tick counted, bars right) does not hold.
"""

import argparse
import datetime
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]


# --- budgets -------------------------------------------------------------------

class Row:
    """One line of the table: a figure, its unit and scale, what it should reach
    in the first version and where it is going. `better` is "less" or "more"."""

    def __init__(self, what, figure, unit, first=None, goal=None, better="less", scale=1.0):
        self.what, self.figure, self.unit = what, figure, unit
        self.first, self.goal, self.better, self.scale = first, goal, better, scale


MORE = "more"
TABLE = [
    ("Order journal: SQLite, synchronous=FULL", [
        Row("replay of a million records into the account's state, all checked", "journal.replay_per_s", "records/s", 500_000, 2_000_000, MORE),
        Row("durable appends, 256 records a commit", "journal.append_256_per_s", "records/s", better=MORE),
    ]),
    ("Tick to client: a whole node, from the feed's hand-out to the client's read", [
        Row("100 clients × 14 symbols, 10k ticks/s, 10 Hz: p50", "latency.100_clients_10hz.p50_ms", "ms"),
        Row("  p99", "latency.100_clients_10hz.p99_ms", "ms", 5, 1),
        Row("  p99.9", "latency.100_clients_10hz.p999_ms", "ms"),
        Row("  the gateway's part alone (tt_tick_to_client): p99", "latency.100_clients_10hz.gateway.p99_ms", "ms"),
        Row("  deliveries", "latency.100_clients_10hz.deliveries_per_s", "/s"),
        Row("  CPU of node and clients together", "latency.100_clients_10hz.process_cpu_pct", "% of a core"),
        Row("1 client, unconflated, 10k ticks/s: p50", "latency.1_client_unconflated.p50_ms", "ms"),
        Row("  p99", "latency.1_client_unconflated.p99_ms", "ms", 5, 1),
        Row("  p99.9", "latency.1_client_unconflated.p999_ms", "ms"),
        Row("  deliveries", "latency.1_client_unconflated.deliveries_per_s", "/s"),
    ]),
    ("A day of EURUSD ticks at full speed: feed → symbol → one stream client", [
        Row("ticks through to the client, every one counted", "replay.ticks_per_s", "ticks/s", better=MORE),
        Row("  delivered one by one", "replay.delivered", "ticks", better=MORE),
        Row("  replaced by newer ones before the client took them", "replay.conflated", "ticks"),
    ]),
    ("Stream alone: scripted market, real sockets", [
        Row("unconflated broadcast to 100 clients", "stream.broadcast.deliveries_per_s", "/s", 120_000, 400_000, MORE),
        Row("100 clients, 10k ticks/s, 10 Hz: p99", "stream.100_clients.p99_ms", "ms", 5),
        Row("200 clients, 20 stalled: p99 of the others", "stream.stalled_20.p99_ms", "ms", 20),
        Row("1,000 clients, 100 stalled: p99 of the others", "stream.stalled_100.p99_ms", "ms", 20, 1),
    ]),
    ("Webhooks: 500 posts a second over 32 connections, journalled with fsync before the answer", [
        Row("acknowledge: p50", "webhook.ack.p50_ms", "ms"),
        Row("  p99", "webhook.ack.p99_ms", "ms", 25, 3),
        Row("  p99.9", "webhook.ack.p999_ms", "ms"),
    ]),
    ("HTTP: a whole node, one keep-alive connection", [
        Row("/udf/history, 5,000 stored 1m bars: p50", "history.stored_1m.p50_ms", "ms"),
        Row("  p99", "history.stored_1m.p99_ms", "ms", 10, 2),
        Row("/udf/history, 5,000 stored 1D bars: p50", "history.stored_1d.p50_ms", "ms"),
        Row("  p99", "history.stored_1d.p99_ms", "ms", 10, 2),
        Row("/udf/history, simulated 1D (since 2015): p50", "history.sim_1d.p50_ms", "ms"),
        Row("  p99", "history.sim_1d.p99_ms", "ms", 10, 2),
        Row("  first question about a symbol (median of 5)", "history.sim_1d.cold.median_ms", "ms"),
        Row("/udf/history, 5,000 simulated 1h bars: p50", "history.sim_1h.p50_ms", "ms"),
        Row("  p99", "history.sim_1h.p99_ms", "ms", 10, 2),
        Row("  first question about a symbol (median of 5)", "history.sim_1h.cold.median_ms", "ms"),
        Row("/api/v1/quotes of 15 symbols: p50", "quotes.p50_ms", "ms"),
        Row("  p99", "quotes.p99_ms", "ms"),
        Row("/health: p99", "health.p99_ms", "ms"),
        Row("gateway alone (scripted market), history of 5,000: p99", "http.history_5000.p99_ms", "ms", 10, 2),
    ]),
    ("Data", [
        Row("bar store: load and check stored bars", "bars.load_per_s", "bars/s", better=MORE),
        Row("bar store: write a new series, synced", "bars.write_per_s", "bars/s", better=MORE),
        Row("bar store: append one bar, synced", "bars.append_us", "µs"),
        Row("CSV rows read and checked", "csv.rows_per_s", "rows/s", better=MORE),
        Row("simulated exchange, 15 symbols", "sim.events_per_s", "events/s", better=MORE),
    ]),
    ("Backtests", [
        Row("optimisation, 10,000 trials × 36k bars: 1 thread", "sweep.one.s", "s"),
        Row("  2 threads", "sweep.two.s", "s", 40, 6),
        Row("  parallel efficiency", "sweep.efficiency_pct", "%", None, 95, MORE),
    ]),
    ("Bus: two processes on loopback, 64-byte messages from actor to actor", [
        row for what, name, budgets in (
            ("this bus, CURVE", "curve", ((None, None), (600_000, 1_500_000), (2_400_000, 5_000_000))),
            ("this bus, plaintext", "plain", ((None, None),) * 3),
            ("bare ZeroMQ, CURVE", "zmq_curve", ((None, None),) * 3),
            ("bare ZeroMQ, plaintext", "zmq", ((None, None),) * 3),
            ("CAF's own TCP, plaintext", "caf_tcp", ((None, None),) * 3),
            ("CAF within one process", "local", ((None, None),) * 3))
        for row in (
            Row(f"{what}: round trip p50", f"bus.{name}.rtt_p50_us", "µs", *budgets[0]),
            Row("  p99", f"bus.{name}.rtt_p99_us", "µs"),
            Row("  messages one by one", f"bus.{name}.single_per_s", "/s", *budgets[1], MORE),
            Row("  in vectors of 64", f"bus.{name}.batched_per_s", "/s", *budgets[2], MORE))
    ] + [
        Row("beside bare ZeroMQ, both with CURVE: round trip p50", "bus.curve_to_zmq_curve.rtt_ratio", "×", 2.3, 1.5),
        Row("  messages one by one", "bus.curve_to_zmq_curve.single_ratio", "×", better=MORE),
        Row("  in vectors of 64", "bus.curve_to_zmq_curve.batched_ratio", "×", better=MORE),
        Row("beside bare ZeroMQ, both plaintext: round trip p50", "bus.plain_to_zmq.rtt_ratio", "×"),
        Row("  messages one by one", "bus.plain_to_zmq.single_ratio", "×", better=MORE),
        Row("  in vectors of 64", "bus.plain_to_zmq.batched_ratio", "×", better=MORE),
    ]),
    ("Pine: one core, a random walk of minutes", [
        row for name, what in (("S1", "two averages and their crossings"), ("S2", "RSI, ATR, EMA, volume"), ("S3", "Bollinger bands and RSI"))
        for row in (
            Row(f"{name} ({what}), indicators only, 100k bars", f"pine.{name}.100k", "bars/s", better=MORE),
            Row("  1M bars", f"pine.{name}.1M", "bars/s", 8e6, better=MORE),
            Row("  loop by hand, 1M bars", f"pine.hand_{name}.1M", "bars/s", better=MORE),
            Row("  with its orders and the strategy tester, 100k bars", f"strategy.{name}.100k", "bars/s", 8e6, 25e6, MORE),
            Row("  1M bars", f"strategy.{name}.1M", "bars/s", 8e6, 25e6, MORE),
            Row("  loop by hand with the same trades, 1M bars", f"strategy.hand_{name}.1M", "bars/s", better=MORE))
    ] + [
        Row("pyramiding with trailing exits, 1M bars", "strategy.trailing.1M", "bars/s", better=MORE),
        Row("objects and arrays, 1M bars", "pine.objects.1M", "bars/s", better=MORE),
        Row("arrays and matrices (20 rounds and an inverse a bar), 100k bars", "pine.matrices.100k", "bars/s", better=MORE),
        Row("source text to first bar (S2)", "pine.source_ms", "ms", 20, 2),
        Row("sweep of S1 × 36k bars, compiled once", "strategy.sweep", "bars/s", better=MORE),
    ]),
    ("Risk: one order through the whole gate, reservation included, 10 positions and 10 working orders", [
        Row("approved: p50", "risk.approved.p50_us", "µs"),
        Row("  p99", "risk.approved.p99_us", "µs", 20, 2),
        Row("  p99.9", "risk.approved.p999_us", "µs"),
        Row("cut to the room: p99", "risk.reduced.p99_us", "µs", 20, 2),
        Row("refused by a late check: p99", "risk.rejected_late.p99_us", "µs", 20, 2),
        Row("approved, with the time of each check: p99", "risk.with_times.p99_us", "µs"),
    ]),
    ("Orders: from the intent to the request for the venue, risk gate, group commit and fsync included", [
        row for rate in (1, 50, 500)
        for row in (Row(f"{rate} orders/s: p50", f"orders.at_{rate}.p50_ms", "ms", 1),
                    Row("  p99", f"orders.at_{rate}.p99_ms", "ms", 5),
                    Row("  p99.9", f"orders.at_{rate}.p999_ms", "ms"))
    ] + [
        Row("ready again from 100,000 records", "recovery.of_100000.replay_s", "s", 1),
        Row("  with a snapshot", "recovery.of_100000.snapshot_s", "s"),
        Row("ready again from 1,000,000 records", "recovery.of_1000000.replay_s", "s"),
        Row("  with a snapshot", "recovery.of_1000000.snapshot_s", "s", 5),
        Row("ready again as a node's account, from 100,000", "recovery_with_desk.of_100000.replay_s", "s", 1),
        Row("  with a snapshot", "recovery_with_desk.of_100000.snapshot_s", "s"),
        Row("ready again as a node's account, from 1,000,000", "recovery_with_desk.of_1000000.replay_s", "s"),
        Row("  with a snapshot", "recovery_with_desk.of_1000000.snapshot_s", "s", 5),
    ]),
    ("A node that trades on paper, seen from its clients on the same machine (HTTP and stream)", [
        Row("order: request to answer (journalled, fsync): p50", "desk.order_answered.p50_ms", "ms"),
        Row("  p99", "desk.order_answered.p99_ms", "ms"),
        Row("order: request to its fill on the stream: p50", "desk.fill_on_stream.p50_ms", "ms"),
        Row("  p99", "desk.fill_on_stream.p99_ms", "ms"),
        Row("emergency stop to its answer, nothing goes through behind it: p50", "desk.stop.p50_ms", "ms"),
        Row("  p99", "desk.stop.p99_ms", "ms", 100),
        Row("reads of account, positions, orders, quote: p99", "desk.read.p99_ms", "ms", 10),
        Row("  longest", "desk.read.max_ms", "ms", 100),
    ]),
    ("Idle node: `tt node` with config/trader.yaml, nobody connected", [
        Row("resident memory", "idle.rss_mb", "MB", 60, 30),
        Row("CPU", "idle.cpu_pct", "% of a core"),
        Row("start until it answers", "idle.start_ms", "ms"),
    ]),
]

# Budgets whose subject is not built yet, so that the list stays whole.
LATER = [
    ("webhook in → broker request out, journalled: p99", "20 ms", "3 ms at 500/s"),
]


# --- benchmarks ----------------------------------------------------------------

class Failed(Exception):
    pass


def run(command, timeout=600, **more):
    try:
        return subprocess.run([str(c) for c in command], check=False, capture_output=True, text=True, timeout=timeout, **more)
    except subprocess.TimeoutExpired as late:
        raise Failed(f"{command[0]} took longer than {timeout} s") from late


def must(done, name, allowed=(0,)):
    if done.returncode not in allowed:
        raise Failed(f"{name} ended with {done.returncode}:\n{(done.stderr or done.stdout)[-1500:]}")
    return done


def own_json(binary, quick):
    """The program's own JSON; exit code 1 with a JSON means that a check fails."""
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder) / "out.json"
        done = run([binary, "--json", out] + (["--quick"] if quick else []))
        if not out.exists():
            must(done, binary.name)
            raise Failed(f"{binary.name} wrote nothing")
        found = json.loads(out.read_text())
    return found["figures"], found["checks"]


def gateway_stream(binary, quick):
    """One line of text per run: name, deliveries/s, quantiles."""
    names = {"100 clients, 14 symbols": "100_clients", "100 clients, unconflated": "broadcast",
             "200 clients, 20 stalled": "stalled_20", "1000 clients, 100 stalled": "stalled_100"}
    figures = {}
    for line in must(run([binary, "2" if quick else "5"]), binary.name).stdout.splitlines():
        found = re.search(r"([\d.]+) deliveries/s +age p50 +([\d.]+) ms +p99 +([\d.]+) ms", line)
        key = next((short for start, short in names.items() if line.startswith(start)), None)
        if found and key:
            per_s, p50, p99 = map(float, found.groups())
            figures |= {f"stream.{key}.deliveries_per_s": per_s, f"stream.{key}.p50_ms": p50, f"stream.{key}.p99_ms": p99}
    return figures, []


def webhook_ack(binary, quick):
    """Two lines of text: what was sent, and the quantiles."""
    said = must(run([binary, "3" if quick else "20"]), binary.name).stdout
    found = re.search(r"p50 ([\d.]+) ms, p90 [\d.]+ ms, p99 ([\d.]+) ms, p99.9 ([\d.]+) ms", said)
    if not found:
        raise Failed(f"{binary.name}: {said}")
    return dict(zip(("webhook.ack.p50_ms", "webhook.ack.p99_ms", "webhook.ack.p999_ms"), map(float, found.groups()))), []


def google(wanted):
    """Reads figures of a Google Benchmark program: name of the case → (figure, how)."""
    def measure(binary, quick):
        only = "^(" + "|".join(re.escape(name.split("/min_time")[0]) for name in wanted) + ")(/min_time.*)?$"
        command = [binary, "--benchmark_format=json", f"--benchmark_filter={only}"]
        if quick:
            command.append("--benchmark_min_time=0.05")
        report = json.loads(must(run(command), binary.name).stdout)
        figures = {}
        for case in report["benchmarks"]:
            found = wanted.get(re.sub(r"/min_time.*", "", case["name"]))
            if case.get("error_occurred"):
                raise Failed(f"{binary.name} {case['name']}: {case.get('error_message')}")
            if found:
                figure, field, scale = found
                figures[figure] = case[field] * scale
        return figures, []
    return measure


def sweep(binary, quick):
    """10,000 trials on one and two threads; a tenth of them, scaled up, when it must be quick."""
    trials, factor = (1000, 10) if quick else (10000, 1)
    found, checks = google({f"sweep/{trials}/{n}/iterations:1/real_time": (f"t{n}", "real_time", factor / 1000) for n in (1, 2)})(binary, False)
    return {"sweep.one.s": found["t1"], "sweep.two.s": found["t2"], "sweep.efficiency_pct": found["t1"] / found["t2"] / 2 * 100}, checks


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def rss_mb(pid):
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+) kB", status).group(1)) / 1000


def wait_for_answer(process, port, seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if process.poll() is not None:
            raise Failed(f"the node ended with {process.returncode}: {process.stderr.read()[-800:]}")
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/ready", timeout=1):
                return
        except OSError:
            time.sleep(0.01)
    raise Failed("the node does not answer")


def wait_until_quiet(pid, seconds):
    """Until it uses less than 20 % of a core for a second, at most `seconds`."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        before = cpu_seconds(pid)
        time.sleep(1)
        if cpu_seconds(pid) - before < 0.2:
            return


def idle_node(binary, quick):
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        begin = time.monotonic()
        process = subprocess.Popen([str(binary), "node", "--config", "config/trader.yaml", "--port", str(port), "--data-dir", folder,
                                    "--log-level", "warn"], cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        try:
            wait_for_answer(process, port, 30)
            started = time.monotonic() - begin
            wait_until_quiet(process.pid, 20)
            seconds = 3 if quick else 10
            before = cpu_seconds(process.pid)
            time.sleep(seconds)
            used = (cpu_seconds(process.pid) - before) / seconds * 100
            return {"idle.rss_mb": rss_mb(process.pid), "idle.cpu_pct": used, "idle.start_ms": started * 1000}, []
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def pine_figures():
    """Cases of the two Pine programs, by the names Google Benchmark gives them."""
    sizes = (("100000", "100k"), ("1000000", "1M"))
    engine, tester = {}, {"sweep_s1": ("strategy.sweep", "bars/s", 1)}
    for bars, short in sizes:
        for name in ("S1", "S2", "S3"):
            engine[f"run_script/{name}/{bars}"] = (f"pine.{name}.{short}", "bars/s", 1)
            engine[f"hand_{name.lower()}/{bars}"] = (f"pine.hand_{name}.{short}", "bars/s", 1)
            tester[f"strategy/{name}/{bars}"] = (f"strategy.{name}.{short}", "bars/s", 1)
            tester[f"hand/{name}/{bars}"] = (f"strategy.hand_{name}.{short}", "bars/s", 1)
        for name in ("objects", "matrices"):
            engine[f"run_script/{name}/{bars}"] = (f"pine.{name}.{short}", "bars/s", 1)
        tester[f"strategy/pyramids_and_trails/{bars}"] = (f"strategy.trailing.{short}", "bars/s", 1)
    engine["source_to_first_bar"] = ("pine.source_ms", "real_time", 1)
    return engine, tester


PINE_ENGINE, PINE_TESTER = pine_figures()

BENCHMARKS = [  # name, binary below the build folder, how to run it
    ("node", "tests/bench/bench_node_pipeline", own_json),
    ("stream", "tests/bench/bench_gateway_stream", gateway_stream),
    ("webhook", "tests/bench/bench_webhook_ack", webhook_ack),
    ("http", "tests/bench/bench_gateway_http", google({"over_socket/history_5000": ("http.history_5000.p99_ms", "p99_us", 1e-3)})),
    ("bars", "tests/bench/bench_market_bar_store", google({
        "open_and_check": ("bars.load_per_s", "items_per_second", 1),
        "write_new/relaxed:0": ("bars.write_per_s", "items_per_second", 1),
        "append_one/relaxed:0": ("bars.append_us", "real_time", 1),
        "read_csv": ("csv.rows_per_s", "items_per_second", 1)})),
    ("journal", "tests/bench/bench_execution_journal", google({
        "replay_book": ("journal.replay_per_s", "items_per_second", 1),
        "append_durable/records:256": ("journal.append_256_per_s", "items_per_second", 1)})),
    ("sim", "tests/bench/bench_market_sim", google({"sim_pull/4096": ("sim.events_per_s", "items_per_second", 1)})),
    ("bus", "tests/bench/bench_bus_link", own_json),
    ("pine", "tests/bench/bench_pine_engine", google(PINE_ENGINE)),
    ("strategy", "tests/bench/bench_pine_strategy", google(PINE_TESTER)),
    ("sweep", "tests/bench/bench_backtest_sweep", sweep),
    ("risk", "tests/bench/bench_risk_gate", own_json),
    ("orders", "tests/bench/bench_order_path", own_json),
    ("desk", "tests/bench/bench_trading_desk", own_json),
    ("idle", "cluster/tt", idle_node),
]


# --- the report ------------------------------------------------------------------

def measure_all(build, quick, only, runs):
    """Figure → values of all runs; checks; what went wrong."""
    values, checks, problems = {}, {}, []
    for name, path, how in BENCHMARKS:
        if only and name not in only:
            continue
        binary = build / path
        if not binary.exists():
            problems.append(f"{path} is not built")
            continue
        for turn in range(runs):
            print(f"{name}, run {turn + 1} of {runs} …", file=sys.stderr, flush=True)
            try:
                figures, found = how(binary, quick)
            except (Failed, OSError, ValueError, KeyError) as failure:
                problems.append(f"{name}: {failure}")
                break
            for figure, value in figures.items():
                values.setdefault(figure, []).append(value)
            for check in found:  # one that fails once has failed
                if check["id"] not in checks or not check["holds"]:
                    checks[check["id"]] = check
    return values, checks, problems


def first_line(command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.splitlines()[0] if done.returncode == 0 and done.stdout else "unknown"


def machine(build):
    cpu = re.search(r"model name\s*:\s*(.+)", pathlib.Path("/proc/cpuinfo").read_text())
    cache = build / "CMakeCache.txt"
    compiler = re.search(r"CMAKE_CXX_COMPILER:\w+=(.+)", cache.read_text()) if cache.exists() else None
    kind = re.search(r"CMAKE_BUILD_TYPE:\w+=(.+)", cache.read_text()) if cache.exists() else None
    memory = int(re.search(r"MemTotal:\s+(\d+)", pathlib.Path("/proc/meminfo").read_text()).group(1))
    return {
        "cpu": cpu.group(1).strip() if cpu else "unknown", "cores": os.cpu_count(), "memory_gb": round(memory / 1e6, 1),
        "system": f"Linux {os.uname().release}",
        "compiler": first_line([compiler.group(1), "--version"]) if compiler else "unknown",
        "build": kind.group(1) if kind else "unknown",
        "commit": first_line(["git", "-C", str(ROOT), "describe", "--always", "--dirty"]) if shutil.which("git") else "unknown",
        "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        "load_before": round(os.getloadavg()[0], 2),
    }


def pretty(value):
    if value is None:
        return ""
    if value == 0:
        return "0"
    if abs(value) >= 10_000:
        return f"{value:,.0f}"
    digits = 0 if abs(value) >= 1000 else 1 if abs(value) >= 100 else 2 if abs(value) >= 1 else 3
    return f"{value:.{digits}f}".rstrip("0").rstrip(".") if digits else f"{value:.0f}"


def verdict(row, value):
    if row.first is None and row.goal is None:
        return ""
    reaches = lambda budget: budget is not None and (value <= budget if row.better == "less" else value >= budget)
    if reaches(row.goal):
        return "goal met"
    return "met" if row.first is None or reaches(row.first) else "MISSED"


def make_rows(values):
    out = []
    for title, rows in TABLE:
        lines = []
        for row in rows:
            found = values.get(row.figure)
            if not found:
                continue
            value = statistics.median(found) * row.scale
            lines.append({"what": row.what, "figure": row.figure, "value": value, "unit": row.unit, "runs": found,
                          "first_version": row.first, "goal": row.goal, "better": row.better, "verdict": verdict(row, value)})
        if lines:
            out.append((title, lines))
    return out


def print_table(sections, where, checks, problems, runs):
    print(f"\n{where['cpu']}, {where['cores']} cores, {where['memory_gb']} GB, {where['system']}; {where['compiler']}, "
          f"{where['build']}; {where['commit']}; {where['date']}")
    print(f"Medians of {runs} run{'s' if runs > 1 else ''}; load average before: {where['load_before']}"
          + (" (the machine was busy: expect worse figures than it can reach)" if where["load_before"] > 0.5 else ""))
    print(f"\n{'':58}{'measured':>12} {'unit':<12}{'min … max':>23}{'first':>10}{'goal':>10}  budget")
    for title, lines in sections:
        print(title)
        for line in lines:
            spread = f"{pretty(min(line['runs']))} … {pretty(max(line['runs']))}" if len(line["runs"]) > 1 else ""
            print(f"  {line['what']:<56}{pretty(line['value']):>12} {line['unit']:<12}{spread:>23}{pretty(line['first_version']):>10}"
                  f"{pretty(line['goal']):>10}  {line['verdict']}".rstrip())
    print("Not measured: not built yet")
    for what, first, goal in LATER:
        print(f"  {what:<68}{first:<34}{goal}")
    if checks:
        print("Checks")
    for check in checks.values():
        print(f"  {check['id']}: {'holds' if check['holds'] else 'FAILS'} ({check['detail']})")
    for problem in problems:
        print(f"PROBLEM  {problem}")


def main():
    parse = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parse.add_argument("--build", type=pathlib.Path, default=ROOT / "build/bench", help="build folder of the preset bench")
    parse.add_argument("--quick", action="store_true", help="short runs, one of each: shows that everything runs")
    parse.add_argument("--runs", type=int, help="runs of each benchmark (3, with --quick 1)")
    parse.add_argument("--only", nargs="+", choices=[name for name, _, _ in BENCHMARKS], help="these benchmarks only")
    options = parse.parse_args()
    runs = max(1, options.runs or (1 if options.quick else 3))
    build = options.build.resolve()
    where = machine(build)
    values, checks, problems = measure_all(build, options.quick, options.only, runs)
    sections = make_rows(values)
    print_table(sections, where, checks, problems, runs)
    target = build / "report.json"
    if build.is_dir():
        target.write_text(json.dumps({
            "machine": where, "quick": options.quick, "runs": runs,
            "rows": [dict(line, section=title) for title, lines in sections for line in lines],
            "figures": values, "checks": list(checks.values()), "problems": problems}, indent=1) + "\n")
        print(f"\nAll figures: {target}")
    sys.exit(1 if problems or any(not check["holds"] for check in checks.values()) else 0)


if __name__ == "__main__":
    main()
