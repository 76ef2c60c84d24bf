#include "actors/pine/diagnostic.hpp"

#include "actors/pine/limits.hpp"
#include "actors/pine/util.hpp"

#include <algorithm>
#include <optional>

namespace tt::pine {

bool diagnostics::full() const noexcept { return muted_ > 0 || list_.size() >= limits::diagnostics; }

bool diagnostics::said(std::string_view code, source_pos pos) const noexcept {
  return std::any_of(list_.begin(), list_.end(), [&](const diagnostic& d) {
    return d.code == code && d.pos.line == pos.line && d.pos.column == pos.column;
  });
}

void diagnostics::add(diagnostic d) {
  if (d.level == severity::error) ++errors_;
  if (full()) return;
  for (const auto& old : list_)
    if (old.code == d.code && old.pos.line == d.pos.line && old.pos.column == d.pos.column &&
        old.message == d.message)
      return;
  list_.push_back(std::move(d));
}

void diagnostics::sort() {
  std::stable_sort(list_.begin(), list_.end(), [](const diagnostic& a, const diagnostic& b) {
    return a.pos.line != b.pos.line ? a.pos.line < b.pos.line : a.pos.column < b.pos.column;
  });
}

namespace {
bool starts_character(char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }
/// Units of UTF-16 in a text of UTF-8: two for what four bytes encode.
std::uint32_t utf16_units(std::string_view text) {
  std::uint32_t n = 0;
  for (char c : text) n += (starts_character(c) ? 1U : 0U) + (static_cast<unsigned char>(c) >= 0xF0U ? 1U : 0U);
  return n;
}
/// The bytes of `text` that its first `units` units of UTF-16 take.
std::size_t bytes_of_units(std::string_view text, std::uint32_t units) {
  std::size_t at = 0;
  while (at < text.size() && units > 0) {
    units -= std::min<std::uint32_t>(units, static_cast<unsigned char>(text[at]) >= 0xF0U ? 2U : 1U);
    do ++at;
    while (at < text.size() && !starts_character(text[at]));
  }
  return at;
}
/// Line `number` of the source without its end; nothing when there is no such line.
std::optional<std::string_view> line_of(std::string_view source, std::uint32_t number) {
  std::size_t start = 0;
  for (std::uint32_t line = 1; line < number && start < source.size(); ++line) {
    auto next = source.find('\n', start);
    if (next == std::string_view::npos) return std::nullopt;
    start = next + 1;
  }
  auto stop = source.find_first_of("\r\n", start);
  return source.substr(start, stop == std::string_view::npos ? std::string_view::npos : stop - start);
}
} // namespace

void diagnostics::count_characters(std::string_view source) {
  for (auto& d : list_) {
    const auto text = line_of(source, d.pos.line);
    if (!text) continue;
    const auto before = std::min<std::size_t>(d.pos.column - 1, text->size());
    const auto under = std::min<std::size_t>(d.pos.length, text->size() - before);
    d.pos.column -= u32(before) - utf16_units(text->substr(0, before));
    d.pos.length -= u32(under) - utf16_units(text->substr(before, under));
  }
}

void diagnostics::error(std::string_view code, source_pos pos, std::string message, std::string hint) {
  add({severity::error, std::string(code), pos, std::move(message), std::move(hint)});
}

void diagnostics::warning(std::string_view code, source_pos pos, std::string message, std::string hint) {
  add({severity::warning, std::string(code), pos, std::move(message), std::move(hint)});
}

namespace {
/// The beginning of the character that the byte is of. Text that is none has no such place: there it is the byte itself, about.
std::size_t whole_character(std::string_view text, std::size_t at) {
  constexpr std::size_t longest = 4;
  for (std::size_t back = 0; back < longest && back <= at; ++back)
    if (starts_character(text[at - back])) return at - back;
  return at;
}
} // namespace

std::string render(const diagnostic& d, std::string_view source, std::string_view file) {
  std::string out(file);
  out += ':' + std::to_string(d.pos.line) + ':' + std::to_string(d.pos.column) + ": ";
  out += d.level == severity::error ? "error " : "warning ";
  out += d.code + ": " + d.message + '\n';
  const auto line = line_of(source, d.pos.line);
  if (!line) return out;
  auto text = *line;
  auto column = bytes_of_units(text, d.pos.column - 1);
  const auto beyond = d.pos.column - 1 - utf16_units(text.substr(0, column)); // a place behind the end of the line
  constexpr std::size_t shown = 160; // a longer line is cut around the place
  if (text.size() > shown && column > shown / 2) {
    const auto from = whole_character(text, column - shown / 2);
    text.remove_prefix(from);
    column -= from;
  }
  if (text.size() > shown) text = text.substr(0, whole_character(text, shown));
  auto width = [](std::string_view part) { return static_cast<std::size_t>(std::count_if(part.begin(), part.end(), starts_character)); };
  out += "  ";
  for (char c : text) out += c == '\t' ? ' ' : c;
  out += "\n  " + std::string(width(text.substr(0, column)) + beyond, ' ') + '^';
  const auto marked = text.substr(column, bytes_of_units(text.substr(std::min(column, text.size())), d.pos.length));
  out += std::string(marked.empty() ? 0 : width(marked) - 1, '~') + '\n';
  if (!d.hint.empty()) out += "  hint: " + d.hint + '\n';
  return out;
}

std::string closest(std::string_view word, const std::vector<std::string_view>& names) {
  std::size_t best = word.size() <= 3 ? 1 : word.size() / 3 + 1;
  std::string found;
  if (word.size() > 64) return found;
  std::vector<std::size_t> row;
  for (auto name : names) {
    if (name.size() > word.size() + best || word.size() > name.size() + best) continue;
    row.resize(name.size() + 1);
    for (std::size_t j = 0; j <= name.size(); ++j) row[j] = j;
    for (std::size_t i = 1; i <= word.size(); ++i) {
      std::size_t diagonal = row[0];
      row[0] = i;
      for (std::size_t j = 1; j <= name.size(); ++j) {
        auto up = row[j];
        row[j] = std::min({row[j] + 1, row[j - 1] + 1, diagonal + (word[i - 1] == name[j - 1] ? 0u : 1u)});
        diagonal = up;
      }
    }
    if (row[name.size()] < best || (row[name.size()] == best && found.empty())) {
      best = row[name.size()];
      found = name;
    }
  }
  return found;
}

} // namespace tt::pine
