/// What a host of this page (a desktop shell) can do for it. The same calls exist
/// in a plain browser, where some of them say that they can't be done.
///
/// Methods, their fields and limits: `ui-bridge/desktop/contract.json`.

export type HostName = "chromium" | "electron" | "browser";
export type NodeState = "starting" | "ready" | "stopping" | "ended";
export type WindowState = "normal" | "minimized" | "maximized" | "fullscreen";
export type Urgency = "low" | "normal" | "critical";
export type StopMode = "halt" | "reduce" | "flatten";

/// The node that the shell started.
export interface HostNode {
  state: NodeState;
  /// Why it ended by itself; empty otherwise.
  reason: string;
  /// Its last lines, oldest first.
  log: string[];
}

export interface AppInfo {
  host: HostName;
  version: string;
  /// The engine, as it names itself.
  browser: string;
  platform: string;
  /// Origin of the gateway.
  gateway: string;
  methods: string[];
  has_notifications: boolean;
  /// Where save_file writes; empty where the browser decides.
  export_folder: string;
  /// Absent where the host attached to a gateway that it did not start.
  node: HostNode | null;
}

/// Outer frame, in screen pixels.
export interface WindowBounds {
  left: number;
  top: number;
  width: number;
  height: number;
}

export interface WindowPlace {
  state: WindowState;
  bounds: WindowBounds;
}

export interface SavedFile {
  /// Where it is; only its name where the browser decides.
  path: string;
  bytes: number;
}

export interface StopScope {
  account_id?: string;
  strategy_id?: string;
  symbol?: string;
}

/// What the shell tells without being asked.
export interface NodeEvent extends HostNode {
  event: "node";
}

/// A call that failed: `code` as the project's error codes (`refused`,
/// `not_available`, `invalid_argument` …), `field` where one is to blame.
export class BridgeError extends Error {
  constructor(message: string, readonly code: string, readonly field?: string) {
    super(message);
    this.name = "BridgeError";
  }
}

export interface DesktopBridge {
  readonly host: HostName;
  app_info(): Promise<AppInfo>;
  /// Place of this window. A pop-out has a bridge of its own: see `bridge_of`.
  window(): Promise<WindowPlace>;
  set_window(place: { state?: WindowState; bounds?: WindowBounds }): Promise<WindowPlace>;
  close_window(): Promise<void>;
  notify(message: { title: string; body?: string; urgency?: Urgency }): Promise<void>;
  /// Never overwrites. Text, or bytes of any kind.
  save_file(name: string, content: string | Uint8Array): Promise<SavedFile>;
  secret_get(name: string): Promise<string>;
  secret_set(name: string, value: string): Promise<void>;
  secret_delete(name: string): Promise<void>;
  secret_names(): Promise<string[]>;
  /// The gateway's stop switch, on a way of its own past this page's connection.
  emergency_stop(reason: string, mode?: StopMode, scope?: StopScope): Promise<unknown>;
  /// Only where the host started the node.
  restart_node(): Promise<void>;
  /// Gives a function that ends the listening.
  on_node(listener: (event: NodeEvent) => void): () => void;
}
