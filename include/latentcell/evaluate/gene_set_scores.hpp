#pragma once

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <latentcell/data/cell_table.hpp>
#include <latentcell/data/named_genes.hpp>
#include <latentcell/kernel/log_normalize.hpp>
#include <latentcell/metric/gene_set_scores.hpp>
#include <latentcell/metric/ks.hpp>
#include <latentcell/metric/pearson.hpp>
#include <latentcell/evaluate/shared_genes.hpp>

namespace latentcell {

/// The genes that tell each label from the others: those of the largest difference of means of log1p(CP10K), in units
/// of both standard deviations, `size` a label at most; labels of fewer than three cells have none.
/// cells (N, G), codes (N), negative where missing
inline std::vector<NamedGenes> marker_sets(const CellTable& cells, const Categorical& labels, Index size = 50) {
  const Counts logged = kernel::log_normalize(cells.counts.view());
  const CountsView x = logged.view();
  const Index levels = Index(labels.levels.size()), genes = cells.genes();
  Matrix<double> sum = Matrix<double>::Zero(levels, genes), square = sum;
  std::vector<double> count(to_size(levels), 0.0);
  for (Index i = 0; i < x.rows; ++i) {
    const int code = labels.codes[to_size(i)];
    if (code < 0) continue;
    count[to_size(code)] += 1;
    for (std::size_t k = 0; k < x.row_columns(i).size(); ++k) {
      const double v = double(x.row_values(i)[k]);
      sum(code, x.row_columns(i)[k]) += v;
      square(code, x.row_columns(i)[k]) += v * v;
    }
  }
  const double all = std::accumulate(count.begin(), count.end(), 0.0);
  std::vector<NamedGenes> out;
  for (Index l = 0; l < levels; ++l) {
    const double n = count[to_size(l)], m = all - n;
    if (n < 3 || m < 3) continue;
    std::vector<std::pair<double, Index>> score;
    for (Index g = 0; g < genes; ++g) {
      const double here = sum(l, g) / n, there = (sum.col(g).sum() - sum(l, g)) / m;
      const double variance = std::max(0.0, square(l, g) / n - here * here),
                   other = std::max(0.0, (square.col(g).sum() - square(l, g)) / m - there * there);
      if (here > there) score.emplace_back(-(here - there) / std::sqrt(variance / n + other / m + 1e-6), g);
    }
    const std::size_t most = std::min(score.size(), to_size(size));
    std::partial_sort(score.begin(), score.begin() + std::ptrdiff_t(most), score.end());
    NamedGenes set{labels.levels[to_size(l)], {}};
    for (std::size_t k = 0; k < most; ++k) set.genes.push_back(cells.gene_names[to_size(score[k].second)]);
    if (!set.genes.empty()) out.push_back(std::move(set));
  }
  return out;
}

/// How scores of gene sets in some cells agree with those of real cells.
struct GeneSetAgreement {
  std::vector<double> ks;  ///< (sets) distance of the scores' distributions, 0 alike, 1 apart (Kolmogorov and Smirnov)
  double mean_ks = 0;      ///< over the sets
  double of_labels = 0;    ///< Pearson r, over labels and sets, of the mean score of a set in a label
};

/// Scores of gene sets (metric/gene_set_scores.hpp), controls chosen on the training cells.
class GeneSetEvaluator {
 public:
  /// sets with fewer than `least` genes among those of the training cells are left out; throws where none is left
  GeneSetEvaluator(const CellTable& train, const CellTable& judged, const std::string& label,
                   const std::vector<NamedGenes>& sets, std::uint64_t seed = 0, Index least = 3)
      : genes_(train.gene_names), label_(label), levels_(judged.obs(label).levels) {
    std::unordered_map<std::string_view, Index> place;
    for (std::size_t g = 0; g < genes_.size(); ++g) place.emplace(genes_[g], Index(g));
    std::vector<std::vector<Index>> columns;
    for (const NamedGenes& set : sets) {
      std::vector<Index> found;
      for (const std::string& gene : set.genes) {
        if (const auto at = place.find(gene); at != place.end()) found.push_back(at->second);
      }
      std::sort(found.begin(), found.end());
      found.erase(std::unique(found.begin(), found.end()), found.end());
      if (Index(found.size()) < least || Index(found.size()) > train.genes() / 2) continue;
      columns.push_back(std::move(found));
      names_.push_back(set.name);
    }
    LATENTCELL_REQUIRE(!columns.empty(), "judge_gene_sets: none of ", sets.size(), " sets has ", least,
                       " genes or more among the ", genes_.size(), " of the training cells (", genes_.front(),
                       ", ...)");
    Rng rng(seed, 41);
    scorer_.emplace(kernel::log_normalize(train.counts.view()).view(), std::move(columns),
                    metric::GeneSetScoresOptions{}, rng);
    const Halves halves = stratified_halves(judged.cell_columns.codes(label, levels_), rng);
    real_ = scored(judged.select_cells(halves.first));
    fresh_ = scored(judged.select_cells(halves.second));
  }

  const std::vector<std::string>& names() const { return names_; }
  /// Other real cells: as good as can be.
  GeneSetAgreement fresh() const { return compare(fresh_); }
  /// Some cells with the same genes and obs column.
  GeneSetAgreement of(const CellTable& cells) const { return compare(scored(cells)); }

 private:
  struct Scored {
    Matrix<float> score;  // (N, sets)
    std::vector<int> code;
  };
  Scored scored(const CellTable& cells) const {
    const CellTable own = align_genes(cells, genes_).cells;
    return {scorer_->of(kernel::log_normalize(own.counts.view()).view()), own.cell_columns.codes(label_, levels_)};
  }
  GeneSetAgreement compare(const Scored& x) const {
    GeneSetAgreement out;
    const Index sets = scorer_->sets();
    std::vector<double> a, b;
    for (Index s = 0; s < sets; ++s) {
      a.assign(real_.code.size(), 0), b.assign(x.code.size(), 0);
      for (std::size_t i = 0; i < a.size(); ++i) a[i] = double(real_.score(Index(i), s));
      for (std::size_t i = 0; i < b.size(); ++i) b[i] = double(x.score(Index(i), s));
      out.ks.push_back(metric::ks_test(a, b).statistic);
      out.mean_ks += out.ks.back() / double(sets);
    }
    a.clear(), b.clear();
    for (std::size_t l = 0; l < levels_.size(); ++l) {
      for (Index s = 0; s < sets; ++s) {
        const double of_real = mean(real_, int(l), s), of_x = mean(x, int(l), s);
        if (std::isfinite(of_real) && std::isfinite(of_x)) a.push_back(of_real), b.push_back(of_x);
      }
    }
    out.of_labels = a.size() < 2 ? std::nan("") : metric::pearson(a, b);
    return out;
  }
  static double mean(const Scored& x, int label, Index set) {
    double sum = 0, n = 0;
    for (std::size_t i = 0; i < x.code.size(); ++i) {
      if (x.code[i] != label) continue;
      sum += double(x.score(Index(i), set));
      n += 1;
    }
    return n > 0 ? sum / n : std::nan("");
  }

  std::vector<std::string> genes_, names_;
  std::string label_;
  std::vector<std::string> levels_;
  std::optional<metric::GeneSetScores> scorer_;
  Scored real_, fresh_;
};

}  // namespace latentcell
