#pragma once

// Makes the sources of a node's feeds from its configuration.

#include "actors/market/bar_store.hpp"
#include "actors/market/feed_source.hpp"
#include "actors/market/symbol_types.hpp"
#include "actors/model/instrument.hpp"
#include "cluster/node_config.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace tt::cluster {

/// A feed that is ready to run.
struct prepared_feed {
  std::string name;
  market::pace pace;
  std::unique_ptr<market::feed_source> source;
  /// Market time at the start, where it is not the source's own beginning.
  std::optional<utc_time> market_start;
  /// Past bars that the source knows; null when it knows none.
  std::shared_ptr<const market::history_source> history;
  /// Tells that history how far market time has come; empty where it need not know.
  std::function<void(utc_time)> reached;
  /// Whether finished minute bars go into the bar store.
  bool record = false;
  /// Whether its market time is the wall clock's.
  bool follows_wall_clock = false;
};

/// The symbols a simulated exchange trades when its configuration names none.
std::vector<std::string> default_universe();

/// Makes every feed. Symbols that `store` holds bars of, or that an earlier feed
/// speaks of, are left out of simulated exchanges, so that real and simulated
/// prices never meet in one chart; `notes` says which. Errors: unknown_symbol,
/// not_found (file), conflict (two replays of one symbol), those of the sources;
/// the field names the feed.
result<std::vector<prepared_feed>> prepare_feeds(const std::vector<feed_config>& configs, const instrument_master& master,
                                                 const market::bar_store& store, utc_time now, std::vector<std::string>& notes);

/// Makes the feeds of a node from what it has loaded; the signature of
/// prepare_feeds but for the configuration.
using feed_maker = std::function<result<std::vector<prepared_feed>>(
  const instrument_master& master, const market::bar_store& store, utc_time now, std::vector<std::string>& notes)>;

/// What symbols need of the feeds whose ticks they get.
struct symbol_sources {
  std::vector<std::shared_ptr<const market::history_source>> histories; ///< the bar store first
  std::vector<std::function<void(utc_time)>> reached;
  std::set<std::string, std::less<>> recorded; ///< symbols whose minutes go into the bar store
  std::set<std::string, std::less<>> unkept;   ///< symbols whose minutes are in no history: replays that aren't recorded
};
symbol_sources sources_for_symbols(const std::shared_ptr<market::bar_store>& store, const std::vector<prepared_feed>& prepared);

/// Logs how a feed has ended, and what it left out of its input.
void log_end_of_feed(const market::feed_status& status);

/// Opens the source of one feed once more, as it was made at `made_at`.
/// Errors: those of the maker; not_found when it makes no feed of that name.
std::function<result<std::unique_ptr<market::feed_source>>()>
make_reopener(feed_maker maker, std::shared_ptr<const instrument_master> master, std::shared_ptr<market::bar_store> store,
              utc_time made_at, std::string name);

} // namespace tt::cluster
