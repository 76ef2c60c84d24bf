#include "gateways/stream/topic_value.hpp"

#include "gateways/json/market_json.hpp"

namespace tt::gateway::stream {

namespace {

template <class... Fs>
struct overloaded : Fs... {
  using Fs::operator()...;
};
template <class... Fs>
overloaded(Fs...) -> overloaded<Fs...>;

/// Writes the data and returns the time for the envelope.
utc_time write_update(json_writer& out, const market::market_update& update, utc_time arrival) {
  return std::visit(overloaded{
                      [&](const market::quote_snapshot& quote) {
                        write_quote(out, quote);
                        return quote.ts;
                      },
                      [&](const market::trade_update& trade) {
                        write_trade(out, trade);
                        return trade.trade.ts;
                      },
                      [&](const market::bar_update& one) {
                        write_bar_update(out, one);
                        return arrival;
                      },
                    },
                    update);
}

} // namespace

bool same_content(const payload& a, const payload& b) {
  const auto* left = std::get_if<0>(&a);
  const auto* right = std::get_if<0>(&b);
  return left != nullptr && right != nullptr && **left == **right;
}

void begin_envelope(json_writer& out, const topic_key& key, std::string_view type) {
  const auto& traits = traits_of(key.what);
  out.begin_object().field("type", type.empty() ? traits.message_type : type).field("channel", traits.name);
  if (!key.symbol.empty()) out.field(is_of_accounts(key.what) ? "account_id" : "symbol", key.symbol);
  if (key.what == channel::bars) out.field("timeframe", key.frame.to_string()).field("session", to_string(key.hours));
}

std::string write_waiting(const topic_key& key, utc_time now, json_style style) {
  json_writer out{style};
  begin_envelope(out, key);
  out.key("data").null().field("state", "waiting").field("timestamp", now).end_object();
  return out.take();
}

std::string topic_value::write(json_style style) const {
  json_writer out{style};
  const auto* own = std::get_if<custom_value>(&content_);
  begin_envelope(out, *key_, own ? own->type : std::string_view{});
  out.key("data");
  if (const auto* update = std::get_if<0>(&content_)) {
    const utc_time at = write_update(out, **update, arrival_.wall);
    out.field("timestamp", at);
  } else {
    const auto& custom = std::get<custom_value>(content_);
    custom.write_data(out);
    // what never changed has no time of its own
    out.field("timestamp", custom.at == utc_time{} ? arrival_.wall : custom.at);
    if (custom.position) out.field("tseq", custom.position->tseq).field("epoch", custom.position->epoch);
  }
  out.end_object();
  return out.take();
}

const message_body& topic_value::body(message_style style) const {
  auto& slot = bodies_[style.index()];
  if (!slot) slot = make_body(style.form, write(style.fields));
  return *slot;
}

std::int64_t topic_value::fact() const {
  const auto* update = std::get_if<0>(&content_);
  if (update == nullptr) return 0;
  const auto* one = std::get_if<market::bar_update>(update->get());
  return one == nullptr ? 0 : one->data.open_time.time_since_epoch().count();
}

std::optional<log_position> topic_value::position() const {
  const auto* custom = std::get_if<custom_value>(&content_);
  return custom == nullptr ? std::nullopt : custom->position;
}

} // namespace tt::gateway::stream
