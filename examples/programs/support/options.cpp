#include "options.hpp"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <numeric>
#include <stdexcept>

#include <Eigen/Core>

#include <hdf5.h>

#include <latentcell/core/threads.hpp>
#include <latentcell/core/version.hpp>

namespace program {

namespace {

std::string key_of(std::string name) {
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

std::string type_of(const CLI::Option& option) {
  const std::string name = option.get_type_name();
  return name.substr(0, name.find(':'));
}

bool is_flag(const CLI::Option& option) { return option.get_items_expected_max() == 0; }
bool is_list(const CLI::Option& option) { return option.get_expected_max() > 1; }

Json typed(const CLI::Option& option, const std::string& word) {
  const std::string type = type_of(option);
  if (type == "TEXT" || type == "CHAR" || type == "LEVELS" || type == "TIME" || type == "WHAT") return word;
  const Json number = Json::parse(word, nullptr, /* allow_exceptions = */ false);
  if (number.is_number()) return number;
  char* end = nullptr;
  const double value = std::strtod(word.c_str(), &end);  // ".5" and "+1" are numbers too, but no JSON
  return word.empty() || *end != '\0' || !std::isfinite(value) ? Json(word) : Json(value);
}

/// The value of an option as given, else as it is by default; null for none.
Json value_of(const CLI::Option& option) {
  if (is_flag(option)) return option.count() > 0 && option.as<bool>();  // --config can say false
  if (option.count() == 0) {
    const std::string& usual = option.get_default_str();
    if (usual.empty()) return nullptr;
    return is_list(option) ? Json::parse(usual, nullptr, /* allow_exceptions = */ false) : typed(option, usual);
  }
  if (!is_list(option)) return typed(option, option.results().back());
  Json out = Json::array();
  for (const std::string& word : option.results()) out.push_back(typed(option, word));
  return out;
}

/// Insertions, deletions and replacements of letters from one word to the other.
std::size_t edit_distance(const std::string& a, const std::string& b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t(0));
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t corner = row[0]++;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t replaced = corner + (a[i] == b[j] ? 0 : 1);
      corner = row[j + 1];
      row[j + 1] = std::min({replaced, corner + 1, row[j] + 1});
    }
  }
  return row.back();
}

/// What is wrong with a name that is no option, with the one that may be meant.
std::string unknown(const CLI::App& app, const About& about, const std::string& name) {
  if (const auto at = about.retired.find(name); at != about.retired.end()) return name + ": " + at->second;
  std::string nearest;
  std::size_t least = std::max<std::size_t>(2, name.size() / 4) + 1;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& word : option->get_lnames()) {
      // The beginning of an option's name is a good guess too.
      const std::string full = "--" + word;
      const std::size_t apart = full.rfind(name, 0) == 0 ? 1 : edit_distance(name, full);
      if (apart < least) least = apart, nearest = full;
    }
  }
  return name + ": there is no such option" + (nearest.empty() ? "" : "; did you mean '" + nearest + "'?");
}

/// Refuses the first argument that looks like an option and is none.
void check_names(const CLI::App& app, const About& about, int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    std::string word = argv[i];
    if (word.rfind("--", 0) != 0 || word.size() == 2) continue;
    word = word.substr(0, word.find('='));
    if (app.get_option_no_throw(word) == nullptr) refuse(about, unknown(app, about, word));
  }
}

/// Breaks a text into lines beside the names of options.
std::string wrapped(const std::string& text) {
  constexpr std::size_t width = 84;
  std::string out;
  std::size_t column = 0;
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t end = std::min(text.find(' ', i), text.size());
    if (column > 0 && column + 1 + end - i > width) {
      out += '\n';
      column = 0;
    } else if (column > 0) {
      out += ' ';
      ++column;
    }
    out.append(text, i, end - i);
    column += end - i;
    i = end + 1;
  }
  return out;
}

/// --help with a line or two an option: its value, what it does, the default, what it does not go with.
class Help : public CLI::Formatter {
 public:
  std::string make_option_opts(const CLI::Option* option) const override {
    if (option->check_lname("config")) return " FILE";
    return is_flag(*option) ? "" : " " + type_of(*option) + (is_list(*option) ? ",..." : "");
  }
  std::string make_option_desc(const CLI::Option* option) const override {
    std::string out = option->get_description();
    const std::string& usual = option->get_default_str();
    if (!is_flag(*option) && !usual.empty()) out += usual.front() == '[' ? " " + usual : " [" + usual + "]";
    // --from excludes many: each of them says so.
    const auto& excluded = option->get_excludes();
    if (excluded.empty() || excluded.size() > 4) return wrapped(out);
    out += "; not with";
    for (const CLI::Option* other : excluded) out += " " + other->get_name();
    return wrapped(out);
  }
};

std::string footer(const CLI::App& app, const About& about) {
  const bool resumes = app.get_option_no_throw("--resume") != nullptr;
  std::string out = "Examples:\n";
  for (const std::string& line : about.examples) out += "  " + line + "\n";
  std::string statuses = about.exit_statuses;
  const std::string goes_on = " (--resume goes on)";
  const std::size_t at = statuses.find(goes_on);
  if (!resumes && at != std::string::npos) statuses.erase(at, goes_on.size());
  return out + "\nExit status: " + statuses;
}

std::string version_text(const About& about) {
  unsigned major = 0, minor = 0, release = 0;
  H5get_libversion(&major, &minor, &release);
#if defined(__clang__)
  const std::string compiler = "Clang " __clang_version__;
#else
  const std::string compiler = "GCC " __VERSION__;
#endif
  return lc::text(about.name, " ", lc::version, "\ncompiler ", compiler, "\nEigen ", EIGEN_WORLD_VERSION, ".",
                  EIGEN_MAJOR_VERSION, ".", EIGEN_MINOR_VERSION, "\nHDF5 ", major, ".", minor, ".", release,
                  "\nthreads ", lc::threads());
}

void record(const CLI::App& app, Common& c) {
  for (const CLI::Option* option : app.get_options()) {
    const std::string key = key_of(option->get_lnames().front());
    if (key == "help" || key == "version" || key == "config") continue;
    const Json value = value_of(*option);
    const bool is_epochs = key.size() >= 6 && key.rfind("epochs") == key.size() - 6;
    if (option->get_group() == group::training && !is_epochs) c.training.push_back(key);
    if (!value.is_null() && !value.is_discarded()) c.settings[key] = value;
  }
}

}  // namespace

void begin_group(CLI::App& app, const char* name) { app.option_defaults()->group(name)->always_capture_default(); }

std::string sentence(const std::exception& e) {
  const std::string said = e.what();
  if (dynamic_cast<const std::logic_error*>(&e) == nullptr) return said;
  const std::size_t end = said.find(": ");
  const bool is_name =
      end != std::string::npos && std::all_of(said.begin(), said.begin() + std::ptrdiff_t(end), [](char c) {
        return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == ':';
      });
  return is_name ? said.substr(end + 2) : said;
}

CLI::Option* add_input(CLI::App& app, Common& c, std::vector<std::string>* several) {
  begin_group(app, group::input);
  const std::string what = "counts: .h5ad, .h5mu, 10x .h5, 10x folder, .csv or .tsv";
  auto* data = several == nullptr ? app.add_option("--data", c.data, what)
                                  : app.add_option("--data", *several, what + "; several h5ad files with --stream");
  if (several != nullptr) data->expected(1, 100000);
  app.add_option("--obs", c.obs, "CSV or TSV of columns of obs, its first column the names of the cells");
  app.add_option("--rows", c.rows, "what the rows of a CSV or TSV of counts are: cells or genes")
      ->check(CLI::IsMember({"cells", "genes"}));
  app.add_option("--genome", c.genome, "10x: the genome to read, where there are several");
  app.add_option("--feature-type", c.feature_type, "10x: features of this type are read");
  app.add_option("--layer", c.layers,
                 "h5ad: layer to read in place of X, or raw; FILE=LAYER for one of several files, X for its X")
      ->expected(1, 64);
  app.add_flag("--round", c.round, "round values that are no whole numbers, as corrected counts are");
  app.add_flag("--trust-input", c.trust_input, "read HDF5 without a child process that opens the file first");
  return data;
}

void add_output_and_run(CLI::App& app, Common& c) {
  begin_group(app, group::output);
  app.add_option("--out", c.out, "h5ad file to write");
  app.add_option("--report", c.report, "JSON file for settings, losses, times, scores and the verdict");
  app.add_option("--plots", c.plots, "folder for pictures");
  begin_group(app, group::run);
  auto* folder = app.add_option("--checkpoint", c.checkpoint, "folder for checkpoints and the trained model");
  app.add_flag("--resume", c.resume, "resume from the checkpoints in that folder")->needs(folder);
  app.add_option("--seed", c.seed, "of everything random");
  app.add_option("--threads", c.threads, "all cores where not given")->check(CLI::Range(1, 1024))->default_str("");
  app.add_option("--memory", c.memory,
                 "GB that the run may take; else what is set already (ulimit -d), the cgroup or the machine has")
      ->check(CLI::Range(0.0, 1e6))
      ->default_str("");
  app.add_flag("--quiet", c.quiet, "print the verdict, warnings and errors alone");
}

CLI::Range whole_number() { return {0, 1000000000}; }

void split_levels(Common& c, const std::string& option, std::vector<std::string>& list,
                  const std::vector<std::string>& levels) {
  list = split_list(list, [&](const std::string& one) { return std::count(levels.begin(), levels.end(), one) > 0; });
  if (!list.empty()) c.settings[key_of(option.substr(2))] = list;
}

void parse(CLI::App& app, Common& c, const About& about, int argc, char** argv) {
  begin_group(app, group::run);
  app.name(about.name);
  app.description(about.what);
  app.footer(footer(app, about));
  app.set_config("--config", "", "TOML or INI file of options, a line such as label = \"cell_type\"")
      ->group(group::run);
  app.allow_config_extras(CLI::config_extras_mode::error);
  app.set_version_flag("--version", version_text(about), "print versions of the program and what it is built with");
  app.get_option("--version")->group(group::run);
  app.set_help_flag("-h,--help", "print this");
  app.get_help_ptr()->group(group::run);
  app.formatter(std::make_shared<Help>());
  app.get_formatter()->column_width(32);
  for (CLI::Option* option : app.get_options()) {
    const std::string& usual = option->get_default_str();
    if (usual == "nan" || usual == "[]" || usual == "{}" || usual == "\"\"") option->default_str("");
  }
  check_names(app, about, argc, argv);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& e) {
    std::exit(app.exit(e));
  } catch (const CLI::ConfigError& e) {
    const std::string what = e.what(), name = what.substr(what.rfind(' ') + 1);
    refuse(about, "--config: " + unknown(app, about, "--" + name));
  } catch (const CLI::ParseError& e) {
    refuse(about, e.what());
  }
  record(app, c);
}

void refuse(const About& about, const std::string& why) {
  std::fprintf(stderr, "%s: %s\n--help lists the options.\n", about.name.c_str(), why.c_str());
  std::exit(wrong_input);
}

}  // namespace program
