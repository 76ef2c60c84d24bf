#include "cluster/backtest/backtest_service.hpp"

#include "actors/backtest/bar_cache_actor.hpp"
#include "actors/backtest/crew_actor.hpp"
#include "actors/backtest/plans.hpp"
#include "actors/strategy/jobs/backtest_plan.hpp"
#include "cluster/backtest/recruiter_actor.hpp"
#include "cluster/backtest/series_supplier_actor.hpp"
#include "cluster/messages.hpp"
#include "cluster/node.hpp"
#include "cluster/secret_token.hpp"

#include <caf/exit_reason.hpp>
#include <caf/send.hpp>
#include <caf/stateful_actor.hpp>

#include <spdlog/spdlog.h>

#include <algorithm>
#include <filesystem>
#include <thread>

namespace tt::cluster {

namespace {

/// "bt-1f0c…": unpredictable, so that nobody guesses another's job.
std::string make_job_id(backtest::job_kind kind) {
  return (kind == backtest::job_kind::backtest ? "bt-" : "st-") + make_secret_token().substr(0, 16);
}

/// Pause before a coordinator that broke off is started anew.
constexpr std::chrono::seconds restart_pause{1};

struct keeper_state {
  static inline const char* name = "backtest_keeper";
  caf::actor running;
  caf::actor recruiter; ///< is told of each
};

void tell_recruiter(const keeper_state& s) {
  if (s.recruiter && s.running) caf::anon_send(s.recruiter, backtest::coordinator_change{s.running});
}

/// Keeps one coordinator running. There can't be a second one: its folder is locked by this process.
caf::behavior coordinator_keeper_actor(caf::stateful_actor<keeper_state>* self, std::function<caf::actor()> make,
                                       std::function<void(const caf::actor&)> on_start) {
  self->set_down_handler([self](const caf::down_msg& down) {
    if (!self->state.running || self->state.running.address() != down.source) return;
    self->state.running = nullptr;
    spdlog::error("backtest: the coordinator broke off ({}); it is started anew", self->system().render(down.reason));
    self->delayed_send(self, restart_pause, tick_atom::value);
  });
  self->set_exit_handler([self](const caf::exit_msg& exit) {
    if (self->state.running) self->send_exit(self->state.running, exit.reason);
    self->quit(exit.reason);
  });
  self->send(self, tick_atom::value);
  return {
    [self, make, on_start](tick_atom) {
      self->state.running = make();
      self->monitor(self->state.running);
      on_start(self->state.running);
      tell_recruiter(self->state);
    },
    [self](const caf::actor& recruiter) {
      self->state.recruiter = recruiter;
      tell_recruiter(self->state);
    },
  };
}

} // namespace

std::uint32_t worker_count(const node_config& config) {
  if (config.backtest_workers > 0) return static_cast<std::uint32_t>(config.backtest_workers);
  return std::max(1U, std::thread::hardware_concurrency());
}

backtest_service::backtest_service(caf::actor_system& system, const node_config& config, std::function<utc_time()> clock,
                                   std::shared_ptr<const instrument_master> master, caf::actor directory)
    : system_(system), config_(config), clock_(std::move(clock)), master_(std::move(master)), directory_(std::move(directory)) {}

backtest_service::~backtest_service() { stop(); }

std::string backtest_service::folder() const { return (std::filesystem::path(config_.data_dir) / "backtest").string(); }

const caf::actor& backtest_service::bars() {
  if (!bars_) bars_ = system_.spawn<caf::detached>(backtest::bar_cache_actor, folder() + "/bars");
  return bars_;
}

backtest::crew_options backtest_service::crew_settings() {
  backtest::crew_options out;
  out.node = config_.node_id;
  out.workers = worker_count(config_);
  out.bars = bars();
  out.make_runner = strategy::make_runner;
  return out;
}

void backtest_service::host_crews(std::shared_ptr<crew_host> host) {
  host_ = std::move(host);
  host_->open(system_, crew_settings());
}

caf::actor backtest_service::recruit(std::function<caf::actor(const std::string& node)> agent) {
  auto options = std::make_shared<recruiter_options>();
  options->agent = std::move(agent);
  options->on_recruited = [](const std::string& node) { spdlog::info("backtest: {} works for the coordinator", node); };
  options->on_trouble = [](const std::string& node, const std::string& why) { spdlog::warn("backtest: {} gives no workers: {}", node, why); };
  recruiter_ = system_.spawn(recruiter_actor, std::shared_ptr<const recruiter_options>(std::move(options)));
  caf::anon_send(keeper_, recruiter_);
  return recruiter_;
}

std::shared_ptr<backtest::coordinator_options> backtest_service::coordinator_settings() {
  if (!supplier_) supplier_ = system_.spawn<caf::detached>(series_supplier_actor, master_, directory_);
  auto options = std::make_shared<backtest::coordinator_options>();
  options->folder = folder();
  options->bars_folder = folder() + "/bars";
  options->bars = bars();
  options->supplier = supplier_;
  options->clock = clock_;
  options->make_id = make_job_id;
  options->make_plan = strategy::make_plan;
  options->make_writer = [] { return backtest::make_document_writer(std::string(version())); };
  options->limits.max_running = config_.backtest_max_running;
  options->limits.timeout = std::chrono::seconds{static_cast<std::int64_t>(config_.backtest_timeout_s)};
  options->warn = [](const std::string& text) { spdlog::warn("backtest: {}", text); };
  return options;
}

void backtest_service::keep_coordinator(std::function<void(const caf::actor&)> on_start,
                                        std::function<void(const backtest::job_news&)> publish) {
  auto options = coordinator_settings();
  options->publish = std::move(publish);
  const auto make = [system = &system_, settings = std::shared_ptr<const backtest::coordinator_options>(std::move(options))] { return system->spawn<caf::detached>(backtest::coordinator_actor, settings); };
  keeper_ = system_.spawn(coordinator_keeper_actor, std::function<caf::actor()>{make}, std::move(on_start));
}

void backtest_service::start_alone() {
  crew_ = system_.spawn(backtest::crew_actor, std::make_shared<const backtest::crew_options>(crew_settings()));
  coordinator_ = system_.spawn<caf::detached>(backtest::coordinator_actor, std::shared_ptr<const backtest::coordinator_options>(coordinator_settings()));
  caf::anon_send(crew_, backtest::coordinator_change{coordinator_});
}

void backtest_service::stop() {
  if (host_) host_->close();
  host_ = nullptr;
  for (auto* actor : {&recruiter_, &crew_, &keeper_, &coordinator_, &supplier_, &bars_}) {
    if (*actor) caf::anon_send_exit(*actor, caf::exit_reason::user_shutdown);
    *actor = nullptr;
  }
}

} // namespace tt::cluster
