// The program: reads the command line, hands over to one command.

#include "cluster/commands.hpp"

int main(int argc, char** argv) { return tt::cluster::run(argc, argv); }
