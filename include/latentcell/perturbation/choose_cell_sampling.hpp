#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include <latentcell/kernel/log_pca.hpp>
#include <latentcell/metric/energy_distance.hpp>
#include <latentcell/perturbation/predict_with_flow.hpp>

namespace LATENTCELL_NAMESPACE::perturbation {

/// Perturbed cells of a group that a model was trained without, and the control cells of the group.
struct LeftOutCells {
  std::string condition;
  PredictOptions options;     ///< with the dose of the observed cells
  const CellTable& control;   ///< (N, G)
  const CellTable& observed;  ///< (M, G) at least 2
};

/// Compares samplings of predicted cells by their energy distance to left-out cells: decoded or from the control cells'
/// counts, with what is common to the groups shrunk, half shrunk or as measured, and stronger. Errors of gene means,
/// which choose the rest of a mixture, favor effects that are shrunk gene by gene; many small ones together still move
/// cells. The energy distance is a squared one, so its root is averaged: one group that responds little would otherwise
/// shrink what is predicted for all.
class CellSamplingSearch {
 public:
  static constexpr Index most_cells = 300;  ///< of a comparison
  static constexpr std::array shrinkages{1.0, 0.5, 0.0};

  CellSamplingSearch(const ResponseMixture& mixture, const kernel::LogPca& pca) : pca_(pca) {
    for (const CellSampling cells : {CellSampling::decoded, CellSampling::counterfactual}) {
      for (const double shrinkage : shrinkages) {
        for (const double factor : {1.0, 1.25}) {
          ResponseMixture m = mixture;
          m.cells = cells;
          m.shrinkage = shrinkage;
          m.strength = factor * mixture.strength;
          const bool same = factor == 1 && shrinkage == mixture.shrinkage;
          if (same || (mixture.strength > 0 && shrinkage <= mixture.shrinkage)) candidates_.push_back(m);
        }
      }
    }
    energy_.resize(candidates_.size());
  }

  /// Adds the comparison of one group under one condition.
  ///
  /// model_with: returns the model that was trained without these cells, with a candidate's mixture
  template <class ModelWith>
  void add(const LeftOutCells& of, const ModelWith& model_with, Rng& rng) {
    const Matrix<float> truth = pca_.project(of.observed.counts.view());
    const double weight = double(std::min<Index>(of.observed.cells(), 200));
    const Rng draws = rng.fork();
    for (std::size_t i = 0; i < candidates_.size(); ++i) {
      Rng own = draws;  // candidates differ by their rule alone
      const CellTable predicted =
          predict_with_flow(model_with(candidates_[i]), of.control, of.condition, of.options, own);
      const Matrix<float> points = pca_.project(predicted.counts.view());
      energy_[i].push_back(metric::energy_distance(view(points), view(truth)));
    }
    weight_.push_back(weight);
  }

  /// Fills in the candidate of the smallest mean root of energy distances. Nothing where no cells were left out.
  void choose(MixtureChoice& to) const {
    if (weight_.empty()) return;
    const auto root = [](double energy) { return std::sqrt(std::max(0.0, energy)); };
    const auto itself = [](double energy) { return energy; };
    std::size_t best = 0;
    for (std::size_t i = 0; i < candidates_.size(); ++i) {
      if (mean_of(i, root) < mean_of(best, root)) best = i;
    }
    to.mixture = candidates_[best];
    to.energy = mean_of(best, itself);
    to.energy_decoded = mean_of(0, itself);
  }

 private:
  template <class Of>
  double mean_of(std::size_t candidate, const Of& of) const {
    double sum = 0, weight = 0;
    for (std::size_t k = 0; k < weight_.size(); ++k) {
      sum += weight_[k] * of(energy_[candidate][k]);
      weight += weight_[k];
    }
    return sum / weight;
  }
  const kernel::LogPca& pca_;
  std::vector<ResponseMixture> candidates_;
  std::vector<std::vector<double>> energy_;  // of each candidate in each comparison
  std::vector<double> weight_;               // of each comparison
};

}  // namespace latentcell::perturbation
