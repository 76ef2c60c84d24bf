// Random commands over all doors against the auditor of journal_checker.hpp, and races
// for the last room. TT_COMMANDS sets the number of commands (default 40,000; a million takes
// about a minute in a release build).

#include "desk.hpp"
#include "journal_checker.hpp"

#include <atomic>
#include <cstdlib>
#include <mutex>
#include <random>
#include <thread>

namespace tt::risk::test {
namespace {

class random_desk {
public:
  desk d;
  journal_checker auditor;
  std::mt19937_64 random;
  std::map<std::string, std::size_t> answers;
  std::size_t commands = 0;

  explicit random_desk(std::uint64_t seed) : auditor(contracts()), random(seed) {
    d.add("GOOG", asset_class::stock, "XNYS", "0.01", "1", "1", "100");
    d.add("GOOGL", asset_class::stock, "XNYS", "0.01", "1", "1", "100");
    d.add("SAP", asset_class::stock, "XNYS", "0.01", "1", "1", "50");
    for (const char* symbol : {"GOOG", "GOOGL"}) {
      auto v = d.view(symbol);
      v.issuer = "Alphabet";
      d.set(symbol, v);
    }
    auto sap = d.view("SAP");
    sap.fx = dec("1.1");
    d.set("SAP", sap);
    d.loosen(limit_id::signal_age, "60");
    for (const char* name : {"s1", "s2"}) d.strategy(name);
    limits.fat_finger = dec("0.25");
    limits.collar = dec("0.02"); // the tightest of the classes
    limits.min_equity = dec("1000");
    limits.daily_loss = dec("0.02");
    limits.drawdown = dec("0.15");
    limits.rate_second = 1000;
    limits.runaway = 1000;
    limits.orders_symbol = 20;
    limits.orders_account = 200;
    limits.max_positions = 10;
    for (const auto* symbol : symbols) quote(symbol);
    set_limits();
    set_account();
  }

  void step() {
    ++commands;
    d.now += std::chrono::microseconds{draw(40'000)};
    const auto what = draw(100);
    if (what < 60) order();
    else if (what < 78) fill();
    else if (what < 86) finish();
    else if (what < 94) quote(symbols[static_cast<std::size_t>(draw(6))]);
    else if (what < 97) set_account();
    else if (what < 99) set_limits();
    else stop();
  }

private:
  static constexpr const char* symbols[] = {"AAPL", "MSFT", "GOOG", "GOOGL", "SAP", "MNQ"};

  static std::map<std::string, audited_contract> contracts() {
    std::map<std::string, audited_contract> all;
    for (const char* symbol : {"AAPL", "MSFT", "GOOG", "GOOGL", "SAP"}) all[symbol] = {dec("1"), dec("0.01"), dec("1"), dec("1"), {}, symbol};
    all["GOOG"].issuer = all["GOOGL"].issuer = "Alphabet";
    all["SAP"].fx = dec("1.1");
    all["MNQ"] = {dec("1"), dec("0.25"), dec("2"), dec("1"), dec("2000"), "MNQ"};
    return all;
  }
  int draw(int n) { return static_cast<int>(random() % static_cast<std::uint64_t>(n)); }
  template <class T>
  const T& pick(const std::vector<T>& from) { return from[static_cast<std::size_t>(draw(static_cast<int>(from.size())))]; }

  void quote(const std::string& symbol) {
    const bool is_future = symbol == "MNQ";
    auto& cents = mids[symbol];
    if (cents == 0) cents = is_future ? 2'000'000 : 10'000;
    cents = std::max<std::int64_t>(cents + (draw(201) - 100) * (is_future ? 25 : 1), is_future ? 1'000'000 : 5'000);
    if (is_future) cents -= cents % 25;
    const auto tick = is_future ? 25 : 1;
    const auto money = [](std::int64_t c) { return decimal::from_scaled(c, 2); };
    const rec_quote r{symbol, money(cents - tick), money(cents + tick), money(cents + (draw(3) - 1) * tick)};
    d.g.state().set_market(symbol, {price{r.last}, price{r.bid}, price{r.ask}, d.now, d.now});
    last_quotes[symbol] = r;
    auditor.read(r);
  }
  /// Prices must not be older than 15 s, figures not older than 10.
  void keep_fresh() {
    if (d.now - refreshed < std::chrono::seconds{5}) return;
    refreshed = d.now;
    // the regular session of one day, over and over: time goes on, but not into the night
    for (const auto& [symbol, r] : last_quotes) d.g.state().set_market(symbol, {price{r.last}, price{r.bid}, price{r.ask}, d.now, d.now});
    publish_account();
  }
  void publish_account() {
    d.account.state_at = d.now;
    d.set_account();
    auditor.read(rec_account{d.account.equity->value(), d.account.buying_power->value(), d.account.start_of_day_equity->value(),
                             d.account.peak_equity->value(), d.now});
  }
  void set_account() {
    const auto equity = 100'000 - draw(2'500) + (draw(30) == 0 ? -30'000 : 0);
    d.account.equity = money{decimal{equity}};
    d.account.start_of_day_equity = money{decimal{draw(10) ? equity + draw(1'000) : 100'000}};
    d.account.peak_equity = money{decimal{std::max(equity, 100'000)}};
    d.account.buying_power = money{decimal{draw(200'000)}};
    publish_account();
  }
  void set_limits() {
    const auto percent = [&](int from, int to) { return decimal::from_scaled(from + draw(to - from), 2); };
    limits.position = percent(3, 30);
    limits.concentration = percent(5, 35);
    limits.gross = percent(20, 250);
    limits.net = percent(20, 250);
    limits.max_positions = 2 + draw(6);
    limits.orders_symbol = 3 + draw(10);
    limits.orders_account = 10 + draw(30);
    limits.rate_second = 20 + draw(40);
    limits.runaway = 30 + draw(60);
    limits.units = draw(2) ? std::optional{decimal{20 + draw(300)}} : std::nullopt;
    const auto set = [&](limit_id id, const std::string& value) { d.loosen(id, value.c_str()); };
    set(limit_id::max_position_size, limits.position.to_string());
    set(limit_id::concentration, limits.concentration.to_string());
    set(limit_id::leverage_gross_margin, limits.gross.to_string());
    set(limit_id::leverage_net_margin, limits.net.to_string());
    set(limit_id::max_positions, std::to_string(limits.max_positions));
    set(limit_id::open_orders_symbol, std::to_string(limits.orders_symbol));
    set(limit_id::open_orders_account, std::to_string(limits.orders_account));
    set(limit_id::order_rate_account_second, std::to_string(limits.rate_second));
    set(limit_id::runaway_orders, std::to_string(limits.runaway));
    set(limit_id::position_qty, limits.units ? limits.units->to_string() : "off");
    set(limit_id::price_collar_stock, "0.02");
    auditor.read(rec_limits{limits});
  }
  void stop() {
    rec_stop r{};
    if (!d.stop.is_active()) {
      const auto mode = draw(2) ? kill_mode::reduce : kill_mode::halt;
      ASSERT_TRUE(d.stop.apply(*d.stop.engage({}, mode, "x", "x", d.now)));
      r = {mode == kill_mode::reduce, mode == kill_mode::halt};
      stopped_at = commands;
    } else if (commands - stopped_at > 5) {
      ASSERT_TRUE(d.stop.ask_resume("x", access::admin, "x", "0123456789abcdef", d.now));
      ASSERT_TRUE(d.stop.apply(*d.stop.confirm_resume("0123456789abcdef", "x", access::admin, d.now, {})));
    } else {
      return;
    }
    auditor.read(r);
  }

  void order() {
    if (d.stop.is_active() && commands - stopped_at > 15) stop();
    keep_fresh();
    const std::string symbol = symbols[static_cast<std::size_t>(draw(6))];
    const auto& q = last_quotes.at(symbol);
    const bool is_future = symbol == "MNQ";
    const auto side = static_cast<order_side>(draw(8));
    auto t = d.order(symbol.c_str(), side, std::to_string(1 + draw(is_future ? 12 : 250)).c_str());
    if (draw(40) == 0) t.asked.size = size_quantity{quantity{decimal::from_scaled(draw(1000) - 200, draw(3))}};
    const auto near = [&] {
      const auto off = decimal::from_scaled((draw(601) - 300) * (is_future ? 25 : 1), 2);
      return price{q.last + off};
    };
    switch (draw(5)) {
    case 0: break;
    case 1:
    case 2:
      t.asked.type = order_type::limit;
      t.asked.limit_price = near();
      break;
    case 3:
      t.asked.type = order_type::stop;
      t.asked.stop_price = near();
      break;
    default:
      t.asked.type = order_type::stop_limit;
      t.asked.stop_price = near();
      t.asked.limit_price = t.asked.stop_price;
    }
    t.view.origin = static_cast<order_origin>(draw(7));
    if (draw(3) == 0) t.asked.strategy = strategy_id{draw(2) ? "s1" : "s2"};
    if (draw(5) == 0) t.asked.effect = position_effect::reduce_only;
    if (draw(5) == 0) t.asked.closing = close_part::send_alone;
    if (draw(50) == 0 && !keys.empty()) t.key = pick(keys);
    keys.push_back(t.key);
    if (keys.size() > 1000) keys.erase(keys.begin());
    if (draw(10) == 0) (void)d.ask(t);
    // the repeated-reject rule would switch both strategies off for good
    d.g.history().forget_rejects("s1");
    d.g.history().forget_rejects("s2");
    const auto answer = d.send(t);
    const auto& asked = std::get<size_quantity>(t.asked.size).value.value();
    const auto value_of = [](const std::optional<price>& p) { return p ? std::optional{p->value()} : std::nullopt; };
    const bool close_only = side == order_side::buy_to_cover || side == order_side::buy_to_close || side == order_side::sell_to_close;
    ++answers[answer.verdict.code_text()];
    ASSERT_EQ(answer.proof.has_value(), answer.verdict.may_send());
    ASSERT_NE(answer.verdict.code, check_code::internal) << answer.verdict.rejection()->message;
    auditor.read(rec_order{raw(t.view.number), symbol, t.key.str(), direction_of(side), t.asked.type, asked, value_of(t.asked.limit_price),
                           value_of(t.asked.stop_price), close_only || t.asked.effect == position_effect::reduce_only,
                           t.asked.closing == close_part::send_alone, t.view.origin == order_origin::leg, d.now, answer.verdict.result, answer.verdict.code_text(),
                           answer.verdict.approved.value()});
    if (answer.proof) working.push_back({raw(t.view.number), symbol, direction_of(side), answer.proof->approved_quantity().value()});
  }
  struct live { std::uint64_t number; std::string symbol; direction way; decimal rest; };
  void fill() {
    if (working.empty()) return;
    const auto at = static_cast<std::size_t>(draw(static_cast<int>(working.size())));
    auto& o = working[at];
    const auto size = draw(2) ? o.rest : std::min(o.rest, decimal{1 + draw(20)});
    ASSERT_TRUE(d.g.state().on_fill(order_number{o.number}, o.symbol, o.way, quantity{size}, d.now));
    auditor.read(rec_fill{o.number, size, d.now});
    o.rest -= size;
    if (o.rest.is_zero()) working.erase(working.begin() + static_cast<std::ptrdiff_t>(at));
  }
  void finish() {
    if (working.empty()) return;
    const auto at = static_cast<std::size_t>(draw(static_cast<int>(working.size())));
    d.g.state().on_final(order_number{working[at].number});
    auditor.read(rec_final{working[at].number});
    working.erase(working.begin() + static_cast<std::ptrdiff_t>(at));
  }

  audited_limits limits;
  std::map<std::string, std::int64_t> mids;
  std::map<std::string, rec_quote> last_quotes;
  std::vector<live> working;
  std::vector<intent_key> keys;
  utc_time refreshed{};
  std::size_t stopped_at = 0;
};

std::size_t commands_to_run() {
  const char* text = std::getenv("TT_COMMANDS");
  return text ? std::strtoull(text, nullptr, 10) : 40'000;
}

TEST(property, regression_37_random_commands_break_no_limit) {
  // every desk lives through a part of one session: its calendar is asked for real
  constexpr std::size_t per_desk = 10'000;
  const auto total = commands_to_run();
  std::size_t approvals = 0, openings = 0;
  std::map<std::string, std::size_t> answers;
  for (std::size_t done = 0, seed = 1; done < total; done += per_desk, ++seed) {
    random_desk desk(seed);
    for (std::size_t i = 0; i < per_desk && i + done < total; ++i) desk.step();
    ASSERT_EQ(desk.auditor.breaches(), std::vector<std::string>{}) << "seed " << seed;
    approvals += desk.auditor.approvals();
    openings += desk.auditor.openings();
    for (const auto& [code, n] : desk.answers) answers[code] += n;
  }
  RecordProperty("approvals", static_cast<int>(approvals));
  std::string list;
  for (const auto& [code, n] : answers) list += " " + code + " " + std::to_string(n);
  std::printf("%zu commands, %zu approvals, %zu of them opening;%s\n", total, approvals, openings, list.c_str());
  EXPECT_GT(openings, total / 50);
  // a run that never comes near a limit proves nothing about it
  for (const char* code : {"POSITION_LIMIT", "POSITION_QTY", "CONCENTRATION", "MAX_POSITIONS", "LEVERAGE_GROSS", "LEVERAGE_NET", "BUYING_POWER",
                           "DAILY_LOSS", "DRAWDOWN", "FAT_FINGER_NOTIONAL", "MAX_OPEN_ORDERS", "PRICE_COLLAR", "KILL_SWITCH", "DUPLICATE", "LOT_SIZE",
                           "REDUCE_ONLY_EXCESS", "SELF_CROSS", "APPROVED"})
    EXPECT_GT(answers[code], 0u) << code;
}

/// The control: an auditor who is lied to must complain.
TEST(property, the_auditor_sees_a_breach) {
  random_desk desk(5);
  for (int i = 0; i < 200; ++i) desk.step();
  ASSERT_TRUE(desk.auditor.breaches().empty());
  desk.auditor.read(rec_order{1'000'000, "AAPL", "a new key", direction::buy, order_type::limit, decimal{100'000}, dec("100"), {}, false, false, false,
                              desk.d.now, verdict::approved, "APPROVED", decimal{100'000}});
  EXPECT_FALSE(desk.auditor.breaches().empty());
}

/// Two orders, room for one: whatever the limit, whatever comes first.
TEST(property, regression_24_exactly_one_of_two_takes_the_last_room) {
  constexpr int races = 10'000, kinds = 5;
  std::mt19937_64 random(24);
  std::vector<std::unique_ptr<desk>> desks;
  for (int kind = 0; kind < kinds; ++kind) {
    auto d = std::make_unique<desk>();
    d->loosen(limit_id::fat_finger_notional, "off");
    switch (kind) {
    case 0: d->hold("AAPL", "99"); break;                                        // 100 shares are 10 %
    case 1: d->account.buying_power = usd("150"); break;                         // one share at 100
    case 2: d->loosen(limit_id::max_positions, "1"); break;                      // AAPL or MSFT
    case 3: d->loosen(limit_id::open_orders_account, "1"); break;
    default: d->loosen(limit_id::position_qty, "1"); break;
    }
    d->set_account();
    desks.push_back(std::move(d));
  }
  int both = 0, none = 0;
  for (int race = 0; race < races; ++race) {
    const int kind = race % kinds;
    auto& d = *desks[static_cast<std::size_t>(kind)];
    d.now += std::chrono::milliseconds{500};
    d.account.state_at = d.now;
    d.set_account();
    for (const char* symbol : {"AAPL", "MSFT"}) d.quote(symbol, symbol[0] == 'A' ? "100" : "100");
    const char* other = kind == 2 ? "MSFT" : "AAPL";
    auto a = d.order("AAPL", order_side::buy, "1", order_type::limit, "100"), b = d.order(other, order_side::buy, "1", order_type::limit, "100");
    if (random() % 2) std::swap(a, b);
    // what may come between the two: questions, an acknowledgement, a change that is refused
    const auto first = d.send(a);
    if (random() % 2) (void)d.ask(b);
    if (random() % 2) d.g.state().acknowledge(a.view.number);
    if (random() % 3 == 0) {
      auto larger = d.order(a.asked.symbol.c_str(), order_side::buy, "5", order_type::limit, "100");
      larger.view.number = a.view.number;
      larger.asked.size = size_quantity{quantity{-1}};
      (void)d.g.check_change(larger.view, d.now);
    }
    const auto second = d.send(b);
    both += first.proof && second.proof ? 1 : 0;
    none += !first.proof && !second.proof ? 1 : 0;
    d.g.state().on_final(a.view.number);
    d.g.state().on_final(b.view.number);
  }
  EXPECT_EQ(both, 0);
  EXPECT_EQ(none, 0);
}

/// The same through a serialiser with real threads: the actor's mailbox, as a lock.
TEST(property, regression_24_also_with_threads_at_the_door) {
  desk d;
  std::mutex mailbox;
  d.hold("AAPL", "99");
  d.loosen(limit_id::open_orders_symbol, "1000");
  for (int race = 0; race < 200; ++race) {
    d.now += std::chrono::milliseconds{500};
    d.account.state_at = d.now;
    d.set_account();
    d.quote("AAPL", "100");
    std::vector<ticket> tickets;
    for (int i = 0; i < 4; ++i) tickets.push_back(d.order("AAPL", order_side::buy, "1", order_type::limit, "100"));
    std::atomic<int> passed = 0;
    std::vector<std::thread> threads;
    for (const auto& t : tickets)
      threads.emplace_back([&d, &mailbox, &passed, &t] {
        const std::lock_guard lock(mailbox);
        if (d.g.check_and_reserve(t.view, d.now).proof) ++passed;
      });
    for (auto& t : threads) t.join();
    ASSERT_EQ(passed, 1) << race;
    for (const auto& t : tickets) d.g.state().on_final(t.view.number);
  }
}

} // namespace
} // namespace tt::risk::test
