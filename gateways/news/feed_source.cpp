#include "gateways/news/feed_source.hpp"

#include <algorithm>
#include <array>
#include <filesystem>

namespace tt::gateway {

namespace {

constexpr std::array<std::string_view, 3> schemes{"https://", "http://", "file://"};
constexpr std::size_t max_url = 2'000, max_symbol = 32;

bool is_symbol_character(char c) { return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '!' || c == '-' || c == '/'; }
bool is_capital(char c) { return c >= 'A' && c <= 'Z'; }

/// Length of the symbol that `text` begins with: the longest that can be one.
std::size_t symbol_length(std::string_view text) {
  std::size_t n = 0;
  while (n < text.size() && n < max_symbol && is_symbol_character(text[n])) ++n;
  return n;
}

/// Adds the instrument of `word`, or of it without what ends a sentence.
void add_symbol(std::string_view word, const instrument_master& master, std::vector<std::string>& to) {
  for (; !word.empty(); word.remove_suffix(1)) {
    if (const auto* found = master.find(word)) {
      if (to.size() < max_feed_symbols && std::ranges::find(to, found->symbol) == to.end()) to.push_back(found->symbol);
      return;
    }
    if (word.back() != '.' && word.back() != '!' && word.back() != '-' && word.back() != '/') return;
  }
}

/// "NASDAQ:AAPL)" or "NYSE: IBM)" behind an opening bracket: the symbol, or "".
std::string_view listed_symbol(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size() && is_capital(text[at])) ++at;
  if (at < 2 || at >= text.size() || text[at] != ':') return {};
  ++at;
  while (at < text.size() && text[at] == ' ') ++at;
  const auto length = symbol_length(text.substr(at));
  const auto end = at + length;
  const bool is_closed = end < text.size() && (text[end] == ')' || text[end] == ']' || text[end] == ',' || text[end] == ';');
  return is_closed ? text.substr(at, length) : std::string_view{};
}

result<feed_source> parse_source(std::string_view text, const std::string& field) {
  const auto bad = [&](std::string why) { return error{errc::invalid_argument, std::move(why), field}; };
  std::size_t at = std::string_view::npos;
  for (const auto scheme : schemes) at = std::min(at, text.find(scheme));
  if (at == std::string_view::npos) return bad("must be an address that begins with https://, http:// or file://");
  feed_source out;
  out.url = std::string(text.substr(at));
  if (out.url.size() > max_url || std::ranges::any_of(out.url, [](char c) { return c <= 0x20 || c >= 0x7F; }))
    return bad("must be at most " + std::to_string(max_url) + " printable characters of ASCII without blanks");
  const auto rest = std::string_view{out.url}.substr(out.url.find("//") + 2);
  const bool is_file = out.url.starts_with("file://");
  if (is_file ? !rest.starts_with('/') : rest.empty() || rest.front() == '/') return bad(is_file ? "must name a file by its whole path: file:///…" : "names no host");
  if (!is_file && rest.substr(0, rest.find('/')).find('@') != std::string_view::npos) return bad("must not hold a user name");
  if (at == 0) return out;
  if (text[at - 1] != '=') return bad("must have = between the symbols and the address");
  for (auto list = text.substr(0, at - 1);; list.remove_prefix(list.find('|') + 1)) {
    const auto one = list.substr(0, list.find('|'));
    if (one.empty() || one.size() > max_symbol || out.symbols.size() >= max_feed_symbols)
      return bad("must have 1 to " + std::to_string(max_feed_symbols) + " symbols before the =, with | between them");
    out.symbols.emplace_back(one);
    if (list.find('|') == std::string_view::npos) return out;
  }
}

} // namespace

std::string feed_source::name() const {
  const auto rest = std::string_view{url}.substr(url.find("//") + 2);
  if (url.starts_with("file://")) return std::filesystem::path(rest).filename().string();
  return std::string(rest.substr(0, rest.find_first_of("/?#")));
}

result<std::vector<feed_source>> parse_feed_sources(const std::vector<std::string>& entries) {
  if (entries.size() > max_news_feeds) return error{errc::invalid_argument, "may name at most " + std::to_string(max_news_feeds) + " feeds", "NEWS_FEEDS"};
  std::vector<feed_source> out;
  for (const auto& entry : entries) {
    auto one = parse_source(entry, "NEWS_FEEDS[" + std::to_string(out.size()) + "]");
    if (!one) return one.error();
    out.push_back(std::move(*one));
  }
  return out;
}

std::vector<std::string> symbols_in(std::string_view text, const instrument_master& master) {
  std::vector<std::string> out;
  for (std::size_t at = 0; at + 1 < text.size(); ++at) {
    if (text[at] == '$' && is_capital(text[at + 1])) { // "$5" is money
      const auto word = text.substr(at + 1, symbol_length(text.substr(at + 1)));
      add_symbol(word, master, out);
      at += word.size();
    }
    if (text[at] == '(' || text[at] == '[') add_symbol(listed_symbol(text.substr(at + 1)), master, out);
  }
  return out;
}

void feed_schedule::answered(std::string etag, std::string last_modified, utc_time now) {
  etag_ = std::move(etag);
  last_modified_ = std::move(last_modified);
  unchanged(now);
}

void feed_schedule::unchanged(utc_time now) {
  failures_ = 0;
  due_ = now + interval_;
}

void feed_schedule::failed(std::chrono::seconds asked, utc_time now) {
  auto pause = interval_;
  for (unsigned i = 0; i < failures_ && pause < max_pause; ++i) pause *= 2;
  ++failures_;
  due_ = now + std::min(std::max(pause, asked), std::max(interval_, max_pause));
}

} // namespace tt::gateway
