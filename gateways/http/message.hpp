#pragma once

// Requests and responses as plain values, so that handlers and tests never see
// the server library.

#include "actors/model/result.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tt::gateway {

/// Methods the routes use; everything else is `other` (405).
enum class verb : std::uint8_t { get, head, post, put, patch, remove, options, other };

/// "GET", "DELETE" … ("OTHER" for other).
std::string_view to_string(verb method) noexcept;
/// Case-sensitive, as in HTTP.
verb parse_verb(std::string_view text) noexcept;
/// Whether a method may change state (POST, PUT, PATCH, DELETE, unknown ones).
bool is_unsafe(verb method) noexcept;

/// A header field, or a query parameter after decoding.
struct name_value {
  std::string name;
  std::string value;

  bool operator==(const name_value&) const = default;
};

/// Header fields in order; names compare without letter case.
class header_list {
public:
  header_list() = default;
  header_list(std::initializer_list<name_value> list) : list_(list) {}

  /// Appends, keeping fields of the same name.
  void add(std::string name, std::string value);
  /// Replaces every field of that name.
  void set(std::string name, std::string value);
  /// First value of that name, null when absent.
  [[nodiscard]] const std::string* find(std::string_view name) const;
  [[nodiscard]] std::size_t count(std::string_view name) const;
  [[nodiscard]] std::span<const name_value> all() const { return list_; }

private:
  std::vector<name_value> list_;
};

/// Letter case ignored, ASCII only.
bool iequals(std::string_view a, std::string_view b) noexcept;
/// Without blanks and tabs at both ends.
std::string_view trimmed(std::string_view text) noexcept;
std::string to_lower(std::string_view text);
std::string to_upper(std::string_view text);

/// Decoded query parameters, or form fields, in order.
class query_params {
public:
  /// Most parameters of one query; more is refused.
  static constexpr std::size_t max_params = 100;

  /// Reads "a=1&b=x%20y+z". Errors: invalid_argument (bad percent escape, NUL
  /// byte), limit as out_of_range.
  static result<query_params> parse(std::string_view text);

  void add(std::string name, std::string value) { list_.push_back({std::move(name), std::move(value)}); }
  /// First value, null when absent.
  [[nodiscard]] const std::string* find(std::string_view name) const;
  [[nodiscard]] std::span<const name_value> all() const { return list_; }

private:
  std::vector<name_value> list_;
};

/// Whether '+' stands for a blank.
enum class plus_sign : std::uint8_t { literal, blank };
/// Decodes %XX. Errors: invalid_argument for a bad escape or a NUL byte.
result<std::string> percent_decode(std::string_view text, plus_sign plus);
/// Encodes everything but unreserved characters.
std::string percent_encode(std::string_view text);

/// Whether a request came over TLS.
enum class peer_link : std::uint8_t { plain, tls };

/// What a TLS client showed of itself; its chain was verified.
struct peer_certificate {
  std::string common_name, organization;
  std::vector<std::string> emails; ///< of the subject alternative name

  bool operator==(const peer_certificate&) const = default;
};

/// One request as it came in, its target taken apart.
struct http_request {
  verb method = verb::get;
  std::string target;                ///< as sent: path and query
  std::string path;                  ///< as sent, without query and trailing slash
  std::vector<std::string> segments; ///< of the path, decoded
  query_params query;
  header_list headers;
  std::string body;
  std::string peer;                  ///< address of the socket's peer, without port
  peer_link link = peer_link::plain; ///< of that socket
  std::optional<peer_certificate> certificate = {};

  /// Fills target, path, segments and query; accepts absolute form and puts its
  /// authority into `authority`. Errors: invalid_argument.
  [[nodiscard]] result<void> set_target(std::string_view text);
  /// Authority of an absolute-form target, empty otherwise.
  std::string authority;
  /// Value of a header or "".
  [[nodiscard]] std::string_view header(std::string_view name) const;
};

/// An answer. Content is either owned or shared with others (files, big replies).
struct http_response {
  int status = 200;
  header_list headers;
  std::string body;
  std::shared_ptr<const std::string> shared_body;
  /// Which pages may show it in a frame.
  enum class framing : std::uint8_t { nobody, own_origin };
  framing framed_by = framing::nobody;

  [[nodiscard]] std::string_view content() const { return shared_body ? std::string_view{*shared_body} : std::string_view{body}; }
};

/// A response with Content-Type application/json.
http_response json_response(std::string json, int status = 200);
/// A response with Content-Type text/plain; charset=utf-8.
http_response text_response(std::string text, int status = 200);

/// "Not Found" for 404; "Unknown" for codes the gateway never sends.
std::string_view reason_phrase(int status) noexcept;

} // namespace tt::gateway
