#pragma once

#include <cmath>
#include <string>
#include <vector>

#include <latentcell/data/simulate_multiomics.hpp>
#include <latentcell/multiomics/cell_modalities.hpp>
#include <latentcell/multiomics/fit.hpp>

// Small cells with two or three modalities, and models of them.

namespace multiomics_fixtures {

using namespace latentcell;
using namespace latentcell::multiomics;

inline std::vector<Index> range(Index first, Index last) {
  std::vector<Index> out;
  for (Index i = first; i < last; ++i) out.push_back(i);
  return out;
}

/// Simulated cells with few types and one factor.
inline CellTable simulated(Index cells, std::uint64_t seed = 3) {
  Rng rng(seed);
  return simulate_multiomics(
      {.cells = cells, .genes = 100, .proteins = 4, .peaks = 70, .types = 3, .factors = 1, .strength = 1.5, .own = 0.1},
      rng);
}

inline Dataset dataset(Index cells, std::uint64_t seed = 3) {
  return make_dataset(simulated(cells, seed), {.extra_key = "accessibility"});
}

/// RNA follows two hidden numbers per cell; each of six proteins follows a function of one of them that no line
/// follows.
struct Curved {
  Modality rna, protein;
};
inline Curved curved(Index cells, std::uint64_t seed) {
  Rng rng(seed);
  Curved out{{"rna", Counts(80), std::vector<char>(to_size(cells), 1), {}},
             {"protein", Counts(6), std::vector<char>(to_size(cells), 1), {}}};
  const auto count = [&](Counts& to, Index f, double mean) {
    const float drawn = float(std::round(std::max(0.0, mean + std::sqrt(mean) * rng.normal())));
    if (drawn > 0) to.push(std::int32_t(f), drawn);
  };
  for (Index g = 0; g < 80; ++g) out.rna.features.push_back(text("gene_", g));
  for (Index f = 0; f < 6; ++f) out.protein.features.push_back(text("protein_", f));
  for (Index i = 0; i < cells; ++i) {
    const double u[2] = {rng.normal(), rng.normal()};
    for (Index g = 0; g < 80; ++g) count(out.rna.counts, g, 30 * std::exp((g % 4 < 2 ? 0.5 : -0.5) * u[g % 2]));
    out.rna.counts.end_row();
    for (Index f = 0; f < 6; ++f)
      count(out.protein.counts, f, 60 * std::exp((f < 3 ? 1.0 : -1.0) * std::cos(2 * u[f % 2])));
    out.protein.counts.end_row();
  }
  return out;
}

/// Options of a model that trains in a second.
inline Options small_options(Index members = 2) {
  Options o;
  o.ensemble = {
      .members = members, .velocity_net = {.width = 32, .depth = 1, .condition = 32, .dropout = 0.05f}, .fold_seed = 7};
  o.components = 5;
  return o;
}

inline TrainingOptions short_training(int epochs) {
  TrainingOptions o;
  o.members.epochs = o.joint.epochs = epochs;
  o.members.fit.learning_rate = 3e-3f;
  o.members.fit.weight_decay = 0.01f;
  o.members.fit.seed = o.joint.fit.seed = 7;
  o.intervals.draws = 24;
  return o;
}

}  // namespace multiomics_fixtures
