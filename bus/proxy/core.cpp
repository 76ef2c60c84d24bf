#include "bus/proxy/core.hpp"

#include "bus/limits.hpp"
#include "bus/messages.hpp"
#include "bus/proxy/inbound.hpp"

#include <caf/actor_registry.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/make_actor.hpp>
#include <caf/make_message.hpp>
#include <caf/send.hpp>

#include <algorithm>
#include <cstdio>
#include <random>
#include <sys/random.h>
#include <unistd.h>

namespace bus::proxy {

namespace {

using pulse_atom = caf::atom_constant<caf::atom("pulse")>;

uint64_t random_number() {
  uint64_t x = 0;
  if (::getrandom(&x, sizeof x, 0) != sizeof x) x = std::random_device{}();
  return x;
}

// FNV-1a: the name part of a node id only has to tell nodes of one cluster apart in a log.
uint64_t hash_of(std::string_view text) {
  uint64_t h = 0xcbf29ce484222325u;
  for (unsigned char c : text) h = (h ^ c) * 0x100000001b3u;
  return h;
}

void log_to_stderr(log_level level, std::string_view text) {
  static constexpr const char* names[] = {"debug", "info", "warning", "error"};
  if (level == log_level::debug) return;
  std::fprintf(stderr, "bus %s: %.*s\n", names[static_cast<size_t>(level)], static_cast<int>(text.size()),
               text.data());
}

caf::behavior agent_behavior(caf::event_based_actor* self) {
  return {[self](spawn_request& x) -> caf::result<caf::actor> {
    auto spawned = self->system().spawn<caf::actor>(x.type, std::move(x.arguments), self->context());
    if (!spawned)
      return make_error(errc::cannot_spawn,
                        "cannot spawn " + x.type + ": " + self->system().render(spawned.error()));
    return *spawned;
  }};
}

} // namespace

std::string node_bytes_of(const caf::node_id& x) {
  std::string result;
  if (!x) return result;
  const auto& data = static_cast<const caf::node_id::default_data&>(*x);
  codec::put_u32(result, data.process_id());
  const auto host = data.host_id();
  result.append(reinterpret_cast<const char*>(host.data()), host.size());
  return result;
}

caf::node_id node_of_bytes(std::string_view x) {
  if (x.size() != link::node_bytes) return {};
  caf::node_id::default_data::host_id_type host;
  std::copy_n(x.data() + 4, host.size(), reinterpret_cast<char*>(host.data()));
  return caf::make_node_id(static_cast<uint32_t>(codec::get_big_endian(x.substr(0, 4))), host);
}

caf::node_id make_incarnation(std::string_view name) {
  std::string raw;
  codec::put_u32(raw, static_cast<uint32_t>(::getpid()));
  codec::put_u64(raw, random_number());
  codec::put_u64(raw, hash_of(name));
  codec::put_u32(raw, static_cast<uint32_t>(name.size()));
  return node_of_bytes(raw);
}

// -- life ---------------------------------------------------------------------

core::core(caf::actor_system& system, config cfg, std::shared_ptr<const codec::type_table> types)
    : system_(system), cfg_(std::move(cfg)), types_(std::move(types)), epoch_(random_number()),
      existing_proxies_(std::make_shared<std::atomic<uint64_t>>(0)), proxies_(system, *this),
      exports_(std::make_shared<export_table>(types_)) {
  if (!cfg_.log) cfg_.log = log_to_stderr;
}

core::~core() {
  stop();
}

void core::log(log_level level, const std::string& text) const {
  cfg_.log(level, text);
}

// Any thread; the log belongs to the bus thread.
void core::lost(const std::string& peer, const caf::error& reason) {
  auto line = losses_.lost(peer, text_of(reason), std::chrono::steady_clock::now());
  if (!line.empty() && running_)
    transport_->post([this, line = std::move(line)] { log(log_level::warning, line); });
}

caf::error core::open_keys(link::transport_settings& settings) const {
  if (cfg_.security == security::plain) return {};
  auto key = keys::load(cfg_.key_file);
  if (!key) return make_error(key.error().code, key.error().text);
  if (key->name != cfg_.name)
    return make_error(errc::bad_key_file,
                      cfg_.key_file + ": is the key of " + key->name + ", not of " + cfg_.name);
  auto allowed = keys::allow_list::load(cfg_.allow_file);
  if (!allowed) return make_error(allowed.error().code, allowed.error().text);
  settings.key = std::move(*key);
  settings.allowed = std::move(*allowed);
  return {};
}

caf::error core::start() {
  if (running_) return {};
  if (auto ok = check(cfg_); !ok) return make_error(ok.error().code, ok.error().text);
  link::transport_settings settings;
  if (auto err = open_keys(settings)) return err;
  hub_ = std::make_shared<topics::hub>(cfg_.name, epoch_, codec::encoder_context{types_.get(), this},
                                       codec::decoder_context{types_.get(), this});
  agent_ = system_.spawn<caf::hidden>(agent_behavior);
  pulse_ = system_.spawn<caf::hidden>([this](caf::event_based_actor*) -> caf::behavior {
    return {[this](pulse_atom, uint64_t n) { pulse_answered_ = n; }};
  });
  exports_->add(caf::actor_cast<caf::actor_control_block*>(agent_));
  settings.self.name = cfg_.name;
  settings.self.node = node_bytes_of(system_.node());
  settings.self.agent = agent_.id();
  settings.listen = cfg_.listen;
  settings.listen_topics = cfg_.listen_topics;
  settings.advertise = cfg_.advertise;
  settings.security = cfg_.security;
  settings.session.down_after = cfg_.down_after;
  settings.session.beat_every = cfg_.beat_every;
  settings.session.redial_after = 4 * cfg_.beat_every;
  settings.session.channel.mode = cfg_.repair;
  settings.link_bytes = cfg_.link_bytes;
  settings.lookup = cfg_.lookup;
  settings.log = cfg_.log;
  transport_ = std::make_unique<link::transport>(std::move(settings), *this);
  hub_->attach(transport_.get());
  hub_->on_overdrawn([this](const std::string& client) { transport_->overdrawn(client); });
  hub_->on_refusal([this](const std::string& what) { log(log_level::warning, what); });
  if (auto ok = transport_->start(); !ok) {
    stop();
    return make_error(ok.error().code, ok.error().text);
  }
  running_ = true;
  transport_->post([this] {
    if (cfg_.security == security::plain)
      log(log_level::warning, "security: plain: links are not encrypted and nobody has to show a key; every program of this machine can give orders");
    for (const auto& p : cfg_.peers)
      if (auto ok = transport_->connect(p.name, p.endpoint, origin::configured); !ok)
        log(log_level::error, ok.error().text);
  });
  return {};
}

void core::stop() {
  running_ = false;
  if (transport_) transport_->stop();
  for (auto* a : {&agent_, &pulse_}) {
    if (*a) caf::anon_send_exit(*a, caf::exit_reason::user_shutdown);
    *a = nullptr;
  }
  proxies_.clear();
  exports_->clear();
  std::map<std::string, caf::strong_actor_ptr> names;
  decltype(directory_) directory;
  const std::lock_guard guard{mutex_};
  names.swap(names_);
  directory.swap(directory_);
  watchers_.clear();
}

caf::error core::reload_allowed() {
  if (cfg_.security == security::plain) return {};
  if (!running_) return make_error(errc::stopped);
  auto allowed = keys::allow_list::load(cfg_.allow_file);
  if (!allowed) return make_error(allowed.error().code, allowed.error().text);
  transport_->post(
      [this, list = std::move(*allowed)]() mutable { transport_->replace_allowed(std::move(list)); });
  return {};
}

// -- handles ------------------------------------------------------------------

bool core::is_local(const caf::actor_control_block* actor) const {
  return actor->nid.operator->() == system_.node().operator->() || actor->nid == system_.node();
}

void core::write_actor(codec::bytes& out, caf::actor_control_block* actor) {
  if (is_local(actor)) exports_->add(actor);
  std::string payload;
  codec::put_u64(payload, actor->aid);
  payload += node_bytes_of(actor->nid);
  codec::pack_ext(out, codec::ext_type::actor, payload);
}

errc core::read_actor(caf::actor_id id, const caf::node_id& node, caf::strong_actor_ptr& out) {
  if (!node || id == caf::invalid_actor_id) return errc::bad_handle;
  if (node == system_.node()) {
    out = exports_->find(id);
    return errc::none;
  }
  // Actors cost nothing to invent, so their number is bounded; those of nodes without a link are dead at once.
  out = proxies_.get(node, id);
  if (!out && proxies_.count_proxies(node) >= cfg_.remote_actors) return errc::limit_reached;
  if (!out) out = proxies_.get_or_put(node, id);
  return errc::none;
}

route_ptr core::route_to(const caf::node_id& node) const {
  const std::lock_guard guard{mutex_};
  const auto i = routes_.find(node);
  return i == routes_.end() ? nullptr : i->second;
}

// Runs with the registry's mutex held: nothing here may call the registry.
caf::strong_actor_ptr core::make_proxy(caf::node_id node, caf::actor_id id) {
  auto via = route_to(node);
  if (via) {
    via->send(watch_frame(id), link::lane::vital);
  } else if (transport_) {
    transport_->post([this, node, id] { proxies_.erase(node, id); });
  }
  caf::actor_config cfg;
  return caf::make_actor<remote_actor, caf::strong_actor_ptr>(id, node, &system_, cfg, *this, std::move(via),
                                                              cfg_.actor_credit);
}

// -- sending ------------------------------------------------------------------

namespace {

// Short form for actors of this node: the receiver knows which node sent the frame.
class outgoing_handles final : public codec::handle_writer {
public:
  outgoing_handles(core& owner, export_table& exports) : owner_(owner), exports_(exports) {}

  void write_actor(codec::bytes& out, caf::actor_control_block* actor) override {
    if (!owner_.is_local(actor)) {
      owner_.write_actor(out, actor);
      return;
    }
    exports_.add(actor);
    std::string payload;
    codec::put_u64(payload, actor->aid);
    codec::pack_ext(out, codec::ext_type::actor, payload);
  }

private:
  core& owner_;
  export_table& exports_;
};

} // namespace

void core::post_link(const route_ptr& via, caf::actor_id remote, caf::strong_actor_ptr local, op what) {
  if (!via || !running_) return;
  transport_->post([this, via, remote, local = std::move(local), what] {
    outgoing_handles handles{*this, *exports_};
    send_vital(*via, link_frame(what, remote, local.get(), handles));
    // It may have died since, before anybody could watch it: then this is the only word of it.
    if (what == op::link && local->get()->getf(caf::abstract_actor::is_terminated_flag))
      send_vital(*via, down_frame(local->aid,
                                  static_cast<caf::monitorable_actor*>(local->get())->fail_state(), *types_));
  });
}

caf::error core::add_request(route& via, caf::actor_id receiver, const caf::mailbox_element& what) {
  switch (via.requests().add(what.sender, what.mid, receiver)) {
  case request_table::result::added:
    return {};
  case request_table::result::full:
    return make_error(errc::peer_overloaded, "too many requests are waiting");
  case request_table::result::closed:
    break;
  }
  return make_error(errc::peer_down);
}

// A request of a remote actor that is passed on to a third node: its home must know where the answer will
// come from, or it would wait for the wrong node to fail.
void core::announce_move(const caf::mailbox_element& what, const caf::node_id& to) {
  if (auto home = route_to(what.sender->nid))
    home->send(moved_frame(what.sender->aid, what.mid, to), link::lane::vital);
}

caf::error core::encode(std::string& frame, caf::actor_id receiver, const caf::mailbox_element& what,
                        const caf::type_erased_tuple& content) {
  frame.clear();
  outgoing_handles handles{*this, *exports_};
  codec::encoder f{frame, {types_.get(), &handles}};
  codec::pack_array(frame, 6);
  codec::pack_uint(frame, static_cast<uint8_t>(op::message));
  codec::pack_uint(frame, receiver);
  if (!what.sender) {
    codec::pack_nil(frame);
  } else if (is_local(what.sender.get())) {
    exports_->add(what.sender.get());
    codec::pack_uint(frame, what.sender->aid);
  } else {
    handles.write_actor(frame, what.sender.get());
  }
  // 0 for the most frequent id, that of an ordinary message without an answer
  codec::pack_uint(frame, what.mid.integer_value() ^ caf::message_id::default_async_value);
  if (what.stages.size() > limits::stages) return make_error(errc::limit_reached, "stages");
  if (what.stages.empty())
    codec::pack_nil(frame);
  else if (auto err = f.apply(what.stages))
    return err;
  if (auto err = f.apply_tuple(content)) return err;
  if (frame.size() > limits::message_bytes)
    return make_error(errc::message_too_large, std::to_string(frame.size()) + " bytes");
  return {};
}

caf::error core::send(route& via, caf::actor_id receiver, const caf::mailbox_element& what) {
  static thread_local std::string frame;
  auto err = encode(frame, receiver, what, what.content());
  // A requester must hear something: an answer that cannot travel is replaced by the reason.
  if (err && what.mid.is_response()) err = encode(frame, receiver, what, caf::make_message(err));
  if (!err) err = queue(via, receiver, what, frame);
  if (what.mid.is_response() && err == make_error(errc::peer_overloaded))
    err = send_reason(via, receiver, what, frame, err);
  if (frame.capacity() > 2 * limits::frame_bytes) frame = std::string{}; // do not keep a rare giant's memory
  return err;
}

// In place of an answer that found no room. If even this finds none, the session ends and the requester hears
// `peer_down`.
caf::error core::send_reason(route& via, caf::actor_id receiver, const caf::mailbox_element& what,
                             std::string& frame, const caf::error& reason) {
  count_refused();
  if (auto err = encode(frame, receiver, what, caf::make_message(reason))) return err;
  send_vital(via, frame);
  return {};
}

caf::error core::queue(route& via, caf::actor_id receiver, const caf::mailbox_element& what, const std::string& frame) {
  const bool is_request = what.mid.is_request() && what.sender;
  const bool tracked = is_request && is_local(what.sender.get());
  if (tracked)
    if (auto err = add_request(via, receiver, what)) return err;
  const auto result = via.send(frame, what.mid.is_response() ? link::lane::answer : link::lane::ordinary);
  if (result == link::append_result::accepted) {
    if (is_request && !tracked) announce_move(what, via.node());
    return {};
  }
  // If the route was closed meanwhile, the request has been answered with the others.
  if (tracked && !via.requests().take(what.sender->aid, what.mid)) return {};
  return result == link::append_result::closed ? make_error(errc::peer_down)
                                               : make_error(errc::peer_overloaded, "the link is behind");
}

} // namespace bus::proxy
