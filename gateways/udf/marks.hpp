#pragma once

// Marks on the bars of a chart: own fills on paper, and alerts that went off.

#include "gateways/rest/services.hpp"

namespace tt::gateway {

/// Newest fills and alerts that one answer may show.
inline constexpr std::size_t max_marks = 500;

/// GET /udf/marks.
void show_marks(services& parts, const context_ptr& call, const responder& answer);

} // namespace tt::gateway
