import { readdirSync, readFileSync } from "node:fs";

/// What a page costs: the browser's own counters, its processes, frames.

const ticks_per_s = 100; // of /proc: USER_HZ is 100 on every Linux that node runs on

export const percentile = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)];

/// @return {count, p50, p95, p99, max} in the unit given
export function spread(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return { count: sorted.length, p50: percentile(sorted, 0.5), p95: percentile(sorted, 0.95), p99: percentile(sorted, 0.99), max: sorted.at(-1) };
}

export const median = (values) => spread(values).p50;

/// Growth per hour by least squares. @param points [seconds, value][]
export function slope_per_hour(points) {
  const mean = (of) => points.reduce((sum, point) => sum + of(point), 0) / points.length;
  const [t, v] = [mean(([s]) => s), mean(([, value]) => value)];
  const above = points.reduce((sum, [s, value]) => sum + (s - t) * (value - v), 0);
  const below = points.reduce((sum, [s]) => sum + (s - t) ** 2, 0);
  return below === 0 ? 0 : (above / below) * 3600;
}

/// The browser's counters of a page: seconds of CPU, bytes of heap, nodes.
export async function counters(session) {
  const { metrics } = await session.send("Performance.getMetrics");
  return Object.fromEntries(metrics.map(({ name, value }) => [name, value]));
}

/// Bytes of JavaScript heap that are still reachable: after a forced collection,
/// twice, because what is freed first may hold what is freed second.
export async function heap_after_gc(session) {
  for (let i = 0; i < 2; ++i) await session.send("HeapProfiler.collectGarbage");
  return (await session.send("Runtime.getHeapUsage")).usedSize;
}

/// The browser's processes, by their kind. @param profile folder that its command line names
/// @return {kind: {cpu_s, rss_bytes}}, summed over processes of a kind
export function browser_processes(profile) {
  const all = new Map();
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
      const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      const rss = Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) * 1024;
      all.set(pid, { parent: fields[1], cpu_s: (Number(fields[11]) + Number(fields[12])) / ticks_per_s, rss, line: readFileSync(`/proc/${pid}/cmdline`, "utf8") });
    } catch {
      // it is gone
    }
  }
  const of_browser = (pid, depth = 0) => depth < 10 && all.has(pid) && (all.get(pid).line.includes(profile) || of_browser(all.get(pid).parent, depth + 1));
  const kinds = {};
  for (const [pid, { cpu_s, rss, line }] of all) {
    if (line.includes("\0--test") || !of_browser(pid)) continue;
    const kind = /--type=([a-z-]+)/.exec(line)?.[1] ?? "browser";
    kinds[kind] ??= { cpu_s: 0, rss_bytes: 0 };
    kinds[kind].cpu_s += cpu_s;
    kinds[kind].rss_bytes += rss;
  }
  return kinds;
}
