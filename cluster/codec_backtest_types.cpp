#include "actors/backtest/messages.hpp"
#include "cluster/codec_types.hpp"

namespace tt::cluster {

void add_backtest_types(bus::codec::type_table& types) {
  types.add<backtest::job_status>("tt.job");
  types.add<backtest::job_name>("tt.job_name");
  types.add<backtest::job_submission>("tt.submit");
  types.add<backtest::job_command>("tt.job_command");
  types.add<backtest::list_request>("tt.list_jobs");
  types.add<backtest::job_list>("tt.jobs");
  types.add<backtest::document_request>("tt.job_ask");
  types.add<backtest::job_document>("tt.job_document");
  types.add<backtest::job_figures>("tt.job_figures");
  types.add<backtest::job_news>("tt.job_news");
  types.add<backtest::job_board>("tt.job_board");
  types.add<backtest::crew_hello>("tt.crew");
  types.add<backtest::job_intro>("tt.job_intro");
  types.add<backtest::shard_order>("tt.shard");
  types.add<backtest::job_over>("tt.job_over");
  types.add<backtest::shard_progress>("tt.shard_progress");
  types.add<backtest::shard_report>("tt.shard_report");
  types.add<backtest::extra_wanted>("tt.extra_ask");
  types.add<backtest::extra_found>("tt.extra");
  types.add<backtest::chunk_request>("tt.chunk_ask");
  types.add<backtest::bar_chunk>("tt.chunk");
}

} // namespace tt::cluster
