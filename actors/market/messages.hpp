#pragma once

// What the actors of this room say to each other and answer.
//
// | to | message | answer |
// | --- | --- | --- |
// | symbol | tick_batch | std::uint64_t: ticks taken; the feed's credit comes back with it |
// | symbol | quote_atom | quote_snapshot |
// | symbol | history_request | history_reply |
// | symbol | trades_atom, std::uint32_t limit | trade_list, newest first |
// | symbol | trades_atom, std::uint64_t first | trade_list, newest first: those numbered `first` and higher that are kept; all if it has not come that far |
// | symbol | subscribe_atom, topic | none; updates follow as update_batch, the newest state first |
// | symbol | unsubscribe_atom, topic | none |
// | symbol | follow_atom, topic | update_batch: the newest state; what follows is published under bus_topic_name |
// | symbol | feed_change | none |
// | subscriber | update_batch | none |
// | directory | symbol_atom, std::string | caf::actor, started on first use |
// | directory | hosted_atom | hosted_list: the symbols' actors that it started |
// | directory | host_look | as hosted_atom, under the epoch of a placement |
// | directory | host_order | as symbol_atom, under that epoch |
// | directory | host_end | none; the actor of that symbol ends |
// | whoever asked a directory | symbol_moved | none; the symbol has another actor now |
// | feed | status_atom | feed_status; changes of it are published under feed_topic_name |
// | feed | start_atom | none; begins to run |
// | feed | step_atom, std::uint32_t events | std::uint32_t: handed out (stepped pace only) |

#include "actors/market/inspect.hpp"

#include <caf/actor.hpp>
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
using resolve_atom = caf::atom_constant<caf::atom("resolve")>;
using restore_atom = caf::atom_constant<caf::atom("restore")>;
using poll_atom = caf::atom_constant<caf::atom("poll")>;
using follow_atom = caf::atom_constant<caf::atom("follow")>;
using hosted_atom = caf::atom_constant<caf::atom("hosted")>;

/// Ticks of one symbol, oldest first, and the feed's market time after them: no
/// tick at or before `watermark` will follow. May be empty to move the time on.
struct tick_batch {
  std::vector<tick> ticks;
  utc_time watermark{};
  std::uint64_t epoch = 0; ///< of the feed's lease; a symbol refuses an older one than it has seen
};

/// What a feed tells its symbols about itself.
enum class feed_phase : std::uint8_t {
  live,      ///< begins; what the symbol knew of an earlier run is forgotten
  finished,
  failed,
  restoring, ///< as live, but what follows is the past: nothing is published and no question answered until `restored`
  restored,
};

struct feed_change {
  std::string label;
  feed_phase phase = feed_phase::live;
  /// Market time at which the feed begins; the symbol's day figures before it come
  /// from history.
  utc_time start{};
  std::uint64_t epoch = 0; ///< as in tick_batch
};

/// Updates for one subscriber, in order.
struct update_batch {
  std::vector<market_update> updates;
};

struct trade_list {
  std::vector<trade_update> trades;
};

/// The actor of a symbol, as a directory knows it.
struct hosted_symbol {
  std::string symbol;
  caf::actor actor;
};

struct hosted_list {
  std::vector<hosted_symbol> symbols;
};

/// What a placement asks of a host, and orders it to do. `epoch` is that of its lease: a host that has heard of a later one
/// answers an older one with `conflict`, and starts and ends nothing for it. A symbol_atom counts as epoch 0: where a
/// placement has been heard of, only a placement has symbols started.
struct host_look {
  std::uint64_t epoch = 0;
};

struct host_order {
  std::string symbol;
  std::uint64_t epoch = 0;
};

struct host_end {
  std::string symbol;
  std::uint64_t epoch = 0;
};

/// A symbol's actor is another one than the receiver was told before.
struct symbol_moved {
  std::string symbol;
  caf::actor now;
  std::uint64_t epoch = 0; ///< of the placement that says so; whoever has heard of a later one does not believe it
};

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, tick_batch& x) {
  return f(caf::meta::type_name("tick_batch"), x.ticks, x.watermark, x.epoch);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, feed_change& x) {
  return f(caf::meta::type_name("feed_change"), x.label, x.phase, x.start, x.epoch);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, update_batch& x) {
  return f(caf::meta::type_name("update_batch"), x.updates);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, trade_list& x) {
  return f(caf::meta::type_name("trade_list"), x.trades);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, hosted_symbol& x) {
  return f(caf::meta::type_name("hosted_symbol"), x.symbol, x.actor);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, hosted_list& x) {
  return f(caf::meta::type_name("hosted_list"), x.symbols);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, host_look& x) {
  return f(caf::meta::type_name("host_look"), x.epoch);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, host_order& x) {
  return f(caf::meta::type_name("host_order"), x.symbol, x.epoch);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, host_end& x) {
  return f(caf::meta::type_name("host_end"), x.symbol, x.epoch);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, symbol_moved& x) {
  return f(caf::meta::type_name("symbol_moved"), x.symbol, x.now, x.epoch);
}

/// The name under which a symbol publishes updates of a topic to other nodes:
/// "md.NASDAQ.AAPL.quotes", "md.CME.ES1!.trades", "md.NASDAQ.AAPL.bars.1m.regular".
std::string bus_topic_name(const topic& what, const std::string& venue);

/// The name under which the state of a feed is published to other nodes: "feed.sim".
std::string feed_topic_name(const std::string& feed);

/// The topic that an update belongs to.
topic topic_of(const market_update& update);

} // namespace tt::market
