#pragma once

// Carries out what the page asks for. One line of defence after parse_request():
// rates, calls in flight, and the log of what was turned away.

#include "ui-bridge/desktop/bridge/rate_limit.hpp"
#include "ui-bridge/desktop/bridge/request.hpp"
#include "ui-bridge/desktop/bridge/secret_store.hpp"
#include "ui-bridge/desktop/browser/session.hpp"
#include "ui-bridge/desktop/http/http_client.hpp"

#include <nlohmann/json.hpp>

#include <filesystem>
#include <functional>
#include <string>

namespace tt::desktop {

/// What the desk needs of the shell around it.
class desk_host {
public:
  virtual ~desk_host() = default;
  /// Origin of the gateway whose page is shown.
  [[nodiscard]] virtual const std::string& gateway() const = 0;
  /// Gateway, versions, the node's state.
  [[nodiscard]] virtual nlohmann::json app_info() const = 0;
  virtual result<void> restart_node() = 0;
  /// Shows a notification. Errors: not_available (no such service on this machine).
  virtual result<void> show(const notify& what) = 0;
  virtual void http(const http_request& what, http_client::reply done) = 0;
  virtual void log(const std::string& line) = 0;
};

class bridge_desk {
public:
  bridge_desk(desk_host& host, std::filesystem::path exports, std::filesystem::path secrets, std::filesystem::path token_file);

  /// A message of a page that may call. Exactly one answer goes back, unless no id
  /// could be read from it.
  void on_call(browser_session& session, const caller& from, const std::string& payload, monotonic_time now);

  /// Writes to the log, at most max_rejections_logged_per_minute lines of this kind.
  void log_rejected(const std::string& why, monotonic_time now);

private:
  using done = std::function<void(result<nlohmann::json>)>;

  void carry_out(browser_session& session, const caller& from, const bridge_command& what, monotonic_time now, const done& answer);
  void stop_trading(const emergency_stop& what, const done& answer);
  result<nlohmann::json> answer_now(const bridge_command& what, monotonic_time now);

  desk_host& host_;
  std::filesystem::path exports_, token_file_;
  secret_store secrets_;
  std::size_t in_flight_ = 0;
  std::uint64_t unlogged_ = 0;
  rate_limit calls_, notifications_, rejections_;
};

} // namespace tt::desktop
