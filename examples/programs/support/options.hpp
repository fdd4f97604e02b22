#pragma once

#include <algorithm>
#include <cstdint>
#include <exception>
#include <map>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <latentcell/core/error.hpp>
#include <latentcell/core/options.hpp>
#include <latentcell/core/types.hpp>

// Command-line options: one vocabulary for all programs.

namespace program {

namespace lc = latentcell;
using lc::Index;
using Json = nlohmann::ordered_json;

/// Options that every program has, and what became of all of them.
struct Common {
  std::string data, obs, rows = "cells", genome, feature_type = "Gene Expression";
  std::vector<std::string> layers;  ///< of all files, or FILE=LAYER of one
  std::string obs_of;               ///< the file that --obs is about; --data where empty
  std::string checkpoint, out, report, plots;
  int threads = 0;
  double memory = 0;  ///< GB; 0: what there is
  std::uint64_t seed = 0;
  bool resume = false, quiet = false, round = false, trust_input = false, out_is_folder = false;
  Json settings = {};                      ///< every option with a value, under its name with _ for -
  std::vector<std::string> training = {};  ///< keys of the settings of group "Training" that --resume compares
};

/// What --help says besides the options.
struct About {
  std::string name, what;
  std::vector<std::string> examples;                ///< two command lines
  std::map<std::string, std::string> retired = {};  ///< former options, and the sentence that names the new one
  std::string exit_statuses =
      "0 done, 1 failed on the way, 2 wrong options or input, 130 stopped by Ctrl-C, a request to\n"
      "terminate or a lost terminal (--resume goes on). Documentation: docs/files.md and docs/troubleshooting.md.";
};

/// The parts of --help, in their order.
namespace group {
inline constexpr const char *input = "Input", *training = "Training", *prediction = "Prediction", *serving = "Serving",
                            *evaluation = "Evaluation", *output = "Output", *run = "Run";
}  // namespace group

/// Options that are added from here on belong to this part of --help.
void begin_group(CLI::App& app, const char* name);

/// Adds --data and how it is read; returns the first, so that others can exclude it.
/// several: takes the files where there may be more than one; null: one
CLI::Option* add_input(CLI::App& app, Common& c, std::vector<std::string>* several = nullptr);
/// Adds --out, --report and --plots, and those of group Run.
void add_output_and_run(CLI::App& app, Common& c);

/// A number that is 0 or more: of cells, genes, epochs.
CLI::Range whole_number();

/// Adds an option for a member of a library's Options struct, with the range that the struct gives it: a value out of
/// it is refused in the words of check_options.
template <class Options, class Value>
CLI::Option* add_member(CLI::App& app, const std::string& name, Options& options, Value& member,
                        const std::string& help) {
  lc::OptionRange range;
  std::string word;
  lc::visit_options(options, [&](std::string_view of, auto& value, const lc::OptionRange& r) {
    if (static_cast<const void*>(&value) == static_cast<const void*>(&member)) word = of, range = r;
  });
  const auto check = [range, word](const std::string& given) {
    try {
      const double value = std::stod(given);
      return range.contains(value) ? std::string() : lc::text(word, " must be ", range, ", got ", value);
    } catch (const std::exception&) {
      return std::string();  // not a number: the conversion says so
    }
  };
  return app.add_option(name, member, help + (range.bounded ? "; " + range.to_string() : ""))
      ->check(CLI::Validator(check, ""));
}

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

/// Takes the list of an option apart, where its pieces are levels of a column; the settings have the pieces too.
void split_levels(Common& c, const std::string& option, std::vector<std::string>& list,
                  const std::vector<std::string>& levels);

/// Reads the arguments and the file of --config; ends the program where they are wrong or ask for help.
void parse(CLI::App& app, Common& c, const About& about, int argc, char** argv);

/// Gives an option that was not given the value that simulated cells have; the report says so too.
template <class Value>
void set_for_simulated(Common& c, const std::string& key, Value& value, const Value& simulated) {
  value = simulated;
  c.settings[key] = value;
}

/// What a refused argument of the library says, without the name of its function in front.
std::string sentence(const std::exception& e);

/// Ends the program as for a wrong argument.
[[noreturn]] void refuse(const About& about, const std::string& why);

/// Exit statuses. A signal ends a run with `interrupted` within two seconds: training after the step under way.
inline constexpr int failed = 1, wrong_input = 2, interrupted = 130;

}  // namespace program
