// Brackets and one-cancels-other pairs that the venue can't link. At most one leg
// of a group is ever out at the venue, so both can never fill: the stop rests there,
// the other leg waits here until its price is touched; then the stop is taken back,
// and only when that is confirmed does the other leg go out for what is left. The
// group is looked at after every step and moved towards what it should be, so
// no sequence of partial fills, late answers and restarts can leave it half done.

#include "actors/execution/core_turn.hpp"

#include <algorithm>

namespace tt::execution {

struct account_core::turn::slot {
  std::string name;
  order_terms terms; ///< without quantity
  std::vector<const order*> orders;

  [[nodiscard]] bool is_stop() const { return terms.stop_price.has_value(); }
};

struct account_core::turn::group {
  const order* head = nullptr;
  std::vector<slot> slots;
  quantity total;                ///< to be traded by the legs, all generations together
  quantity done;
  const order* out = nullptr;    ///< the leg that may be at the venue
  const slot* out_slot = nullptr;
  std::size_t failures = 0, generations = 0;
  const order* failed = nullptr; ///< the newest leg that was refused
  bool ended = false;            ///< a leg was cancelled by somebody else than us: one cancels the other
  bool protective = false;
  claim claimed;                 ///< of one that protects

  /// Of all its legs.
  [[nodiscard]] direction way() const { return direction_of(slots.front().terms.side); }
  [[nodiscard]] quantity rest() const { return total > done ? total - done : quantity{}; }
};

namespace {

order_terms leg_terms(const order& head, order_type type, std::optional<price> limit, std::optional<price> stop) {
  order_terms out;
  out.side = opposite_side(head.way());
  out.type = type;
  out.tif = head.terms.tif == time_in_force::ioc || head.terms.tif == time_in_force::fok ? time_in_force::day : head.terms.tif;
  out.good_till = head.terms.good_till;
  out.hours = head.terms.hours;
  out.effect = position_effect::reduce_only;
  out.limit_price = limit;
  out.stop_price = stop;
  return out;
}

} // namespace

bool is_touched(const order_terms& terms, price last) {
  const bool buys = direction_of(terms.side) == direction::buy;
  if (terms.stop_price) return buys ? last >= *terms.stop_price : last <= *terms.stop_price;
  if (terms.limit_price) return buys ? last <= *terms.limit_price : last >= *terms.limit_price;
  return false;
}

account_core::turn::group account_core::turn::group_of(const order& head) const {
  group g;
  g.head = &head;
  if (head.profit || head.loss) {
    g.protective = true;
    if (head.loss)
      g.slots.push_back({"stop", leg_terms(head, head.loss->limit ? order_type::stop_limit : order_type::stop, head.loss->limit, head.loss->stop), {}});
    if (head.profit) g.slots.push_back({"target", leg_terms(head, order_type::limit, head.profit->at, std::nullopt), {}});
  } else {
    g.protective = head.terms.effect == position_effect::reduce_only;
    g.total = std::get<size_quantity>(head.asked).value;
    auto a = head.terms;
    a.qty = quantity{};
    g.slots.push_back({"a", a, {&head}});
  }
  for (const auto number : head.linked) {
    const auto* leg = book().find(number);
    auto at = std::find_if(g.slots.begin(), g.slots.end(), [&](const slot& s) { return s.name == leg->leg; });
    if (at == g.slots.end()) {
      auto terms = leg->terms;
      terms.qty = quantity{};
      g.slots.push_back({leg->leg, terms, {}});
      at = std::prev(g.slots.end());
    }
    at->orders.push_back(leg);
  }
  // a leg that somebody moved stays moved in its next generation
  for (auto& s : g.slots)
    if (!s.orders.empty()) {
      s.terms.limit_price = s.orders.back()->terms.limit_price;
      s.terms.stop_price = s.orders.back()->terms.stop_price;
    }
  for (const auto& s : g.slots)
    for (const auto* leg : s.orders) {
      ++g.generations;
      g.done += leg->filled;
      if (leg->state == order_state::rejected || leg->state == order_state::risk_rejected) {
        ++g.failures;
        g.failed = leg;
      }
    }
  if (g.protective) {
    g.claimed = book().claim_of(head);
    const auto most = g.done + g.claimed.left;
    g.total = head.profit || head.loss ? most : std::min(g.total, most);
  }
  drop_ended(g);
  for (const auto& s : g.slots)
    for (const auto* leg : s.orders)
      if (may_trade(leg->state)) {
        g.out = leg;
        g.out_slot = &s;
      }
  // a pair that the gate has cut stays cut
  if (!head.profit && !head.loss)
    for (const auto& s : g.slots)
      for (const auto* leg : s.orders)
        if (leg->decision.result == verdict::approved_reduced) g.total = std::min(g.total, leg->decision.approved + (g.done - leg->filled));
  return g;
}

// Of a bracket whose target was taken away the stop stays, and protects.
void account_core::turn::drop_ended(group& g) const {
  g.ended = book().is_group_ended(*g.head);
  if (!g.head->loss) return;
  std::erase_if(g.slots, [](const slot& s) {
    return !s.is_stop() && std::ranges::any_of(s.orders, [](const order* leg) { return was_taken_away(*leg); });
  });
}

// Groups of one symbol share its position: together they never close more than is held, less what exits of other strategies are about to
// close. Where that is less than they protect, as while the holdings of two strategies go against each other, those go without first that
// were placed for what their owner did not hold, then the oldest. One that sleeps has the rest, as far as nothing stands against it any more.
quantity account_core::turn::share_of(const group& g) const {
  const auto& symbol = g.head->symbol;
  const auto exits = exits_of(symbol, g.way());
  struct demand {
    order_number head;
    claim_bound bound;
    quantity left;
  };
  std::vector<demand> awake, asleep; // oldest first
  const auto add = [&](const group& one) {
    (core_.asleep_.contains(one.head->number) ? asleep : awake).push_back({one.head->number, one.claimed.bound, one.rest()});
  };
  bool has_own = false;
  if (const auto heads = core_.groups_.find(symbol); heads != core_.groups_.end())
    for (const auto number : heads->second) {
      if (number == g.head->number) {
        has_own = true;
        add(g);
        continue;
      }
      const auto other = group_of(*book().find(number));
      if (other.protective && !other.ended && other.way() == g.way() && (gives_way(g.head->strategy, exits) || !gives_way(other.head->strategy, exits))) add(other);
    }
  if (!has_own) add(g);
  auto room = to_close(book().held(symbol), g.way());
  if (!gives_way(g.head->strategy, exits))
    for (const auto& exit : exits) room -= std::min(room, exit.rest);
  const auto fit = [](std::vector<demand>& all, quantity most) {
    quantity sum;
    for (const auto& one : all) sum += one.left;
    auto lacking = sum > most ? sum - most : quantity{};
    for (const auto bound : {claim_bound::account, claim_bound::owner})
      for (auto& one : all) {
        if (one.bound != bound) continue;
        const auto part = std::min(one.left, lacking);
        one.left -= part;
        lacking -= part;
      }
    return std::min(sum, most);
  };
  room -= fit(awake, room);
  quantity waiting;
  for (const auto& one : asleep) waiting += one.left;
  const auto against = book().held_against(symbol, g.way());
  fit(asleep, std::min(room, waiting > against ? waiting - against : quantity{}));
  auto& mine = core_.asleep_.contains(g.head->number) ? asleep : awake;
  const auto own = std::ranges::find(mine, g.head->number, &demand::head);
  return own == mine.end() ? quantity{} : own->left;
}

const account_core::turn::slot& account_core::turn::resting_slot(const group& g) {
  const auto stop = std::ranges::find_if(g.slots, &slot::is_stop);
  return stop == g.slots.end() ? g.slots.front() : *stop;
}

const account_core::turn::slot* account_core::turn::wanted_slot(const group& g) const {
  if (g.protective && gives_way(g.head->strategy, exits_of(g.head->symbol, g.way()))) return nullptr;
  const slot* resting = &resting_slot(g);
  if (g.generations >= max_swaps) return resting; // a price that plays about the target must not wear the protection out
  const auto last = core_.last_price_.find(g.head->symbol);
  for (const auto& s : g.slots) {
    if (&s == resting) continue;
    if (settings().is_open && !settings().is_open(g.head->symbol, s.terms, now_)) continue; // what it would be swapped for protects, if only from the open
    if (last != core_.last_price_.end() && is_touched(s.terms, last->second)) return &s;
    // it has just gone out: give it a moment before the stop comes back
    const auto since = g.out_slot == &s ? core_.target_out_.find(g.out->number) : core_.target_out_.end();
    if (since != core_.target_out_.end() && now_ < since->second + settings().timings.target_patience) return &s;
  }
  return resting;
}

// Of a group one leg is out at most: for another one it is taken back first.
risk_decision account_core::turn::foresee_leg(const order& leg, const group& g) {
  std::vector<order_number> without;
  if (g.out) without.push_back(g.out->number);
  return core_.gate_.foresee(leg, without, book(), now_);
}

bool account_core::turn::may_go(const group& g, const slot& s) {
  auto& held = core_.held_legs_;
  const auto number = g.head->number;
  const auto known = held.find(number);
  if (known != held.end() && now_ < known->second.again_at) return false;
  const auto waits = std::ranges::find_if(s.orders, [](const order* leg) { return leg->state == order_state::created; });
  if (waits == s.orders.end()) return true; // nothing to ask about
  auto leg = **waits;
  leg.terms.qty = g.rest();
  const auto word = foresee_leg(leg, g);
  if (word.may_send()) {
    if (known != held.end()) held.erase(known);
    return true;
  }
  const bool was_asked = known != held.end();
  auto& told = held[number];
  told.again_at = now_ + settings().timings.leg_again;
  if (!was_asked && !core_.compared_at_) return false; // a start: account and venue have not had their say yet
  if (std::exchange(told.code, word.code) == word.code) return false;
  if (g.out) alert(severity::warning, "LEG_WAITS", &leg, "the " + s.name + " would be refused (" + word.code + "): what is out stays");
  else alert(severity::alarm, "UNPROTECTED", &leg, "the " + s.name + " would be refused (" + word.code + "); it is asked again until it passes");
  return false;
}

std::optional<error> account_core::turn::change_waiting(order_number number, const order_terms& wanted) {
  auto leg = *book().find(number);
  if (wanted == leg.terms) return std::nullopt;
  const auto g = group_of(leg.parent == order_number::none ? leg : *book().find(leg.parent));
  leg.terms = wanted;
  if (const auto word = foresee_leg(leg, g); !word.may_send()) return refusal_of(word);
  if (auto done = record(terms_changed{number, wanted}); !done) return done.error();
  return std::nullopt;
}

// What is shown of a leg that waits is what it would go out with.
bool account_core::turn::size_waiting(const group& g) {
  for (const auto& s : g.slots)
    for (const auto* leg : s.orders) {
      if (leg->state != order_state::created || leg->terms.qty == g.rest()) continue;
      auto terms = leg->terms;
      terms.qty = g.rest();
      return record(terms_changed{leg->number, terms}).has_value();
    }
  return false;
}

// A refusal may be for now, as while a rate is missing after a start: later and later it is tried again.
bool account_core::turn::waits_after_refusal(const group& g) {
  const auto due = g.failed->updated_at + settings().timings.leg_again * (std::int64_t{1} << (g.failures - 1));
  if (now_ >= due) return false;
  auto& told = core_.held_legs_[g.head->number];
  told.again_at = due;
  if (std::exchange(told.code, "REFUSED") != "REFUSED" && g.failures == 1)
    alert(severity::alarm, "UNPROTECTED", g.failed, "the " + g.failed->leg + " was refused (" + g.failed->reason + "); it is tried again");
  return true;
}

// Reduce-only orders that rest close no more than there is, after what protects and the older ones among them: cut when the position
// shrinks, cancelled when it is gone.
void account_core::turn::trim_reduce_only(const std::string& symbol) {
  const auto held = book().held(symbol);
  auto left = quantity{held.value().abs()};
  const auto take = [&](quantity size) { left -= std::min(left, size); };
  std::vector<order_number> resting;
  for (const auto number : book().open_orders()) {
    const auto& what = *book().find(number);
    if (what.symbol != symbol || !may_trade(what.state)) continue;
    const bool may_be_cut = is_live(what.state) && what.state != order_state::pending_cancel && what.state != order_state::pending_replace;
    if (book().is_protection(what)) take(what.largest_quantity() - what.filled);
    else if (what.terms.effect == position_effect::reduce_only && what.leg.empty() && what.owner != ownership::external && may_be_cut)
      resting.push_back(number);
  }
  for (const auto number : resting) {
    const auto what = *book().find(number);
    const auto size = what.terms.qty - what.filled;
    const auto room = to_close(held, what.way()).is_zero() ? quantity{} : left;
    if (!room.is_zero()) take(size);
    if (room >= size) continue;
    auto terms = what.terms;
    terms.qty = what.filled + room;
    const bool can_be_cut = !room.is_zero() && can_be_replaced(what.state);
    if (!can_be_cut || ask_replace(number, terms)) ask_cancel(number, "nothing is left for it to close", only_closes);
  }
}

void account_core::turn::forget_group(const order& head) {
  core_.groups_[head.symbol].erase(head.number);
  core_.held_legs_.erase(head.number);
  core_.asleep_.erase(head.number);
}

// What it protects is no position of the account now: orders of others stand against it. It comes back with what it protects.
void account_core::turn::put_to_sleep(const group& g) {
  core_.held_legs_.erase(g.head->number);
  if (!core_.asleep_.insert(g.head->number).second) return;
  if (g.generations > 0)
    alert(severity::notice, "PROTECTION_ENDED", g.head,
          "orders of others stand against what it opened: its legs are gone, and come back when that is a position of the account again");
  std::vector<order_number> sleeping; // oldest first
  for (const auto number : core_.groups_[g.head->symbol])
    if (core_.asleep_.contains(number)) sleeping.push_back(number);
  if (sleeping.size() <= max_sleeping) return;
  const auto& oldest = *book().find(sleeping.front());
  alert(severity::warning, "PROTECTION_ENDED", &oldest, "it was waiting behind " + std::to_string(max_sleeping) + " others: its legs do not come back");
  forget_group(oldest);
}

void account_core::turn::tend(order_number head_number) {
  const auto* head = book().find(head_number);
  auto& heads = core_.groups_[head->symbol];
  auto g = group_of(*head);
  if (g.protective) g.total = g.done + share_of(g);
  const bool over = g.ended || g.rest().is_zero();
  if (over || g.failures >= max_leg_failures || g.generations >= max_generations) {
    if (!over && heads.contains(head_number)) alert(severity::alarm, "UNPROTECTED", head, "its legs can't be placed; " + g.rest().to_string() + " left");
    bool open = false;
    std::vector<order_number> legs;
    for (const auto& s : g.slots)
      for (const auto* leg : s.orders)
        if (!is_final(leg->state) && (over || leg->state == order_state::created)) legs.push_back(leg->number);
    for (const auto leg : legs) {
      ask_cancel(leg, g.ended ? "its sibling ended" : "nothing is left for it", linked_code);
      open = open || !is_final(book().find(leg)->state);
    }
    const bool more_may_come = g.protective && (head->profit || head->loss) && !is_final(head->state) && !g.ended;
    const bool is_netted = over && !g.ended && g.protective && !g.claimed.left.is_zero();
    if (open || more_may_come || (is_netted && has_exit(head->symbol))) return;
    if (is_netted && g.claimed.bound == claim_bound::owner) return put_to_sleep(g);
    const bool has_stop = std::ranges::any_of(g.slots, &slot::is_stop);
    if (g.ended && g.protective && has_stop && g.total > g.done)
      alert(severity::alarm, "UNPROTECTED", head, "its legs were cancelled or have expired; " + (g.total - g.done).to_string() + " left");
    forget_group(*head);
    return;
  }
  core_.asleep_.erase(head_number);
  if (size_waiting(g)) return;
  const auto* wanted = wanted_slot(g);
  if (g.out) {
    if (wanted && g.out_slot != wanted && !may_go(g, *wanted)) wanted = g.out_slot;
    if (g.out_slot != wanted) {
      if (g.out->state == order_state::pending_cancel) return;
      return ask_cancel(g.out->number, "makes room for its sibling or an exit", linked_code);
    }
    return resize(g.out->number, g.out->filled + g.rest());
  }
  if (g.failed && waits_after_refusal(g)) return;
  // the legs that wait here are there for all to see
  for (const auto& s : g.slots) {
    const bool waits = std::any_of(s.orders.begin(), s.orders.end(), [](const order* leg) { return leg->state == order_state::created; });
    if (waits) continue;
    auto terms = s.terms;
    terms.qty = g.rest();
    return make_leg(*head, s.name, terms, static_cast<int>(s.orders.size())); // and look again in the next round
  }
  if (!wanted || !may_go(g, *wanted)) return;
  for (const auto* leg : wanted->orders)
    if (leg->state == order_state::created) {
      const auto number = leg->number;
      if (!wanted->is_stop()) core_.target_out_[number] = now_;
      return release(number, g.rest());
    }
}

// A refusal, by the gate or by the venue, may be for now: it is asked again, later and later, and at last a person is. What rests
// there protects some of it meanwhile, and stays.
void account_core::turn::resize(order_number number, quantity to) {
  const auto& leg = *book().find(number);
  if (leg.terms.qty == to) {
    if (core_.resizes_.erase(number) > 0 && can_be_replaced(leg.state)) watch_leg(leg);
    return;
  }
  if (leg.pending_terms && leg.pending_terms->qty == to) return;
  if (!can_be_replaced(leg.state)) return; // its answer comes first
  if (settings().can.replace == replace_support::none) return ask_cancel(number, "comes back with another quantity", linked_code);
  auto& one = core_.resizes_[number];
  if (one.to != to) one = {to};
  if (one.is_given_up) return;
  // it would close more than there is: where the venue does not make it smaller, a smaller one takes its place
  if (one.tries > 0 && one.refused_by == resizing::party::venue && to < leg.terms.qty) return ask_cancel(number, "comes back with another quantity", linked_code);
  const auto refused = [&](const std::string& why) {
    if (!std::exchange(one.is_told, true)) alert(severity::alarm, "UNPROTECTED", &leg, "the leg can't be resized to " + to.to_string() + ": " + why);
  };
  if (one.tries > 0 && now_ < one.again_at) return refused(leg.reason);
  if (one.tries == max_resizes) {
    one.is_given_up = true;
    watch_leg(leg);
    return alert(severity::alarm, "UNPROTECTED", &leg, "the leg was refused " + to.to_string() + " units " + std::to_string(max_resizes) + " times");
  }
  one.again_at = now_ + settings().timings.resize_again * (std::int64_t{1} << one.tries);
  ++one.tries;
  auto terms = leg.terms;
  terms.qty = to;
  one.refused_by = resizing::party::venue; // if at all
  if (auto wrong = ask_replace(number, terms)) {
    one.refused_by = resizing::party::gate;
    refused(wrong->message);
    watch_leg(*book().find(number));
  }
}

// A bracket whose legs would find no room beside own orders that rest on their side would stand there without protection.
std::optional<check_outcome> account_core::turn::lack_of_room(const order& what) const {
  if (!what.profit && !what.loss) return std::nullopt;
  const auto exit_way = direction_of(opposite_side(what.way()));
  quantity resting;
  std::map<order_number, quantity> most;
  for (const auto number : book().open_orders()) {
    const auto& other = *book().find(number);
    const bool rests = other.symbol == what.symbol && other.way() == exit_way && number != what.number && !book().is_protection(other) && !closes_at_once(other);
    const auto head = other.parent == order_number::none ? number : other.parent; // of a pair one trades
    if (rests) most[head] = std::max(most[head], other.largest_quantity() - other.filled);
  }
  for (const auto& [head, size] : most) resting += size;
  if (resting.is_zero()) return std::nullopt;
  auto free = to_close(book().held(what.symbol), exit_way); // that nothing protects
  if (const auto heads = core_.groups_.find(what.symbol); heads != core_.groups_.end())
    for (const auto head : heads->second)
      if (head != what.number) free -= std::min(free, share_of(group_of(*book().find(head))));
  if (resting <= free) return std::nullopt;
  return check_outcome{"REDUCE_ONLY_EXCESS", check_result::rejected, "symbol", resting.value(), free.value(), "quantity",
                       "own working orders of " + resting.to_string() + " on the other side leave its stop and target no room: cancel them first", 0};
}

} // namespace tt::execution
