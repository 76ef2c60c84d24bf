#pragma once

// What an account is worth and has earned: a fold over its journal. Prices come in
// by marks, of which those that count (day roll, points of the equity curve) are
// journal records themselves, so that a replay gives the same figures, byte for byte.

#include "actors/execution/journal_records.hpp"
#include "actors/portfolio/trade_statistics.hpp"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace tt::portfolio {

/// One point of an equity curve.
struct equity_point {
  utc_time at{};
  money equity;
  money cash;
  money unrealized;

  bool operator==(const equity_point&) const = default;
};

/// A finished day.
struct day_result {
  utc_time rolled_at{};
  money opening;  ///< equity at its start
  money closing;  ///< equity at its end
  money flows;    ///< deposits less withdrawals of the day
  [[nodiscard]] money pnl() const { return closing - opening - flows; }

  bool operator==(const day_result&) const = default;
};

/// A held symbol with today's price.
struct position_view {
  position held;
  std::optional<price> mark;  ///< nothing: no price is known; then there is no value either
  std::optional<money> value; ///< market value of spot, open P&L of margined
  std::optional<money> exposure; ///< quantity × price × multiplier × FX, signed
  std::optional<money> unrealized;
  std::optional<money> day_pnl; ///< since the day roll
};

/// Figures of one strategy, from its own fills only.
struct strategy_figures {
  money realized;   ///< before fees
  money fees;
  money unrealized; ///< at the newest marks
  money day_pnl;    ///< realised, unrealised and fees since the day roll
  trade_statistics trades;
};

class portfolio {
public:
  /// Longest equity curve kept in memory; older points are dropped (they stay in the journal).
  static constexpr std::size_t max_points = 100'000, max_days = 4'000;

  /// Applies the next record. Errors: out_of_range for figures beyond the range of decimal,
  /// corrupt_data where an execution names an order that the journal has not.
  result<void> apply(const execution::journal_record& record);

  /// The newest price of a symbol and the rate of its currency; not journalled.
  void mark(const std::string& symbol, price px, decimal fx);

  /// Figures at the newest marks. Errors: not_available, naming a held symbol without a price: a value is never made up.
  [[nodiscard]] result<account_figures> figures(utc_time now) const;
  [[nodiscard]] std::vector<position_view> positions() const;
  [[nodiscard]] const std::map<std::string, position>& held() const { return positions_; }
  /// Marks of all held symbols, and those known of symbols that only strategies hold, for an account_marked record. Errors: as figures.
  [[nodiscard]] result<std::vector<execution::price_mark>> marks() const;

  [[nodiscard]] money cash() const { return cash_; }
  [[nodiscard]] const std::vector<equity_point>& curve() const { return curve_; }
  [[nodiscard]] const std::vector<day_result>& days() const { return days_; }
  [[nodiscard]] const trade_statistics& trades() const { return trades_; }
  /// Empty for a strategy that never traded.
  [[nodiscard]] std::optional<strategy_figures> strategy(const strategy_id& id) const;
  [[nodiscard]] std::vector<strategy_id> strategies() const;
  /// What a strategy holds of a symbol by its own fills; null where it never traded it. Lives until the next record.
  [[nodiscard]] const position* held_by(const strategy_id& id, const std::string& symbol) const;
  /// All that it ever traded, by symbol.
  [[nodiscard]] const std::map<std::string, position>& holdings(const strategy_id& id) const;
  /// Largest fall from a peak of the curve as a share of the peak, 0..1; 0 with fewer than two points.
  [[nodiscard]] decimal max_drawdown() const;
  /// Losing round trips in a row, up to now.
  [[nodiscard]] std::uint32_t consecutive_losses() const { return trades_.losses_in_a_row; }

  [[nodiscard]] const account_profile& profile() const { return profile_; }

  /// Writes the whole state, or reads it (execution/byte_archive.hpp): for snapshots. Instances for both are in portfolio_bytes.cpp.
  template <class Archive>
  void archive(Archive& a);

private:
  struct last_mark {
    price px;
    decimal fx{1};

    template <class Archive>
    friend void fields(Archive& a, last_mark& x) {
      a(x.px, x.fx);
    }
  };
  /// What an order's executions are booked to.
  struct owner {
    strategy_id strategy;
    contract_terms contract;

    template <class Archive>
    friend void fields(Archive& a, owner& x) {
      a(x.strategy, x.contract);
    }
  };
  struct strategy_book {
    std::map<std::string, position> positions;
    std::map<std::string, money> open_trade; ///< realised of the round trip under way, by symbol
    money realized, fees, day_start; ///< day_start: realised - fees + unrealised at the roll
    trade_statistics trades;

    template <class Archive>
    void archive(Archive& a);
    template <class Archive>
    friend void fields(Archive& a, strategy_book& x) {
      x.archive(a);
    }
  };

  result<void> on(const execution::order_intent& fact);
  result<void> on(const execution::order_adopted& fact);
  result<void> on(const execution::execution_booked& fact, const execution::journal_record& record);
  result<void> on(const execution::execution_corrected& fact);
  result<void> on(const execution::account_opened& fact);
  result<void> on(const execution::position_adjusted& fact);
  result<void> on(const execution::cash_flowed& fact);
  result<void> on(const execution::account_marked& fact);

  result<void> book(const order_fill& fill, const owner& whose);
  result<money> equity_at(const std::map<std::string, last_mark>& marks, money* unrealized) const;
  /// Open P&L of what a strategy holds; symbols without a mark count nothing.
  static result<money> strategy_open(const strategy_book& of, const std::map<std::string, last_mark>& marks);
  /// Symbols of strategies that cancel each other out, or that somebody else has closed.
  std::set<std::string> held_by_strategies_alone() const;

  account_profile profile_;
  money cash_, realized_, fees_, flows_today_, start_of_day_, peak_;
  bool has_equity_ = false; ///< first equity was seen: start of day and peak count from there
  std::map<std::string, position> positions_;
  std::map<std::string, money> open_trade_;
  std::map<std::string, last_mark> marks_;
  std::map<std::string, money> day_start_; ///< by symbol: realised - fees + unrealised at the roll
  std::map<order_number, owner> owners_;
  std::map<execution_id, booked_execution> executions_;
  std::map<strategy_id, strategy_book> strategies_;
  std::vector<equity_point> curve_;
  std::vector<day_result> days_;
  trade_statistics trades_;
};

} // namespace tt::portfolio
