#pragma once

// What the actor of a live run is told. All of it stays within one process.
//
// | to | message | answer |
// | --- | --- | --- |
// | live run | run_request_ptr | none; begins, or goes over to another version, mode or account at the next bar |
// | live run | stop_run | none; the run ends: nothing new is sent, what protects a position stays at the venue |
// | live run | order_seen_ptr | none; an order of an account of the node, as it stands |
// | live run | market::update_batch | none; bars |
// | live run | state_atom | run_state |

#include "actors/market/messages.hpp"
#include "actors/model/order_desk.hpp"
#include "actors/strategy/live/registry.hpp"
#include "actors/strategy/live/strategy_runner.hpp"

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/atom.hpp>

#include <memory>
#include <string>

namespace tt::strategy {

using state_atom = caf::atom_constant<caf::atom("state")>;
using retry_atom = caf::atom_constant<caf::atom("retry")>;
using search_atom = caf::atom_constant<caf::atom("search")>;
using compare_atom = caf::atom_constant<caf::atom("compare")>;
using history_atom = caf::atom_constant<caf::atom("history")>;

/// What a run shall be made of.
struct run_request {
  strategy_record record; ///< its account is where orders go
  std::shared_ptr<const pine::program> code;
  std::shared_ptr<pine::data_source> data; ///< for request.*(); may be null
};
using run_request_ptr = std::shared_ptr<const run_request>;

struct stop_run {
  std::string reason;
  /// Whether the actor ends with the run: its strategy is gone.
  enum class then_t : std::uint8_t { stay, quit } then = then_t::stay;
};

struct order_seen {
  account_id account;
  order what;
  utc_time at{};
};
using order_seen_ptr = std::shared_ptr<const order_seen>;

/// How a run stands, for the API.
struct run_state {
  strategy_id strategy;
  std::string symbol;
  std::uint64_t run = 0;
  std::uint32_t version = 0;
  enum class phase_t : std::uint8_t { loading, running, switching, stopped, failed } phase = phase_t::loading;
  std::string problem;
  std::optional<std::int64_t> last_bar_ms;
  run_position position;
  std::shared_ptr<const pine::program> code; ///< null before the first run
  std::vector<plot_row> plots; ///< of columns_of(code): all that is kept
  std::string drawings_json = "[]";
};
using run_state_ptr = std::shared_ptr<const run_state>;

/// The answer of the order desk, brought into the actor.
struct desk_answer {
  std::string key;
  std::uint64_t run = 0;
  std::shared_ptr<const result<signal_outcome>> outcome;
};
struct desk_orders {
  std::uint64_t run = 0;
  std::shared_ptr<const std::vector<order>> orders;
};
struct desk_holding {
  std::shared_ptr<const result<strategy_holding>> held;
};
/// Likewise, of a run that trades already.
struct desk_position {
  std::uint64_t run = 0;
  std::shared_ptr<const result<strategy_holding>> held;
};

} // namespace tt::strategy

template <>
struct tt::names_of<tt::strategy::run_state::phase_t> {
  static constexpr std::array<std::string_view, 5> value{"loading", "running", "switching", "stopped", "failed"};
};

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(tt::strategy::run_request_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(tt::strategy::stop_run)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(tt::strategy::order_seen_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(tt::strategy::run_state_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(tt::strategy::desk_answer)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(tt::strategy::desk_orders)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(tt::strategy::desk_holding)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(tt::strategy::desk_position)
