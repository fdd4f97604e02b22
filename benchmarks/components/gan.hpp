#pragma once

#include <latentcell/optim/adamw.hpp>
#include <latentcell/optim/schedule.hpp>

#include "study.hpp"

// Part h: a generative adversarial network on the same standardised latents as the flow, and how much of the real cells
// each generator covers.

namespace components {

enum class AdversarialLoss { logistic, hinge };

/// The usual remedies of a small GAN: the critic's gradient is kept small at real cells (R1 of Mescheder et al. 2018),
/// it takes two steps a step of the generator at twice its rate (Heusel et al. 2017), and the generator that is kept is
/// a moving average.
struct GanOptions {
  Index width = 128, noise = 16, batch = 128, steps = 10000, critic_steps = 2;
  AdversarialLoss loss = AdversarialLoss::logistic;
  float penalty = 0.3f;  // weight of R1, on half the squared gradient
  float rate = 3e-4f, average = 0.999f;
};

/// Noise and a label to a standardised latent.
struct GanGenerator {
  lc::CategoricalCovariate<float> label;
  lc::Mlp<float> hidden;
  lc::Linear<float> out;

  GanGenerator(const GanOptions& o, Index levels, Index latent, lc::Rng& rng)
      : label(levels, o.width, rng),
        hidden(o.noise + o.width, std::vector<Index>(3, o.width), 0.0f, rng),
        out(o.width, latent, rng) {
    lc::init_normal(label.table, 0.3f, rng);
  }

  /// codes (B, 1) -> (B, D)
  lc::Var<float> operator()(lc::Tape<float>& tape, lc::ConstView<float> codes, Index noise, lc::Rng& rng) const {
    float* const z = tape.scratch(codes.rows() * noise);
    for (Index i = 0; i < codes.rows() * noise; ++i) z[i] = float(rng.normal());
    return out(hidden(concat(tape.constant(lc::ConstView<float>(z, codes.rows(), noise)), label(tape, codes))));
  }
  static void visit(auto& self, auto&& f) {
    f("label", self.label);
    f("hidden", self.hidden);
    f("out", self.out);
  }
};

/// Tells real latents of a label from made ones: the label enters as the projection of Miyato and Koyama 2018.
struct GanCritic {
  std::vector<lc::Linear<float>> layers;
  lc::Linear<float> score;
  lc::CategoricalCovariate<float> label;

  GanCritic(const GanOptions& o, Index levels, Index latent, lc::Rng& rng)
      : score(o.width, 1, rng), label(levels, o.width, rng) {
    for (int i = 0; i < 3; ++i) layers.emplace_back(i == 0 ? latent : o.width, o.width, rng);
  }

  /// x (B, D), codes (B, 1) -> (B, 1), above 0 for real
  lc::Var<float> operator()(lc::Tape<float>& tape, lc::Var<float> x, lc::ConstView<float> codes) const {
    for (const auto& layer : layers) x = gelu(layer(x));
    const Index width = x.cols();
    float *const ones = tape.scratch(width), *const zero = tape.scratch(1);
    std::fill_n(ones, width, 1.0f);
    *zero = 0;
    const lc::Var<float> pull = linear(mul(label(tape, codes), x), tape.constant(lc::ConstView<float>(ones, 1, width)),
                                       tape.constant(lc::ConstView<float>(zero, 1, 1)));
    return add(score(x), pull);
  }
  static void visit(auto& self, auto&& f) {
    f("layers", self.layers);
    f("score", self.score);
    f("label", self.label);
  }
};

/// Mean of what a score costs the player who wants it large.
inline lc::Var<float> wants_large(lc::Tape<float>& tape, lc::Var<float> score, AdversarialLoss loss) {
  if (loss == AdversarialLoss::logistic) return mean(softplus(scale(score, -1.0f)));
  float* const one = tape.scratch(score.rows());
  std::fill_n(one, score.rows(), 1.0f);
  return mean(relu(add(scale(score, -1.0f), tape.constant(lc::ConstView<float>(one, score.rows(), 1)))));
}

/// Half the mean squared gradient of the critic at x, by its slope along a random direction: the square of that has the
/// squared gradient as its mean.
inline lc::Var<float> gradient_penalty(lc::Tape<float>& tape, const GanCritic& critic, lc::ConstView<float> x,
                                       lc::Var<float> score, lc::ConstView<float> codes, lc::Rng& rng) {
  constexpr float step = 0.05f;
  const Index n = x.rows(), d = x.cols();
  float *const moved = tape.scratch(n * d), *const zero = tape.scratch(n);
  for (Index i = 0; i < n * d; ++i) moved[i] = x.data()[i] + step * float(rng.normal());
  std::fill_n(zero, n, 0.0f);
  const lc::Var<float> there = critic(tape, tape.constant(lc::ConstView<float>(moved, n, d)), codes);
  const lc::Var<float> slope = scale(add(there, scale(score, -1.0f)), 1.0f / step);
  return scale(mse(slope, lc::ConstView<float>(zero, n, 1)), 0.5f);
}

/// Trains a generator of latents as `flow`, already started on them, standardises them; each cell's latent is drawn
/// afresh from its posterior when it comes by, as the flow sees them.
template <class Flow>
GanGenerator trained_gan(const GanOptions& o, const Flow& flow, const lc::LatentTable& latents, std::uint64_t seed) {
  const Index levels = flow.condition.conditioner.levels(), d = latents.latent();
  lc::Rng rng(seed, 21);
  GanGenerator generator(o, levels, d, rng);
  GanCritic critic(o, levels, d, rng);
  const auto freeze = [&](bool frozen) { lc::each_param(critic, [&](lc::Param<float>& p) { p.frozen = frozen; }); };
  lc::AdamW<float> of_generator({.beta1 = 0.0f, .beta2 = 0.99f, .weight_decay = 0.0f}),
      of_critic({.beta1 = 0.0f, .beta2 = 0.99f, .weight_decay = 0.0f});
  lc::Ema<float> average{double(o.average)};
  const lc::CosineSchedule rate{o.rate, o.steps / 50, o.steps, 0.05f};
  const lc::Matrix<float> known = lc::read_conditions(flow.condition, latents.cell_columns);
  lc::LatentBatches batches(latents, {.batch = std::min(o.batch, latents.cells())});
  lc::LatentBatch batch;
  lc::Matrix<float> x, codes;
  batches.begin_epoch(rng);
  const auto next = [&] {
    if (!batches.next(batch)) {
      batches.begin_epoch(rng);
      batches.next(batch);
    }
    x.resize(batch.size(), d);
    codes.resize(batch.size(), 1);
    for (Index b = 0; b < batch.size(); ++b) {
      codes(b, 0) = known(batch.cell[lc::to_size(b)], 0);
      for (Index j = 0; j < d; ++j) x(b, j) = (batch.z(b, j) - flow.scaler.mean.value(0, j)) / flow.scaler.scale.value(0, j);
    }
  };
  lc::Tape<float> tape;
  for (Index step = 0; step < o.steps; ++step) {
    for (Index k = 0; k < o.critic_steps; ++k) {
      next();
      tape.reset(lc::Mode::no_gradient, rng.fork());
      const lc::Matrix<float> made = generator(tape, lc::view(codes), o.noise, tape.rng()).value();
      tape.reset(lc::Mode::train, rng.fork());
      const lc::ConstView<float> real = lc::view(x), told = lc::view(codes);
      const lc::Var<float> of_real = critic(tape, tape.constant(real), told),
                           of_made = critic(tape, tape.constant(lc::view(made)), told);
      const lc::Var<float> loss =
          add(add(wants_large(tape, of_real, o.loss), wants_large(tape, scale(of_made, -1.0f), o.loss)),
              scale(gradient_penalty(tape, critic, real, of_real, told, tape.rng()), o.penalty));
      tape.backward(loss);
      of_critic.step(critic, tape, 2 * float(rate(step)));
    }
    next();
    freeze(true);
    tape.reset(lc::Mode::train, rng.fork());
    const lc::ConstView<float> told = lc::view(codes);
    const lc::Var<float> score = critic(tape, generator(tape, told, o.noise, tape.rng()), told);
    // The generator's hinge loss has no hinge.
    tape.backward(o.loss == AdversarialLoss::hinge ? scale(mean(score), -1.0f) : wants_large(tape, score, o.loss));
    of_generator.step(generator, tape, float(rate(step)), 1.0f, &average);
    freeze(false);
  }
  average.copy_to(generator);
  return generator;
}

/// Cells for the judged labels from a given matrix of standardised or plain latents, with library sizes of the flow's
/// model.
template <class Flow>
lc::LatentTable as_latents(const Study& study, const Flow& flow, lc::Matrix<float> z, bool standardised) {
  const std::vector<int> codes = study.wanted().codes(study.settings.label, study.levels);
  lc::Rng rng(study.seed, 14);
  lc::LatentTable out;
  lc::Matrix<float> own(1, z.cols());
  for (Index i = 0; i < z.rows(); ++i) {
    for (Index j = 0; j < z.cols(); ++j) {
      const float center = flow.scaler.mean.value(0, j), spread = flow.scaler.scale.value(0, j);
      own(0, j) = standardised ? z(i, j) : (z(i, j) - center) / spread;
      z(i, j) = own(0, j) * spread + center;
    }
    out.library.push_back(flow.library_size.draw(own.data(), codes[lc::to_size(i)], rng));
    out.cell_names.push_back(lc::text("cell_", i));
  }
  out.mean = std::move(z);
  out.cell_columns = study.wanted();
  return out;
}

/// What was tried on nested parts (--nested): the default is the one chosen there.
inline std::vector<std::pair<std::string, GanOptions>> gan_choices(bool nested) {
  const GanOptions chosen;
  if (!nested) return {{"h:gan", chosen}};
  std::vector<std::pair<std::string, GanOptions>> out;
  for (const AdversarialLoss loss : {AdversarialLoss::logistic, AdversarialLoss::hinge}) {
    for (const float penalty : {0.03f, 0.3f, 3.0f}) {
      GanOptions o;
      o.loss = loss;
      o.penalty = penalty;
      out.emplace_back(
          lc::text("h:gan, ", loss == AdversarialLoss::logistic ? "logistic" : "hinge", ", penalty ", penalty), o);
    }
  }
  return out;
}

inline void compare_gan(Study& study) {
  Rows& rows = *study.rows;
  if (!rows.has("h:fresh real cells")) {
    lc::evaluate::GenerationScores fresh;
    study.judge.score_ceiling(study.judged, lc::evaluate::MetricSet::all, fresh);
    rows.write("h:fresh real cells", {Row().set(fresh)});
  }
  const NbVae vae = study.frozen_autoencoder();
  const lc::LatentTable latents = lc::encode(vae, study.train);
  if (!rows.has("h:flow") || !rows.has("h:vae prior")) {
    double seconds = 0;
    const auto flow = study.trained_flow(lc::RectifiedFlow{}, study.mlp(), latents, seconds);
    if (!rows.has("h:flow")) {
      double sampling = 0;
      const lc::evaluate::GenerationScores j =
          study.judged_cells(flow, vae, {.steps = 25, .guidance = 1.1f}, lc::evaluate::MetricSet::all, &sampling);
      rows.write("h:flow", {Row().set("train_seconds", seconds).set("sample_seconds", sampling).set(j)});
    }
    if (!rows.has("h:vae prior")) {
      lc::Rng rng(study.seed, 15);
      const std::vector<int> codes = study.wanted().codes(study.settings.label, study.levels);
      rows.write("h:vae prior",
                 {Row().set(study.judged_latents(vae, as_latents(study, flow, vae.draw_prior(codes, rng), false),
                                                 lc::evaluate::MetricSet::all))});
    }
  }
  for (const auto& [block, options] : gan_choices(study.settings.nested)) {
    if (rows.has(block)) continue;
    lc::Rng own(study.seed, 6);
    lc::LatentFlow scales(lc::RectifiedFlow{}, study.mlp(), study.by_label(own));
    scales.start(latents);
    const double start = now();
    const GanGenerator gan = trained_gan(options, scales, latents, study.seed);
    const double trained = now();
    const lc::Matrix<float> known = lc::read_conditions(scales.condition, study.wanted());
    lc::Tape<float> tape(lc::Mode::no_gradient);
    lc::Rng rng(study.seed, 16);
    const lc::Matrix<float> z = gan(tape, lc::view(known), options.noise, rng).value();
    const double made = now();
    rows.write(block,
               {Row()
                    .set("train_seconds", trained - start)
                    .set("sample_seconds", made - trained)
                    .set("parameters", double(lc::parameter_count(gan)))
                    .set(study.judged_latents(vae, as_latents(study, scales, z, true), lc::evaluate::MetricSet::all))});
  }
}

}  // namespace components
