#pragma once
/// Pine's types and qualifiers. A type is a small number; composite types live in a type_table.

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace tt::pine {

/// When a value is known: const < input < simple < series.
enum class qual : std::uint8_t { constant, input, simple, series };

using type_id = std::uint32_t;

/// The fixed part of the table.
enum basic_type : type_id {
  t_na, ///< the literal na before it meets a typed place
  t_void, t_bool, t_int, t_float, t_color, t_string,
  t_line, t_linefill, t_label, t_box, t_table, t_polyline, t_point,
  t_plot, t_hline, t_footprint, t_volume_row,
  t_tuple, ///< only as the type of a call or block; its parts are kept beside it
  t_first_composite,
};

/// Id of array<line>, array<linefill>, array<label>, array<box>, array<table>, array<polyline>: k = 0..5.
constexpr type_id all_array(type_id k) { return t_first_composite + k; }

enum class type_kind : std::uint8_t { basic, array, matrix, map, object, enumeration };

struct udt_field {
  std::string name;
  type_id type = t_na;
  bool varip = false;
  std::uint32_t slot = 0; ///< index among the numbers or among the references of the object
};

struct type_info {
  type_kind kind = type_kind::basic;
  std::string name;
  type_id arg = t_na;  ///< element, or key of a map
  type_id arg2 = t_na; ///< value of a map
  std::vector<udt_field> fields;    ///< object
  std::uint32_t numbers = 0, references = 0;
  std::vector<std::string> members; ///< enumeration
  std::unordered_map<std::string, std::size_t> member_places; ///< where each of them stands
  std::vector<std::string> titles;
};

/// Interns composite types, so that equal types have equal ids.
class type_table {
public:
  type_table();
  type_id array_of(type_id element);
  type_id matrix_of(type_id element);
  type_id map_of(type_id key, type_id value);
  type_id add(type_info info);
  const type_info& operator[](type_id t) const { return types_[t]; }
  type_info& edit(type_id t) { return types_[t]; }
  type_kind kind(type_id t) const { return types_[t].kind; }
  const std::string& name(type_id t) const { return types_[t].name; }
  std::size_t size() const { return types_.size(); }
  /// Basic type of that name, or t_na.
  static type_id basic(std::string_view name);

private:
  type_id intern(type_kind kind, type_id a, type_id b, std::string name);
  std::deque<type_info> types_;
};

/// True when values of the type are references to heap objects; all others are doubles.
inline bool is_reference(const type_table& types, type_id t) {
  if (t < t_first_composite) return (t >= t_string && t <= t_point) || t == t_footprint || t == t_volume_row;
  return types.kind(t) != type_kind::enumeration;
}
/// Of plot() and hline(): fill() takes these, and nothing else does.
inline bool is_drawn(type_id t) { return t == t_plot || t == t_hline; }
inline bool is_number(type_id t) { return t == t_int || t == t_float; }

std::string_view name_of(qual q);
inline qual max(qual a, qual b) { return a < b ? b : a; }

} // namespace tt::pine
