#pragma once

// The emergency stop that needs no gateway and no running node: a file, looked for when the accounts start and as long as they run.

#include "gateways/trading_port.hpp"

#include <caf/event_based_actor.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace tt::cluster {

/// Its name, in the folder of the accounts (DATA_DIR/trading).
inline constexpr const char* stop_flag_name = "STOP";
/// What is read of it.
inline constexpr std::size_t longest_stop_flag = 1'024;

/// A stop of everything: the first word is the mode (`reduce`, `flatten`, `halt`), the rest the reason. A file that is empty, or
/// begins with any other word, halts: what a person meant to stop is stopped.
/// `when` is what the reason says of it: at the start, or of a node that runs.
enum class flag_seen : std::uint8_t { at_start, running };
gateway::stop_request parse_stop_flag(std::string_view text, flag_seen when = flag_seen::at_start);

/// Nothing: there is no such file. One that can't be read halts.
std::optional<gateway::stop_request> read_stop_flag(const std::string& path, flag_seen when = flag_seen::at_start);

/// Puts the file of `data_dir` there, whole or not at all. Errors: not_found (no node ever had accounts in that folder), io_error.
result<void> write_stop_flag(const std::string& data_dir, risk::kill_mode mode, const std::string& reason);

/// Sees when the file comes, or is another one. What was there when it began to look is no news.
class stop_flag_watch {
public:
  explicit stop_flag_watch(std::string path) : path_(std::move(path)), seen_(mark_of(path_)) {}
  /// A stop that was not there at the look before; nothing else. A file that was taken away and comes again is a new one.
  std::optional<gateway::stop_request> look();

private:
  /// Of the file as it is now; empty where there is none.
  static std::string mark_of(const std::string& path);
  std::string path_, seen_;
};

/// Between two looks: a stop holds within half a second.
inline constexpr std::chrono::milliseconds stop_flag_pause{250};

/// Looks by the actor system's clock until it ends; blocks for the disk, so give it a thread of its own. `obey` is called in it.
caf::behavior stop_flag_actor(caf::event_based_actor* self, std::shared_ptr<stop_flag_watch> watch, std::function<void(gateway::stop_request)> obey);

} // namespace tt::cluster
