#pragma once

#include <cstdint>
#include <cstdlib>
#include <string>

#include <CLI/CLI.hpp>

#include <latentcell/core/error.hpp>
#include <latentcell/core/types.hpp>

// Command-line options.

namespace program {

namespace lc = latentcell;
using lc::Index;

/// Options that every program has.
struct Common {
  std::string data, layer, checkpoint, out, report, plots;
  int threads = 0;
  std::uint64_t seed = 0;
  bool resume = false;
};

/// Adds them to a program's own; returns the option --data, so that others can exclude it.
CLI::Option* add_common(CLI::App& app, Common& c);

/// A number that is 0 or more: of cells, genes, epochs.
CLI::Range whole_number();

/// Reads the arguments; ends the program where they are wrong or ask for help.
void parse(CLI::App& app, int argc, char** argv);

/// Ends the program as for a wrong argument.
[[noreturn]] inline void refuse(CLI::App& app, const std::string& why) {
  std::exit(app.exit(CLI::ValidationError(why)));
}

}  // namespace program
