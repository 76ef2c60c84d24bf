import { createPinia, setActivePinia } from "pinia";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ApiError } from "../api/http";
import { FakeNode } from "./fakes";
import { use_notices } from "./notices";
import { ask_again_ms, ask_lost_ms, make_part } from "./part";
import { use_trading } from "./trading";

const none = new ApiError("trading: this node hosts no accounts", 503, "not_available");
const off = new ApiError("ENABLE_X is off", 403, "feature.disabled");

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe("a part of the node", () => {
  it("that was never there is asked for now and then", async () => {
    const read = vi.fn().mockRejectedValueOnce(none).mockResolvedValue(undefined);
    const part = make_part(read);
    await part.ask();
    expect(part.state.value).toEqual({ kind: "missing", text: none.message, switched_off: false, lost: false });
    await vi.advanceTimersByTimeAsync(ask_again_ms - 1);
    expect(read).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(part.state.value.kind).toBe("ready");
  });

  it("that was there is asked for until it is back", async () => {
    const read = vi.fn().mockResolvedValueOnce(undefined).mockRejectedValueOnce(none).mockRejectedValueOnce(none).mockResolvedValue(undefined);
    const part = make_part(read);
    await part.ask();
    await part.ask();
    expect(part.state.value).toMatchObject({ kind: "missing", lost: true });
    await vi.advanceTimersByTimeAsync(ask_lost_ms);
    expect(part.state.value).toMatchObject({ kind: "missing", lost: true });
    await vi.advanceTimersByTimeAsync(ask_lost_ms);
    expect(part.state.value.kind).toBe("ready");
    await vi.advanceTimersByTimeAsync(ask_again_ms);
    expect(read).toHaveBeenCalledTimes(4);
  });

  it("that was switched off is no part that moved", async () => {
    const read = vi.fn().mockResolvedValueOnce(undefined).mockRejectedValue(off);
    const part = make_part(read);
    await part.ask();
    await part.ask();
    expect(part.state.value).toMatchObject({ kind: "missing", switched_off: true, lost: false });
    await vi.advanceTimersByTimeAsync(ask_lost_ms);
    expect(read).toHaveBeenCalledTimes(2);
  });

  it("is asked once more where the question under way was lost with the connection", async () => {
    let fail: (error: Error) => void = () => {};
    const read = vi.fn().mockImplementationOnce(() => new Promise<void>((_, reject) => (fail = reject))).mockResolvedValue(undefined);
    const part = make_part(read);
    const first = part.ask();
    await part.ask(); // connected again, while the old question still waits
    fail(new ApiError("The gateway can't be reached", 0));
    await first;
    await vi.advanceTimersByTimeAsync(0);
    expect(part.state.value.kind).toBe("ready");
  });
});

describe("accounts that move", () => {
  const account = { account_id: "paper", mode: "paper", is_default: true, total_equity: 100_000 };

  it("are gone from the page with everything of theirs, and come again by themselves", async () => {
    setActivePinia(createPinia());
    const node = new FakeNode();
    const serve = (status: number) => {
      const body = (rows: object) => (status === 200 ? rows : { detail: none.message, error_code: "not_available" });
      node.answer("GET /api/v1/accounts", status, body({ accounts: [account] }));
      node.answer("GET /api/v1/orders", status, body({ orders: [{ order_id: "o1", symbol: "AAPL", status: "open", version: 1 }] }));
      node.answer("GET /api/v1/positions", status, body({ positions: [{ symbol: "AAPL", quantity: 1, account_id: "paper" }] }));
    };
    vi.stubGlobal("localStorage", { getItem: () => null, setItem: () => {}, removeItem: () => {} });
    serve(200);
    const trading = use_trading();
    const ask = () => Promise.all([trading.accounts_part.ask(), trading.orders_part.ask(), trading.positions_part.ask()]);
    await ask();
    expect([trading.account_id, trading.orders.length, trading.positions.length]).toEqual(["paper", 1, 1]);
    serve(503);
    await ask();
    await vi.advanceTimersByTimeAsync(0);
    expect([trading.account, trading.orders, trading.positions]).toEqual([undefined, [], []]);
    expect(trading.accounts_part.state).toMatchObject({ kind: "missing", lost: true });
    expect(use_notices().log[0]?.text).toMatch(/No accounts here any more/);
    serve(200);
    await vi.advanceTimersByTimeAsync(ask_lost_ms);
    expect([trading.account_id, trading.orders.length, trading.positions.length]).toEqual(["paper", 1, 1]);
    expect(use_notices().log[0]?.text).toBe("Accounts are here again");
  });
});
