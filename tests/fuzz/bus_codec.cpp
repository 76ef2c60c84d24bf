// Hostile bytes for everything that reads from the wire: link headers, messages
// with every kind of field, topic headers. The first byte chooses.
#include "bus/link/frame.hpp"
#include "tests/bus/messages.hpp"

#include <caf/message.hpp>

namespace {

const bus::codec::type_table& types() {
  static const auto* table = [] {
    auto* t = new bus::codec::type_table;
    bus_test::add_types(*t);
    return t;
  }();
  return *table;
}

template <class T>
void read_and_write_again(std::string_view in) {
  T x{};
  bus::codec::decoder f{in, {&types(), nullptr}};
  if (f.apply(x)) return;
  // what was understood can be written, and reads back
  bus::codec::bytes out;
  bus::codec::encoder g{out, {&types(), nullptr}};
  if (g.apply(x)) return; // an error's context may hold a type without a codec
  T y{};
  bus::codec::decoder h{out, {&types(), nullptr}};
  if (h.apply(y)) __builtin_trap();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view in{reinterpret_cast<const char*>(data) + 1, size - 1};
  switch (data[0] % 5) {
  case 0: {
    bus::link::header h;
    (void)bus::link::read(in, h);
    break;
  }
  case 1:
    read_and_write_again<caf::message>(in);
    break;
  case 2:
    read_and_write_again<bus_test::order>(in);
    break;
  case 3:
    read_and_write_again<caf::error>(in);
    break;
  default: {
    bus::codec::cursor c{in};
    while (!c.at_end() && c.skip() == bus::errc::none) {
    }
  }
  }
  return 0;
}
