// Tokens, users, sessions without HTTP: the book, its file, lock-out, sessions and tickets, the first admin.

#include "gateways/auth/first_admin.hpp"
#include "gateways/auth/identity_service.hpp"
#include "gateways/http/digest.hpp"
#include "tests/support/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <sys/stat.h>

namespace tt::gateway::test {
namespace {

using outcome = recognition::outcome;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

const utc_time now = from_unix_seconds(1'768'487'700);

token_draft draft(std::string name, role rank = role::trader, std::vector<std::string> accounts = {}) {
  return {std::move(name), {rank, std::move(accounts), {}}, {}, {}};
}

std::string text_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

unsigned mode_of(const std::string& path) {
  struct stat found {};
  return stat(path.c_str(), &found) == 0 ? found.st_mode & 0777U : 0U;
}

// -- secrets

TEST(identity_secret, is_256_bits_of_base64url_and_never_the_same) {
  const auto one = "tt_" + system_secret();
  EXPECT_TRUE(is_token_shape(one)) << one;
  EXPECT_NE(one, "tt_" + system_secret());
  for (const auto& bad : std::vector<std::string>{"", "tt_", "tt_short", "xx_" + one.substr(3), one + "A", one.substr(0, 45) + "=", one.substr(0, 45) + "+"})
    EXPECT_FALSE(is_token_shape(bad)) << bad;
}

TEST(identity_secret, passwords_are_argon2id_with_a_salt) {
  const auto hash = hash_password("correct horse");
  ASSERT_TRUE(hash);
  EXPECT_EQ(hash->substr(0, 10), "$argon2id$");
  EXPECT_NE(*hash, *hash_password("correct horse"));
  EXPECT_TRUE(is_password(*hash, "correct horse"));
  EXPECT_FALSE(is_password(*hash, "correct hors"));
  EXPECT_FALSE(is_password("nonsense", "correct horse"));
  EXPECT_FALSE(is_password(nobodys_hash(), "correct horse"));
  EXPECT_FALSE(hash_password("short"));
  EXPECT_FALSE(hash_password(std::string(max_password + 1, 'x')));
}

// -- the book

TEST(identity_book, reach_follows_role_and_lists) {
  const auto reach_of = [](role rank, std::vector<std::string> accounts) {
    return principal_of(access_token{.id = "t-1", .name = "x", .digest = "", .reach = {rank, std::move(accounts), {}}});
  };
  EXPECT_EQ(reach_of(role::trader, {}).accounts, account_scope::paper_only);
  EXPECT_EQ(reach_of(role::viewer, {}).accounts, account_scope::paper_only);
  EXPECT_EQ(reach_of(role::admin, {}).accounts, account_scope::all);
  EXPECT_EQ(reach_of(role::trader, {"*"}).accounts, account_scope::all);
  const auto bound = reach_of(role::trader, {"a", "b"});
  EXPECT_EQ(bound.accounts, account_scope::listed);
  EXPECT_TRUE(bound.is_bound());
  EXPECT_TRUE(bound.lists_account("b"));
  EXPECT_FALSE(bound.lists_account("c"));
  EXPECT_EQ(bound.name, "token:x");
}

TEST(identity_book, refuses_what_can_not_be) {
  identity_book book;
  const auto digest = sha256_hex("1");
  const auto fails = [&](token_draft what) { return !book.add_token(what, digest, "me", now); };
  EXPECT_TRUE(fails(draft("")));
  EXPECT_TRUE(fails(draft("two words")));
  EXPECT_TRUE(fails(draft(std::string(identity_book::max_name + 1, 'a'))));
  EXPECT_TRUE(fails(draft("a", role::none)));
  EXPECT_TRUE(fails(draft("a", role::trader, {"*", "b"})));
  EXPECT_TRUE(fails(draft("a", role::trader, {"with blank"})));
  auto with_address = draft("a");
  with_address.allowed_ips = {"10.0.0.0/99"};
  EXPECT_TRUE(fails(with_address));
  with_address.allowed_ips = {" "};
  EXPECT_TRUE(fails(with_address));
  auto in_the_past = draft("a");
  in_the_past.expires_at = now;
  EXPECT_TRUE(fails(in_the_past));
  EXPECT_TRUE(book.tokens().empty());
}

TEST(identity_book, a_name_is_free_again_once_its_token_has_expired) {
  identity_book book;
  auto what = draft("a");
  what.expires_at = now + hours{1};
  ASSERT_TRUE(book.add_token(what, sha256_hex("1"), "me", now));
  EXPECT_EQ(book.add_token(draft("a"), sha256_hex("2"), "me", now).error().code, errc::conflict);
  ASSERT_TRUE(book.add_token(draft("a"), sha256_hex("2"), "me", now + hours{1}));
  EXPECT_EQ(book.tokens().size(), 1U);
  EXPECT_EQ(book.find_digest(sha256_hex("1")), nullptr);
}

TEST(identity_book, is_bounded) {
  identity_book book;
  for (std::size_t i = 0; i < identity_book::max_tokens; ++i)
    ASSERT_TRUE(book.restore(access_token{.id = "t-" + sha256_hex(std::to_string(i)).substr(0, 12), .name = "n" + std::to_string(i),
                                          .digest = sha256_hex(std::to_string(i)), .reach = {}}));
  EXPECT_EQ(book.add_token(draft("more"), sha256_hex("x"), "me", now).error().code, errc::limit_exceeded);
}

TEST(identity_book, keeps_its_last_admin) {
  identity_book book;
  ASSERT_TRUE(book.add_user("ann", "hash", {role::admin, {}, {}}, now));
  EXPECT_TRUE(book.has_admin(now));
  EXPECT_EQ(book.remove_user("ann", now).error().code, errc::conflict);
  EXPECT_EQ(book.change_user("ann", {.rank = role::viewer}, now).error().code, errc::conflict);
  EXPECT_EQ(book.change_user("ann", {.active = user_record::state::disabled}, now).error().code, errc::conflict);
  EXPECT_EQ(book.find_user("ann")->reach.rank, role::admin);
  ASSERT_TRUE(book.add_user("bob", "hash", {role::admin, {}, {}}, now));
  EXPECT_TRUE(book.remove_user("ann", now));
  identity_book bound; // who is bound to accounts makes no others
  ASSERT_TRUE(bound.add_token(draft("a", role::admin, {"paper"}), sha256_hex("1"), "me", now));
  EXPECT_FALSE(bound.has_admin(now));
}

// -- the file

TEST(identity_file, is_only_its_owners_and_reads_back_what_was_written) {
  const tt::test::temporary_folder folder;
  identity_file file{folder.path("")};
  ASSERT_TRUE(file.load());
  auto what = draft("desk", role::trader, {"a"});
  what.allowed_ips = {"10.0.0.0/8"};
  what.expires_at = now + hours{24};
  const auto written = file.change([&](identity_book& book) -> result<void> {
    if (auto added = book.add_token(what, sha256_hex("secret"), "me", now); !added) return added.error();
    if (auto added = book.add_user("ann", "$argon2id$x", {role::admin, {"*"}, {"s"}}, now); !added) return added.error();
    return {};
  });
  ASSERT_TRUE(written) << to_string(written.error());
  const auto path = folder.path(std::string(identity_file::name));
  EXPECT_EQ(mode_of(path), 0600U);
  EXPECT_EQ(text_of(path).find("secret"), std::string::npos);
  const auto again = identity_file{folder.path("")}.load();
  ASSERT_TRUE(again) << to_string(again.error());
  EXPECT_EQ(*again, *written);
}

TEST(identity_file, a_damaged_one_is_named_and_left_alone) {
  const tt::test::temporary_folder folder;
  const auto path = folder.path(std::string(identity_file::name));
  for (const std::string text : {"nonsense", "{}", R"({"form":9,"tokens":[],"users":[]})", R"({"form":1,"tokens":[{"id":"x"}],"users":[]})", "[1"}) {
    std::ofstream(path) << text;
    identity_file file{folder.path("")};
    const auto read = file.load();
    ASSERT_FALSE(read) << text;
    EXPECT_EQ(read.error().code, errc::corrupt_data);
    EXPECT_EQ(read.error().field, path);
    EXPECT_FALSE(file.change([](identity_book&) -> result<void> { return {}; }));
    EXPECT_EQ(text_of(path), text);
    EXPECT_FALSE(identity_service::open(folder.path("")));
  }
}

TEST(identity_file, two_writers_lose_nothing) {
  const tt::test::temporary_folder folder;
  identity_file one{folder.path("")}, other{folder.path("")};
  const auto add = [](identity_file& to, std::string name) {
    return to.change([&](identity_book& book) -> result<void> {
      if (auto added = book.add_token(draft(name), sha256_hex(name), "me", now); !added) return added.error();
      return {};
    }).has_value();
  };
  EXPECT_TRUE(add(one, "a"));
  EXPECT_TRUE(add(other, "b"));
  EXPECT_TRUE(add(one, "c"));
  const auto news = other.load_news();
  ASSERT_TRUE(news && *news);
  EXPECT_EQ((*news)->tokens().size(), 3U);
  EXPECT_FALSE(*other.load_news());
}

// -- lock-out, sessions, tickets

TEST(identity_lockout, ten_failures_in_a_quarter_of_an_hour_lock_for_another) {
  lockout locks;
  for (int i = 0; i < 9; ++i) locks.failed("u", now + seconds{i});
  EXPECT_FALSE(locks.locked_until("u", now + seconds{9}));
  locks.failed("u", now + seconds{9});
  EXPECT_EQ(locks.locked_until("u", now + seconds{10}), now + seconds{9} + lockout::lock_time);
  EXPECT_FALSE(locks.locked_until("other", now));
  EXPECT_FALSE(locks.locked_until("u", now + seconds{9} + lockout::lock_time));
  for (int i = 0; i < 20; ++i) locks.failed("slow", now + minutes{2 * i}); // never ten within a quarter of an hour
  EXPECT_FALSE(locks.locked_until("slow", now + minutes{38}));
}

TEST(identity_lockout, remembers_a_bounded_number_of_names) {
  lockout locks;
  for (int i = 0; i < 10; ++i) locks.failed("kept", now + minutes{1});
  for (std::size_t i = 0; i < lockout::max_names + 10; ++i) locks.failed(std::to_string(i), now);
  EXPECT_TRUE(locks.locked_until("kept", now + minutes{2}));
}

TEST(identity_sessions, end_after_twelve_idle_hours_and_after_seven_days) {
  session_table all;
  all.add("a", {"ann", "h", "c", now, now});
  EXPECT_NE(all.touch("a", now + hours{11}), nullptr);
  EXPECT_NE(all.touch("a", now + hours{22}), nullptr);
  EXPECT_EQ(all.touch("a", now + hours{34}), nullptr);
  all.add("b", {"ann", "h", "c", now, now});
  for (int i = 1; i < 17; ++i) EXPECT_NE(all.touch("b", now + hours{10 * i}), nullptr) << i;
  EXPECT_EQ(all.touch("b", now + hours{7 * 24}), nullptr);
  EXPECT_EQ(all.size(), 0U);
}

TEST(identity_tickets, are_usable_once_from_one_address_for_half_a_minute) {
  ticket_table all;
  const principal who{.name = "token:x", .rank = role::viewer};
  all.add("a", who, "", "10.0.0.1", now);
  EXPECT_EQ(all.redeem("a", "10.0.0.1", now + seconds{29})->who.name, "token:x");
  EXPECT_FALSE(all.redeem("a", "10.0.0.1", now + seconds{29}));
  all.add("b", who, "", "10.0.0.1", now);
  EXPECT_FALSE(all.redeem("b", "10.0.0.1", now + seconds{30}));
  all.add("c", who, "", "10.0.0.1", now);
  EXPECT_FALSE(all.redeem("c", "10.0.0.2", now));
  EXPECT_FALSE(all.redeem("c", "10.0.0.1", now)) << "tried from elsewhere: it is used up";
}

// -- the service

TEST(identity_service, takes_over_what_others_change_within_a_second) {
  const tt::test::temporary_folder folder;
  const auto node = identity_service::open(folder.path("")).value(), command = identity_service::open(folder.path("")).value();
  EXPECT_EQ(node->recognise_token("tt_" + system_secret(), "10.0.0.1", now).how, outcome::unknown);
  const auto made = command->add_token(draft("x"), "me", now);
  ASSERT_TRUE(made);
  EXPECT_EQ(node->recognise_token(made->secret, "10.0.0.1", now + seconds{1}).how, outcome::known);
  ASSERT_TRUE(command->revoke_token(made->token.id));
  EXPECT_EQ(node->recognise_token(made->secret, "10.0.0.1", now + seconds{2}).how, outcome::unknown);
}

TEST(identity_service, a_file_that_breaks_while_it_runs_changes_nothing) {
  const tt::test::temporary_folder folder;
  const auto node = identity_service::open(folder.path("")).value();
  const auto made = node->add_token(draft("x"), "me", now);
  ASSERT_TRUE(made);
  std::ofstream(folder.path(std::string(identity_file::name))) << "broken";
  EXPECT_EQ(node->recognise_token(made->secret, "10.0.0.1", now + seconds{5}).how, outcome::known);
}

TEST(identity_service, remembers_when_a_token_was_used_last) {
  const tt::test::temporary_folder folder;
  {
    const auto node = identity_service::open(folder.path("")).value();
    std::vector<std::function<void()>> jobs;
    node->work_on([&](std::function<void()> job) { jobs.push_back(std::move(job)); });
    const auto made = node->add_token(draft("x"), "me", now);
    ASSERT_TRUE(made);
    for (int i = 0; i < 120; ++i) EXPECT_EQ(node->recognise_token(made->secret, "10.0.0.1", now + seconds{i}).how, outcome::known);
    EXPECT_EQ(jobs.size(), 2U) << "once a minute, whatever the traffic";
  }
  const auto later = identity_service::open(folder.path("")).value();
  EXPECT_EQ(later->tokens(now).front().last_used_at, now + seconds{119});
}

TEST(identity_service, addresses_and_expiry_are_held_to) {
  const auto node = identity_service::open("").value();
  auto what = draft("x");
  what.allowed_ips = {"10.0.0.0/8"};
  what.expires_at = now + hours{1};
  const auto made = node->add_token(what, "me", now);
  ASSERT_TRUE(made);
  EXPECT_EQ(node->recognise_token(made->secret, "10.1.2.3", now).how, outcome::known);
  EXPECT_EQ(node->recognise_token(made->secret, "11.1.2.3", now).how, outcome::address);
  EXPECT_EQ(node->recognise_token(made->secret, "10.1.2.3", now + hours{1}).how, outcome::expired);
  const auto who = node->recognise_token(made->secret, "10.1.2.3", now).who;
  EXPECT_TRUE(node->holds(who, "", now));
  EXPECT_FALSE(node->holds(who, "", now + hours{1}));
}

TEST(identity_service, a_second_factor_that_can_not_be_read_lets_nobody_in) {
  const tt::test::temporary_folder folder;
  const auto first = identity_service::open(folder.path("")).value();
  ASSERT_TRUE(first->add_user("ann", "long enough", {role::trader, {}, {}}, now));
  const auto path = folder.path(std::string(identity_file::name));
  auto text = text_of(path);
  text.replace(text.find("\"enabled\""), 9, "\"totp\": \"JBSWY3DP\", \"enabled\"");
  std::ofstream(path) << text;
  const auto node = identity_service::open(folder.path("")).value();
  const auto tried = node->log_in({"ann", "long enough"}, "10.0.0.1", now);
  EXPECT_EQ(std::get<login_refusal>(tried).why, login_refusal::reason::unreadable);
  ASSERT_TRUE(node->reset_totp("ann", now));
  EXPECT_TRUE(std::holds_alternative<opened_session>(node->log_in({"ann", "long enough"}, "10.0.0.1", now)));
}

TEST(identity_service, one_time_codes_count_from_their_first_code_on_and_survive_a_restart) {
  const tt::test::temporary_folder folder;
  auto node = identity_service::open(folder.path("")).value();
  ASSERT_TRUE(node->add_user("ann", "long enough", {role::trader, {}, {}}, now));
  const std::string from = "10.0.0.1";
  const auto offer = std::get<totp_offer>(node->offer_totp({"ann", "long enough"}, from, now));
  const auto code_at = [key = *parse_base32(offer.secret)](utc_time at) { return totp_code(key, totp_step(at)); };
  EXPECT_TRUE(std::holds_alternative<opened_session>(node->log_in({"ann", "long enough"}, from, now))) << "nothing was confirmed yet";
  EXPECT_EQ(node->confirm_totp("ann", code_at(now), from, now + identity_service::offer_life)->why, login_refusal::reason::no_offer);
  EXPECT_EQ(node->confirm_totp("ann", "000000", from, now)->why, login_refusal::reason::code_wrong);
  ASSERT_FALSE(node->confirm_totp("ann", code_at(now), from, now));
  const auto why = [&](std::optional<std::string> code, utc_time at) {
    const auto got = node->log_in({"ann", "long enough", std::move(code)}, from, at);
    return std::holds_alternative<opened_session>(got) ? std::optional<login_refusal::reason>{} : std::get<login_refusal>(got).why;
  };
  EXPECT_EQ(why(std::nullopt, now), login_refusal::reason::code_missing);
  EXPECT_EQ(why(code_at(now), now), login_refusal::reason::code_wrong) << "the confirmation has used it up";
  const auto next = now + totp_period;
  EXPECT_EQ(why(code_at(next), next), std::nullopt);
  node = identity_service::open(folder.path("")).value();
  EXPECT_EQ(why(code_at(next), next), login_refusal::reason::code_wrong) << "used before the restart";
  const auto wrong = std::get<login_refusal>(node->log_in({"ann", "not long enough", code_at(next + totp_period)}, from, next));
  EXPECT_EQ(wrong.why, login_refusal::reason::wrong) << "a right code tells nothing without the password";
  EXPECT_EQ(why(code_at(next + totp_period), next + totp_period), std::nullopt) << "and the wrong password did not use it up";
}

// -- one-time codes

TEST(totp, gives_the_codes_of_rfc_6238) {
  const std::string key = "12345678901234567890";
  for (const auto& [seconds, code] : {std::pair<std::int64_t, std::string>{59, "94287082"}, {1'111'111'109, "07081804"}, {1'111'111'111, "14050471"},
                                      {1'234'567'890, "89005924"}, {2'000'000'000, "69279037"}, {20'000'000'000, "65353130"}})
    EXPECT_EQ(totp_code(key, seconds / 30), code.substr(2)) << "appendix B at " << seconds << ", the last six of its eight digits";
  EXPECT_EQ(totp_step(from_unix_seconds(59)), 1);
  EXPECT_EQ(totp_step(from_unix_seconds(60)), 2);
}

TEST(totp, base32_is_that_of_rfc_4648) {
  for (const auto& [bytes, text] : {std::pair<std::string, std::string>{"", ""}, {"f", "MY"}, {"fo", "MZXQ"}, {"foo", "MZXW6"}, {"foob", "MZXW6YQ"},
                                    {"fooba", "MZXW6YTB"}, {"foobar", "MZXW6YTBOI"}}) {
    EXPECT_EQ(to_base32(bytes), text);
    EXPECT_EQ(parse_base32(text).value(), bytes);
  }
  EXPECT_EQ(parse_base32("mzxw 6ytb oi======").value(), "foobar");
  for (const auto& bad : std::vector<std::string>{"MZXW1", "MZXW8", "MZ-W", std::string(200, 'A')}) EXPECT_FALSE(parse_base32(bad)) << bad;
  EXPECT_FALSE(is_totp_secret("MZXW6YTBOI")) << "too short a key";
  const auto made = make_totp_secret(system_secret());
  EXPECT_EQ(parse_base32(made).value().size(), totp_key_bytes);
  EXPECT_NE(made, make_totp_secret(system_secret()));
}

TEST(totp, a_code_counts_one_step_to_either_side_and_once) {
  const totp_codes codes{to_base32("12345678901234567890"), 0};
  const auto at = [](std::int64_t step) { return totp_code("12345678901234567890", step); };
  const auto step = totp_step(now);
  for (const auto near : {step - 1, step, step + 1}) EXPECT_EQ(match_totp(codes, at(near), now), near);
  for (const auto far : {step - 2, step + 2}) EXPECT_FALSE(match_totp(codes, at(far), now));
  EXPECT_FALSE(match_totp({codes.secret, step}, at(step), now)) << "a replay";
  EXPECT_FALSE(match_totp({codes.secret, step}, at(step - 1), now)) << "an older one after a newer one";
  EXPECT_EQ(match_totp({codes.secret, step}, at(step + 1), now), step + 1);
  for (const auto& bad : std::vector<std::string>{"", "12345", at(step) + "0", at(step).substr(1) + "x"}) EXPECT_FALSE(match_totp(codes, bad, now)) << bad;
}

// -- the first admin

TEST(first_admin, is_made_once_and_only_where_there_is_none) {
  const tt::test::temporary_folder folder;
  const auto made = make_first_admin(folder.path(""), now);
  ASSERT_TRUE(made && *made) << (made ? "none" : to_string(made.error()));
  EXPECT_EQ(mode_of(**made), 0600U);
  auto secret = text_of(**made);
  secret.pop_back();
  const auto node = identity_service::open(folder.path("")).value();
  const auto who = node->recognise_token(secret, "192.0.2.1", now);
  EXPECT_EQ(who.how, outcome::known);
  EXPECT_EQ(who.who.rank, role::admin);
  EXPECT_EQ(who.who.accounts, account_scope::all);
  const auto again = make_first_admin(folder.path(""), now + hours{1});
  ASSERT_TRUE(again);
  EXPECT_FALSE(*again);
  ASSERT_TRUE(node->revoke_token(who.who.id));
  const auto after = make_first_admin(folder.path(""), now + hours{2});
  EXPECT_TRUE(after && *after) << "revoked: somebody must be able to get in";
}

} // namespace
} // namespace tt::gateway::test
