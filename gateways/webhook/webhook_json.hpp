#pragma once

// Webhook profiles and events as JSON, and profiles read from it.

#include "gateways/json/json_reader.hpp"
#include "gateways/json/json_writer.hpp"
#include "gateways/webhook_port.hpp"

namespace tt::gateway {

void write(json_writer& out, const webhook::webhook_event& event);
void write(json_writer& out, const webhook::webhook_news& news);
/// Secrets show as true or false. `path_token` is written where it is not empty: the one time it is known.
void write(json_writer& out, const webhook::webhook_profile& profile, std::string_view path_token = {});
/// The body of an accepted post.
void write(json_writer& out, const webhook::webhook_answer& answer);

/// Fields of POST and PATCH; `rules` and `scope` are taken key by key, and null takes a value away. Problems go into `body`.
webhook::profile_change read_profile_change(object_reader& body, const json_value& root);

} // namespace tt::gateway
