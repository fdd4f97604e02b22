#pragma once

#include <string>
#include <vector>

#include <latentcell/perturbation/changes.hpp>

#include "perturbation_options.hpp"

// The genes and gene sets that a predicted perturbation changes most.

namespace program {

/// Tables of predicted changes: on the console the largest ones, in --tables all of them as CSV.
class ChangeTables {
 public:
  /// Reads --gene-sets: make it before training, so that a wrong file ends the run at once.
  ChangeTables(const PerturbationSettings& s, const lc::perturbation::Options& columns,
               const std::vector<std::string>& genes, Report& report);

  /// Adds the changes of one perturbation in each group.
  /// predicted: a cell for each control cell, in the same order
  void add(const lc::CellTable& controls, const lc::CellTable& predicted, const std::string& perturbation);

 private:
  const PerturbationSettings& settings_;
  const lc::perturbation::Options& columns_;
  std::vector<lc::NamedGenes> sets_;
  lc::Rng rng_;
  Report& report_;
};

}  // namespace program
