#pragma once

// What the actors of the backtest service say to each other and to gateways.
//
// | to | message | answer |
// | --- | --- | --- |
// | coordinator | job_submission | job_status; limit_exceeded when too many wait |
// | coordinator | status_atom, job_name | job_status; not_found |
// | coordinator | job_command | job_status; not_found, conflict (wrong state for it) |
// | coordinator | list_request | job_list |
// | coordinator | document_request | job_document; not_found, conflict (not finished), limit_exceeded (ask for less) |
// | coordinator | figures_atom | job_figures |
// | coordinator | subscribe_atom | job_list: what is not finished; job_status follow, one per change (own node only) |
// | coordinator | board_atom | job_board: what is not finished; every change is published as job_news under jobs_topic |
// | coordinator | crew_hello | none; shard_orders follow |
// | coordinator | shard_progress | none |
// | coordinator | shard_report | bool: it was heard |
// | coordinator | extra_wanted | extra_found |
// | crew | shard_order | bool: it was taken; not_found for a job without job_intro |
// | crew | job_intro, job_over | none |
// | crew | coordinator_change | none (from its own node) |
// | bar cache | bars_wanted | bars_ready (own node only) |
// | bar cache | chunk_request | bar_chunk |
// | series supplier | series_wanted | series_loaded (own node only) |
// | | series_unwanted | – ; what the job had asked for is answered with conflict |
// | bar keeper | series_loaded | series_ref (own node only) |
//
// A crew is the node's group of workers: one companion that speaks with the coordinator while the workers run.

#include "actors/backtest/bars.hpp"
#include "actors/backtest/job.hpp"
#include "actors/market/inspect.hpp"

#include <caf/actor.hpp>
#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/atom.hpp>
#include <caf/fwd.hpp>
#include <caf/meta/load_callback.hpp>
#include <caf/meta/type_name.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace tt::backtest {

using status_atom = caf::atom_constant<caf::atom("status")>;
using figures_atom = caf::atom_constant<caf::atom("figures")>;
using subscribe_atom = caf::atom_constant<caf::atom("subscribe")>;
using board_atom = caf::atom_constant<caf::atom("board")>;
using tick_atom = caf::atom_constant<caf::atom("tick")>;

/// The topic of the bus under which a coordinator publishes job_news for other nodes.
inline constexpr std::string_view jobs_topic = "backtest.jobs";

/// A job has changed. `seq` counts the changes of all jobs since the coordinator began, so that a gap is seen.
struct job_news {
  std::uint64_t seq = 0;
  job_status status;
};

/// All jobs that are not finished, as they are after change number `seq`.
struct job_board {
  std::uint64_t seq = 0;
  std::vector<job_status> open;
};

/// A crew offers its workers. The coordinator keeps at most `capacity` orders with it: what its workers run, and a few
/// that wait, so that no worker idles for a round trip.
struct crew_hello {
  std::string node;
  std::uint32_t workers = 0;
  std::uint32_t capacity = 0;
  caf::actor crew;
};

/// What all shards of a job share; sent once before the first of them.
struct job_intro {
  std::uint64_t job = 0; ///< its number
  job_kind kind = job_kind::backtest;
  std::string request;
};

/// A series of a shard, and whom to ask for its bytes.
struct shard_order {
  std::uint64_t job = 0;
  std::uint64_t shard = 0;
  std::uint64_t attempt = 0; ///< tells this order from an earlier one of the same shard
  std::string text;
  std::vector<series_ref> series;
  caf::actor origin;         ///< bar cache of the coordinator's node
};

/// The job is finished or cancelled: what runs of it is stopped, what waits is dropped.
struct job_over {
  std::uint64_t job = 0;
};

struct running_shard {
  std::uint64_t job = 0;
  std::uint64_t shard = 0;
  std::uint64_t bars_done = 0;
};

struct shard_progress {
  std::vector<running_shard> running;
};

/// A script that runs asks for bars of another symbol or timeframe. `job` is the job's number.
struct extra_wanted {
  std::uint64_t job = 0;
  std::string symbol;
  timeframe frame;
};

/// No hash: there are none, and `reason` says why.
struct extra_found {
  series_ref what;
  error reason;
};

/// How a shard ended at a worker.
enum class shard_end : std::uint8_t {
  computed, ///< `bytes` is the result
  failed,   ///< `reason` is the result
  returned, ///< it could not be tried here (no bars): `reason` says why
};

struct shard_report {
  std::uint64_t job = 0;
  std::uint64_t shard = 0;
  std::uint64_t attempt = 0;
  shard_end end = shard_end::computed;
  std::string bytes;
  error reason;
};

/// Where the coordinator is now; null while it is not known.
struct coordinator_change {
  caf::actor now;
};

/// `bytes` of the file with that hash; asked for at `origin` where this node has none.
struct bars_wanted {
  series_ref what;
  caf::actor origin;
};

/// Never leaves the process: all that need them share them.
struct bars_ready {
  std::shared_ptr<const bar_set> bars;
};

struct chunk_request {
  std::string hash;
  std::uint64_t offset = 0;
};

struct bar_chunk {
  std::uint64_t offset = 0;
  std::vector<char> bytes;
};

/// Bars of one pair of a request, for the supplier. Never leaves the process.
struct series_wanted {
  std::shared_ptr<const backtest_request> request;
  pair_key key;
  bar_provider::inner_bars inner = bar_provider::inner_bars::none;
  std::uint64_t job = 0; ///< for whom; of several jobs each gets its turn
};

/// A job needs no bars any more: for the supplier. Never leaves the process.
struct series_unwanted {
  std::uint64_t job = 0;
};

/// Never leaves the process.
struct series_loaded {
  std::shared_ptr<const bar_set> bars;
};

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, job_status& x) {
  return f(caf::meta::type_name("job_status"), x.id, x.kind, x.state, x.progress, x.stage, x.symbol, x.symbols_done, x.symbols_total,
           x.symbols, x.owner, x.created, x.started, x.finished, x.error_message, x.trials_done, x.trials_total, x.best, x.number);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, series_ref& x) {
  return f(caf::meta::type_name("series_ref"), x.hash, x.bytes, x.bars);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, job_name& x) {
  return f(caf::meta::type_name("job_name"), x.kind, x.id);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, job_submission& x) {
  return f(caf::meta::type_name("job_submission"), x.kind, x.owner, x.request, x.symbols);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, job_command& x) {
  return f(caf::meta::type_name("job_command"), x.what, x.op);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, list_request& x) {
  return f(caf::meta::type_name("list_request"), x.kind, x.state, x.before, x.limit);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, job_list& x) {
  return f(caf::meta::type_name("job_list"), x.jobs, x.next);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, job_news& x) {
  return f(caf::meta::type_name("job_news"), x.seq, x.status);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, job_board& x) {
  return f(caf::meta::type_name("job_board"), x.seq, x.open);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, document_query& x) {
  return f(caf::meta::type_name("document_query"), x.kind, x.form, x.cursor, x.limit, x.max_points, x.sort);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, document_request& x) {
  return f(caf::meta::type_name("document_request"), x.what, x.query);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, job_document& x) {
  return f(caf::meta::type_name("job_document"), x.status, x.text, x.request, x.diagnostics, x.next);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, job_count& x) {
  return f(caf::meta::type_name("job_count"), x.kind, x.state, x.jobs);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, job_figures& x) {
  return f(caf::meta::type_name("job_figures"), x.counts, x.bars_per_second, x.workers, x.nodes);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, crew_hello& x) {
  return f(caf::meta::type_name("crew_hello"), x.node, x.workers, x.capacity, x.crew);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, job_intro& x) {
  return f(caf::meta::type_name("job_intro"), x.job, x.kind, x.request);
}

/// What is to be done may be any bytes, so it travels as bytes; and so do results.
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, shard_order& x) {
  std::vector<char> text;
  if (Inspector::reads_state) text.assign(x.text.begin(), x.text.end());
  auto load = [&]() -> caf::error {
    x.text.assign(text.begin(), text.end());
    return caf::none;
  };
  return f(caf::meta::type_name("shard_order"), x.job, x.shard, x.attempt, text, x.series, x.origin, caf::meta::load_callback(load));
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, job_over& x) {
  return f(caf::meta::type_name("job_over"), x.job);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, running_shard& x) {
  return f(caf::meta::type_name("running_shard"), x.job, x.shard, x.bars_done);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, shard_progress& x) {
  return f(caf::meta::type_name("shard_progress"), x.running);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, shard_report& x) {
  std::vector<char> bytes;
  if (Inspector::reads_state) bytes.assign(x.bytes.begin(), x.bytes.end());
  auto load = [&]() -> caf::error {
    x.bytes.assign(bytes.begin(), bytes.end());
    return caf::none;
  };
  return f(caf::meta::type_name("shard_report"), x.job, x.shard, x.attempt, x.end, bytes, x.reason, caf::meta::load_callback(load));
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, extra_wanted& x) {
  return f(caf::meta::type_name("extra_wanted"), x.job, x.symbol, x.frame);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, extra_found& x) {
  return f(caf::meta::type_name("extra_found"), x.what, x.reason);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, coordinator_change& x) {
  return f(caf::meta::type_name("coordinator_change"), x.now);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, bars_wanted& x) {
  return f(caf::meta::type_name("bars_wanted"), x.what, x.origin);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, chunk_request& x) {
  return f(caf::meta::type_name("chunk_request"), x.hash, x.offset);
}

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, bar_chunk& x) {
  return f(caf::meta::type_name("bar_chunk"), x.offset, x.bytes);
}

} // namespace tt::backtest

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(tt::backtest::bars_ready)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(tt::backtest::series_loaded)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(tt::backtest::series_unwanted)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(tt::backtest::series_wanted)
