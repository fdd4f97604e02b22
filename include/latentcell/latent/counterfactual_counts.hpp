#pragma once

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include <latentcell/core/random_draw.hpp>
#include <latentcell/data/cell_table.hpp>
#include <latentcell/latent/for_each_decoded.hpp>
#include <latentcell/latent/observed_dispersion.hpp>

namespace LATENTCELL_NAMESPACE {

/// Factors on the gene means of groups of cells.
struct GroupFactors {
  const std::vector<int>& groups;  ///< (N) row of `factor` for each cell
  const Matrix<double>& factor;    ///< (groups, G) at least 0, finite
};

namespace detail {

/// The gamma posterior of a gene's rate in a cell under a negative binomial, given its count.
struct RatePosterior {
  double shape, rate;

  /// dispersion: 1 / theta; 0 for a Poisson likelihood, whose rate is its mean
  RatePosterior(double count, double mean, double dispersion) {
    constexpr double least_dispersion = 1e-5, least_mean = 1e-12;
    const double theta = 1 / std::max(least_dispersion, dispersion);
    shape = theta + count;
    rate = 1 + theta / std::max(least_mean, mean);
  }
};

/// A cell's counts as a row of all genes.     -> (G)
inline void scatter_row(const CountsView& counts, Index cell, std::vector<double>& out) {
  std::fill(out.begin(), out.end(), 0.0);
  const auto columns = counts.row_columns(cell);
  const auto values = counts.row_values(cell);
  for (std::size_t k = 0; k < columns.size(); ++k) out[std::size_t(columns[k])] += double(values[k]);
}

}  // namespace detail

/// Draws counts of observed cells as they would be at other means, so that what the decoder does not explain of a cell
/// is kept (abduction, action, prediction: Pearl, "Causality", 2009, section 7.1). Under a negative binomial a gene's
/// rate in a cell has a gamma posterior given its count. Where the mean falls, each molecule is kept with the factor's
/// chance; where it rises, a Poisson draw of the further rate is added. Means and dispersions are those that the cells
/// of a group show (ObservedDispersion). With factors of 1 the counts are the cells' own; over cells from the
/// likelihood the counts have the likelihood of the new means.
///
/// cells (N, G) observed; latents (N, D) of these cells, with library sizes -> (N, G)
template <Autoencoder Model>
Counts counterfactual_counts(const Model& model, const CellTable& cells, const LatentTable& latents,
                             const GroupFactors& change, Rng& rng) {
  static_assert(Model::Likelihood::draws_molecules, "counterfactual_counts: for likelihoods of molecules");
  const Index n = cells.cells(), genes = cells.genes(), groups = change.factor.rows();
  LATENTCELL_REQUIRE(genes == model.genes() && change.factor.cols() == genes, "counterfactual_counts: cells of ", genes,
                     " genes and factors of ", change.factor.cols(), ", but the model has ", model.genes());
  LATENTCELL_REQUIRE(latents.cells() == n && Index(change.groups.size()) == n, "counterfactual_counts: ", n, " cells, ",
                     latents.cells(), " latents and groups of ", change.groups.size());
  for (const int g : change.groups)
    LATENTCELL_REQUIRE(g >= 0 && g < groups, "counterfactual_counts: group ", g, " of ", groups);
  LATENTCELL_REQUIRE(change.factor.allFinite() && change.factor.size() > 0 && change.factor.minCoeff() >= 0,
                     "counterfactual_counts: factors must be finite and at least 0");
  const ObservedDispersion observed(model, cells, latents, change.groups, groups);
  Matrix<double> dispersion(groups, genes), mean_factor(groups, genes);
  for (Index k = 0; k < groups * genes; ++k) {
    dispersion(k / genes, k % genes) = observed.dispersion(k / genes, k % genes);
    mean_factor(k / genes, k % genes) = observed.mean_factor(k / genes, k % genes);
  }
  const Rng streams = rng.fork();
  std::vector<double> own(to_size(genes));
  Counts out(genes);
  for_each_decoded(model, latents, [&](Index i, const auto* mean, const auto*) {
    detail::scatter_row(cells.counts.view(), i, own);
    Rng draws = streams.at(std::uint64_t(i));
    for (Index g = 0; g < genes; ++g) {
      double count = own[to_size(g)];
      const Index at = change.groups[to_size(i)];
      const double factor = change.factor(at, g);
      if (factor < 1) {
        if (count > 0) count = draw_binomial(count, factor, draws);
      } else if (factor > 1) {
        const detail::RatePosterior rate(count, mean_factor(at, g) * double(mean[g]), dispersion(at, g));
        count += draw_negative_binomial((factor - 1) * rate.shape / rate.rate, rate.shape, draws);
      }
      if (count > 0) out.push(std::int32_t(g), float(count));
    }
    out.end_row();
  });
  return out;
}

}  // namespace latentcell
