// Emergency stop, breakers, limits, preview: the rules of an account, and what people change of them.

#include "gateways/bridge/account_desk.hpp"
#include "gateways/bridge/buying_power.hpp"

#include "actors/risk/checked_math.hpp"
#include "actors/risk/decision.hpp"

#include <algorithm>

namespace tt::gateway {

using namespace execution;

namespace {

error blocked_error(const error& why) { return {errc::not_available, why.message, why.field}; }

order_filter orders_in(const risk::kill_scope& scope) {
  order_filter out;
  if (scope.what == risk::kill_scope::kind::symbol) out.symbol = scope.name;
  if (scope.what == risk::kill_scope::kind::strategy) out.strategy = strategy_id{scope.name};
  return out;
}

/// Between two looks whether the orders that a stop cancels have ended.
constexpr std::chrono::seconds cancel_pause{2};

bool cancels_orders(const stop_request& what) {
  return what.open == stop_request::open_orders::cancel || what.mode == risk::kill_mode::flatten;
}

/// The parts that the gate judges apart: both legs of a pair, else the order itself.
std::vector<order_request> judged_parts(const order_request& what) {
  if (what.legs.empty()) return {what};
  std::vector<order_request> out;
  for (const auto& leg : what.legs) {
    auto& one = out.emplace_back(what);
    one.legs.clear();
    one.type = leg.type;
    one.limit_price = leg.limit_price;
    one.stop_price = leg.stop_price;
  }
  return out;
}

/// At which price the venue values what is held: the middle of the newest quote, or the print after it.
std::optional<price> mark_of(const risk::market_view& market) {
  if (!market.bid || !market.ask || (market.last && market.last_at > market.quote_at)) return market.last;
  const auto sum = decimal::checked_add(market.bid->value(), market.ask->value());
  if (!sum) return market.last;
  return price{decimal::divide(*sum, decimal{2})};
}

} // namespace

std::optional<money> account_desk::buying_power_after(const order_request& asked, const instrument& contract, quantity size, price at, money costs) const {
  const auto* known = gate_->core().state().symbol(asked.symbol);
  if (!known || !balances_.buying_power || !size.value().is_positive()) return balances_.buying_power;
  buying_power_basis basis;
  basis.type = settings_.profile.type;
  basis.leverage = settings_.leverage;
  basis.mark = mark_of(known->market).value_or(at);
  basis.fx = known->instrument.fx;
  basis.initial_margin = known->instrument.initial_margin;
  position held;
  if (const auto mine = books_.held().find(asked.symbol); mine != books_.held().end()) held = mine->second;
  held.symbol = asked.symbol;
  held.contract = contract_of(contract);
  if (held.contract.style == settlement::margined && !basis.initial_margin) return std::nullopt;
  order_fill fill;
  fill.symbol = asked.symbol;
  fill.way = direction_of(asked.side);
  fill.qty = size;
  fill.px = at;
  fill.fees.commission = costs;
  fill.fx = basis.fx;
  const auto change = buying_power_change(held, fill, basis);
  if (!change) return std::nullopt;
  // shown as 0 it may be less than that, by nobody knows how much
  if (balances_.buying_power->is_zero() && change->value().is_positive()) return std::nullopt;
  const auto after = decimal::checked_add(balances_.buying_power->value(), change->value());
  if (!after) return std::nullopt;
  return money{after->is_negative() ? decimal{} : *after};
}

result<void> account_desk::reckon(const order_request& asked, const instrument& contract, const risk::decision& verdict, order_preview& out) const {
  const auto& state = gate_->core().state();
  const auto* market = state.symbol(asked.symbol);
  const auto at_market = market ? (direction_of(asked.side) == direction::buy ? market->market.ask : market->market.bid) : std::nullopt;
  out.price_used = asked.limit_price ? asked.limit_price : asked.stop_price ? asked.stop_price : at_market;
  if (!market || !out.price_used) return {};
  const bool may_send = out.decision.may_send();
  const auto size = may_send ? verdict.approved : verdict.original;
  const auto& fees = settings_.fees;
  risk::checked_math math;
  const auto per_unit = math.multiply(math.multiply(out.price_used->value().abs(), contract.multiplier), market->instrument.fx);
  const auto value = math.multiply(per_unit, size.value());
  const auto ratio = direction_of(asked.side) == direction::buy ? math.subtract(fees.ratio, settings_.sales_ratio) : fees.ratio;
  const auto costs = math.add(math.add(fees.per_order.value(), math.multiply(fees.per_unit.value(), size.value())), math.multiply(ratio, value));
  if (!math.is_good()) return error{errc::out_of_range, "the figures of this order leave the range of numbers", "quantity"};
  out.notional = money{value};
  out.fees = money{costs};
  out.buying_power_after = may_send ? buying_power_after(asked, contract, size, *out.price_used, money{costs}) : balances_.buying_power;
  return {};
}

result<order_preview> account_desk::preview(access& in, const trading_caller& who, const order_request& what) {
  if (auto why = trouble(in)) return *why;
  const auto* instrument = settings_.master->find(what.symbol);
  if (!instrument) return error{errc::unknown_symbol, "unknown symbol " + in_quotes(what.symbol), "symbol"};
  if (what.good_till && *what.good_till <= in.now()) return error{errc::invalid_argument, "must be later than now", "good_till"};
  const auto key = intent_key::unnamed(who.principal, order_number::none);
  if (!key) return key.error();
  know(what.strategy);
  auto asked = what;
  asked.symbol = instrument->symbol;
  // what an exit takes back first does not stand in its way
  account_core::forecast ahead;
  in.run([&](account_core& core, utc_time now) { return ahead = core.look_ahead(asked, now), outcome{}; }, [](const order_answer&) {});
  const risk::grant may;
  std::optional<order_preview> out;
  for (const auto& part : judged_parts(asked)) {
    risk::order_view view;
    view.asked = &part;
    view.key = &*key;
    view.principal = who.principal;
    view.may = &may;
    const auto verdict = gate_->preview(view, ahead.taken_back, *in.book(), in.now());
    order_preview one;
    one.decision = risk::to_record(verdict, risk::record_detail::all);
    if (one.decision.may_send() && ahead.no_room) refuse_for(one.decision, *ahead.no_room);
    if (auto done = reckon(part, *instrument, verdict, one); !done) return done.error();
    // of a pair the part that is refused counts, else the one that is cut more
    if (!out || !one.decision.may_send() || one.decision.approved < out->decision.approved) out = std::move(one);
    if (!out->decision.may_send()) break;
  }
  return std::move(*out);
}

void account_desk::stop(access& in, const trading_caller& who, const stop_request& what, reply<stopped> done) {
  const auto began = settings_.clock_ns ? settings_.clock_ns() : 0;
  using open = risk::kill_event::open_orders;
  auto event = stop_.engage(what.scope, what.mode, who.principal, what.reason, in.now(), cancels_orders(what) ? open::cancel : open::keep);
  if (!event) return done(event.error());
  hold_stop(*event); // in force before it is on disk: late is worse than lost
  stopped out;
  out.epoch = event->epoch;
  out.mode = what.mode;
  if (cancels_orders(what)) out.cancel_requested = cancel_matching(in, who, orders_in(what.scope));
  const auto ended = settings_.clock_ns ? settings_.clock_ns() : 0;
  out.elapsed = std::chrono::milliseconds{(ended - began) / 1'000'000};
  // done also where the journal fails: what is stopped is stopped
  write_stop(in, *event, [out, done = std::move(done)](const order_answer&) { done(out); });
  drive_flattening(in);
}

result<resume_question> account_desk::ask_resume(access& in, const trading_caller& who, const std::string& reason, std::string token) {
  if (token.empty() && !settings_.make_token) return error{errc::unsupported, "resuming needs a source of tokens"};
  if (token.empty()) token = settings_.make_token();
  if (stop_.is_active() || breakers_.is_clear()) {
    if (auto asked = stop_.ask_resume(who.principal, who.rank, reason, token, persons_time(in)); !asked) return asked.error();
  } else { // only breakers: no stop to lift
    if (who.rank != risk::access::admin) return error{errc::refused, "only an admin may resume"};
    if (reason.empty() || reason.size() > 200) return error{errc::invalid_argument, "must have 1 to 200 characters", "reason"};
    rearming_ = rearm_question{token, reason, persons_time(in) + risk::kill_switch::token_life};
  }
  resume_question out;
  out.token = std::move(token);
  out.lifts = stop_.is_active() ? resume_question::subject::stop : resume_question::subject::breakers;
  out.expires_in = risk::kill_switch::token_life;
  out.blocking = breakers_.would_trip(rearm_inputs(in), limits_now());
  return out;
}

result<void> account_desk::may_resume(access& in) const {
  if (auto why = in.blocked()) return blocked_error(*why);
  const auto blocking = breakers_.would_trip(rearm_inputs(in), limits_now());
  if (!blocking.empty()) return error{errc::conflict, "account " + settings_.profile.id.str() + " would stop again at once: " + blocking.front()};
  return {};
}

void account_desk::resume(access& in, const trading_caller& who, const std::string& token, reply<std::uint64_t> done) {
  // what can't be written down is not lifted: after a restart it would be in force again
  if (auto why = in.blocked()) return done(blocked_error(*why));
  const auto blocking = breakers_.would_trip(rearm_inputs(in), limits_now());
  if (rearming_ && rearming_->token == token && !stop_.is_active()) {
    if (who.rank != risk::access::admin) return done(error{errc::refused, "only an admin may resume"});
    if (persons_time(in) >= rearming_->expires) return done(error{errc::refused, "has expired: ask for a resume again", "confirm_token"});
    if (!blocking.empty()) return done(error{errc::conflict, "would stop again at once: " + blocking.front()});
    const auto reason = rearming_->reason;
    rearming_.reset();
    rearm_breakers(in, who, reason);
    return done(stop_.epoch());
  }
  auto event = stop_.confirm_resume(token, who.principal, who.rank, persons_time(in), blocking);
  if (!event) return done(event.error());
  event->at = in.now(); // the journal's time is the market's
  rearm_breakers(in, who, event->reason);
  // lifted when it is on disk: the record's own fold does it
  write_resume(in, *event, std::move(done));
}

void account_desk::write_resume(access& in, const risk::kill_event& event, reply<std::uint64_t> done) {
  hold_stop(event);
  write_stop(in, event, [epoch = event.epoch, done = std::move(done)](const order_answer& got) {
    if (got.refused) return done(*got.refused);
    done(epoch);
  });
}

void account_desk::when_replayed(access& in, std::function<void(access&)> work) {
  early_.push_back(std::move(work));
  if (in.book()) run_early(in);
  else if (early_.size() == 1) look_again(in, 1);
}

void account_desk::look_again(access& in, int looks) {
  in.after(history_pause, [this, looks](access& later) {
    if (later.book() || looks >= max_history_looks) return run_early(later);
    if (!early_.empty()) look_again(later, looks + 1);
  });
}

void account_desk::run_early(access& in) {
  while (!early_.empty()) {
    const auto work = std::move(early_.front());
    early_.pop_front();
    work(in);
  }
}

void account_desk::take_stop(access& in, const trading_caller& who, const stop_request& what, telling how, reply<stopped> done) {
  when_replayed(in, [this, who, what, how, done = std::move(done)](access& later) { obey_stop(later, who, what, how, done); });
}

void account_desk::obey_stop(access& in, const trading_caller& who, stop_request what, telling how, reply<stopped> done) {
  if (!in.book()) return done(error{errc::not_available, "the journal of the account can't be opened", "account_id"});
  if (const auto now = stop_.modes().find(what.scope); now != stop_.modes().end()) what.mode = std::max(what.mode, now->second);
  if (how == telling::first || !stop_.is_settled(what.scope, what.mode)) return stop(in, who, what, std::move(done));
  stopped out;
  out.epoch = stop_.epoch();
  out.mode = what.mode;
  if (cancels_orders(what)) out.cancel_requested = cancel_older(in, who, what.scope);
  done(std::move(out));
}

std::vector<order_number> account_desk::older_orders(access& in, const risk::kill_scope& scope) const {
  std::vector<order_number> out;
  const auto engaged = engaged_.find(scope);
  if (!in.book() || engaged == engaged_.end()) return out;
  const auto filter = orders_in(scope);
  for (const auto number : in.book()->open_orders()) {
    const auto& what = *in.book()->find(number);
    if (what.origin != order_origin::flatten && what.created_at <= engaged->second.at && matches(what, filter)) out.push_back(number);
  }
  return out;
}

std::vector<order_id> account_desk::cancel_older(access& in, const trading_caller& who, const risk::kill_scope& scope) {
  return cancel_each(in, who, older_orders(in, scope));
}

std::vector<order_number> account_desk::uncancelled(access& in) const {
  std::set<order_number> out;
  for (const auto& [scope, mode] : stop_.modes()) {
    const auto engaged = engaged_.find(scope);
    if (engaged == engaged_.end() || engaged->second.open != risk::kill_event::open_orders::cancel) continue;
    for (const auto number : older_orders(in, scope)) out.insert(number);
  }
  return {out.begin(), out.end()};
}

void account_desk::follow_cancels(access& in) {
  if (cancels_are_due_ || uncancelled(in).empty()) return;
  cancels_are_due_ = true;
  in.after(cancel_pause, [this](access& later) {
    cancels_are_due_ = false;
    for (const auto number : uncancelled(later)) {
      const auto& what = *later.book()->find(number);
      // a cancel that is under way is the core's to follow
      if (what.state != order_state::pending_cancel && what.wish != order_wish::cancel)
        later.cancel(number, "emergency stop", [](const order_answer&) {});
    }
    follow_cancels(later);
  });
}

void account_desk::lift_stops(access& in, const trading_caller& who, const std::vector<risk::kill_scope>& scopes, const std::string& reason,
                              reply<std::uint64_t> done) {
  when_replayed(in, [this, who, scopes, reason, done = std::move(done)](access& later) { obey_lift(later, who, scopes, reason, done); });
}

void account_desk::obey_lift(access& in, const trading_caller& who, const std::vector<risk::kill_scope>& scopes, const std::string& reason,
                             reply<std::uint64_t> done) {
  if (auto why = in.blocked()) return done(blocked_error(*why));
  if (!stop_.is_active()) return done(stop_.epoch());
  for (const auto& [scope, mode] : stop_.modes())
    if (std::ranges::find(scopes, scope) == scopes.end())
      return done(error{errc::conflict, "is stopped for a reason of its own, too: resume it where it is", "account_id"});
  if (!settings_.make_token) return done(error{errc::unsupported, "resuming needs a source of tokens"});
  const auto token = settings_.make_token();
  if (auto asked = stop_.ask_resume(who.principal, who.rank, reason, token, persons_time(in)); !asked) return done(asked.error());
  auto event = stop_.confirm_resume(token, who.principal, who.rank, persons_time(in), breakers_.would_trip(rearm_inputs(in), limits_now()));
  if (!event) return done(event.error());
  event->at = in.now();
  write_resume(in, *event, std::move(done));
}

void account_desk::set_isolated(access& in, risk::on_off isolated) {
  static_cast<void>(in);
  gate_->core().node().isolated = isolated;
}

void account_desk::set_trading(access& in, risk::on_off trading) {
  trading_ = trading;
  refresh(in.now());
  told_offset_ = 0; // told at once
  tell_figures(in);
}

desk_rules account_desk::rules(rules_of whose) const {
  desk_rules out;
  const auto change = [](const char* reason) {
    risk::limit_change one;
    one.author = "node";
    one.reason = reason;
    one.by = risk::limit_change::role::admin;
    return one;
  };
  const auto values_of = [](const risk::limit_set& set) {
    std::vector<std::pair<risk::limit_id, risk::limit_setting>> values;
    for (const auto& spec : risk::limit_specs())
      if (const auto& value = set[static_cast<std::size_t>(spec.id)]; value.what != risk::limit_setting::kind::inherit) values.emplace_back(spec.id, value);
    return values;
  };
  const risk::limit_book untouched(settings_.limits);
  for (const auto& [name, set] : limits_.profiles()) {
    if (const auto known = untouched.profiles().find(name); known != untouched.profiles().end() && known->second == set) continue;
    auto one = change("a profile of the node");
    one.what = risk::limit_change::target::profile;
    one.profile = name;
    one.values = values_of(set);
    out.limits.push_back(std::move(one));
  }
  for (const auto& [where, set] : limits_.sets()) { // from the widest scope to the narrowest
    const bool is_own = where.scope == risk::limit_scope::account;
    if (is_own && (whose == rules_of::everybody || where.name != settings_.profile.id.str())) continue;
    auto one = change("limits of the node");
    one.where = where;
    one.values = values_of(set);
    one.profile = limits_.profile_of(where);
    if (!one.values.empty() || !one.profile.empty()) out.limits.push_back(std::move(one));
  }
  for (const auto& [scope, mode] : stop_.modes()) {
    if (scope.what == risk::kill_scope::kind::account) continue;
    stop_request one;
    one.scope = scope;
    one.mode = mode == risk::kill_mode::flatten ? risk::kill_mode::halt : mode; // there is nothing to flatten in a new account
    one.open = stop_request::open_orders::keep;
    one.reason = "stopped before the account was there";
    out.stops.push_back(std::move(one));
  }
  return out;
}

std::vector<std::string> account_desk::lasting_trips() const {
  std::vector<std::string> out;
  for (const auto& one : breakers_.tripped())
    if (risk::reset_of(one.which) != risk::breaker_reset::automatic) out.emplace_back(to_string(one.which));
  return out;
}

void account_desk::adopt(access& in, const desk_rules& rules) {
  const trading_caller node{"node", risk::access::admin, trading_caller::reach::all};
  for (const auto& one : rules.stops) {
    const auto now = stop_.modes().find(one.scope);
    if (now != stop_.modes().end() && now->second >= one.mode) continue; // it stands already
    stop(in, node, one, [](const result<stopped>&) {});
  }
  for (const auto& one : rules.limits) set_limits(in, one, [](const result<std::uint64_t>&) {});
}

risk::breaker_inputs account_desk::rearm_inputs(access& in) const {
  auto out = breaker_inputs(in);
  out.account.consecutive_losses = 0;
  for (auto& one : out.strategies) {
    one.consecutive_losses = 0;
    one.repeated_rejects = one.most_orders_of_a_symbol = 0; // rejections and orders of before are forgotten
    one.fills = 0; // the average begins anew with a re-arm
  }
  return out;
}

void account_desk::rearm_breakers(access& in, const trading_caller& who, const std::string& reason) {
  const auto inputs = rearm_inputs(in);
  for (const auto& one : breakers_.read(inputs, limits_now())) {
    if (!one.is_tripped || risk::reset_of(one.which) == risk::breaker_reset::automatic) continue;
    const auto event = breakers_.rearm(one.which, one.scope, who.principal, reason, inputs, limits_now(), in.now());
    if (!event || !breakers_.apply(*event)) continue;
    note_risk(in, "breaker", event->scope.name, event->author, event->reason, risk::to_text(*event), [](const order_answer&) {});
  }
}

std::uint32_t account_desk::losses_of(const std::string& strategy) const {
  if (strategy.empty()) return books_.consecutive_losses();
  const auto figures = books_.strategy(strategy_id{strategy});
  return figures ? figures->trades.losses_in_a_row : 0;
}

int account_desk::loss_streak(const std::string& strategy) const {
  const auto forgiven = forgiven_.find(strategy);
  const auto losses = losses_of(strategy);
  return static_cast<int>(forgiven == forgiven_.end() || forgiven->second > losses ? losses : losses - forgiven->second);
}

void account_desk::forgive_losses(const std::string& strategy) {
  if (const auto losses = losses_of(strategy); losses > 0) forgiven_[strategy] = losses;
}

void account_desk::follow_streaks(const journal_record& record) {
  if (std::holds_alternative<execution_booked>(record.fact)) // a trade that was none ends the row, and what was forgiven of it
    std::erase_if(forgiven_, [&](const auto& one) { return losses_of(one.first) < one.second; });
  const auto* marked = std::get_if<account_marked>(&record.fact);
  if (!marked || marked->kind != mark_kind::day_roll) return;
  forgive_losses({});
  for (const auto& id : books_.strategies()) forgive_losses(id.str());
}

void account_desk::set_limits(access& in, risk::limit_change change, reply<std::uint64_t> done) {
  if (auto why = in.blocked()) return done(blocked_error(*why));
  auto event = limits_.propose(change, in.now());
  if (!event) return done(event.error());
  if (auto applied = limits_.apply(*event); !applied) return done(applied.error());
  note_risk(in, "limits", change.where.name, change.author, change.reason, risk::to_text(*event),
            [version = event->version, done = std::move(done)](const order_answer& got) {
              if (got.refused) return done(*got.refused);
              done(version);
            });
}

risk_snapshot account_desk::risk_state(access& in) const {
  risk_snapshot out;
  out.mode = stop_.mode_for(settings_.profile.id.str(), {}, {});
  out.epoch = stop_.epoch();
  out.limits_version = limits_.version();
  const auto& limits = limits_now();
  const auto figures = breaker_inputs(in);
  for (auto& one : gate_->core().measures(figures, in.now())) {
    const auto& spec = risk::spec_of(one.id);
    limit_reading line;
    line.code = spec.code;
    line.name = std::string(spec.name());
    line.scope = limits[spec.id].scope;
    if (limits[spec.id].is_on) line.limit = limits[spec.id].value;
    line.unit = spec.unit;
    line.measured = one.measured;
    line.subject = std::move(one.subject);
    line.why_not = one.measured ? "" : std::string(one.why_not);
    out.limits.push_back(std::move(line));
  }
  out.breakers = breakers_.read(figures, limits);
  for (const auto& [name, set] : limits_.profiles()) {
    profile_reading one{name, set, {}};
    for (const auto& [where, assigned] : limits_.assigned())
      if (assigned == name) one.assigned_to.push_back(where);
    out.profiles.push_back(std::move(one));
  }
  for (const auto& [scope, mode] : stop_.modes()) out.stops.push_back({scope, mode});
  for (const auto number : uncancelled(in))
    if (auto id = id_of(number)) out.unconfirmed.push_back(std::move(*id));
  if (in.book())
    for (const auto& [symbol, why] : in.book()->frozen()) out.frozen.push_back({symbol, why.ours, why.theirs, why.reason, why.since});
  out.alarms.assign(alarms_.rbegin(), alarms_.rend());
  return out;
}

std::set<std::string> account_desk::known_strategies() const {
  std::set<std::string> out;
  for (const auto& id : books_.strategies()) out.insert(id.str());
  for (const auto& [name, sent] : sent_) out.insert(name);
  for (const auto& one : breakers_.tripped())
    if (one.scope.what == risk::breaker_scope::kind::strategy) out.insert(one.scope.name);
  return out;
}

risk::breaker_inputs account_desk::breaker_inputs(access& in) const {
  risk::breaker_inputs out;
  out.account = gate_->core().state().account();
  add_strategy_figures(out, in.now());
  add_market_figures(out, in.now());
  const auto* book = in.book();
  if (!book) return out;
  std::map<std::string, std::set<std::string>> traded; // symbol → strategies that are in it
  for (const auto& id : books_.strategies())
    for (const auto& [symbol, held] : books_.holdings(id))
      if (!held.qty.is_zero()) traded[symbol].insert(id.str());
  for (const auto number : book->open_orders()) {
    const auto* what = book->find(number);
    if (!what->strategy.empty()) traded[what->symbol].insert(what->strategy.str());
    if (what->state != order_state::unknown) continue;
    ++out.unknown_orders;
    out.oldest_unknown = std::max(out.oldest_unknown, nanoseconds{in.now() - what->updated_at});
  }
  for (const auto& [symbol, why] : book->frozen()) out.frozen_symbols.push_back(symbol);
  for (const auto& [symbol, strategies] : traded) {
    const auto told = facts_.find(symbol);
    const auto* instrument = settings_.master->find(symbol);
    if (told == facts_.end() || !instrument) continue;
    risk::feed_figures feed{symbol, {}, {strategies.begin(), strategies.end()}};
    const auto& market = told->second.market;
    const auto heard = std::max(market.last_at, market.quote_at);
    if (instrument->calendar->state_at(in.now()) == market_state::regular && in.now() > heard) feed.silence = in.now() - heard;
    out.feeds.push_back(std::move(feed));
  }
  return out;
}

void account_desk::add_strategy_figures(risk::breaker_inputs& out, utc_time now) const {
  const auto& history = gate_->core().history();
  for (const auto& name : known_strategies()) {
    risk::strategy_figures one;
    one.name = name;
    one.consecutive_losses = loss_streak(name);
    one.repeated_rejects = history.worst_rejects(name, now);
    one.most_orders_of_a_symbol = history.busiest_symbol(name, now).orders;
    if (const auto quality = quality_.find(name); quality != quality_.end()) {
      one.fills = quality->second.fills();
      one.average_slippage = quality->second.average();
      one.modelled_slippage = quality->second.modelled();
    }
    out.strategies.push_back(std::move(one));
  }
}

void account_desk::add_market_figures(risk::breaker_inputs& out, utc_time now) const {
  out.clock_skew = clocks_.skew();
  const auto benchmark = facts_.find(settings_.benchmark);
  if (benchmark == facts_.end()) return;
  if (benchmark->second.view.history == risk::history_state::known) out.benchmark_volatility = benchmark->second.view.volatility;
  out.benchmark_move = benchmark_moves_.move(now);
}

void account_desk::hear_market(const market_seen& seen, utc_time now) {
  const auto& market = seen.market;
  if (seen.symbol == settings_.benchmark && market.last) benchmark_moves_.add(now, *market.last);
  if (settings_.is_real_time && settings_.is_real_time()) clocks_.heard(risk::clock_watch::source::market, std::max(market.last_at, market.quote_at), now);
}

void account_desk::expect_fill(order_number number, const order& what) {
  const auto* instrument = settings_.master->find(what.symbol);
  const auto* known = gate_->core().state().symbol(what.symbol);
  if (!instrument || !known) return;
  const auto& market = known->market;
  auto px = what.way() == direction::buy ? market.ask : market.bid;
  if (!px) px = market.last;
  // a stop expects its own price; an order with a limit never fills worse than it, and a trailing stop's price moves
  if (what.terms.type == order_type::stop) px = what.terms.stop_price;
  else if (what.terms.type != order_type::market) return;
  const auto modelled = decimal::checked_multiply(instrument->tick.value(), decimal{std::max(1, settings_.slippage_ticks)});
  if (!px || !modelled) return;
  if (expected_.size() >= max_expected) expected_.erase(expected_.begin());
  expected_.insert_or_assign(number, expected_fill{what.strategy.str(), *px, *modelled});
}

void account_desk::judge_fill(const order_fill& fill) {
  const auto expected = expected_.find(fill.order);
  if (expected == expected_.end()) return;
  const auto& [strategy, px, modelled] = expected->second;
  quality_[strategy].add(fill.way, px, fill.px, modelled);
}

void account_desk::stop_at_loss(access& in) {
  if (!risk::breaker_board::asks_for_flatten(gate_->core().state().account(), limits_now())) return;
  const risk::kill_scope scope{risk::kill_scope::kind::account, settings_.profile.id.str()};
  // in force already, milder ones are made severe
  const auto now = stop_.modes().find(scope);
  if (now != stop_.modes().end() && now->second >= risk::kill_mode::flatten) return;
  stop_request what;
  what.scope = scope;
  what.mode = risk::kill_mode::flatten;
  what.reason = "the day's loss reached the multiple of its limit at which everything is closed";
  stop(in, {"breaker", risk::access::admin, trading_caller::reach::all}, what, [](const result<stopped>&) {});
}

} // namespace tt::gateway
