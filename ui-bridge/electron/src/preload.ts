import { contextBridge, ipcRenderer } from "electron";

/// The page's side of the bridge, the same object as in the shell in C++. The page
/// gets these functions and nothing of Electron. An Error loses its fields on the way
/// through the context bridge, so a failure is thrown as a plain object with its text.

interface Answer {
  ok: boolean;
  value?: unknown;
  error?: { code: string; message: string; field?: string };
}

const listeners = new Set<(message: { event: string }) => void>();

contextBridge.exposeInMainWorld("tt_desktop", {
  version: 1,
  host: "electron",
  async call(method: string, params: object = {}): Promise<unknown> {
    const answer = (await ipcRenderer.invoke("tt_desktop", { method, params })) as Answer;
    if (answer.ok) return answer.value;
    throw answer.error;
  },
  /// This host starts no node, so it has nothing to tell.
  on(listener: (message: { event: string }) => void): () => void {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  },
});
