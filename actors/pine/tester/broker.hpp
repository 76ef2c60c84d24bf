#pragma once
/// TradingView's broker emulator: takes a strategy's orders and fills them against the bars that follow.
///
/// Fed with whole bars (`bar()`), or tick by tick (`open_tick()`, `move_to()`, `end_bar()`): a whole bar is the four
/// ticks of its assumed path. Between bars the script's calls arrive by `command()`.
///
/// Sources of the rules: "manual" is TradingView's Pine Script user manual, chapter Strategies; "kit" a case of the
/// conformance kit that shows the rule. Where neither does, the comment says "as observed", meaning behaviour of the
/// platform that its users have published and that the rule tests pin down here.

#include "actors/pine/order_command.hpp"
#include "actors/pine/tester/fill_rules.hpp"
#include "actors/pine/tester/ledger.hpp"
#include "actors/pine/tester/money_gate.hpp"
#include "actors/pine/tester/order_book.hpp"

#include <array>
#include <optional>
#include <string>
#include <span>
#include <vector>

namespace tt::pine::tester {

/// When a bar is, for the broker.
struct bar_moment {
  std::int64_t time_ms = 0;
  std::int64_t index = 0;
  std::int64_t trading_day = 0; ///< any number that changes with the symbol's trading day
};

/// One fill, for the log of orders and for alerts.
struct fill_event {
  std::int64_t time_ms = 0, bar = 0;
  text_id id = 0;       ///< of the order: entry id or exit name
  text_id comment = 0, alert = 0;
  double size = 0;      ///< signed
  double price = 0;
  double position = 0;  ///< after the fill
};

enum class log_fills : std::uint8_t { off, on };
/// Who fills: the emulator on the path of the bars, or a venue that tells of its executions (broker_venue.cpp).
enum class fill_source : std::uint8_t { emulator, venue };

/// An order as a venue shall hold it.
struct venue_order {
  std::uint64_t slot = 0;    ///< names it: a call repeated with the same levels keeps its slot
  order_kind kind = order_kind::entry;
  text_id id = 0, signal = 0, comment = 0;
  double size = 0;           ///< signed; what is left of it
  double limit = no_value, stop = no_value;
  double trail_offset = no_value; ///< in price: a stop that follows the market, begun
  bool moves = false;        ///< `stop` is where a trailing stop beside a fixed level stands now
  bool market() const { return limit != limit && stop != stop && trail_offset != trail_offset; }
  /// Whether it only takes a position down.
  bool closes() const { return kind != order_kind::entry && kind != order_kind::plain; }
};
/// How far a walk goes: to its end, or only until something has filled (calc_on_order_fills).
enum class walk_mode : std::uint8_t { through, until_fill };

class broker {
public:
  broker(const broker_rules& rules, text_pool& texts, log_fills log = log_fills::off, fill_source source = fill_source::emulator);
  broker(const broker&) = delete;
  broker& operator=(const broker&) = delete;

  // ---- what the strategy says (broker_orders.cpp, broker_exits.cpp)
  void command(const order_command& c);

  // ---- what the market does (broker_path.cpp)
  /// A whole bar on its assumed path.
  void bar(const bar_moment& when, const quoted_bar& prices);
  /// The same bar through its lower-timeframe bars, oldest first (bar magnifier).
  void bar(const bar_moment& when, const quoted_bar& whole, const quoted_bar* inner, std::size_t count);
  /// Piecewise: the first tick of a bar; the price moves there; the bar is over with these extremes. Prices on the tick
  /// grid, beside them as they were quoted.
  void open_tick(const bar_moment& when, double price, double quote);
  void move_to(double price, double quote);
  /// Between two ticks of a realtime bar: margin at the last price, room for new orders.
  void tick_done();
  void end_bar(const bar_prices& prices);
  /// calc_on_order_fills: starts a whole bar that stops at every fill; through its lower bars where there are any (bar
  /// magnifier). step() returns false when the bar is over.
  void begin_stepping(const bar_moment& when, const quoted_bar& whole, std::span<const quoted_bar> inner = {});
  bool step();
  /// The script has run on this bar's close: immediate closes, process_orders_on_close, margin at the close.
  void after_script() {
    if (!orders_.empty() || !nothing_changed()) close_bar();
  }

  // ---- what a venue does (broker_venue.cpp); only with fill_source::venue
  /// What shall rest at the venue now, in the order in which it was placed. Legs of a position that a market order is
  /// about to close are not among them.
  std::vector<venue_order> venue_orders();
  /// `qty` (> 0) of an order was executed. Booked whatever has become of the order here: it is a fact.
  void venue_fill(const bar_moment& when, const venue_order& what, double qty, double price, double fee);
  /// The order is not at the venue any more and won't fill: refused, expired, cancelled by somebody else.
  void venue_gone(std::uint64_t slot);
  /// A bar is about to close: market orders of the bar before that are not among `out` have missed their moment and are dropped.
  void venue_keep(std::span<const std::uint64_t> out);
  /// Takes over a position that is there already.
  void adopt(trade t);

  /// Account currency per unit of the symbol's currency, from this bar on.
  void set_rate(double rate) {
    book_.set_point_value(rules_.grid.pointvalue * rate);
    forget_room();
  }

  /// Of an account that other runs trade too (ledger::elsewhere), from now on.
  void set_elsewhere(const ledger::elsewhere& e) {
    book_.set_elsewhere(e);
    forget_room();
  }
  /// Margin that the position needs at the last price: quantity x price x point value x ratio.
  double margin_needed() const { return std::fabs(book_.size()) * mark_ * book_.point_value() * margin_ratio(book_.sign()); }

  const broker_rules& rules() const { return rules_; }
  const ledger& account() const { return book_; }
  const order_book& orders() const { return orders_; }
  const std::vector<fill_event>& fills() const { return log_; }
  std::uint64_t fill_count() const { return fill_number_; }
  text_pool& texts() { return texts_; }
  /// The price the emulator stands at: during the script, the close of the bar.
  double price() const { return mark_; }
  /// Quantity of an entry without `qty` that would fill at that price (manual: strategy.default_entry_qty).
  double default_qty(double fill_price) const;
  /// Where the position would be liquidated; NaN when it can't be.
  double liquidation_price() const;
  /// Money bound by the open position's margin.
  double capital_held() const;
  /// Why the run can't go on, if so: a limit was hit.
  const std::optional<std::string>& failure() const { return failure_; }

private:
  // broker_orders.cpp
  void place_entry(const order_command& c);
  void place_plain(const order_command& c);
  void place_close(const order_command& c);
  void cancel(text_id id);
  void cancel(order& o);
  void set_risk(const order_command& c);
  order* waiting(text_id id);
  void store(order o, order* old);
  void drop(order& o);
  void entry_levels(order& o, const order_command& c) const;
  bool size_entry(order& o, const order_command& c);
  double raw_money_for_entry() const;
  double money_for_entry() const { return ten_digits(raw_money_for_entry()); }
  double judged_size(const order& o, double price) const;
  bool beyond_equity(const order& o) const;
  void close_only(order& o, order* old);
  double unit_cost(double price, double pv) const;
  double entry_cost(const order& o, double price) const;
  bool costs_ten_digits(const order& o) const;
  double margin_ratio(double sign) const { return (sign < 0 ? rules_.margin_short : rules_.margin_long) / 100; }
  double size_after_queue() const;
  order* pending_close(const order& like);
  double close_size(const order_command& c) const;
  double share_of(double base, double percent, double most) const;
  std::size_t pyramids() const { return entries_.size(); }
  bool pyramiding_full() const { return static_cast<double>(rules_.pyramiding) <= static_cast<double>(pyramids()); }
  // broker_exits.cpp
  void place_exit(const order_command& c);
  struct exit_target {
    std::uint32_t binding = 0;
    text_id entry = 0;
    double sign = 0, size = 0;
  };
  void place_leg(const order_command& c, const exit_target& t);
  exit_target pending_target(const order& entry) const;
  void seed_trail(order& leg);
  void resolve_ticks(order& leg);
  double bound_price(const order& leg) const;
  bool waits_for_entry(const order& o) const;
  bool has_bound(text_id id) const;
  double bound_left(text_id id) const;
  double bound_first(text_id id) const;
  entry_binding* find_binding(std::uint32_t number);
  const entry_binding* find_binding(std::uint32_t number) const;
  void bind(text_id id, double size, double price, bool by_exit);
  void inherit_legs(const entry_binding& b);
  void keep_global_exit(const order_command& c);
  void settle(const order& o, double qty);
  double reduce(std::uint32_t number, double qty, const order* closer);
  void unbind(std::uint32_t number, const order* closer);
  // broker_fill.cpp
  void fill(order& o, double price);
  void execute(order& o, double price, double order_qty, bool counts);
  void close_trades(order& o, double price, double qty, double order_qty, bool reversal);
  void open_trade(order& o, double price, double order_qty);
  double fee_of(double qty, double price, double order_qty) const;
  bool size_at_fill(order& o, double price);
  bool own_cost_refused(const order& o, double price) const;
  bool plain_refused(const order& o, double price) const;
  void run_oca(const order& o, double filled);
  void force_close(double price, double qty, text_id comment, std::uint64_t target = 0);
  void record(const order& o, double price, double size);
  text_id exit_comment(const order& o) const;
  // broker_venue.cpp
  bool by_venue() const { return source_ == fill_source::venue; }
  order* in_slot(std::uint64_t slot);
  void size_market_orders();
  void arm_trails(double price);
  void watch_path(double to, double quote);
  // broker_path.cpp
  void start_bar(const bar_moment& when);
  void close_bar();
  /// The account has changed from outside: what is known of its margin does not count any more.
  void forget_room() {
    room_ = margin_room::missing;
    ample_fills_ = 0;
  }
  // broker_tick.cpp
  void touch(double price, double quote);
  void fill_market(double price);
  /// One tick: the account before it, what it fills, and what of that has been.
  struct tick_fills {
    double first_sign = 0, first_size = 0, first_equity = 0;
    std::vector<order*> queue = {}; ///< `plain` market orders, then those whose levels the tick is behind
    std::size_t plain = 0;
    double entered = 0; ///< side of the last plain entry
    bool closed_some = false;
  };
  tick_fills orders_met(double price);
  void commit_exits(const tick_fills& tick);
  bool entry_stands(order& o, double price, bool gapped, const tick_fills& tick);
  bool both_sides_refused(const order& o, double price, const tick_fills& tick) const;
  bool entry_refused(const order& o, double price, const tick_fills& tick) const;
  void withdraw_exits();
  void reattach_exits(double price);
  void adopt_position();
  void meet_exits(double price);
  /// Fills an exit leg whose level lies behind the price, at the price. False: it has none there.
  bool fill_leg(order& o, double price);
  void first_tick(order& o, double price);
  // broker_path.cpp
  void walk(double to, double quote);
  bool spent(const order& o) const;
  struct trigger {
    double level = 0;
    exit_cause cause = exit_cause::none;
  };
  std::optional<trigger> met_on_way(const order& o, double to) const;
  void end_way(double price);
  void step_into_next();
  int step_moment() const;
  void meet(order& o, const trigger& t, double level);
  void activate(text_id entry, double price);
  void arm(order& leg, double quote) const;
  void trail(order& leg, double best) const;
  void ratchet(double quote);
  void after_point(const bar_prices& p, bool up_first, int point);
  void walk_bar(const quoted_bar& b, int first_moment);
  bool needs_walk(const bar_prices& p) const;
  // broker_margin.cpp
  /// Where the margin is looked at. At the first extreme a call can be put off; at the end of a leg that led to the
  /// position's good side the last fill on it is judged too, by a second look.
  enum class margin_moment : std::uint8_t { tick, first_extreme, leg_end, last_fill };
  bool check_margin(double price, margin_moment m);
  bool margin_call(double price, double mark, margin_moment m);
  void liquidate(double price, double qty);
  void call_again(double price);
  bool second_stage(double price);
  double cover_lots(double loss, double price) const;
  /// How the margin stands on a whole bar on which nothing fills: `ample` when not even rounding can tell it otherwise.
  enum class margin_room : std::uint8_t { missing, enough, ample };
  margin_room room_within(double low, double high) const;
  margin_room look_at_room(const bar_prices& p);
  bool nothing_changed() const { return room_ == margin_room::ample && fill_number_ == fills_at_end_ && calls_.empty(); }
  bool too_dear(const order& o, double price, double base_size, double base_equity) const;
  void roll_day();
  bool check_intraday_loss(double price);
  void check_risk_at_close(double price);
  void halt(const char* why, double price, bool until_day_ends);
  void halt_with_queue(const std::string& why);
  void close_at_market(const std::string& why, order_kind as);
  bool intraday_cap_reached() const;
  void flatten_at_cap(const order& o, double price);

  broker_rules rules_;
  text_pool& texts_;
  ledger book_;
  order_book orders_;
  std::vector<entry_binding> entries_;
  std::vector<order_command> global_exits_; ///< strategy.exit() without from_entry: of every entry until the position closes
  /// With close_entries_rule "ANY" a margin call goes on: what it has cut of each trade, and up to which fill.
  struct lasting_call {
    double size = 0;
    std::uint64_t seen = 0;
  };
  std::vector<lasting_call> calls_;
  std::vector<std::pair<double, order*>> met_; ///< of meet_exits()
  std::uint32_t next_binding_ = 1;
  std::uint64_t next_slot_ = 1, fill_number_ = 0;
  bar_moment now_;
  bar_prices bar_;          ///< of the running bar, as far as known
  std::vector<quoted_bar> stepped_;  ///< the bar that is stepped through, or its lower bars
  std::size_t step_bar_ = 0;         ///< the one of them that is under way
  std::optional<tick_path> path_;    ///< its path
  double mark_ = 0;         ///< price of the last tick
  double at_ = 0;           ///< where on the path the walk stands
  double quote_ = 0;        ///< the same before it was rounded to a tick
  static constexpr int closing_tick = -1;
  int moment_ = 0;          ///< point of the path: 0 open, 1 and 2 extremes, 3 close; of a lower bar four further each; or closing_tick
  std::size_t bar_fills_ = 0;
  double bar_start_size_ = 0, bar_start_equity_ = 0; ///< before the first fill of the bar
  std::uint64_t leg_fills_ = 0; ///< fills before the present leg of the path
  double last_fill_price_ = 0;
  std::int64_t partial_close_bar_ = -1; ///< bar on which a strategy.close() has filled last
  std::size_t closed_at_bar_start_ = 0;
  walk_mode mode_ = walk_mode::through;
  std::uint64_t fills_at_step_ = 0;
  int step_point_ = 0;      ///< next point of the path, while stepping; with resumed_leg, on the way there
  static constexpr int resumed_leg = 10; ///< added while the walk to a point has been interrupted by a fill
  bool in_script_ = false;  ///< a call of the script is being carried out
  bool on_way() const { return step_point_ >= resumed_leg; }
  bool margin_deferred_ = false;
  margin_room room_ = margin_room::missing; ///< of the bar under way, as far as it was looked at
  std::uint64_t fills_at_end_ = 0;          ///< when the bar's path ended
  double ample_low_ = 0, ample_high_ = 0;   ///< prices between which the margin is ample, while there are
  std::uint64_t ample_fills_ = 0;           ///< as many fills as this; 0: not known
  excursions seen_ = excursions::whole_bar;
  struct stage {
    bool armed = false;
    double deficit = 0, price = 0;
    std::vector<std::pair<double, double>> legs; ///< quantity, entry price
  } stage_;
  // risk
  struct risk_state {
    trade_side allowed = trade_side::both;
    double max_drawdown = no_value, max_intraday_loss = no_value, max_position = no_value;
    risk_unit drawdown_unit = risk_unit::cash, loss_unit = risk_unit::cash;
    double max_loss_days = no_value, max_fills = no_value;
    std::int64_t day = std::numeric_limits<std::int64_t>::min(), halted_day = std::numeric_limits<std::int64_t>::min();
    double day_equity = 0;
    int loss_days = 0, fills = 0;
    bool halted = false, used = false;
  } risk_;
  log_fills log_fills_;
  fill_source source_;
  std::optional<double> venue_fee_; ///< of the execution that is being booked
  std::vector<fill_event> log_;
  std::optional<std::string> failure_;
  std::uint64_t work_ = 0; ///< orders and entries looked at on this bar
  void note_work(std::size_t looked_at) {
    work_ += looked_at;
    if (work_ > limits::order_work_per_bar && !failure_) failure_ = "the strategy takes too long: too many orders are placed while many wait";
  }
  text_id close_prefix_cache_id_ = 0, close_prefix_cache_ = 0;
};

} // namespace tt::pine::tester
