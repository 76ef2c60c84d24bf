#pragma once
/// Which requests are the same one: equal calls count once against limits::requests.

#include "actors/pine/program.hpp"

namespace tt::pine {

/// Whether both evaluate the same expression: their bodies are the same program. The requests in the bodies must have
/// their numbers (request_plan::expression) already.
bool same_expression(const request_plan& a, const request_plan& b);

} // namespace tt::pine
