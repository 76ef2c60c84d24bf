#include "actors/risk/event_text.hpp"

#include <charconv>

namespace tt::risk {

namespace {

constexpr std::string_view format_version = "1";
/// Changes of one limit event: as many as there are limits, each once or more.
constexpr std::uint64_t most_values = 1'000;

class field_writer {
public:
  explicit field_writer(std::string_view kind) { text(kind).text(format_version); }
  field_writer& text(std::string_view value) {
    out_ += std::to_string(value.size());
    out_ += ':';
    out_ += value;
    return *this;
  }
  template <class Int>
    requires std::is_integral_v<Int>
  field_writer& number(Int value) {
    return text(std::to_string(value));
  }
  field_writer& time(utc_time t) { return number(t.time_since_epoch().count()); }
  [[nodiscard]] std::string take() { return std::move(out_); }

private:
  std::string out_;
};

/// Reads fields in order; after the first failure everything is empty and `failed` stays set.
class field_reader {
public:
  field_reader(std::string_view from, std::string_view kind) : rest_(from) {
    if (text() != kind) fail();
    if (const auto version = text(); !failed_ && version != format_version) is_newer_ = true;
  }
  std::string_view text() {
    const auto colon = rest_.find(':');
    std::size_t length = 0;
    if (failed_ || colon == std::string_view::npos || colon == 0) return fail();
    const auto [end, code] = std::from_chars(rest_.data(), rest_.data() + colon, length);
    if (code != std::errc{} || end != rest_.data() + colon || length > rest_.size() - colon - 1) return fail();
    const auto value = rest_.substr(colon + 1, length);
    rest_.remove_prefix(colon + 1 + length);
    return value;
  }
  template <class Int>
  Int number() {
    const auto value = text();
    Int out{};
    const auto [end, code] = std::from_chars(value.data(), value.data() + value.size(), out);
    if (code != std::errc{} || end != value.data() + value.size()) fail();
    return out;
  }
  template <class Enum>
  Enum choice(std::size_t count) {
    const auto value = number<unsigned>();
    if (value >= count) fail();
    return static_cast<Enum>(value);
  }
  utc_time time() { return utc_time{nanoseconds{number<std::int64_t>()}}; }
  decimal number_text() {
    const auto value = decimal::parse(text());
    if (!value) fail();
    return value ? *value : decimal{};
  }
  std::string_view fail() {
    failed_ = true;
    rest_ = {};
    return {};
  }
  /// What went wrong, if anything; also when something is left over.
  [[nodiscard]] std::optional<error> problem() const {
    if (is_newer_) return error{errc::unsupported, "an event of a newer format"};
    if (failed_ || !rest_.empty()) return error{errc::corrupt_data, "not an event of the risk core"};
    return std::nullopt;
  }
  [[nodiscard]] bool is_good() const { return !failed_ && !is_newer_; }
  [[nodiscard]] bool has_more() const { return !rest_.empty(); }

private:
  std::string_view rest_;
  bool failed_ = false, is_newer_ = false;
};

void put(field_writer& out, const limit_setting& s) { out.text(to_string(s)); }

} // namespace

std::string to_text(const limit_event& event) {
  field_writer out("limits");
  const auto& c = event.change;
  out.number(event.version).time(event.at).number(static_cast<unsigned>(c.what)).number(static_cast<unsigned>(c.where.scope)).text(c.where.name);
  out.text(c.account).text(c.profile).text(c.author).text(c.reason).number(static_cast<unsigned>(c.by)).number(c.values.size());
  for (std::size_t i = 0; i < c.values.size(); ++i) {
    // by name: the numbers of limits may change from build to build
    out.text(spec_of(c.values[i].first).name());
    put(out, c.values[i].second);
    put(out, i < event.before.size() ? event.before[i].second : limit_setting{});
  }
  return out.take();
}

result<limit_event> parse_limit_event(std::string_view text) {
  field_reader in(text, "limits");
  limit_event out;
  auto& c = out.change;
  out.version = in.number<std::uint64_t>();
  out.at = in.time();
  c.what = in.choice<limit_change::target>(2);
  c.where.scope = in.choice<limit_scope>(5);
  c.where.name = in.text();
  c.account = in.text();
  c.profile = in.text();
  c.author = in.text();
  c.reason = in.text();
  c.by = in.choice<limit_change::role>(2);
  const auto count = in.number<std::uint64_t>();
  if (count > most_values) in.fail();
  for (std::uint64_t i = 0; i < count && in.is_good(); ++i) {
    const auto name = in.text(), value = in.text(), before = in.text();
    if (!in.is_good()) break;
    const auto* spec = find_limit(name);
    if (!spec) return error{errc::unsupported, "an event about the limit " + in_quotes(name) + ", which this build does not have"};
    const auto setting = parse_limit(*spec, value), earlier = parse_limit(*spec, before);
    if (!setting || !earlier) return error{errc::corrupt_data, "an event with a wrong value of " + std::string(name)};
    c.values.emplace_back(spec->id, *setting);
    out.before.emplace_back(spec->id, *earlier);
  }
  if (auto wrong = in.problem()) return *wrong;
  return out;
}

std::string to_text(const kill_event& event) {
  field_writer out("stop");
  out.number(event.epoch).time(event.at).number(static_cast<unsigned>(event.what)).number(static_cast<unsigned>(event.scope.what)).text(event.scope.name);
  out.number(static_cast<unsigned>(event.mode)).text(event.author).text(event.reason);
  if (event.open != kill_event::open_orders::keep) out.number(static_cast<unsigned>(event.open)); // not in texts of earlier builds
  return out.take();
}

result<kill_event> parse_kill_event(std::string_view text) {
  field_reader in(text, "stop");
  kill_event out;
  out.epoch = in.number<std::uint64_t>();
  out.at = in.time();
  out.what = in.choice<kill_event::kind>(enum_count<kill_event::kind>);
  out.scope.what = in.choice<kill_scope::kind>(enum_count<kill_scope::kind>);
  out.scope.name = in.text();
  out.mode = in.choice<kill_mode>(enum_count<kill_mode>);
  out.author = in.text();
  out.reason = in.text();
  if (in.has_more()) out.open = in.choice<kill_event::open_orders>(2);
  if (auto wrong = in.problem()) return *wrong;
  return out;
}

std::string to_text(const breaker_event& event) {
  field_writer out("breaker");
  out.number(event.number).time(event.at).number(static_cast<unsigned>(event.what)).text(to_string(event.which));
  out.number(static_cast<unsigned>(event.scope.what)).text(event.scope.name).text(event.measured.to_string()).text(event.limit.to_string());
  out.text(event.author).text(event.reason);
  return out.take();
}

result<breaker_event> parse_breaker_event(std::string_view text) {
  field_reader in(text, "breaker");
  breaker_event out;
  out.number = in.number<std::uint64_t>();
  out.at = in.time();
  out.what = in.choice<breaker_event::kind>(enum_count<breaker_event::kind>);
  const auto which = parse_name<breaker_kind>(in.text(), "breaker");
  if (which) out.which = *which;
  else in.fail();
  out.scope.what = in.choice<breaker_scope::kind>(enum_count<breaker_scope::kind>);
  out.scope.name = in.text();
  out.measured = in.number_text();
  out.limit = in.number_text();
  out.author = in.text();
  out.reason = in.text();
  if (auto wrong = in.problem()) return *wrong;
  return out;
}

} // namespace tt::risk
