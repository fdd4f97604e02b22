#pragma once

#include <vector>

#include <latentcell/core/error.hpp>
#include <latentcell/core/types.hpp>

namespace LATENTCELL_NAMESPACE {

/// Corrections of the decoder per group of cells and gene, for likelihoods of molecules.
struct GeneCorrection {
  std::vector<int> groups = {};   ///< (N) row of the matrices for each cell, -1 for none
  Matrix<float> gene_scale = {};  ///< (groups, G) factor on the means; (0, 0): none
  Matrix<float> overdispersion_scale =
      {};                         ///< (groups, G) factor on the variance beyond Poisson noise, in (0, 1]; both
                                  ///< the dispersion and the differences of the cells shrink; (0, 0): none
  Matrix<float> mean_share = {};  ///< (groups, G) share of the counts per gene in a group, towards which
                                  ///< overdispersion_scale moves the cells
};

/// How counts are drawn at latents.
struct CountSampling {
  std::vector<int> batch_covariate = {};  ///< (N) code of each cell for the decoder, -1 unknown; empty: unknown
  std::vector<int> strata = {};  ///< (N) stratum of each cell, for Latin hypercube sampling within it, see draw;
                                 ///< empty: every cell is drawn independently
  GeneCorrection correction = {};
  Index first = 0;  ///< number of the first cell, whose random numbers are those of its number; not with strata
  Index batch =
      256;  ///< cells decoded at once, and most cells that share quantiles, in [1, 65536]; larger: more memory
};

namespace detail {

/// Throws std::invalid_argument where a correction does not fit cells and genes.
inline void check_correction(const GeneCorrection& c, Index cells, Index genes) {
  const bool scaled = c.gene_scale.size() > 0, narrowed = c.overdispersion_scale.size() > 0;
  LATENTCELL_REQUIRE(!scaled || (c.gene_scale.cols() == genes && Index(c.groups.size()) == cells),
                     "draw: gene_scale of ", c.gene_scale.cols(), " genes and ", c.groups.size(),
                     " groups, but the model has ", genes, " genes and there are ", cells, " cells");
  LATENTCELL_REQUIRE(
      !narrowed || (c.overdispersion_scale.cols() == genes && c.mean_share.rows() == c.overdispersion_scale.rows() &&
                    c.mean_share.cols() == genes && Index(c.groups.size()) == cells),
      "draw: overdispersion_scale of ", c.overdispersion_scale.rows(), " groups and ", c.overdispersion_scale.cols(),
      " genes, mean_share of ", c.mean_share.rows(), " and ", c.mean_share.cols(), ", ", c.groups.size(),
      " groups given, but the model has ", genes, " genes and there are ", cells, " cells");
  LATENTCELL_REQUIRE(!narrowed || (c.overdispersion_scale.minCoeff() > 0 && c.overdispersion_scale.maxCoeff() <= 1),
                     "draw: overdispersion_scale must lie in (0, 1]");
  for (const int group : c.groups) {
    LATENTCELL_REQUIRE(!scaled || (group >= -1 && group < c.gene_scale.rows()), "draw: group ", group,
                       " but gene_scale of ", c.gene_scale.rows(), " groups");
    LATENTCELL_REQUIRE(!narrowed || (group >= -1 && group < c.overdispersion_scale.rows()), "draw: group ", group,
                       " but overdispersion_scale of ", c.overdispersion_scale.rows(), " groups");
  }
}

}  // namespace detail

/// Throws std::invalid_argument where options do not fit cells and genes.
inline void check_sampling(const CountSampling& o, Index cells, Index genes) {
  LATENTCELL_REQUIRE(o.batch_covariate.empty() || Index(o.batch_covariate.size()) == cells,
                     "draw: ", o.batch_covariate.size(), " codes of the batch covariate for ", cells, " cells");
  LATENTCELL_REQUIRE(o.strata.empty() || Index(o.strata.size()) == cells, "draw: ", o.strata.size(), " strata for ",
                     cells, " cells");
  LATENTCELL_REQUIRE(o.first >= 0, "draw: first must be at least 0, got ", o.first);
  LATENTCELL_REQUIRE(o.strata.empty() || o.first == 0, "draw: cells of strata are drawn together, from number 0 on, ",
                     "not from ", o.first);
  LATENTCELL_REQUIRE(o.batch >= 1, "draw: batch must be at least 1, got ", o.batch);
  LATENTCELL_REQUIRE(o.strata.empty() || o.batch <= 65536, "draw: with strata, batch must be at most 65536, got ",
                     o.batch);
  detail::check_correction(o.correction, cells, genes);
}

}  // namespace latentcell
