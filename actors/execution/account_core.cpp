#include "actors/execution/core_turn.hpp"
#include "actors/execution/wire_id.hpp"

#include <algorithm>

namespace tt::execution {

namespace {

/// Whether two requests for one key ask for the same.
bool same_content(const order& made, const order& wanted) {
  // what the gate reduced is in `terms.qty`; what was asked is in `asked`
  auto a = made.terms, b = wanted.terms;
  a.qty = b.qty = quantity{};
  const bool sent_otherwise = made.terms_version > 1; // replaced since: compare what a replace can't change
  return made.symbol == wanted.symbol && made.asked == wanted.asked && made.profit == wanted.profit && made.loss == wanted.loss
         && made.strategy == wanted.strategy && made.terms.side == wanted.terms.side && made.terms.type == wanted.terms.type
         && made.closing == wanted.closing && made.alert == wanted.alert && made.comment == wanted.comment && (sent_otherwise || a == b);
}

/// Whether a request asks for the pair that we hold: `a` went by the words of its first leg, `b` by those of the second.
bool is_same_pair(const order& a, const order* b, const order_request& r) {
  if (r.type != order_type::oco || r.legs.size() != 2) return false;
  const auto is = [](const order& made, const oco_leg& asked) {
    return made.terms.type == asked.type && (made.terms_version > 1 || (made.terms.limit_price == asked.limit_price && made.terms.stop_price == asked.stop_price));
  };
  return is(a, r.legs[0]) && (!b || is(*b, r.legs[1]));
}

order_terms terms_of(const order_request& r) {
  order_terms out;
  out.side = r.side;
  out.type = r.type;
  out.tif = r.tif;
  out.hours = r.hours;
  out.effect = r.effect;
  if (const auto* q = std::get_if<size_quantity>(&r.size)) out.qty = q->value;
  out.limit_price = r.limit_price;
  out.stop_price = r.stop_price;
  out.trail_offset = r.trail_offset;
  out.trail_percent = r.trail_percent;
  out.good_till = r.good_till;
  return out;
}

void take_request(order& what, const order_request& r) {
  what.asked = r.size;
  what.terms = terms_of(r);
  what.profit = r.profit;
  what.loss = r.loss;
  what.closing = r.closing;
  what.strategy = r.strategy;
  what.alert = r.alert;
  what.comment = r.comment;
}

bool is_held_oco(const order& what, const venue_capabilities& can) {
  return what.terms.type == order_type::oco && can.oco == linked_support::none;
}

/// An attempt after which there may be another: nothing of it can be at the venue.
bool may_retry(const order& what) {
  return (what.state == order_state::rejected || what.state == order_state::risk_rejected) && what.filled.is_zero();
}

} // namespace

std::optional<venue_request> request_in(const effect& e) {
  if (const auto* s = std::get_if<std::shared_ptr<const send_command>>(&e)) return venue_request{(*s)->request()};
  if (const auto* c = std::get_if<std::shared_ptr<const change_command>>(&e)) return venue_request{(*c)->request()};
  if (const auto* c = std::get_if<cancel_request>(&e)) return venue_request{*c};
  if (const auto* c = std::get_if<lookup_request>(&e)) return venue_request{*c};
  if (const auto* c = std::get_if<listing_request>(&e)) return venue_request{*c};
  return std::nullopt;
}

namespace {

/// Of a group that is awake something is open: the head, or a leg at the venue or waiting here, which is made with the fill that it protects.
bool is_awake(const order& head, const account_book& book) {
  return !is_final(head.state) || std::ranges::any_of(head.linked, [&](order_number leg) { return !is_final(book.find(leg)->state); });
}

/// Of one that sleeps nothing is open, but something is left to protect. One that has ended is over for good.
bool sleeps(const order& head, const account_book& book) {
  const auto claimed = book.claim_of(head);
  return !is_awake(head, book) && !claimed.left.is_zero() && claimed.bound == claim_bound::owner && !book.is_group_ended(head);
}

} // namespace

account_core::account_core(account_book book, core_settings settings, order_gate& gate)
  : book_(std::move(book)), settings_(std::move(settings)), gate_(gate) {
  for (const auto& what : book_.orders()) {
    const bool bracket = (what.profit || what.loss) && settings_.can.brackets == linked_support::none;
    const bool heads = bracket || (!what.linked.empty() && what.parent == order_number::none);
    const bool is_asleep = heads && sleeps(what, book_);
    if (is_asleep) asleep_.insert(what.number);
    if (is_asleep || (heads && is_awake(what, book_))) groups_[what.symbol].insert(what.number);
  }
}

outcome account_core::start(utc_time now) {
  turn t{*this, now};
  const std::set<order_number> open = book_.open_orders();
  static_cast<void>(t.record(node_started{settings_.node, ""}));
  for (const auto number : open) {
    const auto& what = *book_.find(number);
    t.touched_.insert(number);
    t.symbols_.insert(what.symbol);
    gate_.on_order(what);
    if (what.state != order_state::unknown) continue;
    t.freeze_for_doubt(what);
    t.lookup(what);
  }
  for (const auto& [symbol, heads] : groups_) t.symbols_.insert(symbol);
  t.list();
  return t.finish();
}

std::optional<error> account_core::turn::make_order(const new_order& wanted, int attempt, order_number& made) {
  const auto& r = wanted.request;
  order what;
  what.number = book().next_number();
  what.key = wanted.key;
  what.attempt = static_cast<std::uint8_t>(attempt);
  what.wire_id = wire_id_of(account(), wanted.key, attempt);
  what.id = order_id_of(what.wire_id);
  what.client_id = r.client_id.empty() ? client_order_id{what.wire_id.str()} : r.client_id;
  what.origin = wanted.origin;
  what.symbol = wanted.symbol;
  what.contract = wanted.contract;
  take_request(what, r);
  what.created_at = now_;
  if (auto fine = check_capabilities(settings().can, what); !fine) return fine.error();
  if (book().find(what.wire_id)) return error{errc::conflict, "an order with this wire id exists", "client_order_id"};
  if (is_held_oco(what, settings().can)) {
    if (!std::holds_alternative<size_quantity>(what.asked)) return error{errc::unsupported, "oco needs a quantity", "quantity"};
    const auto& a = r.legs.at(0);
    what.terms.type = a.type;
    what.terms.limit_price = a.limit_price;
    what.terms.stop_price = a.stop_price;
    what.leg = "a";
  }
  made = what.number;
  if (auto done = record(order_intent{what}); !done) return done.error();
  const bool bracket = (what.profit || what.loss) && settings().can.brackets == linked_support::none;
  if (bracket || !what.leg.empty()) core_.groups_[what.symbol].insert(made);
  if (!what.leg.empty()) {
    auto terms = what.terms;
    const auto& b = r.legs.at(1);
    terms.type = b.type;
    terms.limit_price = b.limit_price;
    terms.stop_price = b.stop_price;
    make_leg(*book().find(made), "b", terms, 0);
  }
  return std::nullopt;
}

void account_core::turn::make_leg(const order& head, const std::string& name, const order_terms& terms, int generation) {
  auto key = intent_key::leg(head.wire_id, name, generation);
  TT_ASSERT(key.has_value()); // short by construction
  order leg;
  leg.number = book().next_number();
  leg.key = *key;
  leg.wire_id = wire_id_of(account(), leg.key, 0);
  leg.id = order_id_of(leg.wire_id);
  leg.client_id = client_order_id{leg.wire_id.str()};
  leg.origin = order_origin::leg;
  leg.symbol = head.symbol;
  leg.contract = head.contract;
  leg.asked = size_quantity{terms.qty};
  leg.terms = terms;
  leg.strategy = head.strategy;
  leg.alert = head.alert;
  leg.parent = head.number;
  leg.leg = name;
  leg.created_at = now_;
  const auto parent = head.number, number = leg.number; // `head` may move with the next record
  if (auto done = record(order_intent{std::move(leg)}); !done) return alert(severity::alarm, "INTERNAL", nullptr, done.error().message);
  static_cast<void>(record(legs_linked{parent, {number}}));
}

void account_core::turn::release(order_number number, std::optional<quantity> qty, const char* why) {
  order asked = *book().find(number);
  const auto wanted = asked.terms.qty;
  if (qty) asked.terms.qty = *qty;
  auto word = core_.gate_.check(asked, book(), now_);
  const bool passed = word.proof && word.proof->is_valid()
                      && word.decision.may_send();
  auto terms = asked.terms;
  if (qty && *qty < wanted && *why) { // cut before the gate saw it: the sender is told so
    word.decision.original = wanted;
    word.decision.adjustments.insert(word.decision.adjustments.begin(), {why, *qty});
    if (word.decision.result == verdict::approved) {
      word.decision.result = verdict::approved_reduced;
      word.decision.code = why;
      word.decision.legacy_code = "approved_with_reduction";
    }
  }
  if (passed) terms = word.proof->order().terms;
  else if (word.decision.result != verdict::rejected) { // no proof, or a word that is not known: never sent
    word.decision.result = verdict::rejected;
    if (word.decision.code.empty()) word.decision.code = "INTERNAL";
  }
  std::shared_ptr<const send_command> command;
  if (passed) {
    asked.terms = terms;
    auto made = send_command::make(std::move(*word.proof), asked, account(), settings().epoch, settings().can);
    if (made) command = std::make_shared<const send_command>(std::move(*made));
    else {
      word.decision.result = verdict::rejected;
      word.decision.code = made.error().code == errc::unsupported ? "TYPE_UNSUPPORTED" : "INTERNAL";
      word.decision.message = made.error().message;
    }
  }
  if (auto done = record(order_decided{number, word.decision, terms}); !done) return alert(severity::alarm, "INTERNAL", nullptr, done.error().message);
  if (!command) return;
  static_cast<void>(move(number, order_event::send));
  core_.going_out_[number] = command;
  add(std::move(command));
}

void account_core::turn::turn_away(order_number number, risk_decision word) {
  word.result = verdict::rejected;
  if (word.code.empty()) word.code = "INTERNAL";
  const auto terms = book().find(number)->terms;
  if (auto done = record(order_decided{number, std::move(word), terms}); !done) alert(severity::alarm, "INTERNAL", nullptr, done.error().message);
}

outcome account_core::place(const new_order& wanted, utc_time now) {
  turn t{*this, now};
  if (auto fine = check_request(wanted.request); !fine) return t.refuse(fine.error());
  if (wanted.key.empty()) return t.refuse({errc::invalid_argument, "an order needs its cause", "intent"});
  const bool is_over = wanted.request.good_till && *wanted.request.good_till <= now;
  if (is_over && !book_.find(wanted.key)) return t.refuse({errc::invalid_argument, "must be later than now", "good_till"});
  if (const auto* before = book_.find(wanted.key)) {
    order probe;
    probe.symbol = wanted.symbol;
    take_request(probe, wanted.request);
    bool is_same = true;
    if (!before->leg.empty()) { // an OCO pair that we hold: its head carries the first leg's words
      const auto second = std::ranges::find_if(before->linked, [&](order_number n) { return book_.find(n)->leg == "b"; });
      is_same = is_same_pair(*before, second == before->linked.end() ? nullptr : book_.find(*second), wanted.request);
      probe.terms.type = before->terms.type;
      probe.terms.limit_price = before->terms.limit_price;
      probe.terms.stop_price = before->terms.stop_price;
    }
    if (!is_same || !same_content(*before, probe)) return t.refuse({errc::conflict, "was used for another order", "client_order_id"});
    auto out = t.finish();
    out.answer = reply::repeated;
    out.order = before->number;
    return out;
  }
  if (!wanted.request.client_id.empty() && book_.find(wanted.request.client_id))
    return t.refuse({errc::conflict, "was used for another order", "client_order_id"});
  order_number made{};
  if (auto wrong = t.make_order(wanted, 0, made)) return t.refuse(std::move(*wrong));
  const auto& what = *book_.find(made);
  t.out().answer = reply::done;
  t.out().order = made;
  if (what.leg.empty()) t.send_or_wait(made);
  else t.admit_pair(made);
  return t.finish();
}

void account_core::turn::send_or_wait(order_number made) {
  const auto& what = *book().find(made);
  if (auto why = lack_of_room(what)) {
    auto word = core_.gate_.foresee(what, {}, book(), now_);
    if (!word.may_send()) return release(made, std::nullopt); // the gate has reasons of its own
    refuse_for(word, std::move(*why));
    return turn_away(made, std::move(word));
  }
  deciding_ = made;
  const auto protection = taken_back_for(what);
  deciding_ = order_number::none;
  if (protection.empty()) return release(made, std::nullopt);
  // an exit waits for its own protection, and what protects the position goes only for an exit that will pass
  auto word = core_.gate_.foresee(what, protection, book(), now_);
  if (word.may_send()) core_.exits_.insert_or_assign(made, waiting_exit{closing_part_of(what), word.approved, {}});
  else turn_away(made, std::move(word));
}

void refuse_for(risk_decision& word, check_outcome why) {
  word.result = verdict::rejected;
  word.code = why.code;
  word.message = why.message;
  word.approved = {};
  word.adjustments.clear();
  word.checks.push_back(std::move(why));
}

account_core::forecast account_core::look_ahead(const order_request& asked, utc_time now) {
  turn t{*this, now};
  order probe; // without a number: it is being judged
  probe.symbol = asked.symbol;
  take_request(probe, asked);
  forecast out;
  out.no_room = t.lack_of_room(probe);
  out.taken_back = t.taken_back_for(probe);
  return out;
}

// The legs of an OCO pair go out as the pair's turn says. Whether they may is asked now: a pair that is refused must not wait for better days.
void account_core::turn::admit_pair(order_number head) {
  const auto& what = *book().find(head);
  auto word = core_.gate_.foresee(what, {}, book(), now_);
  const auto legs = what.linked;
  for (const auto leg : legs)
    if (word.may_send()) word = core_.gate_.foresee(*book().find(leg), {}, book(), now_);
  if (word.may_send()) return;
  turn_away(head, std::move(word));
  for (const auto leg : legs) ask_cancel(leg, "its sibling was refused", linked_code);
  core_.groups_[book().find(head)->symbol].erase(head);
}

quantity account_core::turn::closing_part_of(const order& what) const {
  if (what.terms.effect == position_effect::reduce_only) return what.terms.qty;
  return std::min(what.terms.qty, to_close(book().held(what.symbol), what.way()));
}

outcome account_core::retry(order_number number, utc_time now) {
  turn t{*this, now};
  const auto* before = book_.find(number);
  if (!before) return t.refuse({errc::not_found, "no such order", "order_id"});
  if (!may_retry(*before) || !before->leg.empty() || book_.find(before->key) != before)
    return t.refuse({errc::conflict, "only the newest attempt of an order that never traded may be tried again", "order_id"});
  if (before->attempt + 1 > 99) return t.refuse({errc::limit_exceeded, "no more than 100 attempts", "order_id"});
  new_order again;
  auto& r = again.request;
  r.symbol = again.symbol = before->symbol;
  r.side = before->terms.side;
  r.size = before->asked;
  r.type = before->terms.type;
  r.limit_price = before->terms.limit_price;
  r.stop_price = before->terms.stop_price;
  r.trail_offset = before->terms.trail_offset;
  r.trail_percent = before->terms.trail_percent;
  r.tif = before->terms.tif;
  r.good_till = before->terms.good_till;
  r.hours = before->terms.hours;
  r.effect = before->terms.effect;
  r.profit = before->profit;
  r.loss = before->loss;
  r.closing = before->closing;
  r.strategy = before->strategy;
  r.alert = before->alert;
  r.comment = before->comment;
  again.key = before->key;
  again.origin = before->origin;
  again.contract = before->contract;
  const int attempt = before->attempt + 1;
  order_number made{};
  if (auto wrong = t.make_order(again, attempt, made)) return t.refuse(std::move(*wrong));
  t.out().answer = reply::done;
  t.out().order = made;
  t.send_or_wait(made);
  return t.finish();
}

void account_core::turn::send_cancel(const order& what) {
  add(cancel_request{settings().epoch, account(), what.wire_id, what.venue_order, what.venue_session});
}

void account_core::turn::ask_cancel(order_number number, const std::string& reason, const std::string& code) {
  const auto* what = book().find(number);
  if (what->state == order_state::created) {
    static_cast<void>(move(number, order_event::withdrawn, {}, reason, code));
    return;
  }
  if (what->state == order_state::pending_cancel || (what->wish == order_wish::cancel && !is_live(what->state))) return;
  if (!move(number, order_event::cancel_asked, {}, reason, code)) return;
  what = book().find(number);
  send_cancel(*what);
}

outcome account_core::cancel(order_number number, std::string reason, utc_time now) {
  turn t{*this, now};
  const auto* what = book_.find(number);
  if (!what) return t.refuse({errc::not_found, "no such order", "order_id"});
  t.out().order = number;
  if (is_final(what->state)) {
    t.out().answer = reply::unchanged;
    return t.finish();
  }
  t.out().answer = reply::done;
  t.ask_cancel(number, reason.empty() ? "cancelled on request" : std::move(reason), "");
  return t.finish();
}

error refusal_of(const risk_decision& word) {
  auto text = word.message.empty() ? "refused by the risk gate" : word.message;
  const auto why = std::ranges::find(word.checks, word.code, &check_outcome::code);
  if (why != word.checks.end() && why->measured && why->limit)
    text += " (measured " + why->measured->to_string() + ", limit " + why->limit->to_string() + " " + why->unit + ", " + why->scope + ")";
  return {errc::refused, std::move(text), word.code};
}

std::optional<error> account_core::turn::ask_replace(order_number number, order_terms wanted) {
  const order what = *book().find(number);
  if (!can_be_replaced(what.state))
    return error{errc::conflict, "only a working order can be changed; this one is " + std::string(to_string(what.state)), "order_id"};
  if (wanted.qty <= what.filled) return error{errc::invalid_argument, "must be more than what is filled", "quantity"};
  if (settings().can.replace == replace_support::none)
    return error{errc::unsupported, "the venue can't change orders: cancel and place anew", "order_id"};
  auto word = core_.gate_.check_change(what, wanted, book(), now_);
  if (auto done = record(change_decided{number, word.decision, wanted}); !done) return done.error();
  if (!word.proof) return refusal_of(word.decision);
  wanted = word.proof->order().terms;
  auto command = change_command::make(std::move(*word.proof), what, account(), settings().epoch, settings().can);
  if (!command) return command.error();
  if (auto done = record(order_moved{number, order_event::replace_asked, {}, "", "", wanted}); !done) return done.error();
  add(std::make_shared<const change_command>(std::move(*command)));
  return std::nullopt;
}

outcome account_core::replace(order_number number, const terms_change& change, utc_time now) {
  turn t{*this, now};
  const auto* what = book_.find(number);
  if (!what) return t.refuse({errc::not_found, "no such order", "order_id"});
  if (change.if_version && *change.if_version != what->version)
    return t.refuse({errc::conflict, "the order has version " + std::to_string(what->version) + " by now", "if_version"});
  if (!what->leg.empty() && change.qty) return t.refuse({errc::conflict, "the quantity of a linked order follows its sibling", "quantity"});
  auto wanted = what->terms;
  if (change.qty) wanted.qty = *change.qty;
  if (change.limit_price) wanted.limit_price = change.limit_price;
  if (change.stop_price) wanted.stop_price = change.stop_price;
  if (change.trail_offset) wanted.trail_offset = change.trail_offset;
  if (change.trail_percent) wanted.trail_percent = change.trail_percent;
  if (change.tif) wanted.tif = *change.tif;
  if (wanted.tif != time_in_force::gtd) wanted.good_till.reset();
  else if (!wanted.good_till) return t.refuse({errc::invalid_argument, "an order without good_till can't become gtd", "time_in_force"});
  const bool waits = what->state == order_state::created && !what->leg.empty();
  if (waits && change.tif) return t.refuse({errc::conflict, "a leg that waits has that of its order", "time_in_force"});
  if (auto wrong = waits ? t.change_waiting(number, wanted) : t.ask_replace(number, wanted)) return t.refuse(std::move(*wrong));
  t.out().answer = reply::done;
  t.out().order = number;
  return t.finish();
}

outcome account_core::on_report(const venue_report& report, utc_time now) {
  turn t{*this, now};
  std::visit([&](const auto& r) { t.on(r); }, report);
  return t.finish();
}

outcome account_core::on_price(const std::string& symbol, price last, utc_time now) {
  turn t{*this, now};
  last_price_[symbol] = last;
  if (groups_.contains(symbol)) t.symbols_.insert(symbol);
  return t.finish();
}

outcome account_core::close_unknown(order_number number, const std::string& author, const std::string& reason, utc_time now) {
  turn t{*this, now};
  const auto* what = book_.find(number);
  if (!what) return t.refuse({errc::not_found, "no such order", "order_id"});
  if (what->state != order_state::unknown)
    return t.refuse({errc::conflict, "is " + std::string(to_string(what->state)) + ", not unknown", "order_id"});
  if (reason.empty()) return t.refuse({errc::invalid_argument, "is required", "reason"});
  static_cast<void>(t.move(number, order_event::closed_by_person, {}, author + ": " + reason, "closed_by_person"));
  t.out().answer = reply::done;
  t.out().order = number;
  return t.finish();
}

outcome account_core::accept_position(const std::string& symbol, const contract_terms& contract, price average, const std::string& author,
                                      const std::string& reason, utc_time now) {
  turn t{*this, now};
  const auto found = book_.frozen().find(symbol);
  if (found == book_.frozen().end()) return t.refuse({errc::not_found, "no disagreement about this symbol", "symbol"});
  const auto rate = contract.currency == book_.profile().currency ? std::optional(decimal{1}) : settings_.fx ? settings_.fx(contract.currency) : std::nullopt;
  if (!rate) return t.refuse({errc::not_available, "no exchange rate for " + contract.currency, "symbol"});
  if (auto done = t.record(position_adjusted{symbol, contract, found->second.theirs, average, *rate, author, reason}); !done)
    return t.refuse(done.error());
  static_cast<void>(t.record(symbol_thawed{symbol, author + ": " + reason}));
  t.out().answer = reply::done;
  return t.finish();
}

outcome account_core::note(journal_fact fact, utc_time now) {
  turn t{*this, now};
  const bool plain = std::holds_alternative<account_opened>(fact) || std::holds_alternative<cash_flowed>(fact)
                     || std::holds_alternative<balances_reported>(fact) || std::holds_alternative<account_marked>(fact)
                     || std::holds_alternative<risk_noted>(fact) || std::holds_alternative<cause_received>(fact);
  if (!plain) return t.refuse({errc::invalid_argument, "is a fact that only a decision of the core may make", "fact"});
  if (auto done = t.record(std::move(fact)); !done) return t.refuse(done.error());
  t.out().answer = reply::done;
  return t.finish();
}

} // namespace tt::execution
