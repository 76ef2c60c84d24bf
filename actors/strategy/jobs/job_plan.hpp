#pragma once
/// A job that passed validation, ready to run: expressions compiled, names bound, schedule made. And the validation itself.

#include "actors/model/instrument.hpp"
#include "actors/strategy/jobs/job_names.hpp"

#include <functional>
#include <memory>
#include <set>
#include <span>

namespace tt::strategy {

struct compiled_condition {
  condition_text::kind what = condition_text::kind::item;
  std::string name; ///< as people see it
  std::optional<expression> when;
  std::vector<compiled_condition> inner;
};
struct compiled_list {
  std::string name;
  compiled_condition root;
};

/// Immutable once made; shared by runs.
struct job_plan {
  job_spec spec;
  indicator_settings settings;
  std::vector<name_binding> names; ///< by handle
  std::vector<compiled_list> lists;
  std::optional<expression> rank;
  std::optional<schedule> when;
  std::vector<std::int64_t> bars_needed; ///< by source: bars to load before the first one that counts
  std::map<std::string, std::uint32_t> notice_names; ///< live names that templates use -> handle
  std::vector<std::optional<expression>> hook_conditions; ///< by webhook; names of events beside the live ones
  bool daily = false;                    ///< whether daily bars of each symbol are read too (market_trend, filters)

  [[nodiscard]] const compiled_list* list(std::string_view name) const;
};

/// What an admin allows under a name (`job.limit_profile`).
struct limit_profile {
  double max_position_weight = 1;
  std::int64_t max_positions = 1'000;
  bool operator==(const limit_profile&) const = default;
};

/// The limit profiles of an account, and to whom an admin has given them.
struct account_profiles {
  std::map<std::string, limit_profile> named;
  std::map<std::string, std::string> of_strategies; ///< strategy id -> name
  std::string of_account;                           ///< of the account itself; "": none
  [[nodiscard]] bool gives(const std::string& strategy_id, const std::string& profile) const;
  bool operator==(const account_profiles&) const = default;
};

/// What validation knows of its surroundings.
struct check_context {
  const instrument_master* instruments = nullptr; ///< null: any symbol goes
  environment_lookup environment = {};
  utc_time now{};                                 ///< from here the next firings are looked for
  std::set<std::string> taken_ids = {};           ///< strategy ids of other files
  std::function<bool(const std::string& host)> allows_host = {}; ///< private hosts that notices may go to; empty: none
  std::map<std::string, limit_profile> profiles = {};       ///< that every account has; empty: any name goes
  std::map<std::string, account_profiles> by_account = {};  ///< of accounts that have told; others: who has a profile is not known
  enum class live_orders : std::uint8_t { refused, allowed };
  live_orders live = live_orders::refused;
};

struct checked_job {
  std::shared_ptr<const job_plan> plan; ///< null when there are errors
  std::optional<job_spec> spec;         ///< as read, also with errors
  std::vector<finding> findings;
  [[nodiscard]] bool has_errors() const { return !plan; }
};

/// Reads and checks a file. Never throws; every problem is a finding.
/// `overrides`: values of parameters that win over the file's, as an optimisation gives them.
checked_job check_job(std::string_view text, const std::string& file, const job_defaults& defaults, const check_context& context,
                      const std::map<std::string, std::string>& overrides = {});

/// `${NAME}` and `${NAME:-default}` put in; names without a value are returned in `unset` and stay as they are.
std::string expand_variables(std::string_view text, const environment_lookup& lookup, std::vector<std::string>& unset);

/// The variable that holds the key of a webhook's signature: of "HOOK_KEY" and "${HOOK_KEY}" alike. Empty: unsigned.
std::string signing_variable(const job_webhook& hook);

/// Words that events have beside the live names: what conditions of webhooks may ask for. The place of a word plus
/// event_word_base is its handle.
inline constexpr std::uint32_t event_word_base = 1u << 24;
std::span<const std::pair<std::string_view, value_type>> event_words();

/// The placeholders of a template's text, in order.
std::vector<std::string> placeholders_in(std::string_view text);
/// Whether templates may use the name: a word of the platform's list, or a parameter.
bool is_placeholder(std::string_view name, const job_spec& spec);

/// Why a job that names a limit profile trades by the usual limits.
std::string profile_not_given(const job_spec& spec);

namespace check { // parts of check_job, each adding its findings
void parameters(const job_spec& spec, finding_list& out);
void symbols(const job_spec& spec, const instrument_master* master, finding_list& out);
void profile(const job_spec& spec, const check_context& context, finding_list& out);
void weights(const job_spec& spec, const check_context& context, finding_list& out);
void firings(const job_spec& spec, const schedule& when, utc_time now, finding_list& out);
void webhooks(const job_spec& spec, const check_context& context, finding_list& out);
void secrets(const yaml_node& root, finding_list& out);
void contradictions(const compiled_list& list, text_place at, const std::string& key, finding_list& out);
} // namespace check

} // namespace tt::strategy
