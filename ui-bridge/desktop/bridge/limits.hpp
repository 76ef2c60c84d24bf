#pragma once

// Every limit of the bridge between page and shell, and what happens at it.

#include <chrono>
#include <cstddef>

namespace tt::desktop {

inline constexpr std::size_t max_file_bytes = 16U << 20;           ///< of a saved file; larger: out_of_range
inline constexpr std::size_t max_message_bytes = (24U << 20);      ///< of a bridge message (a file in base64 and its frame)
inline constexpr std::size_t max_message_depth = 8;                ///< of nested arrays and objects
inline constexpr std::size_t max_file_name_bytes = 120;            ///< of a name the page may give to a file
inline constexpr int max_name_tries = 1000;                        ///< "report (2).csv" …; all taken: conflict
inline constexpr std::size_t max_title_bytes = 120;                ///< of a notification
inline constexpr std::size_t max_body_bytes = 1000;                ///< of a notification
inline constexpr std::size_t max_reason_bytes = 200;               ///< of an emergency stop
inline constexpr std::size_t max_scope_bytes = 64;                 ///< of an account, strategy or symbol
inline constexpr std::size_t max_secret_name_bytes = 40;
inline constexpr std::size_t max_secret_bytes = 4096;              ///< of one secret
inline constexpr std::size_t max_secrets = 32;                     ///< per gateway
inline constexpr std::size_t max_secret_file_bytes = 4U << 20;     ///< a larger file is not ours
inline constexpr int min_window_px = 100;                          ///< width and height of a window
inline constexpr int max_window_px = 16384;                        ///< width, height and distance from the origin
inline constexpr int max_calls_per_second = 100;                   ///< all methods but the emergency stop
inline constexpr int max_notifications_per_minute = 20;
inline constexpr int max_restarts_per_minute = 5;                  ///< of the node
inline constexpr std::size_t max_calls_in_flight = 64;             ///< unanswered calls of all pages together
inline constexpr int max_rejections_logged_per_minute = 30;        ///< further ones are only counted

inline constexpr std::size_t max_browser_message_bytes = 64U << 20; ///< of one message of the browser; larger ends the shell
inline constexpr std::size_t max_pages = 64;                        ///< windows and pop-outs; further ones get no bridge
inline constexpr std::size_t max_contexts = 256;                    ///< execution contexts remembered per page

inline constexpr std::size_t max_log_lines = 40;                    ///< of the node, kept for the page
inline constexpr std::size_t max_log_line_bytes = 500;
inline constexpr std::size_t max_reply_bytes = 1U << 20;            ///< of an answer of the gateway

inline constexpr std::chrono::milliseconds ready_poll{200};         ///< between two questions for readiness
inline constexpr std::chrono::seconds address_deadline{30};         ///< the node must have said its address by then
inline constexpr std::chrono::seconds stop_deadline{10};            ///< of the node's gateway to answer the emergency stop
inline constexpr std::chrono::seconds end_deadline{15};             ///< SIGTERM to SIGKILL of a child

} // namespace tt::desktop
