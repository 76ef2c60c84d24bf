#pragma once

// Strong types over decimal. A price can't be added to a quantity, and neither
// can be passed where the other is meant.

#include "actors/model/decimal.hpp"

namespace tt {

/// A decimal that carries what it measures in its type.
template <class Tag>
class measured {
public:
  constexpr measured() = default;
  constexpr explicit measured(decimal value) : value_(value) {}
  constexpr explicit measured(std::int64_t whole) : value_(whole) {}
  template <class Float>
    requires std::is_floating_point_v<Float>
  explicit measured(Float) = delete;

  /// As decimal::parse.
  static result<measured> parse(std::string_view text) {
    auto parsed = decimal::parse(text);
    if (!parsed) return std::move(parsed).error();
    return measured{*parsed};
  }

  [[nodiscard]] constexpr decimal value() const { return value_; }
  [[nodiscard]] double to_double() const { return value_.to_double(); }
  [[nodiscard]] std::string to_string() const { return value_.to_string(); }
  [[nodiscard]] constexpr bool is_zero() const { return value_.is_zero(); }

  constexpr measured operator-() const { return measured{-value_}; }
  measured& operator+=(measured rhs) { return value_ += rhs.value_, *this; }
  measured& operator-=(measured rhs) { return value_ -= rhs.value_, *this; }
  friend measured operator+(measured a, measured b) { return a += b; }
  friend measured operator-(measured a, measured b) { return a -= b; }
  friend constexpr bool operator==(measured, measured) = default;
  friend constexpr auto operator<=>(measured a, measured b) { return a.value_ <=> b.value_; }

private:
  decimal value_;
};

/// Price of one unit of an instrument, in its quote currency; may be negative
/// (calendar spreads, oil in April 2020).
using price = measured<struct price_tag>;
/// Number of shares, contracts or coins.
using quantity = measured<struct quantity_tag>;
/// An amount of money in a currency known from context (account or instrument).
using money = measured<struct money_tag>;

/// price × quantity × contract multiplier. Aborts when it leaves the range of
/// decimal: for numbers that passed checked_notional, or that a venue reported.
inline money notional(price p, quantity q, decimal multiplier) {
  return money{p.value() * q.value() * multiplier};
}

/// The same for numbers from outside. Errors: out_of_range.
inline result<money> checked_notional(price p, quantity q, decimal multiplier) {
  auto value = decimal::checked_multiply(p.value(), q.value());
  if (value) value = decimal::checked_multiply(*value, multiplier);
  if (!value) return std::move(value).error();
  return money{*value};
}

} // namespace tt
