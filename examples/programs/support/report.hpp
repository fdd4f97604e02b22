#pragma once

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <latentcell/evaluate/score_table.hpp>
#include <latentcell/io/atomic_file.hpp>
#include <latentcell/train/stages.hpp>

#include "run.hpp"

// The report of a run as JSON, and scores on the console.

namespace program {

using Json = nlohmann::ordered_json;

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

/// Adds each stage under its name, and its settings under "training". Draws the losses where pictures are asked for.
void add_stages(const Common& s, Json& report, const lc::Stages& stages, const std::string& picture = "loss_curves");

/// Prints a table of scores with its verdict, and adds both to the report as report[name].
void add_scores(Json& report, const std::string& name, const lc::evaluate::ScoreTable& scores);

/// Writes the file whole or not at all; nothing where no path is given.
void write_report(const std::string& path, const Json& report);

/// What training depends on beside a run's settings: the data files, by name and size.
Json files_of(const std::vector<std::string>& paths);

}  // namespace program
