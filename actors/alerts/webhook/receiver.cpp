#include "actors/alerts/webhook/receiver.hpp"

#include "actors/alerts/webhook/crypto.hpp"

#include <algorithm>
#include <tuple>

namespace tt::webhook {

namespace {

/// Buckets that are kept; when the table is full, those that have filled up again go.
constexpr std::size_t max_buckets = 20'000;
constexpr std::int64_t token = 60'000'000'000; ///< one token: a minute in ns, so that n tokens a minute are n units a ns
constexpr std::string_view paper_id = "paper";

std::chrono::nanoseconds deadline_after(const webhook_profile& profile) {
  return std::max<std::chrono::nanoseconds>(profile.freshness, shortest_deadline);
}

/// What makes two posts the same alert.
struct duplicate_rule {
  std::string key;
  std::chrono::nanoseconds kept;
  id_origin identity;
};

duplicate_rule rule_of(const webhook_profile& profile, const signal& what, std::string_view raw) {
  const auto scope = profile.id == paper_id ? profile.id + ":" + profile.account.str() : profile.id;
  if (!what.id.empty()) return {sha256_hex("id|" + scope + "|" + what.id), duplicate_memory, id_origin::sender};
  const auto key = sha256_hex("body|" + scope + "|" + sha256_hex(raw));
  if (what.sent_at) return {key, duplicate_memory, id_origin::derived};
  return {key, body_memory, id_origin::derived};
}

/// Whether blotting the secret out changed more than words for people. Such an alert can't be kept as it was meant: what is
/// in the journal would mean another order after a restart, and the strategy of another name.
bool says_secret_in_field(const payload& text, const signal& kept) {
  if (!text.before_blot) return false;
  const auto sent = normalise({text.form, *text.before_blot, std::nullopt});
  const auto fields = [](const signal& s) {
    return std::tie(s.symbol, s.action, s.qty, s.qty_kind, s.limit_price, s.stop_price, s.type, s.tif, s.strategy, s.position, s.previous,
                    s.position_size, s.id, s.sent_at, s.account, s.max_position, s.risk_percent);
  };
  return fields(sent) != fields(kept);
}

} // namespace

receiver::receiver(event_journal& journal, const instrument_master& master, standing_lookup standing, receiver_settings settings)
    : journal_(journal), master_(master), standing_(std::move(standing)), settings_(std::move(settings)),
      lanes_(journal.name(), standing_, settings_.times) {}

result<std::unique_ptr<receiver>> receiver::open(event_journal& journal, const instrument_master& master, standing_lookup standing,
                                                 receiver_settings settings, alert_moment now) {
  auto out = std::unique_ptr<receiver>(new receiver(journal, master, std::move(standing), std::move(settings)));
  if (auto loaded = out->load(now); !loaded) return loaded.error();
  return out;
}

result<void> receiver::load(alert_moment now) {
  auto next = journal_.next();
  if (!next) return next.error();
  next_event_ = *next;
  auto kept = journal_.profiles();
  if (!kept) return kept.error();
  for (auto& one : *kept) profiles_.insert_or_assign(one.id, std::move(one));
  for (const auto& one : profiles()) {
    if (!one.expect_every) continue;
    auto last = journal_.newest_of(one.id);
    if (!last) return last.error();
    expected_[one.id] = {std::max(last->value_or(one.created_at), now.wall - *one.expect_every), expectation::state::fine};
  }
  auto open = journal_.waiting();
  if (!open) return open.error();
  for (auto& event : *open) {
    if (lanes_.size() + 1 >= max_on_the_way) break; // the rest is for the next start
    resume(std::move(event), now);
  }
  collect(now);
  return {};
}

/// Takes up an event that is in the journal and not in the lanes.
void receiver::resume(webhook_event event, alert_moment now) {
  const auto profile = event.profile == paper_id ? std::optional{paper_profile(event.account)} : [&]() -> std::optional<webhook_profile> {
    const auto* found = by_id(event.profile);
    return found == nullptr ? std::nullopt : std::optional{*found};
  }();
  judged again;
  if (profile) again = judge_again(event, *profile);
  else again.word = {alert_verdict::refused, refusal::scope, "the profile was removed"};
  if (again.plan) return send_on(event, deadline_after(*profile), std::move(*again.plan), on_its_way::history::recovered, now);
  event.word = std::move(again.word);
  event.hand_over = hand_over_state::done;
  event.updated_at = now.wall;
  changed_.push_back(std::move(event));
}

void receiver::send_on(const webhook_event& event, std::chrono::nanoseconds patience, order_plan plan, on_its_way::history past, alert_moment now) {
  on_the_way_[event.id] = event;
  lanes_.add({event.id, event.profile, std::move(plan), event.received_at + patience, past, event.identity}, now);
}

judged receiver::judge_again(const webhook_event& event, const webhook_profile& profile) const {
  const auto text = restore_payload(event.body, event.form);
  if (!text) return {{alert_verdict::refused, refusal::invalid_field, text.error().message}, std::nullopt};
  return judge(normalise(*text), {profile, master_, standing_, event.alert, event.received_at});
}

webhook_profile receiver::paper_profile(account_id account) const {
  webhook_profile out;
  out.id = out.name = std::string{paper_id};
  out.account = std::move(account);
  out.freshness = settings_.fallback.freshness;
  return out;
}

const webhook_profile* receiver::by_id(std::string_view id) const {
  if (id == settings_.fallback.id) return &settings_.fallback;
  const auto found = profiles_.find(id);
  return found == profiles_.end() ? nullptr : &found->second;
}

const webhook_profile* receiver::find(const webhook_post& post) const {
  if (post.path_token.empty()) return &settings_.fallback;
  // every profile is compared: how long it takes says nothing about which one it is
  const auto given = digest_of(post.path_token, "");
  const webhook_profile* out = nullptr;
  for (const auto& [id, one] : profiles_)
    if (equal_in_constant_time(one.path_token.hash, given.hash)) out = &one;
  return out;
}

bool receiver::draw(std::unordered_map<std::string, bucket>& from, const std::string& who, std::uint32_t per_minute, std::uint32_t burst,
                    utc_time now) {
  if (per_minute == 0) return true;
  const std::int64_t full = static_cast<std::int64_t>(burst == 0 ? per_minute : burst) * token;
  if (from.size() >= max_buckets && !from.contains(who))
    std::erase_if(from, [&](const auto& one) { return (now - one.second.at).count() >= full / per_minute; });
  if (from.size() >= max_buckets && !from.contains(who)) return false;
  const auto [at, is_new] = from.try_emplace(who, bucket{full, now});
  auto& mine = at->second;
  if (!is_new && now > mine.at) {
    const auto passed = std::min<std::int64_t>((now - mine.at).count(), full / per_minute + 1);
    mine.level = std::min(full, mine.level + passed * per_minute);
  }
  mine.at = std::max(mine.at, now);
  if (mine.level < token) return false;
  mine.level -= token;
  return true;
}

webhook_answer receiver::not_authenticated(const webhook_post& post, utc_time now) {
  // the limit bites only on those who fail: others may post from the same address with the right secret
  if (!draw(failures_, post.client, settings_.failures_per_minute, 0, now))
    return refuse(answer_kind::rate_limited, "too many posts that were not authenticated", now);
  return refuse(answer_kind::unauthenticated, "the alert was not authenticated by the rules of its profile", now);
}

receiver::reception receiver::receive(const webhook_post& post, alert_moment now) {
  auto text = read_payload(post.body);
  const auto* profile = find(post);
  const auto fault = profile == nullptr ? std::optional{auth_fault::unknown_profile}
                                        : authenticate(*profile, post, text ? text->secret : std::nullopt, nonces_, now.wall);
  if (fault) {
    last_fault_ = fault;
    return {0, not_authenticated(post, now.wall)};
  }
  if (!draw(rates_, profile->id, settings_.posts_per_minute, settings_.burst, now.wall))
    return {0, refuse(answer_kind::rate_limited, "more than " + std::to_string(settings_.posts_per_minute) + " alerts a minute on this profile", now.wall)};
  if (!text) return {0, refuse(answer_kind::unreadable, text.error().message, now.wall)};
  if (post.secret) text->forget(*post.secret);
  auto out = take(*profile, std::move(*text), post.body, post.client, now);
  if (!out.answer && !profile->rules.hmac_key.empty() && post.nonce) batch_nonces_.emplace_back(profile->id + "|" + *post.nonce, 2 * profile->freshness);
  return out;
}

receiver::reception receiver::receive_on_paper(std::string_view body, const std::string& client, account_id account, alert_moment now) {
  auto text = read_payload(body);
  if (!text) return {0, refuse(answer_kind::unreadable, text.error().message, now.wall)};
  return take(paper_profile(std::move(account)), std::move(*text), body, client, now);
}

receiver::reception receiver::repeat(const webhook_event& first, utc_time now) const {
  return {0, webhook_answer{answer_kind::accepted, {}, webhook_answer::repetition::duplicate, first, now}};
}

receiver::reception receiver::take(const webhook_profile& profile, payload text, std::string_view raw, const std::string& client, alert_moment now) {
  const auto what = normalise(text);
  auto rule = rule_of(profile, what, raw);
  if (const auto same = batch_keys_.find(rule.key); same != batch_keys_.end()) {
    const auto ticket = next_ticket_++;
    batch_[same->second].repeated.push_back(ticket);
    return {ticket, std::nullopt};
  }
  auto known = journal_.find_duplicate(rule.key, now.wall);
  if (!known) return {0, refuse(answer_kind::unavailable, "the journal of alerts can't be read", now.wall)};
  if (*known) {
    // a commit whose end was not known may have left it in the journal only
    if ((*known)->hand_over == hand_over_state::waiting && !on_the_way_.contains((*known)->id) && lanes_.size() < max_on_the_way) resume(**known, now);
    return repeat(**known, now.wall);
  }
  if (lanes_.size() + batch_.size() >= max_on_the_way) return {0, refuse(answer_kind::unavailable, "too many alerts are on their way", now.wall)};
  if (place_ == trust::unsure) {
    auto next = journal_.next();
    if (!next) return {0, refuse(answer_kind::unavailable, "the journal of alerts can't be read", now.wall)};
    next_event_ = *next + batch_.size();
    place_ = trust::sure;
  }

  pending made;
  auto& event = made.event;
  event.id = next_event_++;
  event.alert = make_alert_id(now.wall, event.id);
  event.profile = profile.id;
  event.client = client;
  event.received_at = event.updated_at = from_unix_ms(unix_ms(now.wall));
  event.form = text.form;
  event.body = text.to_json();
  event.duplicate_key = std::move(rule.key);
  event.duplicate_until = event.received_at + rule.kept;
  event.identity = rule.identity;
  event.account = profile.account;
  auto said = judge(what, {profile, master_, standing_, event.alert, event.received_at});
  if (says_secret_in_field(text, what)) {
    said.word = {alert_verdict::refused, refusal::invalid_field, "the secret is part of another field too: take one that is part of none"};
    said.plan.reset();
  }
  event.word = std::move(said.word);
  event.hand_over = said.plan ? hand_over_state::waiting : hand_over_state::none;
  event.symbol = said.plan && !said.plan->symbol.empty() ? said.plan->symbol : what.symbol;
  event.strategy = said.plan ? said.plan->strategy : strategy_id{what.strategy};
  event.action = what.action_word;
  made.plan = std::move(said.plan);
  made.patience = deadline_after(profile);
  const auto ticket = next_ticket_++;
  made.first = ticket;
  batch_keys_[event.duplicate_key] = batch_.size();
  batch_.push_back(std::move(made));
  return {ticket, std::nullopt};
}

std::vector<std::pair<std::uint64_t, webhook_answer>> receiver::commit(alert_moment now) {
  std::vector<std::pair<std::uint64_t, webhook_answer>> out;
  if (!has_waiting()) return out;
  event_batch batch;
  for (const auto& one : batch_) batch.added.push_back(one.event);
  batch.changed = changed_;
  const auto written = journal_.write(batch);
  auto done = std::exchange(batch_, {});
  batch_keys_.clear();
  const auto nonces = std::exchange(batch_nonces_, {});
  const auto tell = [&](const pending& one, const webhook_answer& first) {
    out.emplace_back(one.first, first);
    auto again = first;
    if (again.kind == answer_kind::accepted) again.seen = webhook_answer::repetition::duplicate;
    for (const auto ticket : one.repeated) out.emplace_back(ticket, again);
  };
  if (!written) {
    place_ = trust::unsure;
    last_failure_ = written.error();
    for (const auto& one : done) tell(one, refuse(answer_kind::unavailable, "the journal of alerts can't be written; send it again", now.wall));
    return out;
  }
  last_failure_.reset();
  changed_.clear();
  for (const auto& [nonce, keep] : nonces) nonces_.remember(nonce, now.wall, std::chrono::duration_cast<std::chrono::seconds>(keep));
  for (auto& one : done) {
    tell(one, {answer_kind::accepted, {}, webhook_answer::repetition::first, one.event, now.wall});
    heard(one.event.profile, now.wall);
    news_.push_back({webhook_news::kind::event, one.event, {}, {}, {}});
    if (one.plan) send_on(one.event, one.patience, std::move(*one.plan), on_its_way::history::fresh, now);
  }
  return out;
}

void receiver::collect(alert_moment now) {
  for (auto& end : lanes_.take_finished()) {
    const auto found = on_the_way_.find(end.event);
    if (found == on_the_way_.end()) continue;
    auto event = std::move(found->second);
    on_the_way_.erase(found);
    event.word = std::move(end.word);
    event.orders = std::move(end.orders);
    event.hand_over = hand_over_state::done;
    event.updated_at = from_unix_ms(unix_ms(now.wall));
    news_.push_back({webhook_news::kind::event, event, {}, {}, {}});
    changed_.push_back(std::move(event));
  }
}

void receiver::heard(std::string_view id, utc_time now) {
  const auto expected = expected_.find(id);
  if (expected == expected_.end()) return;
  const auto* profile = by_id(id);
  if (expected->second.now == expectation::state::missing && profile != nullptr)
    news_.push_back({webhook_news::kind::arrived, {}, profile->id, profile->name, expected->second.last});
  expected->second = {now, expectation::state::fine};
}

void receiver::expect(const webhook_profile& of, utc_time now) {
  const auto before = expected_.find(of.id);
  if (before != expected_.end() && before->second.now == expectation::state::missing)
    news_.push_back({webhook_news::kind::withdrawn, {}, of.id, of.name, before->second.last});
  if (of.expect_every) expected_[of.id] = {now, expectation::state::fine};
  else if (before != expected_.end()) expected_.erase(before);
}

void receiver::on_time(alert_moment now) {
  lanes_.on_time(now);
  for (auto& [id, expected] : expected_) {
    const auto* profile = by_id(id);
    if (profile == nullptr || !profile->expect_every || expected.now == expectation::state::missing) continue;
    if (now.wall <= expected.last + *profile->expect_every) continue;
    expected.now = expectation::state::missing;
    news_.push_back({webhook_news::kind::missing, {}, profile->id, profile->name, expected.last});
  }
}

// -- profiles

std::vector<webhook_profile> receiver::profiles() const {
  std::vector<webhook_profile> out{settings_.fallback};
  for (const auto& [id, one] : profiles_) out.push_back(one);
  return out;
}

result<webhook_profile> receiver::profile(std::string_view id) const {
  const auto* found = by_id(id);
  if (found == nullptr) return error{errc::not_found, "there is no webhook profile " + tt::in_quotes(id), "id"};
  return *found;
}

result<void> receiver::apply(webhook_profile& to, const profile_change& what) const {
  constexpr std::size_t min_secret = 8, max_secret = 200;
  if (what.name) to.name = *what.name;
  if (what.account) to.account = *what.account, to.mode = what.mode;
  if (what.strategy) to.strategy = *what.strategy;
  if (what.body_secret) {
    const auto size = what.body_secret->size();
    if (size != 0 && (size < min_secret || size > max_secret)) return error{errc::invalid_argument, "must have 8 to 200 bytes", "rules.body_secret"};
    to.rules.body_secret = size == 0 ? secret_digest{} : digest_of(*what.body_secret, settings_.make_token());
  }
  if (what.hmac_key) to.rules.hmac_key = *what.hmac_key;
  if (what.ip_allow) to.rules.ip_allow = *what.ip_allow;
  if (what.mtls) to.rules.mtls = *what.mtls;
  if (what.symbols) {
    to.scope.symbols.clear();
    for (const auto& name : *what.symbols) {
      const auto* found = master_.find(name);
      if (found == nullptr) return error{errc::invalid_argument, "no instrument of the name " + tt::in_quotes(name), "scope.symbols"};
      to.scope.symbols.push_back(found->symbol);
    }
  }
  if (what.max_quantity) to.scope.max_quantity = what.max_quantity->is_zero() ? std::nullopt : what.max_quantity;
  if (what.sides) to.scope.sides = *what.sides;
  if (what.freshness) to.freshness = *what.freshness;
  if (what.sync) to.sync = *what.sync;
  if (what.out_of_step) to.out_of_step = *what.out_of_step;
  if (what.expect_every) to.expect_every = what.expect_every->count() == 0 ? std::nullopt : what.expect_every;
  if (auto fine = check_profile(to); !fine) return fine;
  for (const auto& one : profiles())
    if (one.id != to.id && one.name == to.name) return error{errc::conflict, "there is a profile of that name", "name"};
  return {};
}

result<new_profile> receiver::create(const profile_change& what, utc_time now) {
  if (profiles_.size() >= max_profiles) return error{errc::limit_exceeded, "there are " + std::to_string(max_profiles) + " profiles already"};
  new_profile out;
  out.profile.id = "wp-" + settings_.make_token().substr(0, 12);
  out.profile.created_at = out.profile.updated_at = from_unix_ms(unix_ms(now));
  out.profile.freshness = settings_.fallback.freshness;
  if (auto fine = apply(out.profile, what); !fine) return fine.error();
  out.path_token = settings_.make_token();
  out.profile.path_token = digest_of(out.path_token, "");
  if (auto kept = journal_.put(out.profile); !kept) return kept.error();
  expect(out.profile, now);
  profiles_.insert_or_assign(out.profile.id, out.profile);
  return out;
}

result<webhook_profile> receiver::change(std::string_view id, const profile_change& what, utc_time now) {
  if (id == settings_.fallback.id) return error{errc::conflict, "the default profile is made from the settings; change those", "id"};
  auto changed = profile(id);
  if (!changed) return changed;
  if (auto fine = apply(*changed, what); !fine) return fine.error();
  changed->updated_at = from_unix_ms(unix_ms(now));
  if (auto kept = journal_.put(*changed); !kept) return kept.error();
  if (what.expect_every) expect(*changed, now); // another change lets the time run on
  profiles_.insert_or_assign(changed->id, *changed);
  return changed;
}

result<void> receiver::remove(std::string_view id) {
  if (id == settings_.fallback.id) return error{errc::conflict, "the default profile is made from the settings and can't be removed", "id"};
  const auto found = profiles_.find(id);
  if (found == profiles_.end()) return error{errc::not_found, "there is no webhook profile " + tt::in_quotes(id), "id"};
  if (auto removed = journal_.remove(id); !removed) return removed;
  auto gone = std::move(found->second);
  profiles_.erase(found);
  gone.expect_every.reset();
  expect(gone, {});
  return {};
}

result<new_profile> receiver::rotate(std::string_view id, utc_time now) {
  if (id == settings_.fallback.id) return error{errc::conflict, "the default profile has no path token", "id"};
  auto found = profile(id);
  if (!found) return found.error();
  new_profile out{std::move(*found), settings_.make_token()};
  out.profile.path_token = digest_of(out.path_token, "");
  out.profile.updated_at = from_unix_ms(unix_ms(now));
  if (auto kept = journal_.put(out.profile); !kept) return kept.error();
  profiles_.insert_or_assign(out.profile.id, out.profile);
  return out;
}

} // namespace tt::webhook
