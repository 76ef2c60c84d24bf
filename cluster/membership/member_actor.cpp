#include "cluster/membership/member_actor.hpp"

#include "bus/messages.hpp"
#include "cluster/membership/gather.hpp"

namespace tt::cluster {

namespace {

using member_pointer = caf::stateful_actor<member_actor_state>*;

void note_change(member_pointer self, const std::string& name) {
  const auto& s = self->state;
  const auto at = s.table->members().find(name);
  if (at != s.table->members().end() && s.options->on_change) s.options->on_change(name, at->second);
}

void connect_strangers(member_pointer self, const std::vector<node_address>& others) {
  for (const auto& [name, endpoint] : self->state.table->strangers(others)) self->state.options->node->connect(name, endpoint, bus::origin::learned);
}

void introduce(member_pointer self, const member_info& info) {
  auto& s = self->state;
  const auto known = s.table->members().find(info.name);
  const bool news = known == s.table->members().end() || known->second.state != member_state::up || !known->second.info;
  s.table->on_introduction(info, s.options->clock());
  if (news) note_change(self, info.name);
}

void join(member_pointer self, const caf::actor& other) {
  self->request(other, report_deadline, join_request{self->state.options->self})
    .then(
      [self](const join_reply& reply) {
        introduce(self, reply.self);
        connect_strangers(self, reply.others);
      },
      [](const caf::error&) {}); // its link is gone again, or it will ask us
}

void on_name(member_pointer self, const bus::name_event& event) {
  if (!event.name.starts_with(member_prefix)) return;
  auto& s = self->state;
  const auto name = event.name.substr(member_prefix.size());
  if (name == s.options->self.name) return;
  if (!event.actor) {
    s.others.erase(name);
    return;
  }
  s.others[name] = event.actor;
  join(self, event.actor);
}

void on_peer(member_pointer self, const bus::peer_event& event) {
  auto& s = self->state;
  if (event.up) s.table->on_up(event.peer, s.options->clock());
  else s.table->on_down(event.peer, event.reason, s.options->clock());
  if (!event.up) note_change(self, event.peer);
}

} // namespace

caf::behavior member_actor(member_pointer self, std::shared_ptr<member_options> options) {
  auto& s = self->state;
  s.options = std::move(options);
  s.table.emplace(s.options->self.name);
  self->set_default_handler(caf::drop);
  s.options->node->watch(caf::actor_cast<caf::actor>(self));
  return {
    [self](const bus::peer_event& event) { on_peer(self, event); },
    [self](const bus::name_event& event) { on_name(self, event); },
    [self](const join_request& request) {
      introduce(self, request.self);
      return join_reply{self->state.options->self, self->state.table->addresses(request.self.name)};
    },
    [self](report_atom, const std::string& url) { self->state.options->self.url = url; },
    [self](report_atom) -> caf::result<node_report> {
      auto answer = self->make_response_promise<node_report>();
      report_self(self, [answer](node_report report) mutable { answer.deliver(std::move(report)); });
      return answer;
    },
    [self](const joined_singleton& one) { self->state.options->singletons.push_back(one.actor); },
    [self](const gather_request& request) { gather(self, *request.done); },
  };
}

} // namespace tt::cluster
