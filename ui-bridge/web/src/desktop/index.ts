import type { DesktopBridge } from "./bridge";
import { BrowserBridge } from "./browser_bridge";
import { HostBridge } from "./host_bridge";
import type { HostObject } from "./host_bridge";

export * from "./bridge";

type Hosted = { tt_desktop?: HostObject };

/// Whether this page is shown by a desktop shell.
export const has_host = (): boolean => (globalThis as Hosted).tt_desktop?.version === 1;

let own: DesktopBridge | undefined;

/// The bridge of this window.
export function desktop(): DesktopBridge {
  own ??= bridge_of(globalThis);
  return own;
}

/// The bridge of a window: a pop-out asks and moves its own frame with its own.
export function bridge_of(window: unknown): DesktopBridge {
  const shell = (window as Hosted).tt_desktop;
  return shell?.version === 1 ? new HostBridge(shell) : new BrowserBridge();
}
