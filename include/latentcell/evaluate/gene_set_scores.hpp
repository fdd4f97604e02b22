#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <latentcell/core/options.hpp>
#include <latentcell/data/align_genes.hpp>
#include <latentcell/data/match_levels.hpp>
#include <latentcell/data/named_genes.hpp>
#include <latentcell/evaluate/marker_sets.hpp>
#include <latentcell/evaluate/score_table.hpp>
#include <latentcell/evaluate/split_half.hpp>
#include <latentcell/kernel/log_normalize.hpp>
#include <latentcell/metric/gene_set_scores.hpp>
#include <latentcell/metric/ks.hpp>
#include <latentcell/metric/pearson.hpp>

namespace LATENTCELL_NAMESPACE::evaluate {

/// How scores of gene sets agree with those of held-out real cells.
struct GeneSetAgreement {
  std::vector<double> ks;  ///< (sets) distance of the scores' distributions (Kolmogorov and Smirnov) at one label mix,
                           ///< 0 alike, 1 apart; NaN without a common label
  double mean_ks = 0;      ///< over the sets
  double of_labels = 0;    ///< Pearson r, over labels and sets, of the mean score of a set in a label
};

namespace detail {

/// Random stream of controls and halves.
inline constexpr std::uint64_t gene_set_stream = 41;

/// Columns of the genes of a set, ascending, each once.
inline std::vector<Index> columns_of(const NamedGenes& set, const std::unordered_map<std::string_view, Index>& place) {
  std::vector<Index> out;
  for (const std::string& gene : set.genes) {
    if (const auto at = place.find(gene); at != place.end()) out.push_back(at->second);
  }
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

}  // namespace detail

/// Settings of GeneSetEvaluator.
struct GeneSetOptions {
  std::uint64_t seed = 0;  ///< of controls and halves
  Index min_genes = 3;     ///< a set with fewer genes among those of the training cells is left out, at least 1

  static void visit(auto& self, auto&& f) {
    f("seed", self.seed);
    f("min_genes", self.min_genes, at_least(1));
  }
};

/// Compares scores of gene sets (metric/gene_set_scores.hpp) with those of held-out real cells, in the labels that both
/// have and at the mix of the real ones. Controls are chosen on the training cells.
class GeneSetEvaluator {
 public:
  /// train, held_out: with the obs column `label`
  /// Throws std::invalid_argument where no set is left.
  GeneSetEvaluator(const CellTable& train, const CellTable& held_out, const std::string& label,
                   const std::vector<NamedGenes>& sets, const GeneSetOptions& options = {})
      : genes_(train.gene_names), label_(label), levels_(held_out.obs(label).levels) {
    check_options("GeneSetEvaluator", options);
    std::unordered_map<std::string_view, Index> place;
    for (std::size_t g = 0; g < genes_.size(); ++g) place.emplace(genes_[g], Index(g));
    std::vector<std::vector<Index>> columns;
    for (const NamedGenes& set : sets) {
      std::vector<Index> own = detail::columns_of(set, place);
      if (Index(own.size()) < options.min_genes || Index(own.size()) > train.genes() / 2) continue;
      columns.push_back(std::move(own));
      names_.push_back(set.name);
    }
    LATENTCELL_REQUIRE(!columns.empty(), "GeneSetEvaluator: none of ", sets.size(), " sets has ", options.min_genes,
                       " genes or more among the ", genes_.size(), " of the training cells (", genes_.front(),
                       ", ...)");
    Rng rng(options.seed, detail::gene_set_stream);
    scorer_.emplace(kernel::log_normalize(train.counts.view()).view(), std::move(columns),
                    metric::GeneSetScoresOptions{}, rng);
    const Halves halves = split_half(held_out.cell_columns.codes(label, levels_), rng);
    real_ = scored(held_out.select_cells(halves.first));
    ceiling_ = scored(held_out.select_cells(halves.second));
    matching_ = rng.fork();
  }

  const std::vector<std::string>& names() const { return names_; }
  /// The other half of the held-out cells.
  GeneSetAgreement ceiling() const { return compare(ceiling_); }
  /// Cells with the same genes and obs column.
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
    const Matched rows = matched(x);
    std::vector<double> a, b;
    for (Index s = 0; s < sets; ++s) {
      a.clear(), b.clear();
      for (const Index i : rows.real) a.push_back(double(real_.score(i, s)));
      for (const Index i : rows.other) b.push_back(double(x.score(i, s)));
      out.ks.push_back(a.empty() ? std::nan("") : metric::ks_test(a, b).statistic);
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
  struct Matched {
    std::vector<Index> real, other;  // (n) of the same labels, row by row
  };
  // The real cells of labels that x has, and as many cells of x with those labels.
  Matched matched(const Scored& x) const {
    std::vector<char> has(levels_.size());
    for (const int code : x.code) {
      if (code >= 0) has[std::size_t(code)] = 1;
    }
    Matched out;
    std::vector<int> target;
    for (std::size_t i = 0; i < real_.code.size(); ++i) {
      if (!has[std::size_t(real_.code[i])]) continue;
      out.real.push_back(Index(i));
      target.push_back(real_.code[i]);
    }
    Rng own = matching_;
    out.other = match_levels(x.code, target, own).rows;
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
  Scored real_, ceiling_;
  Rng matching_{0};
};

}  // namespace latentcell::evaluate
