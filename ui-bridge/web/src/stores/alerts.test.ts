import { createPinia, setActivePinia } from "pinia";
import { beforeEach, describe, expect, it } from "vitest";
import { fold_alerts, put_alerts, sorted_alerts } from "../alerts/alert_rows";
import { FakeNode } from "./fakes";
import { use_alerts } from "./alerts";
import { use_notices } from "./notices";

let node: FakeNode;
const row = (alert_id: string, more: object = {}) => ({ alert_id, symbol: "AAPL", condition: "price_above", condition_value: 200, alert_status: "active", trigger_count: 0, ...more });

beforeEach(() => {
  setActivePinia(createPinia());
  node = new FakeNode();
});

describe("alerts", () => {
  it("say what is missing in the node's words", async () => {
    node.answer("GET /api/v1/alerts", 503, { detail: "alerts: this build has no alert service yet", error_code: "not_available" });
    const alerts = use_alerts();
    await alerts.part.ask();
    expect(alerts.part.state).toMatchObject({ kind: "missing", switched_off: false });
    node.answer("GET /api/v1/alerts", 403, { detail: "ENABLE_ALERTS is off", error_code: "feature.disabled" });
    await alerts.part.ask();
    expect(alerts.part.state).toMatchObject({ kind: "missing", text: "ENABLE_ALERTS is off", switched_off: true });
  });

  it("send a checked form and show what the node made of it", async () => {
    node.answer("POST /api/v1/alerts", 201, { ...row("a1"), status: "created" });
    const alerts = use_alerts();
    alerts.open_form({ symbol: "AAPL", condition: "price_above" });
    expect(await alerts.submit()).toBe(false);
    expect(node.of("POST")).toEqual([]);
    alerts.form.condition_value = "200";
    expect(await alerts.submit()).toBe(true);
    expect(alerts.form_open).toBe(false);
    expect(alerts.alerts.map(({ alert_id }) => alert_id)).toEqual(["a1"]);
  });

  it("keep the form open with the node's objections at their fields", async () => {
    node.answer("POST /api/v1/alerts", 400, { detail: "condition_value: too far away", errors: [{ loc: ["body", "condition_value"], msg: "too far away", type: "range" }] });
    const alerts = use_alerts();
    alerts.open_form({ symbol: "AAPL", condition_value: "1" });
    expect(await alerts.submit()).toBe(false);
    expect(alerts.form_open).toBe(true);
    expect(alerts.problems).toEqual({ "": "condition_value: too far away", condition_value: "too far away" });
  });

  it("change and remove only what the node has changed and removed", async () => {
    node.answer("GET /api/v1/alerts", 200, { alerts: [row("a1")] });
    node.answer("PATCH /api/v1/alerts/a1", 200, row("a1", { condition_value: 205.5 }));
    node.answer("POST /api/v1/alerts/a1/pause", 200, row("a1", { alert_status: "paused" }));
    node.answer("DELETE /api/v1/alerts/a1", 409, { detail: "it is being executed" });
    const alerts = use_alerts();
    await alerts.part.ask();
    await alerts.move("a1", "205.50");
    expect(node.calls.at(-1)?.body).toEqual({ condition_value: "205.50" });
    expect(alerts.alerts[0]!.condition_value).toBe(205.5);
    await alerts.steer("a1", "pause");
    expect(alerts.active).toEqual([]);
    expect(await alerts.remove("a1")).toBe(false);
    expect(alerts.alerts).toHaveLength(1);
    expect(use_notices().toasts.at(-1)?.text).toBe("it is being executed");
  });
});

describe("the channel of alerts", () => {
  it("tells of triggers once, and not by snapshots", () => {
    const known = put_alerts(new Map(), [row("a1")]);
    const told = (data: unknown, snapshot = false) => [{ type: "alert", data, snapshot }];
    expect(fold_alerts(known, told([row("a1", { trigger_count: 1 })], true)).triggered).toEqual([]);
    const { rows, triggered } = fold_alerts(known, told(row("a1", { trigger_count: 1, alert_status: "triggered" })));
    expect(triggered.map(({ alert_id }) => alert_id)).toEqual(["a1"]);
    expect(fold_alerts(rows, told(row("a1", { trigger_count: 1, alert_status: "triggered" }))).triggered).toEqual([]);
    expect(fold_alerts(rows, told(row("a1"))).rows.get("a1")?.alert_status).toBe("triggered");
    expect(fold_alerts(rows, told({ alert_id: "a1", event: "deleted" })).rows.size).toBe(0);
    const notice = { alert_id: "n1", event: "notice", alert_type: "job.failed", message: "momentum: no bars", alert_status: "triggered", trigger_count: 0 };
    expect(fold_alerts(rows, told(notice)).triggered.map(({ message }) => message)).toEqual(["momentum: no bars"]);
    expect(fold_alerts(rows, told(notice, true)).triggered).toEqual([]);
  });

  it("lists what waits before what is over", () => {
    const rows = put_alerts(new Map(), [row("x", { alert_status: "expired" }), row("b", { symbol: "MSFT" }), row("p", { alert_status: "paused" }), row("a"), { no: "alert" }, null]);
    expect(sorted_alerts(rows).map(({ alert_id }) => alert_id)).toEqual(["a", "b", "p", "x"]);
  });
});
