#pragma once
/// What a run read, written down so that its hash tells whether two runs read the same.

#include "actors/strategy/jobs/job_series.hpp"

#include <string>
#include <string_view>
#include <type_traits>

namespace tt::strategy {

class inputs_text {
public:
  template <class T>
  inputs_text& operator<<(const T& what) {
    if constexpr (std::is_arithmetic_v<T>) text_ += std::to_string(what);
    else text_ += std::string_view(what);
    text_ += '\n';
    return *this;
  }
  void add(const source_bars& bars);
  /// 32 hex digits.
  [[nodiscard]] std::string hash() const;

private:
  std::string text_;
};

} // namespace tt::strategy
