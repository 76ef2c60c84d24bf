import { readFileSync } from "node:fs";
import { afterEach, expect, test, vi } from "vitest";
import { BridgeError } from "./bridge";
import type { DesktopBridge } from "./bridge";
import { BrowserBridge } from "./browser_bridge";
import { HostBridge } from "./host_bridge";
import type { HostObject } from "./host_bridge";
import { bridge_of, has_host } from "./index";

const contract = JSON.parse(readFileSync(new URL("../../../desktop/contract.json", import.meta.url), "utf8")) as { methods: string[] };

afterEach(() => vi.unstubAllGlobals());

function shell(answer: (method: string, params: unknown) => unknown) {
  const listeners = new Set<(message: { event: string }) => void>();
  const calls: [string, unknown][] = [];
  const object: HostObject = {
    version: 1,
    async call(method, params) {
      calls.push([method, JSON.parse(JSON.stringify(params))]);
      return answer(method, params);
    },
    on(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  return { object, calls, tell: (message: { event: string }) => listeners.forEach((listener) => listener(message)) };
}

/// Every method once, with arguments that the contract accepts.
const use_all = (bridge: DesktopBridge) => [
  bridge.app_info(), bridge.window(), bridge.set_window({ state: "maximized" }), bridge.close_window(), bridge.notify({ title: "a" }),
  bridge.save_file("a.txt", "text"), bridge.secret_get("a"), bridge.secret_set("a", "b"), bridge.secret_delete("a"), bridge.secret_names(),
  bridge.emergency_stop("enough"), bridge.restart_node(),
];

test("every method of the contract is called by its name, and no other", async () => {
  const { object, calls } = shell(() => null);
  await Promise.all(use_all(new HostBridge(object)));
  expect(calls.map(([method]) => method)).toEqual(contract.methods);
});

test("fields go as the contract has them", async () => {
  const { object, calls } = shell(() => null);
  const bridge = new HostBridge(object);
  await bridge.save_file("a.png", new Uint8Array([0, 1, 255]));
  await bridge.save_file("a.txt", "text");
  await bridge.emergency_stop("out", "flatten", { symbol: "ES1!" });
  expect(calls).toEqual([
    ["save_file", { name: "a.png", base64: "AAH/" }],
    ["save_file", { name: "a.txt", text: "text" }],
    ["emergency_stop", { mode: "flatten", reason: "out", scope: { symbol: "ES1!" } }],
  ]);
});

test("large files become base64 in pieces", async () => {
  const { object, calls } = shell(() => null);
  const bytes = new Uint8Array(200_000).map((_, i) => i * 7);
  await new HostBridge(object).save_file("a.png", bytes);
  const { base64 } = calls[0]?.[1] as { base64: string };
  expect(Buffer.from(base64, "base64").equals(Buffer.from(bytes))).toBe(true);
});

test("refusals keep their code and field", async () => {
  const { object } = shell(() => {
    throw Object.assign(new Error("name: must be plain"), { code: "invalid_argument", field: "name" });
  });
  const failed = await new HostBridge(object).save_file("../a", "").catch((error: unknown) => error);
  expect(failed).toBeInstanceOf(BridgeError);
  expect(failed).toMatchObject({ message: "name: must be plain", code: "invalid_argument", field: "name" });
});

test("only events of the node reach its listener, until it ends", () => {
  const { object, tell } = shell(() => null);
  const seen: string[] = [];
  const end = new HostBridge(object).on_node((event) => seen.push(event.state));
  const event = { event: "node", state: "ended", reason: "ended with 1", log: [] };
  tell(event);
  tell({ event: "else" });
  end();
  tell(event);
  expect(seen).toEqual(["ended"]);
});

test("a page without a shell has a browser's bridge", () => {
  expect(has_host()).toBe(false);
  expect(bridge_of({}).host).toBe("browser");
  expect(bridge_of({ tt_desktop: { version: 2 } }).host).toBe("browser");
  expect(bridge_of({ tt_desktop: shell(() => null).object }).host).toBe("chromium");
});

test("what a browser can't do is said, not pretended", async () => {
  const bridge = new BrowserBridge();
  for (const call of [bridge.set_window, bridge.secret_get, bridge.secret_set, bridge.secret_delete, bridge.secret_names])
    await expect(call()).rejects.toMatchObject({ code: "not_available" });
  await expect(bridge.restart_node()).rejects.toMatchObject({ code: "refused" });
  await expect(bridge.notify({ title: "a" })).rejects.toMatchObject({ code: "not_available" });
});

test("a browser asks once whether it may notify", async () => {
  const shown: string[] = [];
  const asked = vi.fn(async () => "granted");
  vi.stubGlobal("Notification", Object.assign(function (title: string) { shown.push(title); }, { permission: "default", requestPermission: asked }));
  await new BrowserBridge().notify({ title: "Filled" });
  expect(asked).toHaveBeenCalledOnce();
  expect(shown).toEqual(["Filled"]);
  vi.stubGlobal("Notification", Object.assign(function () {}, { permission: "denied" }));
  await expect(new BrowserBridge().notify({ title: "a" })).rejects.toMatchObject({ code: "refused" });
});

test("a browser stops trading by the gateway's own route", async () => {
  const sent: [string, RequestInit | undefined][] = [];
  vi.stubGlobal("fetch", async (path: string, init?: RequestInit) => {
    sent.push([path, init]);
    return new Response('{"kill_active":true}', { status: 200 });
  });
  await expect(new BrowserBridge().emergency_stop("enough")).resolves.toEqual({ kill_active: true });
  expect(sent[0]?.[0]).toBe("/api/v1/risk/emergency-stop");
  expect(JSON.parse(String(sent[0]?.[1]?.body))).toEqual({ mode: "halt", scope: {}, cancel_open: true, reason: "enough" });
});
