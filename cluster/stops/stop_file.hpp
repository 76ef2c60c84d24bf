#pragma once

// What a node knows of the cluster's stops, as a file: read at the start, written anew with every change.

#include "cluster/stops/stop_messages.hpp"

#include <set>
#include <string>
#include <string_view>

namespace tt::cluster {

struct stop_memory {
  stop_word word;
  std::set<std::string> hosts;    ///< nodes with accounts that have not said goodbye
  std::set<std::string> gateways; ///< nodes at which stops may be ordered, that have not said goodbye either
};

std::string to_json(const stop_memory& what);
/// Errors: corrupt_data naming what is wrong; unsupported for a newer form.
result<stop_memory> parse_stop_memory(std::string_view text);

/// Empty where there is no file yet. Errors: io_error, those of parse_stop_memory.
result<stop_memory> load_stop_memory(const std::string& path);

} // namespace tt::cluster
