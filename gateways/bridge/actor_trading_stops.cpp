// Emergency stops and resumes of the accounts of a node: each has a switch of its own.

#include "gateways/bridge/account_calls.hpp"

#include <algorithm>

namespace tt::gateway {

using execution::account_access;

namespace {

stopped sum_of(const std::vector<stopped>& all, risk::kill_mode mode) {
  stopped sum;
  sum.mode = mode;
  for (const auto& one : all) {
    sum.epoch = std::max(sum.epoch, one.epoch);
    sum.elapsed = std::max(sum.elapsed, one.elapsed);
    sum.cancel_requested.insert(sum.cancel_requested.end(), one.cancel_requested.begin(), one.cancel_requested.end());
  }
  return sum;
}

} // namespace

std::vector<account_id> actor_trading_port::meant_by(const risk::kill_scope& scope) const {
  std::vector<account_id> out;
  for (const auto& one : accounts_->all())
    if (scope.what != risk::kill_scope::kind::account || scope.name == one.id.str()) out.push_back(one.id);
  return out;
}

void actor_trading_port::stop(const trading_caller& who, stop_request what, reply<stopped> done) {
  // all switches are thrown, and the answer waits for the last
  const auto meant = meant_by(what.scope);
  if (meant.empty()) return done(error{errc::not_found, "no account " + in_quotes(what.scope.name), "account_id"});
  with_all<stopped>(
    who, meant,
    [done, mode = what.mode](result<std::vector<result<stopped>>> got) {
      const auto all = all_of(got);
      if (!all) return done(all.error());
      done(sum_of(*all, mode));
    },
    [who, what](account_desk& desk, account_access& in, const auto& told) { desk.stop(in, who, what, told); });
}

bool actor_trading_port::known_health::question::is_left_alone(const account_id& id) const {
  const auto mine = accounts.find(id);
  if (mine == accounts.end() || mine->second == resume_question::subject::stop) return false;
  return std::ranges::any_of(accounts, [](const auto& one) { return one.second == resume_question::subject::stop; });
}

void actor_trading_port::ask_resume(const trading_caller& who, std::string reason, reply<resume_question> done) {
  const auto ids = reachable(who);
  if (ids.empty()) return done(error{errc::not_found, "there are no accounts"});
  using answers = std::vector<std::pair<account_id, resume_question>>;
  const auto sum_up = [this, done](const answers& all) {
    resume_question sum = all.front().second;
    known_health::question open{sum.token, {}};
    for (const auto& [id, one] : all) open.accounts.emplace(id, one.lifts);
    sum.blocking.clear();
    for (const auto& [id, one] : all) {
      if (one.lifts == resume_question::subject::stop) sum.lifts = one.lifts;
      if (open.is_left_alone(id)) continue;
      for (const auto& code : one.blocking)
        if (std::ranges::find(sum.blocking, code) == sum.blocking.end()) sum.blocking.push_back(code);
    }
    {
      const std::lock_guard lock(health_->mutex);
      health_->resuming = std::move(open);
    }
    done(std::move(sum));
  };
  // the first account makes the token; the others are asked with the same one
  const auto put = [this, who, reason, done, sum_up](const std::vector<account_id>& to, const std::string& token, const answers& before) {
    with_all<resume_question>(
      who, to,
      [done, to, before, sum_up](const result<std::vector<result<resume_question>>>& got) {
        auto all = before;
        std::optional<error> failed;
        for (std::size_t i = 0; got && i < got->size(); ++i) {
          const auto& one = (*got)[i];
          if (!one && one.error().code != errc::conflict) return done(one.error());
          if (!one) failed = one.error(); // nothing is stopped there
          else all.emplace_back(to[i], *one);
        }
        if (all.empty()) return done(failed.value_or(error{errc::conflict, "nothing is stopped"}));
        sum_up(all);
      },
      [who, reason, token](account_desk& desk, account_access& in, const auto& told) { told(desk.ask_resume(in, who, reason, token)); });
  };
  with<resume_question>(
    who, ids.front(),
    [this, ids, put, sum_up, done](const result<resume_question>& first) {
      const std::vector<account_id> others(ids.begin() + 1, ids.end());
      if (!first && (first.error().code != errc::conflict || others.empty())) return done(first.error());
      answers known;
      if (first) known.emplace_back(ids.front(), *first);
      if (others.empty()) return sum_up(known);
      put(others, first ? first->token : accounts_->make_token(), known);
    },
    [who, reason](account_desk& desk, account_access& in, const auto& told) { told(desk.ask_resume(in, who, reason)); });
}

void actor_trading_port::resume(const trading_caller& who, std::string token, reply<std::uint64_t> done) {
  auto ids = reachable(who);
  if (ids.empty()) return done(error{errc::not_found, "there are no accounts"});
  known_health::question asked;
  {
    const std::lock_guard lock(health_->mutex);
    if (health_->resuming.token == token) asked = health_->resuming;
  }
  if (asked.accounts.empty()) ids.resize(1); // says what is wrong with the token
  else {
    ids.clear();
    for (const auto& [id, lifts] : asked.accounts) ids.push_back(id);
  }
  // all or none: an account that would stop again at once keeps the others stopped, too
  with_all<std::uint64_t>(
    who, ids,
    [this, who, ids, token, asked, done](const result<std::vector<result<std::uint64_t>>>& got) {
      if (!got) return done(got.error());
      std::vector<account_id> lifted;
      for (std::size_t i = 0; i < ids.size(); ++i) {
        const auto& may = (*got)[i];
        if (may) lifted.push_back(ids[i]);
        else if (may.error().code != errc::conflict || !asked.is_left_alone(ids[i])) return done(may.error());
      }
      resume_all(who, lifted, token, done);
    },
    [](account_desk& desk, account_access& in, const auto& told) {
      const auto may = desk.may_resume(in);
      told(may ? result<std::uint64_t>{0} : result<std::uint64_t>{may.error()});
    });
}

void actor_trading_port::resume_all(const trading_caller& who, const std::vector<account_id>& ids, const std::string& token, const reply<std::uint64_t>& done) {
  with_all<std::uint64_t>(
    who, ids,
    [done](result<std::vector<result<std::uint64_t>>> got) {
      const auto all = all_of(got);
      if (!all) return done(all.error());
      done(all->empty() ? std::uint64_t{0} : *std::ranges::max_element(*all));
    },
    [who, token](account_desk& desk, account_access& in, const auto& told) { desk.resume(in, who, token, told); });
}

bool actor_trading_port::has_account(const std::string& name) const {
  return !meant_by({risk::kill_scope::kind::account, name}).empty();
}

void actor_trading_port::take_stop(const std::string& author, stop_request what, account_desk::telling how, reply<stopped> done) {
  const trading_caller node{author, risk::access::admin, trading_caller::reach::all};
  with_all<stopped>(
    node, meant_by(what.scope),
    [done, mode = what.mode](result<std::vector<result<stopped>>> got) {
      const auto all = all_of(got);
      if (!all) return done(all.error());
      done(sum_of(*all, mode));
    },
    [node, what, how](account_desk& desk, account_access& in, const auto& told) { desk.take_stop(in, node, what, how, told); });
}

void actor_trading_port::lift_stops(const std::string& author, std::vector<risk::kill_scope> scopes, const std::string& reason, reply<void> done) {
  const trading_caller node{author, risk::access::admin, trading_caller::reach::all};
  with_all<std::uint64_t>(
    node, reachable(node),
    [done](result<std::vector<result<std::uint64_t>>> got) {
      const auto all = all_of(got);
      done(all ? result<void>{} : result<void>(all.error()));
    },
    [node, scopes = std::move(scopes), reason](account_desk& desk, account_access& in, const auto& told) { desk.lift_stops(in, node, scopes, reason, told); });
}

void actor_trading_port::isolate(risk::on_off isolated) {
  for (const auto& one : accounts_->all())
    post(one, [desk = one.desk, isolated](account_access& in) { desk->set_isolated(in, isolated); });
}

} // namespace tt::gateway
