import { defineStore } from "pinia";
import { shallowRef } from "vue";
import { fetch_hotkeys, store_hotkeys } from "../api/gateway";
import { ApiError } from "../api/http";
import { use_notices } from "./notices";
import { load, save } from "./storage";

/// The user's own keys, by the name of what they do. Kept by the gateway, so that
/// each screen of a user has them, and in the browser for the time before the
/// gateway has answered.

type Keys = Readonly<Record<string, string>>;

function is_keys(value: unknown): value is Keys {
  return typeof value === "object" && value !== null && !Array.isArray(value) && Object.values(value).every((key) => typeof key === "string");
}

export const use_hotkeys = defineStore("hotkeys", () => {
  const notices = use_notices();
  const own = shallowRef<Keys>(load("hotkeys", is_keys, {}));
  let etag: string | undefined;
  /// False once the gateway said that it has no such route.
  let gateway_keeps = true;

  function take(keys: Keys): void {
    own.value = keys;
    save("hotkeys", keys);
  }

  async function read(): Promise<void> {
    try {
      const stored = await fetch_hotkeys();
      etag = stored.etag;
      const keys = (stored.keys as { keys?: unknown } | undefined)?.keys;
      if (is_keys(keys)) take(keys);
    } catch (error) {
      if (error instanceof ApiError && (error.status === 404 || error.status === 405)) gateway_keeps = false;
      else notices.failure(error);
    }
  }

  async function keep(keys: Keys): Promise<void> {
    take(keys);
    if (!gateway_keeps) return;
    try {
      etag = await store_hotkeys({ version: 1, keys }, etag);
    } catch (error) {
      // changed by another window in between: its version, with this change on top
      if (!(error instanceof ApiError) || error.status !== 412) return notices.failure(error);
      etag = (await fetch_hotkeys()).etag;
      etag = await store_hotkeys({ version: 1, keys }, etag).catch((again: unknown) => (notices.failure(again), etag));
    }
  }

  const assign = (id: string, key: string) => keep({ ...own.value, [id]: key });
  const reset = (id: string) => keep(Object.fromEntries(Object.entries(own.value).filter(([name]) => name !== id)));
  const reset_all = () => keep({});

  return { own, read, assign, reset, reset_all };
});
