// The coordinator's rules on a virtual clock: every piece counts once whatever happens to those who compute it, and what
// comes out does not depend on them.

#include "actors/backtest/coordinator_core.hpp"
#include "actors/backtest/request_bars.hpp"
#include "tests/backtest/service/fake_job.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <random>

namespace tt::backtest::test {
namespace {

using namespace std::chrono_literals;

struct sent_order {
  crew_id to = 0;
  std::uint64_t job = 0, piece = 0, attempt = 0;
};

/// Writes down what the core does; answers questions for bars when told to.
class recorder final : public coordinator_effects {
public:
  void introduce(crew_id to, std::uint64_t job, job_kind, const std::string&) override { introduced.insert({to, job}); }
  void order(crew_id to, std::uint64_t job, std::uint64_t attempt, const shard& piece, const std::vector<series_ref>& series) override {
    EXPECT_TRUE(introduced.contains({to, job})) << "an order of a job that the crew does not know";
    EXPECT_EQ(series.size(), piece.series.size());
    orders.push_back({to, job, piece.number, attempt});
  }
  void over(crew_id to, std::uint64_t job) override {
    overs.insert({to, job});
    std::erase_if(orders, [&](const sent_order& o) { return o.to == to && o.job == job; });
  }
  void load(std::uint64_t job, std::size_t place, const series_need&) override { loads.emplace_back(job, place); }
  void unload(std::uint64_t job) override { unloaded.insert(job); }
  result<std::shared_ptr<const bar_set>> open(const series_ref& what) override {
    if (lost_bars.contains(what.hash)) return error{errc::not_found, "lost"};
    return std::shared_ptr<const bar_set>{};
  }
  void show(const job_status& status) override {
    shown.push_back(status);
    if (const auto at = newest.find(status.id); at != newest.end()) {
      EXPECT_GE(status.progress, at->second.progress) << "progress fell";
      EXPECT_FALSE(is_final(at->second.state)) << "news of a job that had ended";
    }
    newest[status.id] = status;
  }
  void warn(const std::string& text) override { warnings.push_back(text); }

  std::vector<sent_order> orders; ///< not answered yet
  std::set<std::pair<crew_id, std::uint64_t>> introduced, overs;
  std::vector<std::pair<std::uint64_t, std::size_t>> loads;
  std::set<std::uint64_t> unloaded; ///< jobs whose bars are not wanted any more
  std::set<std::string> lost_bars;
  std::vector<job_status> shown;
  std::map<std::string, job_status> newest;
  std::vector<std::string> warnings;
};

struct core_test : ::testing::Test {
  core_test() {
    std::string name = std::filesystem::temp_directory_path() / "tt-core-XXXXXX";
    folder = mkdtemp(name.data());
    start();
  }
  ~core_test() override {
    core.reset();
    store.reset();
    std::filesystem::remove_all(folder);
  }

  /// As after a power cut: everything in memory is gone.
  void start() {
    core.reset();
    store.reset();
    effects = std::make_unique<recorder>();
    store = std::move(job_store::open(folder)).value();
    core = std::make_unique<coordinator_core>(*store, *effects, make_fake_plan,
                                              [this](job_kind) { return "job-" + std::to_string(++last_id); }, limits);
    ASSERT_TRUE(core->recover(now()));
  }
  moment now() const { return {clock, from_unix_ms(1'700'000'000'000) + clock}; }

  std::string submit(const std::string& request, const std::string& owner = "ann", job_kind kind = job_kind::backtest) {
    const auto job = core->submit(kind, owner, request, {"AAPL"}, now());
    EXPECT_TRUE(job) << to_string(job.error());
    return job ? job->id : "";
  }
  job_status status(const std::string& id, job_kind kind = job_kind::backtest) { return core->status(kind, id).value(); }

  /// Answers an order as a worker would.
  void answer(sent_order order) {
    std::erase_if(effects->orders, [&](const sent_order& o) { return o.attempt == order.attempt; });
    core->reported(order.to, order.job, order.piece, order.attempt, piece_end::computed, square(order.piece), now());
  }
  /// Answers what is open, oldest first, until nothing is.
  void work() {
    while (!effects->orders.empty()) answer(effects->orders.front());
  }
  std::string kept(std::uint64_t number = 1) { return text_of(store->parts(number).value()); }
  static std::string squares(std::uint64_t n) {
    std::string out;
    for (std::uint64_t i = 0; i < n; ++i) out += square(i) + "\n";
    return out;
  }

  std::string folder;
  coordinator_limits limits;
  std::chrono::nanoseconds clock{1h};
  int last_id = 0;
  std::unique_ptr<recorder> effects;
  std::unique_ptr<job_store> store;
  std::unique_ptr<coordinator_core> core;
};

TEST_F(core_test, a_job_goes_from_queued_to_completed) {
  core->crew_joined(1, 2, 4, now());
  const auto answered = core->submit(job_kind::backtest, "ann", "pieces=3 bars=10", {"AAPL"}, now());
  ASSERT_TRUE(answered);
  EXPECT_EQ(answered->state, job_state::queued) << "that is what the submitter is told";
  EXPECT_EQ(status("job-1").state, job_state::running);
  EXPECT_EQ(effects->orders.size(), 3U);
  clock += 1s;
  answer(effects->orders.front());
  EXPECT_NEAR(status("job-1").progress, 100.0 / 3, 1e-9);
  work();
  const auto done = status("job-1");
  EXPECT_EQ(done.state, job_state::completed);
  EXPECT_EQ(done.progress, 100);
  EXPECT_TRUE(done.started && done.finished);
  EXPECT_EQ(kept(), squares(3));
  EXPECT_TRUE(effects->overs.contains({1, 1})) << "the crew may forget it";
  EXPECT_FALSE(core->wants_ticks());
}

TEST_F(core_test, no_more_than_its_capacity_is_with_a_crew) {
  core->crew_joined(1, 1, 2, now());
  submit("pieces=9 bars=1");
  EXPECT_EQ(effects->orders.size(), 2U);
  answer(effects->orders.front());
  EXPECT_EQ(effects->orders.size(), 2U);
  work();
  EXPECT_EQ(kept(), squares(9));
}

TEST_F(core_test, a_lost_crews_pieces_are_handed_out_again_and_late_results_count_once) {
  core->crew_joined(1, 1, 3, now());
  submit("pieces=3 bars=1");
  const auto first = effects->orders;
  effects->orders.clear();
  core->crew_left(1, now());
  core->crew_joined(2, 1, 3, now());
  ASSERT_EQ(effects->orders.size(), 3U);
  // the lost one had only been cut off: its result comes first, then the other's
  core->reported(1, 1, first[0].piece, first[0].attempt, piece_end::computed, square(first[0].piece), now());
  work();
  EXPECT_EQ(kept(), squares(3));
  EXPECT_EQ(status("job-1").state, job_state::completed);
}

// Whatever crews come, go, are slow or send twice, and wherever the coordinator is started anew: the same bytes.
TEST_F(core_test, the_result_does_not_depend_on_who_computes_it_or_when) {
  for (std::uint32_t seed = 1; seed <= 30; ++seed) {
    std::mt19937 random(seed);
    const auto pieces = 1 + random() % 40;
    const auto id = submit("pieces=" + std::to_string(pieces) + " bars=5");
    const auto number = status(id).number;
    std::set<crew_id> crews;
    crew_id last = 100;
    for (int step = 0; status(id).state != job_state::completed; ++step) {
      ASSERT_LT(step, 100'000);
      clock += std::chrono::milliseconds(random() % 50);
      const auto what = random() % 100;
      if (crews.empty() || what < 3) {
        crews.insert(++last);
        core->crew_joined(last, 1 + random() % 4, 1 + random() % 8, now());
      } else if (what < 5) {
        auto at = std::next(crews.begin(), static_cast<std::ptrdiff_t>(random() % crews.size()));
        std::erase_if(effects->orders, [&](const sent_order& o) { return o.to == *at; });
        core->crew_left(*at, now());
        crews.erase(at);
      } else if (what < 7) {
        start(); // power cut
        crews.clear();
      } else if (!effects->orders.empty()) {
        const auto order = effects->orders[random() % effects->orders.size()];
        core->progressed(order.to, order.job, order.piece, random() % 6, now());
        if (random() % 4 > 0) answer(order);
        if (random() % 5 == 0) core->reported(order.to, order.job, order.piece, order.attempt, piece_end::computed, square(order.piece), now());
      }
      core->tick(now());
    }
    EXPECT_EQ(kept(number), squares(pieces)) << "seed " << seed;
    for (const auto crew : crews) core->crew_left(crew, now());
    effects->orders.clear();
  }
}

TEST_F(core_test, a_restart_goes_on_without_repeating_what_is_done) {
  core->crew_joined(1, 1, 2, now());
  submit("pieces=5 bars=1");
  submit("pieces=2 bars=1");
  answer(effects->orders.front());
  answer(effects->orders.front());
  const auto started = status("job-1").started;
  start();
  EXPECT_EQ(status("job-1").state, job_state::running);
  EXPECT_EQ(status("job-1").started, started) << "it began when it began";
  EXPECT_NEAR(status("job-1").progress, 40, 30);
  core->crew_joined(7, 1, 100, now());
  std::size_t again = 0;
  for (const auto& order : effects->orders) again += order.job == 1 ? 1 : 0;
  EXPECT_EQ(again + 2, 5U) << "two of five were done";
  work();
  EXPECT_EQ(kept(1), squares(5));
  EXPECT_EQ(kept(2), squares(2));
}

TEST_F(core_test, a_cancelled_queued_job_never_runs) {
  limits.max_running = 1;
  start();
  core->crew_joined(1, 1, 9, now());
  submit("pieces=1 bars=1");
  const auto second = submit("pieces=1 bars=1");
  EXPECT_EQ(status(second).state, job_state::queued);
  const auto cancelled = core->cancel(job_kind::backtest, second, now());
  ASSERT_TRUE(cancelled) << to_string(cancelled.error());
  EXPECT_EQ(cancelled->state, job_state::cancelled);
  work();
  EXPECT_EQ(status("job-1").state, job_state::completed);
  EXPECT_EQ(status(second).state, job_state::cancelled);
  EXPECT_TRUE(kept(2).empty());
  start();
  core->crew_joined(2, 1, 9, now());
  EXPECT_TRUE(effects->orders.empty());
  EXPECT_EQ(core->cancel(job_kind::backtest, second, now()).error().code, errc::conflict);
  EXPECT_EQ(core->cancel(job_kind::backtest, "job-77", now()).error().code, errc::not_found);
}

TEST_F(core_test, cancelling_a_running_job_tells_its_crews_and_ignores_what_still_comes) {
  core->crew_joined(1, 1, 2, now());
  core->crew_joined(2, 1, 2, now());
  const auto id = submit("pieces=9 bars=1");
  const auto orders = effects->orders;
  ASSERT_TRUE(core->cancel(job_kind::backtest, id, now()));
  EXPECT_TRUE(effects->overs.contains({1, 1}));
  EXPECT_TRUE(effects->overs.contains({2, 1}));
  core->reported(1, 1, orders[0].piece, orders[0].attempt, piece_end::computed, square(0), now());
  EXPECT_TRUE(kept().empty());
  EXPECT_EQ(effects->newest.at(id).state, job_state::cancelled);
  // its places are free again
  submit("pieces=9 bars=1");
  EXPECT_EQ(effects->orders.size(), 4U);
}

TEST_F(core_test, only_so_many_run_at_once_and_five_of_one_principal) {
  limits.max_running = 7;
  limits.running_per_principal = 5;
  start();
  for (int i = 0; i < 8; ++i) submit("pieces=1 bars=1", "ann");
  for (int i = 0; i < 4; ++i) submit("pieces=1 bars=1", "bob");
  const auto running = [&](const std::string& owner) {
    return std::ranges::count_if(core->open_jobs(), [&](const job_status& s) { return s.owner == owner && s.state == job_state::running; });
  };
  EXPECT_EQ(running("ann"), 5);
  EXPECT_EQ(running("bob"), 2);
  core->crew_joined(1, 1, 1, now());
  work();
  for (int i = 1; i <= 12; ++i) EXPECT_EQ(status("job-" + std::to_string(i)).state, job_state::completed) << i;
}

TEST_F(core_test, too_many_that_wait_are_refused) {
  limits.max_running = 1;
  limits.queued = 2;
  start();
  for (int i = 0; i < 3; ++i) submit("pieces=1 bars=1");
  EXPECT_EQ(core->submit(job_kind::backtest, "ann", "pieces=1 bars=1", {}, now()).error().code, errc::limit_exceeded);
}

TEST_F(core_test, without_progress_a_job_fails_and_says_so) {
  core->crew_joined(1, 1, 1, now());
  const auto id = submit("pieces=2 bars=100");
  clock += 299s;
  core->progressed(1, 1, effects->orders.front().piece, 50, now());
  clock += 299s;
  core->tick(now());
  EXPECT_EQ(status(id).state, job_state::running) << "it moved";
  clock += 1s;
  core->tick(now());
  EXPECT_EQ(status(id).state, job_state::failed);
  EXPECT_EQ(status(id).error_message, "no progress for 300 s");
  core->crew_left(1, now());
  const auto alone = submit("pieces=2 bars=100");
  clock += 301s;
  core->tick(now());
  EXPECT_NE(status(alone).error_message.find("role backtest"), std::string::npos) << status(alone).error_message;
}

TEST_F(core_test, waiting_for_bars_is_no_lack_of_progress) {
  core->crew_joined(1, 1, 1, now());
  const auto id = submit("pieces=1 bars=100 series=1");
  ASSERT_EQ(effects->loads.size(), 1U);
  clock += 3'000s;
  core->tick(now());
  EXPECT_EQ(status(id).state, job_state::running) << "the loads of others come first";
  core->loaded(1, 0, series_ref{"hash", 1, 100}, now());
  clock += 299s;
  core->extra(1, coordinator_core::extra_wait::begins, now());
  clock += 3'000s;
  core->tick(now());
  EXPECT_EQ(status(id).state, job_state::running) << "nor for bars that its script asks for";
  core->extra(1, coordinator_core::extra_wait::ends, now());
  clock += 299s;
  core->tick(now());
  EXPECT_EQ(status(id).state, job_state::running);
  clock += 1s;
  core->tick(now());
  EXPECT_EQ(status(id).state, job_state::failed) << "then it has none";
}

TEST_F(core_test, bars_that_scripts_ask_for_have_a_past) {
  submit("pieces=1 bars=100 series=1");
  const auto request = core->request_of(1);
  ASSERT_NE(request, nullptr);
  EXPECT_EQ(request->warmup_bars, limits::requested_past);
  EXPECT_EQ(core->request_of(1), request) << "one and the same, so that equal questions are known as such";
  EXPECT_EQ(core->request_of(2), nullptr);
}

TEST_F(core_test, bars_of_a_cancelled_job_are_not_wanted_any_more) {
  const auto id = submit("pieces=1 bars=100 series=1");
  EXPECT_TRUE(effects->unloaded.empty());
  ASSERT_TRUE(core->cancel(job_kind::backtest, id, now()));
  EXPECT_EQ(effects->unloaded, std::set<std::uint64_t>{1});
  EXPECT_FALSE(core->is_open(1));
}

TEST_F(core_test, a_piece_that_nobody_can_try_fails_its_job) {
  core->crew_joined(1, 1, 1, now());
  const auto id = submit("pieces=2 bars=1");
  for (std::uint32_t i = 0; i < limits::returned_shards; ++i) {
    ASSERT_EQ(status(id).state, job_state::running) << i;
    const auto order = effects->orders.front();
    effects->orders.clear();
    core->reported(1, 1, order.piece, order.attempt, piece_end::returned, error{errc::io_error, "disk full"}, now());
  }
  EXPECT_EQ(status(id).state, job_state::failed);
  EXPECT_NE(status(id).error_message.find("disk full"), std::string::npos);
}

TEST_F(core_test, an_order_that_was_not_taken_is_given_again_with_its_job) {
  core->crew_joined(1, 1, 1, now());
  const auto id = submit("pieces=1 bars=1");
  const auto order = effects->orders.front();
  effects->orders.clear();
  effects->introduced.clear(); // the word of the job was lost on its way
  core->refused(1, order.job, order.piece, order.attempt, error{errc::not_found, "what job?"}, now());
  ASSERT_EQ(effects->orders.size(), 1U);
  work();
  EXPECT_EQ(status(id).state, job_state::completed);
}

TEST_F(core_test, a_piece_that_takes_every_crew_along_fails_its_job) {
  const auto id = submit("pieces=1 bars=1");
  for (std::uint32_t i = 0; i < limits::lost_shards; ++i) {
    ASSERT_EQ(status(id).state, job_state::running) << i;
    core->crew_joined(10 + i, 1, 1, now());
    ASSERT_FALSE(effects->orders.empty());
    effects->orders.clear();
    core->crew_left(10 + i, now());
  }
  EXPECT_EQ(status(id).state, job_state::failed);
}

TEST_F(core_test, what_a_plan_refuses_fails_the_job_with_its_words) {
  core->crew_joined(1, 1, 9, now());
  const auto bad = submit("bad pieces=1 bars=1");
  EXPECT_EQ(status(bad).state, job_state::failed);
  EXPECT_EQ(status(bad).error_message, "the script does not compile");
  EXPECT_EQ(store->load(job_kind::backtest, bad)->diagnostics, R"([{"line":1}])");
  const auto exploding = submit("pieces=2 bars=1 explode=1");
  work();
  EXPECT_EQ(status(exploding).state, job_state::failed);
  EXPECT_EQ(status(exploding).error_message, "it exploded");
}

TEST_F(core_test, many_jobs_that_fail_at_once_are_no_trouble) {
  limits.max_running = 1;
  start();
  submit("pieces=1 bars=1");
  for (int i = 0; i < 500; ++i) submit("bad pieces=1 bars=1");
  core->crew_joined(1, 1, 1, now());
  work();
  EXPECT_EQ(status("job-501").state, job_state::failed);
}

TEST_F(core_test, bars_are_loaded_before_anything_is_handed_out_and_known_after_a_restart) {
  core->crew_joined(1, 1, 9, now());
  const auto id = submit("pieces=2 bars=1 series=2");
  EXPECT_EQ(status(id).stage, "loading bars");
  ASSERT_EQ(effects->loads.size(), 2U);
  core->loaded(1, 1, series_ref{"bb", 2, 2}, now());
  EXPECT_TRUE(effects->orders.empty());
  core->loaded(1, 0, series_ref{"aa", 1, 1}, now());
  EXPECT_EQ(effects->orders.size(), 2U);
  EXPECT_EQ(*store->series(1), (std::vector<series_ref>{{"aa", 1, 1}, {"bb", 2, 2}}));
  start();
  EXPECT_TRUE(effects->loads.empty()) << "the same bars as before";
  core->crew_joined(1, 1, 9, now());
  work();
  EXPECT_EQ(status(id).state, job_state::completed);
}

TEST_F(core_test, bars_that_are_gone_are_loaded_again) {
  submit("pieces=1 bars=1 series=1");
  core->loaded(1, 0, series_ref{"aa", 1, 1}, now());
  core.reset();
  store.reset();
  effects = std::make_unique<recorder>();
  effects->lost_bars = {"aa"};
  store = std::move(job_store::open(folder)).value();
  core = std::make_unique<coordinator_core>(*store, *effects, make_fake_plan, [](job_kind) { return "x"; }, limits);
  ASSERT_TRUE(core->recover(now()));
  EXPECT_EQ(effects->loads.size(), 1U);
}

TEST_F(core_test, without_bars_the_job_fails_saying_so) {
  const auto id = submit("pieces=1 bars=1 series=1");
  core->loaded(1, 0, error{errc::not_found, "there are no bars of X"}, now());
  EXPECT_EQ(status(id).state, job_state::failed);
  EXPECT_NE(status(id).error_message.find("there are no bars of X"), std::string::npos);
}

TEST_F(core_test, a_paused_study_hands_nothing_out_and_counts_what_still_comes) {
  core->crew_joined(1, 1, 2, now());
  const auto id = submit("pieces=6 bars=1", "ann", job_kind::study);
  ASSERT_EQ(effects->orders.size(), 2U);
  const auto paused = core->pause(job_kind::study, id, now());
  ASSERT_TRUE(paused) << to_string(paused.error());
  EXPECT_EQ(paused->state, job_state::paused);
  work();
  EXPECT_EQ(kept(), squares(2));
  EXPECT_EQ(core->pause(job_kind::study, id, now()).error().code, errc::conflict);
  clock += 1h;
  core->tick(now());
  EXPECT_EQ(status(id, job_kind::study).state, job_state::paused) << "a pause is no lack of progress";
  start();
  EXPECT_EQ(status(id, job_kind::study).state, job_state::paused);
  core->crew_joined(1, 1, 2, now());
  EXPECT_TRUE(effects->orders.empty());
  ASSERT_TRUE(core->resume(job_kind::study, id, now()));
  work();
  EXPECT_EQ(kept(), squares(6));
  EXPECT_EQ(status(id, job_kind::study).state, job_state::completed);
  EXPECT_EQ(core->resume(job_kind::study, id, now()).error().code, errc::conflict);
}

TEST_F(core_test, only_studies_can_be_paused_and_only_paused_ones_resumed) {
  const auto id = submit("pieces=6 bars=1");
  EXPECT_EQ(core->pause(job_kind::backtest, id, now()).error().code, errc::conflict);
  EXPECT_EQ(core->resume(job_kind::backtest, id, now()).error().code, errc::conflict);
}

TEST_F(core_test, progress_is_shown_ten_times_a_second_at_most) {
  core->crew_joined(1, 1, 1, now());
  const auto id = submit("pieces=1 bars=1000");
  clock += 1s;
  effects->shown.clear();
  for (std::uint64_t bars = 1; bars <= 1'000; ++bars) {
    clock += 1ms;
    core->progressed(1, 1, 0, bars - 1, now());
    core->tick(now());
  }
  EXPECT_LE(effects->shown.size(), 11U);
  EXPECT_GE(effects->shown.size(), 9U);
  work();
  EXPECT_EQ(effects->newest.at(id).state, job_state::completed) << "the end is shown at once";
  EXPECT_GT(core->bars_per_second(now()), 99);
}

TEST_F(core_test, a_restart_takes_no_progress_back) {
  core->crew_joined(1, 1, 1, now());
  const auto id = submit("pieces=1 bars=1000");
  for (std::uint64_t bars : {100U, 360U}) { // of the one piece, which is lost with the node
    clock += 1s;
    core->progressed(1, 1, 0, bars, now());
  }
  EXPECT_DOUBLE_EQ(status(id).progress, 36);
  start();
  EXPECT_DOUBLE_EQ(status(id).progress, 36);
  core->crew_joined(1, 1, 1, now());
  clock += 1s;
  core->progressed(1, 1, 0, 200, now());
  EXPECT_DOUBLE_EQ(status(id).progress, 36) << "it catches up";
  clock += 1s;
  core->progressed(1, 1, 0, 500, now());
  EXPECT_DOUBLE_EQ(status(id).progress, 50);
}

TEST_F(core_test, going_over_a_lost_piece_again_is_no_standstill) {
  core->crew_joined(1, 1, 1, now());
  const auto id = submit("pieces=1 bars=1000");
  core->progressed(1, 1, 0, 900, now());
  core->crew_left(1, now());
  core->crew_joined(2, 1, 1, now());
  for (std::uint64_t bars = 100; bars <= 800; bars += 100) {
    clock += 250s;
    core->progressed(2, 1, 0, bars, now());
    core->tick(now());
    ASSERT_EQ(status(id).state, job_state::running) << bars;
  }
}

TEST_F(core_test, jobs_share_the_workers) {
  core->crew_joined(1, 1, 4, now());
  submit("pieces=1000 bars=1");
  submit("pieces=2 bars=1");
  for (int i = 0; i < 10; ++i) answer(effects->orders.front());
  EXPECT_EQ(status("job-2").state, job_state::completed) << "a short job does not wait for a long one";
}

TEST_F(core_test, old_jobs_go) {
  limits.kept_jobs = 3;
  start();
  core->crew_joined(1, 1, 4, now());
  for (int i = 0; i < 5; ++i) submit("pieces=1 bars=1"), work();
  EXPECT_EQ(core->status(job_kind::backtest, "job-2").error().code, errc::not_found);
  EXPECT_EQ(status("job-3").state, job_state::completed);
  const auto list = core->list(job_kind::backtest, {}, 0, 10);
  ASSERT_EQ(list->size(), 3U);
  EXPECT_EQ(list->front().id, "job-5");
}

} // namespace
} // namespace tt::backtest::test
