#pragma once

// The receiver of one node: posts in, answers out once they are durable, alerts on
// to the accounts. Everything of http-api section 10 between socket and order
// desk, but no socket, thread or clock.
//
//   auto got = receiver.receive(post, now);          // an answer at once, or a ticket
//   for (auto& [ticket, answer] : receiver.commit(now)) ...   // one transaction for all that waits
//   for (auto& q : receiver.lanes().take_questions()) ...     // to the order desk

#include "actors/alerts/webhook/authenticate.hpp"
#include "actors/alerts/webhook/event_journal.hpp"
#include "actors/alerts/webhook/hand_over.hpp"

#include <functional>
#include <unordered_map>

namespace tt::webhook {

/// Posts that may wait for one commit; more are answered 503.
inline constexpr std::size_t max_batch = 256;
/// How long an alert with an id or a time is known; without both, its body: longer than TradingView's resends last.
inline constexpr std::chrono::hours duplicate_memory{24};
inline constexpr std::chrono::seconds body_memory{30};
/// An alert makes no order later than this after it came, or than the profile's freshness, whichever is longer.
inline constexpr std::chrono::seconds shortest_deadline{60};

/// Why an answer is what it is. The gateway knows the HTTP status of each.
enum class answer_kind : std::uint8_t { accepted, unreadable, unauthenticated, rate_limited, unavailable };

struct webhook_answer {
  answer_kind kind = answer_kind::accepted;
  std::string detail;  ///< a sentence, where it was not accepted
  enum class repetition : std::uint8_t { first, duplicate } seen = repetition::first;
  std::optional<webhook_event> event; ///< with `accepted`
  utc_time at{};
};

struct receiver_settings {
  /// Profile of POST /webhook/tradingview; its source is `settings`.
  webhook_profile fallback;
  std::uint32_t posts_per_minute = 600, burst = 200; ///< per profile; 0 posts: no limit
  std::uint32_t failures_per_minute = 30;            ///< per address; above it 429 instead of 401
  hand_over_times times = {};
  /// 128 random bits as 32 hex digits.
  std::function<std::string()> make_token;
};

/// What was changed, for those who listen.
struct webhook_news {
  /// withdrawn: it was missing, and is expected no more, or anew from now on.
  enum class kind : std::uint8_t { event, missing, arrived, withdrawn } what = kind::event;
  webhook_event event;               ///< of `event`
  std::string profile, profile_name; ///< of an expected alert
  utc_time since{};                  ///< last alert of the profile
};

/// Fields of a profile as a caller gives them; absent ones keep what is there.
struct profile_change {
  std::optional<std::string> name;
  std::optional<account_id> account;
  account_mode mode = account_mode::paper; ///< of `account`
  std::optional<strategy_id> strategy;
  std::optional<std::string> body_secret, hmac_key; ///< "": take it away
  std::optional<std::vector<std::string>> ip_allow;
  std::optional<client_certificate> mtls;
  std::optional<std::vector<std::string>> symbols;
  std::optional<decimal> max_quantity; ///< 0: none
  std::optional<std::vector<direction>> sides;
  std::optional<std::chrono::seconds> freshness;
  std::optional<sync_mode> sync;
  std::optional<out_of_step_rule> out_of_step;
  std::optional<std::chrono::seconds> expect_every; ///< 0: none
};
/// A profile with the address that is shown this once.
struct new_profile {
  webhook_profile profile;
  std::string path_token; ///< "": unchanged
};

class receiver {
public:
  /// Reads profiles and what was not handed over; that goes into the lanes at once. `journal` and `master` outlive it.
  /// Errors: those of the journal.
  static result<std::unique_ptr<receiver>> open(event_journal& journal, const instrument_master& master, standing_lookup standing,
                                                receiver_settings settings, alert_moment now);

  /// Takes a post. Nothing: the answer comes from commit(), under the ticket.
  struct reception {
    std::uint64_t ticket = 0;
    std::optional<webhook_answer> answer;
  };
  reception receive(const webhook_post& post, alert_moment now);
  /// An alert by the paper route: the caller is known, the account is a paper account.
  reception receive_on_paper(std::string_view body, const std::string& client, account_id account, alert_moment now);

  /// Whether something waits for commit().
  [[nodiscard]] bool has_waiting() const { return !batch_.empty() || !changed_.empty(); }
  [[nodiscard]] bool is_full() const { return batch_.size() >= max_batch; }
  /// Writes all that waits and hands it over. Tickets of it and their answers.
  std::vector<std::pair<std::uint64_t, webhook_answer>> commit(alert_moment now);

  [[nodiscard]] hand_over& lanes() { return lanes_; }
  /// After answers of the desk: what ended is noted, and written with the next commit.
  void collect(alert_moment now);
  /// Missing alerts.
  void on_time(alert_moment now);
  [[nodiscard]] std::vector<webhook_news> take_news() { return std::exchange(news_, {}); }

  // -- profiles. The one from the settings is listed and can't be changed (conflict).
  [[nodiscard]] std::vector<webhook_profile> profiles() const;
  [[nodiscard]] result<webhook_profile> profile(std::string_view id) const;
  /// Errors: check_profile's, limit_exceeded, io_error, unknown_symbol (scope), conflict (name).
  result<new_profile> create(const profile_change& what, utc_time now);
  result<webhook_profile> change(std::string_view id, const profile_change& what, utc_time now);
  result<void> remove(std::string_view id);
  /// A new address; the old one is void at once.
  result<new_profile> rotate(std::string_view id, utc_time now);

  [[nodiscard]] result<std::vector<webhook_event>> events(const event_filter& filter) { return journal_.list(filter); }
  [[nodiscard]] const receiver_settings& settings() const { return settings_; }
  /// By which rule the last unauthenticated post failed; for logs and metrics only.
  [[nodiscard]] std::optional<auth_fault> last_fault() const { return last_fault_; }
  /// Why the last commit failed; nothing: it did not.
  [[nodiscard]] const std::optional<error>& last_failure() const { return last_failure_; }

private:
  struct pending {
    webhook_event event;
    std::optional<order_plan> plan;
    std::chrono::nanoseconds patience{0}; ///< until no order is made any more
    std::uint64_t first = 0;              ///< tickets
    std::vector<std::uint64_t> repeated;
  };
  struct bucket {
    std::int64_t level = 0; ///< tokens × 60 s in ns
    utc_time at{};
  };
  struct expectation {
    utc_time last;
    enum class state : std::uint8_t { fine, missing } now = state::fine;
  };

  receiver(event_journal& journal, const instrument_master& master, standing_lookup standing, receiver_settings settings);
  result<void> load(alert_moment now);
  const webhook_profile* find(const webhook_post& post) const;
  const webhook_profile* by_id(std::string_view id) const;
  webhook_answer refuse(answer_kind kind, std::string detail, utc_time now) const { return {kind, std::move(detail), {}, std::nullopt, now}; }
  webhook_answer not_authenticated(const webhook_post& post, utc_time now);
  reception take(const webhook_profile& profile, payload text, std::string_view raw, const std::string& client, alert_moment now);
  reception repeat(const webhook_event& first, utc_time now) const;
  judged judge_again(const webhook_event& event, const webhook_profile& profile) const;
  [[nodiscard]] webhook_profile paper_profile(account_id account) const;
  result<void> apply(webhook_profile& to, const profile_change& what) const;
  /// Begins to wait for the profile's next alert, or waits no more; an alarm that stood is taken back.
  void expect(const webhook_profile& of, utc_time now);
  void heard(std::string_view profile, utc_time now);
  void resume(webhook_event event, alert_moment now);
  void send_on(const webhook_event& event, std::chrono::nanoseconds patience, order_plan plan, on_its_way::history past, alert_moment now);
  static bool draw(std::unordered_map<std::string, bucket>& from, const std::string& who, std::uint32_t per_minute, std::uint32_t burst, utc_time now);

  event_journal& journal_;
  const instrument_master& master_;
  standing_lookup standing_;
  receiver_settings settings_;
  hand_over lanes_;
  std::map<std::string, webhook_profile, std::less<>> profiles_; ///< from the API
  std::map<std::string, expectation, std::less<>> expected_;
  nonce_book nonces_;
  std::unordered_map<std::string, bucket> rates_, failures_;
  std::vector<pending> batch_;
  std::unordered_map<std::string, std::size_t> batch_keys_; ///< duplicate key → place in the batch
  std::vector<std::pair<std::string, std::chrono::nanoseconds>> batch_nonces_; ///< and how long they are kept
  std::map<std::uint64_t, webhook_event> on_the_way_;
  std::optional<auth_fault> last_fault_;
  std::optional<error> last_failure_;
  std::vector<webhook_event> changed_;
  std::vector<webhook_news> news_;
  std::uint64_t next_event_ = 1, next_ticket_ = 1;
  /// Whether the last write failed: the place in the journal is asked for again.
  enum class trust : std::uint8_t { sure, unsure } place_ = trust::sure;
};

} // namespace tt::webhook
