// What an account tells of itself, and the figures of its strategies.

#include "gateways/bridge/account_desk.hpp"

#include <algorithm>

namespace tt::gateway {

using namespace execution;

namespace {

/// Shortest time between two tellings of figures that only the market moved.
constexpr std::int64_t figures_pause_ns = 500'000'000;

bool is_same(const position_snapshot& a, const position_snapshot& b) {
  return a.held == b.held && a.current == b.current && a.unrealized == b.unrealized && a.day_pnl == b.day_pnl;
}

quantity median_of_these(std::deque<quantity> all) {
  const auto middle = all.begin() + static_cast<std::ptrdiff_t>(all.size() / 2);
  std::nth_element(all.begin(), middle, all.end());
  return *middle;
}

} // namespace

void account_desk::tell_news(access& in) {
  if (!in.book()) return;
  if (!std::exchange(has_started_, true)) { // what was before is for those who ask (history)
    told_news_ = diary_.news();
    told_fills_ = fills_.size();
    return;
  }
  // after a long commit more may be news than is kept: what is left out is seen as a gap of numbers
  const auto kept_from = diary_.news() - diary_.newest().size();
  for (told_news_ = std::max(told_news_, kept_from); told_news_ < diary_.news(); ++told_news_) {
    const auto& piece = diary_.newest()[told_news_ - kept_from];
    const auto* what = piece.what ? piece.what.get() : in.book()->find(piece.number);
    if (!what || !settings_.listener.on_order) continue;
    auto shown = snapshot(*what);
    shown.sequence = told_news_ + 1;
    settings_.listener.on_order(shown);
  }
  for (; told_fills_ < fills_.size(); ++told_fills_) {
    if (!settings_.listener.on_execution) continue;
    auto shown = snapshot(in, fills_[told_fills_]);
    shown.sequence = told_fills_ + 1;
    settings_.listener.on_execution(shown);
  }
}

void account_desk::tell_figures(access& in) {
  const auto now_ns = settings_.clock_ns ? settings_.clock_ns() : 0;
  if (last_offset_ == told_offset_ && now_ns - told_figures_ns_ < figures_pause_ns) return;
  told_offset_ = last_offset_;
  told_figures_ns_ = now_ns;
  if (settings_.listener.on_account)
    if (const auto figures = account(in)) settings_.listener.on_account(*figures);
  if (!settings_.listener.on_position) return;
  auto gone = std::exchange(told_positions_, {});
  for (auto& one : positions()) {
    const auto before = gone.extract(one.held.symbol);
    if (before.empty() || !is_same(before.mapped(), one)) settings_.listener.on_position(one);
    told_positions_.emplace(one.held.symbol, std::move(one));
  }
  for (auto& [symbol, one] : gone) {
    if (const auto held = books_.held().find(symbol); held != books_.held().end()) one.held = held->second;
    one.market_value = one.unrealized = money{};
    one.weight = decimal{};
    settings_.listener.on_position(one);
  }
}

void account_desk::tell_risk(const risk_noted& noted, utc_time at) {
  if (!settings_.listener.on_risk) return;
  risk_news out;
  out.account = settings_.profile.id;
  out.what = noted.kind;
  out.mode = stop_.mode_for(settings_.profile.id.str(), {}, {});
  out.epoch = stop_.epoch();
  out.limits_version = limits_.version();
  out.author = noted.author;
  out.reason = noted.reason;
  out.at = at;
  out.name = noted.scope;
  if (noted.kind == "kill_switch") {
    if (const auto event = risk::parse_kill_event(noted.body)) out.scope = to_string(event->scope.what);
  } else if (noted.kind == "limits") {
    if (const auto event = risk::parse_limit_event(noted.body)) {
      out.limits_version = event->version;
      out.scope = to_string(event->change.where.scope);
    }
  } else if (noted.kind == "breaker") {
    const auto event = risk::parse_breaker_event(noted.body);
    if (!event) return;
    out.scope = to_string(event->scope.what);
    out.code = to_string(event->which);
    out.is_tripped = event->what == risk::breaker_event::kind::tripped;
  }
  settings_.listener.on_risk(out);
}

void account_desk::on_alert(const alert_effect& what, utc_time now) {
  if (untold_alarms_.size() >= most_alarms) untold_alarms_.pop_front();
  untold_alarms_.emplace_back(what, now);
}

void account_desk::tell_alarms(access& in) {
  for (const auto& [what, at] : std::exchange(untold_alarms_, {})) {
    const auto* subject = what.order != order_number::none && in.book() ? in.book()->find(what.order) : nullptr;
    account_alarm one{at, what.level, what.code, subject ? subject->id : order_id{}, what.symbol, what.text};
    if (settings_.listener.on_risk) {
      risk_news news;
      news.account = settings_.profile.id;
      news.what = "alarm";
      news.mode = stop_.mode_for(settings_.profile.id.str(), {}, {});
      news.epoch = stop_.epoch();
      news.limits_version = limits_.version();
      news.code = one.code;
      news.name = one.symbol;
      news.reason = one.text;
      news.at = at;
      news.level = one.level;
      news.order = one.order;
      settings_.listener.on_risk(news);
    }
    if (alarms_.size() >= most_alarms) alarms_.pop_front();
    alarms_.push_back(std::move(one));
  }
}

void account_desk::count_sent(const order_decided& decided) {
  const auto whose = undecided_.extract(decided.number);
  if (whose.empty() || !decided.decision.approved.value().is_positive()) return;
  const auto& what = whose.mapped();
  if (!is_replaying_) expect_fill(decided.number, what);
  auto& sent = sent_[what.strategy.str()];
  ++sent.count;
  sent.newest.push_back(decided.decision.approved);
  if (sent.newest.size() > median_of) sent.newest.pop_front();
}

void account_desk::know(const strategy_id& strategy) {
  auto& state = gate_->core().state();
  if (!strategy.empty() && !state.strategy(strategy.str())) static_cast<void>(state.set_strategy(strategy.str(), {}));
}

void account_desk::refresh_strategies() {
  if (strategies_offset_ == last_offset_) return;
  strategies_offset_ = last_offset_;
  auto& state = gate_->core().state();
  std::set<std::string> names;
  for (const auto& id : books_.strategies()) names.insert(id.str());
  for (const auto& [name, sent] : sent_) names.insert(name);
  for (const auto& name : names) {
    const auto* known = state.strategy(name);
    auto view = known ? known->figures : risk::strategy_view{};
    if (const auto figures = books_.strategy(strategy_id{name})) {
      view.day_pnl = figures->day_pnl;
      view.consecutive_losses = loss_streak(name);
    }
    if (const auto sent = sent_.find(name); sent != sent_.end()) {
      view.orders = sent->second.count;
      view.median_order = median_of_these(sent->second.newest);
    }
    static_cast<void>(state.set_strategy(name, std::move(view)));
  }
}

} // namespace tt::gateway
