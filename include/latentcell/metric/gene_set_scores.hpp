#pragma once

#include <algorithm>
#include <numeric>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <latentcell/core/options.hpp>
#include <latentcell/core/counts.hpp>
#include <latentcell/core/random_draw.hpp>
#include <latentcell/core/types.hpp>

namespace LATENTCELL_NAMESPACE::metric {

/// Settings of GeneSetScores.
struct GeneSetScoresOptions {
  Index bins = 25;      ///< of genes by their mean; more bins compare with genes more alike
  Index controls = 50;  ///< genes drawn for each bin that a set reaches into; more make scores less noisy

  static void visit(auto& self, auto&& f) {
    f("bins", self.bins, at_least(1));
    f("controls", self.controls, at_least(1));
  }
};

/// Scores of gene sets in single cells (Tirosh et al. 2016, as scanpy's score_genes): the mean of log1p(CP10K) over
/// the set's genes minus that over control genes of like expression. Controls are chosen once, on reference cells, so
/// that scores of several tables can be compared.
class GeneSetScores {
 public:
  /// reference (N, G) log1p(CP10K); sets: columns of the genes, each set with one gene or more
  GeneSetScores(const CountsView& reference, std::vector<std::vector<Index>> sets, const GeneSetScoresOptions& o,
                Rng& rng)
      : sets_(std::move(sets)), genes_(reference.cols) {
    check_options("GeneSetScores", o);
    std::vector<double> mean(to_size(genes_), 0.0);
    for (Index r = 0; r < reference.rows; ++r) {
      const auto c = reference.row_columns(r);
      const auto v = reference.row_values(r);
      for (std::size_t k = 0; k < c.size(); ++k) mean[to_size(c[k])] += double(v[k]);
    }
    std::vector<Index> order(to_size(genes_));
    std::iota(order.begin(), order.end(), Index(0));
    std::stable_sort(order.begin(), order.end(), [&](Index a, Index b) { return mean[to_size(a)] < mean[to_size(b)]; });
    std::vector<Index> bin(to_size(genes_));
    const Index bins = std::min(o.bins, genes_);
    for (Index i = 0; i < genes_; ++i) bin[to_size(order[to_size(i)])] = i * bins / genes_;
    for (const std::vector<Index>& set : sets_) {
      LATENTCELL_REQUIRE(!set.empty(), "GeneSetScores: set ", controls_.size(), " has no genes");
      std::vector<char> taken(to_size(genes_), 0), reached(to_size(bins), 0);
      for (const Index g : set) {
        LATENTCELL_REQUIRE(g >= 0 && g < genes_, "GeneSetScores: gene ", g, " of ", genes_);
        taken[to_size(g)] = 1;
        reached[to_size(bin[to_size(g)])] = 1;
      }
      std::vector<Index> control;
      for (Index b = 0; b < bins; ++b) {
        if (!reached[to_size(b)]) continue;
        std::vector<Index> pool;
        for (Index g = 0; g < genes_; ++g) {
          if (bin[to_size(g)] == b && !taken[to_size(g)]) pool.push_back(g);
        }
        shuffle(std::span<Index>(pool), rng);
        pool.resize(std::min(pool.size(), to_size(o.controls)));
        control.insert(control.end(), pool.begin(), pool.end());
      }
      controls_.push_back(std::move(control));
    }
  }

  Index sets() const { return Index(sets_.size()); }

  /// cells (N, G) log1p(CP10K) -> (N, sets)
  Matrix<float> of(const CountsView& cells) const {
    LATENTCELL_REQUIRE(cells.cols == genes_, "GeneSetScores: made for ", genes_, " genes, given ", cells.cols);
    // What each gene adds to each score.
    Matrix<double> weight = Matrix<double>::Zero(genes_, sets());
    for (Index s = 0; s < sets(); ++s) {
      const std::vector<Index>&set = sets_[to_size(s)], &control = controls_[to_size(s)];
      for (const Index g : set) weight(g, s) += 1.0 / double(set.size());
      for (const Index g : control) weight(g, s) -= 1.0 / double(control.size());
    }
    Matrix<float> out(cells.rows, sets());
    std::vector<double> sum(to_size(sets()));
    for (Index r = 0; r < cells.rows; ++r) {
      std::fill(sum.begin(), sum.end(), 0.0);
      const auto c = cells.row_columns(r);
      const auto v = cells.row_values(r);
      for (std::size_t k = 0; k < c.size(); ++k) {
        for (Index s = 0; s < sets(); ++s) sum[to_size(s)] += double(v[k]) * weight(c[k], s);
      }
      for (Index s = 0; s < sets(); ++s) out(r, s) = float(sum[to_size(s)]);
    }
    return out;
  }

 private:
  std::vector<std::vector<Index>> sets_, controls_;
  Index genes_;
};

}  // namespace latentcell::metric
