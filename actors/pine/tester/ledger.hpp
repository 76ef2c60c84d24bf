#pragma once
/// The money side of the emulator: open and closed trades, the position they add up to, and the running statistics
/// that strategy.* reads. Knows no orders and no path.

#include "actors/pine/text_pool.hpp"
#include "actors/pine/tester/fill_rules.hpp"

#include <cstdint>
#include <vector>

namespace tt::pine::tester {

/// A round trip, or the open first half of one. Money is in the account's currency.
struct trade {
  double size = 0;          ///< signed: positive long. Open trades shrink when a part is closed.
  double entry_price = 0, exit_price = 0; ///< after slippage, on the tick grid
  std::int64_t entry_time_ms = 0, exit_time_ms = 0; ///< opening times of the bars of the fills
  std::int64_t entry_bar = 0, exit_bar = -1;
  text_id entry_id = 0, entry_comment = 0, exit_id = 0, exit_comment = 0;
  double entry_fee = 0, exit_fee = 0;
  double entry_value = 0;   ///< |size| x entry price x point value, at the rate of the entry
  double profit = 0;        ///< net of both fees; of an open trade: as marked at the last close, fees included
  double max_runup = 0, max_drawdown = 0; ///< best and worst net profit seen on the way, both >= 0
  double cum_profit = 0;    ///< net profit of the account after this trade, fees of entries still open included
  std::uint64_t fill = 0;   ///< number of the fill that opened it
  int moment = -1;          ///< point of the bar's path at which it was opened

  double fee() const { return entry_fee + exit_fee; }
  /// What the entry cost: the base of the percentages (manual: strategy.closedtrades.profit_percent).
  double cost() const { return entry_value + entry_fee; }
  double percent(double amount) const { return cost() > 0 ? amount / cost() * 100 : 0; }
};

/// How one part of an open trade is closed.
struct closing {
  double price = 0, qty = 0; ///< qty > 0
  double fee = 0;            ///< of this part of the closing order
  std::int64_t time_ms = 0, bar = 0;
  text_id id = 0, comment = 0;
  bool swap_sides = false;   ///< both sides filled at once: reported as a long trade (see broker::close_trades)
};

/// Where the trades' best and worst prices of a bar come from: its extremes, or the path that note_price() followed.
enum class excursions : std::uint8_t { whole_bar, path };

class ledger {
public:
  explicit ledger(const broker_rules& rules) : rules_(rules), pv_(rules.grid.pointvalue) {}

  /// What an account that several runs share has besides this run: profit made and open elsewhere, and the margin that
  /// positions there bind. Nothing, when the account is the run's own.
  struct elsewhere {
    double profit = 0, margin = 0;
  };
  void set_elsewhere(const elsewhere& e) {
    elsewhere_ = e;
    changed();
  }

  /// Currency of the account per point and contract: point value times the rate of the day.
  void set_point_value(double pv) {
    pv_ = pv;
    changed();
  }
  double point_value() const { return pv_; }

  void open(trade t);
  /// Closes `c.qty` of open trade `index`, which must hold at least that much, and books the profit.
  /// Returns true when that trade is closed completely and gone from the list.
  bool close(std::size_t index, const closing& c);

  double size() const { return size_; }
  double sign() const { return size_ > 0 ? 1 : size_ < 0 ? -1 : 0; }
  bool flat() const { return open_.empty(); }
  double average_price() const { return average_; }
  const std::vector<trade>& open_trades() const { return open_; }
  const std::vector<trade>& closed_trades() const { return closed_; }

  double net_profit() const { return gross_profit_ - gross_loss(); }
  double gross_profit() const { return gross_profit_; }
  /// Fees of entries still open count as losses already (kit: cum_profit of strat-slippage-pyramiding).
  double gross_loss() const { return gross_loss_ + open_fees_; }
  /// Of the open position at a price, before the fees of leaving.
  double open_profit_at(double price) const { return size_ == 0 ? 0 : size_ * (price - average_) * pv_; }
  double open_profit() const { return open_profit_; }
  double realized() const { return rules_.initial_capital + net_profit() + elsewhere_.profit; }
  double equity() const { return realized() + open_profit_; }
  /// Initial capital and what this run alone has made of it.
  double own_equity() const { return rules_.initial_capital + net_profit() + open_profit_; }
  /// Equity that the run may bind as margin: what positions elsewhere bind is taken off.
  double free_equity() const { return equity() - elsewhere_.margin; }
  double free_equity_at(double price) const { return equity_at(price) - elsewhere_.margin; }
  double equity_at(double price) const { return realized() + open_profit_at(price); }
  /// Marks the position at a price, as a fill there would be booked (as observed: of the last digit of openprofit).
  void mark(double price) { open_profit_ = open_profit_at(booked_price(price, rules_.grid)); }

  /// The path has reached a price: run-ups and drawdowns of the open trades.
  void note_price(double price);
  /// The bar is over: run-ups and drawdowns of the trades and of the account, and the mark at the close.
  void end_bar(double high, double low, double close, excursions seen);
  /// Equity's low before a rise: an entry at `price` is about to be booked.
  void note_entry(double price);
  double peak_realized() const { return peak_; }

  struct statistics {
    std::int64_t wins = 0, losses = 0, evens = 0;
    double win_ratios = 0, loss_ratios = 0, ratios = 0; ///< sums of profit / cost
    double max_drawdown = 0, max_drawdown_percent = 0, max_runup = 0, max_runup_percent = 0;
    double max_long = 0, max_short = 0; ///< contracts
    double fees = 0;
  };
  const statistics& stats() const { return stats_; }

private:
  void recount();
  void score(const trade& t);
  void note_bar(double high, double low, excursions seen);
  /// Bars from here on are looked at anew.
  void changed() {
    seen_high_ = -std::numeric_limits<double>::infinity();
    seen_low_ = std::numeric_limits<double>::infinity();
  }

  const broker_rules& rules_;
  double pv_;
  std::vector<trade> open_;
  std::vector<trade> closed_;
  double size_ = 0, average_ = no_value, open_profit_ = 0, open_fees_ = 0;
  double gross_profit_ = 0, gross_loss_ = 0;
  double peak_ = -std::numeric_limits<double>::infinity(); ///< highest realized equity at the end of a bar
  double trough_ = std::numeric_limits<double>::infinity();
  /// Prices of the whole bars since the account last changed. Every excursion is monotonous in the price, so a bar within
  /// them has nothing new.
  double seen_high_ = -std::numeric_limits<double>::infinity(), seen_low_ = std::numeric_limits<double>::infinity();
  statistics stats_;
  elsewhere elsewhere_;
};

} // namespace tt::pine::tester
