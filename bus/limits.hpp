// This header file defines every fixed limit of the bus, and what happens at it.
// Limits that an operator may want to move are in `bus/config.hpp`.
#pragma once

#include <cstddef>
#include <cstdint>

namespace bus::limits {

/// Largest encoded control message, 16 MiB. Beyond it the sender gets `message_too_large`.
inline constexpr size_t message_bytes = size_t{16} << 20;

/// Memory that the elements of one decoded message may take, 64 MiB: four times what the largest may have on the wire. An empty
/// string is one byte there and 32 here. What strings and byte strings hold is not counted: it was counted on the wire.
/// Beyond it the message is refused with `too_long`, before that list is read.
inline constexpr size_t decoded_bytes = 4 * message_bytes;

/// A frame is closed at this size, so one frame holds many small messages or one large one.
inline constexpr size_t frame_bytes = 60'000;

/// Bodies longer than this travel in parts of it, to peers that say they take them: what is heard of a peer is whole
/// frames, and a long one on a slow network would look like silence.
inline constexpr size_t part_bytes = 64 * 1024;

/// Largest frame accepted from a peer (message plus its envelope); libzmq closes a connection that sends
/// more.
inline constexpr size_t wire_frame_bytes = message_bytes + 64 * 1024;

/// Largest message accepted where only ZeroMQ's own commands are expected; one that sends more is cut off.
inline constexpr size_t answer_bytes = 4096;

/// Frames sent and not yet acknowledged, per link. Beyond it frames wait in the outbox.
inline constexpr uint32_t window_frames = 1024;

/// Frames of one connection that libzmq holds for the bus thread; beyond it they wait at the sender.
inline constexpr int receive_queue = 128;

/// Missing ranges that one acknowledgement may name. More are found by the next one.
inline constexpr size_t missing_ranges = 32;

/// Forwarding stages (`caf::mailbox_element::stages`) of one message. Beyond it: malformed.
inline constexpr size_t stages = 16;

/// Requests of local actors that were passed on twice and of which the second word came first, see `proxy/early_moves`.
/// Beyond it the oldest is forgotten.
inline constexpr size_t early_moves = 4'096;

/// Exit reasons of terminated actors that are remembered, for peers that ask to watch one a moment too late.
/// Beyond it the oldest is forgotten and a late watcher hears `exit_reason::unknown`.
inline constexpr size_t remembered_exits = 4'096;

/// Names that one node may publish. Beyond it `publish` answers `limit_reached`.
inline constexpr size_t names = 65'536;

/// Peers that one node may know. Beyond it the oldest that was learned and is away is forgotten; without one
/// `connect` answers `limit_reached`, and a hello is ignored and logged.
inline constexpr size_t peers = 256;

/// Topics that one node may publish. Beyond it `limit_reached`.
inline constexpr size_t topics = 65'536;

/// Topic prefixes that nodes may ask for and that are remembered one by one. Beyond it everything that is
/// published is sent; ZeroMQ still sorts it by subscription.
inline constexpr size_t wanted_prefixes = 65'536;

/// Topic prefixes that one program outside, and that all of them, may bring in. Beyond it new ones are ignored
/// and logged, until they have given up others: their messages come only if somebody else wants them too.
inline constexpr size_t wanted_prefixes_per_client = 1'024;
inline constexpr size_t wanted_prefixes_of_clients = 65'536;

/// Subscriptions of one program outside that are not counted among its own (refused, of others too, or longer than a topic),
/// and their bytes. libzmq keeps them all the same. Beyond it the topics are published at a new socket, where
/// only what is wanted still is subscribed anew; a program that comes there again within `shut_out_seconds` is not let
/// in for as long.
inline constexpr size_t stray_prefixes_per_client = 8'192;
inline constexpr size_t stray_bytes_per_client = 256 * 1024;
inline constexpr int shut_out_seconds = 600;

/// Longest topic, node name and actor name in bytes.
inline constexpr size_t topic_bytes = 255;
inline constexpr size_t node_name_bytes = 63;
inline constexpr size_t actor_name_bytes = 255;

/// Bytes that published topic messages may wait in before the bus thread takes them. Beyond it a message is
/// not sent to remote subscribers (they see the gap); local subscribers get it.
inline constexpr size_t topic_outbox_bytes = size_t{32} << 20;

/// Messages of one topic waiting in one subscriber's mailbox with `delivery::every`; beyond it the
/// subscriber gets one `topic_gap` in their place.
inline constexpr uint32_t topic_backlog = 65'536;
inline constexpr size_t topic_backlog_bytes = size_t{64} << 20; // of those that came from elsewhere

/// Keys in an allow list and bytes of a key or allow-list file.
inline constexpr size_t allowed_keys = 4'096;
inline constexpr size_t key_file_bytes = size_t{1} << 20;

/// Host names that wait for a look-up; beyond it a peer is tried again later. Look-ups at once: a name server
/// that is silent about one name must not keep the others waiting. Host names that are remembered; beyond it the one not
/// wanted for longest is forgotten. Addresses of one name; the rest is left out.
inline constexpr size_t waiting_lookups = 256;
inline constexpr size_t lookup_threads = 4;
inline constexpr size_t known_hosts = 1'024;
inline constexpr size_t addresses_per_host = 8;
inline constexpr size_t host_name_bytes = 253;

/// Connections to one door (control, topics) that have come within the last `fresh_ms` and may not have shown a key yet: of one
/// address, and of all. Beyond it a new one is cut off at once; whoever means it comes again. libzmq itself takes all that come,
/// until the process has no descriptor left.
inline constexpr size_t fresh_per_host = 128;
inline constexpr size_t fresh_connections = 256;
inline constexpr int fresh_ms = 2'500; // libzmq's time for a handshake, and some

/// Distinct refused peers that are remembered for the rate-limited log.
inline constexpr size_t refused_peers = 1'024;

} // namespace bus::limits
