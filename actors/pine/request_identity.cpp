#include "actors/pine/request_identity.hpp"

#include <algorithm>
#include <bit>

namespace tt::pine {

namespace {

template <class T, class Same>
bool all_same(const std::vector<T>& a, const std::vector<T>& b, Same same) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), same);
}

bool same_site(const site_plan& a, const site_plan& b) {
  // where in the source it stands makes no difference
  return a.fn == b.fn && a.name == b.name && a.args == b.args && a.types == b.types && a.outs == b.outs && a.out_types == b.out_types &&
         a.state == b.state && a.aux == b.aux && a.series_length == b.series_length;
}

bool same_program(const program& a, const program& b) {
  auto bits = [](double x, double y) { return std::bit_cast<std::uint64_t>(x) == std::bit_cast<std::uint64_t>(y); };
  auto numbered = [](const auto& x, const auto& y) { return x->expression == y->expression; };
  return a.code == b.code && a.refs == b.refs && a.state_bytes == b.state_bytes && all_same(a.num_init, b.num_init, bits) &&
         a.text_init == b.text_init && a.varip_num == b.varip_num && a.varip_ref == b.varip_ref && a.loads == b.loads && a.rings == b.rings &&
         a.every_bar == b.every_bar && a.input_uses == b.input_uses && all_same(a.sites, b.sites, same_site) &&
         all_same(a.requests, b.requests, numbered);
}

} // namespace

bool same_expression(const request_plan& a, const request_plan& b) {
  return a.lower == b.lower && a.results == b.results && a.types == b.types && same_program(*a.body, *b.body);
}

} // namespace tt::pine
