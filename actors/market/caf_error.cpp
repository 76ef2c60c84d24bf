#include "actors/market/caf_error.hpp"

#include <caf/exit_reason.hpp>
#include <caf/message.hpp>
#include <caf/sec.hpp>

namespace tt {

caf::error to_caf_error(const error& e) {
  return {static_cast<std::uint8_t>(e.code), errc_category, caf::make_message(e.message, e.field)};
}

error from_caf_error(const caf::error& e) {
  if (e.category() == errc_category && e.context().match_elements<std::string, std::string>())
    return {static_cast<errc>(e.code()), e.context().get_as<std::string>(0), e.context().get_as<std::string>(1)};
  if (e == caf::sec::request_timeout) return {errc::timed_out, "no answer within the deadline"};
  // the bus's own: the link to the actor's node is down or full
  if (e.category() == caf::atom("bus")) return {errc::not_available, "the node of the responsible actor can't be reached"};
  if (e == caf::sec::request_receiver_down || e.category() == caf::atom("exit"))
    return {errc::not_available, "the responsible actor is down"};
  return {errc::internal, "unexpected answer of an actor"};
}

} // namespace tt
