#include "actors/execution/broker.hpp"

namespace tt::execution {

namespace {

error cannot(std::string_view field, std::string_view what) {
  return {errc::unsupported, "the venue does not offer " + std::string(what), std::string(field)};
}

result<void> check_type(const venue_capabilities& can, order_type type) {
  if (!can.types.contains(type)) return cannot("type", to_string(type));
  return {};
}

} // namespace

result<void> check_capabilities(const venue_capabilities& can, const order& what) {
  if (!can.tifs.contains(what.terms.tif)) return cannot("time_in_force", to_string(what.terms.tif));
  if (!can.hours.contains(what.terms.hours)) return cannot("extended_hours", "trading outside the regular session");
  if (what.wire_id.str().size() > can.max_client_id) return cannot("client_order_id", "client order ids of 27 characters");
  if (what.terms.type == order_type::bracket && can.brackets == linked_support::none) {
    if (auto entry = check_type(can, what.terms.limit_price ? order_type::limit : order_type::market); !entry) return entry;
    if (what.profit)
      if (auto fine = check_type(can, order_type::limit); !fine) return fine;
    if (what.loss) return check_type(can, what.loss->limit ? order_type::stop_limit : order_type::stop);
    return {};
  }
  if (what.terms.type == order_type::oco && can.oco == linked_support::none) return {}; // judged leg by leg
  return check_type(can, what.terms.type);
}

} // namespace tt::execution
