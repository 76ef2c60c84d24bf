#include "actors/backtest/messages.hpp"

#include <caf/actor_system_config.hpp>

namespace tt::backtest {

void register_messages(caf::actor_system_config& config) {
  config.add_message_type<job_status>("job_status");
  config.add_message_type<job_name>("job_name");
  config.add_message_type<job_submission>("job_submission");
  config.add_message_type<job_command>("job_command");
  config.add_message_type<list_request>("list_request");
  config.add_message_type<job_list>("job_list");
  config.add_message_type<document_request>("document_request");
  config.add_message_type<job_document>("job_document");
  config.add_message_type<job_figures>("job_figures");
  config.add_message_type<crew_hello>("crew_hello");
  config.add_message_type<job_intro>("job_intro");
  config.add_message_type<shard_order>("shard_order");
  config.add_message_type<job_over>("job_over");
  config.add_message_type<shard_progress>("shard_progress");
  config.add_message_type<shard_report>("shard_report");
  config.add_message_type<extra_wanted>("extra_wanted");
  config.add_message_type<extra_found>("extra_found");
  config.add_message_type<coordinator_change>("coordinator_change");
  config.add_message_type<bars_wanted>("bars_wanted");
  config.add_message_type<chunk_request>("chunk_request");
  config.add_message_type<bar_chunk>("bar_chunk");
}

} // namespace tt::backtest
