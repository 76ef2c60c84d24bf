#pragma once

// An account as others see it.

#include "actors/model/fill.hpp"

#include <map>
#include <span>

namespace tt {

/// Fixed when the account is opened.
struct account_profile {
  account_id id;
  venue_id venue;             ///< "paper", "tradier" …
  account_type type = account_type::margin;
  account_mode mode = account_mode::paper;
  std::string currency = "USD";
  std::string roll_calendar = "XNYS"; ///< whose day roll counts (portfolio/day_roll.hpp)

  bool operator==(const account_profile&) const = default;
};

/// What the venue says of an account's money. A field that the venue does not send is
/// absent, never 0.
struct account_balances {
  utc_time at{}; ///< when the venue said so
  std::optional<money> cash;
  std::optional<money> settled_cash;
  std::optional<money> equity;
  std::optional<money> buying_power;
  std::optional<money> day_trade_buying_power;
  std::optional<money> initial_margin;
  std::optional<money> maintenance_margin;
  std::optional<bool> pattern_day_trader;
  std::optional<bool> margin_call;

  bool operator==(const account_balances&) const = default;
};

/// Figures of an account at one moment (risk-and-execution section 2).
struct account_figures {
  money equity;
  money cash;
  money long_value;   ///< spot market value and margined notional of long positions
  money short_value;  ///< the same of short ones, <= 0
  money unrealized;
  money realized;     ///< since the account was opened, before fees
  money fees;
  money start_of_day_equity;
  money day_pnl;      ///< equity - start of day - external flows since
  money peak_equity;  ///< highest end-of-day equity, adjusted for flows
  utc_time at{};

  bool operator==(const account_figures&) const = default;
};

} // namespace tt
