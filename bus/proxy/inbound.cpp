#include "bus/proxy/inbound.hpp"

#include "bus/limits.hpp"
#include "bus/messages.hpp"

#include <caf/exit_reason.hpp>
#include <caf/make_message.hpp>
#include <caf/sec.hpp>

#include <algorithm>

namespace bus::proxy {

namespace {

void answer(const caf::strong_actor_ptr& to, caf::message_id request, caf::error reason) {
  if (to) to->enqueue(nullptr, request.response_id(), caf::make_message(std::move(reason)), nullptr);
}

} // namespace

errc inbound::read_actor(caf::actor_id id, const caf::node_id& node, caf::strong_actor_ptr& out) {
  if (node) return core_.read_actor(id, node, out);
  if (id == caf::invalid_actor_id) return errc::bad_handle;
  if (id != peer_.last_sender_id || !peer_.last_sender) {
    caf::strong_actor_ptr known;
    if (auto e = core_.read_actor(id, peer_.via->node(), known); e != errc::none) return e;
    peer_.last_sender = std::move(known);
    peer_.last_sender_id = id;
  }
  out = peer_.last_sender;
  return errc::none;
}

bool inbound::dispatch(std::string_view in, size_t& used) {
  codec::decoder f{in, {core_.types_.get(), this}};
  if (auto err = read(f)) {
    ++core_.undecodable_;
    if (core_.undecodable_ < 10)
      core_.log(log_level::warning, "message from " + peer_.via->peer() + ": " + text_of(err));
    codec::cursor whole{in};
    if (whole.skip() != errc::none) return false;
    used = whole.offset();
    return true;
  }
  used = f.in().offset();
  return true;
}

caf::error inbound::read(codec::decoder& f) {
  uint32_t size = 0;
  uint64_t what = 0;
  if (auto e = f.in().read_array(size); e != errc::none) return make_error(e);
  if (size < 2) return make_error(errc::missing_field);
  if (auto e = f.in().read_uint(what); e != errc::none) return make_error(e);
  struct op_form {
    uint32_t fields;
    caf::error (inbound::*read)(codec::decoder&);
  };
  static constexpr op_form forms[] = {{6, &inbound::on_message},
                                      {2, &inbound::on_watch},
                                      {3, &inbound::on_down},
                                      {3, &inbound::on_credit},
                                      {3, nullptr},
                                      {3, nullptr},
                                      {4, &inbound::on_moved},
                                      {3, &inbound::on_name}};
  if (what >= std::size(forms)) return make_error(errc::out_of_range, "unknown operation");
  const auto& form = forms[what];
  if (size < form.fields) return make_error(errc::missing_field);
  auto err = form.read ? (this->*form.read)(f) : on_link(f, static_cast<op>(what));
  if (err) return err;
  for (auto i = form.fields; i < size; ++i)
    if (auto e = f.in().skip(); e != errc::none) return make_error(e);
  return {};
}

// -- messages -----------------------------------------------------------------

caf::error inbound::read_sender(codec::decoder& f, caf::strong_actor_ptr& out) {
  if (f.in().next_is_uint()) {
    uint64_t id = 0;
    if (auto e = f.in().read_uint(id); e != errc::none) return make_error(e);
    return make_error(read_actor(id, {}, out));
  }
  return f.apply(out);
}

core::target* inbound::target_for(caf::actor_id id) {
  if (const auto i = peer_.targets.find(id); i != peer_.targets.end()) return &i->second;
  auto actor = core_.exports_->find(id);
  if (!actor) return nullptr;
  auto& t = peer_.targets[id];
  t.actor = std::move(actor);
  t.gauge = meter::make(core_.transport_->signal(), peer_.load);
  t.id = id;
  return &t;
}

// The answer may come from another node than the request went to, before that node's `moved` arrives.
void inbound::settle_request(caf::actor_id requester, caf::message_id mid) {
  core_.early_moves_.forget(requester, mid);
  if (peer_.via->requests().take(requester, mid)) return;
  for (auto& [index, other] : core_.peers_)
    if (other.via->requests().take(requester, mid)) return;
}

// Its content is not decoded. Whoever can be told is told, as if the sender's own node had refused it.
caf::error inbound::refuse(codec::decoder& f, core::target* to, caf::strong_actor_ptr sender, caf::message_id mid, caf::error reason) {
  if (auto e = f.in().skip(); e != errc::none) return make_error(e);
  if (to) to->gauge->skip();
  if (mid.is_request()) {
    answer(sender, mid, std::move(reason));
  } else if (!to) {
    // as to any actor that has ended
  } else if (mid.is_response()) {
    settle_request(to->id, mid);
    to->actor->enqueue(nullptr, mid, caf::make_message(std::move(reason)), nullptr);
  } else if (sender) {
    sender->enqueue(caf::make_mailbox_element(nullptr, caf::make_message_id(), {},
                                              undelivered{caf::actor_cast<caf::actor_addr>(to->actor), std::move(reason)}),
                    nullptr);
  }
  return {};
}

caf::error inbound::on_message(codec::decoder& f) {
  uint64_t receiver = 0;
  uint64_t raw_mid = 0;
  caf::strong_actor_ptr sender;
  if (auto e = f.in().read_uint(receiver); e != errc::none) return make_error(e);
  if (auto err = read_sender(f, sender)) return err;
  if (auto e = f.in().read_uint(raw_mid); e != errc::none) return make_error(e);
  const caf::message_id mid{raw_mid ^ caf::message_id::default_async_value};
  caf::mailbox_element::forwarding_stack stages;
  if (!f.in().next_is_nil()) {
    if (auto err = f.apply(stages)) return err;
    if (stages.size() > limits::stages) return make_error(errc::too_long);
  } else if (auto e = f.in().read_nil(); e != errc::none) {
    return make_error(e);
  }
  if (mid.is_stream_message()) return make_error(errc::unknown_type, "streams are not carried");
  auto* to = target_for(receiver);
  if (to && !to->active) {
    to->active = true;
    peer_.active.push_back(to);
  }
  // An actor that is not behind hears of the peer all the same: one that is stuck must not cut off the others.
  if (is_excess_ && to && (to->gauge->waiting() > 0 || share_ > limits::frame_bytes)) {
    ++core_.excess_messages_;
    return refuse(f, to, std::move(sender), mid, make_error(errc::peer_overloaded, "too many messages of one node wait here"));
  }
  // CAF would hand the answer to nobody where a stage has ended
  if (std::any_of(stages.begin(), stages.end(), [](const auto& stage) { return !stage; }))
    return refuse(f, to, std::move(sender), mid, caf::make_error(caf::sec::request_receiver_down));
  codec::element_head head{sender, mid, std::move(stages), to ? to->gauge->deliver(share_) : codec::ticket{}};
  caf::mailbox_element_ptr element;
  if (auto err = codec::read_message_element(f, *core_.types_, std::move(head), element)) {
    if (mid.is_request()) answer(sender, mid, err);
    if (to && mid.is_response()) { // the requester must hear something
      settle_request(receiver, mid);
      to->actor->enqueue(nullptr, mid, caf::make_message(err), nullptr);
    }
    return err;
  }
  if (mid.is_response()) settle_request(receiver, mid);
  if (to)
    to->actor->enqueue(std::move(element), nullptr);
  else if (mid.is_request())
    answer(sender, mid, make_error(caf::sec::request_receiver_down));
  return {};
}

// -- life and death -----------------------------------------------------------

caf::error inbound::on_watch(codec::decoder& f) {
  uint64_t id = 0;
  if (auto e = f.in().read_uint(id); e != errc::none) return make_error(e);
  if (!core_.exports_->watch(id, peer_.via))
    core_.send_vital(*peer_.via, down_frame(id, core_.exports_->exit_reason_of(id), *core_.types_));
  return {};
}

caf::error inbound::on_down(codec::decoder& f) {
  uint64_t id = 0;
  caf::error reason;
  if (auto e = f.in().read_uint(id); e != errc::none) return make_error(e);
  if (auto err = f.apply(reason)) return err;
  if (peer_.last_sender_id == id) peer_.last_sender = nullptr;
  peer_.via->requests().receiver_ended(id);
  core_.proxies_.erase(peer_.via->node(), id, std::move(reason));
  return {};
}

caf::error inbound::on_credit(codec::decoder& f) {
  uint64_t id = 0;
  uint64_t total = 0;
  if (auto e = f.in().read_uint(id); e != errc::none) return make_error(e);
  if (auto e = f.in().read_uint(total); e != errc::none) return make_error(e);
  if (auto ptr = core_.proxies_.get(peer_.via->node(), id))
    static_cast<remote_actor*>(ptr->get())->consumed(total);
  return {};
}

caf::error inbound::on_link(codec::decoder& f, op what) {
  uint64_t id = 0;
  caf::strong_actor_ptr other;
  if (auto e = f.in().read_uint(id); e != errc::none) return make_error(e);
  if (auto err = f.apply(other)) return err;
  auto local = core_.exports_->find(id);
  if (!local || !other || local == other) return {};
  auto* linked = static_cast<caf::monitorable_actor*>(other->get());
  if (what == op::link)
    linked->add_link(local->get());
  else
    linked->remove_link(local->get());
  return {};
}

caf::error inbound::on_moved(codec::decoder& f) {
  uint64_t requester = 0;
  uint64_t raw_mid = 0;
  caf::node_id to;
  if (auto e = f.in().read_uint(requester); e != errc::none) return make_error(e);
  if (auto e = f.in().read_uint(raw_mid); e != errc::none) return make_error(e);
  if (auto err = f.apply(to)) return err;
  const caf::message_id mid{raw_mid};
  if (!peer_.via->requests().take(requester, mid)) {
    // answered already; or whoever passed it on to that node has not been heard of yet, over another link
    if (core_.exports_->find(requester))
      core_.early_moves_.keep(requester, mid, peer_.via->node(), std::move(to), std::chrono::steady_clock::now());
    return {};
  }
  to = core_.early_moves_.follow(requester, mid, std::move(to));
  if (!to || to == core_.system_.node()) return {};           // an actor of this node has it now
  auto actor = core_.exports_->find(requester);
  if (!actor) return {};
  auto via = core_.route_to(to);
  if (!via || via->requests().add(actor, mid, caf::invalid_actor_id) != request_table::result::added)
    answer(actor, mid, make_error(errc::peer_down, "the request was passed on to a node that is not linked"));
  return {};
}

caf::error inbound::on_name(codec::decoder& f) {
  std::string name;
  uint64_t id = 0;
  if (auto err = f.apply(name)) return err;
  if (auto e = f.in().read_uint(id); e != errc::none) return make_error(e);
  if (name.empty() || name.size() > limits::actor_name_bytes) return make_error(errc::too_long);
  caf::strong_actor_ptr actor;
  if (id != 0)
    if (auto e = read_actor(id, {}, actor); e != errc::none) return make_error(e);
  {
    const std::lock_guard guard{core_.mutex_};
    if (actor) {
      if (core_.directory_.size() >= limits::names && !core_.directory_.contains(name))
        return make_error(errc::limit_reached, "names");
      core_.directory_[name][peer_.via->peer()] = actor;
    } else if (const auto i = core_.directory_.find(name); i != core_.directory_.end()) {
      i->second.erase(peer_.via->peer());
      if (i->second.empty()) core_.directory_.erase(i);
    }
  }
  core_.notify_name(name);
  return {};
}

} // namespace bus::proxy
