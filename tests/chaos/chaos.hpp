// How large the tests in this folder are. `./tt test` runs the short forms;
// `./tt chaos` (TT_CHAOS=full) runs the sizes that the READMEs speak of, and holds
// deadlines of wall time, which a busy machine may break in the short forms.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

namespace chaos {

using steady = std::chrono::steady_clock;

inline bool is_full() {
  const auto* size = std::getenv("TT_CHAOS");
  return size && std::string_view{size} == "full";
}

template <class T>
T sized(T brief, T full) {
  return is_full() ? full : brief;
}

inline constexpr bool is_sanitized =
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    true;
#else
    false;
#endif

/// How long something took, over all rounds, against its deadline.
class stopwatch {
public:
  stopwatch(std::string what, std::chrono::milliseconds limit) : what_(std::move(what)), limit_(limit) {}
  stopwatch(const stopwatch&) = delete;
  stopwatch& operator=(const stopwatch&) = delete;
  ~stopwatch() {
    std::printf("  %s: %zu times, %zu of them within %lld ms, longest %lld ms\n", what_.c_str(), count_,
                count_ - late_, static_cast<long long>(limit_.count()), static_cast<long long>(longest_.count()));
  }

  void add(steady::duration took) {
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(took);
    ++count_;
    if (ms > limit_) ++late_;
    longest_ = std::max(longest_, ms);
    if (is_full()) {
      EXPECT_LE(ms.count(), limit_.count()) << what_;
    }
  }

private:
  const std::string what_;
  const std::chrono::milliseconds limit_;
  std::chrono::milliseconds longest_{0};
  size_t count_ = 0;
  size_t late_ = 0;
};

} // namespace chaos
