#pragma once

// Rows of the registry as JSON documents and back, as strategies.sqlite keeps them.

#include "actors/strategy/live/registry.hpp"

#include <string>
#include <string_view>

namespace tt::strategy {

std::string to_json(const strategy_record& r);
std::string to_json(const run_row& r);
std::string to_json(const run_event& e);
std::string to_json(const signal_row& s);
std::string to_json(const trade_row& t);
std::string to_json(const transition_row& t);
std::string to_json(const alert_row& a);

// Errors: corrupt_data.
result<strategy_record> record_from(std::string_view json);
result<run_row> run_from(std::string_view json);
result<run_event> event_from(std::string_view json);
result<signal_row> signal_from(std::string_view json);
result<trade_row> trade_from(std::string_view json);
result<transition_row> transition_from(std::string_view json);
result<alert_row> alert_from(std::string_view json);

} // namespace tt::strategy
