#pragma once

#include <cmath>
#include <span>
#include <string>
#include <vector>

#include <latentcell/autodiff/param.hpp>
#include <latentcell/core/error.hpp>
#include <latentcell/kernel/ridge.hpp>

namespace LATENTCELL_NAMESPACE::multiomics {

/// A linear map with an intercept.
struct LinearMap {
  Buffer<double> slope;      // (C, D)
  Buffer<double> intercept;  // (1, D)

  LinearMap(Index from, Index to) : slope(from, to), intercept(1, to) {}

  static void visit(auto& self, auto&& f) {
    f("slope", self.slope);
    f("intercept", self.intercept);
  }
};

/// What predicts the target: the ensemble of flows, the joint autoencoder, ridge regression on the sources' components.
enum class StackPart { ensemble, joint, ridge };

/// The weights of what predicts the target, and the ridge regressions; see fit_stacking.
struct Stacking {
  static constexpr Index parts = 3;

  Buffer<double> weight;         // (3, D) by StackPart and latent dimension of the target, columns of sum 1
  std::vector<LinearMap> ridge;  // of each set of measured sources: set s, bit k is source k, at s - 1

  /// The ensemble alone.   condition: C, latent: D of the target
  Stacking(Index condition, Index latent, Index sources) : weight(parts, latent) {
    constexpr Index most_sources = 8;  // each set of them has a regression
    LATENTCELL_REQUIRE(sources <= most_sources, "Stacking: ", sources, " sources are more than ", most_sources);
    weight.value.row(0).setOnes();
    for (Index s = 1; s < Index(1) << sources; ++s) ridge.emplace_back(condition, latent);
  }

  /// Mean weight of a part over the latent dimensions.
  double mean_weight(StackPart part) const { return weight.value.row(Index(part)).mean(); }

  /// The mean weights in words.
  std::string to_text() const {
    const auto percent = [&](StackPart part) { return std::lround(100 * mean_weight(part)); };
    return text(percent(StackPart::ensemble), " % ensemble, ", percent(StackPart::joint), " % joint VAE, ",
                percent(StackPart::ridge), " % ridge");
  }

  static void visit(auto& self, auto&& f) {
    f("weight", self.weight);
    f("ridge", self.ridge);
  }
};

/// Fits ridge regressions of a target, one for each set of sources, on the cells that have at least these. A set that
/// fewer than 3 cells have takes the regression of that of its subsets that most cells have; without any it is zero.
/// source (N, C): numbers of a source that is not in the set are ignored; target (N, D); measured (N) sets of sources;
/// columns (C) the source of each; rows: cells to use
inline void fit_ridge(std::vector<LinearMap>& maps, const Matrix<float>& source, const Matrix<float>& target,
                      const std::vector<Index>& measured, const std::vector<Index>& columns,
                      std::span<const Index> rows) {
  constexpr double weight = 1;                     // as the baseline's
  std::vector<std::size_t> cells(maps.size(), 0);  // of each fitted regression; 0: it was taken, or is zero
  for (std::size_t m = 0; m < maps.size(); ++m) {
    const Index set = Index(m) + 1;
    std::vector<Index> used;
    for (const Index i : rows) {
      if ((measured[to_size(i)] & set) == set) used.push_back(i);
    }
    maps[m].slope.value.setZero();
    maps[m].intercept.value.setZero();
    if (used.size() < 3) {
      std::size_t best = m;
      for (std::size_t s = 0; s < m; ++s) {  // all subsets come before the set; of equals the larger one
        if ((Index(s + 1) & set) == Index(s + 1) && cells[s] > 0 && cells[s] >= cells[best]) best = s;
      }
      if (best != m) maps[m].slope.value = maps[best].slope.value, maps[m].intercept.value = maps[best].intercept.value;
      continue;
    }
    cells[m] = used.size();
    Matrix<double> x(Index(used.size()), source.cols()), y(Index(used.size()), target.cols());
    for (std::size_t r = 0; r < used.size(); ++r) {
      x.row(Index(r)) = source.row(used[r]).cast<double>();
      y.row(Index(r)) = target.row(used[r]).cast<double>();
    }
    for (Index c = 0; c < x.cols(); ++c) {
      if (((set >> columns[to_size(c)]) & 1) == 0) x.col(c).setZero();
    }
    const RowVector<double> x_mean = x.colwise().mean(), y_mean = y.colwise().mean();
    x.rowwise() -= x_mean;
    y.rowwise() -= y_mean;
    maps[m].slope.value = kernel::ridge(x, y, weight);
    maps[m].intercept.value = y_mean;
    for (Index c = 0; c < x.cols(); ++c) maps[m].intercept.value.row(0) -= x_mean(c) * maps[m].slope.value.row(c);
  }
}

/// Predicts by the regression of each cell's own set of sources; 0, the mean, for cells without any.
/// source (N, C), measured (N) -> (N, D)
inline Matrix<float> ridge_latents(const std::vector<LinearMap>& maps, const Matrix<float>& source,
                                   const std::vector<Index>& measured) {
  LATENTCELL_REQUIRE(!maps.empty(), "ridge_latents: there is no regression");
  Matrix<float> out = Matrix<float>::Zero(source.rows(), maps.front().slope.value.cols());
  for (Index i = 0; i < source.rows(); ++i) {
    const Index set = measured[to_size(i)];
    if (set == 0) continue;
    const LinearMap& map = maps[to_size(set - 1)];
    RowVector<double> sum = map.intercept.value.row(0);
    for (Index c = 0; c < source.cols(); ++c) sum += double(source(i, c)) * map.slope.value.row(c);
    out.row(i) = sum.cast<float>();
  }
  return out;
}

}  // namespace latentcell::multiomics
