#pragma once

// A receiver with a journal that can be told to fail, a desk that the test drives,
// and short ways to posts and profiles.

#include "actors/alerts/webhook/crypto.hpp"
#include "actors/alerts/webhook/receiver.hpp"
#include "tests/support/temporary_folder.hpp"
#include "tests/support/values.hpp"

#include <gtest/gtest.h>

#include <random>

namespace tt::webhook::test {

using namespace tt::test;

inline const utc_time noon = from_unix_seconds(1'768'492'800); // 2026-01-15T16:00:00Z

inline const instrument_master& instruments() {
  static const instrument_master master = [] {
    auto loaded = instrument_master::load(TT_SOURCE_DIR "/config/instruments.yaml");
    EXPECT_TRUE(loaded) << to_string(loaded.error());
    return std::move(*loaded);
  }();
  return master;
}

inline signal read(std::string_view body) {
  auto text = read_payload(body);
  EXPECT_TRUE(text) << body;
  return text ? normalise(*text) : signal{};
}

inline webhook_profile open_profile() {
  webhook_profile out;
  out.id = out.name = "default";
  out.account = account_id{"paper_simulator"};
  out.source = profile_source::settings;
  return out;
}

inline webhook_post post_of(std::string body, std::string token = {}) {
  webhook_post out;
  out.body = std::move(body);
  out.path_token = std::move(token);
  out.client = "127.0.0.1";
  out.origin = post_origin::loopback;
  return out;
}

/// Passes on to a real journal, unless told to fail: before the disk, or after it (the answer is lost).
class faulty_journal : public event_journal {
public:
  explicit faulty_journal(std::unique_ptr<event_journal> to) : to_(std::move(to)) {}
  enum class fault : std::uint8_t { none, before, after } next_fault = fault::none;
  std::size_t writes = 0;

  [[nodiscard]] const std::string& name() const override { return to_->name(); }
  result<std::uint64_t> next() override { return to_->next(); }
  result<void> write(const event_batch& batch) override {
    ++writes;
    const auto now = std::exchange(next_fault, fault::none);
    if (now == fault::before) return error{errc::io_error, "no space left"};
    auto done = to_->write(batch);
    if (now == fault::after) return error{errc::io_error, "the disk did not say"};
    return done;
  }
  result<std::optional<webhook_event>> find_duplicate(std::string_view key, utc_time now) override { return to_->find_duplicate(key, now); }
  result<std::vector<webhook_event>> waiting() override { return to_->waiting(); }
  result<std::vector<webhook_event>> list(const event_filter& filter) override { return to_->list(filter); }
  result<std::optional<utc_time>> newest_of(std::string_view profile) override { return to_->newest_of(profile); }
  result<std::vector<webhook_profile>> profiles() override { return to_->profiles(); }
  result<void> put(const webhook_profile& what) override { return to_->put(what); }
  result<void> remove(std::string_view profile) override { return to_->remove(profile); }

private:
  std::unique_ptr<event_journal> to_;
};

/// Accounts that fill market orders when the test says so, and keep keys for ever.
class simulated_desk {
public:
  struct made {
    std::string key;
    order what;
    signal_order::identity named = signal_order::identity::given;
  };
  std::vector<made> orders; ///< in the order in which they were placed
  std::vector<signal_scope> cancelled;
  std::size_t placements = 0;

  result<signal_outcome> place(const signal_order& asked) {
    ++placements;
    for (const auto& one : orders)
      if (one.key == asked.key) return signal_outcome{signal_outcome::kind::repeated, one.what};
    order what;
    what.id = order_id{"o-" + std::to_string(orders.size() + 1)};
    what.symbol = asked.request.symbol;
    what.asked = asked.request.size;
    what.strategy = asked.request.strategy;
    what.alert = asked.request.alert;
    what.terms.side = asked.request.side;
    what.terms.type = asked.request.type;
    what.terms.effect = asked.request.effect;
    if (const auto* whole = std::get_if<size_quantity>(&asked.request.size)) what.terms.qty = whole->value;
    what.state = order_state::working;
    if (refuse) {
      what.state = order_state::risk_rejected;
      what.decision.message = "the daily loss limit";
      orders.push_back({asked.key, what, asked.named});
      return signal_outcome{signal_outcome::kind::refused, what};
    }
    orders.push_back({asked.key, what, asked.named});
    return signal_outcome{signal_outcome::kind::taken, what};
  }
  [[nodiscard]] std::vector<order> list(const signal_scope& scope) const {
    std::vector<order> out;
    for (auto one = orders.rbegin(); one != orders.rend(); ++one)
      if ((!scope.symbol || *scope.symbol == one->what.symbol) && (!scope.strategy || *scope.strategy == one->what.strategy)) out.push_back(one->what);
    return out;
  }
  [[nodiscard]] strategy_holding holding(const strategy_id& strategy, const std::string& symbol) const {
    strategy_holding out;
    for (const auto& one : orders)
      if (one.what.state == order_state::filled && one.what.symbol == symbol && one.what.strategy == strategy)
        out.qty += one.what.way() == direction::buy ? one.what.terms.qty : -one.what.terms.qty;
    return out;
  }
  /// Fills the n-th working market order; false when there is none.
  bool fill(std::size_t n = 0) {
    for (auto& one : orders) {
      if (one.what.state != order_state::working || one.what.terms.type != order_type::market || n-- > 0) continue;
      one.what.state = order_state::filled;
      one.what.filled = one.what.terms.qty;
      return true;
    }
    return false;
  }
  /// Fills every working order, resting ones too.
  void fill_resting() {
    for (auto& one : orders)
      if (one.what.state == order_state::working) one.what.state = order_state::filled;
  }
  void fill_all() {
    while (fill()) {}
  }
  /// Ends the open orders in scope.
  void cancel(const signal_scope& scope) {
    for (auto& one : orders)
      if (one.what.state == order_state::working && (!scope.symbol || *scope.symbol == one.what.symbol) &&
          (!scope.strategy || *scope.strategy == one.what.strategy) && (!scope.order || *scope.order == one.what.id))
        one.what.state = order_state::cancelled;
  }
  /// A bracket whose entry has filled: its stop rests, its target waits.
  void hold_bracket(const order_request& entry) {
    auto head = entry;
    head.type = order_type::bracket;
    ASSERT_TRUE(place({head, "head"}));
    orders.back().what.number = order_number{7};
    orders.back().what.state = order_state::filled;
    const auto leg = [&](const char* name, order_type kind, order_state state) {
      auto one = head;
      one.side = opposite_side(direction_of(entry.side));
      one.type = kind;
      one.effect = position_effect::reduce_only;
      ASSERT_TRUE(place({one, name}));
      orders.back().what.leg = name;
      orders.back().what.parent = order_number{7};
      orders.back().what.state = state;
    };
    leg("stop", order_type::stop, order_state::working);
    leg("target", order_type::limit, order_state::created);
  }
  bool refuse = false;
  bool cancels_at_once = true; ///< else a cancel is taken and nothing comes of it
};

class receiver_fixture : public ::testing::Test {
protected:
  temporary_folder folder;
  std::shared_ptr<faulty_journal> journal;
  std::unique_ptr<receiver> core;
  simulated_desk desk;
  receiver_settings settings;
  standing_lookup standing;
  alert_moment now{noon, std::chrono::seconds{1}};
  std::uint64_t randomness = 1;
  std::vector<webhook_news> news;
  bool fill_at_once = true;
  std::optional<error> desk_failure;

  void SetUp() override {
    settings.fallback = open_profile();
    settings.make_token = [this] {
      auto text = sha256_hex(std::to_string(randomness++));
      return text.substr(0, 32);
    };
    start();
  }
  /// Opens the journal anew, as after a crash: what was not written is gone.
  void start() {
    core.reset();
    journal.reset();
    auto opened = open_event_journal(folder.path("webhooks.sqlite"), "00112233aabbccdd");
    ASSERT_TRUE(opened) << to_string(opened.error());
    journal = std::make_shared<faulty_journal>(std::move(*opened));
    auto made = receiver::open(*journal, instruments(), standing, settings, now);
    ASSERT_TRUE(made) << to_string(made.error());
    core = std::move(*made);
  }
  void pass(std::chrono::nanoseconds time) {
    now.wall += time;
    now.steady += time;
    core->on_time(now);
  }
  /// Answers one question of the lanes.
  void answer(const desk_question& question) {
    auto& to = core->lanes();
    if (const auto* list = std::get_if<orders_question>(&question.what))
      to.on_orders(question.ticket, desk_failure ? result<std::vector<order>>{*desk_failure} : desk.list(list->scope), now);
    else if (const auto* of = std::get_if<holding_question>(&question.what))
      to.on_holding(question.ticket, desk_failure ? result<strategy_holding>{*desk_failure} : desk.holding(of->strategy, of->symbol), now);
    else if (const auto* wanted = std::get_if<signal_order>(&question.what)) {
      auto got = desk_failure ? result<signal_outcome>{*desk_failure} : desk.place(*wanted);
      if (fill_at_once) desk.fill_all();
      to.on_placed(question.ticket, got, now);
    } else if (const auto* away = std::get_if<cancel_question>(&question.what)) {
      desk.cancelled.push_back(away->scope);
      if (desk.cancels_at_once) desk.cancel(away->scope);
      to.on_cancelled(question.ticket, std::vector<order_id>{order_id{"o-7"}}, now);
    }
  }
  /// Everything the desk is asked, until nothing is asked any more.
  void settle() {
    for (auto questions = core->lanes().take_questions(); !questions.empty(); questions = core->lanes().take_questions())
      for (const auto& one : questions) answer(one);
    core->collect(now);
    for (auto& one : core->take_news()) news.push_back(std::move(one));
  }
  /// A post, committed and answered.
  webhook_answer send(const webhook_post& post) {
    auto got = core->receive(post, now);
    if (got.answer) return *got.answer;
    for (auto& [ticket, said] : core->commit(now))
      if (ticket == got.ticket) return said;
    ADD_FAILURE() << "no answer";
    return {};
  }
  /// The same, and its way to the desk.
  webhook_answer run(const webhook_post& post) {
    auto out = send(post);
    settle();
    static_cast<void>(core->commit(now));
    return out;
  }
  webhook_answer run(std::string body) { return run(post_of(std::move(body))); }
  /// The newest event as journalled.
  webhook_event newest() {
    auto all = core->events({.limit = 1});
    EXPECT_TRUE(all && all->size() == 1);
    return all && !all->empty() ? all->front() : webhook_event{};
  }
  quantity held(const std::string& symbol, const std::string& strategy = "webhook:default") { return desk.holding(strategy_id{strategy}, symbol).qty; }
};

} // namespace tt::webhook::test
