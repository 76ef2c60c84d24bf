#pragma once

// What the strategy routes have in common: work on the strategies' threads, answers.

#include "gateways/http/query_reader.hpp"
#include "gateways/rest/body_call.hpp"
#include "gateways/rest/strategy_json.hpp"

namespace tt::gateway {

inline constexpr std::size_t strategy_source_limit = strategy::limits::source_bytes;
/// JSON escapes may double a source.
inline constexpr std::size_t strategy_body_limit = 2 * strategy_source_limit + 64 * 1024;

/// 503: too much waits.
api_error strategies_are_busy();
/// 503: this node has none.
api_error no_strategies();
/// Slow work: on the strategies' heavy thread, without strategies on that of the store.
void run_heavy(services& parts, const responder& answer, std::function<void()> work);

/// Work on the strategies' own thread; it answers by itself.
template <class Work>
void on_records(services& parts, const responder& answer, Work work) {
  if (parts.strategies == nullptr) return answer(no_strategies());
  auto* port = parts.strategies;
  const auto posted = port->post(strategies_port::work::quick, [port, work = std::move(work)] { work(port->records()); });
  if (posted == strategies_port::posted::full) answer(strategies_are_busy());
}

inline strategy_id strategy_of(const request_context& call) { return strategy_id{call.params.front()}; }

// Fields that several bodies have; problems go to the reader.
std::optional<std::string> read_kind(object_reader& body);
std::optional<timeframe> read_frame(object_reader& body, object_reader::need n);
session_hours read_hours(object_reader& body);
const instrument* read_symbol(services& parts, object_reader& body, const std::string& name, std::string_view field);

// Handlers of strategy_preview.cpp.
void validate_strategy(services& parts, const context_ptr& call, const responder& answer);
void preview_strategy(services& parts, const context_ptr& call, const responder& answer);
void show_divergence(services& parts, const context_ptr& call, const responder& answer);

} // namespace tt::gateway
