#include "ui-bridge/desktop/browser/page_script.hpp"

namespace tt::desktop {

namespace {

std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '&') out += "&amp;";
    else if (c == '<') out += "&lt;";
    else if (c == '>') out += "&gt;";
    else if (c == '"') out += "&quot;";
    else out += c;
  }
  return out;
}

} // namespace

std::string page_script() {
  return R"js((() => {
  "use strict";
  const post = globalThis.__tt_desktop_send;
  if (globalThis !== globalThis.top || typeof post !== "function" || globalThis.tt_desktop) return;
  const waiting = new Map();
  const listeners = new Set();
  let next_id = 1;
  const failure = ({ code, message, field }) => Object.assign(new Error(message), { code, field });
  const call = (method, params = {}) => new Promise((resolve, reject) => {
    const id = next_id++;
    waiting.set(id, { resolve, reject });
    post(JSON.stringify({ id, method, params }));
  });
  const on = (listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  };
  const take = (message) => {
    if (message.event !== undefined) {
      for (const listener of listeners) listener(message);
      return;
    }
    const call = waiting.get(message.id);
    waiting.delete(message.id);
    if (message.ok) call?.resolve(message.value);
    else call?.reject(failure(message.error));
  };
  Object.defineProperty(globalThis, Symbol.for("tt.desktop"), { value: take });
  Object.defineProperty(globalThis, "tt_desktop", { value: Object.freeze({ version: 1, call, on }) });
})();)js";
}

std::string status_page(const std::string& title, const std::string& text, const std::string& log, restart_button button) {
  std::string out = R"(<!doctype html><html lang="en"><head><meta charset="utf-8"><title>TraderTerminal</title><style>
body { margin: 0; display: grid; place-content: center; min-height: 100vh; background: #0a0c0f; color: #d7dce2; font: 15px/1.5 sans-serif; }
main { max-width: 52rem; padding: 2rem; } h1 { font-size: 1.3rem; color: #f5a524; } pre { white-space: pre-wrap; overflow-wrap: anywhere; max-height: 50vh; overflow: auto;
background: #14181d; padding: 1rem; font-size: 12px; } button { font: inherit; padding: 0.4rem 1.2rem; background: #f5a524; color: #0a0c0f; border: 0; border-radius: 4px; }
</style></head><body><main data-testid="node-status"><h1>)";
  out += escaped(title) + "</h1><p>" + escaped(text) + "</p>";
  if (button == restart_button::shown) out += R"(<p><button id="restart">Start the node again</button> <span id="answer" role="alert"></span></p>)";
  if (!log.empty()) out += "<pre>" + escaped(log) + "</pre>";
  out += R"js(</main><script>
addEventListener("DOMContentLoaded", () => {
  document.getElementById("restart")?.addEventListener("click", () => {
    globalThis.tt_desktop.call("restart_node").catch((error) => { document.getElementById("answer").textContent = error.message; });
  });
});
</script></body></html>)js";
  return out;
}

} // namespace tt::desktop
