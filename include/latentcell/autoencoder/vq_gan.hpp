#pragma once

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include <latentcell/autoencoder/vq_vae.hpp>
#include <latentcell/kernel/count_draw.hpp>
#include <latentcell/op/log_normalized.hpp>
#include <latentcell/op/straight_through.hpp>
#include <latentcell/optim/adamw.hpp>

namespace LATENTCELL_NAMESPACE {

struct AdversaryOptions {
  std::vector<Index> hidden = {128, 64};  ///< widths of the discriminator's layers
  float dropout = 0.2f;         ///< in the discriminator, [0, 1). Larger: less overfitting to the training cells
  float start = 0.3f;           ///< share of the run before the adversarial loss is added
  float weight = 0.1f;          ///< its gradient at the decoder's last layer, relative to the reconstruction's;
                                ///< larger: cells that look more real and come back less exactly
  float feature_weight = 1.0f;  ///< of matching the discriminator's features, relative to fooling it
  float learning_rate = 3e-4f;  ///< of the discriminator

  static void visit(auto& self, auto&& f) {
    f("hidden", self.hidden, fixed(each(at_least(1), 1)));
    f("dropout", self.dropout, in_half_open(0, 1));
    f("start", self.start, at_least(0));
    f("weight", self.weight, at_least(0));
    f("feature_weight", self.feature_weight, at_least(0));
    f("learning_rate", self.learning_rate, above(0));
  }
};

/// Classifies real against decoded cells: log1p of scaled counts to a logit, above 0 for real.
template <class T>
struct Discriminator {
  SparseLinear<T> first;  // genes -> hidden[0]
  NormActDropout<T> first_tail;
  Mlp<T> more;
  Linear<T> score;  // hidden.back() -> 1

  Discriminator(Index genes, const AdversaryOptions& o, Rng& rng)
      : first(genes, o.hidden.front(), rng),
        first_tail(o.hidden.front(), T(o.dropout)),
        more(o.hidden.front(), std::span(o.hidden).subspan(1), T(o.dropout), rng),
        score(o.hidden.back(), 1, rng) {}

  struct Logits {
    Var<T> score;     // (B, 1)
    Var<T> features;  // (B, hidden.back())
  };
  Logits of_counts(Tape<T>& tape, const CountsView& counts, std::span<const float> size_factor) const {
    return of_first(first(tape, counts, size_factor));
  }
  /// x (B, G) log1p of scaled counts
  Logits of_values(Tape<T>& tape, Var<T> x) const { return of_first(first.of_values(tape, x)); }

  static void visit(auto& self, auto&& f) {
    f("first", self.first);
    f("first_tail", self.first_tail);
    f("more", self.more);
    f("score", self.score);
  }

 private:
  Logits of_first(Var<T> hidden) const {
    const Var<T> features = more(first_tail(hidden));
    return {score(features), features};
  }
};

/// VqVae with an adversarial loss (Esser, Rombach and Ommer, "Taming transformers for high-resolution image synthesis",
/// 2021). After `start` of the run the loss adds the discriminator's logit of decoded cells and feature matching
/// (Larsen et al. 2016) in place of a perceptual loss. The discriminator's input are counts drawn from the likelihood,
/// with a straight-through gradient to their means, because smooth means are trivially recognised. The weight of the
/// adversarial loss is relative to the gradients at the decoder's last layer (ibid., eq. 7).
template <class T, class Likelihood>
requires latentcell::Likelihood<Likelihood, T>
struct VqGan : VqVae<T, Likelihood> {
  using Base = VqVae<T, Likelihood>;
  static_assert(Likelihood::draws_molecules, "VqGan: decodes counts; choose a Poisson or a negative binomial family");
  AdversaryOptions adversary;
  Discriminator<T> discriminator;
  AdamW<T> discriminator_optimizer;
  Buffer<T> discriminator_steps;  // (1, 1)
  double discriminator_loss = 2;  ///< hinge loss of the last step: 2 at chance, 0 where all cells are classified

  VqGan(const CountAutoencoderOptions& o, const AdversaryOptions& a, Rng& rng,
        LikelihoodOptions likelihood_options = {})
      : Base(o, rng, likelihood_options),
        adversary(check_options("VqGan", a)),
        discriminator(o.genes, a, rng),
        discriminator_optimizer({.beta1 = 0.5f, .beta2 = 0.9f}),
        discriminator_steps(1, 1) {
    freeze_discriminator();  // because it has an optimizer of its own
    discriminator_optimizer.prepare(discriminator);
  }
  static VqGan from_options(const auto& reader, Rng& rng) {
    return {reader.template options<CountAutoencoderOptions>(), reader.template options<AdversaryOptions>("adversary"),
            rng, Base::Trunk::likelihood_options(reader)};
  }

  /// VqVae::loss, in training after `start` plus the weighted adversarial loss. The weight needs the gradients of both
  /// losses before their sum exists: relative_weight() therefore runs backward() twice and clears the gradients again.
  /// -> (1, 1)
  Var<T> loss(Tape<T>& tape, const CellBatch& batch, double share_of_run) const {
    const auto q = this->codebook(tape, this->encode(tape, batch).mean, T(this->options.commitment));
    const Var<T> reconstruction = add(Base::Trunk::mean_nll(tape, q.z, batch), q.loss);
    if (tape.mode() != Mode::train || share_of_run < double(adversary.start)) return reconstruction;
    const auto fake = discriminator.of_values(tape, drawn(tape, q.z, batch));
    const auto real = discriminator.of_counts(tape, batch.counts, factors(tape, batch));
    const Var<T> generator_loss = scale(mean(fake.score), T(-1));
    const Var<T> adversarial =
        add(generator_loss, scale(mse(fake.features, real.features.value()), T(adversary.feature_weight)));
    return add(reconstruction, scale(adversarial, relative_weight(tape, reconstruction, adversarial)));
  }

  /// Updates the codes, then the discriminator by its hinge loss.
  void after_step(Tape<T>& tape, const CellBatch& batch, double share_of_run) {
    Base::after_step(tape, batch, share_of_run);
    if (share_of_run < double(adversary.start)) return;
    tape.reset(Mode::no_gradient, tape.rng().fork());
    const Matrix<T> fake = drawn(tape, this->codebook(tape, this->encode(tape, batch).mean, T(0)).z, batch).value();
    each_param(discriminator, [](Param<T>& p) { p.frozen = false; });
    tape.reset(Mode::train, tape.rng().fork());
    const Var<T> of_fake = discriminator.of_values(tape, tape.constant(view(fake))).score;
    const Var<T> of_real = discriminator.of_counts(tape, batch.counts, factors(tape, batch)).score;
    // max(0, 1 - real) + max(0, 1 + fake)
    const Var<T> hinge = add(mean(relu(shifted(tape, scale(of_real, T(-1))))), mean(relu(shifted(tape, of_fake))));
    discriminator_loss = double(hinge.item());
    if (hinge.item() > T(0)) {
      tape.backward(hinge);
      discriminator_optimizer.steps = Index(discriminator_steps.value(0, 0));
      discriminator_optimizer.step(discriminator, tape, T(adversary.learning_rate));
      discriminator_steps.value(0, 0) += T(1);
    }
    freeze_discriminator();
  }

  static void visit(auto& self, auto&& f) {
    Base::visit(self, f);
    f("adversary", self.adversary);
    f("discriminator", self.discriminator);
    f("discriminator_optimizer", self.discriminator_optimizer);
    f("discriminator_steps", self.discriminator_steps);
  }

 private:
  void freeze_discriminator() {
    each_param(discriminator, [](Param<T>& p) { p.frozen = true; });
  }
  // Size factors of real and drawn counts: library size over the reference.
  std::span<const float> factors(Tape<T>& tape, const CellBatch& batch) const {
    float* const factor = tape.template scratch_of<float>(batch.size());
    for (Index b = 0; b < batch.size(); ++b)
      factor[b] = std::max(1.0f, batch.library[to_size(b)]) / float(this->reference.value(0, 0));
    return {factor, to_size(batch.size())};
  }
  static Var<T> shifted(Tape<T>& tape, Var<T> x) {
    T* const one = tape.scratch(x.rows());
    std::fill_n(one, x.rows(), T(1));
    return add(x, tape.constant(ConstView<T>(one, x.rows(), 1)));
  }
  // Counts drawn at given codes, as log1p of scaled counts; the gradient goes to the means.   z (B, D) -> (B, G)
  Var<T> drawn(Tape<T>& tape, Var<T> z, const CellBatch& batch) const {
    const std::vector<Var<T>> out = Base::Trunk::decode(tape, z, batch.batch_covariate);
    const auto p = this->predictors(tape, out, batch.batch_covariate);
    const Index genes = this->genes(), cells = batch.size();
    const T scale_to = this->reference.value(0, 0);
    const Var<T> mean = log_normalized(this->options.link, out.front(), scale_to);
    T *const value = tape.scratch(cells * genes), *const mu = tape.scratch(cells * genes);
    std::fill_n(value, cells * genes, T(0));
    const Rng rng = tape.rng().fork();
    const auto row_of = [genes](const Var<T>& v, Index b) {
      return v.empty() ? nullptr : v.value().data() + (v.rows() == 1 ? 0 : b * genes);
    };
    kernel::parallel_items(cells, 16 * cells * genes, [&](Index b) {
      const T library = T(std::max(1.0f, batch.library[to_size(b)]));
      kernel::count_means(this->options.link, out.front().value().data() + b * genes, library, genes, mu + b * genes);
      Rng cell = rng.at(std::uint64_t(b));
      std::vector<std::int32_t> columns;
      std::vector<float> counts;
      kernel::draw_counts<T>({genes, mu + b * genes, row_of(p.log_theta, b), row_of(p.logit_pi, b)}, cell, columns,
                             counts);
      for (std::size_t k = 0; k < columns.size(); ++k)
        value[b * genes + columns[k]] = std::log1p(T(counts[k]) * scale_to / library);
    });
    return straight_through(mean, ConstView<T>(value, cells, genes));
  }
  // adversary.weight times the ratio of both losses' gradient norms at the decoder's last layer.
  T relative_weight(Tape<T>& tape, const Var<T>& reconstruction, const Var<T>& adversarial) const {
    const double ratio = head_gradient_norm(tape, reconstruction) / (head_gradient_norm(tape, adversarial) + 1e-6);
    return T(double(adversary.weight) * std::min(ratio, 1e6));
  }
  // Runs backward() on a loss, takes the norm at the decoder's last layer, and clears all gradients.
  double head_gradient_norm(Tape<T>& tape, const Var<T>& of) const {
    const Param<T>& weight = this->heads.front().weight;
    tape.backward(of);
    const T* const g = tape.grad(weight);
    const double norm = g == nullptr ? 0 : std::sqrt(double(kernel::squared_norm(weight.value.size(), g)));
    tape.clear_gradients();
    return norm;
  }
};

}  // namespace latentcell
