#include "actors/pine/types.hpp"

#include "actors/pine/util.hpp"

#include <array>

namespace tt::pine {

namespace {
constexpr std::array<std::string_view, t_first_composite> names{
    "na", "void", "bool", "int", "float", "color", "string", "line", "linefill", "label", "box", "table",
    "polyline", "chart.point", "plot", "hline", "footprint", "volume_row", "tuple"};
}

type_table::type_table() {
  for (auto n : names) {
    type_info info;
    info.name = n;
    types_.push_back(std::move(info));
  }
  // the types of line.all and friends have fixed ids, see all_array
  for (auto t : {t_line, t_linefill, t_label, t_box, t_table, t_polyline}) array_of(t);
}

type_id type_table::basic(std::string_view name) {
  for (type_id i = t_bool; i < t_tuple; ++i)
    if (names[i] == name) return i;
  return t_na;
}

type_id type_table::intern(type_kind kind, type_id a, type_id b, std::string name) {
  for (type_id i = t_first_composite; i < types_.size(); ++i)
    if (types_[i].kind == kind && types_[i].arg == a && types_[i].arg2 == b) return i;
  type_info info;
  info.kind = kind;
  info.arg = a;
  info.arg2 = b;
  info.name = std::move(name);
  return add(std::move(info));
}

type_id type_table::array_of(type_id e) { return intern(type_kind::array, e, t_na, "array<" + name(e) + ">"); }
type_id type_table::matrix_of(type_id e) { return intern(type_kind::matrix, e, t_na, "matrix<" + name(e) + ">"); }
type_id type_table::map_of(type_id k, type_id v) {
  return intern(type_kind::map, k, v, "map<" + name(k) + ", " + name(v) + ">");
}

type_id type_table::add(type_info info) {
  types_.push_back(std::move(info));
  return u32(types_.size() - 1);
}

std::string_view name_of(qual q) {
  constexpr std::array<std::string_view, 4> words{"const", "input", "simple", "series"};
  return words[static_cast<std::size_t>(q)];
}

} // namespace tt::pine
