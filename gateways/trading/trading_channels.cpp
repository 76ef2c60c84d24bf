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

/// Executions that a snapshot holds, and orders that have ended: what a client has missed where its numbers are void.
constexpr std::size_t executions_shown = 500, ended_shown = 200;

/// Added to an epoch: another one whenever other records of the journal become news, for the numbers of before are void then.
constexpr std::uint64_t numbering = 1'000'000'000;

/// News that may wait for the histories of the accounts; over it the oldest are dropped and the numbers jump.
constexpr std::size_t max_waiting = 100'000;

using stream::epoch_of;

bool is_shown(account_mode mode) { return mode == account_mode::paper; } // a channel is read by everybody who may read the stream

} // namespace

/// `orders` and `executions`.
struct trading_channels::numbered {
  using news = std::variant<order_snapshot, execution_snapshot>;

  numbered(utc_time started, clock_call now)
    : clock(std::move(now)), orders(std::make_shared<stream::memory_log>(epoch_of(started), [this](json_writer& out) {
        out.begin_object().key("orders").begin_array();
        for (const auto& [id, one] : open) write(out, one);
        out.end_array().key("ended").begin_array();
        for (const auto& one : ended) write(out, one);
        out.end_array().end_object();
      })),
      executions(std::make_shared<stream::memory_log>(epoch_of(started), [this](json_writer& out) {
        out.begin_object().key("executions").begin_array();
        for (const auto& one : recent) write(out, one);
        out.end_array().end_object();
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
      std::set<std::string> seen; // a late fill changes one that has ended once more: the newest counts
      for (auto at = one.order_news.rbegin(); at != one.order_news.rend() && seen.size() < ended_shown; ++at)
        if (is_final(at->what.state) && seen.insert(at->what.id.str()).second) ended.push_front(*at);
      recent.insert(recent.end(), one.execution_news.begin(), one.execution_news.end());
    }
    // for a snapshot it does not matter which of two accounts was first
    std::ranges::stable_sort(ended, {}, [](const order_snapshot& one) { return time_of(one); });
    std::ranges::stable_sort(recent, {}, [](const execution_snapshot& one) { return time_of(one); });
    shorten(ended, ended_shown);
    shorten(recent, executions_shown);
    // a new set of journals is another numbering
    const auto epoch = epoch_of(opened) + all.size() + numbering;
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
  template <class T>
  static void shorten(std::deque<T>& list, std::size_t most) {
    while (list.size() > most) list.pop_front();
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
        if (starts_over) {
          std::erase_if(open, [&](const auto& entry) { return entry.second.account == order->account; });
          std::erase_if(ended, [&](const auto& one) { return one.account == order->account; });
        }
        std::erase_if(ended, [&](const auto& one) { return one.what.id == order->what.id; }); // a late fill changes it once more
        if (!is_final(order->what.state)) return static_cast<void>(open.insert_or_assign(order->what.id.str(), *order));
        open.erase(order->what.id.str());
        ended.push_back(*order);
        shorten(ended, ended_shown);
      });
      return;
    }
    const auto& execution = std::get<execution_snapshot>(what);
    auto& last = known[execution.account].executions;
    if (execution.sequence <= last) return;
    last = execution.sequence;
    executions->append(clock(), [execution](json_writer& out) { write(out, execution); }, [&] {
      recent.push_back(execution);
      shorten(recent, executions_shown);
    });
  }

  struct numbers {
    std::uint64_t orders = 0, executions = 0;
  };
  clock_call clock;
  std::mutex mutex;
  bool has_begun = false;
  std::deque<news> waiting;
  std::map<account_id, numbers> known;
  // changed under the log of their channel, or before it has readers
  std::map<std::string, order_snapshot> open;
  std::deque<order_snapshot> ended;
  std::deque<execution_snapshot> recent;
  std::shared_ptr<stream::memory_log> orders, executions;
};

/// `account`, `positions` and `risk`.
struct trading_channels::states {
  states(utc_time started, clock_call now)
    : clock(std::move(now)), account(std::make_shared<stream::memory_log>(epoch_of(started), [this](json_writer& out) {
        out.begin_object().key("accounts").begin_array();
        for (const auto& [id, one] : accounts) write(out, one);
        out.end_array().end_object();
      })),
      position(std::make_shared<stream::memory_log>(epoch_of(started), [this](json_writer& out) {
        out.begin_array();
        for (const auto& [id, one] : positions) write(out, one);
        out.end_array();
      }, "positions")),
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
    account->append(clock(), [what](json_writer& out) { write(out, what); }, [&] { accounts.insert_or_assign(what.profile.id, what); });
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

/// The channels of all accounts, and of each alone for those who are bound to it.
struct trading_channels::views {
  /// What is told of one account, or of all.
  struct view {
    view(utc_time started, const clock_call& clock) : news(std::make_shared<numbered>(started, clock)), state(std::make_shared<states>(started, clock)) {}

    void begin(const std::vector<account_history>& all) const {
      news->begin(all);
      state->begin(all);
    }
    /// The logs stay with the state that writes their snapshots.
    template <class Add>
    void serve(Add add) const {
      add(stream::channel::orders, std::shared_ptr<stream::memory_log>{news, news->orders.get()});
      add(stream::channel::executions, std::shared_ptr<stream::memory_log>{news, news->executions.get()});
      add(stream::channel::account, std::shared_ptr<stream::memory_log>{state, state->account.get()});
      add(stream::channel::positions, std::shared_ptr<stream::memory_log>{state, state->position.get()});
      add(stream::channel::risk, std::shared_ptr<stream::memory_log>{state, state->risk.get()});
    }

    std::shared_ptr<numbered> news;
    std::shared_ptr<states> state;
  };

  views(stream_service& to, clock_call now) : service(to), clock(std::move(now)), all(clock(), clock) {
    all.serve([&](stream::channel what, std::shared_ptr<stream::memory_log> log) { service.add_log(what, std::move(log)); });
  }

  void begin(const std::vector<account_history>& histories) {
    all.begin(histories);
    for (const auto& one : histories) {
      if (!is_shown(one.mode)) continue;
      of(one.account).begin({one});
    }
    const std::lock_guard lock(mutex);
    has_begun = true;
    for (auto& [id, own] : each) own.begin({}); // those that are newer than the histories; has no effect on the others
  }
  /// The view of one account; made when it is first heard of.
  view of(const account_id& account) {
    const std::lock_guard lock(mutex);
    if (const auto known = each.find(account); known != each.end()) return known->second;
    const auto made = each.emplace(account, view(clock(), clock)).first->second;
    if (has_begun) made.begin({});
    made.serve([&](stream::channel what, std::shared_ptr<stream::memory_log> log) { service.add_account_log(what, account.str(), std::move(log)); });
    return made;
  }
  template <class Tell>
  void tell(const account_id& account, Tell to) {
    to(all);
    to(of(account));
  }

  stream_service& service;
  clock_call clock;
  view all;
  std::mutex mutex;
  bool has_begun = false;
  std::map<account_id, view> each;
};

trading_channels::trading_channels(trading_port& port, stream_service& stream, std::function<utc_time()> clock) : port_(port) {
  const auto all = std::make_shared<views>(stream, std::move(clock));
  trading_watcher told;
  told.on_order = [all](const order_snapshot& what) {
    if (is_shown(what.mode)) all->tell(what.account, [&](const views::view& to) { to.news->take(what); });
  };
  told.on_execution = [all](const execution_snapshot& what) { all->tell(what.account, [&](const views::view& to) { to.news->take(what); }); };
  told.on_account = [all](const account_snapshot& what) {
    if (is_shown(what.profile.mode)) all->tell(what.profile.id, [&](const views::view& to) { to.state->take(what); });
  };
  told.on_position = [all](const position_snapshot& what) { all->tell(what.account, [&](const views::view& to) { to.state->take(what); }); };
  told.on_risk = [all](const risk_news& what) { all->tell(what.account, [&](const views::view& to) { to.state->take(what); }); };
  watched_ = port.watch(std::move(told));
  port.history([all](const result<std::vector<account_history>>& got) { all->begin(got.value_or(std::vector<account_history>{})); });
}

trading_channels::~trading_channels() { port_.unwatch(watched_); }

} // namespace tt::gateway
