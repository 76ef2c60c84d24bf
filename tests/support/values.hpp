#pragma once

// Values of the model from text, for tests: a text that is none fails the test.

#include "actors/model/quantities.hpp"
#include "actors/model/time.hpp"

#include <gtest/gtest.h>

namespace tt::test {

inline decimal dec(const char* text) {
  auto v = decimal::parse(text);
  EXPECT_TRUE(v) << text;
  return *v;
}
inline price px(const char* text) { return price{dec(text)}; }
inline quantity qty(const char* text) { return quantity{dec(text)}; }
inline money usd(const char* text) { return money{dec(text)}; }
inline utc_time at(const char* text) {
  auto v = parse_iso8601(text);
  EXPECT_TRUE(v) << text;
  return *v;
}

} // namespace tt::test
