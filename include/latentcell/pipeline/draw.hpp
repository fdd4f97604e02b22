#pragma once

#include <algorithm>
#include <vector>

#include <latentcell/autoencoder/count_trunk.hpp>
#include <latentcell/data/cell_table.hpp>
#include <latentcell/data/latent_table.hpp>
#include <latentcell/kernel/count_draw.hpp>
#include <latentcell/kernel/parallel.hpp>

namespace latentcell {

struct DrawOptions {
  std::vector<int> batch_codes = {};  ///< (N) batch covariate the decoder is given; empty: unknown
  Index batch = 256;                  ///< cells decoded at once; memory only
};

/// Cells drawn from the likelihood at given latents and library sizes: counts, never rounded means. The latents go to
/// obsm "X_latent". Every cell has random numbers of its own, so threads and batches do not change the result.
/// latents (N, D) -> counts (N, G)
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
  LATENTCELL_REQUIRE(options.batch >= 1, "draw: batch must be at least 1, got ", options.batch);
  const Rng own = rng.fork();
  CellTable out;
  out.counts = Counts(genes);
  Tape<T> tape(Mode::no_gradient);
  struct Drawn {
    std::vector<std::int32_t> columns;
    std::vector<float> values;
  };
  std::vector<Drawn> cells(to_size(std::min(options.batch, n)));
  for (Index first = 0; first < n; first += options.batch) {
    const Index count = std::min(options.batch, n - first);
    tape.reset();
    const Matrix<T> z = latents.mean.middleRows(first, count).template cast<T>();
    const std::span<const int> codes =
        options.batch_codes.empty() ? std::span<const int>{}
                                    : std::span<const int>(options.batch_codes).subspan(to_size(first), to_size(count));
    const std::vector<Var<T>> heads = vae.decode(tape, tape.constant(view(z)), codes);
    const auto p = vae.predictors(tape, heads, codes);
    const ConstView<T> eta = heads.front().value();
    T* const means = Autoencoder::Likelihood::draws_molecules ? tape.scratch(count * genes) : nullptr;
    const auto row = [&](const Var<T>& v, Index i) {
      return v.empty() ? nullptr : v.value().data() + (v.rows() == 1 ? 0 : i * genes);
    };
    kernel::parallel_items(count, [&](Index i) {
      Rng cell = own.at(std::uint64_t(first + i));
      Drawn& to = cells[to_size(i)];
      to.columns.clear();
      to.values.clear();
      if constexpr (Autoencoder::Likelihood::draws_molecules) {
        const T library = T(latents.library[to_size(first + i)]);
        const T* const predictor = eta.data() + i * genes;
        T* const mean = means + i * genes;
        kernel::vectorized([ =, link = vae.options.link ]() __attribute__((always_inline)) {
          kernel::count_means(link, predictor, library, genes, mean);
        });
        kernel::draw_counts<T>({genes, mean, row(p.log_theta, i), row(p.logit_pi, i)}, cell, to.columns, to.values);
      } else if constexpr (requires { vae.likelihood.draw_row(p, i, cell, to.columns, to.values); }) {
        vae.likelihood.draw_row(p, i, cell, to.columns, to.values);
      } else if constexpr (Autoencoder::Likelihood::draws_counts) {  // yes or no
        const T offset = std::log(std::max(T(1), T(latents.library[to_size(first + i)])) / vae.reference.value(0, 0));
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
    for (Index i = 0; i < count; ++i) {
      const Drawn& from = cells[to_size(i)];
      out.counts.push_row(from.columns, from.values);
    }
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
