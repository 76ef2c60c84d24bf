#pragma once

// New headlines, as the lossless stream channel `news`.

#include "gateways/news/news_store.hpp"
#include "gateways/stream/stream_service.hpp"

namespace tt::gateway {

class news_channel {
public:
  /// Adds the channel to the stream; before its first connection. `store` must outlive the object; one channel at a time.
  news_channel(news_store& store, stream_service& stream, std::function<utc_time()> clock);
  ~news_channel();
  news_channel(const news_channel&) = delete;
  news_channel& operator=(const news_channel&) = delete;

private:
  news_store& store_;
};

} // namespace tt::gateway
