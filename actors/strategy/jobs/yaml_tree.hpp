#pragma once
/// A YAML document as a plain tree that knows where each value stands. Reads one document of YAML 1.2's core types, under
/// limits, without a hang or an exception whatever the text: what yaml-cpp reports as events becomes nodes here.

#include "actors/model/result.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace tt::strategy {

namespace limits {
inline constexpr std::size_t job_bytes = 256 * 1024;      ///< of a file; more: TOO_LARGE
inline constexpr std::size_t job_depth = 32;              ///< lists and maps inside each other; more: TOO_LARGE
inline constexpr std::size_t job_aliases = 100;           ///< uses of anchors; more: TOO_LARGE
inline constexpr std::size_t job_nodes = 50'000;          ///< values once aliases are expanded; more: TOO_LARGE
} // namespace limits

/// Line and column from 1; 0: unknown.
struct text_place {
  int line = 0, column = 0;
  bool operator==(const text_place&) const = default;
};

struct yaml_node;
using yaml_ptr = std::shared_ptr<const yaml_node>;

struct yaml_entry {
  std::string key;
  text_place at; ///< of the key
  yaml_ptr value;
};

struct yaml_node {
  enum class kind : std::uint8_t { null, scalar, list, map };
  enum class style : std::uint8_t { plain, quoted };
  kind what = kind::null;
  style how = style::plain;
  std::string text;                ///< of a scalar
  std::vector<yaml_ptr> items;     ///< of a list
  std::vector<yaml_entry> entries; ///< of a map, in the file's order
  text_place at;
  std::size_t nodes = 1;           ///< with everything below

  /// The value under a key; null when there is none or this is no map.
  [[nodiscard]] const yaml_entry* entry(std::string_view key) const;
  [[nodiscard]] const yaml_node* get(std::string_view key) const;
  [[nodiscard]] bool is_map() const { return what == kind::map; }
  [[nodiscard]] bool is_list() const { return what == kind::list; }
  [[nodiscard]] bool is_scalar() const { return what == kind::scalar; }
};

struct yaml_problem {
  enum class kind : std::uint8_t { syntax, duplicate_key, too_large };
  kind what = kind::syntax;
  std::string message;
  text_place at;
  std::string key; ///< path of the offending key, where one is to blame
};

/// The root, or what is wrong.
std::variant<yaml_ptr, yaml_problem> read_yaml(std::string_view text);

/// Scalars by the core schema; nothing when it is of another kind. Quoted scalars are texts only.
std::optional<bool> as_boolean(const yaml_node& n);
/// Also "5%" (0.05), from plain and quoted scalars.
std::optional<double> as_number(const yaml_node& n);
std::optional<std::int64_t> as_integer(const yaml_node& n);

} // namespace tt::strategy
