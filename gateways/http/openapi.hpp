#pragma once

// Documentation written from the route table.

#include "gateways/http/route_table.hpp"

#include <string>

namespace tt::gateway {

/// OpenAPI 3.1 of every row. Errors: invalid_argument when a row names a schema
/// that does not exist.
result<std::string> write_openapi(const route_table& table, std::string_view version);

/// The same as one HTML page without scripts.
std::string write_docs_page(const route_table& table, std::string_view version);

} // namespace tt::gateway
