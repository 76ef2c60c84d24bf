import { defineStore } from "pinia";
import { ref } from "vue";
import { error_text, is_abort } from "../api/http";

/// What the user should read: toasts that go by themselves and a log of the
/// last ones. Nothing the gateway reports as an error is dropped silently.

export interface Notice {
  id: number;
  level: "error" | "warning" | "info";
  text: string;
  at_ms: number;
  /// How often the same text came while it was showing.
  count: number;
}

const shown_ms = { error: 12_000, warning: 8_000, info: 4_000 };
const toast_limit = 4;
const log_limit = 100;

export const use_notices = defineStore("notices", () => {
  const toasts = ref<Notice[]>([]);
  const log = ref<Notice[]>([]);
  let next_id = 1;

  function show(level: Notice["level"], text: string): void {
    const same = toasts.value.find((notice) => notice.text === text && notice.level === level);
    if (same) {
      same.count += 1;
      return;
    }
    const notice: Notice = { id: next_id++, level, text, at_ms: Date.now(), count: 1 };
    toasts.value = [...toasts.value, notice].slice(-toast_limit);
    keep(notice);
    setTimeout(() => dismiss(notice.id), shown_ms[level]);
  }

  /// Only into the log: for what the screen already shows in its own way.
  function note(level: Notice["level"], text: string): void {
    keep({ id: next_id++, level, text, at_ms: Date.now(), count: 1 });
  }

  function keep(notice: Notice): void {
    log.value = [notice, ...log.value].slice(0, log_limit);
  }

  function dismiss(id: number): void {
    toasts.value = toasts.value.filter((notice) => notice.id !== id);
  }

  /// Shows a failure with its own text; an abort is not one.
  function failure(error: unknown): void {
    if (!is_abort(error)) show("error", error_text(error));
  }

  return { toasts, log, show, note, dismiss, failure };
});
