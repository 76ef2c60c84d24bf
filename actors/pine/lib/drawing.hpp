#pragma once
/// Layout of drawings: which property sits where. Getters, setters and the JSON writer read these tables.

#include "actors/pine/types.hpp"

#include <string_view>
#include <vector>

namespace tt::pine {

struct drawing_property {
  std::string_view name;
  type_id type;
  std::uint32_t slot; ///< among numbers or references
};

/// The properties of line, linefill, label, box, polyline or table, in the order of their constructor.
const std::vector<drawing_property>& properties_of(type_id drawing);

} // namespace tt::pine
