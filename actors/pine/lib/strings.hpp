#pragma once
/// How values become text, shared by str.*, log.* and array.join.

#include "actors/pine/limits.hpp"
#include "actors/pine/runtime.hpp"

#include <string>

namespace tt::pine {

/// Counts the handling of a text against the budget of the bar.
inline void text_work(const site& c, std::size_t bytes) { c.shared().charge(bytes / limits::bytes_per_step + 1); }
/// The same for a search: at worst every place of the text is compared with all of the part.
inline void search_work(const site& c, std::size_t text, std::size_t part) {
  text_work(c, text + text * part / limits::bytes_per_step);
}

/// A value as str.tostring() shows it.
std::string text_of_value(const type_table& types, type_id t, double n, object* o, context* ctx);
/// Argument `first` is a pattern, the arguments after it its values.
std::string format_message(const site& c, std::size_t first);

/// The elements of an array, or of the part of its parent that a slice shows, or of a matrix's row.
struct array_view {
  array_object* array = nullptr; ///< owner of the elements
  std::size_t from = 0, count = 0;
  double* num() const { return array->num.data() + from; }
  object** ref() const { return array->ref.data() + from; }
};
inline array_view view_of(array_object& a) {
  if (a.parent == nullptr) return {&a, 0, a.is_ref ? a.ref.size() : a.num.size()};
  if (a.parent->kind == object_kind::matrix) {
    const auto& m = static_cast<const matrix_object&>(*a.parent);
    if (a.from >= m.rows) return {a.parent, 0, 0}; // the row is gone
    return {a.parent, a.from * m.cols, m.cols};
  }
  auto outer = view_of(*a.parent);
  auto from = std::min(a.from, outer.count);
  return {outer.array, outer.from + from, std::min(a.count, outer.count - from)};
}

} // namespace tt::pine
