#pragma once

#include <string>
#include <vector>

#include <latentcell/data/simulate.hpp>
#include <latentcell/evaluate/evaluator.hpp>

// Simulated cells that the tests of evaluate/ share.

namespace evaluate_cells {

using namespace latentcell;

inline const evaluate::EvaluateOptions quick{.components = 6, .variable_genes = 40, .trees = 20};

// A tissue of three types that lie apart, and cells of it to train on, to evaluate on, and as if generated.
struct Cells {
  CellTable train, held_out, generated;
};

inline Cells draw(Index cells, std::uint64_t seed) {
  Rng rng(seed);
  const SimulatedTissue tissue(
      {.genes = 150, .types = 3, .library = 400, .type_skew = 0.5, .marker_share = 0.2, .marker_strength = 1.5}, rng);
  Cells out;
  out.train = tissue.draw(cells, rng);
  out.held_out = tissue.draw(cells, rng);
  out.generated = tissue.draw(cells, rng);
  return out;
}

inline void set_labels(CellTable& cells, const Categorical& labels) { cells.cell_columns.set("cell_type", labels); }

inline Index rows_of(const CellTable& cells, const std::string& level) {
  const Categorical labels = cells.obs("cell_type");
  return labels.count(labels.code_of(level));
}

inline std::vector<Index> rows_but(const CellTable& cells, const std::string& level, Index kept) {
  const Categorical labels = cells.obs("cell_type");
  const int code = labels.code_of(level);
  std::vector<Index> out;
  for (std::size_t i = 0; i < labels.codes.size(); ++i) {
    if (labels.codes[i] != code || kept-- > 0) out.push_back(Index(i));
  }
  return out;
}

}  // namespace evaluate_cells
