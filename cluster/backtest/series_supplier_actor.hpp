#pragma once

// Finds the bars of a backtest where /udf/history finds them: at the actors of the
// symbols, wherever those live, page by page. Waits for them, so it has a thread
// of its own.

#include "actors/backtest/messages.hpp"
#include "actors/model/instrument.hpp"

#include <caf/event_based_actor.hpp>

#include <chrono>
#include <functional>
#include <memory>

namespace tt::cluster {

/// Longest wait for one page of bars.
inline constexpr std::chrono::seconds page_deadline{20};
/// Pages of one question; more bars than they hold are refused.
inline constexpr std::size_t max_pages = 1'000;

/// Answers series_wanted with series_loaded. `directory` answers symbol_atom. Errors:
/// unknown_symbol; not_found (no bars in the range, or none from the data source that
/// is asked for); those of the symbol. Spawn it detached.
caf::behavior series_supplier_actor(caf::event_based_actor* self, std::shared_ptr<const instrument_master> master, caf::actor directory);

} // namespace tt::cluster
