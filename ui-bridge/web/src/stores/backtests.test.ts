import { createPinia, setActivePinia } from "pinia";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { FakeSocket } from "../stream/fakes";
import { use_backtests } from "./backtests";
import { use_scripts } from "./scripts";

type Answer = { status: number; body: object };

let routes: Map<string, Answer>;
let asked: { method: string; path: string; body: Record<string, unknown> | undefined }[];
let sockets: FakeSocket[];

const settle = () => new Promise<void>((resolve) => setImmediate(resolve));
const missing: Answer = { status: 503, body: { detail: "backtests: this build has no backtest service yet", error_code: "not_available" } };

beforeEach(() => {
  setActivePinia(createPinia());
  routes = new Map();
  asked = [];
  sockets = [];
  vi.stubGlobal("location", { protocol: "http:", host: "node" });
  vi.stubGlobal("WebSocket", class extends FakeSocket {
    constructor(url: string) {
      super(url);
      sockets.push(this);
    }
  });
  vi.stubGlobal("fetch", (path: string, { method, body }: { method: string; body: string | null }) => {
    asked.push({ method, path, body: body ? (JSON.parse(body) as Record<string, unknown>) : undefined });
    const answer = routes.get(`${method} ${path.split("?")[0]}`) ?? { status: 404, body: { detail: "not found" } };
    return Promise.resolve(new Response(JSON.stringify(answer.body), { status: answer.status }));
  });
});

function list_of(...rows: object[]) {
  routes.set("GET /api/backtest", { status: 200, body: { backtests: rows, next_cursor: null } });
}
const row = (backtest_id: string, status: string, created_at: string, progress = 0) => ({ backtest_id, status, progress, symbols: ["AAPL"], created_at, completed_at: null });

async function submitted() {
  list_of();
  routes.set("POST /api/backtest/strategy", { status: 200, body: { backtest_id: "b1", status: "queued", message: "" } });
  const backtests = use_backtests();
  backtests.script_id = use_scripts().scripts[0]!.id;
  backtests.form.symbols = "AAPL";
  expect(await backtests.submit()).toBe(true);
  await settle();
  return backtests;
}

describe("backtests", () => {
  it("say what is missing, in the node's words, and show no runs", async () => {
    routes.set("GET /api/backtest", missing);
    const backtests = use_backtests();
    await backtests.part.ask();
    expect(backtests.part_state).toMatchObject({ kind: "missing", text: "backtests: this build has no backtest service yet" });
    expect(backtests.jobs).toEqual([]);
    expect(sockets).toEqual([]);
  });

  it("list runs newest first and follow those that have not ended", async () => {
    list_of(row("old", "completed", "2026-01-01T00:00:00.000Z", 100), row("new", "running", "2026-01-02T00:00:00.000Z", 10));
    const backtests = use_backtests();
    await backtests.part.ask();
    expect(backtests.jobs.map(({ id }) => id)).toEqual(["new", "old"]);
    expect(sockets.map(({ url }) => url)).toEqual(["ws://node/api/backtest/new/progress"]);
  });

  it("show a run once the node has taken it, under the script's name", async () => {
    const backtests = await submitted();
    expect(backtests.jobs.map(({ id }) => id)).toEqual(["b1"]);
    expect(backtests.selected_id).toBe("b1");
    expect(backtests.label_of("b1")).toBe("momentum · AAPL");
    expect(asked[0]!.body).toMatchObject({ symbols: ["AAPL"], timeframes: ["1h"] });
  });

  it("show no run that was refused, but why", async () => {
    routes.set("POST /api/backtest/strategy", { status: 429, body: { detail: "5 jobs run already" } });
    const backtests = use_backtests();
    backtests.script_id = use_scripts().scripts[0]!.id;
    backtests.form.symbols = "AAPL";
    expect(await backtests.submit()).toBe(false);
    expect(backtests.jobs).toEqual([]);
    expect(backtests.problems).toEqual({ "": "5 jobs run already" });
  });

  it("read the report when the run has ended", async () => {
    const backtests = await submitted();
    routes.set("GET /api/backtest/b1/results", { status: 200, body: { backtest_id: "b1", status: "completed", results: { total_trades: 3 } } });
    list_of(row("b1", "completed", "2026-01-02T00:00:00.000Z", 100));
    sockets[0]!.open();
    sockets[0]!.say({ type: "progress", status: "running", progress: 50 });
    expect(backtests.progress.get("b1")?.progress).toBe(50);
    expect(backtests.running).toBe(1);
    sockets[0]!.say({ type: "completed", status: "completed", progress: 100, error_message: null });
    await settle();
    await settle();
    expect(backtests.running).toBe(0);
    expect(backtests.reports.get("b1")?.results?.total_trades).toBe(3);
    expect(backtests.jobs[0]!.row.created_at).toBe("2026-01-02T00:00:00.000Z");
  });

  it("keep the report's failure with its text", async () => {
    routes.set("GET /api/backtest/b9/results", { status: 409, body: { detail: "the job is running" } });
    const backtests = use_backtests();
    await backtests.read_report("b9");
    expect(backtests.report_errors.get("b9")).toBe("the job is running");
  });
});
