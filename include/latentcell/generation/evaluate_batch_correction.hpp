#pragma once

#include <algorithm>
#include <vector>

#include <latentcell/evaluate/score_table.hpp>
#include <latentcell/generation/composition.hpp>
#include <latentcell/kernel/log_pca.hpp>
#include <latentcell/metric/batch_mixing.hpp>

namespace LATENTCELL_NAMESPACE::generation {

namespace detail {

/// Subtracts the mean of each level from its points.     x (N, D), batch_covariate (N), negative where missing
inline Matrix<float> subtract_level_means(Matrix<float> x, const std::vector<int>& batch_covariate) {
  const int last = batch_covariate.empty() ? -1 : *std::max_element(batch_covariate.begin(), batch_covariate.end());
  for (int b = 0; b <= last; ++b) {
    RowVector<double> mean = RowVector<double>::Zero(x.cols());
    double n = 0;
    for (Index i = 0; i < x.rows(); ++i) {
      if (batch_covariate[to_size(i)] != b) continue;
      for (Index j = 0; j < x.cols(); ++j) mean(j) += double(x(i, j));
      n += 1;
    }
    for (Index i = 0; i < x.rows() && n > 0; ++i) {
      if (batch_covariate[to_size(i)] == b) x.row(i) -= (mean / n).cast<float>();
    }
  }
  return x;
}

}  // namespace detail

/// How many labels have cells of two batches or more: only these tell the effect of a batch from that of a label.
inline Index labels_of_several_batches(const Categorical& batches, const Categorical& labels) {
  LATENTCELL_REQUIRE(batches.codes.size() == labels.codes.size(), "labels_of_several_batches: ", batches.codes.size(),
                     " batches for ", labels.codes.size(), " labels");
  std::vector<int> first(labels.levels.size(), Categorical::missing);
  std::vector<char> several(labels.levels.size(), 0);
  for (std::size_t i = 0; i < labels.codes.size(); ++i) {
    const int label = labels.codes[i], batch = batches.codes[i];
    if (label == Categorical::missing || batch == Categorical::missing) continue;
    int& of = first[to_size(label)];
    if (of == Categorical::missing) of = batch;
    several[to_size(label)] = char(several[to_size(label)] || of != batch);
  }
  return Index(std::count(several.begin(), several.end(), char(1)));
}

/// Measures how well batches are mixed and labels kept apart (metric::batch_mixing) before and after transform_batch,
/// in principal components of log1p(CP10K) and in the latents. Baselines: the cells as measured, and each level's mean
/// subtracted from their components.
/// cells (N, G), corrected: what transform_batch returned for them; composition (N)
/// Throws std::invalid_argument for a composition without batches or labels of all cells.
inline evaluate::ScoreTable evaluate_batch_correction(const CellTable& cells, const CellTable& corrected,
                                                      const Composition& composition, Rng& rng, Index components = 30) {
  LATENTCELL_REQUIRE(
      Index(composition.batch_covariate.size()) == cells.cells() && Index(composition.label.size()) == cells.cells(),
      "evaluate_batch_correction: ", composition.batch_covariate.size(), " batches and ", composition.label.size(),
      " labels for ", cells.cells(), " cells; a model without a batch column has none to correct");
  evaluate::ScoreTable out({{"batch mixing"}, {"label purity"}});
  const auto add = [&](const char* method, evaluate::Role role, const Matrix<float>& x) {
    const metric::BatchMixing m = metric::batch_mixing(view(x), composition.batch_covariate, composition.label);
    out.add(method, role, {m.batches, m.labels});
  };
  const auto log_pca = [&](const CellTable& of) {
    return kernel::LogPca::fit(of.counts.view(), components, rng).project(of.counts.view());
  };
  using evaluate::Role;
  const Matrix<float> measured = log_pca(cells);
  add("as measured", Role::baseline, measured);
  add("batch means subtracted", Role::baseline, detail::subtract_level_means(measured, composition.batch_covariate));
  add("corrected counts", Role::model, log_pca(corrected));
  add("latents", Role::model, corrected.embeddings.at("X_latentcell"));
  return out;
}

}  // namespace latentcell::generation
