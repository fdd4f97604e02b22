#pragma once

#include <string>
#include <vector>

#include <latentcell/data/cell_table.hpp>

#include "compared.hpp"
#include "scatter.hpp"

// The picture of predict_perturbation.

namespace plots {

/// A held-out group: control cells, cells as predicted and the true ones.
struct PerturbedGroup {
  std::string group, condition;
  const lc::CellTable &control, &predicted, &truth;
  std::string scores = "";  ///< a note with the model's score and the best baseline's
};

/// The change of each gene, predicted against true, the most changed genes named.
void gene_changes(Gnuplot& g, const Box& box, const PerturbedGroup& of, const lc::Counts (&logs)[3]);

/// Each gene's change, predicted against true, beside control, true and predicted cells in two principal components.
/// Writes folder/GROUP_CONDITION.png and .pdf; what fails is a note.
void perturbation(const std::string& folder, const PerturbedGroup& of);

}  // namespace plots
