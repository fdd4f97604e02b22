#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <latentcell/kernel/neighbors.hpp>
#include <latentcell/generation/interpolate.hpp>
#include <latentcell/evaluate/marker_sets.hpp>
#include <latentcell/metric/gene_set_scores.hpp>
#include <latentcell/generation/model.hpp>
#include <latentcell/latent/encode.hpp>

namespace latentcell::generation {

/// What happens on the way between two labels, step by step.
struct InterpolationScores {
  std::vector<double> share;     ///< of the second label
  std::vector<double> of_a;      ///< mean score of the first label's markers
  std::vector<double> of_b;      ///< of the second's
  std::vector<double> distance;  ///< to the nearest real latents, 1 as these lie apart: median over the cells
  std::vector<double> straight;  ///< the same of points on the straight line between a path's ends: the floor
};

/// train: the cells the model was trained on; cells and latents: what interpolate and sample_counts made of `a` and `b`
template <class Backbone>
InterpolationScores evaluate_interpolation(const CellTable& train, const ModelOf<Backbone>& model,
                                           const CellTable& cells, const LatentTable& latents, const std::string& a,
                                           const std::string& b, const InterpolateOptions& o, std::uint64_t seed = 0) {
  const std::string& label = model.options.label;
  std::vector<std::vector<Index>> columns;
  for (const std::string* name : {&a, &b}) {
    columns.emplace_back();
    for (const NamedGenes& set : evaluate::marker_sets(train, train.obs(label))) {
      if (set.name != *name) continue;
      for (const std::string& gene : set.genes) {
        const auto at = std::find(train.gene_names.begin(), train.gene_names.end(), gene);
        columns.back().push_back(at - train.gene_names.begin());
      }
    }
    LATENTCELL_REQUIRE(!columns.back().empty(), "evaluate_interpolation: '", *name,
                       "' has no markers among the training cells");
  }
  Rng rng(seed, 42);
  const metric::GeneSetScores scorer(kernel::log_normalize(train.counts.view()).view(), std::move(columns), {}, rng);
  const Matrix<float> score = scorer.of(kernel::log_normalize(cells.counts.view()).view());

  // Distances in standardised latents.
  const auto standardised = [&](Matrix<float> z) {
    for (Index i = 0; i < z.rows(); ++i) {
      z.row(i) =
          ((z.row(i) - model.flow.center.value.row(0)).array() / model.flow.spread.value.row(0).array()).matrix();
    }
    return z;
  };
  // Generated latents have the posterior's noise in them: so must the real ones.
  const Matrix<float> real = standardised(encode(model.vae, train).drawn(rng)), made = standardised(latents.mean);
  const Index k = std::min<Index>(5, train.cells() - 1);
  const auto median = [](std::vector<double> x) {
    std::nth_element(x.begin(), x.begin() + std::ptrdiff_t(x.size() / 2), x.end());
    return x[x.size() / 2];
  };
  std::vector<double> usual;
  const kernel::Neighbors own = kernel::nearest_neighbors(view(real), k);
  for (Index i = 0; i < own.distance.rows(); ++i) usual.push_back(own.distance.row(i).mean());
  const double unit = std::max(1e-12, median(usual));
  Matrix<float> between = made;
  for (Index p = 0; p < o.paths; ++p) {
    for (Index i = 0; i < o.points; ++i) {
      const float s = float(i) / float(o.points - 1);
      between.row(p * o.points + i) = (1 - s) * made.row(p * o.points) + s * made.row(p * o.points + o.points - 1);
    }
  }
  const kernel::Neighbors of_made = kernel::nearest_neighbors(view(made), view(real), k),
                          of_line = kernel::nearest_neighbors(view(between), view(real), k);
  InterpolationScores out;
  for (Index i = 0; i < o.points; ++i) {
    double first = 0, second = 0;
    std::vector<double> here, there;
    for (Index p = 0; p < o.paths; ++p) {
      const Index row = p * o.points + i;
      first += double(score(row, 0)) / double(o.paths);
      second += double(score(row, 1)) / double(o.paths);
      here.push_back(of_made.distance.row(row).mean() / unit);
      there.push_back(of_line.distance.row(row).mean() / unit);
    }
    out.share.push_back(double(i) / double(o.points - 1));
    out.of_a.push_back(first);
    out.of_b.push_back(second);
    out.distance.push_back(median(here));
    out.straight.push_back(median(there));
  }
  return out;
}

}  // namespace latentcell::generation
