#include "tests/execution/support/faulty_venue.hpp"

#include <algorithm>

namespace tt::execution::test {

namespace {

constexpr const char* inner_session = "exact";

} // namespace

faulty_venue::faulty_venue(fault_rates rates, std::uint64_t seed, paper::paper_settings settings, utc_time now, duplicate_protection protects)
  : rates_(rates), random_(seed), protects_(protects), truth_(settings, inner_session, now), account_(settings.account) {}

std::chrono::milliseconds faulty_venue::late() {
  if (rates_.most_delay.count() == 0) return {};
  return std::chrono::milliseconds{static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(rates_.most_delay.count() + 1))};
}

request_fault faulty_venue::draw_fault() {
  const auto number = requests_++;
  const auto given = scripted_.find(number);
  if (given != scripted_.end()) return given->second;
  if (chance(rates_.not_sent)) return request_fault::not_sent;
  if (chance(rates_.request_lost)) return request_fault::lost;
  if (chance(rates_.answer_lost)) return request_fault::answer_lost;
  if (chance(rates_.error_page)) return request_fault::error_page;
  if (chance(rates_.request_doubled)) return request_fault::doubled;
  if (chance(rates_.answer_doubled)) return request_fault::answer_doubled;
  return request_fault::none;
}

void faulty_venue::deliver(venue_report report, utc_time due) { deliveries_.push_back({due, next_number_++, std::move(report)}); }

venue_report faulty_venue::time_out_of(const venue_request& request, utc_time now, submit_outcome how) const {
  const bool not_sent = how == submit_outcome::not_sent;
  const std::string text = not_sent ? "no connection" : "timed out";
  const auto change = not_sent ? change_outcome::not_sent : change_outcome::ambiguous;
  return std::visit(
    [&](const auto& r) -> venue_report {
      using type = std::decay_t<decltype(r)>;
      if constexpr (std::is_same_v<type, submit_request>)
        return submit_answer{{r.wire_id, {}, {}}, how, venue_status::accepted, text, std::chrono::milliseconds{not_sent ? 100 : 0}, now};
      else if constexpr (std::is_same_v<type, cancel_request>) return cancel_answer{{r.wire_id, r.venue_order, r.venue_session}, change, text, now};
      else if constexpr (std::is_same_v<type, replace_request>)
        return replace_answer{{r.wire_id, r.venue_order, r.venue_session}, change, r.terms_version, text, now};
      else if constexpr (std::is_same_v<type, lookup_request>)
        return lookup_answer{{r.wire_id, r.venue_order, {}}, lookup_outcome::failed, {}, text, now};
      else {
        venue_snapshot failed; // every part of it is partial: it proves nothing
        failed.id = r.id;
        failed.asked_at = r.asked_at;
        failed.session = session_;
        failed.taken_at = now;
        return failed;
      }
    },
    request);
}

template <class Request>
void faulty_venue::send(const Request& request, utc_time now) {
  const auto fault = is_connected_ ? draw_fault() : (++requests_, request_fault::not_sent);
  if (fault == request_fault::not_sent) return deliver(time_out_of(request, now, submit_outcome::not_sent), now);
  if (fault == request_fault::lost) return deliver(time_out_of(request, now + rates_.time_out, submit_outcome::ambiguous), now + rates_.time_out);
  const auto arrives = [&](request_fault how) {
    const auto due = now + late();
    arrivals_.emplace(std::pair{due, next_number_++}, arrival{due, request, how});
  };
  arrives(fault);
  if (fault == request_fault::doubled) arrives(request_fault::none);
}

void faulty_venue::submit(const submit_request& request, utc_time now) { send(request, now); }
void faulty_venue::cancel(const cancel_request& request, utc_time now) { send(request, now); }
void faulty_venue::replace(const replace_request& request, utc_time now) { send(request, now); }
void faulty_venue::lookup(const lookup_request& request, utc_time now) { send(request, now); }
void faulty_venue::listing(const listing_request& request, utc_time now) { send(request, now); }

std::string faulty_venue::outer_wire(const std::string& inner) const { return inner.substr(0, inner.find('#')); }

std::optional<std::string> faulty_venue::inner_wire(const wire_order_id& wire, const venue_order_id& id, const std::string& session) const {
  if (!wire.empty()) {
    const auto known = inner_of_.find(wire.str());
    return known == inner_of_.end() || known->second.empty() ? std::nullopt : std::optional{known->second.front()};
  }
  if (session != session_) return std::nullopt;
  for (const auto& [inner, shown] : shown_ids_)
    if (shown == id.str()) return inner;
  return std::nullopt;
}

void faulty_venue::arrive(const arrival& one) {
  const auto now = one.due;
  std::visit(
    [&](auto request) {
      using type = std::decay_t<decltype(request)>;
      if constexpr (std::is_same_v<type, submit_request>) {
        auto& known = inner_of_[request.wire_id.str()];
        // without protection the venue takes a second order under the same id
        auto inner = request.wire_id.str();
        if (protects_ == duplicate_protection::none && !known.empty()) inner += "#" + std::to_string(known.size());
        if (std::ranges::find(known, inner) == known.end()) known.push_back(inner);
        hand_epoch_ = std::max(hand_epoch_, request.epoch);
        request.wire_id = wire_order_id{inner};
        truth_.submit(request, now);
      } else if constexpr (std::is_same_v<type, listing_request>) {
        for (auto& wire : request.lookups) wire = wire_order_id{inner_wire(wire, {}, session_).value_or(wire.str())};
        truth_.listing(request, now);
      } else {
        const auto session = [&] {
          if constexpr (requires { request.venue_session; }) return request.venue_session;
          else return session_;
        }();
        const auto inner = inner_wire(request.wire_id, request.venue_order, session);
        // an id that never arrived is one that the venue does not know
        request.wire_id = wire_order_id{inner.value_or(request.wire_id.empty() ? "no such order" : request.wire_id.str())};
        if constexpr (std::is_same_v<type, cancel_request>) truth_.cancel(request, now);
        else if constexpr (std::is_same_v<type, replace_request>) truth_.replace(request, now);
        else truth_.lookup(request, now);
      }
    },
    one.what);
  collect(now, &one);
}

void faulty_venue::disguise(order_handle& handle) {
  const auto inner = handle.wire_id.str();
  if (inner.empty() || inner == "no such order") {
    handle = {};
    return;
  }
  if (!shown_ids_.contains(inner) && !handle.venue_order.empty()) shown_ids_[inner] = std::to_string(next_id_++);
  const auto shown = shown_ids_.find(inner);
  handle.venue_order = venue_order_id{shown == shown_ids_.end() ? std::string{} : shown->second};
  handle.venue_session = session_;
  // a trade by hand carries no id of ours
  handle.wire_id = inner.starts_with("manual") ? wire_order_id{} : wire_order_id{outer_wire(inner)};
}

void faulty_venue::disguise(venue_report& report) {
  if (auto* all = std::get_if<venue_snapshot>(&report)) {
    for (auto& one : all->orders) disguise(one.order);
    for (auto& one : all->executions) disguise(one.order);
    for (auto& one : all->lookups) {
      disguise(one.order);
      if (one.report) disguise(one.report->order);
    }
    all->session = session_;
    return;
  }
  std::visit(
    [&](auto& one) {
      if constexpr (requires { one.order.wire_id; }) disguise(one.order);
      if constexpr (std::is_same_v<std::decay_t<decltype(one)>, lookup_answer>)
        if (one.report) disguise(one.report->order);
    },
    report);
}

void faulty_venue::collect(utc_time now, const arrival* cause) {
  for (auto& report : truth_.take(now)) {
    if (const auto* made = std::get_if<submit_answer>(&report); made && made->outcome == submit_outcome::accepted)
      made_.insert(made->order.wire_id.str());
    disguise(report);
    const bool is_stream = std::holds_alternative<order_report>(report) || std::holds_alternative<execution_report>(report);
    if (is_stream) {
      if (!is_connected_ || chance(rates_.stream_dropped)) continue;
      if (chance(rates_.stream_doubled)) deliver(report, now + late());
      deliver(std::move(report), now + late());
      continue;
    }
    if (auto* all = std::get_if<venue_snapshot>(&report)) {
      std::erase_if(all->lookups, [&](const auto&) { return chance(rates_.lookup_failed); });
      if (chance(rates_.listing_partial)) {
        all->orders_are = all->executions_are = all->positions_are = completeness::partial;
        if (!all->orders.empty()) all->orders.resize(all->orders.size() / 2);
        if (!all->executions.empty()) all->executions.resize(all->executions.size() / 2);
      }
    }
    if (auto* found = std::get_if<lookup_answer>(&report); found && chance(rates_.lookup_failed)) {
      found->outcome = lookup_outcome::failed;
      found->report.reset();
    }
    const auto fault = cause ? cause->fault : request_fault::none;
    if (cause && (fault == request_fault::answer_lost || !is_connected_)) {
      deliver(time_out_of(cause->what, now + rates_.time_out, submit_outcome::ambiguous), now + rates_.time_out);
      continue;
    }
    if (cause && fault == request_fault::error_page) {
      deliver(time_out_of(cause->what, now, submit_outcome::ambiguous), now + late());
      continue;
    }
    if (fault == request_fault::answer_doubled) deliver(report, now + late());
    deliver(std::move(report), now + late());
  }
}

void faulty_venue::run_until(utc_time now) {
  while (!arrivals_.empty() && arrivals_.begin()->second.due <= now) {
    const auto one = std::move(arrivals_.extract(arrivals_.begin()).mapped());
    collect(one.due, nullptr); // what happened before it
    arrive(one);
  }
  collect(now, nullptr);
}

std::vector<venue_report> faulty_venue::take(utc_time now) {
  run_until(now);
  std::ranges::sort(deliveries_, {}, [](const delivery& d) { return std::pair{d.due, d.number}; });
  std::vector<venue_report> out;
  auto at = deliveries_.begin();
  for (; at != deliveries_.end() && at->due <= now; ++at) out.push_back(std::move(at->what));
  deliveries_.erase(deliveries_.begin(), at);
  return out;
}

std::optional<utc_time> faulty_venue::next_event() const {
  std::optional<utc_time> next = truth_.next_event();
  const auto consider = [&](utc_time t) { next = next ? std::min(*next, t) : t; };
  if (!arrivals_.empty()) consider(arrivals_.begin()->second.due);
  for (const auto& one : deliveries_) consider(one.due);
  return next;
}

void faulty_venue::disconnect(utc_time now) {
  run_until(now);
  is_connected_ = false;
  // frames and answers that were on the way are gone; who waits for an answer sees a time-out
  std::vector<delivery> kept;
  for (auto& one : deliveries_) {
    const bool is_answer = !std::holds_alternative<order_report>(one.what) && !std::holds_alternative<execution_report>(one.what);
    if (one.due <= now || is_answer) kept.push_back(std::move(one));
  }
  deliveries_ = std::move(kept);
  deliver(session_report{venue_id{"paper"}, session_, link_state::down, now}, now);
}

void faulty_venue::reconnect(utc_time now) {
  run_until(now);
  is_connected_ = true;
  deliver(session_report{venue_id{"paper"}, session_, link_state::synchronising, now}, now);
  deliver(session_report{venue_id{"paper"}, session_, link_state::up, now}, now);
}

void faulty_venue::restart(utc_time now) {
  disconnect(now);
  session_ = "epoch-" + std::to_string(++epoch_);
  std::vector<std::string> wires;
  for (const auto& [inner, id] : shown_ids_) wires.push_back(inner);
  for (std::size_t i = wires.size(); i > 1; --i) std::swap(wires[i - 1], wires[random_() % i]);
  shown_ids_.clear();
  next_id_ = 1;
  for (const auto& inner : wires) shown_ids_[inner] = std::to_string(next_id_++);
  reconnect(now);
}

void faulty_venue::trade_by_hand(const std::string& symbol, direction way, quantity size, utc_time now) {
  submit_request request;
  request.account = account_;
  request.wire_id = wire_order_id{"manual" + std::to_string(next_manual_++)};
  request.symbol = symbol;
  request.terms.side = way == direction::buy ? order_side::buy : order_side::sell;
  request.terms.qty = size;
  request.epoch = hand_epoch_; // a person needs no lease: the newest that was seen does
  run_until(now);
  truth_.submit(request, now);
  run_until(now);
}

int faulty_venue::orders_of(const wire_order_id& wire) const {
  const auto known = inner_of_.find(wire.str());
  if (known == inner_of_.end()) return 0;
  int n = 0;
  for (const auto& inner : known->second) n += made_.contains(inner) ? 1 : 0;
  return n;
}

} // namespace tt::execution::test
