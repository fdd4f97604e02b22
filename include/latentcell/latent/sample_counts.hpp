#pragma once

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>
#include <vector>

#include <latentcell/autoencoder/autoencoder.hpp>
#include <latentcell/data/cell_table.hpp>
#include <latentcell/data/latent_table.hpp>
#include <latentcell/kernel/count_draw.hpp>
#include <latentcell/kernel/count_quantile.hpp>
#include <latentcell/kernel/parallel.hpp>
#include <latentcell/latent/count_sampling.hpp>

namespace LATENTCELL_NAMESPACE {

namespace detail {

/// Cells in the order in which they are drawn, and the first of each block: at most `most` cells, of one stratum.
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

/// A random order of the cells for each gene: the equal part of (0, 1) from which a cell's quantile is drawn.
/// -> (count, genes)
inline std::vector<std::uint16_t> shared_quantiles(Index count, Index genes, const Rng& rng) {
  std::vector<std::uint16_t> out(to_size(count * genes));
  kernel::parallel_items(genes, 16 * count * genes, [&](Index g) {
    Rng own = rng.at(std::uint64_t(g));
    for (Index i = 0; i < count; ++i) {
      const Index j = Index(own.below(std::uint64_t(i + 1)));
      out[to_size(i * genes + g)] = out[to_size(j * genes + g)];
      out[to_size(j * genes + g)] = std::uint16_t(i);
    }
  });
  return out;
}

/// Factors on the variance beyond Poisson noise and mean shares of a group, (G) each.
struct GroupOverdispersion {
  const float *factor, *share;
};

/// Scales one cell's variance beyond Poisson noise: its means move towards the group's and its dispersions shrink.
/// A convex combination keeps the group's mean and scales its variance by the factor. Where cells differ in their means
/// and have a dispersion besides, a little less than the share is left, as a dispersion weighs the squares of the
/// means. All arrays have G entries; log_theta may be null.
template <class T>
void scale_overdispersion(T* mean, const T* log_theta, T library, GroupOverdispersion group, Index genes,
                          T* log_theta_out) {
  const float *const factor = group.factor, *const share = group.share;
  for (Index g = 0; g < genes; ++g) {
    const T middle = library * T(share[g]);
    mean[g] = std::max(T(1e-12), middle + std::sqrt(T(factor[g])) * (mean[g] - middle));
    if (log_theta != nullptr) log_theta_out[g] = log_theta[g] - std::log(T(factor[g]));
  }
}

/// Draws the cells of a table, block by block.
template <class Autoencoder>
class CountSampler {
 public:
  using T = typename Autoencoder::Scalar;
  static constexpr bool molecules = Autoencoder::Likelihood::draws_molecules;

  CountSampler(const Autoencoder& model, const LatentTable& latents, const CountSampling& options, const Rng& rng)
      : model_(model),
        latents_(latents),
        options_(options),
        rng_(rng),
        order_(latents.cells(), options.strata, options.batch),
        cells_(to_size(latents.cells())) {}

  Counts draw() {
    Counts out(model_.genes());
    // Without strata, blocks are in the order of the table, and their rows need not be kept.
    for (Index block = 0; block < order_.blocks(); ++block) {
      draw_block(block);
      if (options_.strata.empty()) push(order_.first[to_size(block)], order_.first[to_size(block) + 1], out);
    }
    if (!options_.strata.empty()) push(0, latents_.cells(), out);
    return out;
  }

 private:
  struct Row {
    std::vector<std::int32_t> columns;
    std::vector<float> values;
  };
  // Parameters of one cell, (G) each; null where the likelihood has none.
  struct CellParameters {
    T *mean, *log_theta_memory;
    const T *log_theta, *logit_pi;
  };

  void push(Index first, Index last, Counts& out) {
    for (Index i = first; i < last; ++i) {
      out.push_row(cells_[to_size(i)].columns, cells_[to_size(i)].values);
      cells_[to_size(i)] = {};
    }
  }

  void draw_block(Index block) {
    const Index first = order_.first[to_size(block)], count = order_.first[to_size(block) + 1] - first;
    const Index genes = model_.genes();
    const auto cell_at = [&](Index i) { return order_.cell[to_size(first + i)]; };
    tape_.reset();
    Matrix<T> z(count, latents_.latent());
    std::vector<int> codes;
    for (Index i = 0; i < count; ++i) {
      z.row(i) = latents_.mean.row(cell_at(i)).template cast<T>();
      if (!options_.batch_covariate.empty()) codes.push_back(options_.batch_covariate[to_size(cell_at(i))]);
    }
    if (!options_.strata.empty())
      part_ = shared_quantiles(count, genes, rng_.at(std::uint64_t(latents_.cells() + block)));
    const std::vector<Var<T>> heads = model_.decode(tape_, tape_.constant(view(z)), codes);
    const auto p = model_.predictors(tape_, heads, codes);
    T* const means = molecules ? tape_.scratch(count * genes) : nullptr;
    const bool narrowed = options_.correction.overdispersion_scale.size() > 0;
    T* const dispersions = narrowed ? tape_.scratch(count * genes) : nullptr;
    kernel::parallel_items(count, 32 * count * genes, [&](Index i) {
      Rng cell = rng_.at(std::uint64_t(options_.first + cell_at(i)));
      if constexpr (molecules) {
        CellParameters own{means + i * genes, narrowed ? dispersions + i * genes : nullptr, row(p.log_theta, i),
                           row(p.logit_pi, i)};
        decode_molecules(heads.front().value().data() + i * genes, cell_at(i), own);
        draw_molecules(own, i, count, cell, cells_[to_size(cell_at(i))]);
      } else {
        draw_values(p, heads.front().value(), i, cell_at(i), cell);
      }
    });
  }

  const T* row(const Var<T>& v, Index i) const {
    return v.empty() ? nullptr : v.value().data() + (v.rows() == 1 ? 0 : i * model_.genes());
  }

  // Means at the cell's library size, with the corrections of its group.
  void decode_molecules(const T* predictor, Index cell, CellParameters& out) const {
    const Index genes = model_.genes();
    const T library = T(latents_.library[to_size(cell)]);
    T* const mean = out.mean;
    kernel::vectorized([ =, link = model_.options.link ]() __attribute__((always_inline)) {
      kernel::count_means(link, predictor, library, genes, mean);
    });
    const GeneCorrection& c = options_.correction;
    if (c.groups.empty() || c.groups[to_size(cell)] < 0) return;
    const Index group = Index(c.groups[to_size(cell)]) * genes;
    if (c.overdispersion_scale.size() > 0) {
      scale_overdispersion(mean, out.log_theta, library,
                           {c.overdispersion_scale.data() + group, c.mean_share.data() + group}, genes,
                           out.log_theta_memory);
      if (out.log_theta != nullptr) out.log_theta = out.log_theta_memory;
    }
    if (c.gene_scale.size() > 0) {
      const float* const factor = c.gene_scale.data() + group;
      for (Index g = 0; g < genes; ++g) mean[g] *= T(factor[g]);
    }
  }

  void draw_molecules(const CellParameters& own, Index i, Index count, Rng& cell, Row& to) const {
    const Index genes = model_.genes();
    if (options_.strata.empty()) {
      kernel::draw_counts<T>({genes, own.mean, own.log_theta, own.logit_pi}, cell, to.columns, to.values);
      return;
    }
    for (Index g = 0; g < genes; ++g) {
      const double u = (double(part_[to_size(i * genes + g)]) + cell.uniform_double()) / double(count);
      const double x =
          kernel::count_quantile(double(own.mean[g]), own.log_theta ? std::exp(double(own.log_theta[g])) : 0.0,
                                 own.logit_pi ? 1 / (1 + std::exp(-double(own.logit_pi[g]))) : 0.0, u);
      if (x == 0) continue;
      to.columns.push_back(std::int32_t(g));
      to.values.push_back(float(x));
    }
  }

  // Likelihoods of other values: by their own draw_row, as yes or no, or as a Gaussian.
  template <class Predictors>
  void draw_values(const Predictors& p, ConstView<T> eta, Index i, Index at, Rng& cell) {
    const Index genes = model_.genes();
    Row& to = cells_[to_size(at)];
    if constexpr (requires { model_.likelihood.draw_row(p, i, cell, to.columns, to.values); }) {
      model_.likelihood.draw_row(p, i, cell, to.columns, to.values);
    } else if constexpr (Autoencoder::Likelihood::draws_counts) {
      const T offset = std::log(std::max(T(1), T(latents_.library[to_size(at)])) / model_.reference.value(0, 0));
      for (Index g = 0; g < genes; ++g) {
        if (cell.uniform_double() * (1 + std::exp(-double(eta(i, g) + offset))) >= 1) continue;
        to.columns.push_back(std::int32_t(g));
        to.values.push_back(1.0f);
      }
    } else {
      const T* const deviation = row(p.log_theta, i);
      for (Index g = 0; g < genes; ++g) {
        to.columns.push_back(std::int32_t(g));
        to.values.push_back(float(model_.likelihood.draw(double(eta(i, g)), double(deviation[g]), 0.0, cell)));
      }
    }
  }

  const Autoencoder& model_;
  const LatentTable& latents_;
  const CountSampling& options_;
  const Rng rng_;
  const DrawOrder order_;
  std::vector<Row> cells_;
  std::vector<std::uint16_t> part_;  // (cells of the block, G)
  Tape<T> tape_{Mode::no_gradient};
};

}  // namespace detail

/// Draws cells from the likelihood at given latents and library sizes: counts, never rounded means. The latents are
/// stored in obsm "X_latentcell". Each cell has its own random numbers, so threads and batches do not change the
/// result. latents (N, D) with library sizes -> counts (N, G) With strata, a gene's counts in n cells of one stratum
/// come from the n equal parts of (0, 1), one each, through their distribution functions (Latin hypercube sampling,
/// McKay et al. 1979): each cell is drawn from its own likelihood, while the mean over the cells has next to no
/// sampling noise. For predictions of a group of cells.
template <Autoencoder Model>
CellTable draw(const Model& model, const LatentTable& latents, Rng& rng, const CountSampling& options = {}) {
  LATENTCELL_REQUIRE(latents.latent() == model.latent(), "draw: latents of ", latents.latent(),
                     " dimensions but the model has ", model.latent());
  const Index n = latents.cells(), genes = model.genes();
  LATENTCELL_REQUIRE(Index(latents.library.size()) == n, "draw: ", latents.library.size(), " library sizes for ", n,
                     " cells");
  latents.check();
  check_sampling(options, n, genes);
  if constexpr (!Model::Likelihood::draws_molecules) {
    LATENTCELL_REQUIRE(options.strata.empty() && options.correction.gene_scale.size() == 0 &&
                           options.correction.overdispersion_scale.size() == 0,
                       "draw: strata and corrections are for likelihoods of molecules");
  }
  CellTable out;
  out.counts = detail::CountSampler<Model>(model, latents, options, rng.fork()).draw();
  out.cell_names = latents.cell_names;
  for (Index i = Index(out.cell_names.size()); i < n; ++i) out.cell_names.push_back(text("cell_", i));
  out.cell_columns = latents.cell_columns.for_rows(n);
  out.gene_names = model.gene_names;
  for (Index g = Index(out.gene_names.size()); g < genes; ++g) out.gene_names.push_back(text("gene_", g));
  out.gene_columns = Annotation(genes);
  out.embeddings["X_latentcell"] = latents.mean;
  return out;
}

}  // namespace latentcell
