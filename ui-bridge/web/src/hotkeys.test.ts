import { createPinia, setActivePinia } from "pinia";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { entry_of, hotkeys, is_assignable, keys_of } from "./hotkeys";
import { use_hotkeys } from "./stores/hotkeys";

describe("hotkeys", () => {
  it("have no key twice, and no name twice", () => {
    const active = hotkeys.filter(({ run }) => run);
    const keys = active.flatMap(({ keys: own }) => own);
    expect(new Set(keys).size).toBe(keys.length);
    expect(new Set(active.map(({ id }) => id)).size).toBe(active.length);
  });

  it("give way to the user's own", () => {
    expect(entry_of("b", {})?.id).toBe("ticket");
    expect(entry_of("q", { ticket: "q" })?.id).toBe("ticket");
    expect(entry_of("b", { ticket: "q" })).toBeUndefined();
    expect(entry_of("o", { ticket: "o" })?.id).toBe("ticket");
    expect(keys_of(hotkeys[0]!, { search: "f" })).toEqual(["f", "Ctrl K"]);
  });

  it("take one character or a function key that the browser leaves alone", () => {
    expect(["q", "Q", "ü", ".", "F2", "F12"].every(is_assignable)).toBe(true);
    expect(["Enter", "Tab", " ", "Escape", "F1", "ArrowUp", "Shift"].some(is_assignable)).toBe(false);
  });
});

describe("the user's own keys", () => {
  let calls: { method: string; body: unknown; match: string | null }[];
  let stored: { status: number; body: object; etag: string }[];

  beforeEach(() => {
    setActivePinia(createPinia());
    calls = [];
    vi.stubGlobal("fetch", (_path: string, init: { method: string; body: string | null; headers: Record<string, string> }) => {
      calls.push({ method: init.method, body: init.body && JSON.parse(init.body), match: init.headers["if-match"] ?? null });
      const { status, body, etag } = stored.shift()!;
      return Promise.resolve(new Response(JSON.stringify(body), { status, headers: { etag } }));
    });
  });

  it("are read from the gateway and stored there with the version read", async () => {
    const store = use_hotkeys();
    stored = [{ status: 200, body: { version: 1, keys: { ticket: "q" } }, etag: '"3"' }, { status: 200, body: {}, etag: '"4"' }];
    await store.read();
    expect(store.own).toEqual({ ticket: "q" });
    await store.assign("orders", "u");
    expect(calls[1]).toEqual({ method: "PUT", body: { version: 1, keys: { ticket: "q", orders: "u" } }, match: '"3"' });
    expect(store.own).toEqual({ ticket: "q", orders: "u" });
  });

  it("win over what another window stored in between", async () => {
    const store = use_hotkeys();
    stored = [{ status: 412, body: { detail: "changed" }, etag: "" }, { status: 200, body: {}, etag: '"9"' }, { status: 200, body: {}, etag: '"10"' }];
    await store.assign("orders", "u");
    expect(calls.map(({ method }) => method)).toEqual(["PUT", "GET", "PUT"]);
    expect(calls[2]!.match).toBe('"9"');
  });
});
