#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <latentcell/evaluate/evaluator.hpp>
#include <latentcell/evaluate/select_counts.hpp>
#include <latentcell/kernel/log_normalize.hpp>
#include <latentcell/metric/moments.hpp>

namespace LATENTCELL_NAMESPACE::evaluate {

/// Moments of the genes of any number of cells, per label, and all their library sizes: exact, block by block, in
/// memory for labels x genes and four bytes a cell. On log1p(CP10K), as the scores of an Evaluator; sums are doubles,
/// so the order of blocks changes the last digits at most.
class CellMoments {
 public:
  /// genes: that are looked at; levels: of the labels
  CellMoments(std::vector<std::string> genes, std::vector<std::string> levels)
      : genes_(std::move(genes)), levels_(std::move(levels)), of_(levels_.size()) {
    for (Sums& s : of_) {
      s.sum.assign(genes_.size(), 0.0);
      s.square.assign(genes_.size(), 0.0);
      s.present.assign(genes_.size(), 0);
    }
  }

  /// Adds cells, with a code for each among the levels; those with a negative one are left out.
  /// Throws std::invalid_argument where a gene is missing.
  void add(const CellTable& cells, std::span<const int> codes) {
    LATENTCELL_REQUIRE(Index(codes.size()) == cells.cells(), "CellMoments: ", codes.size(), " labels for ",
                       cells.cells(), " cells");
    std::vector<Index> every(codes.size());
    std::iota(every.begin(), every.end(), Index(0));
    const Counts counts = select_counts(cells, every, genes_), logged = kernel::log_normalize(counts);
    const CountsView x = logged.view(), raw = counts.view();
    for (Index i = 0; i < x.rows; ++i) {
      if (codes[to_size(i)] < 0) continue;
      Sums& to = of_.at(std::size_t(codes[to_size(i)]));
      const auto columns = x.row_columns(i);
      const auto values = x.row_values(i), own = raw.row_values(i);
      for (std::size_t k = 0; k < columns.size(); ++k) {
        const double v = double(values[k]);
        to.sum[std::size_t(columns[k])] += v;
        to.square[std::size_t(columns[k])] += v * v;
        to.present[std::size_t(columns[k])] += v != 0;
      }
      to.library.push_back(float(std::accumulate(own.begin(), own.end(), 0.0)));
    }
  }

  /// Adds what another one has counted, of the same genes and levels.
  void merge(const CellMoments& other) {
    LATENTCELL_REQUIRE(other.genes_ == genes_ && other.levels_ == levels_,
                       "CellMoments: merges those of the same genes and levels alone");
    for (std::size_t l = 0; l < of_.size(); ++l) {
      for (std::size_t g = 0; g < genes_.size(); ++g) {
        of_[l].sum[g] += other.of_[l].sum[g];
        of_[l].square[g] += other.of_[l].square[g];
        of_[l].present[g] += other.of_[l].present[g];
      }
      of_[l].library.insert(of_[l].library.end(), other.of_[l].library.begin(), other.of_[l].library.end());
    }
  }

  const std::vector<std::string>& genes() const { return genes_; }
  const std::vector<std::string>& levels() const { return levels_; }
  /// Cells of one level, and of all.
  Index cells(std::size_t level) const { return Index(of_.at(level).library.size()); }
  Index cells() const {
    Index out = 0;
    for (const Sums& s : of_) out += Index(s.library.size());
    return out;
  }

  /// Moments of a mixture of the levels; levels without cells or weight do not count.
  /// weights (levels), at least 0 -> (G) each, variances with the divisor N
  metric::GeneMoments mixed(std::span<const double> weights) const {
    LATENTCELL_REQUIRE(weights.size() == levels_.size(), "CellMoments: ", weights.size(), " weights for ",
                       levels_.size(), " levels");
    double whole = 0;
    for (std::size_t l = 0; l < of_.size(); ++l) whole += of_[l].library.empty() ? 0.0 : weights[l];
    LATENTCELL_REQUIRE(whole > 0, "CellMoments: no level of a weight above 0 has cells");
    metric::GeneMoments out{std::vector<double>(genes_.size(), 0.0), std::vector<double>(genes_.size(), 0.0),
                            std::vector<double>(genes_.size(), 1.0)};
    for (std::size_t l = 0; l < of_.size(); ++l) {
      if (of_[l].library.empty()) continue;
      const double each = weights[l] / whole / double(of_[l].library.size());
      for (std::size_t g = 0; g < genes_.size(); ++g) {
        out.mean[g] += each * of_[l].sum[g];
        out.variance[g] += each * of_[l].square[g];
        out.zeros[g] -= each * double(of_[l].present[g]);
      }
    }
    for (std::size_t g = 0; g < genes_.size(); ++g)
      out.variance[g] = std::max(0.0, out.variance[g] - out.mean[g] * out.mean[g]);
    return out;
  }

  /// Library sizes of the cells of a level, ascending.
  std::vector<double> library(std::size_t level) const {
    std::vector<double> out(of_.at(level).library.begin(), of_.at(level).library.end());
    std::sort(out.begin(), out.end());
    return out;
  }

 private:
  struct Sums {
    std::vector<double> sum, square;    // (G)
    std::vector<std::int64_t> present;  // (G) cells with a count
    std::vector<float> library;         // (cells) counts in all
  };

  std::vector<std::string> genes_, levels_;
  std::vector<Sums> of_;
};

/// The quantile of ascending numbers, between two by a line.     share in [0, 1]; numbers (n), n >= 1
inline double quantile_of(std::span<const double> ascending, double share) {
  LATENTCELL_REQUIRE(!ascending.empty() && share >= 0 && share <= 1, "quantile_of: share ", share, " of ",
                     ascending.size(), " numbers");
  const double at = share * double(ascending.size() - 1);
  const std::size_t low = std::size_t(at), high = std::min(low + 1, ascending.size() - 1);
  return ascending[low] + (at - double(low)) * (ascending[high] - ascending[low]);
}

/// Compares the moments of generated cells with those of real ones: a row for each label that both have, and one for
/// all in the label mix of the real cells.
inline ScoreTable moment_table(const CellMoments& real, const CellMoments& generated) {
  LATENTCELL_REQUIRE(real.genes() == generated.genes() && real.levels() == generated.levels(),
                     "moment_table: compares moments of the same genes and levels alone");
  const auto plain = [](const char* name) { return Metric{.name = name, .better = Better::neither}; };
  ScoreTable out({plain("real_cells"), plain("generated_cells"), plain("mean_r"), plain("variance_r"), plain("zeros"),
                  plain("library_q05"), plain("library_median"), plain("library_q95")});
  const std::size_t levels = real.levels().size();
  const double shares[] = {0.05, 0.5, 0.95};
  std::vector<double> weights(levels, 0.0), of_all(3, 0.0);
  const auto row = [&](std::span<const double> mix) {
    const metric::GeneMoments a = real.mixed(mix), b = generated.mixed(mix);
    double zeros = 0;
    for (std::size_t g = 0; g < a.zeros.size(); ++g) zeros += (b.zeros[g] - a.zeros[g]) / double(a.zeros.size());
    return std::vector<double>{metric::pearson(a.mean, b.mean), metric::pearson(a.variance, b.variance), zeros};
  };
  std::vector<std::pair<std::string, std::vector<double>>> rows;
  for (std::size_t l = 0; l < levels; ++l) {
    if (real.cells(l) == 0 || generated.cells(l) == 0) continue;
    weights[l] = double(real.cells(l));
    std::vector<double> alone(levels, 0.0), values = {double(real.cells(l)), double(generated.cells(l))};
    alone[l] = 1;
    for (const double v : row(alone)) values.push_back(v);
    const std::vector<double> a = real.library(l), b = generated.library(l);
    for (std::size_t q = 0; q < 3; ++q) {
      values.push_back(quantile_of(b, shares[q]) / std::max(1.0, quantile_of(a, shares[q])));
      of_all[q] += weights[l] * values.back();
    }
    rows.emplace_back(real.levels()[l], std::move(values));
  }
  LATENTCELL_REQUIRE(!rows.empty(), "moment_table: no label has real and generated cells");
  const double whole = std::accumulate(weights.begin(), weights.end(), 0.0);
  std::vector<double> all = {whole, double(generated.cells())};
  for (const double v : row(weights)) all.push_back(v);
  for (const double v : of_all) all.push_back(v / whole);
  out.add("all labels", Role::model, std::move(all));
  for (auto& [level, values] : rows) out.add(level, Role::model, std::move(values));
  return out;
}

}  // namespace latentcell::evaluate
