#pragma once

// Every message of the project that crosses nodes, under its name on the wire.

#include "bus/codec/table.hpp"

#include <memory>

namespace tt::cluster {

/// Adds them; their bytes are fixed by tests/cluster/codec_golden.test.cpp.
void add_market_types(bus::codec::type_table& types);
void add_cluster_types(bus::codec::type_table& types);
void add_backtest_types(bus::codec::type_table& types);

/// A table with all of them.
std::shared_ptr<const bus::codec::type_table> project_types();

} // namespace tt::cluster
