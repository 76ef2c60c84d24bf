import { BridgeError } from "./bridge";
import type {
  AppInfo, DesktopBridge, HostName, NodeEvent, SavedFile, StopMode, StopScope, Urgency, WindowBounds, WindowPlace, WindowState,
} from "./bridge";

/// What a shell puts into the page, the same in each.
export interface HostObject {
  readonly version: 1;
  readonly host?: HostName;
  call(method: string, params?: object): Promise<unknown>;
  on(listener: (message: { event: string }) => void): () => void;
}

/// The bridge over the object that the shell left in the page.
export class HostBridge implements DesktopBridge {
  constructor(private readonly shell: HostObject) {}

  get host(): HostName {
    return this.shell.host ?? "chromium";
  }

  app_info = () => this.call<AppInfo>("app_info");
  window = () => this.call<WindowPlace>("window");
  set_window = (place: { state?: WindowState; bounds?: WindowBounds }) => this.call<WindowPlace>("set_window", place);
  close_window = () => this.call<void>("close_window");
  notify = (message: { title: string; body?: string; urgency?: Urgency }) => this.call<void>("notify", message);
  secret_get = (name: string) => this.call<string>("secret_get", { name });
  secret_set = (name: string, value: string) => this.call<void>("secret_set", { name, value });
  secret_delete = (name: string) => this.call<void>("secret_delete", { name });
  secret_names = () => this.call<string[]>("secret_names");
  restart_node = () => this.call<void>("restart_node");

  save_file(name: string, content: string | Uint8Array): Promise<SavedFile> {
    return this.call("save_file", typeof content === "string" ? { name, text: content } : { name, base64: base64(content) });
  }

  emergency_stop(reason: string, mode: StopMode = "halt", scope: StopScope = {}): Promise<unknown> {
    return this.call("emergency_stop", { mode, reason, scope });
  }

  on_node(listener: (event: NodeEvent) => void): () => void {
    return this.shell.on((message) => {
      if (message.event === "node") listener(message as NodeEvent);
    });
  }

  private async call<T>(method: string, params: object = {}): Promise<T> {
    try {
      return (await this.shell.call(method, params)) as T;
    } catch (error) {
      const { message, code, field } = error as Error & { code?: string; field?: string };
      throw new BridgeError(message, code ?? "internal", field);
    }
  }
}

function base64(bytes: Uint8Array): string {
  const step = 0x8000; // what one call may have as arguments
  let binary = "";
  for (let at = 0; at < bytes.length; at += step) binary += String.fromCharCode(...bytes.subarray(at, at + step));
  return btoa(binary);
}
