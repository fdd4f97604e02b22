#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include <latentcell/autoencoder/count_autoencoder_options.hpp>
#include <latentcell/op/concat.hpp>
#include <latentcell/core/cell_batch.hpp>
#include <latentcell/core/gene_sums.hpp>
#include <latentcell/likelihood/likelihood.hpp>
#include <latentcell/likelihood/likelihood_concept.hpp>
#include <latentcell/nn/mlp.hpp>
#include <latentcell/nn/sparse_linear.hpp>

namespace LATENTCELL_NAMESPACE {

/// Mean and log variance of a cell's latent, (B, D) each; an autoencoder without posterior has no log variance.
template <class T>
struct Posterior {
  Var<T> mean, log_variance;
};

/// Base of all autoencoders of counts: encodes sparse counts to hidden values, decodes a latent to the parameters of a
/// likelihood.
template <class T, class Likelihood_>
struct CountAutoencoderBase {
  using Scalar = T;
  using Likelihood = Likelihood_;
  CountAutoencoderOptions options;
  Likelihood likelihood;
  SparseLinear<T> first;  // genes -> hidden[0]
  NormActDropout<T> first_tail;
  Mlp<T> encoder;                       // hidden[0] -> hidden.back()
  Mlp<T> decoder;                       // latent + levels -> hidden.back() -> ... -> hidden[0]
  std::vector<Linear<T>> heads;         // last hidden layer -> genes; as many as the likelihood has parameters a cell
  std::vector<std::string> gene_names;  // (genes) keys of the genes, set by fit; may be empty
  Buffer<T> reference;                  // (1, 1) library size that inputs are scaled to

  Index genes() const { return options.genes; }
  Index latent() const { return options.latent; }

  /// Initialises gene levels and dispersions from the moments of the training counts, and the reference library from
  /// their mean, so that training only learns the differences between cells.   counts (N, G)
  /// The counts are read once or twice; where they are not in memory, no more than a block of them is.
  void initialize_from_data(const CountRows& counts) {
    LATENTCELL_REQUIRE(counts.cols() == options.genes, "autoencoder: counts of ", counts.cols(),
                       " genes but the model has ", options.genes);
    const GeneSums sums = gene_sums(counts);
    if (options.reference_library <= 0 && sums.cells > 0)
      reference.value(0, 0) = T(std::max(1.0, sums.total / double(sums.cells)));
    const double at = double(reference.value(0, 0));
    if constexpr (requires { likelihood.start(sums, heads, at); }) {
      likelihood.start(sums, heads, at);
    } else if constexpr (requires { likelihood.start(counts, heads, at); }) {
      likelihood.start(counts, heads, at);
    } else {
      Counts memory;
      likelihood.start(counts.gather(memory), heads, at);
    }
  }

  /// Encodes a minibatch.     counts (B, G) -> (B, hidden.back())
  Var<T> encode_hidden(Tape<T>& tape, const CellBatch& batch) const {
    float* factor = tape.template scratch_of<float>(batch.size());
    for (Index b = 0; b < batch.size(); ++b) {
      factor[b] = std::max(1.0f, batch.shown_library()[to_size(b)]) / float(reference.value(0, 0));
    }
    return encoder(first_tail(first(tape, batch.shown(), {factor, to_size(batch.size())})));
  }

  /// Returns whether the heads read the latent itself.
  bool linear() const { return options.linear_decoder; }

  /// The decoder's last hidden layer, or with a linear decoder the latent itself.
  /// z (B, D), batch_covariate (B) codes or empty -> (B, hidden[0] + levels) or (B, D + levels)
  Var<T> decode_hidden(Tape<T>& tape, Var<T> z, std::span<const int> batch_covariate) const {
    if (options.batch_covariate_levels == 0) return decoder(z);
    const Var<T> one_hot = batch_covariate_columns(tape, z.rows(), batch_covariate);
    return linear() ? concat(z, one_hot) : concat(decoder(concat(z, one_hot)), one_hot);
  }

  /// Predictors of the likelihood, as count_loss and draws take them.     z (B, D), batch_covariate (B) codes or empty
  auto predictors(Tape<T>& tape, const std::vector<Var<T>>& out, std::span<const int> batch_covariate) const {
    return likelihood.predictors(tape, out, shares(tape, out.front().rows(), batch_covariate));
  }

  /// Linear predictors of the likelihood's parameters.     z (B, D) -> (B, G) each
  std::vector<Var<T>> decode(Tape<T>& tape, Var<T> z, std::span<const int> batch_covariate) const {
    const Var<T> h = decode_hidden(tape, z, batch_covariate);
    std::vector<Var<T>> out;
    for (const Linear<T>& head : heads) out.push_back(head(h));
    return out;
  }

  /// -sum over the cells of weight * log p(x | z); log_prob (B), where given, gets each cell's log p(x | z).
  /// z (B, D), weight (B) -> (1, 1)
  Var<T> nll_of(Tape<T>& tape, Var<T> z, const CellBatch& batch, std::span<const T> weight, T* log_prob) const {
    return likelihood.nll(tape, heads,
                          {options.link,
                           decode_hidden(tape, z, batch.batch_covariate),
                           shares(tape, z.rows(), batch.batch_covariate),
                           {batch.counts, batch.library, weight, double(reference.value(0, 0))}},
                          log_prob);
  }

  /// The loss of a minibatch at given latents, averaged over its cells.     z (B, D) -> (1, 1)
  Var<T> mean_nll(Tape<T>& tape, Var<T> z, const CellBatch& batch) const {
    T* weight_of = tape.scratch(batch.size());
    std::fill_n(weight_of, batch.size(), T(1) / T(batch.size()));
    return nll_of(tape, z, batch, {weight_of, to_size(batch.size())}, nullptr);
  }

  static void visit(auto& self, auto&& f) {
    f("likelihood", self.likelihood);
    f("first", self.first);
    f("first_tail", self.first_tail);
    f("encoder", self.encoder);
    f("decoder", self.decoder);
    f("heads", self.heads);
    f("reference", self.reference);
    f("gene_names", self.gene_names);
  }

 protected:
  /// Builds the encoder. A derived constructor then builds its latent layers and calls make_decoder.
  CountAutoencoderBase(std::string_view owner, const CountAutoencoderOptions& o, Rng& rng,
                       LikelihoodOptions likelihood_options)
      : options(check_options(owner, o)),
        likelihood(o.genes, likelihood_options, o.batch_covariate_levels),
        first(o.genes, o.hidden.front(), rng),
        first_tail(o.hidden.front(), T(o.dropout)),
        encoder(o.hidden.front(), std::span(o.hidden).subspan(1), T(o.dropout), rng),
        decoder(0, {}, T(0), rng),
        reference(1, 1) {}

  /// The likelihood's options in a model's file.
  static LikelihoodOptions likelihood_options(const auto& reader) {
    return reader.template options<LikelihoodOptions>("likelihood.options");
  }

  void make_decoder(Rng& rng) {
    const auto& o = options;
    const std::vector<Index> widths =
        linear() ? std::vector<Index>{} : std::vector<Index>(o.hidden.rbegin(), o.hidden.rend());
    decoder = Mlp<T>(o.latent + o.batch_covariate_levels, widths, T(o.dropout), rng);
    for (Index i = 0; i < likelihood.heads(); ++i) {
      heads.emplace_back((linear() ? o.latent : o.hidden.front()) + o.batch_covariate_levels, o.genes, rng);
      // Heads start near the genes' own levels (see initialize_from_data): the cell's part grows from little.
      heads.back().weight.value *= T(0.1);
    }
    likelihood.set_rates(heads);
    reference.value(0, 0) = T(o.reference_library > 0 ? o.reference_library : 1e4);
  }

 private:
  /// The batch covariate as the likelihood takes it; empty where it does not.
  Var<T> shares(Tape<T>& tape, Index cells, std::span<const int> batch_covariate) const {
    return likelihood.per_batch_covariate() ? batch_covariate_columns(tape, cells, batch_covariate) : Var<T>{};
  }

  /// One column per level of the batch covariate: 1 for the cell's own, the mean over the levels where it is unknown.
  Var<T> batch_covariate_columns(Tape<T>& tape, Index cells, std::span<const int> batch_covariate) const {
    LATENTCELL_REQUIRE(batch_covariate.empty() || Index(batch_covariate.size()) == cells,
                       "autoencoder: ", batch_covariate.size(), " codes of the batch covariate for ", cells, " cells");
    const Index levels = options.batch_covariate_levels;
    T* rows = tape.scratch(cells * levels);
    for (Index b = 0; b < cells; ++b) {
      const int code = batch_covariate.empty() ? -1 : batch_covariate[to_size(b)];
      LATENTCELL_REQUIRE(code >= -1 && code < levels, "autoencoder: code ", code, " but there are ", levels,
                         " levels of the batch covariate");
      for (Index j = 0; j < levels; ++j) {
        rows[b * levels + j] = code < 0 ? T(1) / T(levels) : (j == code ? T(1) : T(0));
      }
    }
    return tape.constant(ConstView<T>(rows, cells, levels));
  }
};

}  // namespace latentcell
