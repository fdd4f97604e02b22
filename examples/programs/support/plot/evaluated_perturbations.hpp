#pragma once

#include <string>

#include <latentcell/perturbation/perturbation.hpp>

#include "perturbation.hpp"

namespace plots {

/// Draws each group and condition of predict_perturbation that was evaluated.
/// evaluated: of the report: group, condition and scores of each
inline void evaluated(const std::string& folder, const lc::perturbation::Options& o,
                      const lc::perturbation::Dataset& data, const lc::CellTable& predicted,
                      const nlohmann::ordered_json& evaluated) {
  for (const auto& [key, truth] : data.truth) {
    const std::string &group = key.first, &name = data.name_in_data(key.second);
    for (const auto& one : evaluated) {
      if (one.at("group") != group || one.at("condition") != name) continue;
      const lc::CellTable control = lc::perturbation::select_condition(data.train, o, o.control, {group}),
                          cells = lc::perturbation::select_condition(predicted, o, name, {group});
      perturbation(folder, {group, name, control, cells, truth, compared(one.at("scores"), "r")});
    }
  }
}

}  // namespace plots
