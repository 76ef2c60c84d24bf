#include "ui-bridge/desktop/browser/session.hpp"

#include "ui-bridge/desktop/bridge/limits.hpp"
#include "ui-bridge/desktop/bridge/text.hpp"

#include <algorithm>

namespace tt::desktop {

using nlohmann::json;

namespace {

constexpr const char* binding_name = "__tt_desktop_send";
constexpr std::size_t max_waiting_replies = 10'000;
constexpr std::size_t max_protocol_depth = 64;

/// Text of a field, empty when it is missing or something else.
std::string text_of(const json& object, const char* name) {
  if (!object.is_object()) return {};
  const auto at = object.find(name);
  return at != object.end() && at->is_string() ? at->get<std::string>() : std::string{};
}

std::int64_t number_of(const json& object, const char* name) {
  if (!object.is_object()) return 0;
  const auto at = object.find(name);
  return at != object.end() && at->is_number_integer() ? at->get<std::int64_t>() : 0;
}

const json& child_of(const json& object, const char* name) {
  static const json nothing = json::object();
  if (!object.is_object()) return nothing;
  const auto at = object.find(name);
  return at != object.end() && at->is_object() ? *at : nothing;
}

std::string base64(std::string_view bytes) {
  constexpr const char* digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t bits = 0;
    for (std::size_t k = 0; k < 3; ++k) bits = bits << 8 | (i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0U);
    for (std::size_t k = 0; k < 4; ++k) out += i + k > bytes.size() ? '=' : digits[bits >> (18 - 6 * k) & 63];
  }
  return out;
}

json window_json(const json& bounds) {
  return {{"state", text_of(bounds, "windowState")},
          {"bounds", {{"left", number_of(bounds, "left")}, {"top", number_of(bounds, "top")},
                      {"width", number_of(bounds, "width")}, {"height", number_of(bounds, "height")}}}};
}

} // namespace

std::string origin_of(std::string_view url) {
  const auto colon = url.find("://");
  if (colon == std::string_view::npos) return {};
  const auto scheme = url.substr(0, colon);
  if (scheme != "http" && scheme != "https") return {};
  auto host = url.substr(colon + 3);
  host = host.substr(0, host.find_first_of("/?#\\"));
  if (const auto at = host.rfind('@'); at != std::string_view::npos) host.remove_prefix(at + 1);
  if (host.empty()) return {};
  std::string out = std::string(scheme) + "://" + std::string(host);
  std::transform(out.begin(), out.end(), out.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  const std::string_view port = scheme == "http" ? ":80" : ":443";
  if (out.ends_with(port)) out.resize(out.size() - port.size());
  return out;
}

browser_session::browser_session(std::string origin, std::string page_script, session_owner& owner)
    : origin_(std::move(origin)), page_script_(std::move(page_script)), owner_(owner) {}

void browser_session::start() {
  send("", "Browser.getVersion", json::object(), [this](const result<json>& got) {
    if (got) version_ = text_of(*got, "product");
  });
  send("", "Target.setAutoAttach", {{"autoAttach", true}, {"waitForDebuggerOnStart", true}, {"flatten", true}});
}

void browser_session::send(const std::string& session, const std::string& method, json params, reply done) {
  json message{{"id", next_id_}, {"method", method}, {"params", std::move(params)}};
  if (!session.empty()) message["sessionId"] = session;
  if (done) {
    if (replies_.size() >= max_waiting_replies) return done(error{errc::limit_exceeded, "the browser does not answer"});
    replies_.emplace(next_id_, std::move(done));
  }
  ++next_id_;
  outgoing_.push_back(message.dump(-1, ' ', false, json::error_handler_t::replace));
}

void browser_session::on_message(std::string_view text) {
  if (nesting_of(text) > max_protocol_depth) return;
  const auto message = json::parse(text, nullptr, false);
  if (!message.is_object()) return;
  if (message.contains("id")) {
    const auto waiting = replies_.extract(number_of(message, "id"));
    if (waiting.empty()) return;
    if (message.contains("error")) return waiting.mapped()(error{errc::io_error, "the browser: " + text_of(child_of(message, "error"), "message")});
    return waiting.mapped()(child_of(message, "result"));
  }
  on_event(text_of(message, "method"), text_of(message, "sessionId"), child_of(message, "params"));
}

void browser_session::on_event(const std::string& method, const std::string& session, const json& params) {
  if (method == "Target.attachedToTarget") return on_attached(params);
  if (method == "Target.detachedFromTarget") return on_detached(text_of(params, "sessionId"));
  const auto at = pages_.find(session);
  if (at == pages_.end()) return;
  auto& page = at->second;
  if (method == "Runtime.executionContextCreated") return on_context(page, child_of(params, "context"));
  if (method == "Runtime.executionContextDestroyed") return void(page.contexts.erase(number_of(params, "executionContextId")));
  if (method == "Runtime.executionContextsCleared") return page.contexts.clear();
  if (method == "Runtime.bindingCalled") return on_binding(session, page, params);
  if (method == "Fetch.requestPaused") return on_document(session, params);
  if (method == "Page.frameNavigated") return on_navigated(page, child_of(params, "frame"));
}

void browser_session::on_attached(const json& params) {
  const auto session = text_of(params, "sessionId");
  const auto& target = child_of(params, "targetInfo");
  if (session.empty()) return;
  if (text_of(target, "type") != "page" || pages_.size() >= max_pages) { // workers and the like run without a bridge
    if (text_of(target, "type") == "page") owner_.on_rejected("a window over the limit of " + std::to_string(max_pages) + " gets no bridge");
    return send(session, "Runtime.runIfWaitingForDebugger", json::object());
  }
  const bool is_main = !had_main_ && text_of(target, "openerId").empty();
  had_main_ = had_main_ || is_main;
  pages_[session] = {text_of(target, "targetId"), is_main, {}};
  equip(session);
  if (is_main) owner_.on_main_page();
}

/// The order matters: everything is in place before the page's first script runs.
void browser_session::equip(const std::string& session) {
  send(session, "Page.enable", json::object());
  send(session, "Runtime.enable", json::object());
  send(session, "Runtime.addBinding", {{"name", binding_name}});
  send(session, "Page.addScriptToEvaluateOnNewDocument", {{"source", page_script_}, {"runImmediately", true}});
  send(session, "Fetch.enable", {{"patterns", {{{"urlPattern", "*"}, {"resourceType", "Document"}, {"requestStage", "Request"}}}}});
  send(session, "Runtime.runIfWaitingForDebugger", json::object());
}

void browser_session::on_detached(const std::string& session) {
  const auto gone = pages_.extract(session);
  if (!gone.empty() && gone.mapped().is_main) owner_.on_main_closed();
}

void browser_session::on_context(page_state& in, const json& params) {
  if (in.contexts.size() >= max_contexts) in.contexts.erase(in.contexts.begin()); // the oldest
  const auto& more = child_of(params, "auxData");
  const auto world = more.find("isDefault");
  in.contexts[number_of(params, "id")] = {text_of(params, "origin"), text_of(more, "frameId"),
                                          world != more.end() && world->is_boolean() && world->get<bool>()};
}

/// The top frame of a page that the gateway served. A frame inside it, a foreign
/// page or an isolated world has no say. A target's main frame has the target's id.
bool browser_session::may_call(const page_state& in, const page_context& from) const {
  return from.is_page_world && from.frame == in.target && from.origin == origin_;
}

void browser_session::on_binding(const std::string& session, page_state& in, const json& params) {
  if (text_of(params, "name") != binding_name) return;
  const auto id = number_of(params, "executionContextId");
  const auto from = in.contexts.find(id);
  if (from == in.contexts.end()) return owner_.on_rejected("a call from a document that is gone");
  if (!may_call(in, from->second)) return owner_.on_rejected("a call from " + tt::in_quotes(from->second.origin) + ", which is not the gateway's page");
  owner_.on_call({session, id}, text_of(params, "payload"));
}

void browser_session::on_document(const std::string& session, const json& params) {
  const auto request_id = text_of(params, "requestId");
  const auto url = text_of(child_of(params, "request"), "url");
  const auto block = [&] { send(session, "Fetch.failRequest", {{"requestId", request_id}, {"errorReason", "Aborted"}}); }; // the page that is there stays
  if (origin_of(url) != origin_) {
    owner_.on_rejected("a document of " + tt::in_quotes(origin_of(url)) + ": only the gateway's pages are shown here");
    return block();
  }
  switch (owner_.rule_for_document()) {
  case document_rule::load: return send(session, "Fetch.continueRequest", {{"requestId", request_id}});
  case document_rule::replace:
    return send(session, "Fetch.fulfillRequest",
                {{"requestId", request_id}, {"responseCode", 503}, {"body", base64(owner_.replacement_document())},
                 {"responseHeaders", {{{"name", "Content-Type"}, {"value", "text/html; charset=utf-8"}},
                                      {{"name", "Cache-Control"}, {"value", "no-store"}}}}});
  }
}

void browser_session::on_navigated(const page_state& in, const json& frame) {
  if (!in.is_main || text_of(frame, "id") != in.target) return;
  owner_.on_load(text_of(frame, "unreachableUrl").empty());
}

void browser_session::call_page(const std::string& session, std::int64_t context_id, const json& message) {
  send(session, "Runtime.callFunctionOn",
       {{"functionDeclaration", "function (message) { globalThis[Symbol.for('tt.desktop')]?.(message); }"},
        {"executionContextId", context_id}, {"arguments", {{{"value", message}}}}, {"silent", true}});
}

void browser_session::answer(const caller& to, const json& message) {
  const auto at = pages_.find(to.session);
  if (at == pages_.end() || !at->second.contexts.contains(to.context)) return;
  call_page(to.session, to.context, message);
}

void browser_session::tell_pages(const json& message) {
  for (const auto& [session, page] : pages_)
    for (const auto& [id, context] : page.contexts)
      if (may_call(page, context)) call_page(session, id, message);
}

void browser_session::with_window(const std::string& session, reply failed, std::function<void(std::int64_t, const json&)> then) {
  const auto at = pages_.find(session);
  if (at == pages_.end()) return failed(error{errc::not_found, "the window is gone"});
  send("", "Browser.getWindowForTarget", {{"targetId", at->second.target}},
       [failed = std::move(failed), then = std::move(then)](const result<json>& got) {
         if (!got) return failed(got.error());
         then(number_of(*got, "windowId"), child_of(*got, "bounds"));
       });
}

void browser_session::read_window(const std::string& session, reply done) {
  with_window(session, done, [done](std::int64_t, const json& bounds) { done(window_json(bounds)); });
}

void browser_session::change_window(const std::string& session, const set_window& how, reply done) {
  json bounds{{"windowState", to_string(how.state)}};
  if (how.bounds) bounds = {{"left", how.bounds->left}, {"top", how.bounds->top}, {"width", how.bounds->width}, {"height", how.bounds->height}};
  with_window(session, done, [this, session, done, how, bounds](std::int64_t window, const json& now) {
    const auto change = [this, window, session, done](const json& what) {
      send("", "Browser.setWindowBounds", {{"windowId", window}, {"bounds", what}}, [this, session, done](const result<json>& got) {
        if (!got) return done(got.error());
        read_window(session, done);
      });
    };
    // the browser takes neither bounds nor another state of a window that is not in its normal state
    if (text_of(now, "windowState") == "normal" || text_of(now, "windowState") == text_of(bounds, "windowState")) return change(bounds);
    send("", "Browser.setWindowBounds", {{"windowId", window}, {"bounds", {{"windowState", "normal"}}}}, [change, done, bounds](const result<json>& got) {
      if (!got) return done(got.error());
      change(bounds);
    });
  });
}

void browser_session::close_page(const std::string& session) {
  if (const auto at = pages_.find(session); at != pages_.end()) send("", "Target.closeTarget", {{"targetId", at->second.target}});
}

void browser_session::reload_main() {
  for (const auto& [session, page] : pages_)
    if (page.is_main) return send(session, "Page.navigate", {{"url", origin_ + "/"}});
}

void browser_session::close_browser() { send("", "Browser.close", json::object()); }

} // namespace tt::desktop
