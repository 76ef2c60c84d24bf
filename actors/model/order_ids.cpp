#include "actors/model/order_ids.hpp"

#include <array>
#include <charconv>

namespace tt {

namespace {

// "signal": of a program whose cause is one text (gateways/bridge makes those from their text)
constexpr std::array<std::string_view, 10> kinds = {"webhook", "pine", "job", "manual", "rebalance", "leg", "flatten", "external", "signal", "unnamed"};

/// Takes "12:" from the front of `text`.
bool take_length(std::string_view& text, std::size_t& length) {
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), length);
  if (code != std::errc{} || end == text.data() + text.size() || *end != ':') return false;
  if (text.front() == '0' && end != text.data() + 1) return false; // one spelling per number
  text.remove_prefix(static_cast<std::size_t>(end - text.data()) + 1);
  return true;
}

} // namespace

result<intent_key> intent_key::make(std::string_view kind, std::initializer_list<std::string_view> parts) {
  intent_key key;
  key.text_ = kind;
  for (const auto part : parts) {
    if (part.size() > max_part) return error{errc::out_of_range, "part of an intent key is longer than 256 bytes", "intent"};
    key.text_ += '|' + std::to_string(part.size()) + ':' + std::string(part);
  }
  if (key.text_.size() > max_key) return error{errc::out_of_range, "intent key is longer than 1024 bytes", "intent"};
  return key;
}

result<intent_key> intent_key::webhook(std::string_view profile, std::string_view duplicate_key, int leg) {
  return make("webhook", {profile, duplicate_key, std::to_string(leg)});
}
result<intent_key> intent_key::pine(std::string_view strategy, std::string_view symbol, std::int64_t bar_ms, std::string_view pine_order,
                                    int call) {
  return make("pine", {strategy, symbol, std::to_string(bar_ms), pine_order, std::to_string(call)});
}
result<intent_key> intent_key::job(std::string_view job, std::int64_t fire_ms, std::string_view symbol, int leg) {
  return make("job", {job, std::to_string(fire_ms), symbol, std::to_string(leg)});
}
result<intent_key> intent_key::manual(std::string_view principal, std::string_view key) { return make("manual", {principal, key}); }
result<intent_key> intent_key::unnamed(std::string_view principal, order_number number) {
  return make("unnamed", {principal, std::to_string(raw(number))});
}
result<intent_key> intent_key::rebalance(std::string_view run, std::string_view symbol) { return make("rebalance", {run, symbol}); }
result<intent_key> intent_key::leg(const wire_order_id& parent, std::string_view leg, int generation) {
  return make("leg", {parent.str(), leg, std::to_string(generation)});
}
result<intent_key> intent_key::flatten(std::uint64_t epoch, std::string_view symbol) {
  return make("flatten", {std::to_string(epoch), symbol});
}
result<intent_key> intent_key::external(const venue_id& venue, std::string_view session, const venue_order_id& order) {
  return make("external", {venue.str(), session, order.str()});
}

result<intent_key> intent_key::parse(std::string_view text) {
  const error bad{errc::invalid_argument, "not an intent key: " + in_quotes(text), "intent"};
  if (text.size() > max_key) return bad;
  auto rest = text;
  const auto bar = rest.find('|');
  if (bar == std::string_view::npos) return bad;
  bool known = false;
  for (const auto kind : kinds) known = known || kind == rest.substr(0, bar);
  if (!known) return bad;
  rest.remove_prefix(bar);
  while (!rest.empty()) {
    std::size_t length = 0;
    if (rest.front() != '|') return bad;
    rest.remove_prefix(1);
    if (rest.empty() || !take_length(rest, length) || length > max_part || length > rest.size()) return bad;
    rest.remove_prefix(length);
  }
  intent_key key;
  key.text_ = text;
  return key;
}

} // namespace tt
