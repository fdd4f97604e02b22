#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include <latentcell/core/options.hpp>
#include <latentcell/core/random_draw.hpp>
#include <latentcell/core/rng.hpp>
#include <latentcell/data/cell_table.hpp>
#include <latentcell/kernel/parallel.hpp>

namespace LATENTCELL_NAMESPACE {

/// What a simulated tissue looks like. "Spread" is a standard deviation on the scale of natural logarithms.
struct SimulateOptions {
  Index cells = 2000;
  Index genes = 1000;
  Index types = 6;                   ///< cell types; two and two share a lineage, and with it half of their markers
  Index batch_covariate_levels = 1;  ///< of obs "batch"; each multiplies the genes' means by effects of its own
  Index factors = 3;             ///< directions of variation within a type; 0: cells of a type differ by noise alone
  double library = 250;          ///< counts of a typical cell; larger: fewer zeros
  double library_spread = 0.35;  ///< larger: more unequal cells of one type
  double type_library_spread = 0.2;     ///< larger: more unequal typical sizes of types
  double type_skew = 1;                 ///< type k of 1, 2, ... has a share of k^-type_skew; 0: equal shares
  double gene_spread = 1.9;             ///< spread of mean expression over genes; larger: more decades
  double marker_share = 0.05;           ///< share of the genes that a type, and that a lineage, switches
  double marker_strength = 1.4;         ///< mean log fold change of a marker; larger: types farther apart
  double factor_strength = 0.4;         ///< larger: more variation within a type
  double batch_effect_strength = 0.25;  ///< spread of each gene's log fold change between levels
  double dispersion = 0.25;             ///< 1 / theta of a gene with a mean of one; larger: noisier counts
  double dropout = 0;                   ///< chance that a count is lost, in [0, 1): zero inflation
  Index perturbations = 0;    ///< genes that can be perturbed; cells are then controls or perturbed, in equal parts
  bool combinations = false;  ///< as many cells again with two genes perturbed at once, in obs "A+B"
  bool doses = false;         ///< a dose of 0.25, 0.5 or 1 multiplies the effect: obs "dose"
  Index perturbation_programmes = 3;   ///< what all perturbations are mixtures of: a gene's mixture is its embedding
  double perturbation_strength = 1.5;  ///< larger: larger changes
  double response_spread = 0.3;        ///< how differently types respond to one perturbation, in strength
  double shared_response = 1;  ///< share of a response's variance over genes that all types have in common, in [0, 1];
                               ///< the rest is in genes of the type's own. 1: types differ in strength alone

  static void visit(auto& self, auto&& f) {
    f("cells", self.cells, at_least(1));
    f("genes", self.genes, at_least(1));
    f("types", self.types, at_least(1));
    f("batch_covariate_levels", self.batch_covariate_levels, at_least(1));
    f("factors", self.factors, at_least(0));
    f("library", self.library, above(0));
    f("library_spread", self.library_spread, at_least(0));
    f("type_library_spread", self.type_library_spread, at_least(0));
    f("type_skew", self.type_skew, at_least(0));
    f("gene_spread", self.gene_spread, at_least(0));
    f("marker_share", self.marker_share, in(0, 1));
    f("marker_strength", self.marker_strength, finite());
    f("factor_strength", self.factor_strength, at_least(0));
    f("batch_effect_strength", self.batch_effect_strength, at_least(0));
    f("dispersion", self.dispersion, above(0));
    f("dropout", self.dropout, in_half_open(0, 1));
    f("perturbations", self.perturbations, at_least(0));
    f("combinations", self.combinations);
    f("doses", self.doses);
    f("perturbation_programmes", self.perturbation_programmes, at_least(1));
    f("perturbation_strength", self.perturbation_strength, finite());
    f("response_spread", self.response_spread, at_least(0));
    f("shared_response", self.shared_response, in(0, 1));
  }
};

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

    const Matrix<double> lineage = markers((o.types + 1) / 2, rng);
    programme_ = markers(o.types, rng);
    for (Index t = 0; t < o.types; ++t) programme_.row(t) += lineage.row(t / 2);
    loading_ = normals(o.factors, o.factors > 0 ? o.factor_strength / std::sqrt(double(o.factors)) : 0, rng);
    batch_effect_ = normals(o.batch_covariate_levels, o.batch_covariate_levels > 1 ? o.batch_effect_strength : 0, rng);
    for (Index t = 0; t < o.types; ++t) type_library_.push_back(o.type_library_spread * rng.normal());
    if (o.perturbations > 0) make_perturbations(rng);
  }

  /// What each perturbation is a mixture of: genes alike here act alike.   (perturbations, programmes)
  const Matrix<double>& perturbation_embedding() const { return embedding_; }

  const std::vector<double>& theta() const { return theta_; }  ///< (G)  inverse dispersions
  Index types() const { return options_.types; }

  /// Draws cells.   -> (cells, genes)
  /// With obs cell_type, batch and library (before noise), var base_share and theta, obsm factors. Types have their
  /// shares to the nearest cell, at least one cell each where there are enough, in random order. The result does not
  /// depend on the number of threads.
  CellTable draw(Index cells, Rng& rng) const {
    return draw_treated(cells, rng, [&] { return draw_treatment(cells, rng); });
  }

  /// Draws cells that are all treated alike: the true answer to a prediction.   -> (cells, genes)
  /// condition: "control", or names of genes that can be perturbed, joined by '+'; dose: what multiplies the effect,
  /// also beyond the doses that draw gives
  CellTable draw_under(const std::string& condition, double dose, Index cells, Rng& rng) const {
    std::vector<Index> parts;
    for (std::size_t at = 0; condition != "control" && at <= condition.size();) {
      const std::size_t end = std::min(condition.find('+', at), condition.size());
      Index p = 0;
      while (p < options_.perturbations && condition.compare(at, end - at, text("gene_", p + 1)) != 0) ++p;
      LATENTCELL_REQUIRE(p < options_.perturbations && parts.size() < 2, "SimulatedTissue: condition '", condition,
                         "' is neither 'control' nor one or two of gene_1 to gene_", options_.perturbations);
      parts.push_back(p);
      at = end + 1;
    }
    return draw_treated(cells, rng, [&] {
      const std::size_t n = to_size(cells);
      return Treatment{{{condition}, std::vector<int>(n, 0)},
                       std::vector<Index>(n, parts.empty() ? -1 : parts[0]),
                       std::vector<Index>(n, parts.size() < 2 ? -1 : parts[1]),
                       std::vector<double>(n, parts.empty() ? 0 : dose)};
    });
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
    const Treatment treatment = treat();

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

  // Log fold changes of marker genes, four in five upwards; zero elsewhere.
  Matrix<double> markers(Index rows, Rng& rng) const {
    Matrix<double> out(rows, options_.genes);
    for (Index i = 0; i < out.size(); ++i) {
      const bool marker = rng.uniform_double() < options_.marker_share;
      const double change = options_.marker_strength * (1 + 0.4 * rng.normal());
      const double sign = rng.uniform_double() < 0.8 ? 1 : -1;
      out.data()[i] = marker ? sign * change : 0;
    }
    return out;
  }

  // What is done to each cell: codes of genes, -1 for none.
  struct Treatment {
    Categorical condition;
    std::vector<Index> first, second;
    std::vector<double> dose;
  };

  Treatment draw_treatment(Index cells, Rng& rng) const {
    Treatment out;
    const Index n = options_.perturbations;
    if (n == 0) return out;
    std::vector<std::string> names;
    constexpr double doses[] = {0.25, 0.5, 1};
    for (Index b = 0; b < cells; ++b) {
      const bool control = rng.below(2) == 0, pair = options_.combinations && n > 1 && rng.below(2) == 0;
      Index first = Index(rng.below(std::uint64_t(n))), second = pair ? Index(rng.below(std::uint64_t(n))) : -1;
      if (second == first) second = -1;
      if (control) first = second = -1;
      if (second >= 0 && second < first) std::swap(first, second);
      names.push_back(control ? "control" : text("gene_", first + 1));
      if (second >= 0) names.back() += text("+gene_", second + 1);
      out.first.push_back(first);
      out.second.push_back(second);
      out.dose.push_back(control ? 0 : options_.doses ? doses[rng.below(3)] : 1);
    }
    out.condition = to_categorical(names);
    return out;
  }

  void make_perturbations(Rng& rng) {
    const SimulateOptions& o = options_;
    LATENTCELL_REQUIRE(o.perturbations <= o.genes, "SimulatedTissue: ", o.perturbations, " perturbations by ",
                       o.perturbation_programmes, " programmes in ", o.genes, " genes");
    const Matrix<double> programmes =
        markers(o.perturbation_programmes, rng) * (o.perturbation_strength / o.marker_strength);
    embedding_.resize(o.perturbations, o.perturbation_programmes);
    for (Index i = 0; i < embedding_.size(); ++i) embedding_.data()[i] = rng.normal();
    for (Index p = 0; p < o.perturbations; ++p) embedding_.row(p) /= embedding_.row(p).norm();
    const Matrix<double> shared = mixtures(programmes);
    Matrix<double> strength(o.types, o.perturbations);
    for (Index i = 0; i < strength.size(); ++i) strength.data()[i] = std::exp(o.response_spread * rng.normal());
    for (Index t = 0; t < o.types; ++t) {
      Matrix<double> effect = shared;
      if (o.shared_response < 1) {
        const Matrix<double> own =
            markers(o.perturbation_programmes, rng) * (o.perturbation_strength / o.marker_strength);
        effect = std::sqrt(o.shared_response) * shared + std::sqrt(1 - o.shared_response) * mixtures(own);
      }
      effect.array().colwise() *= strength.row(t).transpose().array();
      effect_.push_back(std::move(effect));
    }
  }

  // The effect of each perturbation as a mixture of programmes.     (programmes, G) -> (perturbations, G)
  Matrix<double> mixtures(const Matrix<double>& programmes) const {
    Matrix<double> out = Matrix<double>::Zero(embedding_.rows(), programmes.cols());
    for (Index p = 0; p < out.rows(); ++p) {
      for (Index k = 0; k < programmes.rows(); ++k) out.row(p) += embedding_(p, k) * programmes.row(k);
    }
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

  void shares(int type, int level, const float* factors, const Treatment& treatment, std::size_t cell,
              std::vector<double>& share) const {
    double sum = 0;
    const Index first = treatment.first.empty() ? -1 : treatment.first[cell];
    const Index second = first < 0 ? -1 : treatment.second[cell];
    const double dose = first < 0 ? 0 : treatment.dose[cell];
    for (Index g = 0; g < options_.genes; ++g) {
      double log_share = base_(0, g) + programme_(type, g) + batch_effect_(level, g);
      for (Index f = 0; f < options_.factors; ++f) log_share += double(factors[f]) * loading_(f, g);
      if (first >= 0) log_share += dose * effect_[std::size_t(type)](first, g);
      if (second >= 0) log_share += dose * effect_[std::size_t(type)](second, g);
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
  Matrix<double> embedding_;            // (perturbations, programmes)
  std::vector<Matrix<double>> effect_;  // (types) of (perturbations, G): changes of log share
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
