#include "actors/market/messages.hpp"
#include "cluster/codec_types.hpp"

namespace tt::cluster {

void add_market_types(bus::codec::type_table& types) {
  types.add<market::tick_batch>("tt.ticks");
  types.add<market::feed_change>("tt.feed_change");
  types.add<market::update_batch>("tt.updates");
  types.add<market::trade_list>("tt.trades");
  types.add<market::quote_snapshot>("tt.quote");
  types.add<market::history_request>("tt.history");
  types.add<market::history_reply>("tt.bars");
  types.add<market::topic>("tt.topic");
  types.add<market::feed_status>("tt.feed");
  types.add<market::hosted_symbol>("tt.symbol");
  types.add<market::hosted_list>("tt.symbols");
  types.add<market::host_look>("tt.host_look");
  types.add<market::host_order>("tt.host_order");
  types.add<market::host_end>("tt.host_end");
  types.add<market::symbol_moved>("tt.moved");
}

} // namespace tt::cluster
