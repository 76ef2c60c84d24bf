import { request } from "../api/http";
import { BridgeError } from "./bridge";
import type { AppInfo, DesktopBridge, SavedFile, StopMode, StopScope, Urgency, WindowPlace } from "./bridge";

/// A plain browser as host: what it can do it does, the rest fails with
/// `not_available` and says why.
export class BrowserBridge implements DesktopBridge {
  readonly host = "browser";

  async app_info(): Promise<AppInfo> {
    return {
      host: this.host, version: "", browser: navigator.userAgent, platform: navigator.platform, gateway: location.origin,
      methods: ["app_info", "window", "close_window", "notify", "save_file", "emergency_stop"],
      has_notifications: "Notification" in globalThis, export_folder: "", node: null,
    };
  }

  async window(): Promise<WindowPlace> {
    const { screenX, screenY, outerWidth, outerHeight } = globalThis;
    const state = document.fullscreenElement ? "fullscreen" : "normal";
    return { state, bounds: { left: screenX, top: screenY, width: outerWidth, height: outerHeight } };
  }

  async close_window(): Promise<void> {
    globalThis.close();
  }

  async notify({ title, body = "" }: { title: string; body?: string; urgency?: Urgency }): Promise<void> {
    if (!("Notification" in globalThis)) throw missing("This browser has no notifications");
    const permission = Notification.permission === "default" ? await Notification.requestPermission() : Notification.permission;
    if (permission !== "granted") throw new BridgeError("Notifications are not allowed for this page", "refused");
    new Notification(title, { body, icon: "/favicon.svg" });
  }

  async save_file(name: string, content: string | Uint8Array): Promise<SavedFile> {
    const blob = new Blob([content as BlobPart], { type: "application/octet-stream" });
    const link = document.createElement("a");
    link.href = URL.createObjectURL(blob);
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000); // the download has its data by then
    return { path: name, bytes: blob.size };
  }

  async emergency_stop(reason: string, mode: StopMode = "halt", scope: StopScope = {}): Promise<unknown> {
    return (await request("/api/v1/risk/emergency-stop", { method: "POST", body: { mode, scope, cancel_open: true, reason } })).data;
  }

  set_window = () => Promise.reject(missing("A browser's window is moved by its user"));
  secret_get = () => Promise.reject(no_secrets());
  secret_set = () => Promise.reject(no_secrets());
  secret_delete = () => Promise.reject(no_secrets());
  secret_names = () => Promise.reject(no_secrets());
  restart_node = () => Promise.reject(new BridgeError("This page did not start the node", "refused"));
  on_node = () => () => {};
}

const missing = (text: string) => new BridgeError(text, "not_available");
const no_secrets = () => missing("A browser has no place that keeps secrets");
