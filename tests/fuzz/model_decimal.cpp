// decimal::parse: whatever it accepts is printed and read back unchanged, and lies
// within the stated range.

#include "actors/model/quantities.hpp"

#include <cstdint>
#include <string_view>

using namespace tt;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto value = decimal::parse(text);
  if (!value) {
    TT_ASSERT(value.error().code == errc::invalid_argument || value.error().code == errc::out_of_range);
    return 0;
  }
  TT_ASSERT(value->abs() <= decimal{decimal::max_parsed});
  const auto back = decimal::parse(value->to_string());
  TT_ASSERT(back.has_value() && *back == *value);
  TT_ASSERT(value->digits() >= 0 && value->digits() <= decimal::scale_digits);
  TT_ASSERT(decimal::from_double(value->to_double(), decimal::scale_digits).has_value());
  // arithmetic on numbers from outside answers with errors, never with an abort
  (void)checked_notional(price{*value}, quantity{*value}, *value);
  (void)decimal::checked_divide(decimal{decimal::max_parsed}, *value, rounding::up);
  return 0;
}
