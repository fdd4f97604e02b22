#pragma once

#include <cmath>

#include <latentcell/autoencoder/count_autoencoder_base.hpp>
#include <latentcell/kernel/log_normalize.hpp>
#include <latentcell/kernel/pca.hpp>

namespace LATENTCELL_NAMESPACE {

/// Encoder by principal components of log1p(CP10K), with a learned count decoder. The latent is in units of the first
/// component's standard deviation (`unit`), as trajectory benchmarks use.
template <class T, class Likelihood>
requires latentcell::Likelihood<Likelihood, T>
struct PcaAutoencoder : CountAutoencoderBase<T, Likelihood> {
  using Trunk = CountAutoencoderBase<T, Likelihood>;
  using Trunk::options;
  Buffer<T> mean;        // (1, G) of log1p(CP10K)
  Buffer<T> components;  // (D, G) orthonormal rows
  Buffer<T> unit;        // (1, 1) standard deviation of the first component

  PcaAutoencoder(const CountAutoencoderOptions& o, Rng& rng, LikelihoodOptions likelihood_options = {})
      : Trunk("PcaAutoencoder", o, rng, likelihood_options),
        mean(1, o.genes),
        components(o.latent, o.genes),
        unit(1, 1) {
    unit.value.setOnes();
    require_defaults(
        "PcaAutoencoder", o,
        {"prior", "kl_weight", "kl_warmup", "free_bits", "count_thinning", "shrink", "commitment", "codebook"});
    this->make_decoder(rng);
  }
  static PcaAutoencoder from_options(const auto& reader, Rng& rng) {
    return {reader.template options<CountAutoencoderOptions>(), rng, Trunk::likelihood_options(reader)};
  }

  /// As CountAutoencoderBase::initialize_from_data; also fits the components.     counts (N, G)
  void initialize_from_data(const CountsView& counts) {
    LATENTCELL_REQUIRE(counts.rows > options.latent, "PcaAutoencoder: ", options.latent, " components of ", counts.rows,
                       " cells; take fewer");
    Trunk::initialize_from_data(counts);
    Rng rng(0, 51);
    const Counts logs = kernel::log_normalize(counts);
    const kernel::Pca<float> pca = kernel::fit_pca(logs.view(), {.components = options.latent}, rng);
    mean.value = pca.mean.template cast<T>();
    components.value = pca.components.template cast<T>();
    unit.value(0, 0) = T(std::max(1e-6, std::sqrt(pca.variance.front())));
  }

  /// counts (B, G) -> mean (B, D), no log variance
  Posterior<T> encode(Tape<T>& tape, const CellBatch& batch) const {
    const Counts logs = kernel::log_normalize(batch.counts);
    const Matrix<float> z = kernel::project(pca(), logs.view());
    T* const to = tape.scratch(z.size());
    for (Index i = 0; i < z.size(); ++i) to[i] = T(z.data()[i]) / unit.value(0, 0);
    return {tape.constant(ConstView<T>(to, z.rows(), z.cols())), {}};
  }

  /// -log p(x | z), averaged over the cells.   -> (1, 1)
  Var<T> loss(Tape<T>& tape, const CellBatch& batch, double) const {
    return this->mean_nll(tape, encode(tape, batch).mean, batch);
  }

  kernel::Pca<float> pca() const {
    kernel::Pca<float> out;
    out.mean = mean.value.template cast<float>();
    out.components = components.value.template cast<float>();
    return out;
  }

  /// The encoder of the base class is unused.
  static void visit(auto& self, auto&& f) {
    f("likelihood", self.likelihood);
    f("decoder", self.decoder);
    f("heads", self.heads);
    f("reference", self.reference);
    f("mean", self.mean);
    f("components", self.components);
    f("unit", self.unit);
    f("gene_names", self.gene_names);
  }
};

}  // namespace latentcell
