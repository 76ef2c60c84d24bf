#include "actors/model/order.hpp"

#include "actors/model/text.hpp"

namespace tt {

namespace {

error wrong(std::string field, std::string message) { return {errc::invalid_argument, std::move(message), std::move(field)}; }

template <class T>
result<void> positive(const std::optional<T>& value, const char* field) {
  if (value && !(*value > T{})) return error{errc::out_of_range, "must be more than 0", field};
  return {};
}

result<void> check_size(const order_size& size) {
  const decimal one{1};
  if (const auto* q = std::get_if<size_quantity>(&size); q && !q->value.value().is_positive())
    return error{errc::out_of_range, "must be more than 0", "quantity"};
  if (const auto* n = std::get_if<size_notional>(&size); n && !n->value.value().is_positive())
    return error{errc::out_of_range, "must be more than 0", "notional"};
  if (const auto* w = std::get_if<size_weight>(&size); w && (!w->value.is_positive() || w->value > one))
    return error{errc::out_of_range, "must be more than 0 and at most 1", "weight"};
  if (const auto* r = std::get_if<size_risk>(&size); r && (!r->risk.is_positive() || r->risk > one))
    return error{errc::out_of_range, "must be more than 0 and at most 1", "risk_percent"};
  return {};
}

result<void> check_prices(const order_request& r) {
  const bool limit = r.type == order_type::limit || r.type == order_type::stop_limit;
  const bool stop = r.type == order_type::stop || r.type == order_type::stop_limit;
  if (limit && !r.limit_price) return wrong("price", "is required for " + std::string(to_string(r.type)));
  if (r.limit_price && !limit && r.type != order_type::bracket) return wrong("price", "does not belong to " + std::string(to_string(r.type)));
  if (stop && !r.stop_price) return wrong("stop_price", "is required for " + std::string(to_string(r.type)));
  if (r.stop_price && !stop) return wrong("stop_price", "does not belong to " + std::string(to_string(r.type)));
  const bool trails = r.trail_offset || r.trail_percent;
  if (r.type == order_type::trailing_stop && static_cast<bool>(r.trail_offset) == static_cast<bool>(r.trail_percent))
    return wrong("trail_offset", "exactly one of trail_offset and trail_percent is required for trailing_stop");
  if (r.type != order_type::trailing_stop && trails)
    return wrong(r.trail_offset ? "trail_offset" : "trail_percent", "does not belong to " + std::string(to_string(r.type)));
  if (auto fine = positive(r.trail_offset, "trail_offset"); !fine) return fine;
  if (auto fine = positive(r.trail_percent, "trail_percent"); !fine) return fine;
  if (r.trail_percent && *r.trail_percent >= decimal{100}) return error{errc::out_of_range, "must be more than 0 and less than 100", "trail_percent"};
  return {};
}

result<void> check_leg(const oco_leg& leg, const std::string& field) {
  const bool limit = leg.type == order_type::limit || leg.type == order_type::stop_limit;
  const bool stop = leg.type == order_type::stop || leg.type == order_type::stop_limit;
  if (!limit && !stop) return wrong(field + ".type", "must be limit, stop or stop_limit");
  if (limit != leg.limit_price.has_value()) return wrong(field + ".price", limit ? "is required" : "does not belong to stop");
  if (stop != leg.stop_price.has_value()) return wrong(field + ".stop_price", stop ? "is required" : "does not belong to limit");
  return {};
}

result<void> check_links(const order_request& r) {
  const bool bracket = r.type == order_type::bracket, oco = r.type == order_type::oco;
  if (!bracket && r.profit) return wrong("take_profit", "belongs to bracket");
  if (!bracket && r.loss) return wrong("stop_loss", "belongs to bracket");
  if (bracket && !r.profit && !r.loss) return wrong("take_profit", "bracket needs take_profit or stop_loss");
  if (oco != (r.legs.size() == 2)) return wrong("legs", oco ? "oco needs exactly two legs" : "legs belong to oco");
  for (std::size_t i = 0; i < r.legs.size(); ++i)
    if (auto fine = check_leg(r.legs[i], "legs[" + std::to_string(i) + "]"); !fine) return fine;
  if (bracket && r.profit && r.loss) {
    const bool buys = direction_of(r.side) == direction::buy;
    if (buys ? r.profit->at <= r.loss->stop : r.profit->at >= r.loss->stop)
      return wrong("stop_loss.stop_price", "must lie on the losing side of take_profit.price");
  }
  return {};
}

result<void> check_client_id(const client_order_id& id) {
  if (id.str().size() > 64) return error{errc::out_of_range, "must be at most 64 characters", "client_order_id"};
  for (const char c : id.str()) {
    const bool fine = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == ':' || c == '-';
    if (!fine) return wrong("client_order_id", "may hold letters, digits, and . _ : - only");
  }
  return {};
}

} // namespace

result<void> check_request(const order_request& r) {
  if (r.symbol.empty() || r.symbol.size() > 64) return wrong("symbol", "must be 1 to 64 characters");
  for (auto check : {check_prices, check_links})
    if (auto fine = check(r); !fine) return fine;
  if (auto fine = check_size(r.size); !fine) return fine;
  if (r.tif == time_in_force::gtd && !r.good_till) return wrong("good_till", "is required for gtd");
  if (r.tif != time_in_force::gtd && r.good_till) return wrong("good_till", "belongs to gtd");
  if (characters_in(r.comment) > 200) return error{errc::out_of_range, "must be at most 200 characters", "comment"};
  return check_client_id(r.client_id);
}

contract_terms contract_of(const instrument& what) {
  contract_terms out;
  out.multiplier = what.multiplier;
  out.currency = what.currency;
  out.kind = what.kind;
  out.style = what.kind == asset_class::futures || what.kind == asset_class::forex ? settlement::margined : settlement::spot;
  return out;
}

std::optional<price> order::average_price() const {
  if (!filled.value().is_positive()) return std::nullopt;
  auto average = decimal::checked_divide(filled_value, filled.value());
  if (!average) return std::nullopt;
  return price{*average};
}

order_status status_of(const order& what) {
  switch (what.state) {
  case order_state::created:
  case order_state::submitting:
  case order_state::unknown:
  case order_state::accepted:
  case order_state::suspended: return order_status::pending;
  case order_state::working: return order_status::open;
  case order_state::partially_filled: return order_status::partially_filled;
  case order_state::pending_replace:
  case order_state::pending_cancel: return what.filled.is_zero() ? order_status::open : order_status::partially_filled;
  case order_state::filled: return order_status::filled;
  case order_state::cancelled: return order_status::cancelled;
  case order_state::risk_rejected:
  case order_state::rejected: return order_status::rejected;
  case order_state::expired: return order_status::expired;
  }
  return order_status::pending;
}

} // namespace tt
