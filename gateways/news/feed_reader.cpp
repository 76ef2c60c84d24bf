#include "gateways/news/feed_reader.hpp"

#include "gateways/news/feed_time.hpp"
#include "gateways/news/plain_text.hpp"

#include <expat.h>

#include <algorithm>
#include <memory>

namespace tt::gateway {

namespace {

/// What the text of an element is for.
enum class field : std::uint8_t { none, title, link, id, summary, time };

std::string_view trimmed_text(std::string_view text) {
  while (!text.empty() && static_cast<unsigned char>(text.front()) <= 0x20) text.remove_prefix(1);
  while (!text.empty() && static_cast<unsigned char>(text.back()) <= 0x20) text.remove_suffix(1);
  return text;
}

/// Only what a browser may follow, in one spelling.
std::string web_address(std::string_view text) {
  text = trimmed_text(text);
  if (text.size() > max_item_url || !(text.starts_with("https://") || text.starts_with("http://"))) return {};
  return std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7F; }) ? std::string(text) : std::string{};
}

/// An entry, or the head of the feed, under way.
struct draft {
  std::string title, link, id, summary, time;
  [[nodiscard]] std::string* of(field what) {
    switch (what) {
    case field::none: return nullptr;
    case field::title: return &title;
    case field::link: return &link;
    case field::id: return &id;
    case field::summary: return &summary;
    case field::time: return &time;
    }
    return nullptr;
  }
};

class reader {
public:
  result<feed_document> read(std::string_view xml);

private:
  enum class form : std::uint8_t { unknown, rss, atom };

  static void on_start(void* to, const XML_Char* name, const XML_Char** attributes) { static_cast<reader*>(to)->start(name, attributes); }
  static void on_end(void* to, const XML_Char*) { static_cast<reader*>(to)->end(); }
  static void on_text(void* to, const XML_Char* text, int length) { static_cast<reader*>(to)->text({text, static_cast<std::size_t>(length)}); }
  static void on_entity(void* to, const XML_Char*, int, const XML_Char*, int, const XML_Char*, const XML_Char*, const XML_Char*, const XML_Char*) {
    static_cast<reader*>(to)->give_up("declares entities, which a feed has no use for");
  }

  void start(std::string_view name, const XML_Char** attributes);
  void end();
  void text(std::string_view part);
  void give_up(const char* why);
  void finish_entry();
  [[nodiscard]] field field_of(std::string_view name) const;
  void read_atom_link(const XML_Char** attributes);
  [[nodiscard]] draft& here() { return entry_depth_ > 0 ? entry_ : head_; }

  XML_Parser parser_ = nullptr;
  feed_document out_;
  form form_ = form::unknown;
  draft head_, entry_;
  std::size_t depth_ = 0;
  std::size_t entry_depth_ = 0; ///< of the entry under way; 0: none
  std::size_t head_depth_ = 0;  ///< of channel or feed
  std::size_t field_depth_ = 0; ///< of the field under way; 0: none
  field field_ = field::none;
  std::string held_; ///< its text
  const char* trouble_ = nullptr;
};

void reader::give_up(const char* why) {
  trouble_ = why;
  XML_StopParser(parser_, XML_FALSE);
}

field reader::field_of(std::string_view name) const {
  if (name == "title") return field::title;
  if (form_ == form::atom) {
    if (name == "id") return field::id;
    if (name == "summary" || name == "content") return field::summary;
    return name == "published" || name == "updated" ? field::time : field::none;
  }
  if (name == "link") return field::link;
  if (name == "guid") return field::id;
  if (name == "description") return field::summary;
  return name == "pubDate" || name == "dc:date" ? field::time : field::none;
}

/// Where an entry is to be read: rel="alternate", or no rel at all.
void reader::read_atom_link(const XML_Char** attributes) {
  std::string_view href, rel = "alternate";
  for (; attributes[0] != nullptr; attributes += 2) {
    if (std::string_view{attributes[0]} == "href") href = attributes[1];
    if (std::string_view{attributes[0]} == "rel") rel = attributes[1];
  }
  if (rel == "alternate" && here().link.empty()) here().link = href;
}

void reader::start(std::string_view name, const XML_Char** attributes) {
  if (++depth_ > max_feed_depth) return give_up("is nested too deeply");
  if (depth_ == 1) {
    form_ = name == "feed" ? form::atom : name == "rss" || name == "rdf:RDF" ? form::rss : form::unknown;
    if (form_ == form::unknown) return give_up("is neither RSS nor Atom");
    if (form_ == form::atom) head_depth_ = 1;
    return;
  }
  if (field_depth_ > 0) { // markup inside a text: words on both sides of it are apart
    text(" ");
    return;
  }
  if (form_ == form::rss && name == "channel" && depth_ == 2) head_depth_ = 2;
  const bool is_entry = form_ == form::atom ? name == "entry" && depth_ == 2 : name == "item" && depth_ <= 3;
  if (is_entry && entry_depth_ == 0) {
    entry_depth_ = depth_;
    entry_ = {};
    return;
  }
  const bool is_direct = entry_depth_ > 0 ? depth_ == entry_depth_ + 1 : head_depth_ > 0 && depth_ == head_depth_ + 1;
  if (!is_direct) return;
  if (form_ == form::atom && name == "link") return read_atom_link(attributes);
  field_ = field_of(name);
  if (field_ == field::none) return;
  field_depth_ = depth_;
  held_.clear();
}

void reader::text(std::string_view part) {
  if (field_depth_ == 0) return;
  held_.append(part.substr(0, max_feed_field - std::min(held_.size(), max_feed_field)));
}

void reader::end() {
  if (field_depth_ == depth_) {
    // the first one counts: `published` before `updated`, `summary` before `content`, whichever the feed gives first
    auto* to = here().of(field_);
    if (to != nullptr && trimmed_text(*to).empty()) *to = std::move(held_);
    held_.clear();
    field_depth_ = 0;
  }
  if (entry_depth_ == depth_) {
    finish_entry();
    entry_depth_ = 0;
  }
  if (head_depth_ == depth_) head_depth_ = 0;
  --depth_;
}

void reader::finish_entry() {
  if (out_.entries.size() >= max_feed_entries) return;
  feed_entry one;
  one.headline = plain_text(entry_.title, max_headline);
  if (one.headline.empty()) return;
  one.summary = plain_text(entry_.summary, max_summary);
  if (one.summary == one.headline) one.summary.clear();
  one.url = web_address(entry_.link);
  if (one.url.empty()) one.url = web_address(entry_.id); // a guid that is a permanent link
  one.at = parse_feed_time(entry_.time);
  one.key = std::string(trimmed_text(!trimmed_text(entry_.id).empty() ? entry_.id : !one.url.empty() ? one.url : one.headline));
  out_.entries.push_back(std::move(one));
}

result<feed_document> reader::read(std::string_view xml) {
  const auto bad = [](std::string why) { return error{errc::invalid_argument, std::move(why)}; };
  if (xml.size() > max_feed_bytes) return bad("has more than " + std::to_string(max_feed_bytes) + " bytes");
  const std::unique_ptr<XML_ParserStruct, decltype(&XML_ParserFree)> parser{XML_ParserCreate(nullptr), XML_ParserFree};
  if (!parser) return error{errc::not_available, "there is not enough memory to read it"};
  parser_ = parser.get();
  XML_SetUserData(parser_, this);
  XML_SetElementHandler(parser_, on_start, on_end);
  XML_SetCharacterDataHandler(parser_, on_text);
  // no entity may name a file, an address, or a thousand others
  XML_SetEntityDeclHandler(parser_, on_entity);
  const auto status = XML_Parse(parser_, xml.data(), static_cast<int>(xml.size()), XML_TRUE);
  if (trouble_ != nullptr) return bad(trouble_);
  if (status != XML_STATUS_OK)
    return bad("is no well-formed XML: line " + std::to_string(XML_GetCurrentLineNumber(parser_)) + ": " + XML_ErrorString(XML_GetErrorCode(parser_)));
  out_.title = plain_text(head_.title, max_source_name);
  return std::move(out_);
}

} // namespace

result<feed_document> parse_feed(std::string_view xml) { return reader{}.read(xml); }

} // namespace tt::gateway
