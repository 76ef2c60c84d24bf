// Coordinator, crews, workers and bar caches as actors of one process, with a computation that the test controls: bars
// travel once per node, a cancelled run stops at once, and the result is the same for any number of workers.

#include "actors/backtest/bar_cache_actor.hpp"
#include "actors/backtest/coordinator_actor.hpp"
#include "actors/backtest/crew_actor.hpp"
#include "actors/market/caf_error.hpp"
#include "tests/backtest/service/fake_job.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/exit_reason.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <mutex>

namespace tt::backtest::test {
namespace {

using namespace std::chrono_literals;

/// Lets runs wait until the test opens it.
class gate {
public:
  void open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  void await(const run_control& control) {
    std::unique_lock lock(mutex_);
    ++waiting_;
    changed_.notify_all();
    while (!open_ && !control.cancelled) changed_.wait_for(lock, 10ms);
  }
  void await_waiting(int n) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return waiting_ >= n; });
  }

private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false;
  int waiting_ = 0;
};

struct fake_world {
  gate hold;
  std::atomic<bool> held{false}, asks_for_more{false};
  std::atomic<std::size_t> more_bars{0};
  std::atomic<int> runs{0}, cancelled{0}, made{0};
  std::atomic<const bar_set*> seen{nullptr};
};

class fake_runner final : public shard_runner {
public:
  explicit fake_runner(std::shared_ptr<fake_world> world) : world_(std::move(world)) {}
  result<std::string> run(std::string_view text, std::span<const std::shared_ptr<const bar_set>> bars, const extra_bars& extra, run_control& control) const override {
    ++world_->runs;
    if (!bars.empty()) world_->seen = bars.front().get();
    if (world_->held) world_->hold.await(control);
    if (control.cancelled) {
      ++world_->cancelled;
      return error{errc::conflict, "cancelled"};
    }
    control.bars_done += 100;
    if (world_->asks_for_more) {
      const auto more = extra({"OTHER", timeframe::days(1)});
      if (!more) return more.error();
      world_->more_bars = (*more)->bars().size();
    }
    const auto n = std::stoull(std::string(text));
    if (n == 999) throw std::runtime_error("broken");
    return square(n);
  }

private:
  std::shared_ptr<fake_world> world_;
};

std::shared_ptr<const bar_set> some_bars(std::size_t count) {
  std::vector<pine::bar> bars;
  for (std::size_t i = 0; i < count; ++i) bars.push_back({static_cast<std::int64_t>(i) * 86'400'000, 1, 2, 0.5, 1.5, 10.0 + static_cast<double>(i)});
  return std::move(bar_set::make({"S0", timeframe::days(1)}, std::make_shared<const pine::symbol_info>(), std::move(bars), 0)).value();
}

caf::behavior fake_supplier(caf::event_based_actor*, std::shared_ptr<const bar_set> bars, std::shared_ptr<std::atomic<int>> asked) {
  return {[bars, asked](const series_wanted& wanted) -> caf::result<series_loaded> {
            ++*asked;
            if (!bars) return to_caf_error({errc::not_found, "there are no bars of " + wanted.key.symbol});
            return series_loaded{bars};
          },
          [](const series_unwanted&) {}};
}

class test_config : public caf::actor_system_config {
public:
  test_config() {
    set("scheduler.max-threads", 2);
  }
};

struct actors_test : ::testing::Test {
  actors_test() {
    std::string name = std::filesystem::temp_directory_path() / "tt-crew-XXXXXX";
    folder = mkdtemp(name.data());
  }
  ~actors_test() override {
    world->hold.open();
    for (const auto& one : all) caf::anon_send_exit(one, caf::exit_reason::user_shutdown);
    all.clear();
    coordinator = own_cache = nullptr;
    system.await_all_actors_done();
    std::filesystem::remove_all(folder);
  }

  caf::actor keep(caf::actor a) {
    all.push_back(a);
    return a;
  }
  caf::actor cache(const std::string& node) { return keep(system.spawn<caf::detached>(bar_cache_actor, folder + "/" + node)); }

  void start_coordinator(std::shared_ptr<const bar_set> bars = nullptr) {
    own_cache = cache("here");
    auto options = std::make_shared<coordinator_options>();
    options->folder = folder + "/jobs";
    options->bars_folder = folder + "/here";
    options->bars = own_cache;
    options->supplier = keep(system.spawn(fake_supplier, std::move(bars), supplied));
    options->clock = [] { return from_unix_seconds(1'700'000'000); };
    options->make_id = [n = std::make_shared<std::atomic<int>>(0), this](job_kind) {
      return "job-" + std::to_string(++*n) + "-" + std::to_string(generation);
    };
    options->make_plan = make_fake_plan;
    options->make_writer = [] { return std::make_unique<fake_writer>(); };
    coordinator = keep(system.spawn<caf::detached>(coordinator_actor, std::shared_ptr<const coordinator_options>(options)));
  }
  caf::actor start_crew(std::uint32_t workers, const std::string& node, caf::actor bars = nullptr) {
    auto options = std::make_shared<crew_options>();
    options->node = node;
    options->workers = workers;
    options->bars = bars ? bars : cache(node);
    options->make_runner = [w = world](job_kind, const std::string&) -> result<std::shared_ptr<const shard_runner>> {
      ++w->made;
      return std::shared_ptr<const shard_runner>(std::make_shared<fake_runner>(w));
    };
    auto crew = keep(system.spawn(crew_actor, std::shared_ptr<const crew_options>(options)));
    caf::anon_send(crew, coordinator_change{coordinator});
    return crew;
  }

  template <class Answer, class... Question>
  result<Answer> ask(Question... question) {
    caf::scoped_actor self{system};
    result<Answer> out = error{errc::internal, "no answer"};
    self->request(coordinator, 20s, std::move(question)...).receive([&](Answer& a) { out = std::move(a); }, [&](const caf::error& e) { out = from_caf_error(e); });
    return out;
  }
  std::string submit(const std::string& request, job_kind kind = job_kind::backtest) {
    const auto job = ask<job_status>(job_submission{kind, "ann", request, {"S0"}});
    EXPECT_TRUE(job) << to_string(job.error());
    return job ? job->id : "";
  }
  /// Follows the coordinator's news until the job has ended.
  job_status await_end(const std::string& id, job_kind kind = job_kind::backtest) {
    caf::scoped_actor self{system};
    self->send(coordinator, subscribe_atom::value);
    const auto now = ask<job_status>(status_atom::value, job_name{kind, id});
    if (now && is_final(now->state)) return *now;
    job_status last;
    bool open = true;
    while (open)
      self->receive([&](const job_list&) {},
                    [&](const job_status& status) {
                      if (status.id == id) last = status, open = !is_final(status.state);
                    },
                    caf::after(60s) >> [&] { ADD_FAILURE() << "no end of " << id, open = false; });
    return last;
  }
  std::string document(const std::string& id) {
    const auto out = ask<job_document>(document_request{{job_kind::backtest, id}, {}});
    EXPECT_TRUE(out) << to_string(out.error());
    return out ? out->text : "";
  }
  std::pair<std::uint64_t, std::uint64_t> fetched(const caf::actor& bars) {
    caf::scoped_actor self{system};
    std::pair<std::uint64_t, std::uint64_t> out;
    self->request(bars, 20s, figures_atom::value)
      .receive([&](std::uint64_t series, std::uint64_t bytes) { out = {series, bytes}; }, [](const caf::error&) { ADD_FAILURE(); });
    return out;
  }

  test_config config;
  caf::actor_system system{config};
  std::string folder;
  int generation = 1;
  std::vector<caf::actor> all;
  caf::actor coordinator, own_cache;
  std::shared_ptr<fake_world> world = std::make_shared<fake_world>();
  std::shared_ptr<std::atomic<int>> supplied = std::make_shared<std::atomic<int>>(0);
};

std::string squares(std::uint64_t n) {
  std::string out;
  for (std::uint64_t i = 0; i < n; ++i) out += square(i) + "\n";
  return out;
}

TEST_F(actors_test, one_worker_four_workers_two_nodes_the_same_bytes) {
  start_coordinator();
  std::vector<std::string> texts;
  auto crew = start_crew(1, "a");
  texts.push_back(document(await_end(submit("pieces=200 bars=100")).id));
  caf::anon_send_exit(crew, caf::exit_reason::user_shutdown);
  start_crew(4, "b");
  texts.push_back(document(await_end(submit("pieces=200 bars=100")).id));
  start_crew(2, "c");
  texts.push_back(document(await_end(submit("pieces=200 bars=100")).id));
  for (const auto& text : texts) EXPECT_EQ(text, squares(200));
}

TEST_F(actors_test, the_runner_of_a_job_is_made_once_per_node) {
  start_coordinator();
  start_crew(4, "a");
  await_end(submit("pieces=50 bars=1"));
  EXPECT_EQ(world->made, 1);
}

TEST_F(actors_test, a_cancelled_run_stops_within_a_second) {
  world->held = true;
  start_coordinator();
  start_crew(2, "a");
  const auto id = submit("pieces=10 bars=100");
  world->hold.await_waiting(2);
  const auto began = std::chrono::steady_clock::now();
  ASSERT_TRUE(ask<job_status>(job_command{{job_kind::backtest, id}, job_op::cancel}));
  while (world->cancelled < 2) ASSERT_LT(std::chrono::steady_clock::now() - began, 1s);
  // and the workers are free for the next
  world->held = false;
  EXPECT_EQ(document(await_end(submit("pieces=3 bars=1")).id), squares(3));
  EXPECT_EQ(ask<job_document>(document_request{{job_kind::backtest, id}, {}}).error().code, errc::conflict);
}

TEST_F(actors_test, a_crew_that_dies_in_the_middle_loses_nothing) {
  world->held = true;
  start_coordinator();
  auto first = start_crew(2, "a");
  const auto id = submit("pieces=20 bars=100");
  world->hold.await_waiting(2);
  caf::anon_send_exit(first, caf::exit_reason::kill);
  start_crew(1, "b");
  world->hold.await_waiting(3); // the new one has got work of the old one
  world->hold.open();
  await_end(id);
  EXPECT_EQ(document(id), squares(20));
}

TEST_F(actors_test, a_coordinator_that_is_started_anew_goes_on) {
  world->held = true;
  start_coordinator();
  auto crew = start_crew(2, "a");
  const auto done = submit("pieces=0 bars=1");
  const auto id = submit("pieces=30 bars=100");
  world->hold.await_waiting(2);
  caf::scoped_actor self{system};
  self->monitor(coordinator);
  self->send_exit(coordinator, caf::exit_reason::kill);
  self->receive([](const caf::down_msg&) {});
  world->hold.open();
  generation = 2;
  start_coordinator();
  caf::anon_send(crew, coordinator_change{coordinator});
  EXPECT_EQ(await_end(id).state, job_state::completed);
  EXPECT_EQ(document(id), squares(30));
  EXPECT_EQ(await_end(done).state, job_state::completed);
}

TEST_F(actors_test, a_worker_that_throws_fails_the_job_and_not_the_node) {
  start_coordinator();
  start_crew(1, "a");
  const auto id = submit("pieces=1000 bars=1");
  const auto end = await_end(id);
  EXPECT_EQ(end.state, job_state::failed);
  EXPECT_NE(end.error_message.find("broken"), std::string::npos) << end.error_message;
  EXPECT_EQ(document(await_end(submit("pieces=3 bars=1")).id), squares(3));
}

TEST_F(actors_test, bars_travel_once_per_node_and_not_at_all_where_they_are) {
  const auto bars = some_bars(60'000); // more than one chunk
  start_coordinator(bars);
  start_crew(3, "here", own_cache);
  auto there = cache("there");
  start_crew(3, "there", there);
  EXPECT_EQ(document(await_end(submit("pieces=100 bars=1 series=1")).id), squares(100));
  EXPECT_EQ(document(await_end(submit("pieces=100 bars=1 series=1")).id), squares(100));
  EXPECT_EQ(fetched(own_cache).first, 0U);
  EXPECT_EQ(fetched(there).first, 1U);
  EXPECT_EQ(fetched(there).second, to_bytes(*bars).size());
}

TEST_F(actors_test, bars_that_a_script_asks_for_come_once_per_job_and_node) {
  world->asks_for_more = true;
  start_coordinator(some_bars(1'000));
  auto there = cache("there");
  start_crew(3, "there", there);
  EXPECT_EQ(document(await_end(submit("pieces=50 bars=1 series=1")).id), squares(50));
  EXPECT_EQ(world->more_bars, 1'000U);
  EXPECT_LE(*supplied, 1 + 3) << "asked for by each worker at most, at once";
  EXPECT_EQ(fetched(there).first, 1U) << "the same content as the job's own bars";
}

TEST_F(actors_test, bars_that_are_not_what_their_hash_says_fail_the_job) {
  const auto bars = some_bars(1'000);
  start_coordinator(bars);
  world->held = true;
  const auto id = submit("pieces=1 bars=1 series=1");
  // nobody works yet; once the file is there it is damaged, as a disk may do
  std::filesystem::path file;
  while (file.empty())
    if (std::filesystem::exists(folder + "/here"))
      for (const auto& one : std::filesystem::directory_iterator(folder + "/here"))
        if (one.path().extension() == ".bars") file = one.path();
  {
    std::fstream damaged(file, std::ios::in | std::ios::out);
    damaged.seekp(100);
    damaged << "xxxxxxxx";
  }
  start_crew(1, "there");
  const auto end = await_end(id);
  EXPECT_EQ(end.state, job_state::failed);
  EXPECT_NE(end.error_message.find("hash"), std::string::npos) << end.error_message;
}

TEST_F(actors_test, no_bars_no_run) {
  start_coordinator(nullptr);
  start_crew(1, "a");
  const auto end = await_end(submit("pieces=1 bars=1 series=1"));
  EXPECT_EQ(end.state, job_state::failed);
  EXPECT_NE(end.error_message.find("there are no bars of S0"), std::string::npos) << end.error_message;
  EXPECT_EQ(world->runs, 0);
}

TEST_F(actors_test, lists_and_figures) {
  start_coordinator();
  start_crew(2, "a");
  for (int i = 0; i < 3; ++i) await_end(submit("pieces=1 bars=1"));
  const auto page = ask<job_list>(list_request{job_kind::backtest, "completed", 0, 2});
  ASSERT_TRUE(page);
  ASSERT_EQ(page->jobs.size(), 2U);
  EXPECT_NE(page->next, 0U);
  const auto rest = ask<job_list>(list_request{job_kind::backtest, "", page->next, 2});
  EXPECT_EQ(rest->jobs.size(), 1U);
  EXPECT_EQ(rest->next, 0U);
  EXPECT_EQ(ask<job_list>(list_request{job_kind::backtest, "odd", 0, 2}).error().code, errc::invalid_argument);
  const auto figures = ask<job_figures>(figures_atom::value);
  EXPECT_EQ(figures->workers, 2U);
  const auto completed = std::ranges::find_if(figures->counts, [](const job_count& c) { return c.kind == job_kind::backtest && c.state == job_state::completed; });
  ASSERT_NE(completed, figures->counts.end());
  EXPECT_EQ(completed->jobs, 3U);
}

} // namespace
} // namespace tt::backtest::test
