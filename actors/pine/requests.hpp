#pragma once
/// Running requests: one instance per call site, symbol and timeframe, advancing with the bars of the caller.

#include "actors/pine/runtime.hpp"

#include <memory>
#include <string>
#include <vector>

namespace tt::pine {

struct request_options {
  bool lookahead = false;
  std::string currency;       ///< to have prices in; "" for the symbol's own
  std::int64_t last_bars = 0; ///< compute on that many of the newest bars only; 0 for all
};

/// The stream of results of one requested expression on one symbol and timeframe.
class request_instance {
public:
  request_instance(context& owner, std::shared_ptr<const request_plan> plan, std::string symbol, timeframe tf,
                   request_options options);
  ~request_instance();
  request_instance(const request_instance&) = delete;
  request_instance& operator=(const request_instance&) = delete;
  /// Brings the instance up to the caller's present bar. Returns false when the symbol is unknown.
  bool known() const { return known_; }
  void advance_merge(bool gaps);
  /// Result `k` of the expression as the caller sees it now.
  double number(std::size_t k) const { return developing_ ? shown_numbers_[k] : inner_->num[plan_->results[k]]; }
  object* reference(std::size_t k) const { return developing_ ? shown_references_[k] : inner_->ref[plan_->results[k]]; }
  bool fresh() const { return fresh_; } ///< a new value arrived on this bar
  /// No bars come, neither from the data nor made here.
  bool without_data() const { return bars_ == nullptr && !same_ && !building_; }
  bool any() const { return any_ || developing_; }

  void save();
  void restore();
  void forget();
  void mark(heap& h) const;
  bool is_for(const request_plan* plan, const std::string& symbol, const timeframe& tf, const request_options& options) const {
    return plan == plan_.get() && options.lookahead == lookahead_ && options.currency == asked_currency_ && tf.unit == tf_.unit &&
           tf.count == tf_.count && symbol == symbol_;
  }

private:
  friend void security(site& c);
  friend void security_lower(site& c);
  void step(const bar& b, bool last, bool fresh);
  void advance_building();
  /// Realtime: when the known bars end, go on building them from the caller's.
  void go_live();
  /// Shows the expression on a bar that isn't complete yet, and takes the execution back.
  void develop(const bar& b);
  void keep_position();
  void back_to_position();
  std::int64_t close_of(std::size_t i) const;
  /// The bar with its prices in the currency that was asked for.
  bar in_currency(bar b) const;
  context& owner_;
  std::shared_ptr<const request_plan> plan_;
  std::string symbol_;
  timeframe tf_;
  bool lookahead_;
  std::string asked_currency_;
  std::string currency_; ///< "" when prices stay as they are
  std::int64_t first_bar_ = 0; ///< of the caller, where its bars are the request's: calc_bars_count leaves out those before
  bool known_ = false, same_ = false, fresh_ = false, any_ = false;
  const std::vector<bar>* bars_ = nullptr;
  /// Bars built here from the caller's own bars when the data source has none.
  bool building_ = false;
  bar building_bar_;
  std::int64_t building_period_ = 0;
  bool building_started_ = false, building_ran_ = false;
  std::size_t next_ = 0;
  std::int64_t last_index_ = -1;
  bool developing_ = false;
  std::vector<double> shown_numbers_;
  std::vector<object*> shown_references_;
  const context::snapshot* outer_ = nullptr; ///< while develop() runs: the copy that the caller's rollback needs
  std::unique_ptr<context> inner_;
  struct position {
    std::size_t next = 0;
    bool any = false, started = false, ran = false, building = false;
    const std::vector<bar>* bars = nullptr;
    bar built;
    std::int64_t period = 0, last_index = -1, index = -1, now = 0;
    bar current;
    std::int64_t prev_time = 0;
    double prev_close = 0;
  } saved_;
};

} // namespace tt::pine
