#pragma once

// Reads RSS 2.0 (and its older kin) and Atom. Pure; expat does the XML.

#include "actors/model/result.hpp"
#include "actors/model/time.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tt::gateway {

/// Largest document, deepest nesting, most entries (further ones are left out) and most bytes of one field that are read.
inline constexpr std::size_t max_feed_bytes = 2UL * 1024 * 1024, max_feed_depth = 64, max_feed_entries = 500, max_feed_field = 64UL * 1024;
/// Longest texts of an item, in bytes.
inline constexpr std::size_t max_source_name = 80, max_headline = 300, max_summary = 1000, max_item_url = 2000;

/// One entry, as plain text.
struct feed_entry {
  std::string key; ///< what the feed calls it: guid, id, else its link, else its title
  std::string headline, summary;
  std::string url; ///< http or https, printable ASCII; "" otherwise
  std::optional<utc_time> at;

  bool operator==(const feed_entry&) const = default;
};

struct feed_document {
  std::string title;
  std::vector<feed_entry> entries; ///< as in the document; those without a title are left out

  bool operator==(const feed_document&) const = default;
};

/// Errors: invalid_argument with line and reason: too large, no well-formed XML, too deep, declares entities, or neither RSS
/// nor Atom.
result<feed_document> parse_feed(std::string_view xml);

} // namespace tt::gateway
