#pragma once

#include <cstdint>
#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include <latentcell/core/error.hpp>
#include <latentcell/core/types.hpp>

// Command-line options.

namespace program {

namespace lc = latentcell;
using lc::Index;

/// Options that every program has.
struct Common {
  std::string data, layer, obs, rows = "cells", genome, feature_type = "Gene Expression", checkpoint, out, report,
                                plots;
  std::string obs_of;  ///< the file that --obs is about; --data where empty
  int threads = 0;
  std::uint64_t seed = 0;
  bool resume = false;
};

/// Adds them to a program's own; returns the option --data, so that others can exclude it.
CLI::Option* add_common(CLI::App& app, Common& c);

/// A number that is 0 or more: of cells, genes, epochs.
CLI::Range whole_number();

/// Takes lists with commas between apart. A piece that `is_known` takes is one whole, with the commas it has; of
/// several the longest. Other pieces end at commas.
template <class Known>
std::vector<std::string> split_list(const std::vector<std::string>& given, const Known& is_known) {
  std::vector<std::string> out;
  for (const std::string& list : given) {
    for (std::size_t first = 0; first <= list.size();) {
      std::size_t end = list.size();
      while (!is_known(list.substr(first, end - first))) {
        const std::size_t comma = end == 0 ? std::string::npos : list.rfind(',', end - 1);
        if (comma == std::string::npos || comma < first) {
          end = std::min(list.find(',', first), list.size());
          break;
        }
        end = comma;
      }
      out.push_back(list.substr(first, end - first));
      first = end + 1;
    }
  }
  return out;
}

/// The same where the pieces are levels of a column.
std::vector<std::string> split_levels(const std::vector<std::string>& given, const std::vector<std::string>& levels);

/// Reads the arguments; ends the program where they are wrong or ask for help.
void parse(CLI::App& app, int argc, char** argv);

/// Ends the program as for a wrong argument.
[[noreturn]] inline void refuse(CLI::App& app, const std::string& why) {
  std::exit(app.exit(CLI::ValidationError(why)));
}

}  // namespace program
