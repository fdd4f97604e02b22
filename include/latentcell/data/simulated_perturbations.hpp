#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include <latentcell/core/rng.hpp>
#include <latentcell/data/annotation.hpp>
#include <latentcell/data/simulate_options.hpp>

namespace LATENTCELL_NAMESPACE {

/// Log fold changes of marker genes, four in five upwards; zero elsewhere.     -> (rows, G)
inline Matrix<double> simulated_markers(Index rows, const SimulateOptions& o, Rng& rng) {
  Matrix<double> out(rows, o.genes);
  for (Index i = 0; i < out.size(); ++i) {
    const bool marker = rng.uniform_double() < o.marker_share;
    const double change = o.marker_strength * (1 + 0.4 * rng.normal());
    const double sign = rng.uniform_double() < 0.8 ? 1 : -1;
    out.data()[i] = marker ? sign * change : 0;
  }
  return out;
}

/// What is done to each cell: codes of genes, -1 for none.
struct SimulatedTreatment {
  Categorical condition;
  std::vector<Index> first, second;
  std::vector<double> dose;
};

/// The perturbations of a simulated tissue: mixtures of programmes of genes, to which types respond with a strength,
/// and where asked genes, of their own.
class SimulatedPerturbations {
 public:
  SimulatedPerturbations() = default;
  /// Empty where options.perturbations is 0, and then draws no random numbers.
  SimulatedPerturbations(const SimulateOptions& o, Rng& rng) : options_(o) {
    if (o.perturbations == 0) return;
    LATENTCELL_REQUIRE(o.perturbations <= o.genes, "SimulatedTissue: ", o.perturbations, " perturbations by ",
                       o.perturbation_programmes, " programmes in ", o.genes, " genes");
    LATENTCELL_REQUIRE(o.marker_strength != 0, "SimulatedTissue: perturbations need a marker_strength other than 0");
    const Matrix<double> programmes =
        simulated_markers(o.perturbation_programmes, o, rng) * (o.perturbation_strength / o.marker_strength);
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
            simulated_markers(o.perturbation_programmes, o, rng) * (o.perturbation_strength / o.marker_strength);
        effect = std::sqrt(o.shared_response) * shared + std::sqrt(1 - o.shared_response) * mixtures(own);
      }
      effect.array().colwise() *= strength.row(t).transpose().array();
      effect_.push_back(std::move(effect));
    }
  }

  /// What each perturbation is a mixture of.     (perturbations, programmes)
  const Matrix<double>& embedding() const { return embedding_; }
  /// Changes of the logarithms of shares in a type.     (perturbations, G)
  const Matrix<double>& effect(int type) const { return effect_[std::size_t(type)]; }

  /// Draws what is done to cells: half are controls.
  SimulatedTreatment draw(Index cells, Rng& rng) const {
    SimulatedTreatment out;
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

  /// All cells treated alike. condition: "control", or one or two names of genes joined by '+'
  SimulatedTreatment all_under(const std::string& condition, double dose, Index cells) const {
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
    const std::size_t n = to_size(cells);
    return {{{condition}, std::vector<int>(n, 0)},
            std::vector<Index>(n, parts.empty() ? -1 : parts[0]),
            std::vector<Index>(n, parts.size() < 2 ? -1 : parts[1]),
            std::vector<double>(n, parts.empty() ? 0 : dose)};
  }

 private:
  // The effect of each perturbation as a mixture of programmes.     (programmes, G) -> (perturbations, G)
  Matrix<double> mixtures(const Matrix<double>& programmes) const {
    Matrix<double> out = Matrix<double>::Zero(embedding_.rows(), programmes.cols());
    for (Index p = 0; p < out.rows(); ++p) {
      for (Index k = 0; k < programmes.rows(); ++k) out.row(p) += embedding_(p, k) * programmes.row(k);
    }
    return out;
  }

  SimulateOptions options_;
  Matrix<double> embedding_;
  std::vector<Matrix<double>> effect_;  // (types)
};

}  // namespace latentcell
