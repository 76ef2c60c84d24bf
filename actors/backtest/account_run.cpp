#include "actors/backtest/account_run.hpp"

#include "actors/backtest/pair_walk.hpp"

#include <algorithm>
#include <bit>
#include <memory>
#include <queue>

namespace tt::backtest {

namespace {

using elsewhere = pine::tester::ledger::elsewhere;

/// What each pair has made and binds, and the sum over all. Sums of pairs of sums: a change costs few additions, and the
/// total depends on the present values alone, not on how they came about.
class shares {
public:
  explicit shares(std::size_t pairs) : leaves_(std::bit_ceil(std::max<std::size_t>(1, pairs))), nodes_(2 * leaves_) {}

  void set(std::size_t pair, const elsewhere& value) {
    auto at = leaves_ + pair;
    nodes_[at] = value;
    for (at /= 2; at > 0; at /= 2)
      nodes_[at] = {nodes_[2 * at].profit + nodes_[2 * at + 1].profit, nodes_[2 * at].margin + nodes_[2 * at + 1].margin};
  }
  [[nodiscard]] const elsewhere& all() const { return nodes_[1]; }

private:
  std::size_t leaves_;
  std::vector<elsewhere> nodes_; ///< 1: the root; children of n: 2n and 2n + 1
};

class account {
public:
  account(const account_job& job, const run_watch& watch) : job_(job), shares_(job.pairs.size()) {
    for (const auto& pair : job.pairs) walks_.push_back(std::make_unique<pair_walk>(pair, watch));
  }

  result<std::vector<pair_outcome>> run() {
    if (walks_.empty()) return error{errc::out_of_range, "there are no bars to run over", "bars"};
    if (auto mixed = mixed_currencies()) return *std::move(mixed);
    initial_ = job_.pairs.front().program->rules.initial_capital;
    falls_ = job_.falls_before.value_or(fall_record{initial_});
    for (std::size_t i = 0; i < walks_.size(); ++i) {
      if (auto wrong = walks_[i]->start()) return of_pair(*wrong, i);
      waiting_.push({walks_[i]->next_close_ms(), i});
    }
    while (!waiting_.empty())
      if (auto wrong = next_bar()) return *std::move(wrong);
    return finish();
  }

private:
  struct turn {
    std::int64_t close_ms;
    std::size_t pair;
    bool operator>(const turn& o) const { return close_ms != o.close_ms ? close_ms > o.close_ms : pair > o.pair; }
  };

public:
  /// Whether a pair reads columns that other runs have computed (pair_walk::reads_columns).
  [[nodiscard]] bool reads_columns() const {
    return std::ranges::any_of(walks_, [](const auto& walk) { return walk->reads_columns(); });
  }

private:
  error of_pair(const error& e, std::size_t i) const {
    if (is_cancelled(e) || walks_.size() == 1) return e;
    return {e.code, "the account ended with " + to_string(job_.pairs[i].bars->key()) + ": " + e.message, e.field};
  }

  static error mixed(const std::string& one, const std::string& other) {
    return {errc::invalid_argument, "one account can't be kept in " + one + " and " + other + ": give a currency that there are rates for", "currency"};
  }
  std::optional<error> mixed_currencies() const {
    std::string first;
    for (const auto& pair : job_.pairs) {
      const auto one = account_currency(pair.program->rules, *pair.bars->info());
      if (first.empty()) first = one;
      if (one != first) return mixed(first, one);
    }
    return std::nullopt;
  }

  std::optional<error> next_bar() {
    const auto [close_ms, i] = waiting_.top();
    waiting_.pop();
    auto& walk = *walks_[i];
    counting_ = counting_ || walk.next_counts();
    shares_.set(i, {});
    walk.set_elsewhere(shares_.all());
    if (auto wrong = walk.bar()) return of_pair(*wrong, i);
    shares_.set(i, {walk.made(), walk.margin()});
    if (!walk.over()) waiting_.push({walk.next_close_ms(), i});
    // between bars that end together the account is half way
    if (counting_ && (waiting_.empty() || waiting_.top().close_ms > close_ms)) falls_.add(initial_ + shares_.all().profit + job_.made_before);
    return std::nullopt;
  }

  result<std::vector<pair_outcome>> finish() {
    std::vector<pair_outcome> out;
    for (std::size_t i = 0; i < walks_.size(); ++i) {
      auto one = walks_[i]->finish();
      if (!one) return of_pair(one.error(), i);
      if (!out.empty() && one->currency != out.front().currency) return mixed(out.front().currency, one->currency);
      if (walks_.size() > 1 || job_.falls_before) one->account_falls = falls_;
      out.push_back(*std::move(one));
    }
    return out;
  }

  const account_job& job_;
  std::vector<std::unique_ptr<pair_walk>> walks_;
  std::priority_queue<turn, std::vector<turn>, std::greater<>> waiting_;
  shares shares_;
  double initial_ = 0;
  fall_record falls_;
  bool counting_ = false;
};

} // namespace

result<std::vector<pair_outcome>> run_account(const account_job& job, const run_watch& watch) {
  progress_relay relay(watch);
  const auto first_watch = relay.attempt();
  account first(job, first_watch);
  auto out = first.run();
  if (out || is_cancelled(out.error()) || !first.reads_columns()) return out;
  auto alone = job;
  for (auto& pair : alone.pairs) pair.columns = nullptr;
  const auto second_watch = relay.attempt();
  return account(alone, second_watch).run();
}

} // namespace tt::backtest
