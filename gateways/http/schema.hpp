#pragma once

// JSON schemas of the bodies and stream frames, for /openapi.json. Written in a
// short form, so that a schema is as easy to read as the contract's own lines.

#include "actors/model/result.hpp"

#include <span>
#include <string>
#include <string_view>

namespace tt::gateway {

/// A named object schema. `fields` holds "name:type" words:
///   s string, i integer, n number, b boolean, t ISO time, d date, j any JSON,
///   o free object, #Name another schema, e(a|b|c) one of these strings,
///   c(x) exactly that string;
///   [] in front = array of it, {} in front = object with values of it,
///   ! behind = always present, ? behind = may be null.
struct schema {
  std::string_view name;
  std::string_view fields;
  std::string_view description = "";
};

/// Every schema of components.schemas that is an object.
std::span<const schema> object_schemas();

/// Appends `"Name":{…}` of all schemas, comma-separated. Errors:
/// invalid_argument for a malformed word (names it), or a reference to a schema
/// that does not exist.
result<std::string> write_schemas();

} // namespace tt::gateway
