#include "actors/market/directory_actor.hpp"

#include "actors/market/caf_error.hpp"

namespace tt::market {

caf::behavior directory_actor(caf::stateful_actor<directory_state>* self, std::shared_ptr<const instrument_master> master,
                              std::function<symbol_options(const instrument&)> make_options) {
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
      }
      return handle;
    },
  };
}

} // namespace tt::market
