#pragma once

// Risk limits as bodies of the API write them: {"daily_loss": 0.01, "sector": null}.

#include "actors/risk/limits.hpp"
#include "gateways/json/json_reader.hpp"

#include <string>
#include <utility>
#include <vector>

namespace tt::gateway {

using limit_values = std::vector<std::pair<risk::limit_id, risk::limit_setting>>;

/// The members of the object `values`: null takes the scope's own value away, "off" the limit. Unknown names and
/// bad values become problems of `body` (field limits.NAME).
limit_values read_limits(object_reader& body, const json_value& values);

/// The change that makes `after` (a JSON object, "" for none) out of `before`: what is named no more is inherited again.
/// Texts that can't be read count as empty.
limit_values limits_between(const std::string& before, const std::string& after);

} // namespace tt::gateway
