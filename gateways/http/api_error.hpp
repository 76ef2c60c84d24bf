#pragma once

// The one error body of the API, and how results of the core become it.

#include "actors/model/result.hpp"
#include "actors/model/time.hpp"
#include "gateways/http/message.hpp"
#include "gateways/json/json_writer.hpp"

#include <string>
#include <vector>

namespace tt::gateway {

/// One field problem: where ("body", "quantity"), what, and its kind
/// ("missing", "range", "type", "unknown", "conflict").
struct field_error {
  std::vector<std::string> loc;
  std::string msg;
  std::string type;

  bool operator==(const field_error&) const = default;
};

/// A failed request, ready to be written in the format of its route.
struct api_error {
  int status = 500;
  std::string code;   ///< `error_code`: "field.conflict", "not_available"
  std::string title;  ///< `error`: two or three words
  std::string detail; ///< the sentence a person reads
  std::vector<field_error> fields = {};
  header_list headers = {}; ///< Allow, Retry-After, WWW-Authenticate …
  std::string hidden = {};  ///< for the log only
};

/// Which spelling failures take on a route.
enum class error_format : std::uint8_t {
  api,           ///< the body of http-api.md section 1
  udf,           ///< {"s":"error","errmsg","detail"}
  chart_storage, ///< {"status":"error","message"}
};

/// An api_error with the usual title of its status.
api_error make_error(int status, std::string code, std::string detail);
/// 400 for one field. `where` is "query", "path", "body" or "header".
api_error bad_field(std::string where, std::string field, std::string msg, std::string type = "value");
/// 400 from several field problems; the first one makes the sentence. Requires
/// at least one.
api_error bad_fields(std::vector<field_error> fields);
/// 503 `not_available`; `what` says which part is missing.
api_error not_available(std::string what);

/// 503 of a part that needs accounts, on a node that hosts none.
api_error no_accounts_for(std::string_view part);

/// The status written behind each errc value. What is our own fault (internal,
/// corrupt_data) keeps its details to itself. `where` places e.field.
api_error to_api_error(const error& e, std::string_view where = "query");

/// HTTP status of an error code.
int http_status(errc code) noexcept;

/// Writes the body. `request_id` and `now` go into the API format.
http_response render(const api_error& e, error_format format, std::string_view request_id, utc_time now,
                     json_style style = {});

} // namespace tt::gateway
