import { createPinia, setActivePinia } from "pinia";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { FakeNode } from "./fakes";
import { use_connection } from "./connection";
import { use_notices } from "./notices";
import { use_webhooks } from "./webhooks";
import type { BatchListener } from "../stream/stream_client";

let node: FakeNode;
const event = (event_id: number, more: object = {}) => ({ event_id, profile: "breakout", decision: "queued", received_at: `2026-01-15T14:30:0${event_id}.000Z`, ...more });

beforeEach(() => {
  setActivePinia(createPinia());
  node = new FakeNode();
  node.answer("GET /api/v1/webhooks", 200, { webhooks: [{ id: "w1", name: "breakout", account_id: "paper_simulator", rules: { body_secret: "***" } }] });
  node.answer("GET /api/v1/webhooks/events", 200, { events: [event(1)], next_cursor: null });
});

/// The store with its channel in the test's hands.
function followed() {
  const listeners: BatchListener[] = [];
  vi.spyOn(use_connection(), "subscribe").mockImplementation((_, listener) => {
    listeners.push(listener);
    return () => {};
  });
  return { webhooks: use_webhooks(), say: (data: unknown) => listeners.forEach((take) => take([{ type: "webhook", data }])) };
}

describe("webhooks", () => {
  it("show events also to those who may not see profiles", async () => {
    node.answer("GET /api/v1/webhooks", 403, { detail: "this needs the role admin", error_code: "forbidden" });
    const webhooks = use_webhooks();
    await Promise.all([webhooks.part.ask(), webhooks.events_part.ask()]);
    expect(webhooks.part.state).toEqual({ kind: "failed", text: "this needs the role admin" });
    expect(webhooks.events).toHaveLength(1);
  });

  it("show a new token once, and keep it in no list", async () => {
    node.answer("POST /api/v1/webhooks", 201, { id: "w2", name: "orb", path_token: "tok-1", account_id: "paper_simulator" });
    const webhooks = use_webhooks();
    webhooks.open_form();
    Object.assign(webhooks.form, { name: "orb", account_id: "paper_simulator", body_secret: "s3cret" });
    expect(await webhooks.submit()).toBe(true);
    expect(webhooks.fresh_token).toEqual({ profile_id: "w2", name: "orb", token: "tok-1" });
    expect(JSON.stringify(webhooks.profiles)).not.toContain("tok-1");
    expect(webhooks.form.body_secret).toBe("");
    webhooks.forget_token();
    expect(webhooks.fresh_token).toBeUndefined();
    node.answer("POST /api/v1/webhooks/w2/rotate", 200, { path_token: "tok-2" });
    await webhooks.rotate(webhooks.profiles[0]!);
    expect(webhooks.fresh_token).toMatchObject({ token: "tok-2" });
  });

  it("keep what was typed when the node refuses it", async () => {
    node.answer("POST /api/v1/webhooks", 400, { detail: "scope.symbols: NOPE is unknown", errors: [{ loc: ["body", "scope", "symbols"], msg: "NOPE is unknown", type: "value" }] });
    const webhooks = use_webhooks();
    webhooks.open_form();
    Object.assign(webhooks.form, { name: "orb", account_id: "paper_simulator", symbols: "NOPE", body_secret: "s3cret" });
    expect(await webhooks.submit()).toBe(false);
    expect(webhooks.problems).toMatchObject({ "": "scope.symbols: NOPE is unknown", "scope.symbols": "NOPE is unknown" });
    expect(webhooks.form.body_secret).toBe("s3cret");
    expect(webhooks.profiles).toEqual([]);
  });

  it("put live events on top, each once, and only those that the filter lets through", async () => {
    const { webhooks, say } = followed();
    await Promise.all([webhooks.part.ask(), webhooks.events_part.ask()]);
    await Promise.resolve();
    say(event(2));
    say(event(2, { decision: "refused", reason: "stale" }));
    expect(webhooks.events.map(({ event_id, decision }) => [event_id, decision])).toEqual([[2, "refused"], [1, "queued"]]);
    node.answer("GET /api/v1/webhooks/events", 200, { events: [event(2, { decision: "refused" })], next_cursor: null });
    webhooks.set_filter({ profile: "w1", decision: "refused" });
    await vi.waitFor(() => expect(webhooks.events).toHaveLength(1));
    expect(node.calls.at(-1)?.query).toMatchObject({ profile: "w1", decision: "refused" });
    say(event(3));
    say(event(4, { decision: "refused", profile: "another" }));
    say(event(5, { decision: "refused" }));
    expect(webhooks.events.map(({ event_id }) => event_id)).toEqual([5, 2]);
    say({ event: "expected_alert_missing", profile: "w1", name: "breakout", last_at: null });
    expect(use_notices().toasts.at(-1)?.text).toContain("breakout");
  });
});
