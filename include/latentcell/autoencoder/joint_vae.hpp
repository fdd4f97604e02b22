#pragma once

#include <optional>
#include <string>
#include <vector>

#include <latentcell/autoencoder/count_autoencoder_base.hpp>
#include <latentcell/core/joint_batch.hpp>
#include <latentcell/likelihood/protein_mixture.hpp>
#include <latentcell/op/gaussian.hpp>

namespace LATENTCELL_NAMESPACE {

/// Observation model of a modality.
enum class Observation {
  counts,           ///< negative binomial around shares of the cell's total
  protein_mixture,  ///< background and bound protein (likelihood/protein_mixture.hpp)
  detection,        ///< detected or not, Bernoulli: accessibility
};

struct JointPartOptions {
  std::string name;
  Index genes = 0;  ///< features of the modality
  Observation observation = Observation::counts;
  std::vector<Index> hidden = {128};  ///< widths of the encoder, used in reverse by the decoder
  float weight = 1.0f;                ///< of its -log p in the loss; larger for few features beside many
  float dropout = 0.1f;               ///< share dropped after each hidden layer
  float count_thinning = 1.0f;        ///< as CountAutoencoderOptions::count_thinning

  static void visit(auto& self, auto&& f) {
    f("name", self.name);
    f("genes", self.genes, fixed(at_least(1)));
    f("observation", self.observation, fixed());
    f("hidden", self.hidden, fixed(each(at_least(1), 1)));
    f("weight", self.weight, above(0));
    f("dropout", self.dropout, in_half_open(0, 1));
    f("count_thinning", self.count_thinning, above_up_to(0, 1));
  }
};

struct JointVaeOptions {
  std::vector<JointPartOptions> parts = {};  ///< one for each modality
  Index latent = 20;                         ///< D; larger keeps more of a cell
  float hide = 0.5f;       ///< probability that a modality of a cell is hidden in training, [0, 1); one always remains
  float kl_weight = 1.0f;  ///< weight of the KL term
  float kl_warmup = 0.1f;  ///< share of the run over which the KL weight rises from 0

  static void visit(auto& self, auto&& f) {
    f("parts", self.parts);
    f("latent", self.latent, fixed(at_least(1)));
    f("hide", self.hide, in_half_open(0, 1));
    f("kl_weight", self.kl_weight, at_least(0));
    f("kl_warmup", self.kl_warmup, in(0, 1));
  }
};

/// Encoder and decoder of one modality.
template <class T>
struct JointPart {
  template <class Likelihood>
  struct Expert : CountAutoencoderBase<T, Likelihood> {
    using Trunk = CountAutoencoderBase<T, Likelihood>;
    Linear<T> to_mean, to_log_variance;

    Expert(const CountAutoencoderOptions& o, Rng& rng)
        : Trunk("JointVae", o, rng, {}),
          to_mean(o.hidden.back(), o.latent, rng),
          to_log_variance(o.hidden.back(), o.latent, rng) {
      this->make_decoder(rng);
    }
    /// Returns the posterior given this modality alone.     counts (B, G) -> (B, D)
    Posterior<T> encode(Tape<T>& tape, const CellBatch& batch) const {
      const Var<T> h = this->encode_hidden(tape, batch);
      return {to_mean(h), clamp(to_log_variance(h), T(-10), T(6))};
    }
    static void visit(auto& self, auto&& f) {
      Trunk::visit(self, f);
      f("to_mean", self.to_mean);
      f("to_log_variance", self.to_log_variance);
    }
  };

  // Exactly one is set, by the observation.
  std::optional<Expert<NegativeBinomial<T>>> counts;
  std::optional<Expert<ProteinMixture<T>>> proteins;
  std::optional<Expert<Bernoulli<T>>> detection;

  JointPart(const JointPartOptions& o, Index latent, Rng& rng) {
    const CountAutoencoderOptions trunk{.genes = o.genes, .hidden = o.hidden, .latent = latent, .dropout = o.dropout};
    if (o.observation == Observation::counts) counts.emplace(trunk, rng);
    if (o.observation == Observation::protein_mixture) proteins.emplace(trunk, rng);
    if (o.observation == Observation::detection) detection.emplace(trunk, rng);
  }

  /// Calls f with the expert that is set.
  static decltype(auto) with(auto& self, auto&& f) {
    if (self.counts) return f(*self.counts);
    if (self.proteins) return f(*self.proteins);
    return f(*self.detection);
  }

  static void visit(auto& self, auto&& f) {
    f("counts", self.counts);
    f("proteins", self.proteins);
    f("detection", self.detection);
  }
};

/// One latent of cells with several modalities, any of which may be missing: every modality that a cell has is an
/// expert on its latent, and the posterior is the product of the experts and of the standard normal prior (Wu and
/// Goodman, "Multimodal generative models for scalable weakly-supervised learning", 2018). In training some modalities
/// of a cell are hidden from the posterior and still reconstructed.
template <class T>
struct JointVae {
  using Scalar = T;
  JointVaeOptions options;
  std::vector<JointPart<T>> parts;

  JointVae(const JointVaeOptions& o, Rng& rng) : options(check_options("JointVae", o)) {
    LATENTCELL_REQUIRE(!o.parts.empty(), "JointVae: needs at least one modality");
    for (const JointPartOptions& part : o.parts) parts.emplace_back(part, o.latent, rng);
  }

  Index latent() const { return options.latent; }
  Index modalities() const { return Index(parts.size()); }
  /// Names of a modality's features, set by fit.
  const std::vector<std::string>& features(Index part) const {
    return JointPart<T>::with(parts[to_size(part)],
                              [](const auto& expert) -> const std::vector<std::string>& { return expert.gene_names; });
  }

  void name_features(Index part, const std::vector<std::string>& names) {
    JointPart<T>::with(parts[to_size(part)], [&](auto& expert) { expert.gene_names = names; });
  }

  /// Starts each modality from the moments of the cells that have it.     counts of those, one for each part
  void initialize_from_data(const std::vector<Counts>& measured) {
    LATENTCELL_REQUIRE(measured.size() == parts.size(), "JointVae: ", measured.size(), " modalities but the model has ",
                       parts.size());
    for (std::size_t m = 0; m < parts.size(); ++m) {
      LATENTCELL_REQUIRE(measured[m].rows() >= 2, "JointVae: only ", measured[m].rows(), " cells have '",
                         options.parts[m].name, "'");
      JointPart<T>::with(parts[m], [&](auto& expert) { expert.initialize_from_data(measured[m]); });
    }
  }

  /// The product of the experts on what is shown of each cell and of the prior: precisions 1 / variance add up, means
  /// are weighted by them. A cell of which nothing is shown has the prior.     shown (M, B) 0 or 1 -> (B, D)
  Posterior<T> encode(Tape<T>& tape, const JointBatch& batch, std::span<const T> shown) const {
    check(batch);
    const Index n = batch.size(), d = options.latent;
    LATENTCELL_REQUIRE(Index(shown.size()) == n * Index(parts.size()), "JointVae: ", shown.size(), " marks for ", n,
                       " cells of ", parts.size(), " modalities");
    Var<T> precision, weighted;
    for (std::size_t m = 0; m < parts.size(); ++m) {
      T* const mask = tape.scratch(n * d);
      for (Index b = 0; b < n; ++b) std::fill_n(mask + b * d, d, shown[m * to_size(n) + to_size(b)]);
      const Posterior<T> q =
          JointPart<T>::with(parts[m], [&](const auto& expert) { return expert.encode(tape, batch.parts[m]); });
      const Var<T> here = mul(exp(scale(q.log_variance, T(-1))), tape.constant(ConstView<T>(mask, n, d)));
      const Var<T> pull = mul(here, q.mean);
      precision = m == 0 ? here : add(precision, here);
      weighted = m == 0 ? pull : add(weighted, pull);
    }
    const Var<T> log_variance = scale(log1p(precision), T(-1));
    return {mul(exp(log_variance), weighted), log_variance};
  }

  /// The same of all that is measured.
  Posterior<T> encode(Tape<T>& tape, const JointBatch& batch) const {
    return encode(tape, batch, shown(tape, batch, /* hide = */ T(0)));
  }

  /// -log p of all that is measured, given a latent drawn from what is shown, plus weight * KL; averaged over the
  /// cells.     -> (1, 1)
  Var<T> loss(Tape<T>& tape, const JointBatch& batch, double share_of_run) const {
    const bool train = tape.mode() == Mode::train;
    const Posterior<T> q = encode(tape, batch, shown(tape, batch, train ? T(options.hide) : T(0)));
    const Var<T> z = train ? reparameterize(q.mean, q.log_variance) : q.mean;
    const double warm = options.kl_warmup > 0 ? std::min(1.0, share_of_run / double(options.kl_warmup)) : 1.0;
    Var<T> out = scale(kl_standard_normal(q.mean, q.log_variance), T(double(options.kl_weight) * (train ? warm : 1.0)));
    const Index n = batch.size();
    for (std::size_t m = 0; m < parts.size(); ++m) {
      T* const weight = tape.scratch(n);
      for (Index b = 0; b < n; ++b)
        weight[b] = batch.measured[m][to_size(b)] ? T(options.parts[m].weight) / T(n) : T(0);
      out = add(out, JointPart<T>::with(parts[m], [&](const auto& expert) {
                  return expert.nll_of(tape, z, batch.parts[m], {weight, to_size(n)}, nullptr);
                }));
    }
    return out;
  }

  static void visit(auto& self, auto&& f) { f("parts", self.parts); }

 private:
  void check(const JointBatch& batch) const {
    LATENTCELL_REQUIRE(batch.parts.size() == parts.size(), "JointVae: ", batch.parts.size(),
                       " modalities but the model has ", parts.size());
    for (std::size_t m = 0; m < parts.size(); ++m) {
      LATENTCELL_REQUIRE(batch.parts[m].counts.cols == options.parts[m].genes, "JointVae: '", options.parts[m].name,
                         "' has ", batch.parts[m].counts.cols, " features but the model takes ",
                         options.parts[m].genes);
    }
  }

  // What is measured, less what is hidden: each modality with chance `hide`, in an order of the cell's own, while
  // another is left.     -> (M, B)
  std::span<const T> shown(Tape<T>& tape, const JointBatch& batch, T hide) const {
    check(batch);
    const Index n = batch.size(), all = Index(parts.size());
    T* const out = tape.scratch(n * all);
    Rng rng = tape.rng().fork();
    for (Index b = 0; b < n; ++b) {
      Index left = 0;
      for (Index m = 0; m < all; ++m) {
        const bool there = batch.measured[to_size(m)][to_size(b)] != 0;
        out[m * n + b] = there ? T(1) : T(0);
        left += there;
      }
      if (hide == T(0)) continue;
      const Index first = Index(rng.below(std::uint64_t(all)));
      for (Index k = 0; k < all; ++k) {
        const Index m = (first + k) % all;
        if (out[m * n + b] == T(0) || left < 2 || rng.uniform_double() >= double(hide)) continue;
        out[m * n + b] = T(0);
        --left;
      }
    }
    return {out, to_size(n * all)};
  }
};

}  // namespace latentcell
