#pragma once

#include <functional>
#include <vector>

#include <latentcell/op/mse.hpp>
#include <latentcell/backbone/residual_mlp.hpp>
#include <latentcell/data/assign_folds.hpp>
#include <latentcell/data/latent_table.hpp>
#include <latentcell/flow/rectified_flow.hpp>
#include <latentcell/metric/subsample.hpp>
#include <latentcell/nn/mlp.hpp>
#include <latentcell/op/elementwise.hpp>
#include <latentcell/sample/integrate.hpp>
#include <latentcell/train/fit_cells.hpp>

// The distribution of one thing given another, by a few flows that each have not seen a part of the cells: what
// translation between modalities and imputation in space have in common.

namespace latentcell {

/// The velocity of a conditional flow. What is told goes through an encoder of its own, which conditions every block
/// and also has a direct way to the result: the mean, which is most of what there is to learn.
struct ConditionalVelocityNet {
  ResidualMlpOptions options;
  Mlp<float> encoder;        // told -> condition
  Linear<float> direct;      // condition -> latent
  ResidualMlp<float> field;  // under the condition

  ConditionalVelocityNet(Index told, const ResidualMlpOptions& o, Rng& rng)
      : options(o),
        encoder(told, std::vector<Index>{o.condition, o.condition}, o.dropout, rng),
        direct(o.condition, o.latent, rng),
        field(o, rng) {}

  /// z (B, latent), t (B), told (B, C) -> (B, latent)
  Var<float> operator()(Tape<float>& tape, Var<float> z, std::span<const float> t, Var<float> told) const {
    const Var<float> c = encoder(told);
    return add(direct(c), field(tape, z, t, c));
  }

  static void visit(auto& self, auto&& f) {
    f("encoder", self.encoder);
    f("direct", self.direct);
    f("field", self.field);
  }
};

struct EnsembleOptions {
  Index members = 5;  ///< networks whose predictions are averaged; each learns from all parts of the cells but one
  ResidualMlpOptions field = {.width = 128, .depth = 2, .condition = 256, .dropout = 0.3f};  ///< latent: the target's
};

/// Flows from noise to the latent of a target, told of what it is given. The width of the intervals is learned from the
/// parts that each member has not seen.
struct ConditionalEnsemble {
  EnsembleOptions options;
  std::vector<ConditionalVelocityNet> members;
  RectifiedFlow path;
  Buffer<float> widen;  // (2, F) factors on draws' distances from their mean, for 50 % and for 80 % intervals

  /// told: numbers that a cell is told by; features: of the decoded target
  ConditionalEnsemble(Index told, Index latent, Index features, const EnsembleOptions& o, Rng& rng)
      : options(o), widen(2, features) {
    LATENTCELL_REQUIRE(o.members >= 2, "ConditionalEnsemble: members must be at least 2, got ", o.members);
    options.field.latent = latent;
    for (Index k = 0; k < o.members; ++k) members.emplace_back(told, options.field, rng);
    widen.value.setOnes();
  }

  static void visit(auto& self, auto&& f) {
    f("members", self.members);
    f("widen", self.widen);
  }
};

/// What a member is shown of a minibatch in training: rows of the cells -> told (B, C), disturbed as it likes.
using ConditionSampler = std::function<void(std::span<const Index> cells, View<float> told, Rng& rng)>;

/// Trains one member on all usable cells but its own part. Goes on after the epochs that `state` has seen.
/// z (N, D) latents of the target, usable (N), told: numbers that a cell is told by
template <class... Hooks>
void fit_fold_model(TrainState<float>& state, ConditionalEnsemble& model, Index member, const Matrix<float>& z,
                    const std::vector<char>& usable, Index told, const ConditionSampler& show,
                    const FitOptions& options, Hooks&&... hooks) {
  const std::vector<Index> part = assign_folds(z.rows(), model.options.members, options.seed);
  LatentTable table;
  table.mean = z;
  std::vector<Index> rows;
  for (Index i = 0; i < z.rows(); ++i) {
    if (usable[to_size(i)] && part[to_size(i)] != member) rows.push_back(i);
  }
  LATENTCELL_REQUIRE(!rows.empty(), "fit_fold_model: no cell to learn from");
  ConditionalVelocityNet& field = model.members[to_size(member)];
  const Index d = z.cols();
  const auto loss = [&](Tape<float>& tape, const LatentBatch& batch, const StepInfo&) {
    const Index n = batch.size();
    float *const noise = tape.scratch(n * d), *const z_t = tape.scratch(n * d), *const aim = tape.scratch(n * d),
                 *const t = tape.scratch(n);
    View<float> here(tape.scratch(n * told), n, told);
    show(batch.cell, here, tape.rng());
    for (Index i = 0; i < n * d; ++i) noise[i] = float(tape.rng().normal());
    model.path.draw_times(tape.rng(), std::span<float>(t, to_size(n)));
    model.path.interpolate(std::span<const float>(t, to_size(n)), ConstView<float>(noise, n, d), batch.z,
                           View<float>(z_t, n, d), View<float>(aim, n, d));
    const Var<float> v = std::as_const(field)(tape, tape.constant(ConstView<float>(z_t, n, d)), {t, to_size(n)},
                                              tape.constant(ConstView<float>(here.data(), n, told)));
    return mse(v, ConstView<float>(aim, n, d));
  };
  fit_with(field, TrainingData{LatentBatches(table, {.batch = options.batch, .rows = rows})}, loss, options, state,
           hooks...);
}

namespace detail {

/// Cells that a member evaluates at once.
inline constexpr Index cells_at_once = 1024;

/// Standard normal numbers, row i from a stream of its own.     key(i) -> (rows, cols)
template <class Key>
Matrix<float> normal_rows(Index rows, Index cols, const Rng& own, const Key& key) {
  Matrix<float> out(rows, cols);
  for (Index i = 0; i < rows; ++i) {
    Rng cell = own.at(std::uint64_t(key(i)));
    for (Index j = 0; j < cols; ++j) out(i, j) = float(cell.normal());
  }
  return out;
}

/// A member's velocity of all rows at one time.     z (B, D), told (B, C) -> (B, D)
inline Matrix<float> velocity_at(const ConditionalVelocityNet& field, Tape<float>& tape, ConstView<float> z, float time,
                                 const Matrix<float>& told) {
  tape.reset();
  float* const t = tape.scratch(z.rows());
  std::fill_n(t, z.rows(), time);
  return field(tape, tape.constant(z), {t, to_size(z.rows())}, tape.constant(view(told))).value();
}

/// The mean of the target's latent under one member: at time 0 a flow's velocity from any noise z is E[target] - z.
inline Matrix<float> member_mean(const ConditionalVelocityNet& field, const Matrix<float>& told, Rng& rng) {
  constexpr Index noises = 4;  // averaged
  const Index d = field.options.latent;
  Matrix<float> out = Matrix<float>::Zero(told.rows(), d);
  Tape<float> tape(Mode::no_gradient);
  const Rng own = rng.fork();
  for (Index first = 0; first < told.rows(); first += cells_at_once) {
    const Index n = std::min(cells_at_once, told.rows() - first);
    const Matrix<float> here = told.middleRows(first, n);
    for (Index k = 0; k < noises; ++k) {
      const Matrix<float> z = normal_rows(n, d, own, [&](Index i) { return (first + i) * noises + k; });
      out.middleRows(first, n) += (z + velocity_at(field, tape, view(z), 0, here)) / float(noises);
    }
  }
  return out;
}

/// One draw of the target's latent for each row.     told (N, C) -> (N, D)
inline Matrix<float> member_draw(const ConditionalVelocityNet& field, const Matrix<float>& told, Index steps,
                                 Rng& rng) {
  const Index d = field.options.latent;
  Tape<float> tape(Mode::no_gradient);
  const Rng own = rng.fork();
  Matrix<float> out = normal_rows(told.rows(), d, own, [](Index i) { return i; });
  for (Index first = 0; first < told.rows(); first += cells_at_once) {
    const Index n = std::min(cells_at_once, told.rows() - first);
    const Matrix<float> here = told.middleRows(first, n);
    const auto velocity = [&](float t, ConstView<float> x, View<float> dx) {
      dx = velocity_at(field, tape, x, t, here);
    };
    integrate(velocity, View<float>(out.data() + first * d, n, d), {.method = Method::heun, .steps = steps});
  }
  return out;
}

/// Calls f(member, rows) with the usable rows that each member has not seen.     usable (N)
template <class F>
void each_unseen(const ConditionalEnsemble& model, const std::vector<char>& usable, std::uint64_t seed, const F& f) {
  const std::vector<Index> part = assign_folds(Index(usable.size()), model.options.members, seed);
  for (Index m = 0; m < model.options.members; ++m) {
    std::vector<Index> rows;
    for (std::size_t i = 0; i < part.size(); ++i) {
      if (part[i] == m && usable[i]) rows.push_back(Index(i));
    }
    if (!rows.empty()) f(model.members[to_size(m)], rows);
  }
}

}  // namespace detail

/// The mean latent of each cell under the member that has not seen it: what the truth can be compared with.
/// told (N, C), seed: that of training -> (N, D)
inline Matrix<float> out_of_fold_means(const ConditionalEnsemble& model, const Matrix<float>& told, std::uint64_t seed,
                                       Rng& rng) {
  Matrix<float> out(told.rows(), model.options.field.latent);
  const std::vector<char> all(to_size(told.rows()), 1);
  detail::each_unseen(model, all, seed, [&](const ConditionalVelocityNet& field, const std::vector<Index>& rows) {
    const Matrix<float> mean = detail::member_mean(field, metric::pick_rows(view(told), rows), rng);
    for (std::size_t i = 0; i < rows.size(); ++i) out.row(rows[i]) = mean.row(Index(i));
  });
  return out;
}

/// The mean latent of each cell over all members.     told (N, C) -> (N, D)
inline Matrix<float> mean_latents(const ConditionalEnsemble& model, const Matrix<float>& told, Rng& rng) {
  Matrix<float> z = Matrix<float>::Zero(told.rows(), model.options.field.latent);
  for (const ConditionalVelocityNet& field : model.members)
    z += detail::member_mean(field, told, rng) / float(model.members.size());
  return z;
}

}  // namespace latentcell
