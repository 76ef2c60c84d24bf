#include "actors/market/directory_actor.hpp"

#include "actors/market/caf_error.hpp"

#include <caf/exit_reason.hpp>

#include <string>

namespace tt::market {

namespace {

using directory_pointer = caf::stateful_actor<directory_state>*;

/// Whether whoever gives orders under this epoch may; one that has been followed by another may not.
bool accept_epoch(directory_state& s, std::uint64_t epoch) {
  if (epoch < s.epoch) return false;
  s.epoch = epoch;
  return true;
}

caf::error superseded(const directory_state& s) {
  return to_caf_error({errc::conflict, "a later placement, of epoch " + std::to_string(s.epoch) + ", has taken over", "epoch"});
}

caf::result<caf::actor> start_symbol(directory_pointer self, const std::string& name, std::uint64_t epoch) {
  auto& s = self->state;
  if (!accept_epoch(s, epoch)) return superseded(s);
  const instrument* what = s.master->find(name);
  if (!what) return to_caf_error({errc::unknown_symbol, "unknown symbol " + name, "symbol"});
  auto& handle = s.symbols[what->symbol];
  if (!handle) {
    handle = self->spawn(symbol_actor, std::make_shared<symbol_options>(s.make_options(*what)));
    self->monitor(handle);
    if (s.on_start) s.on_start(what->symbol, handle);
  }
  return handle;
}

hosted_list hosted(const directory_state& s) {
  hosted_list out;
  for (const auto& [symbol, actor] : s.symbols) out.symbols.push_back({symbol, actor});
  return out;
}

void end_symbol(directory_pointer self, const host_end& what) {
  auto& s = self->state;
  const auto at = s.symbols.find(what.symbol);
  if (!accept_epoch(s, what.epoch) || at == s.symbols.end()) return;
  self->send_exit(at->second, caf::exit_reason::user_shutdown);
  s.symbols.erase(at);
}

} // namespace

caf::behavior directory_actor(caf::stateful_actor<directory_state>* self, std::shared_ptr<const instrument_master> master,
                              std::function<symbol_options(const instrument&)> make_options) {
  return hosting_directory_actor(self, std::move(master), std::move(make_options), {});
}

caf::behavior hosting_directory_actor(caf::stateful_actor<directory_state>* self, std::shared_ptr<const instrument_master> master,
                                      std::function<symbol_options(const instrument&)> make_options,
                                      std::function<void(const std::string&, const caf::actor&)> on_start) {
  self->state.on_start = std::move(on_start);
  self->state.master = std::move(master);
  self->state.make_options = std::move(make_options);
  self->set_down_handler([self](const caf::down_msg& down) {
    std::erase_if(self->state.symbols, [&](const auto& entry) { return entry.second.address() == down.source; });
  });
  self->set_exit_handler([self](const caf::exit_msg& exit) {
    for (auto& [name, symbol] : self->state.symbols) self->send_exit(symbol, exit.reason);
    self->quit(exit.reason);
  });
  return {
    [self](symbol_atom, const std::string& name) { return start_symbol(self, name, 0); },
    [self](hosted_atom) { return hosted(self->state); },
    [self](const host_look& what) -> caf::result<hosted_list> {
      if (!accept_epoch(self->state, what.epoch)) return superseded(self->state);
      return hosted(self->state);
    },
    [self](const host_order& what) { return start_symbol(self, what.symbol, what.epoch); },
    [self](const host_end& what) { end_symbol(self, what); },
  };
}

} // namespace tt::market
