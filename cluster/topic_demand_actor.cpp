#include "cluster/topic_demand_actor.hpp"

#include "actors/market/caf_error.hpp"
#include "bus/messages.hpp"
#include "bus/node.hpp"

#include <spdlog/spdlog.h>

namespace tt::cluster {

namespace {

using demand_pointer = caf::stateful_actor<topic_demand_state>*;
using market::topic;
using market::topic_kind;

bool is_wanted(const std::set<std::string, std::less<>>& prefixes, std::string_view name) {
  for (std::size_t n = 0; n <= name.size(); ++n)
    if (prefixes.contains(name.substr(0, n))) return true;
  return false;
}

/// "1m.regular"
std::optional<topic> bars_of(const std::string& symbol, const std::string& series) {
  const auto dot = series.rfind('.');
  if (dot == std::string::npos) return std::nullopt;
  const auto frame = timeframe::parse(series.substr(0, dot));
  const auto hours = parse_session_hours(series.substr(dot + 1));
  if (!frame || !hours) return std::nullopt;
  return topic{topic_kind::bars, symbol, *frame, *hours};
}

/// Follows what has come to be wanted of a symbol, and leaves what has not.
void settle(demand_pointer self, const std::string& symbol) {
  auto& hosted = self->state.symbols.at(symbol);
  auto wanted = topics_wanted(self->state.prefixes, symbol, hosted.venue);
  for (const auto& what : hosted.followed)
    if (!wanted.contains(what)) self->send(hosted.actor, market::unsubscribe_atom::value, what);
  for (const auto& what : wanted) {
    if (hosted.followed.contains(what)) continue;
    self->request(hosted.actor, caf::infinite, market::follow_atom::value, what)
      .then([](const market::update_batch&) {}, // it could be overtaken by newer ones, which the symbol publishes itself
            [name = market::bus_topic_name(what, hosted.venue)](const caf::error& e) {
              spdlog::warn("{} is wanted elsewhere and can't be published: {}", name, to_string(from_caf_error(e)));
            });
  }
  hosted.followed = std::move(wanted);
}

} // namespace

std::set<topic> topics_wanted(const std::set<std::string, std::less<>>& prefixes, const std::string& symbol, const std::string& venue) {
  std::set<topic> out;
  for (const auto kind : {topic_kind::quotes, topic_kind::trades})
    if (const topic what{kind, symbol, {}, {}}; is_wanted(prefixes, market::bus_topic_name(what, venue))) out.insert(what);
  const auto start = "md." + venue + "." + symbol + ".bars.";
  for (auto at = prefixes.lower_bound(start); at != prefixes.end() && at->starts_with(start); ++at)
    if (const auto what = bars_of(symbol, at->substr(start.size())); what && market::bus_topic_name(*what, venue) == *at) out.insert(*what);
  return out;
}

caf::behavior topic_demand_actor(demand_pointer self, bus::node* node) {
  node->watch_wanted(caf::actor_cast<caf::actor>(self));
  self->set_down_handler([self](const caf::down_msg& down) {
    std::erase_if(self->state.symbols, [&](const auto& entry) { return entry.second.actor.address() == down.source; });
  });
  return {
    [self, node](bus::wanted_atom) {
      auto& s = self->state;
      const auto wanted = node->wanted(caf::actor_cast<caf::actor>(self));
      s.prefixes = {wanted.begin(), wanted.end()};
      for (const auto& [symbol, hosted] : s.symbols) settle(self, symbol);
    },
    [self](market::symbol_atom, const std::string& symbol, const std::string& venue, const caf::actor& actor) {
      self->state.symbols.insert_or_assign(symbol, topic_demand_state::hosted{actor, venue, {}});
      self->monitor(actor);
      settle(self, symbol);
    },
  };
}

} // namespace tt::cluster
