#pragma once

// Finds the bars of a backtest where /udf/history finds them: at the actors of the
// symbols, wherever those live, page by page. It waits for nothing: loads of several
// jobs take turns page by page, and those of a job that is over are dropped at once.

#include "actors/backtest/messages.hpp"
#include "actors/model/instrument.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <chrono>
#include <deque>
#include <list>
#include <map>
#include <memory>
#include <set>
#include <vector>

namespace tt::cluster {

/// Longest wait for one page of bars.
inline constexpr std::chrono::seconds page_deadline{20};
/// Bars of one page, and pages of one question; more bars than they hold are refused.
inline constexpr std::uint32_t page_bars = 20'000;
inline constexpr std::size_t max_pages = 1'000;
/// Series that are loaded side by side, and pages that are asked for at once.
inline constexpr std::size_t max_loads = 4, max_pages_asked = 2;
/// Bars in memory above which only the eldest load goes on, and those that each may have without regard to others.
inline constexpr std::size_t max_held_bars = 20'000'000, free_held_bars = 500'000;

/// The bars of one pair, on their way.
struct series_load {
  backtest::series_wanted wanted;
  const instrument* what = nullptr;
  std::vector<backtest::series_piece> pieces;
  std::vector<std::vector<bar>> bars;    ///< of the pieces that are done
  std::vector<std::vector<bar>> pages;   ///< of the present piece, newest first
  std::size_t piece_bars = 0;            ///< in `pages`
  std::size_t held = 0;                  ///< bars in both
  std::vector<caf::typed_response_promise<backtest::series_loaded>> waiting; ///< all that asked for it
  caf::actor_addr asker;                 ///< the coordinator that it is loaded for
  caf::actor symbol;
  enum class step : std::uint8_t { find, check, page, asked, over } now = step::find;
};

struct series_supplier_state {
  static inline const char* name = "series_supplier";

  std::shared_ptr<const instrument_master> master;
  caf::actor directory;
  std::map<std::uint64_t, std::deque<std::shared_ptr<series_load>>> queued; ///< by job
  std::uint64_t last_job = 0;                        ///< whose load was begun last
  std::list<std::shared_ptr<series_load>> active;    ///< the eldest first
  std::deque<std::weak_ptr<series_load>> turns;      ///< of the active ones: who asks next stands first
  std::size_t asked = 0;                             ///< questions on their way
  std::set<caf::actor_addr> askers;                  ///< are watched: what one waited for ends with it
};

/// Answers series_wanted with series_loaded, and takes series_unwanted. `directory` answers symbol_atom. Errors:
/// unknown_symbol; not_found (no bars in the range, or none from the data source that is asked for); conflict (its job
/// is over, or who asked has ended); those of the symbol. Spawn it detached: it computes.
caf::behavior series_supplier_actor(caf::stateful_actor<series_supplier_state>* self, std::shared_ptr<const instrument_master> master, caf::actor directory);

} // namespace tt::cluster
