#pragma once

#include <algorithm>
#include <vector>

#include <latentcell/autoencoder/vae.hpp>
#include <latentcell/data/cell_table.hpp>
#include <latentcell/data/latent_table.hpp>
#include <latentcell/kernel/parallel.hpp>

namespace latentcell {

struct DrawOptions {
  std::vector<int> batch_codes = {};  ///< (N) batch covariate the decoder is given; empty: unknown
  Index batch = 256;                  ///< cells decoded at once; memory only
};

/// Cells drawn from the likelihood at given latents and library sizes: counts, never rounded means. The latents go to
/// obsm "X_latent". Every cell has random numbers of its own, so threads and batches do not change the result.
/// latents (N, D) -> counts (N, G)
template <class T, class Likelihood>
CellTable draw(const Vae<T, Likelihood>& vae, const LatentTable& latents, Rng& rng, const DrawOptions& options = {}) {
  LATENTCELL_REQUIRE(latents.latent() == vae.latent(), "draw: latents of ", latents.latent(),
                     " dimensions but the model has ", vae.latent());
  const Index n = latents.cells(), genes = vae.genes();
  LATENTCELL_REQUIRE(Index(latents.library.size()) == n, "draw: ", latents.library.size(), " library sizes for ", n,
                     " cells");
  LATENTCELL_REQUIRE(options.batch_codes.empty() || Index(options.batch_codes.size()) == n, "draw: ",
                     options.batch_codes.size(), " batch codes for ", n, " cells");
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
        options.batch_codes.empty()
            ? std::span<const int>{}
            : std::span<const int>(options.batch_codes).subspan(to_size(first), to_size(count));
    const std::vector<Var<T>> heads = vae.decode(tape, tape.constant(view(z)), codes);
    const CountPredictors<T> p = vae.likelihood.predictors(tape, heads);
    const ConstView<T> eta = p.eta.value();
    T* means = tape.scratch(count * genes);
    kernel::parallel_items(count, [&](Index i) {
      Rng cell = own.at(std::uint64_t(first + i));
      T* mean = means + i * genes;
      if constexpr (Likelihood::draws_counts) {
        kernel::count_means(vae.options.link, eta.data() + i * genes, T(latents.library[to_size(first + i)]), genes, mean);
      } else {
        std::copy_n(eta.data() + i * genes, genes, mean);
      }
      Drawn& to = cells[to_size(i)];
      to.columns.clear();
      to.values.clear();
      for (Index g = 0; g < genes; ++g) {
        const T theta = p.log_theta.empty() ? T(0) : p.log_theta.value()(p.log_theta.rows() == 1 ? 0 : i, g);
        const T logit = p.logit_pi.empty() ? T(0) : p.logit_pi.value()(i, g);
        const double x = vae.likelihood.draw(double(mean[g]), double(theta), double(logit), cell);
        if (x != 0.0) {
          to.columns.push_back(std::int32_t(g));
          to.values.push_back(float(x));
        }
      }
    });
    for (Index i = 0; i < count; ++i) {
      const Drawn& from = cells[to_size(i)];
      for (std::size_t k = 0; k < from.columns.size(); ++k) out.counts.push(from.columns[k], from.values[k]);
      out.counts.end_row();
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
