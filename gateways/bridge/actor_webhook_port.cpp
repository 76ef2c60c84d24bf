#include "gateways/bridge/actor_webhook_port.hpp"

#include "actors/alerts/webhook/webhook_actor.hpp"

#include <caf/send.hpp>

namespace tt::gateway {

using namespace webhook;

subscription_id webhook_watchers::add(webhook_watcher who) {
  const std::lock_guard lock{mutex_};
  all_[++last_] = std::make_shared<const webhook_watcher>(std::move(who));
  return last_;
}

void webhook_watchers::remove(subscription_id id) {
  const std::lock_guard lock{mutex_};
  all_.erase(id);
}

void webhook_watchers::tell(const webhook_news& news) const {
  std::vector<std::shared_ptr<const webhook_watcher>> all;
  {
    const std::lock_guard lock{mutex_};
    for (const auto& [id, one] : all_) all.push_back(one);
  }
  for (const auto& one : all) (*one)(news);
}

namespace {

void send_task(const caf::actor& to, receiver_task work) {
  caf::anon_send(to, std::make_shared<const receiver_task>(std::move(work)));
}

} // namespace

actor_webhook_port::actor_webhook_port(caf::actor receiver, webhook_limits limits, std::shared_ptr<webhook_watchers> watchers,
                                       std::shared_ptr<webhook_metrics> metrics)
    : receiver_(std::move(receiver)), limits_(limits), watchers_(std::move(watchers)), metrics_(std::move(metrics)) {}

actor_webhook_port::~actor_webhook_port() = default;

void actor_webhook_port::post(webhook_post what, std::function<void(webhook_answer)> done) {
  caf::anon_send(receiver_, std::make_shared<const post_request>(post_request{std::move(what), std::nullopt, std::move(done)}));
}

void actor_webhook_port::post_on_paper(std::string body, std::string client, account_id account, std::function<void(webhook_answer)> done) {
  webhook_post what;
  what.body = std::move(body);
  what.client = std::move(client);
  caf::anon_send(receiver_, std::make_shared<const post_request>(post_request{std::move(what), std::move(account), std::move(done)}));
}

void actor_webhook_port::profiles(reply<std::vector<webhook_profile>> done) {
  send_task(receiver_, [done = std::move(done)](receiver& core, alert_moment) { done(core.profiles()); });
}

void actor_webhook_port::profile(std::string id, reply<webhook_profile> done) {
  send_task(receiver_, [id = std::move(id), done = std::move(done)](receiver& core, alert_moment) { done(core.profile(id)); });
}

void actor_webhook_port::create(profile_change what, reply<new_profile> done) {
  send_task(receiver_, [what = std::move(what), done = std::move(done)](receiver& core, alert_moment now) { done(core.create(what, now.wall)); });
}

void actor_webhook_port::change(std::string id, profile_change what, reply<webhook_profile> done) {
  send_task(receiver_, [id = std::move(id), what = std::move(what), done = std::move(done)](receiver& core, alert_moment now) {
    done(core.change(id, what, now.wall));
  });
}

void actor_webhook_port::remove(std::string id, reply<void> done) {
  send_task(receiver_, [id = std::move(id), done = std::move(done)](receiver& core, alert_moment) { done(core.remove(id)); });
}

void actor_webhook_port::rotate(std::string id, reply<new_profile> done) {
  send_task(receiver_, [id = std::move(id), done = std::move(done)](receiver& core, alert_moment now) { done(core.rotate(id, now.wall)); });
}

void actor_webhook_port::events(event_filter filter, reply<std::vector<webhook_event>> done) {
  send_task(receiver_, [filter = std::move(filter), done = std::move(done)](receiver& core, alert_moment) { done(core.events(filter)); });
}

} // namespace tt::gateway
