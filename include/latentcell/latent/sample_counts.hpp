#pragma once

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>
#include <vector>

#include <latentcell/autoencoder/count_autoencoder_base.hpp>
#include <latentcell/data/cell_table.hpp>
#include <latentcell/data/latent_table.hpp>
#include <latentcell/kernel/count_draw.hpp>
#include <latentcell/kernel/count_quantile.hpp>
#include <latentcell/kernel/parallel.hpp>

namespace latentcell {

struct DrawOptions {
  std::vector<int> batch_codes = {};  ///< (N) batch covariate the decoder is given; empty: unknown
  std::vector<int> strata = {};       ///< (N) cells of one stratum share out the quantiles of each gene; empty: all
                                      ///< are drawn on their own. See draw
  std::vector<int> groups = {};       ///< (N) row of the factors that each cell takes, -1 for none
  Matrix<float> factors = {};         ///< (groups, G) by which a group's means are multiplied; (0, 0): none
  Matrix<float> excess = {};          ///< (groups, G) in (0, 1]: factor on what a group's counts vary beyond Poisson
                                      ///< noise, the dispersion and how its cells differ; (0, 0): none
  Matrix<float> centre = {};          ///< (groups, G) shares of the counts towards which `excess` draws the cells
  Index batch = 256;                  ///< cells decoded at once; memory only, and how many cells of a stratum share
};

namespace detail {

/// Cells in the order in which they are drawn, and where each block of them begins: at most `most` cells, of one
/// stratum.
struct DrawOrder {
  std::vector<Index> cell, first;

  DrawOrder(Index cells, const std::vector<int>& strata, Index most) : cell(to_size(cells)) {
    std::iota(cell.begin(), cell.end(), Index(0));
    const auto of = [&](Index i) { return strata.empty() ? 0 : strata[to_size(i)]; };
    std::stable_sort(cell.begin(), cell.end(), [&](Index a, Index b) { return of(a) < of(b); });
    for (Index i = 0; i < cells; ++i) {
      if (first.empty() || i - first.back() == most || of(cell[to_size(i)]) != of(cell[to_size(i - 1)]))
        first.push_back(i);
    }
    first.push_back(cells);
  }
  Index blocks() const { return Index(first.size()) - 1; }
};

/// For each gene a random order of the cells: which of the equal parts of (0, 1) a cell's quantile falls into.
/// -> (count, genes)
inline std::vector<std::uint16_t> shared_quantiles(Index count, Index genes, const Rng& rng) {
  std::vector<std::uint16_t> out(to_size(count * genes));
  kernel::parallel_items(genes, [&](Index g) {
    Rng own = rng.at(std::uint64_t(g));
    for (Index i = 0; i < count; ++i) {
      const Index j = Index(own.below(std::uint64_t(i + 1)));
      out[to_size(i * genes + g)] = out[to_size(j * genes + g)];
      out[to_size(j * genes + g)] = std::uint16_t(i);
    }
  });
  return out;
}

// Leaves of one cell's excess variance the given share: its means move towards the group's and its dispersions shrink.
// A convex combination keeps the group's mean and scales its variance by the factor. Where cells differ in their means
// and have a dispersion besides, a little less than the share is left: a dispersion weighs the squares of the means.
template <class T>
void draw_together(T* mean, const T* log_theta, T library, const float* excess, const float* centre, Index genes,
                   T* log_theta_out) {
  for (Index g = 0; g < genes; ++g) {
    const T middle = library * T(centre[g]);
    mean[g] = std::max(T(1e-12), middle + std::sqrt(T(excess[g])) * (mean[g] - middle));
    if (log_theta != nullptr) log_theta_out[g] = log_theta[g] - std::log(T(excess[g]));
  }
}

}  // namespace detail

/// Cells drawn from the likelihood at given latents and library sizes: counts, never rounded means. The latents go to
/// obsm "X_latent". Every cell has random numbers of its own, so threads and batches do not change the result.
/// With strata, a gene's counts in n cells of one stratum come from the n equal parts of (0, 1), one each, through
/// their distribution functions (Latin hypercube sampling, McKay et al. 1979): each cell is drawn from its own
/// likelihood as before, but the mean over the cells has next to none of the noise of drawing. For predictions of a
/// group of cells. latents (N, D) -> counts (N, G)
template <class Autoencoder>
CellTable draw(const Autoencoder& vae, const LatentTable& latents, Rng& rng, const DrawOptions& options = {}) {
  using T = typename Autoencoder::Scalar;
  LATENTCELL_REQUIRE(latents.latent() == vae.latent(), "draw: latents of ", latents.latent(),
                     " dimensions but the model has ", vae.latent());
  const Index n = latents.cells(), genes = vae.genes();
  LATENTCELL_REQUIRE(Index(latents.library.size()) == n, "draw: ", latents.library.size(), " library sizes for ", n,
                     " cells");
  LATENTCELL_REQUIRE(options.batch_codes.empty() || Index(options.batch_codes.size()) == n,
                     "draw: ", options.batch_codes.size(), " batch codes for ", n, " cells");
  LATENTCELL_REQUIRE(options.strata.empty() || Index(options.strata.size()) == n, "draw: ", options.strata.size(),
                     " strata for ", n, " cells");
  LATENTCELL_REQUIRE(options.batch >= 1, "draw: batch must be at least 1, got ", options.batch);
  LATENTCELL_REQUIRE(options.strata.empty() || options.batch <= 65536,
                     "draw: with strata, batch must be at most 65536, got ", options.batch);
  const bool has_factors = options.factors.size() > 0;
  LATENTCELL_REQUIRE(!has_factors || (options.factors.cols() == genes && Index(options.groups.size()) == n),
                     "draw: factors of ", options.factors.cols(), " genes and ", options.groups.size(),
                     " groups, but the model has ", genes, " genes and there are ", n, " cells");
  for (std::size_t i = 0; i < options.groups.size() && has_factors; ++i) {
    LATENTCELL_REQUIRE(options.groups[i] >= -1 && options.groups[i] < options.factors.rows(), "draw: group ",
                       options.groups[i], " but factors of ", options.factors.rows(), " groups");
  }
  const bool has_excess = options.excess.size() > 0;
  LATENTCELL_REQUIRE(!has_excess || (options.excess.cols() == genes && options.centre.rows() == options.excess.rows() &&
                                     options.centre.cols() == genes && Index(options.groups.size()) == n),
                     "draw: excess of ", options.excess.rows(), " groups and ", options.excess.cols(),
                     " genes, centre of ", options.centre.rows(), " and ", options.centre.cols(), ", ",
                     options.groups.size(), " groups given, but the model has ", genes, " genes and there are ", n,
                     " cells");
  LATENTCELL_REQUIRE(!has_excess || (options.excess.minCoeff() > 0 && options.excess.maxCoeff() <= 1),
                     "draw: excess must lie in (0, 1]");
  for (std::size_t i = 0; i < options.groups.size() && has_excess; ++i) {
    LATENTCELL_REQUIRE(options.groups[i] >= -1 && options.groups[i] < options.excess.rows(), "draw: group ",
                       options.groups[i], " but excess of ", options.excess.rows(), " groups");
  }
  if constexpr (!Autoencoder::Likelihood::draws_molecules) {
    LATENTCELL_REQUIRE(options.strata.empty() && !has_factors && !has_excess,
                       "draw: strata, factors and excess are for likelihoods of molecules");
  }
  const Rng own = rng.fork();
  CellTable out;
  out.counts = Counts(genes);
  Tape<T> tape(Mode::no_gradient);
  struct Drawn {
    std::vector<std::int32_t> columns;
    std::vector<float> values;
  };
  std::vector<Drawn> cells(to_size(n));
  const detail::DrawOrder order(n, options.strata, options.batch);
  std::vector<std::uint16_t> part;
  for (Index block = 0; block < order.blocks(); ++block) {
    const Index first = order.first[to_size(block)], count = order.first[to_size(block) + 1] - first;
    const auto at = [&](Index i) { return order.cell[to_size(first + i)]; };
    tape.reset();
    Matrix<T> z(count, latents.latent());
    std::vector<int> codes;
    for (Index i = 0; i < count; ++i) {
      z.row(i) = latents.mean.row(at(i)).template cast<T>();
      if (!options.batch_codes.empty()) codes.push_back(options.batch_codes[to_size(at(i))]);
    }
    if (!options.strata.empty()) part = detail::shared_quantiles(count, genes, own.at(std::uint64_t(n + block)));
    const std::vector<Var<T>> heads = vae.decode(tape, tape.constant(view(z)), codes);
    const auto p = vae.predictors(tape, heads, codes);
    const ConstView<T> eta = heads.front().value();
    T* const means = Autoencoder::Likelihood::draws_molecules ? tape.scratch(count * genes) : nullptr;
    T* const dispersions = has_excess ? tape.scratch(count * genes) : nullptr;
    const auto row = [&](const Var<T>& v, Index i) {
      return v.empty() ? nullptr : v.value().data() + (v.rows() == 1 ? 0 : i * genes);
    };
    kernel::parallel_items(count, [&](Index i) {
      Rng cell = own.at(std::uint64_t(at(i)));
      Drawn& to = cells[to_size(at(i))];
      if constexpr (Autoencoder::Likelihood::draws_molecules) {
        const T library = T(latents.library[to_size(at(i))]);
        const T* const predictor = eta.data() + i * genes;
        T* const mean = means + i * genes;
        kernel::vectorized([ =, link = vae.options.link ]() __attribute__((always_inline)) {
          kernel::count_means(link, predictor, library, genes, mean);
        });
        const T *log_theta = row(p.log_theta, i), *const logit_pi = row(p.logit_pi, i);
        if (has_excess && options.groups[to_size(at(i))] >= 0) {
          const Index group = options.groups[to_size(at(i))] * genes;
          detail::draw_together(mean, log_theta, library, options.excess.data() + group, options.centre.data() + group,
                                genes, dispersions + i * genes);
          if (log_theta != nullptr) log_theta = dispersions + i * genes;
        }
        if (has_factors && options.groups[to_size(at(i))] >= 0) {
          const float* const factor = options.factors.data() + Index(options.groups[to_size(at(i))]) * genes;
          for (Index g = 0; g < genes; ++g) mean[g] *= T(factor[g]);
        }
        if (part.empty()) {
          kernel::draw_counts<T>({genes, mean, log_theta, logit_pi}, cell, to.columns, to.values);
          return;
        }
        for (Index g = 0; g < genes; ++g) {
          const double u = (double(part[to_size(i * genes + g)]) + cell.uniform_double()) / double(count);
          const double x = kernel::count_quantile(double(mean[g]), log_theta ? std::exp(double(log_theta[g])) : 0.0,
                                                  logit_pi ? 1 / (1 + std::exp(-double(logit_pi[g]))) : 0.0, u);
          if (x == 0) continue;
          to.columns.push_back(std::int32_t(g));
          to.values.push_back(float(x));
        }
      } else if constexpr (requires { vae.likelihood.draw_row(p, i, cell, to.columns, to.values); }) {
        vae.likelihood.draw_row(p, i, cell, to.columns, to.values);
      } else if constexpr (Autoencoder::Likelihood::draws_counts) {  // yes or no
        const T offset = std::log(std::max(T(1), T(latents.library[to_size(at(i))])) / vae.reference.value(0, 0));
        for (Index g = 0; g < genes; ++g) {
          if (cell.uniform_double() * (1 + std::exp(-double(eta(i, g) + offset))) >= 1) continue;
          to.columns.push_back(std::int32_t(g));
          to.values.push_back(1.0f);
        }
      } else {
        const T* const deviation = row(p.log_theta, i);
        for (Index g = 0; g < genes; ++g) {
          to.columns.push_back(std::int32_t(g));
          to.values.push_back(float(vae.likelihood.draw(double(eta(i, g)), double(deviation[g]), 0.0, cell)));
        }
      }
    });
    for (Index i = 0; i < count && options.strata.empty(); ++i) {
      out.counts.push_row(cells[to_size(at(i))].columns, cells[to_size(at(i))].values);
      cells[to_size(at(i))] = {};
    }
  }
  for (Index i = 0; i < n && !options.strata.empty(); ++i) {
    out.counts.push_row(cells[to_size(i)].columns, cells[to_size(i)].values);
  }
  out.cell_names = latents.cell_names;
  out.cell_columns = latents.cell_columns;
  out.gene_names = vae.gene_names;
  if (out.gene_names.empty()) {
    for (Index g = 0; g < genes; ++g) out.gene_names.push_back(text("gene_", g));
  }
  out.gene_columns = Annotation(genes);
  out.embeddings["X_latent"] = latents.mean;
  return out;
}

}  // namespace latentcell
