#pragma once

// What the actors of this room say to each other and answer.
//
// | to | message | answer |
// | --- | --- | --- |
// | symbol | tick_batch | std::uint64_t: ticks taken; the feed's credit comes back with it |
// | symbol | quote_atom | quote_snapshot |
// | symbol | history_request | history_reply |
// | symbol | trades_atom, std::uint32_t limit | trade_list, newest first |
// | symbol | subscribe_atom, topic | none; updates follow as update_batch, the newest state first |
// | symbol | unsubscribe_atom, topic | none |
// | symbol | feed_change | none |
// | subscriber | update_batch | none |
// | directory | symbol_atom, std::string | caf::actor, started on first use |
// | feed | status_atom | feed_status |
// | feed | start_atom | none; begins to run |
// | feed | step_atom, std::uint32_t events | std::uint32_t: handed out (stepped pace only) |

#include "actors/market/inspect.hpp"

#include <caf/atom.hpp>
#include <caf/fwd.hpp>

namespace tt::market {

using quote_atom = caf::atom_constant<caf::atom("quote")>;
using trades_atom = caf::atom_constant<caf::atom("trades")>;
using subscribe_atom = caf::atom_constant<caf::atom("subscribe")>;
using unsubscribe_atom = caf::atom_constant<caf::atom("unsubscr")>;
using symbol_atom = caf::atom_constant<caf::atom("symbol")>;
using status_atom = caf::atom_constant<caf::atom("status")>;
using start_atom = caf::atom_constant<caf::atom("start")>;
using step_atom = caf::atom_constant<caf::atom("step")>;
using poll_atom = caf::atom_constant<caf::atom("poll")>;

/// Ticks of one symbol, oldest first, and the feed's market time after them: no
/// tick at or before `watermark` will follow. May be empty to move the time on.
struct tick_batch {
  std::vector<tick> ticks;
  utc_time watermark{};
};

/// What a feed tells its symbols about itself.
enum class feed_phase : std::uint8_t { live, finished, failed };

struct feed_change {
  std::string label;
  feed_phase phase = feed_phase::live;
  /// Market time at which the feed begins; the symbol's day figures before it come
  /// from history.
  utc_time start{};
};

/// Updates for one subscriber, in order.
struct update_batch {
  std::vector<market_update> updates;
};

struct trade_list {
  std::vector<trade_update> trades;
};

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, tick_batch& x) {
  return f(caf::meta::type_name("tick_batch"), x.ticks, x.watermark);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, feed_change& x) {
  return f(caf::meta::type_name("feed_change"), x.label, x.phase, x.start);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, update_batch& x) {
  return f(caf::meta::type_name("update_batch"), x.updates);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, trade_list& x) {
  return f(caf::meta::type_name("trade_list"), x.trades);
}

/// Makes every message of this room known to an actor system.
void register_messages(caf::actor_system_config& config);

} // namespace tt::market
