#include "ui-bridge/desktop/shell.hpp"

int main(int argc, char** argv) {
  const auto options = tt::desktop::read_options(argc, argv);
  if (const auto* stop = std::get_if<tt::desktop::stop_options>(&options)) return tt::desktop::run_stop(*stop);
  if (const auto* shell = std::get_if<tt::desktop::shell_options>(&options)) return tt::desktop::run_shell(*shell);
  return std::get<tt::desktop::already_done>(options).exit_code;
}
