#pragma once
/// Values of this room as bytes: one MessagePack map each, with "format" (what it is), "v" (of which version) and "reads"
/// (the least version of a program that may read it). Unknown fields are skipped, so formats grow without a break.
/// Columns of numbers are MessagePack binaries, little-endian, 8 bytes each.

#include "actors/model/result.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tt::backtest::wire {

/// What this program writes and reads.
inline constexpr std::uint64_t version = 1;

nlohmann::json column(std::span<const double> values);
nlohmann::json column(std::span<const std::int64_t> values);

nlohmann::json start(std::string_view format);
std::string finish(const nlohmann::json& fields);
/// The map of such bytes. Errors: corrupt_data; unsupported when only later programs may read it.
result<nlohmann::json> open(std::string_view bytes, std::string_view format);

/// Reads fields; what is missing or of another type sets `ok` to false and leaves the value alone.
class fields {
public:
  explicit fields(const nlohmann::json& map) : map_(map) {}
  bool ok = true;

  void get(const char* name, std::string& to);
  void get(const char* name, double& to); ///< nil is NaN
  void get(const char* name, std::int64_t& to);
  void get(const char* name, std::uint64_t& to);
  void get(const char* name, std::vector<double>& to);
  void get(const char* name, std::vector<std::int64_t>& to);
  void get(const char* name, std::vector<std::string>& to);
  /// A list or map inside; null when there is none.
  const nlohmann::json* list(const char* name);
  const nlohmann::json* map(const char* name);
  bool has(const char* name) const { return map_.is_object() && map_.contains(name); }
  error broken(std::string_view what) const { return {errc::corrupt_data, std::string(what) + ": fields are missing or of the wrong type"}; }

private:
  const nlohmann::json* find(const char* name);
  const nlohmann::json& map_;
};

/// 32 hex digits (xxHash3, 128 bits) over any number of pieces.
class hasher {
public:
  hasher();
  ~hasher();
  hasher(const hasher&) = delete;
  hasher& operator=(const hasher&) = delete;
  void add(std::string_view bytes);
  void add(std::span<const double> values);
  void add(std::int64_t value);
  std::string hex() const;

private:
  void* state_;
};

} // namespace tt::backtest::wire
