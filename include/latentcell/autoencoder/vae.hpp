#pragma once

#include <cmath>
#include <string>
#include <vector>

#include <latentcell/core/cell_batch.hpp>
#include <latentcell/nn/mlp.hpp>
#include <latentcell/nn/sparse_linear.hpp>
#include <latentcell/likelihood/likelihood.hpp>
#include <latentcell/op/columns.hpp>
#include <latentcell/op/embedding.hpp>
#include <latentcell/op/gaussian.hpp>

namespace latentcell {

struct VaeOptions {
  Index genes = 0;                    ///< G
  std::vector<Index> hidden = {128};  ///< widths of the encoder, used in reverse by the decoder
  Index latent = 32;                  ///< D; larger keeps more of a cell, down to its noise
  Index batches = 0;                  ///< levels of a batch covariate that the decoder sees; 0 is none
  Index labels = 0;                   ///< levels of a label whose cells share a prior mean; 0: one prior, at zero
  float dropout = 0.1f;               ///< share dropped after each hidden layer; larger forgets more
  float input_share = 1.0f;           ///< share of a cell's molecules that the encoder is shown in training, the
                             ///< decoder being asked for the others: noise cannot be learned (data/thinning.hpp)
  float kl_weight = 1.0f;        ///< weight of the KL term; larger gives smoother latents and blurrier cells
  float kl_warmup = 0.1f;        ///< share of the run over which the KL weight rises from 0
  float free_bits = 0.0f;        ///< nats a latent dimension may carry without cost
  double reference_library = 0;  ///< counts a cell is scaled to before log1p; 0: the mean of the training cells
  LibraryLink link = LibraryLink::softmax;  ///< softmax scale times library (scVI), or exp of the predictor times size
};

/// Mean and log variance of a cell's latent, (B, D) each.
template <class T>
struct Posterior {
  Var<T> mean, log_variance;
};

/// Variational autoencoder of counts (Kingma and Welling 2014; for cells Lopez et al., "Deep generative modeling for
/// single-cell transcriptomics", 2018): sparse counts to a latent Gaussian and back to the parameters of a likelihood.
template <class T, class Likelihood>
struct Vae {
  using Scalar = T;
  VaeOptions options;
  Likelihood likelihood;
  SparseLinear<T> first;  // genes -> hidden[0]
  HiddenTail<T> first_tail;
  Mlp<T> encoder;                // hidden[0] -> hidden.back()
  Linear<T> to_mean;             // hidden.back() -> latent
  Linear<T> to_log_variance;     // hidden.back() -> latent
  Mlp<T> decoder;                // latent + batches -> hidden.back() -> ... -> hidden[0]
  std::vector<Linear<T>> heads;  // hidden[0] + batches -> genes; as many as the likelihood has parameters per cell
  std::vector<std::string> gene_names;  // (genes) keys of the genes, set by fit; empty where nobody said
  Param<T> prior_mean;                  // (labels, latent), or (0, latent)
  Buffer<T> reference;                  // (1, 1) library size that inputs are scaled to

  Vae(const VaeOptions& o, Rng& rng, LikelihoodOptions likelihood_options = {})
      : options(checked(o)),
        likelihood(o.genes, likelihood_options),
        first(o.genes, o.hidden.front(), rng),
        first_tail(o.hidden.front(), T(o.dropout)),
        encoder(o.hidden.front(), std::span(o.hidden).subspan(1), T(o.dropout), rng),
        to_mean(o.hidden.back(), o.latent, rng),
        to_log_variance(o.hidden.back(), o.latent, rng),
        decoder(o.latent + o.batches, std::vector<Index>(o.hidden.rbegin(), o.hidden.rend()), T(o.dropout), rng),
        prior_mean(o.labels, o.latent),
        reference(1, 1) {
    prior_mean.weight_decay = T(0);
    prior_mean.learning_rate = T(3);
    for (Index i = 0; i < likelihood.heads(); ++i) {
      heads.emplace_back(o.hidden.front() + o.batches, o.genes, rng);
      // Heads start near the genes' own levels (see start): the cell's part grows from little.
      heads.back().weight.value *= T(0.1);
    }
    likelihood.set_rates(heads);
    reference.value(0, 0) = T(o.reference_library > 0 ? o.reference_library : 1e4);
  }

  Index genes() const { return options.genes; }
  Index latent() const { return options.latent; }

  /// Starts gene levels and dispersions from the moments of the training counts, and the reference library from their
  /// mean: training then only has to learn what differs between cells.   counts (N, G)
  void start(const CountsView& counts) {
    LATENTCELL_REQUIRE(counts.cols == options.genes, "Vae: counts of ", counts.cols, " genes but the model has ",
                       options.genes);
    if (options.reference_library <= 0 && counts.rows > 0) {
      double total = 0;
      for (Index b = 0; b < counts.rows; ++b) total += counts.row_sum(b);
      reference.value(0, 0) = T(std::max(1.0, total / double(counts.rows)));
    }
    likelihood.start(counts, heads, double(reference.value(0, 0)));
  }

  /// counts (B, G) -> mean and log variance (B, D)
  Posterior<T> encode(Tape<T>& tape, const CellBatch& batch) const {
    float* factor = tape.template scratch_of<float>(batch.size());
    for (Index b = 0; b < batch.size(); ++b) {
      factor[b] = std::max(1.0f, batch.shown_library()[to_size(b)]) / float(reference.value(0, 0));
    }
    const Var<T> h = encoder(first_tail(first(tape, batch.shown(), {factor, to_size(batch.size())})));
    return {to_mean(h), clamp(to_log_variance(h), T(-10), T(6))};
  }

  /// The decoder's last hidden layer.   z (B, D), batch (B) codes or empty -> (B, hidden[0] + batches)
  Var<T> decode_hidden(Tape<T>& tape, Var<T> z, std::span<const int> batch) const {
    if (options.batches == 0) return decoder(z);
    const Var<T> one_hot = batch_columns(tape, z.rows(), batch);
    return concat(decoder(concat(z, one_hot)), one_hot);
  }

  /// Linear predictors of the likelihood's parameters.     z (B, D) -> (B, G) each
  std::vector<Var<T>> decode(Tape<T>& tape, Var<T> z, std::span<const int> batch) const {
    const Var<T> h = decode_hidden(tape, z, batch);
    std::vector<Var<T>> out;
    for (const Linear<T>& head : heads) out.push_back(head(h));
    return out;
  }

  /// Negative evidence lower bound per cell: -log p(x | z) + weight * KL, averaged over the cells.   -> (1, 1)
  Var<T> loss(Tape<T>& tape, const CellBatch& batch, double share_of_run) const {
    const Posterior<T> q = encode(tape, batch);
    const Var<T> z = tape.mode() == Mode::train ? reparameterize(q.mean, q.log_variance) : q.mean;
    T* weight_of = tape.scratch(batch.size());
    std::fill_n(weight_of, batch.size(), T(1) / T(batch.size()));
    const Var<T> nll = nll_of(tape, z, batch, {weight_of, to_size(batch.size())}, nullptr);
    const double warm = options.kl_warmup > 0 ? std::min(1.0, share_of_run / double(options.kl_warmup)) : 1.0;
    const T weight = tape.mode() == Mode::train ? T(double(options.kl_weight) * warm) : T(options.kl_weight);
    const Var<T> off = options.labels > 0 ? add(q.mean, scale(prior_of(tape, batch), T(-1))) : q.mean;
    return add(nll, scale(kl_standard_normal(off, q.log_variance, T(options.free_bits)), weight));
  }

  /// -sum over the cells of weight * log p(x | z); log_prob (B), where given, gets each cell's log p(x | z).
  /// z (B, D), weight (B) -> (1, 1)
  Var<T> nll_of(Tape<T>& tape, Var<T> z, const CellBatch& batch, std::span<const T> weight, T* log_prob) const {
    return count_decoder(Likelihood::family, options.link, decode_hidden(tape, z, batch.batch),
                         likelihood.decoder_heads(tape, heads),
                         {batch.counts, batch.library, weight, double(reference.value(0, 0))}, log_prob);
  }

  /// Prior means of a batch's cells: that of their label, zero where it is unknown.    -> (B, D)
  Var<T> prior_of(Tape<T>& tape, const CellBatch& batch) const {
    int* row = tape.template scratch_of<int>(batch.size());
    T* known = tape.scratch(batch.size() * options.latent);
    for (Index b = 0; b < batch.size(); ++b) {
      const int label = batch.label.empty() ? -1 : batch.label[to_size(b)];
      row[b] = std::max(label, 0);
      std::fill_n(known + b * options.latent, options.latent, label < 0 ? T(0) : T(1));
    }
    return mul(embedding(tape.watch(prior_mean), std::span<const int>(row, to_size(batch.size()))),
               tape.constant(ConstView<T>(known, batch.size(), options.latent)));
  }

  static void visit(auto& self, auto&& f) {
    f("likelihood", self.likelihood);
    f("first", self.first);
    f("first_tail", self.first_tail);
    f("encoder", self.encoder);
    f("to_mean", self.to_mean);
    f("to_log_variance", self.to_log_variance);
    f("decoder", self.decoder);
    f("heads", self.heads);
    f("prior_mean", self.prior_mean);
    f("reference", self.reference);
  }

 private:
  static const VaeOptions& checked(const VaeOptions& o) {
    LATENTCELL_REQUIRE(o.genes > 0, "Vae: needs the number of genes, got ", o.genes);
    LATENTCELL_REQUIRE(o.latent > 0, "Vae: needs at least one latent dimension, got ", o.latent);
    LATENTCELL_REQUIRE(!o.hidden.empty(), "Vae: needs at least one hidden layer");
    return o;
  }

  /// One column per batch: 1 for the cell's own, the batches' mean where it is unknown.
  Var<T> batch_columns(Tape<T>& tape, Index cells, std::span<const int> batch) const {
    LATENTCELL_REQUIRE(batch.empty() || Index(batch.size()) == cells, "Vae: ", batch.size(), " batch codes for ", cells,
                       " cells");
    const Index levels = options.batches;
    T* rows = tape.scratch(cells * levels);
    for (Index b = 0; b < cells; ++b) {
      const int code = batch.empty() ? -1 : batch[to_size(b)];
      LATENTCELL_REQUIRE(code >= -1 && code < levels, "Vae: batch code ", code, " but there are ", levels, " batches");
      for (Index j = 0; j < levels; ++j) {
        rows[b * levels + j] = code < 0 ? T(1) / T(levels) : (j == code ? T(1) : T(0));
      }
    }
    return tape.constant(ConstView<T>(rows, cells, levels));
  }
};

}  // namespace latentcell
