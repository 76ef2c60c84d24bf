import { createPinia, setActivePinia } from "pinia";
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { BatchListener } from "../stream/stream_client";
import { use_connection } from "./connection";
import { FakeNode } from "./fakes";
import { use_notices } from "./notices";
import { use_strategies } from "./strategies";

let node: FakeNode;
let say: (data: unknown, type?: string) => void;
const row = (more: object = {}) => ({ strategy_id: "orb", name: "ORB", kind: "pine", mode: "paper", enabled: false, account_id: "paper_simulator", ...more });

beforeEach(() => {
  setActivePinia(createPinia());
  node = new FakeNode();
  node.answer("GET /api/v1/strategies", 200, { strategies: [row()] });
  const listeners: BatchListener[] = [];
  say = (data, type = "strategy") => listeners.forEach((take) => take([{ type, data, timestamp: "2026-01-15T14:30:00.000Z" }]));
  vi.spyOn(use_connection(), "subscribe").mockImplementation((_, listener) => {
    listeners.push(listener);
    return () => {};
  });
});

async function ready() {
  const strategies = use_strategies();
  await strategies.part.ask();
  await Promise.resolve();
  return strategies;
}

describe("strategies", () => {
  it("are enabled when the node says so, not when it was clicked", async () => {
    const strategies = await ready();
    node.answer("POST /api/v1/strategies/orb/enable", 409, { detail: "orb: its account is frozen" });
    expect(await strategies.steer("orb", "enable")).toBe(false);
    expect(strategies.strategies[0]!.enabled).toBe(false);
    expect(use_notices().toasts.at(-1)?.text).toBe("orb: its account is frozen");
    node.answer("POST /api/v1/strategies/orb/enable", 200, row({ enabled: true }));
    await strategies.steer("orb", "enable");
    expect(strategies.strategies[0]!.enabled).toBe(true);
  });

  it("are read again where an answer says nothing of them", async () => {
    const strategies = await ready();
    node.answer("POST /api/v1/strategies/orb/mode", 200, { status: "changed" });
    node.answer("GET /api/v1/strategies/orb", 200, row({ mode: "live" }));
    await strategies.change_mode("orb", "live", "it did well");
    expect(node.of("POST").at(-1)?.body).toEqual({ new_mode: "live", reason: "it did well" });
    expect(strategies.strategies[0]!.mode).toBe("live");
  });

  it("stay unregistered with the compiler's findings shown", async () => {
    node.answer("POST /api/v1/strategies", 422, { detail: "the source does not compile", diagnostics: [{ severity: "error", code: "PN0201", message: "unknown name x", line: 3, column: 5 }] });
    const strategies = await ready();
    strategies.open_form({ symbols: "AAPL" });
    expect(await strategies.submit()).toBe(false);
    expect(strategies.problems[""]).toBe("the source does not compile");
    expect(strategies.diagnostics).toHaveLength(1);
    expect(strategies.strategies).toHaveLength(1);
  });

  it("follow the channel: states, modes by rule, signals into the log", async () => {
    const strategies = await ready();
    say(row({ enabled: true, event: "state" }));
    expect(strategies.strategies[0]!.enabled).toBe(true);
    say({ event: "mode_change", strategy_id: "orb", strategy: row({ enabled: true, mode: "paper" }), transition: { from: "live", to: "paper", automatic: true, reason: "two bad sets" } });
    expect(use_notices().toasts.at(-1)?.text).toBe("orb: now on paper, by rule");
    say({ event: "signal", strategy_id: "orb", symbol: "ES1!", signal: { side: "buy", quantity: 2, decision: "sent" } });
    expect(strategies.log.map(({ event }) => event)).toEqual(["signal", "mode", "state"]);
    expect(strategies.log[0]!.text).toBe("buy 2 ES1! sent");
    say({ event: "state", strategy_id: "orb", strategy: row({ enabled: false, problem: "no bars" }) });
    expect(strategies.strategies[0]).toMatchObject({ enabled: false, problem: "no bars" });
    say({ strategy_id: "orb", event: "plot", time: 1, values: [1] });
    expect(strategies.plot_news).toBe(0); // no chart shows it
    strategies.charted_id = "orb";
    say({ strategy_id: "orb", event: "plot", time: 2, values: [1] });
    expect(strategies.plot_news).toBe(1);
    expect(strategies.log).toHaveLength(4);
    say({ strategy_id: "orb", event: "removed" });
    expect(strategies.strategies).toEqual([]);
  });

  it("show why a part of the details could not be read", async () => {
    const strategies = await ready();
    node.answer("GET /api/v1/strategies/orb/sets", 503, { detail: "sets: the store is closed" });
    node.answer("GET /api/v1/strategies/orb/signals", 200, { signals: [{ symbol: "ES1!", side: "buy" }] });
    await strategies.read_detail("orb", "sets");
    await strategies.read_detail("orb", "signals");
    expect(strategies.detail_errors.get("orb|sets")).toBe("sets: the store is closed");
    expect(strategies.details.get("orb")?.signals).toHaveLength(1);
  });
});
