#pragma once

// One headline, as the node keeps and tells it.

#include "actors/model/time.hpp"

#include <string>
#include <vector>

namespace tt::gateway {

struct news_item {
  std::string id; ///< the same for the same entry of the same feed, after a restart, too
  utc_time at{};  ///< when it was published, never after it was first seen here
  std::string source; ///< title of the feed
  std::string headline;
  std::string summary; ///< "" for none
  std::string url;     ///< http or https; "" for none
  std::vector<std::string> symbols; ///< known instruments that it is about

  bool operator==(const news_item&) const = default;
};

} // namespace tt::gateway
