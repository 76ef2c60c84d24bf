#pragma once

// Who a caller is, for everything that a gateway serves: tokens and users of the file, sessions and tickets of this process.
// All members may be called from any thread. What changes the file, and a login, may take a tenth of a second: not on a
// thread that owns sockets.

#include "gateways/auth/identity_file.hpp"
#include "gateways/auth/lockout.hpp"
#include "gateways/auth/secret.hpp"
#include "gateways/auth/session_table.hpp"

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace tt::gateway {

/// What a credential turned out to be.
struct recognition {
  enum class outcome : std::uint8_t {
    known,
    unknown, ///< no such token, ticket or session, or not any more
    expired,
    address, ///< of a token that may not be used from there
  };
  outcome how = outcome::unknown;
  principal who = {};
  std::string session = {};    ///< handle of the UI session, which is not its secret
  std::string csrf_token = {}; ///< of the UI session
  std::optional<utc_time> expires_at = {};
};

/// A token as its maker sees it: the only time that the secret is shown.
struct new_token {
  access_token token;
  std::string secret;
};

struct token_view {
  access_token token;
  std::optional<utc_time> last_used_at;
};

/// A login that worked.
struct opened_session {
  std::string cookie; ///< the session's secret
  std::string csrf_token;
  principal who;
  utc_time expires_at{};
};

/// Who wants to get in, and what they show for it.
struct login_attempt {
  std::string user, password;
  std::optional<std::string> code = {}; ///< one-time code
};

/// Why a login, or a wish about one's own one-time codes, was not granted.
struct login_refusal {
  enum class reason : std::uint8_t {
    wrong,        ///< user or password
    locked,       ///< too many failures
    code_missing, ///< the password was right, a one-time code is needed
    code_wrong,   ///< likewise, and the code is wrong or was used before
    unreadable,   ///< codes are asked for, in a way that can't be read
    codes_on,     ///< codes are asked for already
    codes_off,    ///< there are none to take off
    no_offer,     ///< nothing waits for a confirmation, or not any more
    not_kept,     ///< the file can't be written: `trouble`
  };
  reason why = reason::wrong;
  std::chrono::seconds retry_after{0}; ///< of locked
  error trouble = {};                  ///< of not_kept
};

/// A key for one-time codes that counts once a code of it was shown.
struct totp_offer {
  std::string secret, uri;
};

class identity_service : public std::enable_shared_from_this<identity_service> {
public:
  /// So often, at most, is the file looked at for changes by others.
  static constexpr std::chrono::seconds look_every{1};
  /// So often, at most, are the times of last use written.
  static constexpr std::chrono::seconds save_uses_every{60};
  static constexpr std::string_view uses_file = "identity_uses.json";
  /// How long an offered key waits for its first code, and how many users' keys do; over it, none is offered.
  static constexpr std::chrono::minutes offer_life{10};
  static constexpr std::size_t max_offers = identity_book::max_users;

  /// `folder` is DATA_DIR, empty: in memory. Errors: those of identity_file::load.
  static result<std::shared_ptr<identity_service>> open(const std::string& folder, secret_source secrets = system_secret);
  /// Writes the times of last use.
  ~identity_service();
  identity_service(const identity_service&) = delete;
  identity_service& operator=(const identity_service&) = delete;

  /// Where to write the times of last use from; without it they are written at the end only. Before the first request.
  using worker = std::function<void(std::function<void()>)>;
  void work_on(worker run) { worker_ = std::move(run); }

  // -- recognising; never wait for a disk but for the look at the file

  [[nodiscard]] recognition recognise_token(std::string_view secret, const std::string& client, utc_time now);
  [[nodiscard]] recognition recognise_session(std::string_view cookie, utc_time now);
  /// Uses the ticket up.
  [[nodiscard]] recognition recognise_ticket(std::string_view ticket, const std::string& client, utc_time now);
  /// Whether what was recognised once still holds: neither revoked nor expired.
  [[nodiscard]] bool holds(const principal& who, const std::string& session, utc_time now);
  /// A ticket for a stream of `who`, to be used from `client`.
  [[nodiscard]] std::string make_ticket(const principal& who, const std::string& session, const std::string& client, utc_time now);
  void log_out(const std::string& session);

  // -- slow

  [[nodiscard]] std::variant<opened_session, login_refusal> log_in(const login_attempt& shown, const std::string& client, utc_time now);
  /// A fresh key for the user's one-time codes; the one offered before is void. Nothing is asked for until confirm_totp.
  [[nodiscard]] std::variant<totp_offer, login_refusal> offer_totp(const login_attempt& shown, const std::string& client, utc_time now);
  /// From now on every login of `user` needs a code, if `code` is one of the offered key.
  [[nodiscard]] std::optional<login_refusal> confirm_totp(const std::string& user, const std::string& code, const std::string& client, utc_time now);
  /// Takes password and code.
  [[nodiscard]] std::optional<login_refusal> remove_totp(const login_attempt& shown, const std::string& client, utc_time now);
  /// An admin's way, for who has lost the key. Errors: those of identity_book::remove_codes, identity_file.
  [[nodiscard]] result<user_record> reset_totp(const std::string& name, utc_time now);
  /// Errors: those of identity_book and identity_file.
  [[nodiscard]] result<new_token> add_token(const token_draft& draft, const std::string& author, utc_time now);
  [[nodiscard]] result<access_token> revoke_token(const std::string& id);
  [[nodiscard]] std::vector<token_view> tokens(utc_time now);
  /// Errors: those of hash_password, identity_book, identity_file.
  [[nodiscard]] result<user_record> add_user(const std::string& name, const std::string& password, const identity_reach& reach, utc_time now);
  [[nodiscard]] result<user_record> change_user(const std::string& name, user_change change, const std::optional<std::string>& password, utc_time now);
  [[nodiscard]] result<user_record> remove_user(const std::string& name, utc_time now);
  [[nodiscard]] std::vector<user_record> users(utc_time now);
  [[nodiscard]] result<user_record> user(const std::string& name, utc_time now);
  void save_uses();

private:
  identity_service(const std::string& folder, secret_source secrets);
  /// Takes over what others have changed.
  void look(utc_time now);
  /// Has the times of last use written, now and then. Requires the lock.
  void used(const std::string& id, utc_time now);
  /// Whether failures lock the user or the address. Requires the lock.
  [[nodiscard]] std::optional<login_refusal> find_lock(const std::string& user, const std::string& client, utc_time now) const;
  /// Counts a failure of the user and of the address.
  login_refusal failed(login_refusal::reason why, const std::string& user, const std::string& client, utc_time now);
  /// Fills `known` where the password is right and its user may log in; counts a failure otherwise.
  [[nodiscard]] std::optional<login_refusal> check_password(const login_attempt& shown, const std::string& client, utc_time now, std::optional<user_record>& known);
  /// Uses the code up where `known` needs one.
  [[nodiscard]] std::optional<login_refusal> check_code(const user_record& known, const std::optional<std::string>& code, const std::string& client, utc_time now);
  [[nodiscard]] result<void> change(const std::function<result<void>(identity_book&)>& how);
  /// The principal of a session, while its user may log in. Requires the lock.
  [[nodiscard]] recognition known_session(const ui_session* session, const std::string& handle) const;

  const std::string folder_;
  const secret_source secrets_;
  worker worker_;
  std::mutex mutex_; ///< guards what follows, but for file_
  identity_book book_;
  std::optional<utc_time> looked_at_;
  session_table sessions_;
  ticket_table tickets_;
  lockout lockout_;
  struct kept_offer {
    std::string secret;
    utc_time until{};
  };
  std::map<std::string, kept_offer> offers_; ///< by user
  std::map<std::string, utc_time> uses_; ///< by id of the token
  std::optional<utc_time> saved_uses_at_;
  enum class uses_state : std::uint8_t { saved, changed } uses_state_ = uses_state::saved;
  std::mutex file_mutex_; ///< guards what follows; taken before mutex_ where both are needed
  identity_file file_;
  std::string trouble_; ///< of the last look, said once
};

/// The times of last use as kept beside the tokens of a folder, by id; empty where there are none.
std::map<std::string, utc_time> load_uses(const std::string& folder);

} // namespace tt::gateway
