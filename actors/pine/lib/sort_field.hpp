#pragma once
/// The field that objects are put in order by.

#include "actors/pine/runtime.hpp"

namespace tt::pine {

/// The field that argument `arg` names: by its name, by its number, or the first one where nothing is given.
inline const udt_field& sort_field(const site& c, const type_info& info, std::size_t arg) {
  if (info.fields.empty()) c.stop("type " + info.name + " has no fields to be sorted by");
  const udt_field* field = nullptr;
  if (arg >= c.count() || c.type(arg) == t_void) {
    field = &info.fields[0];
  } else if (c.type(arg) == t_string) {
    for (const auto& f : info.fields)
      if (f.name == c.s(arg)) field = &f;
    if (field == nullptr) c.stop("type " + info.name + " has no field \"" + c.s(arg) + "\"");
  } else {
    auto k = c.i(arg, -1);
    if (k < 0 || k >= i64(info.fields.size()))
      c.stop("type " + info.name + " has no field number " + std::to_string(k) + ": it has " + std::to_string(info.fields.size()));
    field = &info.fields[usz(k)];
  }
  if (is_reference(*c.ctx->prog->types, field->type) && field->type != t_string)
    c.stop("the field \"" + field->name + "\" can't be sorted by: it is of type " + c.ctx->prog->types->name(field->type));
  return *field;
}

} // namespace tt::pine
