#pragma once

// What the page may ask of the shell. This list is the whole bridge: a message
// that is not exactly one of these is rejected, with the field that is wrong.

#include "actors/model/result.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace tt::desktop {

/// Which gateway, which version, what this host can do.
struct ask_app_info {};
/// Place and state of the window that asks.
struct ask_window {};

enum class window_state : std::uint8_t { normal, minimized, maximized, fullscreen };
/// Outer frame of a window, in screen pixels.
struct window_bounds {
  int left = 0, top = 0, width = 0, height = 0;
  bool operator==(const window_bounds&) const = default;
};
/// Moves, resizes, minimises … the window that asks. Bounds go with state normal only.
struct set_window {
  window_state state = window_state::normal;
  std::optional<window_bounds> bounds;
};
/// Closes the window that asks; the main one ends the shell.
struct close_window {};

enum class urgency : std::uint8_t { low, normal, critical };
/// A notification of the desktop.
struct notify {
  std::string title;
  std::string body;
  urgency level = urgency::normal;
};

/// A file for the export folder. Nothing that is there is overwritten.
struct save_file {
  std::string name;
  std::string bytes;
};

struct secret_get {
  std::string name;
};
struct secret_set {
  std::string name;
  std::string value;
};
struct secret_delete {
  std::string name;
};
struct secret_names {};

enum class stop_mode : std::uint8_t { halt, reduce, flatten };
/// The gateway's stop switch. An empty scope means everything.
struct emergency_stop {
  stop_mode mode = stop_mode::halt;
  std::string reason;
  std::string account_id, strategy_id, symbol;
};

/// Ends and starts the node that this shell started.
struct restart_node {};

using bridge_command = std::variant<ask_app_info, ask_window, set_window, close_window, notify, save_file, secret_get, secret_set,
                                    secret_delete, secret_names, emergency_stop, restart_node>;

struct bridge_request {
  std::int64_t id = 0; ///< the page's own; comes back with the answer
  bridge_command command;
};

/// Why a message was rejected, with the id where one could be read.
struct rejected_message {
  std::optional<std::int64_t> id;
  error why;
};

/// A message of the page as a request: {"id":N,"method":"…","params":{…}}.
/// Errors: out_of_range (too large, too deep, a value outside its limits),
/// invalid_argument (not JSON, a wrong type, an unknown or missing field),
/// unsupported (no such method).
std::variant<bridge_request, rejected_message> parse_request(std::string_view text);

/// The names of all methods, in the order of the variant.
const std::vector<std::string_view>& method_names();
std::string_view method_of(const bridge_command& command);

std::string_view to_string(window_state state) noexcept;
std::string_view to_string(urgency level) noexcept;
std::string_view to_string(stop_mode mode) noexcept;

} // namespace tt::desktop
