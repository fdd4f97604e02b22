#pragma once

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <vector>

#include <latentcell/backbone/residual_mlp.hpp>
#include <latentcell/data/latent_table.hpp>
#include <latentcell/flow/rectified_flow.hpp>
#include <latentcell/nn/mlp.hpp>
#include <latentcell/op/elementwise.hpp>
#include <latentcell/op/reduce.hpp>
#include <latentcell/pipeline/modality_code.hpp>
#include <latentcell/sample/integrate.hpp>
#include <latentcell/train/fit_cells.hpp>

// The distribution of one thing given another, by a few flows that each have not seen a part of the cells: what
// translation between modalities and imputation in space have in common.

namespace latentcell {

/// The velocity of a conditional flow. What is told goes through an encoder of its own, which conditions every block
/// and also has a direct way to the result: the mean, which is most of what there is to learn.
struct ConditionalField {
  ResidualMlpOptions options;
  Mlp<float> encoder;        // told -> condition
  Linear<float> direct;      // condition -> latent
  ResidualMlp<float> field;  // under the condition

  ConditionalField(Index told, const ResidualMlpOptions& o, Rng& rng)
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
  std::vector<ConditionalField> members;
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

namespace detail {

/// The part of each cell that one member does not see.     -> (N)
inline std::vector<Index> parts_of(Index cells, Index members, std::uint64_t seed) {
  std::vector<Index> out;
  for (Index i = 0; i < cells; ++i) out.push_back(i % members);
  Rng rng(seed, 71);
  shuffle(std::span<Index>(out), rng);
  return out;
}

}  // namespace detail

/// What a member is shown of a minibatch in training: rows of the cells -> told (B, C), disturbed as it likes.
using ShowCells = std::function<void(std::span<const Index> cells, View<float> told, Rng& rng)>;

/// Trains one member on all usable cells but its own part. Goes on after the epochs that `state` has seen.
/// z (N, D) latents of the target, usable (N), told: numbers that a cell is told by
template <class... Hooks>
void fit_member(TrainState<float>& state, ConditionalEnsemble& model, Index member, const Matrix<float>& z,
                const std::vector<char>& usable, Index told, const ShowCells& show, const FitOptions& options,
                Hooks&&... hooks) {
  const std::vector<Index> part = detail::parts_of(z.rows(), model.options.members, options.seed);
  LatentTable table;
  table.mean = z;
  std::vector<Index> rows;
  for (Index i = 0; i < z.rows(); ++i) {
    if (usable[to_size(i)] && part[to_size(i)] != member) rows.push_back(i);
  }
  LATENTCELL_REQUIRE(!rows.empty(), "fit_member: no cell to learn from");
  LatentBatches train(table, {.batch = options.batch, .rows = rows});
  ConditionalField& field = model.members[to_size(member)];
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
  fit_with(field, train, static_cast<LatentBatches*>(nullptr), loss, options, state, hooks...);
}

namespace detail {

/// The mean of the target's latent under one member: at time 0 a flow's velocity from any noise z is E[target] - z.
inline Matrix<float> member_mean(const ConditionalField& field, const Matrix<float>& told, Rng& rng) {
  constexpr Index from = 4, most = 1024;  // noises averaged; cells at once
  const Index d = field.options.latent;
  Matrix<float> out = Matrix<float>::Zero(told.rows(), d);
  Tape<float> tape(Mode::no_gradient);
  const Rng own = rng.fork();
  for (Index first = 0; first < told.rows(); first += most) {
    const Index n = std::min(most, told.rows() - first);
    const Matrix<float> here = told.middleRows(first, n);
    for (Index k = 0; k < from; ++k) {
      tape.reset();
      Matrix<float> z(n, d);
      for (Index i = 0; i < n; ++i) {
        Rng cell = own.at(std::uint64_t((first + i) * from + k));
        for (Index j = 0; j < d; ++j) z(i, j) = float(cell.normal());
      }
      float* const t = tape.scratch(n);
      std::fill_n(t, n, 0.0f);
      const Var<float> v =
          field(tape, tape.constant(view(std::as_const(z))), {t, to_size(n)}, tape.constant(view(here)));
      out.middleRows(first, n) += (z + Matrix<float>(v.value())) / float(from);
    }
  }
  return out;
}

/// One draw of the target's latent for each row.     told (N, C) -> (N, D)
inline Matrix<float> member_draw(const ConditionalField& field, const Matrix<float>& told, Index steps, Rng& rng) {
  constexpr Index most = 1024;
  const Index d = field.options.latent;
  Matrix<float> out(told.rows(), d);
  Tape<float> tape(Mode::no_gradient);
  const Rng own = rng.fork();
  for (Index first = 0; first < told.rows(); first += most) {
    const Index n = std::min(most, told.rows() - first);
    const Matrix<float> here = told.middleRows(first, n);
    View<float> z(out.data() + first * d, n, d);
    for (Index i = 0; i < n; ++i) {
      Rng cell = own.at(std::uint64_t(first + i));
      for (Index j = 0; j < d; ++j) z(i, j) = float(cell.normal());
    }
    const auto velocity = [&](float at, ConstView<float> x, View<float> dx) {
      tape.reset();
      float* const t = tape.scratch(n);
      std::fill_n(t, n, at);
      dx = field(tape, tape.constant(x), {t, to_size(n)}, tape.constant(view(here))).value();
    };
    integrate(velocity, z, {.method = Method::heun, .steps = steps});
  }
  return out;
}

}  // namespace detail

/// The mean latent of each cell under the member that has not seen it.     told (N, C) -> (N, D)
inline Matrix<float> unseen_means(const ConditionalEnsemble& model, const Matrix<float>& told, std::uint64_t seed,
                                  Rng& rng) {
  const std::vector<Index> part = detail::parts_of(told.rows(), model.options.members, seed);
  Matrix<float> out(told.rows(), model.options.field.latent);
  for (Index m = 0; m < model.options.members; ++m) {
    std::vector<Index> rows;
    for (Index i = 0; i < told.rows(); ++i) {
      if (part[to_size(i)] == m) rows.push_back(i);
    }
    Matrix<float> here(Index(rows.size()), told.cols());
    for (std::size_t i = 0; i < rows.size(); ++i) here.row(Index(i)) = told.row(rows[i]);
    const Matrix<float> mean = detail::member_mean(model.members[to_size(m)], here, rng);
    for (std::size_t i = 0; i < rows.size(); ++i) out.row(rows[i]) = mean.row(Index(i));
  }
  return out;
}

/// The mean latent of each cell over all members.     told (N, C) -> (N, D)
inline Matrix<float> mean_latents(const ConditionalEnsemble& model, const Matrix<float>& told, Rng& rng) {
  Matrix<float> z = Matrix<float>::Zero(told.rows(), model.options.field.latent);
  for (const ConditionalField& field : model.members)
    z += detail::member_mean(field, told, rng) / float(model.members.size());
  return z;
}

struct IntervalOptions {
  Index draws = 64;  ///< of each cell, shared out among the members
  Index steps = 4;   ///< of the sampler (Heun); what a coarse one gets wrong of the width, calibration mends
};

/// Predicted features of cells, log-normalised: log1p of counts at the target's depth.
struct WithIntervals {
  Matrix<float> mean;           ///< (N, F)
  Matrix<float> low50, high50;  ///< (N, F) ends of the central 50 % interval; (0, 0) where no draws were asked for
  Matrix<float> low80, high80;  ///< (N, F) of the central 80 % interval
};

namespace detail {

/// Half-widths of draws below and above their mean, for the 50 % and 80 % intervals.     -> four (N, F)
struct DrawSpread {
  Matrix<float> low50, high50, low80, high80;

  // draws: each (N, F)
  explicit DrawSpread(const std::vector<Matrix<float>>& draws) {
    const Index n = draws.front().rows(), f = draws.front().cols();
    for (Matrix<float>* m : {&low50, &high50, &low80, &high80}) m->resize(n, f);
    kernel::parallel_items(n, [&](Index i) {
      std::vector<float> x(draws.size());
      for (Index j = 0; j < f; ++j) {
        for (std::size_t k = 0; k < x.size(); ++k) x[k] = draws[k](i, j);
        std::sort(x.begin(), x.end());
        const auto at = [&](double q) {
          const double place = q * double(x.size() - 1);
          const std::size_t k = std::min(x.size() - 2, std::size_t(place));
          return double(x[k]) + (place - double(k)) * double(x[k + 1] - x[k]);
        };
        const double middle = std::accumulate(x.begin(), x.end(), 0.0) / double(x.size());
        low50(i, j) = float(middle - at(0.25));
        high50(i, j) = float(at(0.75) - middle);
        low80(i, j) = float(middle - at(0.1));
        high80(i, j) = float(at(0.9) - middle);
      }
    });
  }
};

}  // namespace detail

/// Means and intervals of cells.     told (N, C); base (N, D): latents that the flows' are added to, or (0, 0)
inline WithIntervals predict(const ConditionalEnsemble& model, const ModalityCode& target, const Matrix<float>& told,
                             const IntervalOptions& o, Rng& rng, const Matrix<float>& base = {}) {
  LATENTCELL_REQUIRE(o.draws == 0 || o.draws >= 2, "predict: draws must be 0 or at least 2, got ", o.draws);
  const Index members = Index(model.members.size());
  Rng mean_rng = rng.fork();
  const auto based = [&](Matrix<float> z) { return base.size() > 0 ? Matrix<float>(z + base) : z; };
  const Matrix<float> z = mean_latents(model, told, mean_rng);
  WithIntervals out;
  out.mean = target.decode(based(z));
  if (o.draws == 0 || told.rows() == 0) return out;
  std::vector<Matrix<float>> draws;
  for (Index k = 0; k < o.draws; ++k)
    draws.push_back(target.decode(based(detail::member_draw(model.members[to_size(k % members)], told, o.steps, rng))));
  const detail::DrawSpread spread(draws);
  const auto end = [&](const Matrix<float>& half, Index level, float sign) {
    Matrix<float> at = half;
    at.array().rowwise() *= sign * model.widen.value.row(level).array();
    return Matrix<float>((out.mean + at).array().max(0.0f));
  };
  out.low50 = end(spread.low50, 0, -1);
  out.high50 = end(spread.high50, 0, 1);
  out.low80 = end(spread.low80, 1, -1);
  out.high80 = end(spread.high80, 1, 1);
  return out;
}

/// Learns how wide the intervals must be: each cell's draws come from the member that has not seen it, and for each
/// feature the factor is taken at which 50 % and 80 % of the cells fall inside (split-conformal prediction with scaled
/// residuals, Lei et al. 2018, over the members' parts). Call it after all members are trained, on the same cells with
/// the same seed.     truth (N, F) decoded features, usable (N), told (N, C), base as
/// of predict
inline void calibrate_intervals(ConditionalEnsemble& model, const ModalityCode& code, const Matrix<float>& truth,
                                const std::vector<char>& usable, const Matrix<float>& told, std::uint64_t seed,
                                const IntervalOptions& o, Rng& rng, const Matrix<float>& base = {}) {
  LATENTCELL_REQUIRE(o.draws >= 2, "calibrate_intervals: draws must be at least 2, got ", o.draws);
  const std::vector<Index> part = detail::parts_of(told.rows(), model.options.members, seed);
  const Index features = truth.cols();
  std::vector<std::vector<double>> needed50(to_size(features)), needed80(to_size(features));
  for (Index m = 0; m < model.options.members; ++m) {
    std::vector<Index> rows;
    for (Index i = 0; i < told.rows(); ++i) {
      if (part[to_size(i)] == m && usable[to_size(i)]) rows.push_back(i);
    }
    if (rows.empty()) continue;
    Matrix<float> here(Index(rows.size()), told.cols());
    for (std::size_t i = 0; i < rows.size(); ++i) here.row(Index(i)) = told.row(rows[i]);
    const ConditionalField& field = model.members[to_size(m)];
    Matrix<float> from = Matrix<float>::Zero(Index(rows.size()), code.latent());
    for (std::size_t i = 0; i < rows.size() && base.size() > 0; ++i) from.row(Index(i)) = base.row(rows[i]);
    const Matrix<float> mean = code.decode(from + detail::member_mean(field, here, rng));
    std::vector<Matrix<float>> draws;
    for (Index k = 0; k < o.draws; ++k)
      draws.push_back(code.decode(from + detail::member_draw(field, here, o.steps, rng)));
    const detail::DrawSpread spread(draws);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      for (Index f = 0; f < features; ++f) {
        const double gap = double(truth(rows[i], f) - mean(Index(i), f));
        const auto factor = [&](const Matrix<float>& low, const Matrix<float>& high) {
          return std::abs(gap) / std::max(1e-6, double(gap < 0 ? low(Index(i), f) : high(Index(i), f)));
        };
        needed50[to_size(f)].push_back(factor(spread.low50, spread.high50));
        needed80[to_size(f)].push_back(factor(spread.low80, spread.high80));
      }
    }
  }
  const auto quantile = [](std::vector<double>& x, double q) {
    const std::size_t k = std::min(x.size() - 1, std::size_t(q * double(x.size())));
    std::nth_element(x.begin(), x.begin() + std::ptrdiff_t(k), x.end());
    return float(std::clamp(x[k], 0.05, 1000.0));
  };
  for (Index f = 0; f < features; ++f) {
    model.widen.value(0, f) = quantile(needed50[to_size(f)], 0.5);
    model.widen.value(1, f) = quantile(needed80[to_size(f)], 0.8);
  }
}

}  // namespace latentcell
