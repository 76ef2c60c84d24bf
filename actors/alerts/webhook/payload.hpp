#pragma once

// The text of an alert, taken apart: JSON, key=value pairs, a line of words, or a
// note. Says nothing about what the fields mean (signal.hpp). Pure.
//
//   auto text = read_payload(body);             // result<payload>
//   text->find({"symbol", "ticker"});           // first name that is there
//   text->to_json();                            // for the audit, without secrets

#include "actors/model/result.hpp"

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tt::webhook {

/// Largest alert, in bytes (http-api section 10).
inline constexpr std::size_t max_payload_bytes = 16 * 1024;
/// Most values and deepest nesting of a JSON alert; most pairs of a text one.
inline constexpr std::size_t max_payload_values = 500;
inline constexpr std::size_t max_payload_depth = 8;

/// How an alert was written.
enum class payload_form : std::uint8_t {
  json,
  pairs, ///< "action=buy; ticker=AAPL"
  words, ///< "BUY AAPL 10 @ 231.5"
  note,  ///< anything else: recorded, no order
};

/// One value of an alert, as it was sent: numbers keep their text.
struct payload_value {
  enum class kind : std::uint8_t { null, boolean, number, text, list, object };
  struct member;

  kind type = kind::null;
  std::string text; ///< of a text or number; "true" or "false"
  std::vector<payload_value> items;
  std::vector<member> members;

  /// The member whose name is one of `names`; letter case, '_', '-' and blanks are not
  /// looked at (orderAction = order_action). The first of `names` that is there, is not null and not "", wins.
  [[nodiscard]] const payload_value* find(std::initializer_list<std::string_view> names) const;
};

struct payload_value::member {
  std::string name; ///< as sent
  payload_value value;
};

struct payload {
  payload_form form = payload_form::note;
  payload_value root;                ///< an object
  std::optional<std::string> secret; ///< the field secret, passphrase, token or key; never in `root`
  /// `root` before a secret was blotted out of other fields; nothing: none was. In memory only: it may hold the secret.
  std::optional<payload_value> before_blot = {};

  [[nodiscard]] const payload_value* find(std::initializer_list<std::string_view> names) const { return root.find(names); }
  /// Blots a text out wherever it stands: a secret that came by another way.
  void forget(std::string_view secret_text);
  /// What may be kept and shown: JSON without any secret field.
  [[nodiscard]] std::string to_json() const;
};

/// Takes a body apart. Fields named secret, passphrase, token or key are removed wherever they stand, and the value of the
/// one at the top is blotted out elsewhere too.
/// Errors: invalid_argument (not UTF-8, empty, a NUL byte, a list, or what begins as a
/// JSON object and is none); limit_exceeded (size, values, depth).
result<payload> read_payload(std::string_view body);

/// What `to_json` gave, read again. Errors: corrupt_data.
result<payload> restore_payload(std::string_view json, payload_form form);

/// Whether bytes are well-formed UTF-8 (no surrogates, nothing overlong).
bool is_utf8(std::string_view text) noexcept;

} // namespace tt::webhook
