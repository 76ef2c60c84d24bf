#pragma once

// The jobs_port of a running node: one actor that knows where the coordinator of
// backtests is, asks it, and passes its news on.

#include "gateways/jobs_port.hpp"

#include <caf/actor.hpp>
#include <caf/fwd.hpp>

#include <chrono>
#include <functional>
#include <memory>

namespace tt::gateway {

/// Longest wait for the coordinator; less than a client is made to wait.
inline constexpr std::chrono::milliseconds jobs_deadline{8'000};
/// While jobs are open and nothing is heard of a coordinator on another node for so long, it is asked.
inline constexpr std::chrono::milliseconds jobs_silence{2'000};
/// Pause before a coordinator that is not there is looked for again.
inline constexpr std::chrono::milliseconds find_coordinator_every{500};

/// The way to what a coordinator on another node publishes: from now on its job_news arrive at `reader`, some may be
/// missing. Empty where there are no other nodes.
using jobs_plane = std::function<void(const caf::actor& reader)>;

class actor_jobs_port final : public jobs_port {
public:
  /// `find` gives the coordinator as it is known now, null where it is not; called
  /// in the bridge's context. The system must outlive the port.
  actor_jobs_port(caf::actor_system& system, std::function<caf::actor()> find, jobs_plane join = {});
  /// Ends the bridge; answers that are under way are dropped.
  ~actor_jobs_port() override;
  /// Ends the bridge and waits for it: no answer comes any more, so whoever asked may be taken apart. Once, before the end of the object.
  void end();
  actor_jobs_port(const actor_jobs_port&) = delete;
  actor_jobs_port& operator=(const actor_jobs_port&) = delete;

  void submit(backtest::job_submission job, reply<backtest::job_status> done) override;
  void status(backtest::job_name what, reply<backtest::job_status> done) override;
  void command(backtest::job_command what, reply<backtest::job_status> done) override;
  void list(backtest::list_request what, reply<backtest::job_list> done) override;
  void document(backtest::document_request what, reply<backtest::job_document> done) override;
  [[nodiscard]] backtest::job_figures figures() override;
  subscription_id watch(job_handler on_change) override;
  void unwatch(subscription_id id) override;

private:
  struct shared;
  std::shared_ptr<shared> shared_;
  caf::actor bridge_;
};

} // namespace tt::gateway
