#pragma once

// A journal store that tells how long its appends take.

#include "actors/execution/journal_store.hpp"

#include <functional>
#include <memory>

namespace tt::cluster {

/// `told` gets the seconds of each append that became durable.
std::shared_ptr<execution::journal_store> time_appends(std::shared_ptr<execution::journal_store> inner, std::function<void(double)> told);

} // namespace tt::cluster
