// Texts of alerts: whatever is taken holds no secret, says the same when it is read again, and never becomes an order
// by an unknown word or off the lot grid.
#include "actors/alerts/webhook/decision.hpp"

namespace {

using namespace tt;
using namespace tt::webhook;

const instrument_master& instruments() {
  static const auto* made = [] {
    instrument apple;
    apple.symbol = "AAPL";
    apple.exchange = "NASDAQ";
    instrument coin;
    coin.symbol = "BTCUSD";
    coin.exchange = "COINBASE";
    coin.kind = asset_class::crypto;
    coin.lot = quantity{decimal::from_scaled(1, 8)};
    coin.calendar_id = "24X7";
    return new instrument_master{std::move(instrument_master::make({apple, coin})).value()};
  }();
  return *made;
}

void require(bool rule) {
  if (!rule) __builtin_trap();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view body{reinterpret_cast<const char*>(data), size};
  const auto text = read_payload(body);
  if (!text) return 0;
  const auto kept = text->to_json();
  require(is_utf8(kept));
  for (const auto* name : {"secret", "passphrase", "token", "key"}) require(text->root.find({name}) == nullptr);
  const auto again = restore_payload(kept, text->form);
  require(again.has_value());
  const auto what = normalise(*text), same = normalise(*again);
  require(what.action == same.action && what.qty == same.qty && what.symbol == same.symbol && what.sent_at == same.sent_at);
  webhook_profile profile;
  profile.id = profile.name = "p";
  profile.account = account_id{"a"};
  const auto now = from_unix_seconds(1'768'492'800);
  for (const auto mode : {sync_mode::order, sync_mode::position}) {
    profile.sync = mode;
    const auto said = judge(what, {profile, instruments(), {}, alert_id{"wa-1"}, now});
    require(said.plan.has_value() == (said.word.verdict == alert_verdict::queued));
    if (!said.plan) continue;
    for (const std::int64_t held : {-3, 0, 3}) {
      strategy_holding holding;
      holding.qty = quantity{held};
      for (const auto& one : decide(*said.plan, holding, {}).orders)
        if (const auto* whole = std::get_if<size_quantity>(&one.request.size))
          require(whole->value > quantity{} && whole->value.value().is_multiple_of(said.plan->lot.value()));
    }
  }
  return 0;
}
