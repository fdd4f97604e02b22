#pragma once

#include <algorithm>
#include <cmath>
#include <type_traits>
#include <vector>

#include <latentcell/latent/fit_flow.hpp>

// Few-step generation: a student learns the paths that a trained flow takes, guidance included, so that one evaluation
// a step and few steps do what many did.

namespace latentcell {

/// Paths of a trained flow: standardised latents at times 0, 1/k, ..., 1 under given attributes.
struct TeacherPaths {
  std::vector<Matrix<float>> at;  // k + 1 matrices (N, D)
  Matrix<float> told;             // (N, columns)

  Index segments() const { return Index(at.size()) - 1; }
  Index cells() const { return told.rows(); }
};

struct TeacherOptions {
  Index pairs = 20000;  ///< paths; more teach better and take longer to make
  Index segments = 1;   ///< k: 1 keeps the ends alone (reflow), more also points between (distillation to k steps)
  SampleOptions how{};  ///< sampler and guidance of the teacher; its steps are shared out among the segments
};

/// Follows a trained flow from noise, cells taken in turn from `obs`, whose mix of attributes is thereby kept.
template <class Flow>
TeacherPaths teacher_paths(const Flow& teacher, const Annotation& obs, const TeacherOptions& options, Rng& rng) {
  LATENTCELL_REQUIRE(options.segments >= 1 && options.pairs >= 1 && obs.rows() >= 1,
                     "teacher_paths: needs at least one segment, pair and cell, got ", options.segments, ", ",
                     options.pairs, " and ", obs.rows());
  const Index n = options.pairs, d = teacher.latent(), k = options.segments;
  const Matrix<float> known = read_conditions(teacher.condition, obs);
  const Rng own = rng.fork();
  TeacherPaths out;
  out.told.resize(n, known.cols());
  for (Index i = 0; i < n; ++i) out.told.row(i) = known.row(i % known.rows());
  out.at.assign(to_size(k + 1), Matrix<float>(n, d));
  SampleOptions o = options.how;
  o.steps = std::max<Index>(1, (o.steps + k - 1) / k);
  Tape<float> tape(Mode::no_gradient);
  for (Index first = 0; first < n; first += o.batch) {
    const Index count = std::min(o.batch, n - first);
    const Matrix<float> told = out.told.middleRows(first, count);
    std::vector<Rng> fresh;
    Matrix<float> z(count, d);
    for (Index i = 0; i < count; ++i) {
      fresh.push_back(own.at(std::uint64_t(first + i)));
      for (Index j = 0; j < d; ++j) z(i, j) = float(fresh.back().normal());
    }
    out.at[0].middleRows(first, count) = z;
    for (Index s = 0; s < k; ++s) {
      sample_latents(teacher, tape, View<float>(z.data(), count, d), told, o, fresh, double(s) / double(k),
                     double(s + 1) / double(k));
      out.at[to_size(s + 1)].middleRows(first, count) = z;
    }
  }
  return out;
}

/// Which times of a segment are trained.
enum class TeacherTimes {
  all,          ///< random ones, on the line between its ends: with one segment reflow (Liu et al. 2022)
  only_starts,  ///< its first time alone: distillation to as many Euler steps as there are segments
};

/// Trains a flow on the paths of a teacher. The student must have the teacher's scale and library sizes: start it as a
/// copy.
template <class Backbone, class Condition, class... Hooks>
History fit_paths(LatentFlow<Backbone, Condition, RectifiedFlow>& student, const TeacherPaths& paths,
                  TeacherTimes times, const FitOptions& options, Hooks&&... hooks) {
  LATENTCELL_REQUIRE(paths.cells() > 0 && paths.at[0].cols() == student.latent(), "fit_paths: paths of ", paths.cells(),
                     " cells but the student has latents of ", student.latent(), " dimensions");
  LatentTable index;  // rows alone; what is learned is gathered below
  index.mean = paths.at[0];
  const Index d = student.latent(), columns = paths.told.cols(), k = paths.segments();
  const auto loss = [&](Tape<float>& tape, const LatentBatch& batch, const StepInfo&) {
    const Index n = batch.size();
    float *const z = tape.scratch(n * d), *const target = tape.scratch(n * d), *const t = tape.scratch(n),
                 *const told = tape.scratch(n * columns);
    for (Index b = 0; b < n; ++b) {
      const Index cell = batch.cell[to_size(b)], s = Index(tape.rng().below(std::uint64_t(k)));
      const float within = times == TeacherTimes::only_starts ? 0.0f : float(tape.rng().uniform());
      const float *const from = paths.at[to_size(s)].data() + cell * d, *const to =
                                                                            paths.at[to_size(s + 1)].data() + cell * d;
      t[b] = (float(s) + within) / float(k);
      for (Index j = 0; j < d; ++j) {
        z[b * d + j] = (1 - within) * from[j] + within * to[j];
        target[b * d + j] = (to[j] - from[j]) * float(k);
      }
      std::copy_n(paths.told.data() + cell * columns, columns, told + b * columns);
    }
    return std::as_const(student).loss_at(tape, {t, to_size(n)}, ConstView<float>(z, n, d),
                                          ConstView<float>(target, n, d), ConstView<float>(told, n, columns));
  };
  TrainState<float> state;
  fit_with(student, TrainingData{LatentBatches(index, {.batch = options.batch})}, loss, options, state, hooks...);
  return state.history;
}

/// How far paths are from straight: the mean over time and cells of |velocity - (end - start)|^2 over the mean of
/// |end - start|^2 (Liu et al. 2022, sec. 2.2). 0: straight, so that one step suffices.
inline double bend(const TeacherPaths& paths) {
  const Index k = paths.segments();
  LATENTCELL_REQUIRE(k > 1, "bend: needs paths of several segments; ", k, " tells the ends alone");
  const Matrix<float> whole = paths.at.back() - paths.at.front();
  double off = 0;
  for (Index s = 0; s < k; ++s) {
    const Matrix<float> step = (paths.at[to_size(s + 1)] - paths.at[to_size(s)]) * float(k);
    off += double((step - whole).squaredNorm()) / double(k);
  }
  return off / double(whole.squaredNorm());
}

}  // namespace latentcell
