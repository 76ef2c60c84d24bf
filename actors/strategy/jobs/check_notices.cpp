// Webhooks of a job: variables, addresses, templates; and literals that look like secrets.
#include "actors/strategy/jobs/job_plan.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <set>

namespace tt::strategy {

namespace {

constexpr std::array<std::string_view, 32> placeholder_words{
  "symbol", "symbols", "all_symbols", "side", "trade_action", "shares", "position_size", "dollar_amount", "current_price", "target_price", "timestamp",
  "rsi", "volume_ratio", "bollinger_lower", "bollinger_upper", "exit_reason", "unrealized_pnl", "pnl_pct", "target_weight", "current_weight",
  "current_volatility", "max_drawdown", "adjustment_action", "emergency_reason", "corrective_action", "error_message", "run_id", "strategy_id",
  "stop_loss", "take_profit", "reason", "event"};

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; }

struct url_parts {
  std::string scheme, host;
};
std::optional<url_parts> split_url(std::string_view url) {
  const auto colon = url.find("://");
  if (colon == std::string_view::npos) return std::nullopt;
  auto rest = url.substr(colon + 3);
  rest = rest.substr(0, rest.find_first_of("/?#"));
  if (const auto at = rest.rfind('@'); at != std::string_view::npos) rest = rest.substr(at + 1);
  if (rest.starts_with('[')) rest = rest.substr(1, rest.find(']') - 1);
  else rest = rest.substr(0, rest.find(':'));
  return rest.empty() ? std::nullopt : std::optional(url_parts{lower(url.substr(0, colon)), lower(rest)});
}

std::optional<std::array<int, 4>> ipv4(std::string_view host) {
  std::array<int, 4> out{};
  for (std::size_t i = 0; i < 4; ++i) {
    const auto dot = std::min(host.find('.'), host.size());
    const auto [end, ec] = std::from_chars(host.data(), host.data() + dot, out[i]);
    if (dot == 0 || dot > 3 || ec != std::errc{} || end != host.data() + dot || out[i] > 255) return std::nullopt;
    host.remove_prefix(i < 3 ? std::min(dot + 1, host.size()) : dot);
  }
  return host.empty() ? std::optional(out) : std::nullopt;
}

bool is_own_host(const std::string& host) { return host == "localhost" || host == "127.0.0.1" || host == "::1" || host == "0.0.0.0"; }

/// What can be said of a name alone; the sender checks the addresses it resolves to once more.
bool is_private_host(const std::string& host) {
  if (host.find(':') != std::string::npos) { // IPv6; one that carries an IPv4 address goes where that goes
    const auto tail = host.substr(host.rfind(':') + 1);
    if (tail.find('.') != std::string::npos) return is_private_host(tail);
    return host.starts_with("fc") || host.starts_with("fd") || host.starts_with("fe8") || host.starts_with("::") || is_own_host(host);
  }
  if (is_own_host(host) || host.ends_with(".localhost") || host.ends_with(".local") || host.ends_with(".internal") || host.find('.') == std::string::npos)
    return true;
  const auto ip = ipv4(host);
  if (!ip) return std::all_of(host.begin(), host.end(), [](char c) { return c == '.' || (c >= '0' && c <= '9') || c == 'x'; });
  const auto [a, b, c, d] = *ip;
  return a == 0 || a == 10 || a == 127 || (a == 100 && b >= 64 && b < 128) || (a == 169 && b == 254) || (a == 172 && b >= 16 && b < 32) || (a == 192 && b == 168) || a >= 224;
}

void check_templates(const job_spec& spec, const job_webhook& hook, const yaml_node& n, const std::string& key, finding_list& out) {
  if (n.is_scalar()) {
    for (const auto& name : placeholders_in(n.text))
      if (!is_placeholder(name, spec)) {
        std::vector<std::string> known(placeholder_words.begin(), placeholder_words.end());
        for (const auto& [parameter, _] : spec.parameters) known.push_back(parameter);
        const auto near = nearest_name(name, known);
        out.error(finding_code::template_unknown, n.at, key, "there is no placeholder " + in_quotes("{" + name + "}") + (near ? "; did you mean {" + *near + "}?" : ""));
      }
  }
  for (const auto& item : n.items) check_templates(spec, hook, *item, key, out);
  for (const auto& e : n.entries) check_templates(spec, hook, *e.value, key + "." + e.key, out);
}

bool is_event(const std::string& event, const job_spec& spec) {
  static constexpr std::array<std::string_view, 18> words{"entry", "exit", "entry_long", "entry_short", "exit_long", "exit_short", "signal", "error", "order", "disabled",
                                                          "rebalance", "risk_adjustment", "emergency_rebalance", "trade", "rejected", "run", "adjust", "missing_data"};
  return std::find(words.begin(), words.end(), event) != words.end() || spec.conditions_named(event) != nullptr;
}

/// The text with its variables, or nothing and a finding. `used` gathers what it names of the job's own environment.
std::optional<std::string> check_variables(const std::string& text, const job_spec& spec, const check_context& context, text_place at, const std::string& key, finding_list& out,
                                           std::set<std::string>& used) {
  std::vector<std::string> unset, inner;
  const auto lookup = [&](std::string_view name) -> std::optional<std::string> {
    const auto own = spec.environment.find(std::string(name));
    if (own == spec.environment.end()) return context.environment ? context.environment(name) : std::nullopt;
    used.insert(own->first);
    return expand_variables(own->second, context.environment, inner);
  };
  auto expanded = expand_variables(text, lookup, unset);
  unset.insert(unset.end(), inner.begin(), inner.end());
  for (const auto& name : unset) out.error(finding_code::env_unset, at, key, "the variable " + in_quotes(name) + " is not set and has no default");
  return unset.empty() ? std::optional(std::move(expanded)) : std::nullopt;
}

/// Variables of `environment` that nothing of the file reads may be without a value.
void check_unused(const job_spec& spec, const check_context& context, const std::set<std::string>& used, finding_list& out) {
  for (const auto& [name, text] : spec.environment) {
    if (used.contains(name)) continue;
    std::vector<std::string> unset;
    (void)expand_variables(text, context.environment, unset);
    if (unset.empty()) continue;
    const auto at = spec.environment_at.find(name);
    out.warning(finding_code::env_unset, at == spec.environment_at.end() ? text_place{} : at->second, "environment." + name,
                "the variable " + in_quotes(unset.front()) + " is not set; nothing in the file uses it, so it is ignored");
  }
}

void check_url(const job_spec& spec, const job_webhook& hook, const std::string& expanded, const check_context& context, finding_list& out) {
  const std::string key = "job.webhooks." + hook.name + ".url";
  const bool hidden = hook.url.find("${") != std::string::npos; // a value of a variable is not repeated
  const auto url = split_url(expanded);
  if (!url && hidden) return; // where values are not known the sender judges
  if (!url) return out.error(finding_code::bad_value, hook.at, key, "is no address such as https://host/path");
  if (spec.dialect == job_dialect::legacy && is_own_host(url->host))
    return out.warning(finding_code::legacy_reading, hook.at, key, "goes to this installation itself: it is kept as a record, and makes no second order");
  const bool listed = context.allows_host && context.allows_host(url->host);
  if (!listed && is_private_host(url->host))
    out.error(finding_code::unsafe_url, hook.at, key, "goes to " + (hidden ? std::string("a private address") : "the private address " + in_quotes(url->host)) + ", which is not on the allow list (notices.allow)");
  else if (url->scheme != "https") out.error(finding_code::unsafe_url, hook.at, key, "must be https");
}

bool names_a_secret(const std::string& key) {
  const std::string k = lower(key);
  return k.ends_with("token") || k.ends_with("secret") || k.ends_with("password") || k.ends_with("passphrase") || k.find("api_key") != std::string::npos
         || k.find("apikey") != std::string::npos || k.find("api-key") != std::string::npos || k == "authorization";
}

bool looks_like_a_token(const std::string& text) {
  for (const auto prefix : {"sk-", "sk_live_", "sk_test_", "rk_live_", "ghp_", "gho_", "xoxb-", "xoxp-", "AKIA", "eyJhbGci", "glpat-"})
    if (text.starts_with(prefix) && text.size() >= 16) return true;
  const std::string_view bare = text.starts_with("Bearer ") ? std::string_view(text).substr(7) : std::string_view(text);
  if (bare.size() < 32) return false;
  bool digit = false, letter = false;
  for (const char c : bare) {
    if (!std::isalnum(static_cast<unsigned char>(c)) && c != '+' && c != '/' && c != '=' && c != '-') return false;
    digit = digit || std::isdigit(static_cast<unsigned char>(c));
    letter = letter || std::isalpha(static_cast<unsigned char>(c));
  }
  return digit && letter;
}

/// "?token=…": a parameter of an address that is a secret by its name or by its looks.
bool query_holds_a_secret(std::string_view url) {
  const auto begin = url.find('?');
  if (url.find("://") == std::string_view::npos || begin == std::string_view::npos) return false;
  auto rest = url.substr(begin + 1);
  rest = rest.substr(0, rest.find('#'));
  for (std::size_t at = 0; at <= rest.size();) {
    const auto end = std::min(rest.find_first_of("&;", at), rest.size());
    const auto pair = rest.substr(at, end - at);
    const auto eq = std::min(pair.find('='), pair.size());
    const std::string name(pair.substr(0, eq)), text(pair.substr(std::min(eq + 1, pair.size())));
    const bool literal = text.find('{') == std::string::npos;
    if (literal && ((names_a_secret(name) && text.size() >= 8) || looks_like_a_token(text))) return true;
    at = end + 1;
  }
  return false;
}

void find_secrets(const yaml_node& n, const std::string& path, const std::string& key, finding_list& out) {
  if (n.is_scalar() && query_holds_a_secret(n.text))
    out.error(finding_code::secret_in_file, n.at, path, "the address holds what looks like a secret; write ${NAME} and give the value by the environment");
  if (n.is_scalar() && n.text.find("${") == std::string::npos && n.text.find('{') == std::string::npos) {
    const bool by_name = names_a_secret(key) && n.text.size() >= 8 && !as_number(n) && !as_boolean(n);
    if (by_name || looks_like_a_token(n.text))
      out.error(finding_code::secret_in_file, n.at, path, "looks like a secret; write ${NAME} and give the value by the environment");
  }
  for (std::size_t i = 0; i < n.items.size(); ++i) find_secrets(*n.items[i], path + "[" + std::to_string(i) + "]", key, out);
  for (const auto& e : n.entries) find_secrets(*e.value, path.empty() ? e.key : path + "." + e.key, e.key, out);
}

} // namespace

std::string expand_variables(std::string_view text, const environment_lookup& lookup, std::vector<std::string>& unset) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const auto begin = text.find("${", at);
    const auto end = begin == std::string_view::npos ? begin : text.find('}', begin);
    if (end == std::string_view::npos) return out.append(text.substr(at));
    out.append(text.substr(at, begin - at));
    const auto inner = text.substr(begin + 2, end - begin - 2);
    const auto dash = inner.find(":-");
    const auto name = inner.substr(0, dash);
    auto found = lookup ? lookup(name) : std::nullopt;
    if (found && !(found->empty() && dash != std::string_view::npos)) out.append(*found);
    else if (dash != std::string_view::npos) out.append(inner.substr(dash + 2));
    else unset.emplace_back(name), out.append(text.substr(begin, end - begin + 1));
    at = end + 1;
  }
  return out;
}

std::string signing_variable(const job_webhook& hook) {
  std::string_view text = hook.sign;
  if (text.starts_with("${") && text.ends_with('}')) text = text.substr(2, text.size() - 3);
  return std::string(text.substr(0, text.find(":-")));
}

std::span<const std::pair<std::string_view, value_type>> event_words() {
  static constexpr auto number = value_type::number, text = value_type::text;
  static constexpr std::array<std::pair<std::string_view, value_type>, 16> words{{
    {"symbol", text}, {"side", text}, {"trade_action", text}, {"shares", number}, {"position_size", number}, {"dollar_amount", number},
    {"current_price", number}, {"target_price", number}, {"exit_reason", text}, {"reason", text}, {"event", text}, {"error_message", text},
    {"target_weight", number}, {"current_weight", number}, {"current_volatility", number}, {"adjustment_action", text}}};
  return words;
}

std::vector<std::string> placeholders_in(std::string_view text) {
  std::vector<std::string> out;
  for (std::size_t at = 0; (at = text.find('{', at)) != std::string_view::npos; ++at) {
    if (at > 0 && text[at - 1] == '$') continue;
    const auto end = text.find('}', at);
    if (end == std::string_view::npos) break;
    const auto name = text.substr(at + 1, end - at - 1);
    if (!name.empty() && std::all_of(name.begin(), name.end(), is_word)) out.emplace_back(name);
  }
  return out;
}

bool is_placeholder(std::string_view name, const job_spec& spec) {
  return std::find(placeholder_words.begin(), placeholder_words.end(), name) != placeholder_words.end() || spec.parameters.contains(std::string(name));
}

namespace check {

void webhooks(const job_spec& spec, const check_context& context, finding_list& out) {
  std::set<std::string> used;
  for (const auto& hook : spec.webhooks) {
    const std::string key = "job.webhooks." + hook.name;
    if (const auto url = check_variables(hook.url, spec, context, hook.at, key + ".url", out, used)) check_url(spec, hook, *url, context, out);
    for (const auto& [name, text] : hook.headers) {
      if (spec.dialect == job_dialect::legacy && lower(name) == "x-strategy-source") {
        out.warning(finding_code::legacy_reading, hook.at, key + ".headers." + name, "means nothing here and is left out");
        continue;
      }
      (void)check_variables(text, spec, context, hook.at, key + ".headers." + name, out, used);
    }
    if (const auto variable = signing_variable(hook); !variable.empty()) // never sent unsigned instead
      (void)check_variables("${" + variable + "}", spec, context, hook.sign_at, key + ".sign", out, used);
    for (const auto& [event, payload] : hook.templates) {
      if (!is_event(event, spec)) out.warning(finding_code::event_unknown, payload->at, key + ".payload_templates." + event, "nothing raises the event " + in_quotes(event));
      check_templates(spec, hook, *payload, key + ".payload_templates." + event, out);
    }
  }
  check_unused(spec, context, used, out);
}

void secrets(const yaml_node& root, finding_list& out) { find_secrets(root, "", "", out); }

} // namespace check

} // namespace tt::strategy
