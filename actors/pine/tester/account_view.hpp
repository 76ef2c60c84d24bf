#pragma once
/// What strategy.* reads, taken from the broker: only the values that the program uses are computed.

#include "actors/pine/program.hpp"
#include "actors/pine/settings.hpp"
#include "actors/pine/tester/broker.hpp"

namespace tt::pine::tester {

class account_view final : public trade_source {
public:
  account_view(const program& code, broker& from);
  /// Brings the values up to date; to be called before each run of the script.
  void refresh() {
    if (!used_.empty() || uses_name_) take_values();
  }
  const strategy_view& values() const { return view_; }
  /// One value, whether the program uses it or not.
  double value(strategy_view::field f) const;

  double number(trade_list list, trade_field field, std::int64_t trade) const override;
  std::optional<std::string> text(trade_list list, trade_field field, std::int64_t trade) const override;
  double default_entry_qty(double price) const override { return from_.default_qty(price); }

private:
  void take_values();
  const trade* find(trade_list list, std::int64_t number) const;
  double profit_of_open(const trade& t) const;
  static double of_no_trade(trade_field field, std::int64_t index);
  broker& from_;
  strategy_view view_;
  std::vector<strategy_view::field> used_;
  bool uses_name_ = false;
};

} // namespace tt::pine::tester
