#pragma once

#include <latentcell/latent/reflow.hpp>

#include "study.hpp"

// Parts b, c and d: objectives and samplers, backbones, injections. All on one frozen autoencoder.

namespace components {

/// One sampler at a number of evaluations, without guidance.
struct Budget {
  lc::Method method;
  Index evaluations;

  Index steps() const {
    const bool two =
        method == lc::Method::heun || method == lc::Method::midpoint || method == lc::Method::dpm_singlestep;
    return two ? evaluations / 2 : evaluations;
  }
};

inline std::vector<Budget> budgets(std::initializer_list<lc::Method> methods) {
  std::vector<Budget> out;
  for (const lc::Method m : methods) {
    for (const Index n : {1, 2, 4, 8, 16, 50}) {
      if (Budget{m, n}.steps() >= 1) out.push_back({m, n});
    }
  }
  return out;
}

inline const char* name_of(lc::Method m) {
  constexpr const char* names[] = {"euler", "midpoint",  "heun",     "rk4",      "dormand_prince",
                                   "ddim",  "ancestral", "dpm++ 2M", "dpm++ 2S", "euler_maruyama"};
  return names[std::size_t(m)];
}

/// A row for every budget.
template <class Flow>
std::vector<Row> rows_of(const Study& study, const Flow& flow, const NbVae& vae, const std::vector<Budget>& budget,
                         double seconds) {
  std::vector<Row> out;
  for (const Budget& b : budget) {
    double sampling = 0;
    const lc::evaluate::GenerationScores j = study.judged_cells(flow, vae, {.steps = b.steps(), .method = b.method},
                                                                lc::evaluate::MetricSet::points, &sampling);
    out.push_back(Row()
                      .set("sampler", name_of(b.method))
                      .set("evaluations", double(b.evaluations))
                      .set("train_seconds", seconds)
                      .set("sample_seconds", sampling)
                      .set(j));
  }
  return out;
}

inline void compare_objectives(Study& study) {
  Rows& rows = *study.rows;
  const bool all = rows.has("b:rectified flow") && rows.has("b:optimal coupling") && rows.has("b:ddpm velocity") &&
                   rows.has("b:ddpm noise") && rows.has("b:reflow") && rows.has("b:distilled to 4");
  if (all) return;
  const NbVae vae = study.frozen_autoencoder();
  const lc::LatentTable latents = lc::encode(vae, study.train);
  const auto backbone = [&] { return study.mlp(); };
  using enum lc::Method;
  double seconds = 0;
  {
    const auto flow = study.trained_flow(lc::RectifiedFlow{}, backbone(), latents, seconds);
    if (!rows.has("b:rectified flow"))
      rows.write("b:rectified flow", rows_of(study, flow, vae, budgets({euler, heun}), seconds));
    // Students of few steps learn from it.
    for (const Index segments : {Index(1), Index(4)}) {
      const std::string block = segments == 1 ? "b:reflow" : "b:distilled to 4";
      if (rows.has(block)) continue;
      lc::Rng rng(study.seed, 10);
      const double start = now();
      const lc::TeacherPaths paths = lc::teacher_paths(
          flow, study.train.cell_columns, {.pairs = 10000, .segments = segments, .how = {.steps = 24}}, rng);
      auto student = flow;
      lc::fit_paths(student, paths, segments == 1 ? lc::TeacherTimes::all : lc::TeacherTimes::only_starts,
                    {.epochs = Study::epochs_for(10000, 128, study.settings.flow_steps / 2),
                     .batch = 128,
                     .learning_rate = 3e-4f,
                     .ema = 0.995f,
                     .seed = study.seed + 2});
      const double took = now() - start;
      std::vector<Row> out;
      for (const Index n : {1, 2, 4}) {
        if (segments == 4 && n != 4) continue;
        std::vector<Row> one = rows_of(study, student, vae, {{euler, n}}, took);
        out.insert(out.end(), one.begin(), one.end());
      }
      if (segments == 1) {
        const lc::TeacherOptions look{.pairs = 1000, .segments = 8, .how = {.steps = 24}};
        out.front().set("bend", lc::straightness(lc::teacher_paths(student, study.train.cell_columns, look, rng)));
        out.front().set("bend_teacher", lc::straightness(lc::teacher_paths(flow, study.train.cell_columns, look, rng)));
      }
      rows.write(block, out);
    }
  }
  if (!rows.has("b:optimal coupling")) {
    const auto flow =
        study.trained_flow(lc::RectifiedFlow{.coupling = lc::Coupling::optimal}, backbone(), latents, seconds);
    rows.write("b:optimal coupling", rows_of(study, flow, vae, budgets({euler, heun}), seconds));
  }
  if (!rows.has("b:ddpm velocity")) {
    const auto flow = study.trained_flow(lc::Ddpm{}, backbone(), latents, seconds);
    rows.write("b:ddpm velocity",
               rows_of(study, flow, vae, budgets({ddim, ancestral, dpm_multistep, dpm_singlestep}), seconds));
  }
  if (!rows.has("b:ddpm noise")) {
    const auto flow =
        study.trained_flow(lc::Ddpm{.schedule = lc::NoiseSchedule::linear, .prediction = lc::Prediction::noise},
                           backbone(), latents, seconds);
    rows.write("b:ddpm noise", rows_of(study, flow, vae, budgets({ddim, dpm_multistep}), seconds));
  }
}

/// A backbone of about as many parameters as another, by its width.
template <class Make>
auto of_equal_size(Index parameters, Make make) {
  Index width = 16;
  while (lc::parameter_count(make(width)) < parameters) width += 16;
  return make(width);
}

inline void compare_backbones(Study& study) {
  Rows& rows = *study.rows;
  if (rows.has("c:dit") && rows.has("c:residual mlp") && rows.has("c:latent u-net") && rows.has("c:small mlp")) return;
  const NbVae vae = study.frozen_autoencoder();
  const lc::LatentTable latents = lc::encode(vae, study.train);
  lc::Rng rng(study.seed, 9);
  const lc::Dit<float> dit(study.dit_options(), rng);
  const Index size = lc::parameter_count(dit);
  const auto compare = [&](const std::string& block, const auto& backbone) {
    if (rows.has(block)) return;
    double seconds = 0, sampling = 0;
    const auto flow = study.trained_flow(lc::RectifiedFlow{}, backbone, latents, seconds);
    const lc::evaluate::GenerationScores j =
        study.judged_cells(flow, vae, {.steps = 25, .guidance = 1.1f}, lc::evaluate::MetricSet::all, &sampling);
    rows.write(block, {Row()
                           .set("parameters", double(lc::parameter_count(backbone)))
                           .set("train_seconds", seconds)
                           .set("sample_seconds", sampling)
                           .set(j)});
  };
  compare("c:small mlp", study.mlp());
  compare("c:residual mlp", of_equal_size(size, [&](Index width) {
            lc::Rng own(study.seed, 9);
            return lc::ResidualMlp<float>({.latent = 10, .width = width}, own);
          }));
  compare("c:latent u-net", of_equal_size(size, [&](Index width) {
            lc::Rng own(study.seed, 9);
            return lc::LatentUnet<float>({.latent = 10, .widths = {width, width / 2, width / 4}}, own);
          }));
  compare("c:dit", dit);
}

/// One way for the condition to enter, at several guidances.
template <class Backbone>
void compare_injection(Study& study, const std::string& block, const Backbone& backbone) {
  if (study.rows->has(block)) return;
  const NbVae vae = study.frozen_autoencoder();
  double seconds = 0;
  const auto flow = study.trained_flow(lc::RectifiedFlow{}, backbone, lc::encode(vae, study.train), seconds);
  std::vector<Row> out;
  for (const float guidance : {0.0f, 1.0f, 1.5f, 2.0f, 4.0f}) {
    const lc::evaluate::GenerationScores j =
        study.judged_cells(flow, vae, {.steps = 25, .guidance = guidance}, lc::evaluate::MetricSet::points);
    out.push_back(Row().set("guidance", double(guidance)).set("train_seconds", seconds).set(j));
  }
  study.rows->write(block, out);
}

inline void compare_injections(Study& study) {
  constexpr std::pair<const char*, lc::Injection> ways[] = {{"adaln", lc::Injection::adaln},
                                                            {"film", lc::Injection::film},
                                                            {"concatenation", lc::Injection::concatenation},
                                                            {"cross attention", lc::Injection::cross_attention}};
  for (const auto& [name, way] : ways) {
    if (way != lc::Injection::cross_attention) compare_injection(study, lc::text("d:mlp ", name), study.mlp(way));
    lc::Rng rng(study.seed, 9);
    lc::DitOptions o = study.dit_options();
    o.injection = way;
    compare_injection(study, lc::text("d:dit ", name), lc::Dit<float>(o, rng));
  }
}

}  // namespace components
