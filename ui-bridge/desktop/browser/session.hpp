#pragma once

// The browser's debugging protocol as far as the shell needs it: which pages there
// are, the bridge in each of them, calls in, answers out, and which documents may be
// loaded. Pure: messages in, messages out; no pipe, no clock.

#include "actors/model/result.hpp"
#include "ui-bridge/desktop/bridge/request.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace tt::desktop {

/// Where a call came from and where its answer goes.
struct caller {
  std::string session; ///< of the protocol, one per page
  std::int64_t context = 0;
};

/// What a request for a document of the gateway is answered with: itself, or the
/// page that stands in while the node is not there.
enum class document_rule : std::uint8_t { load, replace };

/// What the session tells and asks its owner.
class session_owner {
public:
  virtual ~session_owner() = default;
  /// A call from a page of the gateway's own origin; the text is unchecked.
  virtual void on_call(const caller& from, const std::string& payload) = 0;
  /// Something that the bridge does not let through, for the log.
  virtual void on_rejected(const std::string& why) = 0;
  /// A page wants to load a document of the gateway.
  virtual document_rule rule_for_document() = 0;
  /// The document that stands in where the rule is `replace`: HTML.
  virtual std::string replacement_document() = 0;
  /// The main window is there and its bridge is in place.
  virtual void on_main_page() = 0;
  /// The main window's document could not be loaded (or could, after all).
  virtual void on_load(bool was_reachable) = 0;
  /// The main window is closed.
  virtual void on_main_closed() = 0;
};

class browser_session {
public:
  using reply = std::function<void(result<nlohmann::json>)>;

  /// `origin`: of the gateway, as a browser writes it (http://localhost:8080).
  /// `page_script`: runs in every document of a page before its own scripts.
  browser_session(std::string origin, std::string page_script, session_owner& owner);

  /// Asks the browser to attach to every page. Once, at the beginning.
  void start();

  /// Takes one message of the browser. One that makes no sense is dropped.
  void on_message(std::string_view text);

  /// Messages for the browser, without their zero bytes. The caller takes them all.
  std::deque<std::string>& outgoing() { return outgoing_; }

  /// Sends the answer of a call to the page; nowhere when the page is gone.
  void answer(const caller& to, const nlohmann::json& message);
  /// Sends a message to every page of the gateway's origin.
  void tell_pages(const nlohmann::json& message);

  void read_window(const std::string& session, reply done);
  void change_window(const std::string& session, const set_window& how, reply done);
  void close_page(const std::string& session);
  /// Loads the main window's document again, from the gateway.
  void reload_main();
  /// The gateway answers elsewhere now (a node that takes any free port, restarted).
  void set_origin(std::string origin) { origin_ = std::move(origin); }
  /// Closes every window and ends the browser.
  void close_browser();

  [[nodiscard]] const std::string& browser_version() const { return version_; }
  [[nodiscard]] std::size_t page_count() const { return pages_.size(); }

private:
  struct page_context {
    std::string origin, frame;
    bool is_page_world = false; ///< the page's own scripts, not an isolated world
  };
  struct page_state {
    std::string target;
    bool is_main = false;
    std::map<std::int64_t, page_context> contexts;
  };

  void send(const std::string& session, const std::string& method, nlohmann::json params, reply done = {});
  void on_event(const std::string& method, const std::string& session, const nlohmann::json& params);
  void on_attached(const nlohmann::json& params);
  void on_detached(const std::string& session);
  void on_context(page_state& in, const nlohmann::json& params);
  void on_binding(const std::string& session, page_state& in, const nlohmann::json& params);
  void on_document(const std::string& session, const nlohmann::json& params);
  void on_navigated(const page_state& in, const nlohmann::json& params);
  void equip(const std::string& session);
  void with_window(const std::string& session, reply failed, std::function<void(std::int64_t, const nlohmann::json&)> then);
  [[nodiscard]] bool may_call(const page_state& in, const page_context& from) const;
  void call_page(const std::string& session, std::int64_t context_id, const nlohmann::json& message);

  std::string origin_, page_script_;
  session_owner& owner_;
  std::deque<std::string> outgoing_;
  std::map<std::string, page_state> pages_; ///< by session
  std::map<std::int64_t, reply> replies_;
  std::int64_t next_id_ = 1;
  std::string version_;
  bool had_main_ = false;
};

/// The origin of a URL, "scheme://host[:port]", default ports left out; empty where
/// there is none (about:, data:, blob: …).
std::string origin_of(std::string_view url);

} // namespace tt::desktop
