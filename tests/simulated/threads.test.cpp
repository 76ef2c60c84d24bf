// Accounts and venues as actors on the scheduler's threads, for a part of a day in virtual time: orders, changes, lost and
// late and doubled messages, cuts, venues that restart and accounts that die. However many threads run them, the same seed
// gives the same journals, byte for byte.
//
// What shares a commit is the one thing that time decides: which messages have come before the disk is asked. So there are two
// days. In one an account is told the next thing when it rests, and its journal is the same to the byte; in the other it
// is told all at once, and the same records follow one another, however they were committed.

#include "actors/execution/account_actor.hpp"
#include "tests/simulated/account_line.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>

#include <atomic>
#include <deque>
#include <mutex>

namespace tt::execution::test {
namespace {

constexpr fault_rates bad_line{.request_lost = 60, .answer_lost = 100, .not_sent = 40, .request_doubled = 40, .answer_doubled = 40, .error_page = 30,
                               .stream_dropped = 60, .stream_doubled = 40, .listing_partial = 30, .lookup_failed = 60, .most_delay = milliseconds{400}};
constexpr milliseconds step_time{200};
constexpr int accounts_of_a_day = 3, steps_of_a_day = 100, steps_of_peace = 300;

/// How an account is told what happens.
enum class telling : std::uint8_t { one_by_one, all_at_once };

using sync_atom = caf::atom_constant<caf::atom("sync")>;

struct pool_config : caf::actor_system_config {
  explicit pool_config(std::size_t threads) {
    set("scheduler.policy", caf::atom("sharing"));
    set("scheduler.max-threads", threads);
  }
};

/// What the driver and the actors of one account share. The driver touches the venue and the timers only while the actors rest.
struct desk {
  explicit desk(std::uint64_t seed, utc_time now) : venue(bad_line, seed, venue_settings(), now), draw(seed * 31 + 7) {}

  struct timer {
    caf::actor to;
    caf::message what;
  };
  faulty_venue venue;
  std::mt19937_64 draw;
  std::shared_ptr<memory_store> store = std::make_shared<memory_store>();
  std::mutex mutex; ///< guards timers: a dying account may still set one
  std::map<std::pair<utc_time, std::uint64_t>, timer> timers; ///< by time, and number where times are equal
  std::uint64_t timers_set = 0;
  caf::actor broker, account;
  std::deque<caf::message> to_tell;
  std::int64_t last = 10'000;
  std::uint64_t epoch = 0;
  int keys = 0, cut = 0, deaths = 0;

  [[nodiscard]] int pick(int below) { return static_cast<int>(draw() % static_cast<std::uint64_t>(below)); }
};

class actor_day {
public:
  actor_day(std::uint64_t seed, std::size_t threads, telling how) : how_(how), config_(threads), system_(config_) {
    for (int i = 0; i < accounts_of_a_day; ++i) {
      desks_.push_back(std::make_unique<desk>(seed * 100 + static_cast<std::uint64_t>(i), now()));
      auto& one = *desks_.back();
      one.venue.truth().list(stock());
      quote(one);
      one.broker = system_.spawn([this, at = &one](caf::event_based_actor*) -> caf::behavior {
        return {[this, at](const venue_request_ptr& request) {
                  ++progress_;
                  pass_on(*request, at->venue);
                },
                [](sync_atom) { return 0; }};
      });
      open(one);
    }
    settle();
  }
  ~actor_day() {
    for (const auto& one : desks_) {
      caf::anon_send_exit(one->account, caf::exit_reason::kill);
      caf::anon_send_exit(one->broker, caf::exit_reason::kill);
    }
  }

  void live() {
    for (int i = 0; i < steps_of_a_day; ++i) {
      step();
      for (const auto& one : desks_) act(*one);
      tell();
    }
    for (const auto& one : desks_) {
      one->venue.heal();
      if (!one->venue.is_connected()) one->venue.reconnect(now());
    }
    for (int i = 0; i < steps_of_peace; ++i) step();
  }

  /// The bytes of each account's journal; of all that was told at once, without the hashes between commits.
  [[nodiscard]] std::vector<std::string> journals() const {
    std::vector<std::string> out;
    for (const auto& one : desks_) {
      auto& text = out.emplace_back();
      for (const auto& batch : one->store->batches) {
        if (how_ == telling::one_by_one) text += batch.bytes;
        else EXPECT_TRUE(read_batch(batch.bytes, batch.first, batch.before, [&](journal_record&& record) -> result<void> {
          text += std::to_string(raw(record.offset)) + ' ' + std::to_string(record.at.time_since_epoch().count()) + ' ' + encode_body(record.fact);
          return {};
        }));
      }
    }
    return out;
  }
  [[nodiscard]] int deaths() const {
    int out = 0;
    for (const auto& one : desks_) out += one->deaths;
    return out;
  }
  /// Orders that are in doubt, doubled, or differ from what the venue has.
  [[nodiscard]] std::vector<std::string> faults() {
    std::vector<std::string> out;
    for (const auto& one : desks_) {
      const auto book = book_of(*one);
      for (const auto& what : book->orders()) {
        if (one->venue.orders_of(what.wire_id) > 1) out.push_back(what.id.str() + " is doubled");
        if (what.state == order_state::submitting || what.state == order_state::unknown || what.state == order_state::pending_cancel)
          out.push_back(what.id.str() + " is in doubt");
      }
      const auto& there = one->venue.truth().positions();
      const auto at = there.find("AAPL");
      if (book->held("AAPL") != (at == there.end() ? quantity{} : at->second.qty)) out.push_back("holds " + book->held("AAPL").to_string());
      orders_ += book->orders().size();
    }
    return out;
  }
  [[nodiscard]] std::size_t orders() const { return orders_; }

private:
  static instrument stock() {
    instrument out;
    out.symbol = "AAPL";
    out.exchange = "TEST";
    out.kind = asset_class::stock;
    out.tick = *price::parse("0.01");
    out.lot = q(1);
    out.calendar_id = "XNYS";
    out.calendar = *find_calendar("XNYS");
    return out;
  }
  [[nodiscard]] utc_time now() const { return utc_time{nanoseconds{now_ns_.load()}}; }

  void pass_on(const venue_request& request, faulty_venue& to) const {
    std::visit(
      [&](const auto& what) {
        using type = std::decay_t<decltype(what)>;
        if constexpr (std::is_same_v<type, submit_request>) to.submit(what, now());
        else if constexpr (std::is_same_v<type, cancel_request>) to.cancel(what, now());
        else if constexpr (std::is_same_v<type, replace_request>) to.replace(what, now());
        else if constexpr (std::is_same_v<type, lookup_request>) to.lookup(what, now());
        else to.listing(what, now());
      },
      request);
  }

  /// A new account actor on the same journal; timers of the one before are nobody's.
  void open(desk& one) {
    auto options = std::make_shared<account_options>();
    options->open_store = [store = one.store]() -> result<std::shared_ptr<journal_store>> { return std::shared_ptr<journal_store>(store); };
    options->settings.profile = opening().profile;
    options->settings.opening_cash = opening().cash;
    options->settings.core = settings();
    options->settings.core.can = paper::paper_capabilities();
    options->settings.core.epoch = lease_epoch{++one.epoch};
    options->gate = std::make_shared<open_gate>();
    options->clock = [this] { return now(); };
    options->monotonic_ns = [this] { return now_ns_.load(); };
    options->send_later = [this, at = &one](const caf::actor& self, nanoseconds wait, caf::message what) {
      const std::lock_guard lock(at->mutex);
      at->timers.emplace(std::pair{now() + wait, ++at->timers_set}, desk::timer{self, std::move(what)});
    };
    options->on_step = [this](account_access&) { ++progress_; };
    options->broker = one.broker;
    one.account = system_.spawn(account_actor, std::move(options));
  }
  void die(desk& one) {
    caf::scoped_actor self{system_};
    self->monitor(one.account);
    self->send_exit(one.account, caf::exit_reason::kill);
    self->receive([](const caf::down_msg&) {});
    {
      const std::lock_guard lock(one.mutex);
      one.timers.clear();
    }
    ++one.deaths;
    open(one);
  }

  /// Until nobody has anything to do: a message that is answered twice without a request to a venue or a commit in between.
  void settle() {
    caf::scoped_actor self{system_};
    for (int quiet = 0; quiet < 2;) {
      const auto before = progress_.load();
      for (const auto& one : desks_) {
        self->request(one->account, caf::infinite, order_atom::value, std::uint64_t{1}).receive([](const order_answer&) {}, [](caf::error&) {});
        self->request(one->broker, caf::infinite, sync_atom::value).receive([](int) {}, [](caf::error&) {});
      }
      quiet = progress_ == before ? quiet + 1 : 0;
    }
  }
  [[nodiscard]] book_ptr book_of(desk& one) {
    caf::scoped_actor self{system_};
    book_ptr out;
    self->request(one.account, caf::infinite, book_atom::value).receive([&](const book_ptr& book) { out = book; }, [](caf::error&) {});
    return out;
  }

  /// All that waits to be told, and what follows from it.
  void tell() {
    for (bool told = true; told;) {
      told = false;
      for (const auto& one : desks_)
        while (!one->to_tell.empty()) {
          told = true;
          caf::anon_send(one->account, std::move(one->to_tell.front()));
          one->to_tell.pop_front();
          if (how_ == telling::one_by_one) break;
        }
      settle();
    }
  }
  template <class... Content>
  static void later(desk& one, Content&&... what) {
    one.to_tell.push_back(caf::make_message(std::forward<Content>(what)...));
  }

  void quote(desk& one) {
    one.venue.truth().on_quote("AAPL", {now(), account_line::at_cents(one.last - 1), account_line::at_cents(one.last + 1), q(500), q(500)});
    one.venue.truth().on_trade("AAPL", {now(), account_line::at_cents(one.last), q(200)});
  }
  void step() {
    now_ns_ += nanoseconds{step_time}.count();
    for (const auto& one : desks_) {
      if (one->cut > 0 && --one->cut == 0) one->venue.reconnect(now());
      one->last = std::max<std::int64_t>(one->last + one->pick(41) - 20, 5'000);
      quote(*one);
      later(*one, price_atom::value, market_price{"AAPL", account_line::at_cents(one->last)});
      for (auto& report : one->venue.take(now())) later(*one, std::make_shared<const venue_report>(std::move(report)));
    }
    tell();
    for (const auto& one : desks_) ring(*one);
    tell();
  }
  void ring(desk& one) const {
    const std::lock_guard lock(one.mutex);
    while (!one.timers.empty() && one.timers.begin()->first.first <= now()) {
      auto due = one.timers.extract(one.timers.begin());
      if (due.mapped().to == one.account) one.to_tell.push_back(std::move(due.mapped().what)); // else of one that is dead
    }
  }

  void act(desk& one) {
    switch (one.pick(20)) {
    case 0:
    case 1:
    case 2: place(one, order_type::market); break;
    case 3:
    case 4:
    case 5: place(one, order_type::limit); break;
    case 6: place(one, order_type::bracket); break;
    case 7:
    case 8: later(one, cancel_atom::value, some_order(one), std::string{"changed my mind"}); break;
    case 9: {
      auto to = std::make_shared<terms_change>();
      to->qty = q(1 + one.pick(30));
      later(one, replace_atom::value, some_order(one), terms_change_ptr{to});
      break;
    }
    case 10:
      if (one.venue.is_connected()) one.venue.disconnect(now());
      one.cut = 1 + one.pick(20);
      break;
    case 11: one.venue.restart(now()); break;
    case 12: die(one); break;
    default: break;
    }
  }
  static std::uint64_t some_order(desk& one) { return 1 + static_cast<std::uint64_t>(one.pick(one.keys + 1)); }
  static void place(desk& one, order_type type) {
    auto what = wanted("o" + std::to_string(++one.keys), one.pick(2) ? order_side::buy : order_side::sell, 1 + one.pick(20), type);
    const auto near = [&](std::int64_t cents) { return account_line::at_cents(one.last + cents); };
    const bool buys = what.request.side == order_side::buy;
    if (type == order_type::limit) what.request.limit_price = near((buys ? -1 : 1) * one.pick(30));
    if (type == order_type::bracket) {
      what.request.loss = stop_loss{near(buys ? -60 : 60), std::nullopt};
      what.request.profit = take_profit{near(buys ? 60 : -60)};
    }
    later(one, place_atom::value, std::make_shared<const new_order>(std::move(what)));
  }

  /// Thursday, 10:00 in New York.
  std::atomic<std::int64_t> now_ns_{parse_iso8601("2026-01-15T15:00:00Z")->time_since_epoch().count()};
  std::atomic<std::uint64_t> progress_{0}; ///< requests to venues, and commits
  std::size_t orders_ = 0;
  telling how_;
  std::vector<std::unique_ptr<desk>> desks_; ///< outlives the actors
  pool_config config_;
  caf::actor_system system_;
};

class simulated_threads : public ::testing::TestWithParam<telling> {};

TEST_P(simulated_threads, one_and_two_write_the_same_journals) {
  std::size_t orders = 0;
  int deaths = 0;
  for (std::uint64_t seed = 1; seed <= 2; ++seed) {
    std::vector<std::string> first;
    for (const std::size_t threads : {1, 2, 2}) {
      actor_day one(seed, threads, GetParam());
      one.live();
      ASSERT_EQ(one.faults(), std::vector<std::string>{}) << "seed " << seed << ", threads " << threads;
      const auto now = one.journals();
      if (first.empty()) first = now;
      for (std::size_t i = 0; i < now.size(); ++i) ASSERT_TRUE(now[i] == first[i]) << "seed " << seed << ", threads " << threads << ", account " << i;
      orders += one.orders();
      deaths += one.deaths();
    }
  }
  std::printf("%zu orders, %d deaths\n", orders, deaths);
  EXPECT_GT(orders, 300u);
  EXPECT_GT(deaths, 20);
}
INSTANTIATE_TEST_SUITE_P(told, simulated_threads, ::testing::Values(telling::one_by_one, telling::all_at_once),
                         [](const auto& one) { return one.param == telling::one_by_one ? "one_by_one" : "all_at_once"; });

} // namespace
} // namespace tt::execution::test
