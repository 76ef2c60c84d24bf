#include "actors/pine/diagnostic.hpp"

#include "actors/pine/limits.hpp"
#include "actors/pine/util.hpp"

#include <algorithm>

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

void diagnostics::error(std::string_view code, source_pos pos, std::string message, std::string hint) {
  add({severity::error, std::string(code), pos, std::move(message), std::move(hint)});
}

void diagnostics::warning(std::string_view code, source_pos pos, std::string message, std::string hint) {
  add({severity::warning, std::string(code), pos, std::move(message), std::move(hint)});
}

std::string render(const diagnostic& d, std::string_view source, std::string_view file) {
  std::string out(file);
  out += ':' + std::to_string(d.pos.line) + ':' + std::to_string(d.pos.column) + ": ";
  out += d.level == severity::error ? "error " : "warning ";
  out += d.code + ": " + d.message + '\n';
  std::size_t start = 0;
  for (std::uint32_t line = 1; line < d.pos.line && start < source.size(); ++line) {
    auto next = source.find('\n', start);
    if (next == std::string_view::npos) return out;
    start = next + 1;
  }
  auto stop = source.find_first_of("\r\n", start);
  auto text = source.substr(start, stop == std::string_view::npos ? std::string_view::npos : stop - start);
  constexpr std::size_t shown = 160; // a longer line is cut around the place
  std::size_t from = d.pos.column > shown / 2 ? d.pos.column - shown / 2 : 0;
  if (text.size() <= shown) from = 0;
  text = text.substr(std::min(from, text.size()), shown);
  out += "  ";
  for (char c : text) out += c == '\t' ? ' ' : c;
  out += "\n  " + std::string(d.pos.column - 1 - std::min<std::size_t>(from, d.pos.column - 1), ' ') + '^';
  auto room = text.size() > d.pos.column - from ? text.size() - (d.pos.column - from) : 0;
  out += std::string(std::min<std::size_t>(d.pos.length > 0 ? d.pos.length - 1 : 0, room), '~') + '\n';
  if (!d.hint.empty()) out += "  hint: " + d.hint + '\n';
  return out;
}

std::string closest(std::string_view word, const std::vector<std::string_view>& names) {
  std::size_t best = word.size() / 3 + 1;
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
