#pragma once

// Form bodies: application/x-www-form-urlencoded and multipart/form-data.

#include "gateways/http/message.hpp"

namespace tt::gateway {

/// Most parts of one multipart body.
inline constexpr std::size_t max_form_parts = 100;

/// Fields of a form body by its content type; a field of a multipart body that
/// is a file counts by its content. Errors: invalid_argument (malformed, no
/// boundary), unsupported (another content type).
result<query_params> parse_form(std::string_view content_type, std::string_view body);

} // namespace tt::gateway
