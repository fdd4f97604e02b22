#pragma once

#include <algorithm>
#include <cctype>
#include <cmath>
#include <string>
#include <vector>

#include <latentcell/data/align_genes.hpp>
#include <latentcell/metric/moments.hpp>

#include "scatter.hpp"

// The picture of predict_perturbation.

namespace plots {

/// A held-out group: control cells, cells as predicted and the true ones.
struct PerturbedGroup {
  std::string group, condition;
  const lc::CellTable &control, &predicted, &truth;
};

/// A file name from any words.
std::string file_name(std::string words);

/// The change of each gene, predicted against true, the most changed genes named.
void gene_changes(Gnuplot& g, const PerturbedGroup& of, const lc::Counts (&logs)[3]);

/// Each gene's change, predicted against true, beside control, true and predicted cells in two principal components.
/// Writes folder/GROUP_CONDITION.png.
void perturbation(const std::string& folder, const PerturbedGroup& of);

}  // namespace plots
