import { createPinia, setActivePinia } from "pinia";
import { nextTick } from "vue";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { use_ticket } from "./ticket";

interface Call {
  path: string;
  body: Record<string, unknown>;
}

let calls: Call[];
let answers: { status: number; body: object }[];

const order = { order_id: "o-1", symbol: "AAPL", status: "open", state: "working" };
const accepts = { status: 200, body: { would_accept: true, quantity: 10, est_price: 5 } };

beforeEach(() => {
  setActivePinia(createPinia());
  calls = [];
  answers = [];
  vi.stubGlobal("location", { protocol: "http:", host: "node" });
  vi.stubGlobal("fetch", (path: string, { body }: { body: string }) => {
    calls.push({ path, body: JSON.parse(body) as Record<string, unknown> });
    const answer = answers.shift();
    if (!answer) return Promise.reject(new TypeError("no connection"));
    return Promise.resolve(new Response(JSON.stringify(answer.body), { status: answer.status }));
  });
});

function filled() {
  const ticket = use_ticket();
  ticket.fill({ symbol: "AAPL", quantity: "10", type: "limit", price: "5.10" });
  return ticket;
}

describe("order ticket", () => {
  it("asks nothing while a field is wrong", async () => {
    const ticket = filled();
    ticket.form.quantity = "ten";
    await nextTick();
    await ticket.preview();
    expect(calls).toEqual([]);
    expect(ticket.problems).toHaveProperty("quantity");
  });

  it("sends exactly what was previewed, once, with an id", async () => {
    const ticket = filled();
    await nextTick();
    answers = [accepts, { status: 201, body: order }];
    await ticket.preview();
    await ticket.send();
    expect(calls.map(({ path }) => path)).toEqual(["/api/v1/orders/preview", "/api/v1/orders"]);
    const { client_order_id, ...sent } = calls[1]!.body;
    expect(sent).toEqual(calls[0]!.body);
    expect(sent["price"]).toBe("5.10");
    expect(client_order_id).toMatch(/^ui-/);
    expect(ticket.sent?.state).toBe("working");
    await ticket.send();
    expect(calls).toHaveLength(2);
  });

  it("voids the preview when a field changes", async () => {
    const ticket = filled();
    await nextTick();
    answers = [accepts];
    await ticket.preview();
    expect(ticket.previewed).toBeDefined();
    ticket.form.price = "5.20";
    await nextTick();
    expect(ticket.previewed).toBeUndefined();
    await ticket.send();
    expect(calls).toHaveLength(1);
  });

  it("drops a preview that answers a form that has changed meanwhile", async () => {
    const ticket = filled();
    await nextTick();
    answers = [accepts];
    const asked = ticket.preview();
    ticket.form.quantity = "11";
    await asked;
    expect(ticket.previewed).toBeUndefined();
  });

  it("tries again with the same id when no answer came, so that it stays one order", async () => {
    const ticket = filled();
    await nextTick();
    answers = [accepts];
    await ticket.preview();
    await ticket.send();
    expect(ticket.failure).not.toBe("");
    expect(ticket.sent).toBeUndefined();
    answers = [{ status: 200, body: order }];
    await ticket.send();
    expect(calls[2]!.body["client_order_id"]).toBe(calls[1]!.body["client_order_id"]);
    expect(ticket.sent?.order_id).toBe("o-1");
  });

  it("shows why risk refused, which comes with the order in place of an error", async () => {
    const ticket = filled();
    await nextTick();
    answers = [accepts, { status: 422, body: { ...order, status: "rejected", state: "risk_rejected", reason: "emergency stop is on (halt)", reject_code: "KILL_SWITCH" } }];
    await ticket.preview();
    await ticket.send();
    expect(ticket.failure).toBe("emergency stop is on (halt)");
    expect(ticket.previewed).toBeUndefined();
  });

  it("shows a refusal with its text and the fields it names, and starts over", async () => {
    const ticket = filled();
    await nextTick();
    answers = [accepts, { status: 422, body: { detail: "Order refused: daily loss", error_code: "risk.DAILY_LOSS", errors: [{ loc: ["body", "quantity"], msg: "too many", type: "range" }] } }];
    await ticket.preview();
    await ticket.send();
    expect(ticket.failure).toBe("Order refused: daily loss");
    expect(ticket.problems).toEqual({ quantity: "too many" });
    expect(ticket.previewed).toBeUndefined();
  });
});
