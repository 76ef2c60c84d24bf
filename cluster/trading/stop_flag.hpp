#pragma once

// The emergency stop that needs no running node: a file which is there when the accounts start.

#include "gateways/trading_port.hpp"

#include <string_view>

namespace tt::cluster {

/// Its name, in the folder of the accounts (DATA_DIR/trading).
inline constexpr const char* stop_flag_name = "STOP";
/// What is read of it.
inline constexpr std::size_t longest_stop_flag = 1'024;

/// A stop of everything: the first word is the mode (`reduce`, `flatten`, `halt`), the rest the reason. A file that is empty, or
/// begins with any other word, halts: what a person meant to stop is stopped.
gateway::stop_request parse_stop_flag(std::string_view text);

/// Nothing: there is no such file. One that can't be read halts.
std::optional<gateway::stop_request> read_stop_flag(const std::string& path);

} // namespace tt::cluster
