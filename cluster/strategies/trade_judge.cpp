#include "cluster/strategies/trade_judge.hpp"

#include "gateways/trading/strategy_trades.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <ranges>

namespace tt::cluster {

using gateway::execution_snapshot;

void trade_judge::on_execution(const execution_snapshot& seen) {
  const auto known = seen.strategy.empty() ? std::nullopt : records_->state_of(seen.strategy);
  if (!known || known->kind == strategy::strategy_kind::pine) return;
  if (later_([this, seen] { take(seen); }) == posted::full) has_missed_.store(true);
}

void trade_judge::take(const execution_snapshot& seen) {
  if (has_missed_.exchange(false)) books_.clear();
  const key of{seen.account, seen.strategy};
  const auto [at, is_new] = books_.try_emplace(of);
  auto& one = at->second;
  if (one.state == book::state_t::known) {
    if (seen.sequence > one.last) add(of, one, seen);
    return;
  }
  one.waiting.push_back(seen);
  if (is_new) ask(of, one);
}

void trade_judge::ask(const key& of, book& one) {
  const auto number = one.asked = ++questions_;
  gateway::trading_caller who;
  who.principal = "strategies";
  who.accounts = gateway::trading_caller::reach::all;
  trading_.executions(who, gateway::executions_of(of.second, of.first), [this, of, number](result<std::vector<execution_snapshot>> got) {
    const auto before = std::make_shared<const result<std::vector<execution_snapshot>>>(std::move(got));
    if (later_([this, of, number, before] { begin(of, number, *before); }) == posted::full) has_missed_.store(true);
  });
}

void trade_judge::begin(const key& of, std::uint64_t asked, const result<std::vector<execution_snapshot>>& before) {
  const auto at = books_.find(of);
  if (at == books_.end() || at->second.asked != asked) return; // asked for anew meanwhile
  if (!before || before->size() >= gateway::most_folded_fills) {
    spdlog::warn("strategy {}: its trades are not judged: {}", of.second.str(), before ? "there are too many" : to_string(before.error()));
    books_.erase(at); // the next execution asks again
    return;
  }
  auto& one = at->second;
  one.state = book::state_t::known;
  const auto waiting = std::exchange(one.waiting, {});
  const auto first = waiting.front().sequence; // what came before it has been judged when it came
  for (const auto& seen : std::views::reverse(*before)) {
    if (seen.sequence >= first) break;
    if (auto added = one.fold.add(gateway::fill_of(seen)); !added) spdlog::error("strategy {}: an execution can't be folded: {}", of.second.str(), to_string(added.error()));
    one.last = seen.sequence;
  }
  for (const auto& seen : waiting)
    if (seen.sequence > one.last) add(of, one, seen);
}

void trade_judge::add(const key& of, book& to, const execution_snapshot& seen) {
  const auto closings = to.fold.closings();
  to.last = seen.sequence;
  if (auto added = to.fold.add(gateway::fill_of(seen)); !added) return spdlog::error("strategy {}: an execution can't be folded: {}", of.second.str(), to_string(added.error()));
  if (to.fold.closings() != closings) judge(of, to, std::max(seen.fill.at, clock_()));
}

void trade_judge::judge(const key& of, const book& by, utc_time at) {
  const auto known = records_->find(of.second);
  if (!known) return; // removed meanwhile
  const auto rows = strategy::with_modes(by.fold.trades(), records_->transitions(of.second, gateway::most_strategy_rows), known->state.mode);
  if (auto done = records_->judge_trades(of.second, rows, at); !done) spdlog::error("strategy {}: {}", of.second.str(), to_string(done.error()));
}

} // namespace tt::cluster
