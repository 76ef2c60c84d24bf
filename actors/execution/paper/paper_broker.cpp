// Requests: what the venue answers, when orders begin and end. Matching is in paper_match.cpp.

#include "actors/execution/paper/paper_broker.hpp"

#include <algorithm>

namespace tt::execution::paper {

venue_capabilities paper_capabilities() {
  using enum order_type;
  using enum time_in_force;
  venue_capabilities can;
  can.types = {market, limit, stop, stop_limit, trailing_stop};
  can.tifs = {day, gtc, gtd, ioc, fok, pre, post};
  can.hours = {order_hours::regular, order_hours::extended};
  can.duplicates = duplicate_protection::by_wire_id;
  return can;
}

result<void> check_settings(const paper_settings& s) {
  const auto range = [](const char* what, const char* field) { return error{errc::out_of_range, what, field}; };
  if (s.account.empty() || s.account.str().size() > 64) return error{errc::invalid_argument, "must have 1 to 64 characters", "account_id"};
  if (!s.starting_cash.value().is_positive()) return range("must be more than 0", "starting_cash");
  if (s.starting_cash > money{decimal{1'000'000'000'000}}) return range("must not be more than 10^12", "starting_cash");
  if (s.leverage < decimal{1} || s.leverage > decimal{100}) return range("must be from 1 to 100", "leverage");
  if (s.fills.latency.count() < 0 || s.fills.latency.count() > 60'000) return range("must be from 0 to 60000", "fill_model.latency_ms");
  if (s.fills.slippage_ticks < 0 || s.fills.slippage_ticks > 1'000) return range("must be from 0 to 1000", "fill_model.slippage_ticks");
  if (static_cast<std::size_t>(s.fills.basis) >= enum_count<fill_basis>)
    return error{errc::invalid_argument, "must be touch, mid_cross, next_tick or path", "fill_model.price"};
  if (s.fills.path_bar.count() < 1 || s.fills.path_bar.count() > 1'440) return range("must be from 1 to 1440", "fill_model.path_bar");
  const auto& f = s.fills.fees;
  for (const auto fee : {f.commission_per_order.value(), f.commission_per_unit.value(), f.commission_ratio, f.exchange_per_unit.value(), f.regulatory_sell_ratio})
    if (fee.is_negative() || fee > decimal{1'000'000}) return range("must be from 0 to 1000000", "fill_model.fee_schedule");
  return {};
}

paper_broker::paper_broker(paper_settings settings, std::string session, utc_time now)
  : settings_(std::move(settings)), session_(std::move(session)), now_(now), cash_(settings_.starting_cash) {
  TT_ASSERT(check_settings(settings_).has_value());
  rates_.emplace(settings_.currency, decimal{1});
}

void paper_broker::list(const instrument& what, std::optional<money> initial_margin) {
  TT_ASSERT(what.calendar != nullptr);
  auto& m = markets_[what.symbol];
  m.what = what;
  m.initial_margin = initial_margin ? initial_margin : what.initial_margin;
  wake_due_ = utc_time::min(); // a calendar that was not asked yet
}

void paper_broker::set_rate(std::string_view currency, decimal rate) {
  TT_ASSERT(rate.is_positive());
  rates_.insert_or_assign(std::string(currency), rate);
}

void paper_broker::submit(const submit_request& request, utc_time now) { actions_.push_back({now + settings_.fills.latency, request}); }
void paper_broker::cancel(const cancel_request& request, utc_time now) { actions_.push_back({now + settings_.fills.latency, request}); }
void paper_broker::replace(const replace_request& request, utc_time now) { actions_.push_back({now + settings_.fills.latency, request}); }
void paper_broker::lookup(const lookup_request& request, utc_time now) { actions_.push_back({now + settings_.fills.latency, request}); }
void paper_broker::listing(const listing_request& request, utc_time now) { actions_.push_back({now + settings_.fills.latency, request}); }

std::vector<venue_report> paper_broker::take(utc_time now) {
  run_until(now);
  tell_progress(now_);
  return std::exchange(reports_, {});
}

std::optional<utc_time> paper_broker::next_event() const {
  std::optional<utc_time> next;
  const auto consider = [&](utc_time t) { next = next ? std::min(*next, t) : t; };
  for (const auto& one : actions_) consider(one.due);
  if (!expiries_.empty()) consider(*expiries_.begin());
  for (const auto number : moved_)
    if (const auto at = open_.find(number); at != open_.end()) consider(at->second.told_at + progress_every);
  return next;
}

void paper_broker::run_until(utc_time now) {
  now = std::max(now, now_);
  for (;;) {
    // requests and expiries in the order of time; a request that comes with an expiry comes first
    const auto first = std::ranges::min_element(actions_, {}, &action::due);
    const auto expiry = expiries_.empty() ? std::optional<utc_time>{} : *expiries_.begin();
    const bool has_action = first != actions_.end() && first->due <= now;
    if (has_action && (!expiry || first->due <= *expiry)) {
      const auto one = *first;
      actions_.erase(first);
      now_ = std::max(now_, one.due);
      wake(now_);
      std::visit(
        [&](const auto& request) {
          using request_type = std::decay_t<decltype(request)>;
          if constexpr (std::is_same_v<request_type, submit_request>) do_submit(request, now_);
          else if constexpr (std::is_same_v<request_type, cancel_request>) do_cancel(request, now_);
          else if constexpr (std::is_same_v<request_type, replace_request>) do_replace(request, now_);
          else if constexpr (std::is_same_v<request_type, lookup_request>) do_lookup(request, now_);
          else do_listing(request, now_);
        },
        one.what);
      continue;
    }
    if (!expiry || *expiry > now) break;
    now_ = std::max(now_, *expiry);
    expire_due(now_);
  }
  now_ = now;
  wake(now_);
}

result<void> paper_broker::check(const submit_request& request) const {
  const auto known = markets_.find(request.symbol);
  if (known == markets_.end()) return error{errc::unknown_symbol, "the paper broker does not know " + in_quotes(request.symbol), "symbol"};
  const auto& what = known->second.what;
  if (request.account != settings_.account) return error{errc::refused, "is another account", "account_id"};
  const auto can = paper_capabilities();
  const auto& t = request.terms;
  if (!can.types.contains(t.type)) return error{errc::unsupported, "has no such orders", "type"};
  if (!can.tifs.contains(t.tif)) return error{errc::unsupported, "has no such time in force", "time_in_force"};
  if (static_cast<std::size_t>(t.side) >= enum_count<order_side>) return error{errc::invalid_argument, "is unknown", "side"};
  if (auto good = what.checked_quantity(t.qty); !good) return good.error();
  const bool needs_limit = t.type == order_type::limit || t.type == order_type::stop_limit;
  const bool needs_stop = t.type == order_type::stop || t.type == order_type::stop_limit;
  if (needs_limit != t.limit_price.has_value()) return error{errc::invalid_argument, needs_limit ? "is missing" : "does not belong here", "price"};
  if (needs_stop != t.stop_price.has_value()) return error{errc::invalid_argument, needs_stop ? "is missing" : "does not belong here", "stop_price"};
  for (const auto& p : {t.limit_price, t.stop_price})
    if (p)
      if (auto good = what.checked_price(*p); !good) return good.error();
  if (t.type == order_type::trailing_stop && t.trail_offset.has_value() == t.trail_percent.has_value())
    return error{errc::invalid_argument, "needs exactly one of trail_offset and trail_percent", "trail_offset"};
  if (t.trail_offset && !t.trail_offset->value().is_positive()) return error{errc::invalid_argument, "must be more than 0", "trail_offset"};
  if (t.trail_percent && (!t.trail_percent->is_positive() || *t.trail_percent >= decimal{100}))
    return error{errc::invalid_argument, "must be more than 0 and less than 100", "trail_percent"};
  if (t.tif == time_in_force::gtd && !t.good_till) return error{errc::invalid_argument, "is missing", "good_till"};
  if (!rates_.contains(what.currency)) return error{errc::not_available, "no rate of " + what.currency + " to " + settings_.currency, "symbol"};
  if (open_.size() >= max_open_orders) return error{errc::limit_exceeded, std::to_string(max_open_orders) + " orders rest already"};
  return {};
}

std::optional<utc_time> paper_broker::expiry_of(const submit_request& request, const instrument& what, utc_time now) const {
  const auto& calendar = *what.calendar;
  switch (request.terms.tif) {
  case time_in_force::day:
    return calendar.next_close(now, request.terms.hours == order_hours::extended ? session_hours::extended : session_hours::regular);
  case time_in_force::pre: return calendar.next_open(now, session_hours::regular);
  case time_in_force::post: return calendar.next_close(now, session_hours::extended);
  case time_in_force::gtd: return request.terms.good_till;
  case time_in_force::gtc:
  case time_in_force::ioc:
  case time_in_force::fok: return std::nullopt;
  }
  return std::nullopt;
}

bool is_in_session(const order_terms& terms, const instrument& what, utc_time now) {
  const auto state = what.calendar->state_at(now);
  switch (terms.tif) {
  case time_in_force::pre: return state == market_state::pre;
  case time_in_force::post: return state == market_state::post;
  default: break;
  }
  return terms.hours == order_hours::extended ? state != market_state::closed : state == market_state::regular;
}

void paper_broker::do_submit(const submit_request& request, utc_time now) {
  submit_answer answer{{request.wire_id, {}, session_}, submit_outcome::refused, venue_status::rejected, {}, {}, now};
  const auto refuse = [&](std::string why) {
    answer.text = std::move(why);
    reports_.emplace_back(std::move(answer));
  };
  if (request.epoch < epoch_) return refuse("an older leader: lease epoch " + std::to_string(raw(request.epoch)));
  epoch_ = request.epoch;
  if (const auto good = check(request); !good) return refuse(to_string(good.error()));
  if (known_wires_.contains(request.wire_id.str())) { // no second order; what became of the first is asked for
    answer.outcome = submit_outcome::ambiguous;
    return refuse("duplicate: an order " + request.wire_id.str() + " is here already");
  }
  auto& m = markets_.find(request.symbol)->second;
  const auto number = next_number_++;
  paper_order order;
  order.asked = request;
  order.id = venue_order_id{"P" + std::to_string(number)};
  order.at = order.placed_at = now;
  order.placed_event = m.events;
  order.stop = request.terms.stop_price;
  set_expiry(order, expiry_of(request, m.what, now));
  const bool is_open = is_in_session(order.asked.terms, m.what, now);
  order.status = is_open ? venue_status::working : venue_status::accepted;
  known_wires_.emplace(request.wire_id.str(), number);
  answer.order = order.handle(session_);
  answer.outcome = submit_outcome::accepted;
  answer.status = order.status;
  reports_.emplace_back(std::move(answer));
  const auto place = open_.emplace(number, std::move(order)).first;
  const bool at_once = request.terms.tif == time_in_force::ioc || request.terms.tif == time_in_force::fok;
  if (is_open && !settings_.fills.waits_for_news()) {
    auto g = standing(m, now);
    match_one(place, m, g, now);
  }
  // an order that may not rest is over with the first look at the market
  if (at_once && (!settings_.fills.waits_for_news() || !is_open))
    if (const auto left = open_.find(number); left != open_.end()) finish(left, venue_status::cancelled, "could not be executed at once", now);
}

void paper_broker::do_cancel(const cancel_request& request, utc_time now) {
  cancel_answer answer{{request.wire_id, request.venue_order, session_}, change_outcome::not_open, {}, now};
  if (request.epoch < epoch_) {
    answer.outcome = change_outcome::refused;
    answer.text = "an older leader";
  } else {
    epoch_ = request.epoch;
    const auto at = find_open(request.wire_id, request.venue_order, request.venue_session);
    if (at != open_.end()) {
      answer.order = at->second.handle(session_);
      answer.outcome = change_outcome::confirmed;
      finish(at, venue_status::cancelled, "cancelled", now);
    }
  }
  reports_.emplace_back(std::move(answer));
}

void paper_broker::do_replace(const replace_request& request, utc_time now) {
  replace_answer answer{{request.wire_id, request.venue_order, session_}, change_outcome::not_open, request.terms_version, {}, now};
  const auto at = find_open(request.wire_id, request.venue_order, request.venue_session);
  if (request.epoch < epoch_) {
    answer.outcome = change_outcome::refused;
    answer.text = "an older leader";
  } else if (at != open_.end()) {
    auto& order = at->second;
    auto changed = order.asked;
    changed.terms = request.terms;
    answer.order = order.handle(session_);
    auto good = check(changed);
    if (good && direction_of(changed.terms.side) != direction_of(order.asked.terms.side)) good = error{errc::refused, "can't be changed", "side"};
    if (good && changed.terms.qty <= order.filled) good = error{errc::refused, "is executed already", "quantity"};
    if (!good) {
      answer.outcome = change_outcome::refused;
      answer.text = to_string(good.error());
    } else {
      auto& m = markets_.find(changed.symbol)->second;
      const bool same_stop = changed.terms.stop_price == order.asked.terms.stop_price && changed.terms.trail_offset == order.asked.terms.trail_offset
                             && changed.terms.trail_percent == order.asked.terms.trail_percent && changed.terms.type == order.asked.terms.type;
      order.asked = std::move(changed);
      order.at = now;
      order.placed_event = m.events;
      order.has_rested = false;
      if (!same_stop) {
        order.stop = order.asked.terms.stop_price;
        order.is_triggered = false;
        order.told = {};
      }
      set_expiry(order, expiry_of(order.asked, m.what, now));
      answer.outcome = change_outcome::confirmed;
      reports_.emplace_back(answer);
      if (order.status == venue_status::working && !settings_.fills.waits_for_news()) {
        auto g = standing(m, now);
        match_one(at, m, g, now);
      }
      return;
    }
  }
  reports_.emplace_back(std::move(answer));
}

lookup_answer paper_broker::answer_to(const wire_order_id& wire, const venue_order_id& id, utc_time now) {
  lookup_answer answer{{wire, id, session_}, lookup_outcome::absent, {}, {}, now};
  if (const auto* order = find(wire, id, session_)) {
    answer.order = order->handle(session_);
    answer.outcome = lookup_outcome::found;
    answer.report = as_report(*order, report_source::answer);
  }
  return answer;
}

void paper_broker::do_lookup(const lookup_request& request, utc_time now) {
  reports_.emplace_back(answer_to(request.wire_id, request.venue_order, now));
}

void paper_broker::do_listing(const listing_request& request, utc_time now) {
  venue_snapshot out;
  out.id = request.id;
  out.venue = venue_id{"paper"};
  out.session = session_;
  out.asked_at = request.asked_at;
  out.taken_at = now;
  out.orders_are = out.executions_are = out.positions_are = completeness::complete;
  for (const auto& [number, order] : open_) out.orders.push_back(as_report(order, report_source::poll));
  for (const auto& order : closed_) out.orders.push_back(as_report(order, report_source::poll));
  for (const auto& wire : request.lookups) out.lookups.push_back(answer_to(wire, {}, now));
  for (const auto& one : executions_) {
    if (request.executions_since && one.at < *request.executions_since) continue;
    out.executions.push_back(one);
    out.executions.back().source = report_source::poll;
  }
  for (const auto& [symbol, held] : positions_)
    if (!held.qty.is_zero()) out.positions.push_back({symbol, held.qty, held.average_price()});
  out.balances = balances(now);
  reports_.emplace_back(std::move(out));
}

void paper_broker::expire_due(utc_time now) {
  for (auto at = open_.begin(); at != open_.end();) {
    const bool is_due = at->second.expires && *at->second.expires <= now;
    at = is_due ? finish(at, venue_status::expired, "its time is over", now) : std::next(at);
  }
}

void paper_broker::set_expiry(paper_order& order, std::optional<utc_time> at) {
  if (order.expires) expiries_.erase(expiries_.find(*order.expires));
  order.expires = at;
  if (at) expiries_.insert(*at);
}

utc_time paper_broker::next_turn(utc_time now) const {
  auto next = utc_time::max();
  for (const auto& [symbol, m] : markets_)
    for (const auto kind : {session_hours::regular, session_hours::extended})
      for (const auto turn : {m.what.calendar->next_open(now, kind), m.what.calendar->next_close(now, kind)})
        if (turn) next = std::min(next, *turn);
  return next;
}

void paper_broker::wake(utc_time now) {
  if (now < wake_due_) return; // ten thousand orders rest, and each request would ask the calendar for all of them
  wake_due_ = next_turn(now);
  for (auto& [number, order] : open_) {
    const auto& what = markets_.find(order.asked.symbol)->second.what;
    const bool is_open = is_in_session(order.asked.terms, what, now);
    if (is_open == (order.status == venue_status::working)) continue;
    order.status = is_open ? venue_status::working : venue_status::accepted;
    order.at = now;
    // overnight the market may have moved past its price: the first price of the session decides
    if (!is_open) order.has_rested = false;
    report(order);
  }
}

paper_broker::order_list::iterator paper_broker::finish(order_list::iterator at, venue_status status, std::string text, utc_time now) {
  auto& order = at->second;
  set_expiry(order, std::nullopt);
  order.status = status;
  order.text = std::move(text);
  order.at = now;
  report(order);
  if (closed_.size() >= max_history) closed_.pop_front();
  closed_.push_back(std::move(order));
  return open_.erase(at);
}

order_report paper_broker::as_report(const paper_order& order, report_source source) const {
  order_report out;
  out.order = order.handle(session_);
  out.status = order.status;
  out.cumulative = order.filled;
  if (!order.filled.is_zero()) {
    const auto average = decimal::checked_divide(order.filled_value, order.filled.value());
    if (average) out.average = price{*average};
  }
  out.text = order.text;
  out.at = order.at;
  out.source = source;
  out.symbol = order.asked.symbol;
  out.terms = order.asked.terms;
  out.progress = progress_of(order);
  return out;
}

void paper_broker::report(const paper_order& order, report_source source) { reports_.emplace_back(as_report(order, source)); }

paper_broker::order_list::iterator paper_broker::find_open(const wire_order_id& wire, const venue_order_id& id, const std::string& session) {
  if (!wire.empty()) {
    const auto known = known_wires_.find(wire.str());
    return known == known_wires_.end() ? open_.end() : open_.find(known->second);
  }
  if (session != session_) return open_.end(); // an id of another epoch means another order
  return std::ranges::find_if(open_, [&](const auto& one) { return one.second.id == id; });
}

paper_broker::paper_order* paper_broker::find(const wire_order_id& wire, const venue_order_id& id, const std::string& session) {
  if (const auto at = find_open(wire, id, session); at != open_.end()) return &at->second;
  for (auto& order : closed_)
    if (wire.empty() ? order.id == id && session == session_ : order.asked.wire_id == wire) return &order;
  return nullptr;
}

void paper_broker::restore(money cash, std::vector<position> positions) {
  TT_ASSERT(next_number_ == 1 && actions_.empty());
  cash_ = cash;
  positions_.clear();
  for (auto& one : positions) {
    auto symbol = one.symbol;
    positions_.emplace(std::move(symbol), std::move(one));
  }
}

void paper_broker::restore_order(const submit_request& request, const venue_order_id& id, quantity filled, decimal filled_value,
                                 const stop_progress& progress) {
  const auto known = markets_.find(request.symbol);
  if (known == markets_.end()) return; // an instrument that is gone: a look-up will not find the order
  const auto number = next_number_++;
  paper_order order;
  order.asked = request;
  order.id = id.empty() ? venue_order_id{"P" + std::to_string(number)} : id;
  order.filled = filled;
  order.filled_value = filled_value;
  order.at = order.placed_at = now_;
  order.stop = progress.level ? progress.level : request.terms.stop_price;
  order.is_triggered = progress.is_triggered;
  order.told = progress;
  set_expiry(order, expiry_of(request, known->second.what, now_));
  order.status = is_in_session(order.asked.terms, known->second.what, now_) ? venue_status::working : venue_status::accepted;
  known_wires_.emplace(request.wire_id.str(), number);
  open_.emplace(number, std::move(order));
}

} // namespace tt::execution::paper
