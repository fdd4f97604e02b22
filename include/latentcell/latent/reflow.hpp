#pragma once

#include <algorithm>
#include <utility>
#include <vector>

#include <latentcell/latent/fit_flow.hpp>

// Few-step generation: a student flow is trained on the paths of a trained flow, guidance included, so that one
// evaluation per step and few steps replace many.

namespace LATENTCELL_NAMESPACE {

/// Paths of a trained flow: standardised latents at times 0, 1/k, ..., 1 under given condition values.
struct TeacherPaths {
  std::vector<Matrix<float>> at;  // k + 1 matrices (N, D)
  Matrix<float> condition;        // (N, columns)

  Index segments() const { return Index(at.size()) - 1; }
  Index cells() const { return condition.rows(); }
};

struct TeacherOptions {
  Index pairs = 20000;  ///< paths. Larger: a more exact student and a longer time to sample them
  Index segments = 1;   ///< k: 1 keeps the ends only (reflow), more also points between (distillation to k steps)
  SampleOptions how{};  ///< sampler and guidance of the teacher; its steps are divided among the segments

  static void visit(auto& self, auto&& f) {
    f("pairs", self.pairs, at_least(1));
    f("segments", self.segments, at_least(1));
    f("how", self.how);
  }
};

/// Samples paths of a trained flow from noise, under the attributes of the cells in `obs`, taken in turn.
/// obs (cells) -> k + 1 times (pairs, D)
template <class Flow>
TeacherPaths teacher_paths(const Flow& teacher, const Annotation& obs, const TeacherOptions& options, Rng& rng) {
  using T = typename Flow::Scalar;
  check_options("teacher_paths", options);
  LATENTCELL_REQUIRE(obs.rows() >= 1, "teacher_paths: there are no cells in obs");
  const Index n = options.pairs, d = teacher.latent(), k = options.segments;
  const Matrix<float> values = read_conditions(teacher.condition, obs);
  const Rng own = rng.fork();
  TeacherPaths out;
  out.condition.resize(n, values.cols());
  for (Index i = 0; i < n; ++i) out.condition.row(i) = values.row(i % values.rows());
  out.at.assign(to_size(k + 1), Matrix<float>(n, d));
  SampleOptions o = options.how;
  o.steps = std::max<Index>(1, (o.steps + k - 1) / k);
  Tape<T> tape(Mode::no_gradient);
  for (Index first = 0; first < n; first += o.batch) {
    const Index count = std::min(o.batch, n - first);
    const Matrix<float> here = out.condition.middleRows(first, count);
    std::vector<Rng> step_rng;
    Matrix<T> z(count, d);
    for (Index i = 0; i < count; ++i) {
      step_rng.push_back(own.at(std::uint64_t(first + i)));
      for (Index j = 0; j < d; ++j) z(i, j) = T(step_rng.back().normal());
    }
    out.at[0].middleRows(first, count) = z.template cast<float>();
    for (Index s = 0; s < k; ++s) {
      sample_latents(teacher, tape, {view(z), here, step_rng}, o, {double(s) / double(k), double(s + 1) / double(k)});
      out.at[to_size(s + 1)].middleRows(first, count) = z.template cast<float>();
    }
  }
  return out;
}

/// Which times of a segment are trained.
enum class TeacherTimes {
  all,          ///< random ones, on the line between its ends: with one segment reflow (Liu et al. 2022)
  only_starts,  ///< its first time only: distillation to as many Euler steps as there are segments
};

/// Trains a flow on the paths of a teacher and returns the history.
/// fit_paths(student, paths, times, options, [state,] hooks...): with a TrainState the run continues.
/// The student must have the teacher's scale and library sizes: start it as a copy.
template <class Backbone, class Condition, class... StateAndHooks>
History fit_paths(LatentFlow<Backbone, Condition, RectifiedFlow>& student, const TeacherPaths& paths,
                  TeacherTimes times, const FitOptions& options, StateAndHooks&&... state_and_hooks) {
  using T = typename Backbone::Scalar;
  LATENTCELL_REQUIRE(paths.cells() > 0 && paths.at[0].cols() == student.latent(), "fit_paths: paths of ", paths.cells(),
                     " cells but the student has latents of ", student.latent(), " dimensions");
  LatentTable index;  // only its rows are used
  index.mean = paths.at[0];
  TrainingData<LatentBatches> data = latent_training_data(index, options);
  const Index d = student.latent(), columns = paths.condition.cols(), k = paths.segments();
  const auto loss = [&](Tape<T>& tape, const LatentBatch& batch, const StepInfo&) {
    const Index n = batch.size();
    T *const z = tape.scratch(n * d), *const target = tape.scratch(n * d), *const t = tape.scratch(n);
    float* const values = tape.template scratch_of<float>(n * columns);
    for (Index b = 0; b < n; ++b) {
      const Index cell = batch.cell[to_size(b)], s = Index(tape.rng().below(std::uint64_t(k)));
      const float within = times == TeacherTimes::only_starts ? 0.0f : float(tape.rng().uniform());
      const float *const from = paths.at[to_size(s)].data() + cell * d, *const to =
                                                                            paths.at[to_size(s + 1)].data() + cell * d;
      t[b] = T((float(s) + within) / float(k));
      for (Index j = 0; j < d; ++j) {
        z[b * d + j] = T((1 - within) * from[j] + within * to[j]);
        target[b * d + j] = T((to[j] - from[j]) * float(k));
      }
      std::copy_n(paths.condition.data() + cell * columns, columns, values + b * columns);
    }
    const std::span<const T> at(t, to_size(n));
    const Var<T> v =
        student.predict(tape, tape.constant(ConstView<T>(z, n, d)), at, ConstView<float>(values, n, columns));
    return mse(v, ConstView<T>(target, n, d), student.weights(tape, at));
  };
  return with_state<T>(
      [&](TrainState<T>& state, auto&... hooks) { fit_with(student, std::move(data), loss, options, state, hooks...); },
      state_and_hooks...);
}

/// Returns the mean over time and cells of |velocity - (end - start)|^2 over the mean of |end - start|^2 (Liu et al.
/// 2022, sec. 2.2): 0 for straight paths, for which one step suffices.
inline double straightness(const TeacherPaths& paths) {
  const Index k = paths.segments();
  LATENTCELL_REQUIRE(k > 1, "straightness: needs paths of several segments, got ", k);
  const Matrix<float> chord = paths.at.back() - paths.at.front();
  double off = 0;
  for (Index s = 0; s < k; ++s) {
    const Matrix<float> step = (paths.at[to_size(s + 1)] - paths.at[to_size(s)]) * float(k);
    off += double((step - chord).squaredNorm()) / double(k);
  }
  return off / double(chord.squaredNorm());
}

}  // namespace latentcell
