#include "cluster/backtest/recruiter_actor.hpp"

#include "bus/errc.hpp"
#include "bus/messages.hpp"
#include "cluster/backtest/crew_host.hpp"

#include <caf/exit_reason.hpp>
#include <caf/send.hpp>

#include <algorithm>
#include <utility>

namespace tt::cluster {

namespace {

using recruiter_pointer = caf::stateful_actor<recruiter_state>*;

void recruit(recruiter_pointer self, const std::string& node);

recruiter_state::site* site_of(recruiter_pointer self, const std::string& node) {
  const auto at = self->state.sites.find(node);
  return at == self->state.sites.end() ? nullptr : &at->second;
}

void recruit_later(recruiter_pointer self, const std::string& node) {
  auto* site = site_of(self, node);
  if (site && !std::exchange(site->waiting, true)) self->delayed_send(self, recruit_pause, backtest::tick_atom::value, node);
}

void on_spawned(recruiter_pointer self, const std::string& node, const caf::actor& crew, const caf::actor& coordinator) {
  auto* site = site_of(self, node);
  if (!site) return caf::anon_send_exit(crew, caf::exit_reason::user_shutdown);
  site->asked = false;
  // the one that it was spawned for has ended meanwhile, and so will it
  if (coordinator != self->state.coordinator) return recruit(self, node);
  site->crew = crew;
  self->monitor(crew);
  if (self->state.options->on_recruited) self->state.options->on_recruited(node);
}

void on_not_spawned(recruiter_pointer self, const std::string& node, const caf::error& why) {
  auto* site = site_of(self, node);
  if (!site) return;
  site->asked = false;
  if (self->state.options->on_trouble) self->state.options->on_trouble(node, bus::text_of(why));
  recruit_later(self, node);
}

void recruit(recruiter_pointer self, const std::string& node) {
  auto& s = self->state;
  auto* site = site_of(self, node);
  if (!site || !s.coordinator || site->crew || site->asked || site->waiting) return;
  const auto agent = s.options->agent(node);
  if (!agent) return recruit_later(self, node);
  site->asked = true;
  self->request(agent, recruit_deadline, bus::spawn_request{crew_type, caf::make_message(s.coordinator)})
    .then([self, node, coordinator = s.coordinator](const caf::actor& crew) { on_spawned(self, node, crew, coordinator); },
          [self, node](const caf::error& e) { on_not_spawned(self, node, e); });
}

void on_coordinator(recruiter_pointer self, const caf::actor& now) {
  auto& s = self->state;
  s.coordinator = now;
  for (auto& [node, site] : s.sites) {
    if (auto old = std::exchange(site.crew, nullptr)) self->demonitor(old); // it ends with its coordinator
    recruit(self, node);
  }
}

void on_change(recruiter_pointer self, const recruit_change& change) {
  auto& s = self->state;
  if (change.what == recruiting::gone) {
    s.sites.erase(change.node);
    return;
  }
  s.sites.try_emplace(change.node);
  recruit(self, change.node);
}

void on_down(recruiter_pointer self, const caf::down_msg& down) {
  auto& sites = self->state.sites;
  const auto at = std::ranges::find_if(sites, [&](const auto& one) { return one.second.crew && one.second.crew.address() == down.source; });
  if (at == sites.end()) return;
  at->second.crew = nullptr;
  recruit_later(self, at->first); // if its node is gone, membership says so
}

} // namespace

caf::behavior recruiter_actor(recruiter_pointer self, std::shared_ptr<const recruiter_options> options) {
  self->state.options = std::move(options);
  self->set_default_handler(caf::drop);
  self->set_down_handler([self](const caf::down_msg& down) { on_down(self, down); });
  return {
    [self](const backtest::coordinator_change& change) { on_coordinator(self, change.now); },
    [self](const recruit_change& change) { on_change(self, change); },
    [self](backtest::tick_atom, const std::string& node) {
      if (auto* site = site_of(self, node)) site->waiting = false;
      recruit(self, node);
    },
  };
}

} // namespace tt::cluster
