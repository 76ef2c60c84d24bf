#include "cluster/backtest/series_supplier_actor.hpp"

#include "actors/market/caf_error.hpp"
#include "actors/market/messages.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace tt::cluster {

namespace {

using supplier = caf::stateful_actor<series_supplier_state>*;
using load_ptr = std::shared_ptr<series_load>;
using step = series_load::step;

/// What a simulated exchange calls itself.
constexpr std::string_view sim_label = "sim";

void pump(supplier self);

bool is_same(const backtest::series_wanted& a, const backtest::series_wanted& b) {
  return a.job == b.job && a.key == b.key && a.inner == b.inner && a.request == b.request;
}

/// Ends a load: all that asked for it are answered.
template <class Answer>
void finish(supplier self, const load_ptr& load, const Answer& answer) {
  load->now = step::over;
  load->pages.clear();
  load->bars.clear();
  for (auto& one : load->waiting) one.deliver(answer);
  load->waiting.clear();
  self->state.active.remove(load);
}

void fail(supplier self, const load_ptr& load, const error& why) { finish(self, load, to_caf_error(why)); }

/// What `data_source` asks for, against what there is.
result<void> check_source(backtest::bar_origin wanted, const std::string& symbol, bool simulated) {
  if (simulated == (wanted == backtest::bar_origin::sim)) return {};
  return error{errc::not_found, simulated ? "there are no stored bars of " + symbol + ": its prices are simulated"
                                          : "there are no simulated bars of " + symbol + ": it has stored ones", "data_source"};
}

/// The present piece has all its bars: the next one, or the end.
void end_piece(supplier self, const load_ptr& load) {
  std::vector<bar> whole;
  whole.reserve(load->piece_bars);
  for (auto page = load->pages.rbegin(); page != load->pages.rend(); ++page) {
    whole.insert(whole.end(), page->begin(), page->end());
    *page = {};
  }
  load->pages.clear();
  load->piece_bars = 0;
  load->bars.push_back(std::move(whole));
  const auto& first = load->bars.front();
  if (load->bars.size() < load->pieces.size() && !first.empty()) return;
  // without bars in the range nothing else is of use
  auto set = backtest::join_pieces(*load->wanted.request, load->wanted.key, *load->what, load->pieces, std::exchange(load->bars, {}));
  if (!set) return fail(self, load, set.error());
  finish(self, load, backtest::series_loaded{std::move(*set)});
}

market::history_request next_page(const series_load& load) {
  const auto& piece = load.pieces[load.bars.size()];
  market::history_request out;
  out.symbol = load.what->symbol;
  out.frame = piece.frame;
  out.hours = load.wanted.request->session;
  out.from = piece.window.from;
  out.to = load.pages.empty() ? piece.window.to : load.pages.back().front().open_time;
  out.limit = static_cast<std::uint32_t>(std::min<std::size_t>(page_bars, piece.window.count - load.piece_bars));
  return out;
}

void take_page(supplier self, const load_ptr& load, std::uint32_t wanted, const market::history_reply& reply) {
  const auto& piece = load->pieces[load->bars.size()];
  auto page = *reply.bars;
  const bool more = page.size() == wanted;
  if (load->pages.empty() && reply.last_is_forming && !page.empty()) page.pop_back(); // a bar under way is another one tomorrow
  std::erase_if(page, [&](const bar& b) { return b.open_time < piece.window.from || b.open_time >= piece.window.to; });
  const bool any = !page.empty();
  if (any) {
    load->piece_bars += page.size();
    load->held += page.size();
    load->pages.push_back(std::move(page));
  }
  if (!any || !more || load->piece_bars >= piece.window.count) return end_piece(self, load);
  if (load->pages.size() == max_pages)
    fail(self, load, {errc::limit_exceeded, "more than " + std::to_string(max_pages * page_bars) + " bars of " + load->what->symbol + ": narrow the dates", "start_date"});
}

/// Sends the load's next question. `take` gets its answer, unless the load was dropped meanwhile.
template <class Answer, class Take, class... Question>
void ask(supplier self, const load_ptr& load, const caf::actor& whom, step after, Take take, Question... question) {
  load->now = step::asked;
  ++self->state.asked;
  const auto arrived = [self, load, after] {
    --self->state.asked;
    if (load->now == step::over) return false;
    load->now = after;
    return true;
  };
  self->request(whom, page_deadline, std::move(question)...)
    .then(
      [self, arrived, take](const Answer& answer) {
        if (arrived()) take(answer);
        pump(self);
      },
      [self, arrived, load](const caf::error& e) {
        if (arrived()) fail(self, load, from_caf_error(e));
        pump(self);
      });
}

void go_on(supplier self, const load_ptr& load) {
  const auto source = load->wanted.request->data_source;
  const bool any_source = source == backtest::bar_origin::automatic;
  switch (load->now) {
  case step::find:
    return ask<caf::actor>(self, load, self->state.directory, any_source ? step::page : step::check,
                           [load](const caf::actor& found) { load->symbol = found; }, market::symbol_atom::value, load->what->symbol);
  case step::check:
    return ask<market::quote_snapshot>(
      self, load, load->symbol, step::page,
      [self, load, source](const market::quote_snapshot& quote) {
        if (auto fits = check_source(source, load->what->symbol, quote.source == sim_label); !fits) fail(self, load, fits.error());
      },
      market::quote_atom::value);
  case step::page: {
    auto wanted = next_page(*load);
    const auto limit = wanted.limit;
    return ask<market::history_reply>(
      self, load, load->symbol, step::page, [self, load, limit](const market::history_reply& page) { take_page(self, load, limit, page); }, std::move(wanted));
  }
  case step::asked:
  case step::over: return;
  }
}

/// Begins a load of the job after the one that was begun last.
bool begin_next(supplier self) {
  auto& s = self->state;
  if (s.queued.empty() || s.active.size() >= max_loads) return false;
  // a job whose loads are under way already comes after those that have none
  const auto busy = [&](std::uint64_t job) {
    return std::ranges::count_if(s.active, [&](const auto& one) { return one->wanted.job == job; });
  };
  auto best = s.queued.end();
  auto at = s.queued.upper_bound(s.last_job);
  for (std::size_t i = 0; i < s.queued.size(); ++i, ++at) {
    if (at == s.queued.end()) at = s.queued.begin();
    if (best == s.queued.end() || busy(at->first) < busy(best->first)) best = at;
  }
  auto load = std::move(best->second.front());
  best->second.pop_front();
  s.last_job = best->first;
  if (best->second.empty()) s.queued.erase(best);
  s.active.push_back(load);
  s.turns.push_back(load);
  return true;
}

bool may_ask(const series_supplier_state& s, const load_ptr& load) {
  if (load->now == step::asked || load->now == step::over) return false;
  if (load == s.active.front() || load->held < free_held_bars) return true;
  std::size_t held = 0;
  for (const auto& one : s.active) held += one->held;
  return held < max_held_bars;
}

/// Asks as many questions as may be on their way, one of each load in turn.
void pump(supplier self) {
  auto& s = self->state;
  while (begin_next(self)) {}
  for (auto left = s.turns.size(); left > 0 && s.asked < max_pages_asked; --left) {
    const auto load = s.turns.front().lock();
    s.turns.pop_front();
    if (!load || load->now == step::over) continue;
    s.turns.push_back(load);
    if (may_ask(s, load)) go_on(self, load);
  }
}

caf::result<backtest::series_loaded> on_wanted(supplier self, const backtest::series_wanted& wanted) {
  auto& s = self->state;
  const auto* what = s.master->find(wanted.key.symbol);
  if (what == nullptr) return to_caf_error({errc::unknown_symbol, "unknown symbol " + wanted.key.symbol, "symbols"});
  auto pieces = backtest::pieces_of(*wanted.request, wanted.key, wanted.inner, *what);
  if (!pieces) return to_caf_error(pieces.error()); // before there is a promise, which would swallow it
  const auto asker = caf::actor_cast<caf::actor_addr>(self->current_sender()); // the promise takes it away
  auto promise = self->make_response_promise<backtest::series_loaded>();
  const auto join = [&](auto& loads) {
    const auto same = std::ranges::find_if(loads, [&](const auto& one) { return is_same(one->wanted, wanted); });
    if (same == loads.end()) return false;
    (*same)->waiting.push_back(promise);
    return true;
  };
  if (join(s.active)) return promise;
  if (const auto mine = s.queued.find(wanted.job); mine != s.queued.end() && join(mine->second)) return promise;
  auto load = std::make_shared<series_load>();
  load->wanted = wanted;
  load->what = what;
  load->pieces = std::move(*pieces);
  load->waiting.push_back(promise);
  load->asker = asker;
  if (load->asker && s.askers.insert(load->asker).second) self->monitor(load->asker);
  s.queued[wanted.job].push_back(std::move(load));
  pump(self);
  return promise;
}

/// Drops the loads that fit, queued and under way; pages that are on their way come for nobody.
template <class Fits>
void drop(supplier self, Fits fits, const error& why) {
  auto& s = self->state;
  std::vector<load_ptr> gone;
  for (auto at = s.queued.begin(); at != s.queued.end();) {
    std::erase_if(at->second, [&](const load_ptr& load) { return fits(*load) && (gone.push_back(load), true); });
    at = at->second.empty() ? s.queued.erase(at) : std::next(at);
  }
  std::ranges::copy_if(s.active, std::back_inserter(gone), [&](const load_ptr& load) { return fits(*load); });
  for (const auto& load : gone) fail(self, load, why);
  pump(self);
}

void on_unwanted(supplier self, std::uint64_t job) {
  drop(self, [job](const series_load& load) { return load.wanted.job == job; }, {errc::conflict, "the job is over"});
}

/// A coordinator that broke off: its successor asks anew, by requests of its own.
void on_down(supplier self, const caf::actor_addr& gone) {
  self->state.askers.erase(gone);
  drop(self, [&gone](const series_load& load) { return load.asker == gone; }, {errc::conflict, "who asked has ended"});
}

} // namespace

caf::behavior series_supplier_actor(supplier self, std::shared_ptr<const instrument_master> master, caf::actor directory) {
  self->state.master = std::move(master);
  self->state.directory = std::move(directory);
  self->set_down_handler([self](const caf::down_msg& down) { on_down(self, down.source); });
  return {
    [self](const backtest::series_wanted& wanted) { return on_wanted(self, wanted); },
    [self](const backtest::series_unwanted& job) { on_unwanted(self, job.job); },
  };
}

} // namespace tt::cluster
