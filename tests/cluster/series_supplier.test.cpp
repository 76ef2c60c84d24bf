// The supplier of bars in virtual time: the symbols are an actor of the test, which answers a page when it is told to.

#include "actors/market/caf_error.hpp"
#include "actors/market/messages.hpp"
#include "cluster/actor_config.hpp"
#include "cluster/backtest/series_supplier_actor.hpp"

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/actor_system.hpp>
#include <caf/scheduler/test_coordinator.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <vector>

namespace tt::cluster::test {
/// Work for the actor that answers.
struct symbol_task {
  std::shared_ptr<std::function<void()>> run;
};
} // namespace tt::cluster::test
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(tt::cluster::test::symbol_task)

namespace tt::cluster {
namespace {

using backtest::series_loaded;
using backtest::series_unwanted;
using backtest::series_wanted;

struct asked_page {
  market::history_request what;
  caf::typed_response_promise<market::history_reply> promise;
};
using asked_pages = std::vector<asked_page>;

/// All symbols in one.
caf::behavior symbols(caf::event_based_actor* self, std::shared_ptr<asked_pages> pages) {
  return {[=](const market::history_request& what) -> caf::result<market::history_reply> {
            auto promise = self->make_response_promise<market::history_reply>();
            pages->push_back({what, promise});
            return promise;
          },
          [](const test::symbol_task& task) { (*task.run)(); }};
}

caf::behavior directory(caf::event_based_actor*, caf::actor all) {
  return {[all](market::symbol_atom, const std::string&) { return all; }};
}

/// How a question ended.
struct ending {
  std::size_t bars = 0;
  std::optional<errc> failed;
  bool is_open = true;
};

/// A client of the supplier.
caf::behavior asker(caf::event_based_actor* self, caf::actor supplier, std::shared_ptr<std::vector<ending>> endings) {
  return {[=](const series_wanted& what) {
    const auto place = endings->size();
    endings->push_back({});
    self->request(supplier, caf::infinite, what)
      .then([=](const series_loaded& got) { (*endings)[place] = {got.bars->bars().size(), std::nullopt, false}; },
            [=](const caf::error& e) { (*endings)[place] = {0, from_caf_error(e).code, false}; });
  }};
}

struct supplier_config : actor_config {
  supplier_config() : actor_config(1) {
    set("scheduler.policy", caf::atom("testing"));
  }
};

class series_supplier : public ::testing::Test {
protected:
  void SetUp() override {
    auto master = instrument_master::load(TT_SOURCE_DIR "/config/instruments.yaml");
    ASSERT_TRUE(master);
    all_ = system_.spawn(symbols, pages);
    directory_ = system_.spawn(directory, all_);
    supplier = system_.spawn(series_supplier_actor, std::make_shared<const instrument_master>(std::move(*master)), directory_);
    client_ = system_.spawn(asker, supplier, endings);
    auto r = std::make_shared<backtest::backtest_request>();
    r->start = *civil_date::parse("2024-01-02");
    r->end = *civil_date::parse("2024-12-31");
    request_ = r;
    run();
  }
  void TearDown() override {
    for (auto* one : {&client_, &supplier, &directory_, &all_}) {
      caf::anon_send_exit(*one, caf::exit_reason::user_shutdown);
      *one = nullptr;
    }
    run();
    pages->clear();
    run();
  }
  void run() { scheduler_.run(); }
  void want(std::uint64_t job, const std::string& symbol) {
    caf::anon_send(client_, series_wanted{request_, {symbol, timeframe::minutes(1)}, backtest::bar_provider::inner_bars::none, job});
    run();
  }
  /// Answers the eldest page of a symbol: as many bars as are asked for, or `count`, the last of its range.
  void answer(const std::string& symbol, std::optional<std::uint32_t> count = std::nullopt) {
    const auto at = std::ranges::find_if(*pages, [&](const asked_page& one) { return one.what.symbol == symbol; });
    ASSERT_NE(at, pages->end()) << symbol;
    auto page = std::move(*at);
    pages->erase(at);
    auto bars = std::make_shared<std::vector<bar>>(count.value_or(page.what.limit));
    auto time = page.what.to;
    for (auto one = bars->rbegin(); one != bars->rend(); ++one) {
      time -= std::chrono::minutes{1};
      one->open_time = time;
      one->open = one->high = one->low = one->close = price{decimal{100}};
      one->volume = quantity{1};
    }
    market::history_reply reply;
    reply.bars = bars;
    // a promise is kept by its actor, in its turn
    caf::anon_send(all_, test::symbol_task{std::make_shared<std::function<void()>>([promise = page.promise, reply]() mutable { promise.deliver(std::move(reply)); })});
    run();
  }
  [[nodiscard]] std::vector<std::string> asked() const {
    std::vector<std::string> out;
    for (const auto& one : *pages) out.push_back(one.what.symbol);
    return out;
  }

  supplier_config config_;
  caf::actor_system system_{config_};
  caf::scheduler::test_coordinator& scheduler_ = dynamic_cast<caf::scheduler::test_coordinator&>(system_.scheduler());
  std::shared_ptr<asked_pages> pages = std::make_shared<asked_pages>();
  std::shared_ptr<std::vector<ending>> endings = std::make_shared<std::vector<ending>>();
  std::shared_ptr<const backtest::backtest_request> request_;
  caf::actor all_, directory_, supplier, client_;
};

using names = std::vector<std::string>;

TEST_F(series_supplier, gives_the_bars_of_all_pages) {
  want(1, "AAPL");
  answer("AAPL");
  answer("AAPL", 7);
  ASSERT_FALSE((*endings)[0].is_open);
  EXPECT_EQ((*endings)[0].bars, page_bars + 7U);
  want(1, "AAPL");
  answer("AAPL", 0);
  EXPECT_EQ((*endings)[1].failed, errc::not_found);
  want(1, "NOSUCH");
  EXPECT_EQ((*endings)[2].failed, errc::unknown_symbol);
}

TEST_F(series_supplier, a_short_load_does_not_wait_for_a_long_one) {
  for (const auto* symbol : {"AAPL", "MSFT", "TSLA", "AMD", "NVDA", "SPY"}) want(1, symbol);
  want(2, "QQQ");
  // the places are taken by the first job; the next that is free is the second one's
  ASSERT_LE(pages->size(), max_pages_asked);
  answer("AAPL", 5);
  for (int turn = 0; turn < 12 && (*endings)[6].is_open; ++turn) {
    const auto one = asked().front();
    if (one == "QQQ") answer(one, 5);
    else answer(one);
  }
  EXPECT_FALSE((*endings)[6].is_open) << "its only page came in its turn";
  EXPECT_EQ((*endings)[6].bars, 5U);
  EXPECT_TRUE((*endings)[1].is_open);
}

TEST_F(series_supplier, what_a_job_waits_for_ends_with_it) {
  for (const auto* symbol : {"AAPL", "MSFT", "TSLA", "AMD", "NVDA", "SPY"}) want(1, symbol);
  want(2, "QQQ");
  answer("AAPL");
  caf::anon_send(supplier, series_unwanted{1});
  run();
  for (std::size_t i = 0; i < 6; ++i) {
    EXPECT_FALSE((*endings)[i].is_open) << i;
    EXPECT_EQ((*endings)[i].failed, errc::conflict) << i;
  }
  // pages that were under way come for nobody, and none is asked for any more
  while (asked() != names{"QQQ"}) {
    ASSERT_FALSE(pages->empty());
    ASSERT_NE(asked().front(), "QQQ");
    answer(asked().front());
  }
  answer("QQQ", 5);
  EXPECT_EQ((*endings)[6].bars, 5U);
  EXPECT_TRUE(pages->empty());
}

TEST_F(series_supplier, what_a_coordinator_waits_for_ends_with_it_and_its_successor_is_served_at_once) {
  for (const auto* symbol : {"AAPL", "MSFT", "TSLA", "AMD", "NVDA", "SPY"}) want(1, symbol);
  caf::anon_send_exit(client_, caf::exit_reason::user_shutdown);
  run();
  client_ = system_.spawn(asker, supplier, endings);
  want(1, "QQQ"); // the same job once more
  // two pages were under way; they come for nobody
  for (int left = 2; left > 0 && asked().front() != "QQQ"; --left) answer(asked().front());
  ASSERT_EQ(asked(), names{"QQQ"});
  answer("QQQ", 5);
  EXPECT_EQ(endings->back().bars, 5U);
  EXPECT_TRUE(pages->empty()) << "nothing of the predecessor's is asked for any more";
}

TEST_F(series_supplier, what_is_under_way_is_not_loaded_twice) {
  want(1, "AAPL");
  want(1, "AAPL");
  EXPECT_EQ(asked(), names{"AAPL"});
  answer("AAPL", 5);
  EXPECT_EQ((*endings)[0].bars, 5U);
  EXPECT_EQ((*endings)[1].bars, 5U);
  EXPECT_TRUE(pages->empty());
}

TEST_F(series_supplier, a_symbol_that_does_not_answer_fails_its_load_alone) {
  want(1, "AAPL");
  want(2, "MSFT");
  scheduler_.advance_time(page_deadline / 2);
  run();
  answer("MSFT");
  scheduler_.advance_time(page_deadline / 2);
  run();
  EXPECT_EQ((*endings)[0].failed, errc::timed_out);
  answer("MSFT", 5);
  EXPECT_EQ((*endings)[1].bars, page_bars + 5U);
}

} // namespace
} // namespace tt::cluster
