#pragma once

// Where each setting's value comes from: command line, environment, .env file,
// YAML file, default, in that order. One table names every key, so that the file,
// the environment and the documentation can't drift apart.

#include "actors/model/result.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tt::cluster {

/// Whether this build reads a key, or knows it as one of a later capability.
enum class key_use : std::uint8_t { active, reserved };
/// Secrets may be given as a file path in `<NAME>_FILE` and are never logged.
enum class key_secrecy : std::uint8_t { open, secret };
/// What the text of a key is. A relative path that stands in a file (or is a default)
/// counts from the home folder, one given by the caller from where the caller is.
/// Only a list may be written as a YAML list.
enum class key_form : std::uint8_t { value, path, list };

/// One row of the table of settings.
struct setting_spec {
  std::string_view key;                   ///< dotted path in the YAML file: "server.port"
  std::vector<std::string_view> variables; ///< environment names, the first one wins
  std::string_view fallback;              ///< default, as text
  std::string_view meaning;               ///< one sentence
  key_use use = key_use::active;
  key_secrecy secrecy = key_secrecy::open;
  key_form form = key_form::value;
};

/// Every key there is.
std::span<const setting_spec> setting_specs();

/// The places to read from.
struct setting_sources {
  std::map<std::string, std::string> command_line; ///< by key ("server.port")
  std::function<std::optional<std::string>(std::string_view)> environment; ///< may be empty
  std::string dot_env;      ///< text of the .env file, "" when there is none
  std::string yaml;         ///< text of the YAML file, "" when there is none
  std::string yaml_origin;  ///< its name, for messages
  std::string home;         ///< the checkout ("" = the working directory): where `config/` and `data/` are
};

/// `path` as seen from `home`: unchanged where it is absolute or one of them is empty.
std::string in_home(const std::string& home, const std::string& path);

/// The resolved text of every key, with where it came from.
class settings {
public:
  /// Longest .env file, longest YAML file, in bytes.
  static constexpr std::size_t max_file_bytes = 1 << 20;

  /// Unknown keys go to `warnings()`. Errors: invalid_argument for text that is
  /// not YAML (file and line), a list or map where a plain value belongs (names
  /// the key), or a malformed .env line; io_error for an unreadable *_FILE.
  static result<settings> load(const setting_sources& sources);

  [[nodiscard]] const std::vector<std::string>& warnings() const { return warnings_; }

  /// The text of a key of the table.
  [[nodiscard]] const std::string& text(std::string_view key) const;
  /// "server.port", or "DATAHUB_PORT (environment)": what to name in a message.
  [[nodiscard]] std::string origin(std::string_view key) const;
  [[nodiscard]] bool is_default(std::string_view key) const;

  /// Errors of all below: invalid_argument or out_of_range, field = origin(key).
  [[nodiscard]] result<std::int64_t> integer(std::string_view key, std::int64_t min, std::int64_t max) const;
  [[nodiscard]] result<bool> boolean(std::string_view key) const;
  /// A YAML or JSON list, or comma separated; blanks trimmed, empty entries left out.
  [[nodiscard]] std::vector<std::string> list(std::string_view key) const;
  /// One of `allowed`.
  [[nodiscard]] result<std::string> choice(std::string_view key, std::span<const std::string_view> allowed) const;

private:
  struct entry {
    std::string text;
    std::string origin; ///< empty for a default
  };
  std::map<std::string, entry, std::less<>> entries_;
  std::vector<std::string> warnings_;
};

/// KEY=VALUE lines; `#` comments, `export `, single and double quotes.
/// Errors: invalid_argument with the line number.
result<std::map<std::string, std::string>> parse_dot_env(std::string_view text);

} // namespace tt::cluster
