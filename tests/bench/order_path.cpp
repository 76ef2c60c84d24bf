// From the intent to the request that goes to the venue: risk gate, journal on disk (fsync) and group commit as a node runs them,
// at 1, 50 and 500 orders a second. And how long an account takes to be ready again after a death, from journals of 100,000 and
// 1,000,000 records, with and without a snapshot, and with all that a node keeps beside the orders (portfolio, limits, history).
//
// Orders come at fixed moments whatever happened to those before (an open loop): one that waits for the disk of another is as
// late as it is. An order's time begins at its moment and ends when its request is handed to the adapter.

#include "measure.hpp"
#include "order_lives.hpp"

#include "actors/execution/account_writer.hpp"
#include "actors/execution/paper/paper_broker.hpp"
#include "actors/execution/risk_gate.hpp"
#include "gateways/bridge/account_desk.hpp"

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <set>
#include <thread>

using namespace tt;
using namespace tt::execution;

namespace {

std::string new_folder() {
  std::string pattern = (std::filesystem::temp_directory_path() / "tt-bench-XXXXXX").string();
  return mkdtemp(pattern.data());
}

/// The gate of an account that has everything in order.
struct gated_account {
  risk::limit_book limits;
  risk::kill_switch stop;
  risk::breaker_board breakers;
  risk::node_rates rates;
  instrument aapl;
  std::optional<risk_gate> gate;

  explicit gated_account(utc_time now) {
    aapl.symbol = "AAPL";
    aapl.exchange = "NASDAQ";
    aapl.calendar_id = "24X7";
    aapl.calendar = *find_calendar("24X7");
    for (const auto& spec : risk::limit_specs()) // nothing of this is about rates and room
      if (spec.code == risk::check_code::order_rate || spec.code == risk::check_code::runaway || spec.code == risk::check_code::max_open_orders
          || spec.code == risk::check_code::similar_order)
        loosen(spec, now);
    gate.emplace(limits, stop, breakers, rates);
    auto& core = gate->core();
    core.node() = {risk::on_off::off, risk::on_off::on, risk::on_off::on};
    core.venue() = venue_view_of({}, risk::venue_view::session::synced);
    auto view = contract_view_of(aapl, decimal{1});
    view.history = risk::history_state::known;
    view.volatility = decimal::from_scaled(2, 1);
    if (!core.state().set_instrument("AAPL", view)) std::abort();
    refresh(now);
  }
  void loosen(const risk::limit_spec& spec, utc_time now) {
    risk::limit_change change;
    change.values = {{spec.id, spec.unit == risk::limit_unit::seconds ? risk::limit_setting::of(decimal{}) : risk::limit_setting::off()}};
    if (spec.unit == risk::limit_unit::flag) return;
    change.author = change.reason = "bench";
    change.by = risk::limit_change::role::admin;
    const auto event = limits.propose(change, now);
    if (!event || !limits.apply(*event)) std::abort();
  }
  void refresh(utc_time now) {
    risk::account_view account;
    account.id = bench::journal_account;
    // room for all that may wait at one time
    account.equity = account.cash = account.start_of_day_equity = account.peak_equity = account.buying_power = money{1'000'000'000};
    account.state_at = now;
    gate->core().state().set_account(account);
    const price at{100};
    gate->core().state().set_market("AAPL", {at, at, at, now, now});
  }
};

writer_settings settings_of(std::uint64_t epoch) {
  writer_settings out;
  out.profile.id = bench::journal_account;
  out.opening_cash = money{100'000};
  out.core.epoch = lease_epoch{epoch};
  out.core.node = "bench";
  out.core.contract = [](const std::string&) { return std::optional(contract_terms{}); };
  return out;
}

std::shared_ptr<journal_store> store_in(const std::string& root) {
  auto opened = open_sqlite_journal(root + "/journal");
  if (!opened) std::abort();
  return std::shared_ptr<journal_store>(std::move(*opened));
}

utc_time wall(std::int64_t ns) { return from_unix_ms(1'700'000'000'000) + nanoseconds{ns}; }

new_order order_of(std::uint64_t n) {
  new_order out;
  out.symbol = out.request.symbol = "AAPL";
  out.request.account = bench::journal_account;
  out.request.side = n % 2 ? order_side::buy : order_side::sell;
  out.request.size = size_quantity{quantity{1}};
  out.request.type = order_type::limit;
  out.request.limit_price = price{n % 2 ? 99 : 101};
  out.key = *intent_key::manual("bench", std::to_string(n));
  return out;
}

/// One rate for so many orders.
void paced(bench::record& out, int per_second, int count) {
  const auto root = new_folder();
  {
    const auto begin = bench::steady_ns();
    const auto now = [&] { return bench::steady_ns() - begin; };
    gated_account account(wall(0));
    auto opened = account_writer::open(store_in(root), settings_of(1), *account.gate, {wall(0), 0});
    if (!opened) std::abort();
    auto& writer = **opened;
    bench::samples times;
    times.reserve(static_cast<std::size_t>(count));
    std::vector<std::int64_t> due; // of the orders that wait for the commit, in turn
    std::uint64_t sent = 0;
    const std::int64_t pause = 1'000'000'000 / per_second;
    for (int i = 0; i < count;) {
      const auto moment = static_cast<std::int64_t>(i + 1) * pause;
      if (now() < moment) std::this_thread::sleep_until(bench::steady::time_point(std::chrono::nanoseconds{begin + moment}));
      // all whose moment has come share the commit, as what has arrived in an account's mailbox does
      for (; i < count && static_cast<std::int64_t>(i + 1) * pause <= now() && !writer.blocked(); ++i) {
        const auto at = wall(now());
        account.refresh(at);
        const auto what = order_of(static_cast<std::uint64_t>(i + 1));
        account.gate->expect(what.key, {.principal = "bench"});
        writer.take(writer.core().place(what, at), now());
        due.push_back(static_cast<std::int64_t>(i + 1) * pause);
      }
      std::size_t next = 0;
      for (const auto& done : writer.commit({wall(now()), now()})) {
        if (done.failed) std::abort();
        for (const auto& e : done.what.effects)
          if (std::holds_alternative<std::shared_ptr<const send_command>>(e)) {
            times.add(now() - due.at(next));
            ++sent;
          }
        ++next;
      }
      due.clear();
      // the venue answers at once, and the account closes the order: the book stays as small as one of a day
      for (const auto number : std::set<order_number>(writer.book().open_orders())) {
        order_report gone;
        gone.order = {writer.book().find(number)->wire_id, venue_order_id{std::to_string(raw(number))}, "s1"};
        gone.status = venue_status::cancelled;
        writer.take(writer.core().on_report(gone, wall(now())), now());
      }
      if (writer.waiting() > 0) static_cast<void>(writer.commit({wall(now()), now()}));
    }
    const auto id = "orders.at_" + std::to_string(per_second);
    out.quantiles(id, times);
    out.check(id + ".all_sent", sent == static_cast<std::uint64_t>(count), std::to_string(sent) + " of " + std::to_string(count) + " orders went out");
  }
  std::filesystem::remove_all(root);
}

/// The desk as a node has it: portfolio, limits, diary and the gate.
std::unique_ptr<gateway::account_desk> new_desk() {
  constexpr std::string_view instruments = "instruments:\n  - {symbol: AAPL, exchange: NASDAQ, type: stock, calendar: XNYS, tick: 0.01}\n";
  gateway::desk_settings out;
  out.profile.id = bench::journal_account;
  out.limits = risk::default_limits();
  out.can = paper::paper_capabilities();
  out.master = std::make_shared<const instrument_master>(*instrument_master::from_yaml(instruments, "bench"));
  return std::make_unique<gateway::account_desk>(std::move(out));
}

enum class follows : std::uint8_t { nobody, desk };
enum class snapshots : std::uint8_t { left_alone, kept };

/// From the start of a process to an account that takes orders.
void recovery(bench::record& out, std::uint64_t records, follows who) {
  const auto root = new_folder();
  {
    const auto store = store_in(root);
    {
      auto j = journal::open(store, bench::journal_account, lease_epoch{1});
      if (!j) std::abort();
      bench::fill_journal(*j, records);
    }
    const auto id = std::string(who == follows::desk ? "recovery_with_desk.of_" : "recovery.of_") + std::to_string(records);
    std::uint64_t epoch = 1;
    const auto start = [&](const std::string& name, snapshots keep) {
      gated_account account(wall(0));
      const auto desk = new_desk();
      auto& gate = who == follows::desk ? desk->gate() : *account.gate;
      auto settings = settings_of(++epoch);
      settings.snapshots = snapshot_time::quiet;
      settings.snapshot_every = keep == snapshots::kept ? 1 : UINT64_MAX / 2;
      if (who == follows::desk) settings.follower = desk.get();
      settings.restored = [&](const account_book& book) {
        if (who == follows::desk) desk->restored(book);
        else if (!gate.restore(book, wall(0))) std::abort();
      };
      const auto from = bench::steady_ns();
      auto opened = account_writer::open(store, std::move(settings), gate, {wall(0), 0});
      const auto took = bench::steady_ns() - from;
      if (!opened) std::abort();
      out.figure(id + "." + name + "_s", static_cast<double>(took) / 1e9);
      const auto& orders = (*opened)->book().orders();
      out.check(id + "." + name, orders.size() >= records / 6, std::to_string(orders.size()) + " orders are there again");
    };
    start("replay", snapshots::left_alone);
    start("replay_and_snapshot", snapshots::kept);
    start("snapshot", snapshots::left_alone);
  }
  std::filesystem::remove_all(root);
}

} // namespace

int main(int argc, char** argv) {
  const auto how = bench::read_options(argc, argv);
  bench::record out;
  paced(out, 1, how.quick ? 3 : 30);
  paced(out, 50, how.quick ? 100 : 1'500);
  paced(out, 500, how.quick ? 1'000 : 15'000);
  for (const auto who : {follows::nobody, follows::desk}) {
    recovery(out, 100'000, who);
    if (!how.quick) recovery(out, 1'000'000, who);
  }
  return bench::finish(out, how);
}
