#include "actors/market/directory_actor.hpp"

#include "actors/market/caf_error.hpp"

#include <caf/exit_reason.hpp>

namespace tt::market {

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
    [self](symbol_atom, const std::string& name) -> caf::result<caf::actor> {
      auto& s = self->state;
      const instrument* what = s.master->find(name);
      if (!what) return to_caf_error({errc::unknown_symbol, "unknown symbol " + name, "symbol"});
      auto& handle = s.symbols[what->symbol];
      if (!handle) {
        handle = self->spawn(symbol_actor, std::make_shared<symbol_options>(s.make_options(*what)));
        self->monitor(handle);
        if (s.on_start) s.on_start(what->symbol, handle);
      }
      return handle;
    },
    [self](hosted_atom) {
      hosted_list out;
      for (const auto& [symbol, actor] : self->state.symbols) out.symbols.push_back({symbol, actor});
      return out;
    },
    [self](end_atom, const std::string& symbol) {
      const auto at = self->state.symbols.find(symbol);
      if (at == self->state.symbols.end()) return;
      self->send_exit(at->second, caf::exit_reason::user_shutdown);
      self->state.symbols.erase(at);
    },
  };
}

} // namespace tt::market
