#pragma once
/// What an optimisation may vary: named parameters with their values, and points in the space they span.
/// Every parameter has a finite number of levels, so a point is a list of level numbers: exact, comparable, and cheap
/// to put in a log.

#include "actors/model/result.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace tt::backtest {

enum class parameter_kind : std::uint8_t { integer, floating, boolean, choice };
enum class parameter_scale : std::uint8_t { linear, logarithmic };

struct parameter {
  std::string name; ///< the input's title, or the name of its variable
  parameter_kind kind = parameter_kind::integer;
  double min = 0, max = 0;
  double step = 0; ///< 0: 1 for integers; `limits::levels_without_step` levels for floats
  parameter_scale scale = parameter_scale::linear;
  std::vector<std::string> values; ///< of a choice
};

namespace limits {
inline constexpr std::size_t parameters = 32;
inline constexpr std::uint32_t levels = 1'000'000;          ///< of one parameter
inline constexpr std::uint32_t levels_without_step = 1'000; ///< of a float that gives no step
} // namespace limits

/// Level numbers, one per parameter.
using point = std::vector<std::uint32_t>;

/// Random numbers as a pure function of key and counter (splitmix64 over both), so that draw n of trial m is the same
/// on every machine and in any order.
class counter_random {
public:
  counter_random(std::uint64_t key, std::uint64_t stream) : state_(mix(key ^ mix(stream + 0x9E3779B97F4A7C15ull))) {}
  std::uint64_t next() { return mix(state_ += 0x9E3779B97F4A7C15ull); }
  /// Uniform in [0, n), n > 0.
  std::uint32_t below(std::uint32_t n) { return static_cast<std::uint32_t>(((next() >> 32) * n) >> 32); }
  /// Uniform in [0, 1).
  double unit() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }
  static std::uint64_t mix(std::uint64_t z) {
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
    return z ^ (z >> 31);
  }

private:
  std::uint64_t state_;
};

class parameter_space {
public:
  /// Checks names, bounds and steps. Errors name the parameter in `field`.
  static result<parameter_space> make(std::vector<parameter> list);
  /// From a command line: "fast=5:50:5" (min:max:step), "mode=a|b|c", "x=0.1:10:0:log".
  static result<parameter> parse(std::string_view text);

  const std::vector<parameter>& list() const { return list_; }
  std::uint32_t levels(std::size_t i) const { return levels_[i]; }
  /// Points of the full grid; 2^64 - 1 when there are more.
  std::uint64_t size() const { return size_; }
  /// Point number `n` of the grid, the last parameter running fastest. n < size().
  point at(std::uint64_t n) const;
  point random(std::uint64_t key, std::uint64_t n) const;
  /// The value of a level as the script's input takes it.
  std::string text(std::size_t parameter, std::uint32_t level) const;
  double number(std::size_t parameter, std::uint32_t level) const;
  /// All values of a point by parameter name.
  std::map<std::string, std::string> inputs(const point& p) const;
  /// Points that differ by one level in one parameter.
  std::vector<point> neighbours(const point& p) const;

private:
  std::vector<parameter> list_;
  std::vector<std::uint32_t> levels_;
  std::uint64_t size_ = 1;
};

} // namespace tt::backtest
