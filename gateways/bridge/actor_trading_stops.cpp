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

void actor_trading_port::ask_resume(const trading_caller& who, std::string reason, reply<resume_question> done) {
  const auto ids = reachable(who);
  if (ids.empty()) return done(error{errc::not_found, "there are no accounts"});
  // the first account makes the token; the others are asked with the same one
  const auto put = [this, who, reason, done](std::vector<account_id> to, std::string token, std::optional<resume_question> first) {
    with_all<resume_question>(
      who, to,
      [this, done, to, first](result<std::vector<result<resume_question>>> got) {
        auto sum = first;
        std::vector<account_id> asked;
        std::optional<error> failed;
        for (std::size_t i = 0; got && i < got->size(); ++i) {
          const auto& one = (*got)[i];
          if (!one && one.error().code != errc::conflict) return done(one.error());
          if (!one) failed = one.error(); // nothing is stopped there
          if (!one) continue;
          asked.push_back(to[i]);
          if (!sum) sum = *one;
          else
            for (const auto& code : one->blocking)
              if (std::ranges::find(sum->blocking, code) == sum->blocking.end()) sum->blocking.push_back(code);
        }
        if (!sum) return done(failed.value_or(error{errc::conflict, "nothing is stopped"}));
        {
          const std::lock_guard lock(health_->mutex);
          auto& known = health_->resuming;
          if (known.token != sum->token) known = {sum->token, {}};
          known.accounts.insert(known.accounts.end(), asked.begin(), asked.end());
        }
        done(*sum);
      },
      [who, reason = reason, token](account_desk& desk, account_access& in, const auto& told) { told(desk.ask_resume(in, who, reason, token)); });
  };
  with<resume_question>(
    who, ids.front(),
    [this, ids, put, done](result<resume_question> first) {
      const std::vector<account_id> others(ids.begin() + 1, ids.end());
      if (!first && (first.error().code != errc::conflict || others.empty())) return done(first.error());
      if (first) {
        const std::lock_guard lock(health_->mutex);
        health_->resuming = {first->token, {ids.front()}};
      }
      if (others.empty()) return done(std::move(first));
      const auto token = first ? first->token : accounts_->make_token();
      put(others, token, first ? std::optional{*first} : std::nullopt);
    },
    [who, reason](account_desk& desk, account_access& in, const auto& told) { told(desk.ask_resume(in, who, reason)); });
}

void actor_trading_port::resume(const trading_caller& who, std::string token, reply<std::uint64_t> done) {
  auto ids = reachable(who);
  if (ids.empty()) return done(error{errc::not_found, "there are no accounts"});
  {
    const std::lock_guard lock(health_->mutex);
    if (health_->resuming.token == token) ids = health_->resuming.accounts;
    else ids.resize(1); // says what is wrong with the token
  }
  // all or none: an account that would stop again at once keeps the others stopped, too
  with_all<std::uint64_t>(
    who, ids,
    [this, who, ids, token, done](result<std::vector<result<std::uint64_t>>> got) {
      if (const auto all = all_of(got); !all) return done(all.error());
      resume_all(who, ids, token, done);
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
