#pragma once

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include <latentcell/data/cell_table.hpp>
#include <latentcell/data/named_genes.hpp>
#include <latentcell/data/normalize.hpp>
#include <latentcell/metric/gene_set_scores.hpp>
#include <latentcell/metric/moments.hpp>

namespace LATENTCELL_NAMESPACE::perturbation {

/// How a gene, or the score of a gene set, differs between control cells and predicted cells.
struct Change {
  std::string name;
  double control = 0, predicted = 0;  ///< means over the cells
  double low = 0, high = 0;  ///< 95 % interval of predicted - control by the sampling of cells; the error of the
                             ///< model is not in it
  Index rank = 0;            ///< from 1, by the size of the change
  double change() const { return predicted - control; }
};

namespace detail {

/// The change of means of so many cells, with Welch's standard error.
struct SampleMoments {
  double mean = 0, variance = 0;
};
inline Change change_of(std::string name, const SampleMoments& control, Index controls, const SampleMoments& predicted,
                        Index cells) {
  constexpr double quantile = 1.96;  // of a normal distribution at 0.975
  Change out{std::move(name), control.mean, predicted.mean};
  const double error = std::sqrt(control.variance / double(controls) + predicted.variance / double(cells));
  out.low = out.change() - quantile * error;
  out.high = out.change() + quantile * error;
  return out;
}

/// Sorts by the size of the change, the largest first, and numbers the rows.
inline std::vector<Change> ranked(std::vector<Change> changes) {
  std::stable_sort(changes.begin(), changes.end(),
                   [](const Change& a, const Change& b) { return std::abs(a.change()) > std::abs(b.change()); });
  for (std::size_t i = 0; i < changes.size(); ++i) changes[i].rank = Index(i) + 1;
  return changes;
}

inline void check_cells(const char* function, const CellTable& control, const CellTable& predicted) {
  LATENTCELL_REQUIRE(control.gene_names == predicted.gene_names, function, ": control cells with ", control.genes(),
                     " genes, predicted ones with ", predicted.genes(), " genes: they must be the same genes");
  LATENTCELL_REQUIRE(control.cells() >= 2 && predicted.cells() >= 2, function, ": ", control.cells(),
                     " control cells and ", predicted.cells(), " predicted cells; at least 2 of each are needed");
}

}  // namespace detail

/// Returns the change of every gene's mean log1p(CP10K), the largest first. Both sets count as independent: where
/// predicted cells are changed control cells (CellSampling::counterfactual), intervals are wider than need be.
/// control (N, G), predicted (M, G): at least 2 cells each, of the same genes
inline std::vector<Change> gene_changes(const CellTable& control, const CellTable& predicted) {
  detail::check_cells("gene_changes", control, predicted);
  const metric::GeneMoments before = metric::gene_moments(log_normalize(control.counts)),
                            after = metric::gene_moments(log_normalize(predicted.counts));
  std::vector<Change> out;
  for (std::size_t g = 0; g < control.gene_names.size(); ++g)
    out.push_back(detail::change_of(control.gene_names[g], {before.mean[g], before.variance[g]}, control.cells(),
                                    {after.mean[g], after.variance[g]}, predicted.cells()));
  return detail::ranked(std::move(out));
}

/// Gene sets that cells of some genes can be scored by.
struct ScoredGeneSets {
  std::vector<std::string> names;
  std::vector<std::vector<Index>> columns;  ///< of the genes of each set, ascending
};

/// Returns the sets with three or more of the genes, and at most half of them.
/// Throws std::invalid_argument where no set is left.
inline ScoredGeneSets scored_gene_sets(const std::vector<std::string>& genes, const std::vector<NamedGenes>& sets) {
  constexpr Index min_genes = 3;
  std::unordered_map<std::string, Index> column;
  for (std::size_t g = 0; g < genes.size(); ++g) column.emplace(genes[g], Index(g));
  ScoredGeneSets out;
  for (const NamedGenes& set : sets) {
    std::vector<Index> own;
    for (const std::string& gene : set.genes) {
      if (const auto at = column.find(gene); at != column.end()) own.push_back(at->second);
    }
    std::sort(own.begin(), own.end());
    own.erase(std::unique(own.begin(), own.end()), own.end());
    if (Index(own.size()) < min_genes || own.size() > genes.size() / 2) continue;
    out.columns.push_back(std::move(own));
    out.names.push_back(set.name);
  }
  LATENTCELL_REQUIRE(!out.names.empty(), "scored_gene_sets: none of ", sets.size(), " sets has ", min_genes,
                     " genes or more, and at most half, of the ", genes.size(), " genes of the cells");
  return out;
}

/// Returns the change of every gene set's mean score (metric::GeneSetScores, with control genes chosen on the control
/// cells), the largest first. For the sets of scored_gene_sets.
/// control (N, G), predicted (M, G): at least 2 cells each, of the same genes
inline std::vector<Change> gene_set_changes(const CellTable& control, const CellTable& predicted,
                                            const std::vector<NamedGenes>& sets, Rng& rng) {
  detail::check_cells("gene_set_changes", control, predicted);
  ScoredGeneSets scored = scored_gene_sets(control.gene_names, sets);
  const Counts before = log_normalize(control.counts), after = log_normalize(predicted.counts);
  const metric::GeneSetScores scores(before.view(), std::move(scored.columns), metric::GeneSetScoresOptions{}, rng);
  const Matrix<float> of_control = scores.of(before.view()), of_predicted = scores.of(after.view());
  const auto moments = [](const Matrix<float>& x, Index set) {
    const auto values = x.col(set).cast<double>().array();
    const double mean = values.mean();
    return detail::SampleMoments{mean, (values - mean).square().sum() / double(x.rows() - 1)};
  };
  std::vector<Change> out;
  for (std::size_t s = 0; s < scored.names.size(); ++s)
    out.push_back(detail::change_of(scored.names[s], moments(of_control, Index(s)), control.cells(),
                                    moments(of_predicted, Index(s)), predicted.cells()));
  return detail::ranked(std::move(out));
}

}  // namespace latentcell::perturbation
