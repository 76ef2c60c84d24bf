#include "gateways/news/plain_text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <optional>
#include <utility>

namespace tt::gateway {

namespace {

constexpr std::string_view ellipsis = "…";
/// Characters of an entity that is looked at: "&#x10FFFF;".
constexpr std::size_t max_entity = 12;
constexpr std::uint32_t max_code_point = 0x10FFFF, first_surrogate = 0xD800, last_surrogate = 0xDFFF;

constexpr std::array<std::pair<std::string_view, std::uint32_t>, 22> named{{
  {"amp", '&'}, {"lt", '<'}, {"gt", '>'}, {"quot", '"'}, {"apos", '\''}, {"nbsp", ' '}, {"ndash", 0x2013}, {"mdash", 0x2014},
  {"lsquo", 0x2018}, {"rsquo", 0x2019}, {"ldquo", 0x201C}, {"rdquo", 0x201D}, {"hellip", 0x2026}, {"bull", 0x2022}, {"euro", 0x20AC},
  {"pound", 0xA3}, {"yen", 0xA5}, {"cent", 0xA2}, {"copy", 0xA9}, {"reg", 0xAE}, {"trade", 0x2122}, {"eacute", 0xE9},
}};

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

std::string utf8_of(std::uint32_t c) {
  const auto tail = [&](unsigned shift) { return static_cast<char>(0x80U | ((c >> shift) & 0x3FU)); };
  if (c < 0x80) return {static_cast<char>(c)};
  if (c < 0x800) return {static_cast<char>(0xC0U | (c >> 6U)), tail(0)};
  if (c < 0x10000) return {static_cast<char>(0xE0U | (c >> 12U)), tail(6), tail(0)};
  return {static_cast<char>(0xF0U | (c >> 18U)), tail(12), tail(6), tail(0)};
}

/// Bytes of the character that `text` begins with; 0: it is none.
std::size_t length_of_character(std::string_view text) {
  const auto first = static_cast<unsigned char>(text.front());
  const std::size_t length = first < 0x80 ? 1 : first >= 0xC2 && first < 0xE0 ? 2 : first >= 0xE0 && first < 0xF0 ? 3 : first >= 0xF0 && first < 0xF5 ? 4 : 0;
  if (length == 0 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i)
    if ((static_cast<unsigned char>(text[i]) & 0xC0U) != 0x80) return 0;
  const auto second = length > 1 ? static_cast<unsigned char>(text[1]) : 0;
  const bool is_overlong = (first == 0xE0 && second < 0xA0) || (first == 0xF0 && second < 0x90);
  const bool is_beyond = (first == 0xED && second > 0x9F) || (first == 0xF4 && second > 0x8F);
  return is_overlong || is_beyond ? 0 : length;
}

/// Characters that turn the direction of writing or can't be seen: a headline must not look like another one.
bool is_invisible(std::string_view character) {
  constexpr std::array<std::string_view, 13> list{"\u200B", "\u200E", "\u200F", "\u202A", "\u202B", "\u202C", "\u202D", "\u202E",
                                                  "\u2066", "\u2067", "\u2068", "\u2069", "\uFEFF"};
  return std::ranges::find(list, character) != list.end();
}

/// The character that the entity at the beginning of `text` ("&…;") stands for, and its length.
std::optional<std::pair<std::uint32_t, std::size_t>> read_entity(std::string_view text) {
  const auto end = text.substr(0, max_entity).find(';');
  if (end == std::string_view::npos || end < 2) return std::nullopt;
  auto name = text.substr(1, end - 1);
  if (name.front() != '#') {
    const auto found = std::ranges::find(named, name, [](const auto& one) { return one.first; });
    return found == named.end() ? std::nullopt : std::optional{std::pair{found->second, end + 1}};
  }
  name.remove_prefix(1);
  const bool is_hex = !name.empty() && (name.front() == 'x' || name.front() == 'X');
  if (is_hex) name.remove_prefix(1);
  std::uint32_t code = 0;
  const auto [stop, failed] = std::from_chars(name.data(), name.data() + name.size(), code, is_hex ? 16 : 10);
  if (name.empty() || failed != std::errc{} || stop != name.data() + name.size()) return std::nullopt;
  if (code == 0 || code > max_code_point || (code >= first_surrogate && code <= last_surrogate)) return std::nullopt;
  return std::pair{code, end + 1};
}

bool begins_with_name(std::string_view text, std::string_view name) {
  return text.size() >= name.size() &&
         std::ranges::equal(text.substr(0, name.size()), name, [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a - 'A' + 'a' : a) == b; });
}

/// Position behind the tag that begins at `at`, with the content of what is nothing to read; npos: it is no tag.
std::size_t behind_tag(std::string_view text, std::size_t at) {
  const auto rest = text.substr(at + 1);
  if (rest.empty() || !(is_letter(rest.front()) || rest.front() == '/' || rest.front() == '!' || rest.front() == '?')) return std::string_view::npos;
  if (rest.starts_with("!--")) {
    const auto end = text.find("-->", at);
    return end == std::string_view::npos ? text.size() : end + 3;
  }
  for (const std::string_view name : {"script", "style"}) {
    if (!begins_with_name(rest, name)) continue;
    for (auto end = at; (end = text.find("</", end + 1)) != std::string_view::npos;)
      if (begins_with_name(text.substr(end + 2), name)) return behind_tag(text, end);
    return text.size();
  }
  const auto end = text.find('>', at);
  return end == std::string_view::npos ? text.size() : end + 1;
}

/// Adds characters and single blanks until there is no more room.
class writer {
public:
  explicit writer(std::size_t max_bytes) : max_(max_bytes) {}

  void blank() { is_apart_ = !out_.empty(); }
  void add(std::string_view character) {
    if (character.size() == 1 && (static_cast<unsigned char>(character[0]) <= 0x20 || character[0] == 0x7F)) return blank();
    if (character == "\u00A0" || character == "\u2028" || character == "\u2029") return blank();
    // C1 controls
    if (character.size() == 2 && static_cast<unsigned char>(character[0]) == 0xC2 && static_cast<unsigned char>(character[1]) < 0xA0) return blank();
    if (is_invisible(character)) return;
    if (out_.size() + (is_apart_ ? 1 : 0) + character.size() > max_) {
      is_full_ = true;
      return;
    }
    if (std::exchange(is_apart_, false)) out_ += ' ';
    out_ += character;
  }
  [[nodiscard]] bool is_full() const { return is_full_; }
  std::string take() {
    if (!is_full_) return std::move(out_);
    while (!out_.empty() && out_.size() + ellipsis.size() > max_) {
      while ((static_cast<unsigned char>(out_.back()) & 0xC0U) == 0x80) out_.pop_back();
      out_.pop_back();
    }
    return max_ < ellipsis.size() ? std::move(out_) : std::move(out_) + std::string(ellipsis);
  }

private:
  const std::size_t max_;
  std::string out_;
  bool is_apart_ = false, is_full_ = false;
};

} // namespace

std::string plain_text(std::string_view html, std::size_t max_bytes) {
  writer out{max_bytes};
  for (std::size_t at = 0; at < html.size() && !out.is_full();) {
    if (html[at] == '<') {
      if (const auto next = behind_tag(html, at); next != std::string_view::npos) {
        out.blank();
        at = next;
        continue;
      }
    }
    if (html[at] == '&')
      if (const auto entity = read_entity(html.substr(at))) {
        out.add(utf8_of(entity->first));
        at += entity->second;
        continue;
      }
    const auto length = length_of_character(html.substr(at));
    if (length > 0) out.add(html.substr(at, length));
    at += std::max<std::size_t>(length, 1);
  }
  return out.take();
}

} // namespace tt::gateway
