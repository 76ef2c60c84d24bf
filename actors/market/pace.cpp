#include "actors/market/pace.hpp"

#include "actors/model/decimal.hpp"

namespace tt::market {

result<pace> pace::parse(std::string_view text) {
  if (text == "max") return pace{pace_kind::maximum, 1};
  if (text == "step") return pace{pace_kind::stepped, 1};
  auto digits = text;
  if (!digits.empty() && (digits.back() == 'x' || digits.back() == 'X')) digits.remove_suffix(1);
  const auto number = decimal::parse(digits);
  if (!number)
    return error{errc::invalid_argument, "must be a factor such as 1 or 10x, or max, or step, not \"" + std::string(text.substr(0, 40)) + "\""};
  const double speed = number->to_double();
  if (speed < min_speed || speed > max_speed) return error{errc::out_of_range, "must be from 0.01 to 100000, not " + std::string(text)};
  return pace{pace_kind::scaled, speed};
}

std::string pace::to_string() const {
  switch (kind) {
  case pace_kind::maximum: return "max";
  case pace_kind::stepped: return "step";
  case pace_kind::scaled: break;
  }
  const auto number = decimal::from_double(speed, 4);
  return (number ? number->to_string() : std::string("?")) + "x";
}

utc_time pace_clock::market_at(utc_time wall) const {
  const auto passed = wall - wall_;
  if (passed.count() <= 0) return market_;
  if (speed_ == 1) return market_ + passed;
  return market_ + nanoseconds{static_cast<std::int64_t>(static_cast<double>(passed.count()) * speed_)};
}

} // namespace tt::market
