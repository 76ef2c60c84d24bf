#pragma once
/// A map of a job file while it is read: keys by name and type, findings with their place, and in the end the keys that
/// nobody asked for.

#include "actors/strategy/jobs/finding.hpp"

#include <initializer_list>
#include <set>

namespace tt::strategy {

struct number_range {
  double least, most;
};
inline constexpr number_range weight_range{0, 1};

class yaml_section {
public:
  /// `node` null or no map: an empty section (a wrong kind is a finding).
  yaml_section(const yaml_node* node, std::string path, text_place at, finding_list& out);

  [[nodiscard]] bool exists() const { return node_ && node_->is_map(); }
  [[nodiscard]] text_place at() const { return at_; }
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] finding_list& findings() { return *out_; }
  [[nodiscard]] std::string key(std::string_view name) const { return (path_.empty() ? "" : path_ + ".") + std::string(name); }
  [[nodiscard]] text_place place(std::string_view name) const;

  /// Null where absent or null.
  const yaml_node* raw(std::string_view name);
  yaml_section section(std::string_view name);
  std::optional<std::string> text(std::string_view name);
  std::optional<double> number(std::string_view name, number_range range);
  std::optional<std::int64_t> integer(std::string_view name, number_range range);
  std::optional<bool> boolean(std::string_view name);
  /// One scalar or a list of scalars.
  std::vector<std::string> texts(std::string_view name);
  /// A duration: 30, "30s", "5m"; a bare number is seconds.
  std::optional<std::int64_t> milliseconds(std::string_view name);
  /// A word of a list; its place in it.
  std::optional<std::size_t> choice(std::string_view name, std::initializer_list<std::string_view> words);
  void missing(std::string_view name);
  /// Keys that mean something elsewhere and need no reading here.
  void ignore(std::initializer_list<std::string_view> names);
  /// UNKNOWN_KEY for the rest.
  void done();

private:
  void bad_type(std::string_view name, std::string_view wanted);
  const yaml_node* node_;
  std::string path_;
  text_place at_;
  finding_list* out_;
  std::set<std::string, std::less<>> asked_;
};

} // namespace tt::strategy
