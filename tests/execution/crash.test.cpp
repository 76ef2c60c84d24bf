// The account writer that nodes run, in a process of its own, killed with SIGKILL at random moments of the
// life of its orders, over and over, against a venue that loses and repeats answers.
// Number of kills: TT_KILLS (150 without it). The control acknowledges and sends before
// the journal has the records, and must be caught.

#include "actors/execution/account_writer.hpp"
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

/// The journal of a node, at whose every step the process may end.
class mortal_store final : public store_around {
public:
  mortal_store(std::shared_ptr<journal_store> inner, std::function<void()> point) : store_around(std::move(inner)), point_(std::move(point)) {}
  result<journal_head> claim(const account_id& a, lease_epoch e) override {
    point_();
    return store_around::claim(a, e);
  }
  result<void> append(const account_id& a, const journal_batch& b) override {
    point_();
    auto done = store_around::append(a, b);
    point_();
    return done;
  }
  result<void> put_snapshot(const account_id& a, lease_epoch e, const journal_snapshot& s) override {
    point_();
    auto done = store_around::put_snapshot(a, e, s);
    point_();
    return done;
  }

private:
  std::function<void()> point_;
};

/// The writer that nodes run, with the group commit of the account actor: what has arrived by now shares one commit.
class node {
public:
  node(int socket, const std::string& path, std::uint64_t epoch, order_of_work mode) : socket_(socket), path_(path), epoch_(epoch), mode_(mode) {}

  [[noreturn]] void run() {
    while (auto input = receive_message<node_input>(socket_)) {
      point();
      ++inputs_;
      std::visit([this](auto& m) { on(m); }, *input);
      if (!more_has_arrived() || writer_->is_due(monotonic_)) commit();
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
  [[nodiscard]] bool more_has_arrived() const {
    char first = 0;
    return ::recv(socket_, &first, 1, MSG_DONTWAIT | MSG_PEEK) > 0;
  }

  void carry_out(const std::vector<effect>& effects) {
    for (const auto& e : effects)
      if (auto request = request_in(e)) {
        send_message(socket_, node_output{to_venue{std::move(*request)}});
        point();
      }
  }
  void acknowledge(const std::string& key) {
    send_message(socket_, node_output{acknowledged{key}});
    point();
  }
  void take(outcome out, const std::string& key = {}) {
    const bool answers = !key.empty() && !out.refused;
    if (mode_ == order_of_work::acknowledge_first) { // the control: everybody hears of it before the disk does
      if (answers) acknowledge(key);
      carry_out(out.effects);
      out.effects.clear();
    }
    must(!writer_->blocked());
    const auto ticket = writer_->take(std::move(out), monotonic_);
    if (answers && mode_ == order_of_work::durable_first) promised_.emplace(ticket, key);
    point();
  }
  void commit() {
    for (auto& done : writer_->commit({now_, monotonic_})) {
      must(!done.failed);
      if (const auto key = promised_.extract(done.ticket)) acknowledge(key.mapped());
      carry_out(done.what.effects);
    }
    for (; inputs_ > 0; --inputs_) send_message(socket_, node_output{input_done{}});
  }
  void at_time(utc_time now) {
    now_ = now;
    monotonic_ = now.time_since_epoch().count();
  }

  void on(const start_node& m) {
    at_time(m.now);
    die_at_ = m.die_at;
    auto store = open_sqlite_journal(path_);
    must(store.has_value());
    writer_settings s;
    s.profile = opening().profile;
    s.opening_cash = opening().cash;
    s.core = settings();
    s.core.epoch = lease_epoch{epoch_};
    s.snapshot_every = 25; // snapshots and what follows them are part of what is killed
    auto opened = account_writer::open(std::make_shared<mortal_store>(std::shared_ptr<journal_store>(std::move(*store)), [this] { point(); }),
                                       std::move(s), gate_, {now_, monotonic_});
    must(opened.has_value());
    writer_ = std::move(*opened);
    point();
    carry_out(writer_->started());
  }
  void on(const client_place& m) {
    at_time(m.now);
    auto what = wanted(m.key, m.side, static_cast<std::int64_t>(m.qty), m.limit ? order_type::limit : order_type::market);
    what.request.limit_price = m.limit;
    if (m.stop_loss) {
      what.request.type = order_type::bracket;
      what.request.loss = stop_loss{*m.stop_loss, std::nullopt};
    }
    take(writer_->core().place(what, m.now), m.key);
  }
  void on(const client_cancel& m) {
    at_time(m.now);
    if (const auto* what = writer_->book().find(*intent_key::manual("tester", m.key))) take(writer_->core().cancel(what->number, "", m.now));
  }
  void on(const clock_tick& m) {
    at_time(m.now);
    take(writer_->core().tick(m.now));
  }
  void on(venue_says& m) {
    at_time(m.now);
    if (auto* s = std::get_if<venue_snapshot>(&m.report)) s->received_at = writer_->book().last();
    take(writer_->core().on_report(m.report, m.now));
  }
  void on(const dump_state&) {
    state_dump out;
    const auto& book = writer_->book();
    for (const auto& what : book.orders()) out.orders.push_back({what.key.str(), what.wire_id, what.state, what.filled});
    out.held = book.held("AAPL");
    out.cash = book.cash();
    out.records = raw(book.last());
    send_message(socket_, node_output{out});
  }

  int socket_;
  std::string path_;
  std::uint64_t epoch_;
  order_of_work mode_;
  open_gate gate_;
  std::unique_ptr<account_writer> writer_;
  std::map<std::uint64_t, std::string> promised_; ///< by ticket
  int inputs_ = 0; ///< taken, and not yet answered
  utc_time now_{};
  std::int64_t monotonic_ = 0;
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
