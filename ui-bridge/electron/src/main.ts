import { app, BrowserWindow, ipcMain, Notification, safeStorage, shell } from "electron";
import type { IpcMainInvokeEvent } from "electron";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join, parse } from "node:path";
import { method_names, read_request, Rejected } from "./requests";

/// The terminal's page in Electron, with the same bridge as the shell in C++. It
/// attaches to a gateway (`TT_GATEWAY`, default http://localhost:8080); it starts none.

const gateway = new URL(process.env["TT_GATEWAY"] ?? "http://localhost:8080").origin;
const secrets_file = () => join(app.getPath("userData"), "secrets.json");
const stop_deadline_ms = 10_000;
const max_name_tries = 1000;

class Failure extends Error {
  constructor(readonly code: string, message: string, readonly field?: string) {
    super(message);
  }
}

type Secrets = Record<string, string>; // name to encrypted value, base64; of this gateway's page only
const read_all = (): Record<string, Secrets> => (existsSync(secrets_file()) ? (JSON.parse(readFileSync(secrets_file(), "utf8")) as Record<string, Secrets>) : {});
function change_secrets(change: (own: Secrets) => void): void {
  if (!safeStorage.isEncryptionAvailable()) throw new Failure("not_available", "this desktop has no keyring");
  const all = read_all();
  const own: Secrets = Object.assign(Object.create(null), all[gateway]);
  change(own);
  writeFileSync(`${secrets_file()}.new`, JSON.stringify({ ...all, [gateway]: own }), { mode: 0o600 });
  renameSync(`${secrets_file()}.new`, secrets_file());
}
function secret(name: string): string | undefined {
  const kept = Object.entries(read_all()[gateway] ?? {}).find(([each]) => each === name)?.[1];
  return kept === undefined ? undefined : safeStorage.decryptString(Buffer.from(kept, "base64"));
}

/// Writes into the downloads folder, under a free name.
function save_file(name: string, bytes: Buffer): { path: string; bytes: number } {
  const folder = app.getPath("downloads");
  mkdirSync(folder, { recursive: true });
  const { name: stem, ext } = parse(name);
  for (let i = 1; i <= max_name_tries; i += 1) {
    const path = join(folder, i === 1 ? name : `${stem} (${i})${ext}`);
    try {
      writeFileSync(path, bytes, { flag: "wx" });
      return { path, bytes: bytes.length };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw new Failure("io_error", (error as Error).message);
    }
  }
  throw new Failure("conflict", "too many files of that name", "name");
}

async function emergency_stop({ mode = "halt", reason, scope = {} }: Record<string, unknown>): Promise<unknown> {
  const token = secret("gateway_token");
  const { protocol, hostname } = new URL(gateway);
  if (token && protocol !== "https:" && !/^(localhost|127\.[\d.]+|\[::1\])$/.test(hostname)) throw new Failure("refused", "a token goes over TLS or to this machine only");
  const reply = await fetch(`${gateway}/api/v1/risk/emergency-stop`, {
    method: "POST", redirect: "error", signal: AbortSignal.timeout(stop_deadline_ms),
    headers: { "content-type": "application/json", ...(token ? { authorization: `Bearer ${token}` } : {}) },
    body: JSON.stringify({ mode, reason, scope, cancel_open: true }),
  });
  const document = (await reply.json().catch(() => ({}))) as { detail?: string };
  if (!reply.ok) throw new Failure(reply.status === 503 ? "not_available" : "refused", document.detail ?? `the gateway answered ${reply.status}`);
  return document;
}

function place_of(window: BrowserWindow) {
  const { x, y, width, height } = window.getBounds();
  const state = window.isFullScreen() ? "fullscreen" : window.isMaximized() ? "maximized" : window.isMinimized() ? "minimized" : "normal";
  return { state, bounds: { left: x, top: y, width, height } };
}
function set_window(window: BrowserWindow, { state = "normal", bounds }: { state?: string; bounds?: { left: number; top: number; width: number; height: number } }) {
  window.setFullScreen(state === "fullscreen");
  if (state === "maximized") window.maximize();
  else if (state === "minimized") window.minimize();
  else if (state === "normal") window.isMinimized() ? window.restore() : window.unmaximize();
  if (bounds) window.setBounds({ x: bounds.left, y: bounds.top, width: bounds.width, height: bounds.height });
  return place_of(window);
}

async function carry_out(window: BrowserWindow, method: string, params: any): Promise<unknown> { // eslint-disable-line @typescript-eslint/no-explicit-any
  switch (method) {
    case "app_info": return { host: "electron", version: app.getVersion(), browser: `Chrome/${process.versions["chrome"]}`, platform: process.platform, gateway,
      methods: method_names, has_notifications: Notification.isSupported(), export_folder: app.getPath("downloads"), node: null };
    case "window": return place_of(window);
    case "set_window": return set_window(window, params);
    case "close_window": return void setImmediate(() => window.close());
    case "notify": return void new Notification({ title: params.title, body: params.body ?? "", urgency: params.urgency ?? "normal" }).show();
    case "save_file": return save_file(params.name, params.text === undefined ? Buffer.from(params.base64, "base64") : Buffer.from(params.text, "utf8"));
    case "secret_set": return change_secrets((own) => (own[params.name] = safeStorage.encryptString(params.value).toString("base64")));
    case "secret_delete": return change_secrets((own) => { if (!delete_own(own, params.name)) throw new Failure("not_found", "there is no such secret", "name"); });
    case "secret_names": return Object.keys(read_all()[gateway] ?? {});
    case "emergency_stop": return emergency_stop(params);
    case "secret_get": {
      const value = secret(params.name);
      if (value === undefined) throw new Failure("not_found", "there is no such secret", "name");
      return value;
    }
    default: throw new Failure("refused", "this window is attached to a gateway that it did not start");
  }
}
const delete_own = (own: Secrets, name: string) => name in own && delete own[name];

/// Only the top frame of the gateway's own page may call.
export async function on_call(event: Pick<IpcMainInvokeEvent, "sender" | "senderFrame">, message: unknown): Promise<unknown> {
  try {
    const frame = event.senderFrame;
    if (!frame || frame.parent || !is_own(frame.url)) throw new Failure("refused", "only the gateway's page may call");
    const window = BrowserWindow.fromWebContents(event.sender);
    if (!window) throw new Failure("not_found", "the window is gone");
    const { method, params } = read_request(message);
    return { ok: true, value: (await carry_out(window, method, params)) ?? null };
  } catch (error) {
    const { message: text, code, field } = error as Failure;
    if (error instanceof Rejected || code === "refused") console.error(`tt-electron: rejected: ${text}`);
    return { ok: false, error: { code: typeof code === "string" ? code : "internal", message: text, ...(field ? { field } : {}) } };
  }
}

const web_preferences = { preload: join(__dirname, "preload.js"), contextIsolation: true, sandbox: true, nodeIntegration: false, webSecurity: true };
const is_own = (url: string) => URL.canParse(url) && new URL(url).origin === gateway;

export function open_window(): BrowserWindow {
  const window = new BrowserWindow({ width: 1600, height: 900, title: "TraderTerminal", backgroundColor: "#0a0c0f", webPreferences: web_preferences });
  void window.loadURL(`${gateway}/`);
  return window;
}

app.on("web-contents-created", (_event, contents) => {
  contents.on("will-navigate", (event, url) => { if (!is_own(url)) event.preventDefault(); });
  contents.setWindowOpenHandler(({ url }) => {
    if (is_own(url)) return { action: "allow", overrideBrowserWindowOptions: { webPreferences: web_preferences } }; // pop-outs
    if (url.startsWith("https://")) void shell.openExternal(url);
    return { action: "deny" };
  });
  contents.session.setPermissionRequestHandler((_contents, _permission, answer) => answer(false));
});
app.on("window-all-closed", () => app.quit());
ipcMain.handle("tt_desktop", on_call);
void app.whenReady().then(open_window);
