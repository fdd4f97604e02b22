#pragma once

#include <cmath>
#include <stdexcept>
#include <string>
#include <vector>

#include <latentcell/evaluate/score_table.hpp>
#include <latentcell/train/stages.hpp>

#include "run.hpp"

// The report of a run as JSON, and scores on the console.

namespace program {

Json to_json(const lc::History& history);

Json to_json(const lc::FitOptions& f);

/// {"metrics": [...], "rows": [...]}, as ScoreTable::to_json writes it.
Json to_json(const lc::evaluate::ScoreTable& scores);

/// A number, or null where it is not finite.
Json number(double value);

/// Anything with entries(): names and numbers.
template <class Scores>
Json numbers(const Scores& scores) {
  Json out;
  for (const auto& [name, value] : entries(scores)) out[name] = number(value);
  return out;
}

/// What a run did: settings, times, losses and scores, with one verdict over all its tables of scores.
class Report {
 public:
  Report(const std::string& program, const Common& s);

  Json& operator[](const std::string& key) { return json_[key]; }

  /// How cells were made, for uns['latentcell']: the program, its version, the seed and settings of prediction.
  Json provenance() const;

  /// Adds each stage with its settings to "stages", and draws the losses where pictures are asked for.
  void add_stages(const Common& s, const lc::Stages& stages, const std::string& picture = "loss_curves");

  /// Prints a table of scores, counts it for the verdict, and returns it as JSON.
  Json scored(const lc::evaluate::ScoreTable& scores);

  /// The reason why there are no scores under `key`: said, written, and the verdict where nothing else is evaluated.
  void not_evaluated(const std::string& key, const std::string& why);

  /// Ends the run: adds the settings as they are now, the memory and the verdict, writes the file of --report, and
  /// prints the verdict as last line. otherwise: the verdict where there was no table of scores and no reason why
  void finish(const Common& s, const std::string& otherwise = "not evaluated: nothing was held out (--holdout)");

 private:
  Json json_;
  std::string not_evaluated_;
  std::vector<lc::evaluate::ScoreTable> scores_;
};

/// Evaluates; what the data do not allow is the reason in the report's `key` and a note, not the end of the run: the
/// cells are written.
template <class Evaluate>
void evaluate_if_possible(Report& report, const std::string& key, const Evaluate& evaluate) {
  try {
    evaluate();
  } catch (const std::invalid_argument& e) {
    report.not_evaluated(key, sentence(e));
  }
}

/// JSON for reading: numbers of at most six digits, lists of numbers and words on one line.
std::string to_text(const Json& json);

/// Writes a file whole or not at all; nothing where no path is given.
void write_text(const std::string& path, const std::string& words);

/// What training depends on beside a run's settings: the data files, by name, size and a hash of their first and last
/// megabyte; of a 10x folder by those of its files.
Json files_of(const std::vector<std::string>& paths);

}  // namespace program
