#include "actors/alerts/webhook/signal.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace tt::webhook {

namespace {

using kind = payload_value::kind;

std::string lower(std::string_view text) {
  std::string out{text};
  for (auto& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blanks = " \t\r\n";
  const auto first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

/// Cut at a limit without splitting a character.
std::string shortened(std::string_view text, std::size_t limit) {
  if (text.size() <= limit) return std::string{text};
  while (limit > 0 && (static_cast<unsigned char>(text[limit]) & 0xC0U) == 0x80U) --limit;
  return std::string{text.substr(0, limit)};
}

/// Reads fields and keeps what is wrong with them.
class field_reader {
public:
  field_reader(const payload& from, signal& to) : from_(from), to_(to) {}

  std::string text(std::initializer_list<std::string_view> names, std::size_t limit = max_field_text) {
    const auto* found = scalar(names);
    if (found == nullptr) return {};
    const auto out = trimmed(found->text);
    if (limit == max_field_text && out.size() > limit) {
      problem(*names.begin(), "is longer than " + std::to_string(limit) + " bytes");
      return {};
    }
    return shortened(out, limit);
  }
  std::optional<decimal> number(std::initializer_list<std::string_view> names) {
    const auto* found = scalar(names);
    if (found == nullptr) return std::nullopt;
    auto parsed = decimal::parse(trimmed(found->text));
    if (parsed) return *parsed;
    // TradingView writes NaN where a placeholder has no value
    const auto word = lower(trimmed(found->text));
    if (word == "nan" || word == "na" || word == "null") return std::nullopt;
    problem(*names.begin(), "is " + tt::in_quotes(found->text) + ", which is not a number: " + parsed.error().message);
    return std::nullopt;
  }
  std::optional<price> above_zero(std::initializer_list<std::string_view> names) {
    const auto found = number(names);
    if (!found || found->is_zero()) return std::nullopt; // 0: no price
    return price{*found};
  }
  template <class Enum>
  std::optional<Enum> choice(std::initializer_list<std::string_view> names) {
    const auto word = lower(text(names));
    if (word.empty()) return std::nullopt;
    std::string spelt = word;
    std::replace_if(spelt.begin(), spelt.end(), [](char c) { return c == '-' || c == ' '; }, '_');
    auto parsed = parse_name<Enum>(spelt, *names.begin());
    if (parsed) return *parsed;
    problem(*names.begin(), parsed.error().message);
    return std::nullopt;
  }
  const payload_value* raw(std::initializer_list<std::string_view> names) { return from_.find(names); }
  void problem(std::string_view field, std::string what) { to_.problems.push_back({std::string{field}, std::move(what)}); }

private:
  const payload_value* scalar(std::initializer_list<std::string_view> names) {
    const auto* found = from_.find(names);
    if (found == nullptr) return nullptr;
    if (found->type == kind::list || found->type == kind::object) {
      problem(*names.begin(), "must be a text or a number");
      return nullptr;
    }
    return found;
  }

  const payload& from_;
  signal& to_;
};

void read_symbol(field_reader& in, signal& out) {
  out.symbol = in.text({"symbol", "ticker"});
  const auto exchange = in.text({"exchange"});
  if (!out.symbol.empty() && !exchange.empty() && out.symbol.find(':') == std::string::npos) out.symbol = exchange + ":" + out.symbol;
}

void read_position(field_reader& in, signal& out) {
  out.position = in.choice<market_side>({"market_position"});
  out.previous = in.choice<market_side>({"prev_market_position"});
  out.position_size = in.number({"market_position_size", "position_size"});
  if (out.position_size) out.position_size = out.position_size->abs();
}

void read_action(field_reader& in, signal& out) {
  out.action_word = lower(in.text({"action", "side", "order_action"}));
  if (!out.action_word.empty()) {
    out.action = find_action(out.action_word).value_or(alert_action::none);
  } else if (out.position) {
    // no word: the position that the strategy reports to have now
    switch (*out.position) {
    case market_side::flat: out.action = alert_action::close; break;
    case market_side::long_side: out.action = alert_action::go_long; break;
    case market_side::short_side: out.action = alert_action::go_short; break;
    }
    out.action_word = to_string(*out.position);
  }
}

void read_quantity(field_reader& in, signal& out) {
  out.qty = in.number({"quantity", "contracts", "qty"});
  if (!out.qty)
    if (const auto held = in.number({"position_size"})) out.qty = held->abs(); // negative: a short position
  out.qty_kind = in.choice<quantity_kind>({"quantity_type"});
  out.max_position = in.number({"max_position_size"});
  out.risk_percent = in.number({"risk_percent"});
}

void read_order(field_reader& in, signal& out) {
  out.limit_price = in.above_zero({"price"});
  out.stop_price = in.above_zero({"stop_price"});
  if (const auto type = in.choice<order_type>({"order_type"})) out.type = *type;
  if (out.type == order_type::bracket || out.type == order_type::oco || out.type == order_type::trailing_stop)
    in.problem("order_type", "an alert may ask for market, limit, stop and stop_limit orders only");
  out.tif = in.choice<time_in_force>({"time_in_force", "tif"});
  if (out.tif == time_in_force::gtd) in.problem("time_in_force", "gtd needs a date, which an alert has no field for");
  if (out.type == order_type::market || out.type == order_type::stop) out.limit_price.reset();
  if (out.type == order_type::market || out.type == order_type::limit) {
    // the stop of a market order is kept for risk_percent
    if (!out.risk_percent) out.stop_price.reset();
  }
}

void read_strategy(field_reader& in, signal& out) {
  const auto* given = in.raw({"strategy"});
  if (given != nullptr && given->type == kind::object) {
    const auto part = [&](std::initializer_list<std::string_view> names) {
      const auto* found = given->find(names);
      return found != nullptr && found->type != kind::list && found->type != kind::object ? shortened(trimmed(found->text), max_field_text)
                                                                                           : std::string{};
    };
    out.strategy = part({"name", "id"});
    out.strategy_version = part({"version"});
    out.signal_type = part({"signal_type"});
  } else if (given != nullptr) {
    out.strategy = in.text({"strategy"});
  }
  if (out.strategy.empty()) out.strategy = in.text({"strategy_id"});
}

void read_identity(field_reader& in, signal& out) {
  out.id = in.text({"alert_id", "id", "idempotency_key"});
  const auto at = in.text({"timenow", "sent_at", "timestamp"});
  if (at.empty()) return;
  auto parsed = parse_alert_time(at);
  if (parsed) out.sent_at = *parsed;
  else in.problem("timenow", parsed.error().message);
}

} // namespace

std::optional<alert_action> find_action(std::string_view word) {
  static constexpr std::array<std::pair<std::string_view, alert_action>, 15> words{
    {{"buy", alert_action::buy},
     {"sell", alert_action::sell},
     {"long", alert_action::go_long},
     {"short", alert_action::go_short},
     {"exit", alert_action::close},
     {"close", alert_action::close},
     {"flat", alert_action::close},
     {"flatten", alert_action::close},
     {"close_long", alert_action::close_long},
     {"close_short", alert_action::close_short},
     {"cancel", alert_action::cancel},
     {"cancel_all", alert_action::cancel_all},
     {"adjust", alert_action::none},
     {"emergency_rebalance", alert_action::none},
     {"info", alert_action::none}}};
  auto spelt = lower(trimmed(word));
  std::replace_if(spelt.begin(), spelt.end(), [](char c) { return c == '-' || c == ' '; }, '_');
  const auto* found = std::find_if(words.begin(), words.end(), [&](const auto& one) { return one.first == spelt; });
  return found == words.end() ? std::nullopt : std::optional{found->second};
}

result<utc_time> parse_alert_time(std::string_view text) {
  text = trimmed(text);
  const bool is_number = !text.empty() && text.find_first_not_of("0123456789.") == std::string_view::npos;
  if (!is_number) return parse_iso8601(text);
  auto number = decimal::parse(text);
  if (!number) return error{errc::invalid_argument, "is no moment: " + tt::in_quotes(text), "timenow"};
  // seconds reach 10^10 in the year 2286; milliseconds passed it in April 1970
  const bool is_ms = *number >= decimal{10'000'000'000};
  const auto ms = is_ms ? *number : *number * decimal{1000};
  const auto whole = ms.rounded_to(decimal{1}, rounding::down).to_scaled(0);
  if (!whole || *whole > unix_ms(max_input_time)) return error{errc::out_of_range, "is outside the years 1970 to 2200: " + tt::in_quotes(text), "timenow"};
  return from_unix_ms(*whole);
}

signal normalise(const payload& from) {
  signal out;
  field_reader in{from, out};
  read_symbol(in, out);
  read_position(in, out);
  read_action(in, out);
  read_quantity(in, out);
  read_order(in, out);
  read_strategy(in, out);
  read_identity(in, out);
  out.account = in.text({"account_group", "account"});
  out.alert_name = in.text({"alert_name"}, max_comment_text);
  out.comment = in.text({"comment", "message"}, max_comment_text);
  out.interval = in.text({"interval"});
  return out;
}

} // namespace tt::webhook
