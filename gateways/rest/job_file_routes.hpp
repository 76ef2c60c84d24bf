#pragma once

// What other routes use of those of YAML jobs.

#include "gateways/json/json_reader.hpp"
#include "gateways/json/json_writer.hpp"
#include "gateways/rest/services.hpp"

namespace tt::gateway {

/// The findings of a source of kind yaml, in the shape of every other kind.
http_response check_job_source(const context_ptr& call, const std::string& source, const instrument_master& master, utc_time now);

} // namespace tt::gateway
