import { onMounted, type ShallowRef } from "vue";

/// A <dialog> that is open while its component stands; `closed` is called
/// once, in the event that closes it. The browser's own report comes a task
/// later: by then the same dialog may have been asked for again, and must not
/// be taken for the one that went.
///
/// The template binds `close` to the dialog's `close` event, to Escape and to
/// a click beside it.
export function use_modal(dialog: Readonly<ShallowRef<HTMLDialogElement | null>>, closed: () => void): { close: () => void } {
  let is_closed = false;
  onMounted(() => dialog.value?.showModal());
  function close(): void {
    if (is_closed) return;
    is_closed = true;
    dialog.value?.close();
    closed();
  }
  return { close };
}
