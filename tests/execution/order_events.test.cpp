// The state machine, every (state, event) pair against a table written independently, and the ids.

#include "actors/execution/order_events.hpp"
#include "actors/execution/wire_id.hpp"
#include "tests/execution/support.hpp"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>
#include <sstream>

namespace tt::execution::test {
namespace {

// One line per state; in the order of order_event. "." no arrow, "=" stays (nothing new), "+" noted, "<" back to the live
// state, "b" booked, else the letter of the state: C created J risk_rejected S submitting U unknown A accepted
// H suspended W working P partially_filled R pending_replace X pending_cancel F filled c cancelled r rejected e expired.
//                              send refuse not_sent deadline ambig acc susp work refd canc exp fail absent person
//                              repl? repl+ repl- canc? canc- part full missing withdrawn
const std::map<order_state, std::string> expected = {
  {order_state::created,          "S J . . . . . . . . . . . . . . . . . b b . c"},
  {order_state::risk_rejected,    ". . . . . . . . . . . . . . . . . . . b b . ."},
  {order_state::submitting,       ". . = r U A H W r c e r . . . . . + . P F = ."},
  {order_state::unknown,          ". . = . = A H W r c e r r r . + = + = P F = ."},
  {order_state::accepted,         ". . . . = = H W . c e r . . R . = X = P F U ."},
  {order_state::suspended,        ". . . . = A = W . c e r . . . . = X = P F U ."},
  {order_state::working,          ". . . . = = . = . c e r . . R . = X = P F U ."},
  {order_state::partially_filled, ". . . . = = . = . c e r . . R . = X = P F U ."},
  {order_state::pending_replace,  ". . . . = = . = . c e r . . . < < X = + F U ."},
  {order_state::pending_cancel,   ". . . . = = . = . c e r . . . + + = < + F U ."},
  {order_state::filled,           ". . . . = . . . . . . . . . . . = . = b b = ."},
  {order_state::cancelled,        ". . . . = . . . . = . . . . . . = . = b F = ."},
  {order_state::rejected,         ". . . . = . . . = . . = . . . . = . = b F = ."},
  {order_state::expired,          ". . . . = . . . . . = . . . . . = . = b F = ."},
};
constexpr std::string_view letters = "CJSUAHWPRXFcre";

std::string shown(transition t) {
  switch (t.kind) {
  case arrow::none: return ".";
  case arrow::stay: return "=";
  case arrow::note: return "+";
  case arrow::resume: return "<";
  case arrow::book: return "b";
  case arrow::move: return std::string(1, letters[static_cast<std::size_t>(t.to)]);
  }
  return "?";
}

TEST(order_states, every_pair_of_state_and_event) {
  std::size_t pairs = 0;
  for (std::size_t s = 0; s < enum_count<order_state>; ++s) {
    const auto from = static_cast<order_state>(s);
    std::istringstream line(expected.at(from));
    for (std::size_t e = 0; e < enum_count<order_event>; ++e, ++pairs) {
      std::string cell;
      line >> cell;
      EXPECT_EQ(shown(transition_of(from, static_cast<order_event>(e))), cell)
        << to_string(from) << " and " << to_string(static_cast<order_event>(e));
    }
  }
  EXPECT_EQ(pairs, 14u * 23u);
}

TEST(order_states, nothing_leads_out_of_a_final_state_but_the_executions_that_complete_it) {
  for (std::size_t s = 0; s < enum_count<order_state>; ++s)
    for (std::size_t e = 0; e < enum_count<order_event>; ++e) {
      const auto from = static_cast<order_state>(s);
      const auto t = transition_of(from, static_cast<order_event>(e));
      if (!is_final(from) || t.kind != arrow::move) continue;
      EXPECT_EQ(t.to, order_state::filled);
      EXPECT_EQ(static_cast<order_event>(e), order_event::full_execution);
    }
}

TEST(order_states, an_event_applied_twice_changes_nothing_the_second_time) {
  for (std::size_t s = 0; s < enum_count<order_state>; ++s)
    for (std::size_t e = 0; e < enum_count<order_event>; ++e) {
      const auto event = static_cast<order_event>(e);
      if (event == order_event::partial_execution || event == order_event::full_execution) continue; // told apart by their ids
      order what;
      what.terms.qty = q(10);
      what.state = static_cast<order_state>(s);
      const auto once = state_after(what, event);
      if (!once) continue;
      order after = what;
      after.state = *once;
      const auto again = state_after(after, event);
      if (again) {
        EXPECT_EQ(*again, *once) << to_string(what.state) << " and twice " << to_string(event);
      }
    }
}

TEST(order_states, an_ambiguous_send_is_never_rejected_by_itself) {
  const auto after = transition_of(order_state::submitting, order_event::ambiguous);
  EXPECT_EQ(after.to, order_state::unknown);
  EXPECT_EQ(transition_of(order_state::unknown, order_event::ambiguous).kind, arrow::stay);
  EXPECT_EQ(transition_of(order_state::unknown, order_event::missing_at_venue).kind, arrow::stay);
}

TEST(order_states, a_refused_change_leads_back_to_where_the_order_was) {
  order what;
  what.terms.qty = q(10);
  what.resume = order_state::accepted;
  what.state = order_state::pending_cancel;
  EXPECT_EQ(state_after(what, order_event::cancel_refused), order_state::accepted);
  what.filled = q(3);
  EXPECT_EQ(state_after(what, order_event::cancel_refused), order_state::partially_filled);
  what.pending_terms = what.terms; // a replace was open when the cancel came
  EXPECT_EQ(state_after(what, order_event::cancel_refused), order_state::pending_replace);
  // ten are filled while a change from 10 to 20 is open: the answer decides whether that was all
  what.state = order_state::pending_replace;
  what.filled = q(10);
  what.pending_terms->qty = q(20);
  EXPECT_EQ(what.largest_quantity(), q(20));
  EXPECT_EQ(state_after(what, order_event::replace_confirmed), order_state::partially_filled);
  EXPECT_EQ(state_after(what, order_event::replace_refused), order_state::filled);
  // and a change down to less than what is filled ends it
  what.terms.qty = q(20);
  what.pending_terms->qty = q(5);
  EXPECT_EQ(state_after(what, order_event::replace_confirmed), order_state::filled);
}

TEST(order_states, fold_to_the_old_status) {
  order what;
  const std::map<order_state, order_status> folds = {
    {order_state::created, order_status::pending},     {order_state::risk_rejected, order_status::rejected},
    {order_state::submitting, order_status::pending},  {order_state::unknown, order_status::pending},
    {order_state::accepted, order_status::pending},    {order_state::suspended, order_status::pending},
    {order_state::working, order_status::open},        {order_state::partially_filled, order_status::partially_filled},
    {order_state::pending_replace, order_status::open}, {order_state::pending_cancel, order_status::open},
    {order_state::filled, order_status::filled},       {order_state::cancelled, order_status::cancelled},
    {order_state::rejected, order_status::rejected},   {order_state::expired, order_status::expired}};
  for (const auto& [state, status] : folds) {
    what.state = state;
    EXPECT_EQ(status_of(what), status) << to_string(state);
  }
  what.filled = q(1);
  what.state = order_state::pending_cancel;
  EXPECT_EQ(status_of(what), order_status::partially_filled);
}

// ---------------------------------------------------------------- ids

TEST(wire_ids, are_a_pure_function_of_account_cause_and_attempt) {
  const auto key = *intent_key::webhook("breakout", "abc", 0);
  EXPECT_EQ(key.str(), "webhook|8:breakout|3:abc|1:0");
  const auto id = wire_id_of(paper(), key, 0);
  EXPECT_EQ(id, wire_id_of(paper(), key, 0));
  EXPECT_EQ(id.str().size(), wire_id_length);
  EXPECT_EQ(id.str().front(), 'T');
  EXPECT_EQ(id.str().substr(25), "00");
  for (const char c : id.str()) EXPECT_TRUE(('0' <= c && c <= '9') || ('A' <= c && c <= 'Z')) << id.str();
  EXPECT_EQ(wire_id_of(paper(), key, 7).str().substr(0, 25), id.str().substr(0, 25));
  EXPECT_EQ(wire_id_of(paper(), key, 7).str().substr(25), "07");
  EXPECT_NE(wire_id_of(account_id{"paper-2"}, key, 0), id);
}

TEST(wire_ids, golden) {
  // SHA-256 of "7:paper-1|manual|6:tester|2:k1", worked out with another tool; the first 120 bits in Crockford's base32
  EXPECT_EQ(wire_id_of(paper(), *intent_key::manual("tester", "k1"), 0).str(), "TNC4P7TJ4QSNB9894SR16G0RS00");
}

TEST(intent_keys, two_causes_never_share_one) {
  // the parts' lengths are in the key: "a"+"bc" is not "ab"+"c"
  EXPECT_NE(*intent_key::manual("a", "bc"), *intent_key::manual("ab", "c"));
  EXPECT_NE(*intent_key::manual("a|1:b", "c"), *intent_key::manual("a", "b|1:c"));
  EXPECT_EQ(intent_key::unnamed("a", order_number{7})->str(), "unnamed|1:a|1:7");
  EXPECT_EQ(*intent_key::parse("unnamed|1:a|1:7"), *intent_key::unnamed("a", order_number{7}));
  std::mt19937 random{7};
  const std::string alphabet = "a|:1";
  std::map<std::string, std::pair<std::string, std::string>> seen;
  std::set<std::string> wires;
  for (int i = 0; i < 20'000; ++i) {
    std::string a, b;
    for (auto n = random() % 4; n > 0; --n) a += alphabet[random() % alphabet.size()];
    for (auto n = random() % 4; n > 0; --n) b += alphabet[random() % alphabet.size()];
    const auto key = *intent_key::manual(a, b);
    const auto [known, fresh] = seen.try_emplace(key.str(), a, b);
    EXPECT_EQ(known->second, std::pair(a, b)) << key.str();
    if (fresh) {
      EXPECT_TRUE(wires.insert(wire_id_of(paper(), key, 0).str()).second);
    }
    const auto back = intent_key::parse(key.str());
    ASSERT_TRUE(back) << key.str();
    EXPECT_EQ(*back, key);
  }
}

TEST(intent_keys, bad_text_is_refused) {
  for (const auto* text : {"", "manual", "nobody|1:a", "manual|2:a", "manual|01:a", "manual|1:ab", "manual|-1:a", "manual|99999999999999999999:a"})
    EXPECT_FALSE(intent_key::parse(text)) << text;
  EXPECT_FALSE(intent_key::manual("x", std::string(257, 'k')));
}

} // namespace
} // namespace tt::execution::test
