// A node as a process of its own, killed with SIGKILL at random moments of the
// life of its orders, over and over, against a venue that loses and repeats answers.
// Number of kills: TT_KILLS (150 without it). The control acknowledges and sends before
// the journal has the records, and must be caught.

#include "actors/execution/journal.hpp"
#include "tests/execution/faulty_venue.hpp"
#include "tests/execution/node_wire.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>
#include <sys/wait.h>

namespace tt::execution::test {
namespace {

enum class order_of_work : std::uint8_t { durable_first, acknowledge_first };

// ---------------------------------------------------------------- the node

class node {
public:
  node(int socket, const std::string& path, std::uint64_t epoch, order_of_work mode) : socket_(socket), mode_(mode) {
    auto store = open_sqlite_journal(path);
    must(store.has_value());
    auto opened = journal::open(std::shared_ptr<journal_store>(std::move(*store)), paper(), lease_epoch{epoch});
    must(opened.has_value());
    journal_.emplace(std::move(*opened));
    account_book book;
    must(journal_->replay(journal_offset::none, {}, [&](journal_record&& r) { return book.apply(r); }).has_value());
    auto s = settings();
    s.epoch = lease_epoch{epoch};
    core_.emplace(std::move(book), std::move(s), gate_);
  }

  [[noreturn]] void run() {
    while (auto input = receive_message<node_input>(socket_)) {
      point();
      std::visit([this](auto& m) { on(m); }, *input);
      send_message(socket_, node_output{input_done{}});
    }
    _exit(0);
  }

private:
  static void must(bool holds) {
    if (!holds) _exit(3);
  }
  /// A place at which the process may end.
  void point() {
    if (die_at_ != 0 && --die_at_ == 0) raise(SIGKILL);
  }

  void append(outcome& out) {
    for (std::size_t i = 0; i < out.records.size(); i += max_batch_records) {
      point();
      const auto count = std::min(max_batch_records, out.records.size() - i);
      must(journal_->append(std::span(out.records).subspan(i, count), {}).has_value());
    }
    point();
  }
  void act(outcome out, const std::string& acknowledge = {}) {
    if (mode_ == order_of_work::durable_first) append(out);
    if (!acknowledge.empty() && !out.refused) send_message(socket_, node_output{acknowledged{acknowledge}});
    point();
    for (const auto& e : out.effects)
      if (auto request = request_in(e)) {
        send_message(socket_, node_output{to_venue{std::move(*request)}});
        point();
      }
    if (mode_ == order_of_work::acknowledge_first) append(out);
  }

  void on(const start_node& m) {
    die_at_ = m.die_at;
    if (!core_->book().is_open()) act(core_->note(opening(), m.now));
    act(core_->start(m.now));
  }
  void on(const client_place& m) {
    auto what = wanted(m.key, m.side, static_cast<std::int64_t>(m.qty), m.limit ? order_type::limit : order_type::market);
    what.request.limit_price = m.limit;
    if (m.stop_loss) {
      what.request.type = order_type::bracket;
      what.request.loss = stop_loss{*m.stop_loss, std::nullopt};
    }
    act(core_->place(what, m.now), m.key);
  }
  void on(const client_cancel& m) {
    if (const auto* what = core_->book().find(*intent_key::manual("tester", m.key))) act(core_->cancel(what->number, "", m.now));
  }
  void on(const clock_tick& m) { act(core_->tick(m.now)); }
  void on(venue_says& m) {
    if (auto* s = std::get_if<venue_snapshot>(&m.report)) s->received_at = core_->book().last();
    act(core_->on_report(m.report, m.now));
  }
  void on(const dump_state&) {
    state_dump out;
    for (const auto& what : core_->book().orders()) out.orders.push_back({what.key.str(), what.wire_id, what.state, what.filled});
    out.held = core_->book().held("AAPL");
    out.cash = core_->book().cash();
    out.records = raw(core_->book().last());
    send_message(socket_, node_output{out});
  }

  int socket_;
  order_of_work mode_;
  open_gate gate_;
  std::optional<journal> journal_;
  std::optional<account_core> core_;
  std::uint64_t die_at_ = 0;
};

// ---------------------------------------------------------------- the world

struct findings {
  int kills = 0, kills_by_point = 0, acknowledged = 0, orders = 0, executions = 0;
  std::vector<std::string> broken;
};

class world {
public:
  world(std::uint32_t seed, order_of_work mode, findings& out) : venue_(seed), random_(seed * 7919 + 1), mode_(mode), out_(out) {
    venue_.healthy_since = now_;
  }
  ~world() { stop(); }

  void live_and_die(int lives) {
    for (int i = 0; i < lives; ++i) {
      const bool by_point = random_() % 2;
      begin(by_point ? 1 + random_() % 60 : 0);
      const auto steps = random_() % 14;
      for (unsigned s = 0; s < steps && alive(); ++s) {
        step();
        if (random_() % 4) wait_until_done();
      }
      if (by_point) // goes on until it dies by itself, or has nothing more to do
        for (int s = 0; s < 40 && alive(); ++s) {
          step();
          wait_until_done();
        }
      if (alive()) { // at any moment of what it is doing now
        step();
        const auto until = std::chrono::steady_clock::now() + std::chrono::microseconds{random_() % 600};
        while (std::chrono::steady_clock::now() < until) {}
        kill(child_, SIGKILL);
      } else ++out_.kills_by_point;
      ++out_.kills;
      reap();
    }
  }

  void verify() {
    venue_.heal();
    begin(0);
    wait_until_done();
    for (int i = 0; i < 90 && alive(); ++i) {
      now_ += seconds{1};
      say(clock_tick{now_});
      wait_until_done();
      deliver();
      if (i % 15 == 14) {
        listing_request all;
        all.asked_at = journal_offset{1'000'000'000}; // of this moment: nothing is on its way
        state_dump d = dump();
        all.asked_at = journal_offset{d.records};
        for (const auto& o : d.orders)
          if (o.state == order_state::unknown) all.lookups.push_back(o.wire_id);
        venue_.take(all, now_);
        deliver();
      }
    }
    if (!alive()) return broken("the node ended by itself");
    const auto d = dump();
    std::map<std::string, const order_line*> known;
    for (const auto& o : d.orders) known[o.key] = &o;
    for (const auto& key : acknowledged_)
      if (!known.contains(intent_key::manual("tester", key)->str())) broken("an acknowledged order is lost: " + key);
    quantity position;
    money cash{100'000};
    for (const auto& o : venue_.orders()) {
      if (venue_.count(o.handle.wire_id) != 1) broken("the venue has an order twice: " + o.handle.wire_id.str());
      const auto mine = std::find_if(d.orders.begin(), d.orders.end(), [&](const auto& line) { return line.wire_id == o.handle.wire_id; });
      if (mine == d.orders.end()) broken("the venue has an order that the node does not know: " + o.handle.wire_id.str());
      else {
        if (mine->filled != o.filled) broken(o.handle.wire_id.str() + ": the venue filled " + o.filled.to_string() + ", the node " + mine->filled.to_string());
        if (venue_.is_open(o) != is_live(mine->state))
          broken(o.handle.wire_id.str() + (venue_.is_open(o) ? " is open at the venue and " : " is not open at the venue and ")
                 + std::string(to_string(mine->state)) + " here");
      }
      for (const auto& e : o.executions) {
        position += e.way == direction::buy ? e.qty : -e.qty;
        cash -= money{e.px.value() * (e.way == direction::buy ? e.qty : -e.qty).value()};
        ++out_.executions;
      }
    }
    for (const auto& o : d.orders)
      if (!venue_.find(o.wire_id) && !is_final(o.state) && o.state != order_state::created) broken(o.wire_id.str() + " is " + std::string(to_string(o.state)) + " here and not at the venue");
    if (d.held != position) broken("the position is " + d.held.to_string() + ", the venue's executions give " + position.to_string());
    if (d.cash != cash) broken("cash is " + d.cash.to_string() + ", the venue's executions give " + cash.to_string());
    if (venue_.resent != 0) broken("an order was sent again although it may have arrived");
    out_.acknowledged += static_cast<int>(acknowledged_.size());
    out_.orders += static_cast<int>(d.orders.size());
  }

private:
  void broken(std::string what) { out_.broken.push_back(std::move(what)); }

  void begin(std::uint64_t die_at) {
    int ends[2];
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), 0);
    for (const int end : ends) {
      const int size = 1024 * 1024;
      ::setsockopt(end, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    }
    ++epoch_;
    child_ = fork();
    if (child_ == 0) {
      ::close(ends[0]);
      node{ends[1], folder_.path("journal"), epoch_, mode_}.run();
    }
    ::close(ends[1]);
    socket_ = ends[0];
    open_ = true;
    waiting_ = 0;
    say(start_node{now_, die_at});
  }
  bool alive() const { return open_; }

  template <class Message>
  void say(Message m) {
    if (!open_) return;
    if (send_message(socket_, node_input{std::move(m)})) ++waiting_;
    else drain();
  }
  void take(const node_output& message) {
    if (const auto* a = std::get_if<acknowledged>(&message)) acknowledged_.insert(a->key);
    else if (const auto* r = std::get_if<to_venue>(&message)) venue_.take(r->request, now_);
    else if (std::get_if<input_done>(&message)) --waiting_;
    else if (const auto* d = std::get_if<state_dump>(&message)) dump_ = *d;
  }
  void wait_until_done() {
    while (open_ && waiting_ > 0) {
      auto message = receive_message<node_output>(socket_);
      if (!message) open_ = false;
      else take(*message);
    }
  }
  /// What it had sent before it died is on the wire and arrives.
  void drain() {
    while (auto message = receive_message<node_output>(socket_, MSG_DONTWAIT)) take(*message);
    open_ = false;
  }
  void reap() {
    int status = 0;
    ::waitpid(child_, &status, 0);
    drain();
    ::close(socket_);
    child_ = -1;
    if (!WIFSIGNALED(status)) broken("the node ended with status " + std::to_string(WEXITSTATUS(status)));
    venue_.outbox.clear(); // what the venue was telling is told to nobody
    now_ += milliseconds{100 + random_() % 2000};
  }
  void stop() {
    if (child_ <= 0) return;
    kill(child_, SIGKILL);
    ::waitpid(child_, nullptr, 0);
    ::close(socket_);
    child_ = -1;
  }

  state_dump dump() {
    say(dump_state{});
    wait_until_done();
    return dump_;
  }

  void deliver() {
    for (int i = 0; i < 1000 && open_ && !venue_.outbox.empty(); ++i) {
      auto report = std::move(venue_.outbox.front());
      venue_.outbox.pop_front();
      say(venue_says{now_, std::move(report)});
      wait_until_done();
    }
  }

  void step() {
    now_ += milliseconds{random_() % 200};
    switch (random_() % 8) {
    case 0:
    case 1: {
      client_place m;
      m.now = now_;
      m.key = "k" + std::to_string(keys_.size());
      m.side = random_() % 2 ? order_side::buy : order_side::sell;
      m.qty = 1 + random_() % 9;
      if (random_() % 4) m.limit = p(95 + static_cast<std::int64_t>(random_() % 10));
      if (m.side == order_side::buy && random_() % 5 == 0) m.stop_loss = p(90);
      keys_.push_back(m);
      return say(m);
    }
    case 2: { // a client that got no answer asks again
      std::vector<client_place> open;
      for (const auto& m : keys_)
        if (!acknowledged_.contains(m.key)) open.push_back(m);
      if (open.empty()) return;
      auto again = open[random_() % open.size()];
      again.now = now_;
      return say(again);
    }
    case 3:
      if (!keys_.empty()) return say(client_cancel{now_, keys_[random_() % keys_.size()].key});
      return;
    case 4:
    case 5: venue_.trade(now_); [[fallthrough]];
    case 6:
      if (!venue_.outbox.empty()) {
        auto report = std::move(venue_.outbox.front());
        venue_.outbox.pop_front();
        return say(venue_says{now_, std::move(report)});
      }
      return;
    default:
      now_ += milliseconds{random_() % 3000};
      return say(clock_tick{now_});
    }
  }

  temporary_folder folder_;
  faulty_venue venue_;
  std::mt19937 random_;
  order_of_work mode_;
  findings& out_;
  utc_time now_ = at(0);
  std::uint64_t epoch_ = 0;
  pid_t child_ = -1;
  int socket_ = -1;
  bool open_ = false;
  int waiting_ = 0;
  std::vector<client_place> keys_;
  std::set<std::string> acknowledged_;
  state_dump dump_;
};

findings sweep(int kills, order_of_work mode, std::uint32_t first_seed) {
  findings out;
  for (auto seed = first_seed; out.kills < kills; ++seed) {
    world w{seed, mode, out};
    w.live_and_die(std::min(25, kills - out.kills));
    w.verify();
    for (auto& text : out.broken)
      if (text.find("seed ") == std::string::npos) text = "seed " + std::to_string(seed) + ": " + text;
  }
  return out;
}

int wanted_kills() {
  const char* text = std::getenv("TT_KILLS");
  return text ? std::atoi(text) : 150;
}

TEST(crash_sweep, killed_at_random_moments_it_loses_nothing_and_sends_nothing_twice) {
  const auto found = sweep(wanted_kills(), order_of_work::durable_first, 1);
  std::cout << found.kills << " kills (" << found.kills_by_point << " at a chosen point, the others at any instruction), " << found.orders << " orders, "
            << found.acknowledged << " acknowledged, " << found.executions << " executions, " << found.broken.size() << " differences" << std::endl;
  for (const auto& what : found.broken) ADD_FAILURE() << what;
  EXPECT_GT(found.acknowledged, found.kills / 4);
  EXPECT_GT(found.executions, found.kills / 10);
}

TEST(crash_sweep, a_build_that_acknowledges_before_the_journal_has_it_is_caught) {
  const auto found = sweep(std::min(wanted_kills(), 200), order_of_work::acknowledge_first, 1);
  std::cout << "control: " << found.broken.size() << " differences after " << found.kills << " kills" << std::endl;
  EXPECT_FALSE(found.broken.empty());
}

} // namespace
} // namespace tt::execution::test
