#include "gateways/bridge/account_order_desk.hpp"

namespace tt::gateway {

using execution::account_access;

namespace {

constexpr std::size_t max_listed = 10'000;

/// Also of one order, where the scope can name one.
template <class Scope>
order_filter filter_of(const Scope& which) {
  order_filter out;
  out.strategy = which.strategy;
  out.symbol = which.symbol;
  if constexpr (requires { which.order; }) out.order = which.order;
  return out;
}

} // namespace

template <class T, class Work>
void account_order_desk::with(const account_id& id, gateway::reply<T> done, Work work) {
  const auto account = accounts_->find(id);
  if (!account) return done(account.error());
  post(*account, [desk = account->desk, done = once<T>(std::move(done)), work = std::move(work)](account_access& in) { work(*desk, in, done); });
}

void account_order_desk::place(signal_order what, order_desk::reply<signal_outcome> done) {
  const auto account = accounts_->find(what.request.account);
  if (!account) return done(account.error());
  auto told = once<signal_outcome>(std::move(done));
  const auto symbol = what.request.symbol;
  // the gate does no I/O: what it reads of the symbol is there before the order is
  accounts_->prepare(symbol, [to = *account, what = std::move(what), told](const result<void>& known) {
    if (!known) {
      auto why = known.error();
      if (why.code == errc::unknown_symbol) why.code = errc::not_found;
      return told(std::move(why));
    }
    post(to, [desk = to.desk, what, told](account_access& in) { desk->place_signal(in, what, told); });
  });
}

void account_order_desk::cancel(signal_scope which, order_desk::reply<std::vector<order_id>> done) {
  const auto id = which.account;
  with<std::vector<order_id>>(id, std::move(done), [which = std::move(which)](account_desk& desk, account_access& in, const auto& told) {
    const trading_caller who{which.strategy ? which.strategy->str() : "signal", risk::access::trader, trading_caller::reach::all};
    told(desk.cancel_all(in, who, filter_of(which)));
  });
}

void account_order_desk::holding(account_id account, strategy_id strategy, std::string symbol, order_desk::reply<strategy_holding> done) {
  with<strategy_holding>(account, std::move(done), [strategy = std::move(strategy), symbol = std::move(symbol)](account_desk& desk, account_access& in, const auto& told) {
    told(desk.holding(in, strategy, symbol));
  });
}

void account_order_desk::figures(account_id account, order_desk::reply<account_figures> done) {
  with<account_figures>(account, std::move(done), [](account_desk& desk, account_access& in, const auto& told) { told(desk.figures(in)); });
}

void account_order_desk::orders(signal_scope which, std::size_t limit, order_desk::reply<std::vector<order>> done) {
  const auto id = which.account;
  auto filter = filter_of(which);
  filter.limit = std::min(limit, max_listed);
  with<std::vector<order>>(id, std::move(done), [filter = std::move(filter)](account_desk& desk, account_access& in, const auto& told) {
    if (auto why = desk.trouble(in)) return told(*why);
    std::vector<order> out;
    for (auto& one : desk.orders(in, filter)) out.push_back(std::move(one.what));
    told(std::move(out));
  });
}

} // namespace tt::gateway
