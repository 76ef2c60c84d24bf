#include "gateways/trading/trading_channels.hpp"

#include "gateways/rest/order_json.hpp"

#include <algorithm>
#include <deque>
#include <map>
#include <mutex>
#include <set>
#include <variant>

namespace tt::gateway {

namespace {

using clock_call = std::function<utc_time()>;

/// News that may wait for the histories of the accounts; over it the oldest are dropped and the numbers jump.
constexpr std::size_t max_waiting = 100'000;

std::uint64_t epoch_of(utc_time started) { return static_cast<std::uint64_t>(std::max<std::int64_t>(1, unix_ms(started))); }

bool is_shown(account_mode mode) { return mode == account_mode::paper; } // a channel is read by everybody who may read the stream

} // namespace

/// `orders` and `executions`.
struct trading_channels::numbered {
  using news = std::variant<order_snapshot, execution_snapshot>;

  numbered(utc_time started, clock_call now)
    : clock(std::move(now)), orders(std::make_shared<stream::memory_log>(epoch_of(started), [this](json_writer& out) {
        out.begin_object().key("orders").begin_array();
        for (const auto& [id, one] : open) write(out, one);
        out.end_array().end_object();
      })),
      executions(std::make_shared<stream::memory_log>(epoch_of(started), [](json_writer& out) {
        out.begin_object().key("executions").begin_array().end_array().end_object();
      })) {}

  void take(news what) {
    const std::lock_guard lock(mutex);
    if (has_begun) return append(what);
    waiting.push_back(std::move(what));
    if (waiting.size() > max_waiting) waiting.pop_front();
  }

  /// The numbers of a channel are the sums over the accounts. With news of one account only they are in the order in which they were
  /// told; what several accounts told before this process can't be put in that order again, so it is not replayed.
  void begin(const std::vector<account_history>& all) {
    const std::lock_guard lock(mutex);
    if (has_begun) return;
    std::uint64_t order_count = 0, execution_count = 0;
    utc_time opened{};
    const account_history *only_orders = nullptr, *only_executions = nullptr;
    int with_orders = 0, with_executions = 0;
    for (const auto& one : all) {
      if (!is_shown(one.mode)) continue;
      known[one.account] = {one.orders, one.executions};
      order_count += one.orders;
      execution_count += one.executions;
      opened = std::max(opened, one.opened_at);
      if (one.orders > 0) only_orders = &one, ++with_orders;
      if (one.executions > 0) only_executions = &one, ++with_executions;
      for (const auto& order : one.open_orders) open.insert_or_assign(order.what.id.str(), order);
    }
    // a new set of journals is another numbering
    const auto epoch = epoch_of(opened) + all.size();
    orders->continue_from(epoch, order_count, with_orders == 1 ? kept(only_orders->order_news) : decltype(kept(only_orders->order_news)){});
    executions->continue_from(epoch, execution_count,
                              with_executions == 1 ? kept(only_executions->execution_news) : decltype(kept(only_executions->execution_news)){});
    for (const auto& one : std::exchange(waiting, {})) append(one); // some of it may be in the histories, too
    has_begun = true;
  }

  template <class T>
  static std::vector<std::pair<stream::memory_log::writer, utc_time>> kept(const std::vector<T>& news_of_then) {
    std::vector<std::pair<stream::memory_log::writer, utc_time>> out;
    for (const auto& one : news_of_then) out.emplace_back([one](json_writer& to) { write(to, one); }, time_of(one));
    return out;
  }
  static utc_time time_of(const order_snapshot& one) { return one.what.updated_at; }
  static utc_time time_of(const execution_snapshot& one) { return one.fill.at; }

  void append(const news& what) {
    if (const auto* order = std::get_if<order_snapshot>(&what)) {
      // once the histories are in, no number comes twice: a first one is that of a new journal, the account was started over
      const bool starts_over = has_begun && order->sequence == 1 && known[order->account].orders > 0;
      if (starts_over) known[order->account] = {};
      auto& last = known[order->account].orders;
      if (order->sequence <= last) return; // was in the history
      last = order->sequence;
      orders->append(clock(), [one = *order](json_writer& out) { write(out, one); }, [&] {
        if (starts_over) std::erase_if(open, [&](const auto& entry) { return entry.second.account == order->account; });
        if (is_final(order->what.state)) open.erase(order->what.id.str());
        else open.insert_or_assign(order->what.id.str(), *order);
      });
      return;
    }
    const auto& execution = std::get<execution_snapshot>(what);
    auto& last = known[execution.account].executions;
    if (execution.sequence <= last) return;
    last = execution.sequence;
    executions->append(clock(), [execution](json_writer& out) { write(out, execution); });
  }

  struct numbers {
    std::uint64_t orders = 0, executions = 0;
  };
  clock_call clock;
  std::mutex mutex;
  bool has_begun = false;
  std::deque<news> waiting;
  std::map<account_id, numbers> known;
  std::map<std::string, order_snapshot> open; ///< changed under the log's lock, or before it has readers
  std::shared_ptr<stream::memory_log> orders, executions;
};

/// `account`, `positions` and `risk`.
struct trading_channels::states {
  states(utc_time started, clock_call now)
    : clock(std::move(now)), account(std::make_shared<stream::memory_log>(epoch_of(started), [this](json_writer& out) {
        out.begin_object().key("accounts").begin_array();
        for (const auto& [id, one] : accounts) write(out, one, clock());
        out.end_array().end_object();
      })),
      position(std::make_shared<stream::memory_log>(epoch_of(started), [this](json_writer& out) {
        out.begin_object().key("positions").begin_array();
        for (const auto& [id, one] : positions) write(out, one);
        out.end_array().end_object();
      })),
      risk(std::make_shared<stream::memory_log>(epoch_of(started), [this](json_writer& out) {
        auto severest = risk::kill_mode::none;
        for (const auto& [id, one] : stops) severest = std::max(severest, one);
        out.begin_object().field("event", "state").field("mode", to_string(severest)).field("kill_active", severest != risk::kill_mode::none);
        out.key("accounts").begin_array();
        for (const auto& [id, one] : stops)
          out.begin_object().field("account_id", id.str()).field("mode", to_string(one)).field("kill_active", one != risk::kill_mode::none).end_object();
        out.end_array().end_object();
      })) {}

  void take(const account_snapshot& what) {
    const auto now = clock();
    account->append(now, [what, now](json_writer& out) { write(out, what, now); }, [&] { accounts.insert_or_assign(what.profile.id, what); });
  }
  void take(const position_snapshot& what) {
    {
      const std::lock_guard lock(mutex);
      if (!has_begun) heard.insert(what.account);
    }
    add(what);
  }
  void add(const position_snapshot& what) {
    position->append(clock(), [what](json_writer& out) { write(out, what); }, [&] {
      const std::pair key{what.account, what.held.symbol};
      if (what.held.qty.is_zero()) positions.erase(key);
      else positions.insert_or_assign(key, what);
    });
  }
  void take(const risk_news& what) {
    risk->append(clock(), [what](json_writer& out) { write_news(out, what); }, [&] { stops[what.account] = what.mode; });
  }
  /// What was before the first news; newer news win.
  void begin(const std::vector<account_history>& all) {
    std::set<account_id> newer;
    {
      const std::lock_guard lock(mutex);
      has_begun = true;
      newer = std::exchange(heard, {});
    }
    for (const auto& one : all) {
      if (!is_shown(one.mode)) continue;
      if (one.figures) take(*one.figures);
      if (!newer.contains(one.account))
        for (const auto& held : one.positions) add(held);
      risk_news stop;
      stop.account = one.account;
      stop.what = "state";
      stop.mode = one.kill;
      stop.at = clock();
      take(stop);
    }
  }
  static void write_news(json_writer& out, const risk_news& what) {
    out.begin_object().field("event", what.what).field("account_id", what.account.str()).field("mode", to_string(what.mode));
    if (what.what == "alarm") {
      out.field("kill_active", what.mode != risk::kill_mode::none).field("level", tt::to_string(what.level)).field("code", what.code);
      if (!what.name.empty()) out.field("symbol", what.name);
      if (!what.order.empty()) out.field("order_id", what.order.str());
      out.field("text", what.reason).field("timestamp", what.at).end_object();
      return;
    }
    out.field("kill_active", what.mode != risk::kill_mode::none).field("epoch", what.epoch).field("limits_version", what.limits_version);
    if (!what.scope.empty()) out.field("scope", what.scope);
    if (!what.name.empty()) out.field("name", what.name);
    if (!what.code.empty()) out.field("code", what.code).field("tripped", what.is_tripped);
    if (!what.author.empty()) out.field("author", what.author);
    if (!what.reason.empty()) out.field("reason", what.reason);
    out.field("timestamp", what.at).end_object();
  }

  clock_call clock;
  std::mutex mutex;
  bool has_begun = false;
  std::set<account_id> heard; ///< told of positions before the histories came
  // changed under the log of their channel only
  std::map<account_id, account_snapshot> accounts;
  std::map<std::pair<account_id, std::string>, position_snapshot> positions;
  std::map<account_id, risk::kill_mode> stops;
  std::shared_ptr<stream::memory_log> account, position, risk;
};

trading_channels::trading_channels(trading_port& port, stream_service& stream, std::function<utc_time()> clock) : port_(port) {
  const auto now = clock();
  const auto news = std::make_shared<numbered>(now, clock);
  const auto state = std::make_shared<states>(now, clock);
  // the logs stay with the state that writes their snapshots
  stream.add_log(stream::channel::orders, {news, news->orders.get()});
  stream.add_log(stream::channel::executions, {news, news->executions.get()});
  stream.add_log(stream::channel::account, {state, state->account.get()});
  stream.add_log(stream::channel::positions, {state, state->position.get()});
  stream.add_log(stream::channel::risk, {state, state->risk.get()});
  trading_watcher told;
  told.on_order = [news](const order_snapshot& what) {
    if (is_shown(what.mode)) news->take(what);
  };
  told.on_execution = [news](const execution_snapshot& what) { news->take(what); };
  told.on_account = [state](const account_snapshot& what) {
    if (is_shown(what.profile.mode)) state->take(what);
  };
  told.on_position = [state](const position_snapshot& what) { state->take(what); };
  told.on_risk = [state](const risk_news& what) { state->take(what); };
  watched_ = port.watch(std::move(told));
  port.history([news, state](const result<std::vector<account_history>>& got) {
    const auto all = got.value_or(std::vector<account_history>{});
    news->begin(all);
    state->begin(all);
  });
}

trading_channels::~trading_channels() { port_.unwatch(watched_); }

} // namespace tt::gateway
