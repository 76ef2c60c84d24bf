#pragma once

// The JSON of news (http-api.md sections 5 and 13).

#include "gateways/json/json_writer.hpp"
#include "gateways/news/news_item.hpp"
#include "gateways/news/news_store.hpp"

namespace tt::gateway {

void write(json_writer& out, const news_item& item);
void write(json_writer& out, const news_feed_state& feed);

} // namespace tt::gateway
