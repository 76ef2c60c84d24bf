// Feeds of news: whatever a server sends, what becomes of it is bounded plain text of UTF-8, and its links are web addresses.

#include "gateways/news/feed_reader.hpp"
#include "gateways/news/plain_text.hpp"

#include <cstdint>

namespace {

void check_text(const std::string& text, std::size_t most) {
  using namespace tt::gateway;
  TT_ASSERT(text.size() <= most);
  for (const char c : text) TT_ASSERT(static_cast<unsigned char>(c) >= 0x20 && c != 0x7F);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tt::gateway;
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  check_text(plain_text(text, max_summary), max_summary);
  const auto read = parse_feed(text);
  if (!read) return 0;
  TT_ASSERT(read->entries.size() <= max_feed_entries);
  check_text(read->title, max_source_name);
  for (const auto& one : read->entries) {
    TT_ASSERT(!one.headline.empty() && !one.key.empty());
    check_text(one.headline, max_headline);
    check_text(one.summary, max_summary);
    TT_ASSERT(one.url.empty() || one.url.starts_with("http://") || one.url.starts_with("https://"));
  }
  return 0;
}
