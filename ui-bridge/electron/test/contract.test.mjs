import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire, Module } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";

/// Main and preload against an `electron` that the test plays. Electron itself does
/// not run here: its runtime is not on the npm registry.

const folder = mkdtempSync(join(tmpdir(), "tt-electron-"));
after(() => rmSync(folder, { recursive: true, force: true }));
const contract = JSON.parse(readFileSync(new URL("../../desktop/contract.json", import.meta.url), "utf8"));
const stops = [];
const gateway = createServer((request, reply) => {
  let body = "";
  request.on("data", (chunk) => (body += chunk));
  request.on("end", () => {
    stops.push({ path: request.url, token: request.headers.authorization, body: JSON.parse(body) });
    reply.writeHead(200, { "content-type": "application/json" }).end('{"kill_active":true}');
  });
});
await new Promise((resolve) => gateway.listen(0, "127.0.0.1", resolve));
after(() => gateway.close());
const origin = `http://127.0.0.1:${gateway.address().port}`;
process.env.TT_GATEWAY = origin;

class FakeWindow {
  static fromWebContents = (contents) => contents.window;
  static opened = [];
  bounds = { x: 0, y: 0, width: 1600, height: 900 };
  state = "normal";
  constructor(options) {
    this.options = options;
    FakeWindow.opened.push(this);
  }
  loadURL = async (url) => (this.url = url);
  getBounds = () => this.bounds;
  setBounds = (bounds) => (this.bounds = bounds);
  isFullScreen = () => this.state === "fullscreen";
  isMaximized = () => this.state === "maximized";
  isMinimized = () => this.state === "minimized";
  setFullScreen = (on) => { if (on) this.state = "fullscreen"; else if (this.state === "fullscreen") this.state = "normal"; };
  maximize = () => (this.state = "maximized");
  minimize = () => (this.state = "minimized");
  restore = () => (this.state = "normal");
  unmaximize = () => { if (this.state === "maximized") this.state = "normal"; };
  close = () => (this.is_closed = true);
}
const shown = [];
const handlers = {};
const exposed = {};
const opened_outside = [];
const app = Object.assign(new EventEmitter(), {
  getPath: (name) => (name === "downloads" ? join(folder, "downloads") : folder), getVersion: () => "0.1.0", whenReady: async () => {}, quit() {},
});
const electron = {
  app, BrowserWindow: FakeWindow,
  ipcMain: { handle: (name, handler) => (handlers[name] = handler) },
  ipcRenderer: { invoke: (name, message) => handlers[name](event_of(FakeWindow.opened[0]), message) },
  contextBridge: { exposeInMainWorld: (name, object) => (exposed[name] = object) },
  Notification: class { constructor(message) { this.message = message; } static isSupported = () => true; show() { shown.push(this.message); } },
  safeStorage: {
    isEncryptionAvailable: () => true,
    encryptString: (text) => Buffer.from(`sealed:${[...text].reverse().join("")}`),
    decryptString: (bytes) => [...bytes.toString().slice("sealed:".length)].reverse().join(""),
  },
  shell: { openExternal: (url) => opened_outside.push(url) },
};
const load = Module._load;
Module._load = (request, ...rest) => (request === "electron" ? electron : load(request, ...rest));
const require = createRequire(import.meta.url);
const { method_names, read_request } = require("../dist/requests.js");
require("../dist/main.js");
require("../dist/preload.js");
await new Promise((resolve) => setImmediate(resolve));

const event_of = (window, frame = {}) => ({ sender: { window }, senderFrame: { url: `${origin}/`, parent: null, ...frame } });
const call = exposed.tt_desktop.call;

test("the methods are the contract's", () => assert.deepEqual(method_names, contract.methods));

test("every good message is accepted", () => {
  for (const message of contract.accepted) assert.equal(read_request(message).method, message.method);
});

test("every bad message is rejected with the contract's code", () => {
  for (const { why, message, rejects } of contract.rejected) {
    assert.throws(() => read_request(message), (error) => error.code === rejects, `${why}: not ${rejects}`);
  }
});

test("the window is isolated and shows the gateway's page", () => {
  const [window] = FakeWindow.opened;
  assert.equal(window.url, `${origin}/`);
  const { contextIsolation, sandbox, nodeIntegration, preload } = window.options.webPreferences;
  assert.deepEqual({ contextIsolation, sandbox, nodeIntegration }, { contextIsolation: true, sandbox: true, nodeIntegration: false });
  assert.match(preload, /preload\.js$/);
});

test("the page gets three things and nothing of Electron", () => {
  assert.deepEqual(Object.keys(exposed), ["tt_desktop"]);
  assert.deepEqual(Object.keys(exposed.tt_desktop), ["version", "host", "call", "on"]);
});

test("only the top frame of the gateway's page may call", async () => {
  const [window] = FakeWindow.opened;
  for (const frame of [{ url: "http://evil.example/" }, { parent: {} }, { url: `${origin}.evil.example/` }]) {
    const answer = await handlers.tt_desktop(event_of(window, frame), { method: "app_info", params: {} });
    assert.equal(answer.error.code, "refused");
  }
  assert.equal((await handlers.tt_desktop({ sender: { window }, senderFrame: null }, { method: "app_info" })).ok, false);
});

test("foreign pages are neither navigated to nor opened inside", () => {
  const contents = Object.assign(new EventEmitter(), {
    setWindowOpenHandler(handler) { this.open = handler; },
    session: { setPermissionRequestHandler(handler) { this.ask = handler; } },
  });
  app.emit("web-contents-created", {}, contents);
  const goes = (url) => {
    let prevented = false;
    contents.emit("will-navigate", { preventDefault: () => (prevented = true) }, url);
    return !prevented;
  };
  assert.deepEqual([goes(`${origin}/popout.html`), goes("http://evil.example/"), goes("file:///etc/passwd")], [true, false, false]);
  assert.equal(contents.open({ url: `${origin}/popout.html` }).action, "allow");
  assert.equal(contents.open({ url: "https://docs.example/" }).action, "deny");
  assert.equal(contents.open({ url: "file:///etc/passwd" }).action, "deny");
  assert.deepEqual(opened_outside, ["https://docs.example/"]);
  let allowed;
  contents.session.ask(contents, "geolocation", (yes) => (allowed = yes));
  assert.equal(allowed, false);
});

test("windows are moved and tell where they are", async () => {
  const bounds = { left: 1, top: 2, width: 300, height: 400 };
  assert.deepEqual(await call("set_window", { bounds }), { state: "normal", bounds });
  assert.equal((await call("set_window", { state: "maximized" })).state, "maximized");
  assert.deepEqual((await call("window")).bounds, bounds);
});

test("files never overwrite, and names are checked", async () => {
  assert.equal((await call("save_file", { name: "a.csv", text: "one" })).path, join(folder, "downloads", "a.csv"));
  assert.equal((await call("save_file", { name: "a.csv", base64: "dHdv" })).path, join(folder, "downloads", "a (2).csv"));
  assert.equal(readFileSync(join(folder, "downloads", "a.csv"), "utf8"), "one");
  assert.equal(readFileSync(join(folder, "downloads", "a (2).csv"), "utf8"), "two");
  await assert.rejects(call("save_file", { name: "../a.csv", text: "" }), (error) => error.code === "invalid_argument");
  assert.deepEqual(readdirSync(join(folder, "downloads")).sort(), ["a (2).csv", "a.csv"]);
});

test("secrets are sealed, in a private file", async () => {
  await assert.rejects(call("secret_get", { name: "gateway_token" }), (error) => error.code === "not_found");
  await call("secret_set", { name: "gateway_token", value: "tt_secret" });
  assert.equal(await call("secret_get", { name: "gateway_token" }), "tt_secret");
  assert.deepEqual(await call("secret_names"), ["gateway_token"]);
  const file = join(folder, "secrets.json");
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.ok(!readFileSync(file, "utf8").includes("tt_secret"));
});

test("the stop switch reaches the gateway with the token", async () => {
  assert.deepEqual(await call("emergency_stop", { reason: "enough", mode: "flatten" }), { kill_active: true });
  assert.deepEqual(stops, [{
    path: "/api/v1/risk/emergency-stop", token: "Bearer tt_secret", body: { mode: "flatten", reason: "enough", scope: {}, cancel_open: true },
  }]);
  await call("secret_delete", { name: "gateway_token" });
  await assert.rejects(call("secret_delete", { name: "gateway_token" }), (error) => error.code === "not_found");
});

test("notifications, and what this host can't do", async () => {
  await call("notify", { title: "Filled", urgency: "critical" });
  assert.deepEqual(shown, [{ title: "Filled", body: "", urgency: "critical" }]);
  await assert.rejects(call("restart_node"), (error) => error.code === "refused");
  await assert.rejects(call("exec", { command: "id" }), (error) => error.code === "unsupported");
  const info = await call("app_info");
  assert.equal(info.host, "electron");
  assert.equal(info.node, null);
  assert.deepEqual(info.methods, contract.methods);
});
