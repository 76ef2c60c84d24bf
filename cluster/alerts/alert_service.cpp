#include "cluster/alerts/alert_service.hpp"

#include "actors/alerts/price/custom_bars.hpp"
#include "cluster/secret_token.hpp"
#include "gateways/alerts/alert_metrics.hpp"

#include <caf/exit_reason.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>

#include <spdlog/spdlog.h>

#include <filesystem>

namespace tt::cluster {

namespace {

/// How long stop() waits for the actor.
constexpr std::chrono::milliseconds farewell{1'500};

using alerts::alert;
using alerts::alert_book;

gateway::alert_reading read(const alert_figures& from) {
  gateway::alert_reading out;
  for (std::size_t i = 0; i < out.alerts.size(); ++i) out.alerts[i] = from.alerts[i];
  out.triggers = from.triggers;
  out.orders = from.orders;
  out.orders_failed = from.orders_failed;
  out.notices = from.notices;
  out.notices_failed = from.notices_failed;
  out.dropped_quotes = from.dropped_quotes;
  out.store_failures = from.store_failures;
  return out;
}

} // namespace

result<std::unique_ptr<alert_service>> alert_service::start(alert_settings with) {
  const auto now = with.market.market_time();
  const auto tag = make_secret_token().substr(0, 16);
  auto opened = with.place.server ? alerts::open_alert_store(with.place.store("alerts", {}), tag)
                                  : alerts::open_alert_store((std::filesystem::path(with.place.folder) / "alerts").string(), tag);
  if (!opened) return opened.error();
  std::shared_ptr<alerts::alert_store> store(std::move(*opened));
  auto book = alert_book::open(*store, *with.master, alerts::make_custom_condition, now);
  if (!book) return book.error();
  std::unique_ptr<alert_service> out(new alert_service(std::move(with)));
  alert_surroundings around;
  around.store = std::move(store);
  around.book = std::make_shared<alert_book>(std::move(*book));
  around.market = &out->with_.market;
  around.desk = out->with_.desk;
  around.default_account = out->with_.default_account;
  around.sender = out->with_.sender;
  around.watchers = out->watchers_;
  around.figures = out->figures_;
  out->collectable_ = gateway::make_alert_metrics([figures = out->figures_] { return read(*figures); });
  out->actor_ = out->with_.system.spawn<caf::detached>(alert_actor, std::move(around));
  return out;
}

alert_service::~alert_service() { stop(); }

void alert_service::stop() {
  if (!actor_) return;
  const auto ending = std::exchange(actor_, nullptr);
  caf::scoped_actor self{with_.system};
  self->monitor(ending);
  self->send_exit(ending, caf::exit_reason::user_shutdown);
  self->receive([](const caf::down_msg&) {},
                caf::after(farewell) >> [] { spdlog::warn("the alerts take longer than {} ms to end", farewell.count()); });
}

template <class T, class Work>
void alert_service::ask(gateway::reply<T> done, Work work) {
  caf::anon_send(actor_, alert_task{std::make_shared<const std::function<void(alert_book&)>>(
                           [done = std::move(done), work = std::move(work)](alert_book& book) { done(work(book)); })});
}

void alert_service::create(alerts::alert_draft draft, std::string owner, gateway::reply<alert> done) {
  if (draft.notice_url)
    if (auto fine = with_.sender->check(*draft.notice_url); !fine) return done(fine.error());
  ask<alert>(std::move(done), [draft = std::move(draft), owner = std::move(owner), market = &with_.market](alert_book& book) {
    return book.create(draft, owner, market->market_time());
  });
}

void alert_service::create_notice(board_notice what, std::string owner, gateway::reply<alert> done) {
  ask<alert>(std::move(done), [what = std::move(what), owner = std::move(owner), market = &with_.market](alert_book& book) {
    return book.create_notice(what, owner, market->market_time());
  });
}

void alert_service::change(std::string id, alerts::alert_draft draft, gateway::reply<alert> done) {
  if (draft.notice_url)
    if (auto fine = with_.sender->check(*draft.notice_url); !fine) return done(fine.error());
  ask<alert>(std::move(done), [id = std::move(id), draft = std::move(draft), market = &with_.market](alert_book& book) {
    book.expire(market->market_time());
    return book.change(id, draft, market->market_time());
  });
}

void alert_service::turn(std::string id, alerts::alert_switch way, gateway::reply<alert> done) {
  ask<alert>(std::move(done), [id = std::move(id), way, market = &with_.market](alert_book& book) {
    book.expire(market->market_time());
    return book.turn(id, way, market->market_time());
  });
}

void alert_service::remove(std::string id, gateway::reply<alert> done) {
  ask<alert>(std::move(done), [id = std::move(id)](alert_book& book) { return book.remove(id); });
}

void alert_service::find(std::string id, gateway::reply<alert> done) {
  ask<alert>(std::move(done), [id = std::move(id), market = &with_.market](alert_book& book) {
    book.expire(market->market_time());
    return book.find(id);
  });
}

void alert_service::list(alerts::alert_filter which, gateway::reply<std::vector<alert>> done) {
  ask<std::vector<alert>>(std::move(done), [which = std::move(which), market = &with_.market](alert_book& book) -> result<std::vector<alert>> {
    book.expire(market->market_time());
    return book.list(which);
  });
}

gateway::subscription_id alert_service::watch(gateway::alert_watcher who) { return watchers_->add(std::move(who)); }
void alert_service::unwatch(gateway::subscription_id id) { watchers_->remove(id); }

void alert_service::post(board_notice what) {
  create_notice(what, "node", [what](const result<alert>& kept) {
    if (!kept) spdlog::error("notice {} of {} can't be kept ({}): {}", what.type, what.strategy, to_string(kept.error()), what.message);
  });
}

} // namespace tt::cluster
