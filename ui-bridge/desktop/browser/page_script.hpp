#pragma once

#include <string>

namespace tt::desktop {

/// The script that gives a page its side of the bridge:
/// `tt_desktop.call(method, params)` gives a promise of the answer's value or of an
/// Error with `code` and `field`; `tt_desktop.on(listener)` hears the shell's events
/// and gives a function that ends that. Runs twice without harm.
std::string page_script();

/// The document that stands in for the terminal while its node is not there: `title`,
/// `text` and the node's last lines, escaped, with a button that starts the node again
/// where one is asked for. The shell loads the terminal as soon as the node is ready.
enum class restart_button : unsigned char { shown, hidden };
std::string status_page(const std::string& title, const std::string& text, const std::string& log, restart_button button);

} // namespace tt::desktop
