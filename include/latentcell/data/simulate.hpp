#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include <latentcell/core/random_draw.hpp>
#include <latentcell/core/rng.hpp>
#include <latentcell/data/cell_table.hpp>
#include <latentcell/data/simulate_options.hpp>
#include <latentcell/data/simulated_perturbations.hpp>
#include <latentcell/kernel/parallel.hpp>

namespace LATENTCELL_NAMESPACE {

/// A simulated tissue: its genes, types and batch effects are fixed by the constructor, its cells drawn from them at
/// will, so other cells of the same law can evaluate a model.
/// Counts are negative binomial. The mean is the cell's library size times the share of the gene, whose logarithm adds
/// a gene's base, its type's and its lineage's markers, low-rank variation within types, and a batch effect.
class SimulatedTissue {
 public:
  SimulatedTissue(const SimulateOptions& options, Rng& rng) : options_(check_options("simulate", options)) {
    const SimulateOptions& o = options_;

    base_ = normals(1, o.gene_spread, rng);
    std::vector<double> share(to_size(o.genes));
    double sum = 0;
    for (Index g = 0; g < o.genes; ++g) sum += share[to_size(g)] = std::exp(base_(0, g));
    theta_.reserve(to_size(o.genes));
    for (double s : share) {
      // Rare genes are overdispersed more, as in real data, and genes of one mean differ.
      const double mean = o.library * s / sum;
      theta_.push_back(std::exp(rng.normal() * 0.3) / (o.dispersion * std::sqrt(0.2 + 0.8 / mean)));
    }

    const Matrix<double> lineage = simulated_markers((o.types + 1) / 2, o, rng);
    programme_ = simulated_markers(o.types, o, rng);
    for (Index t = 0; t < o.types; ++t) programme_.row(t) += lineage.row(t / 2);
    loading_ = normals(o.factors, o.factors > 0 ? o.factor_strength / std::sqrt(double(o.factors)) : 0, rng);
    batch_effect_ = normals(o.batch_covariate_levels, o.batch_covariate_levels > 1 ? o.batch_effect_strength : 0, rng);
    for (Index t = 0; t < o.types; ++t) type_library_.push_back(o.type_library_spread * rng.normal());
    perturbations_ = SimulatedPerturbations(o, rng);
  }

  /// What each perturbation is a mixture of: genes alike here act alike.   (perturbations, programmes)
  const Matrix<double>& perturbation_embedding() const { return perturbations_.embedding(); }

  const std::vector<double>& theta() const { return theta_; }  ///< (G)  inverse dispersions
  Index types() const { return options_.types; }

  /// Draws cells.   -> (cells, genes)
  /// With obs cell_type, batch and library (before noise), var base_share and theta, obsm factors. Types have their
  /// shares to the nearest cell, at least one cell each where there are enough, in random order. The result does not
  /// depend on the number of threads.
  CellTable draw(Index cells, Rng& rng) const {
    return draw_treated(cells, rng, [&] { return perturbations_.draw(cells, rng); });
  }

  /// Draws cells that are all treated alike: the true answer to a prediction.   -> (cells, genes)
  /// condition: "control", or names of genes that can be perturbed, joined by '+'; dose: what multiplies the effect,
  /// also beyond the doses that draw gives
  CellTable draw_under(const std::string& condition, double dose, Index cells, Rng& rng) const {
    return draw_treated(cells, rng, [&] { return perturbations_.all_under(condition, dose, cells); });
  }

 private:
  CellTable draw_treated(Index cells, Rng& rng, const auto& treat) const {
    LATENTCELL_REQUIRE(cells > 0, "SimulatedTissue: cells must be positive, got ", cells);
    Categorical type = names("type_", options_.types),
                batch_covariate = names("batch_", options_.batch_covariate_levels);
    type.codes = type_codes(cells, rng);
    std::vector<double> library;
    Matrix<float> factors(cells, options_.factors);
    for (Index b = 0; b < cells; ++b) {
      batch_covariate.codes.push_back(int(rng.below(std::uint64_t(options_.batch_covariate_levels))));
      const double offset = type_library_[std::size_t(type.codes[to_size(b)])];
      library.push_back(options_.library * std::exp(offset + options_.library_spread * rng.normal()));
      for (Index f = 0; f < options_.factors; ++f) factors(b, f) = float(rng.normal());
    }
    const SimulatedTreatment treatment = treat();

    constexpr Index block = 64;
    std::vector<Counts> parts(to_size((cells + block - 1) / block), Counts(options_.genes));
    const Rng noise = rng.fork();
    kernel::parallel_items(Index(parts.size()), 16 * cells * options_.genes, [&](Index p) {
      std::vector<double> share(to_size(options_.genes));
      for (Index b = p * block; b < std::min(cells, (p + 1) * block); ++b) {
        const std::size_t at = to_size(b);
        shares(type.codes[at], batch_covariate.codes[at], factors.data() + b * options_.factors, treatment, at, share);
        Rng own = noise.at(std::uint64_t(b));
        draw_cell(library[at], share, own, parts[to_size(p)]);
      }
    });

    CellTable out;
    out.counts = Counts(options_.genes);
    Index nonzeros = 0;
    for (const Counts& part : parts) nonzeros += part.nonzeros();
    out.counts.reserve(cells, nonzeros);
    for (const Counts& part : parts) {
      for (Index r = 0; r < part.rows(); ++r) out.counts.push_row(part.view(), r);
    }
    out.cell_names = names("cell_", cells).levels;
    out.gene_names = names("gene_", options_.genes).levels;
    out.cell_columns = Annotation(cells);
    out.cell_columns.set("cell_type", std::move(type));
    out.cell_columns.set("batch", std::move(batch_covariate));
    out.cell_columns.set("library", std::move(library));
    if (options_.perturbations > 0) out.cell_columns.set("condition", treatment.condition);
    if (options_.doses) out.cell_columns.set("dose", treatment.dose);
    out.gene_columns = Annotation(options_.genes);
    std::vector<double> base(base_.data(), base_.data() + base_.size());
    double sum = 0;
    for (double& v : base) sum += v = std::exp(v);
    for (double& v : base) v /= sum;
    out.gene_columns.set("base_share", std::move(base));
    out.gene_columns.set("theta", theta_);
    if (options_.factors > 0) out.embeddings.emplace("factors", std::move(factors));
    return out;
  }

  Matrix<double> normals(Index rows, double spread, Rng& rng) const {
    Matrix<double> out(rows, options_.genes);
    for (Index i = 0; i < out.size(); ++i) out.data()[i] = spread * rng.normal();
    return out;
  }

  static Categorical names(const char* prefix, Index count) {
    Categorical out;
    for (Index i = 1; i <= count; ++i) out.levels.push_back(text(prefix, i));
    return out;
  }

  std::vector<int> type_codes(Index cells, Rng& rng) const {
    std::vector<double> share;
    double sum = 0;
    for (Index t = 0; t < options_.types; ++t) {
      share.push_back(std::pow(double(t + 1), -options_.type_skew));
      sum += share.back();
    }
    std::vector<Index> count;
    const Index reserved = cells >= options_.types ? 1 : 0;
    double reached = 0;
    Index given = 0;
    for (double s : share) {
      reached += s / sum * double(cells - reserved * options_.types);
      const Index upto = Index(std::floor(reached + 0.5));
      count.push_back(reserved + upto - given);
      given = upto;
    }
    std::vector<int> codes;
    for (std::size_t t = 0; t < count.size(); ++t) codes.insert(codes.end(), to_size(count[t]), int(t));
    codes.resize(to_size(cells), 0);
    shuffle(std::span<int>(codes), rng);
    return codes;
  }

  void shares(int type, int level, const float* factors, const SimulatedTreatment& treatment, std::size_t cell,
              std::vector<double>& share) const {
    double sum = 0;
    const Index first = treatment.first.empty() ? -1 : treatment.first[cell];
    const Index second = first < 0 ? -1 : treatment.second[cell];
    const double dose = first < 0 ? 0 : treatment.dose[cell];
    const Matrix<double>* const effect = first < 0 ? nullptr : &perturbations_.effect(type);
    for (Index g = 0; g < options_.genes; ++g) {
      double log_share = base_(0, g) + programme_(type, g) + batch_effect_(level, g);
      for (Index f = 0; f < options_.factors; ++f) log_share += double(factors[f]) * loading_(f, g);
      if (first >= 0) log_share += dose * (*effect)(first, g);
      if (second >= 0) log_share += dose * (*effect)(second, g);
      sum += share[to_size(g)] = std::exp(log_share);
    }
    for (double& s : share) s /= sum;
  }

  void draw_cell(double library, const std::vector<double>& share, Rng& rng, Counts& out) const {
    for (std::size_t g = 0; g < share.size(); ++g) {
      const double count = draw_negative_binomial(library * share[g], theta_[g], rng);
      if (count > 0 && (options_.dropout <= 0 || rng.uniform_double() >= options_.dropout)) {
        out.push(std::int32_t(g), float(count));
      }
    }
    out.end_row();
  }

  SimulateOptions options_;
  Matrix<double> base_;          // (1, G)
  Matrix<double> programme_;     // (types, G)
  Matrix<double> loading_;       // (factors, G)
  Matrix<double> batch_effect_;  // (levels, G)
  std::vector<double> theta_;    // (G)
  std::vector<double> type_library_;
  SimulatedPerturbations perturbations_;
};

/// Draws one table of cells from a tissue of its own.   -> (options.cells, options.genes)
/// With the default options about nine entries in ten are zero.
template <class = void>  // so that latentcell::instances can hold its code
CellTable simulate(const SimulateOptions& options, Rng& rng) {
  return SimulatedTissue(options, rng).draw(options.cells, rng);
}

#ifdef LATENTCELL_INSTANCES
extern template CellTable simulate<void>(const SimulateOptions&, Rng&);
#endif

}  // namespace latentcell
