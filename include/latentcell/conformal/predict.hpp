#pragma once

#include <algorithm>
#include <vector>

#include <latentcell/conformal/ensemble.hpp>
#include <latentcell/metric/subsample.hpp>
#include <latentcell/sample/integrate.hpp>

namespace LATENTCELL_NAMESPACE::conformal {

namespace detail {

/// Rows that a member evaluates at once: memory only.
inline constexpr Index rows_at_once = 1024;

/// Standard normal numbers, row i from the stream key(i).
/// key(i) -> (rows, cols)
template <class Key>
Matrix<float> normal_rows(Index rows, Index cols, const Rng& own, const Key& key) {
  Matrix<float> out(rows, cols);
  for (Index i = 0; i < rows; ++i) {
    Rng cell = own.at(std::uint64_t(key(i)));
    for (Index j = 0; j < cols; ++j) out(i, j) = float(cell.normal());
  }
  return out;
}

/// A member's velocity of all rows at one time.
/// z (B, D), condition (B, C) -> (B, D)
inline Matrix<float> velocity_at(const ConditionalVelocityNet& net, Tape<float>& tape, ConstView<float> z, float time,
                                 const Matrix<float>& condition) {
  tape.reset();
  float* const t = tape.scratch(z.rows());
  std::fill_n(t, z.rows(), time);
  return net(tape, tape.constant(z), {t, to_size(z.rows())}, tape.constant(view(condition))).value();
}

}  // namespace detail

/// Calls f(member, rows) with the measured rows of each member's own fold.
/// measured (N)
template <class F>
void each_fold(const ConditionalEnsemble& model, const std::vector<char>& measured, const F& f) {
  const std::vector<Index> fold = model.folds(Index(measured.size()));
  for (Index m = 0; m < Index(model.members.size()); ++m) {
    std::vector<Index> rows;
    for (std::size_t i = 0; i < fold.size(); ++i) {
      if (fold[i] == m && measured[i]) rows.push_back(Index(i));
    }
    if (!rows.empty()) f(model.members[to_size(m)], rows);
  }
}

/// Returns the mean latent under one member, without sampling: at time 0 the velocity of a rectified flow from any
/// noise z is E[target] - z. Four noise vectors are averaged.
/// condition (N, C) -> (N, D)
inline Matrix<float> member_mean(const ConditionalVelocityNet& net, const Matrix<float>& condition, Rng& rng) {
  constexpr Index noises = 4;
  const Index d = net.options.latent;
  Matrix<float> out = Matrix<float>::Zero(condition.rows(), d);
  Tape<float> tape(Mode::no_gradient);
  const Rng own = rng.fork();
  for (Index first = 0; first < condition.rows(); first += detail::rows_at_once) {
    const Index n = std::min(detail::rows_at_once, condition.rows() - first);
    const Matrix<float> block = condition.middleRows(first, n);
    for (Index k = 0; k < noises; ++k) {
      const Matrix<float> z = detail::normal_rows(n, d, own, [&](Index i) { return (first + i) * noises + k; });
      out.middleRows(first, n) += (z + detail::velocity_at(net, tape, view(z), 0, block)) / float(noises);
    }
  }
  return out;
}

/// Draws one latent per row from one member's flow (Heun).
/// condition (N, C) -> (N, D)
inline Matrix<float> member_sample(const ConditionalVelocityNet& net, const Matrix<float>& condition, Index steps,
                                   Rng& rng) {
  const Index d = net.options.latent;
  Tape<float> tape(Mode::no_gradient);
  const Rng own = rng.fork();
  Matrix<float> out = detail::normal_rows(condition.rows(), d, own, [](Index i) { return i; });
  for (Index first = 0; first < condition.rows(); first += detail::rows_at_once) {
    const Index n = std::min(detail::rows_at_once, condition.rows() - first);
    const Matrix<float> block = condition.middleRows(first, n);
    const auto velocity = [&](float t, ConstView<float> x, View<float> dx) {
      dx = detail::velocity_at(net, tape, x, t, block);
    };
    integrate(velocity, View<float>(out.data() + first * d, n, d), {.method = Method::heun, .steps = steps});
  }
  return out;
}

/// Returns each cell's mean latent under the member that was trained without the cell's fold.
/// condition (N, C) -> (N, D)
inline Matrix<float> out_of_fold_means(const ConditionalEnsemble& model, const Matrix<float>& condition, Rng& rng) {
  Matrix<float> out(condition.rows(), model.options.velocity_net.latent);
  const std::vector<char> all(to_size(condition.rows()), 1);
  each_fold(model, all, [&](const ConditionalVelocityNet& net, const std::vector<Index>& rows) {
    const Matrix<float> mean = member_mean(net, metric::pick_rows(view(condition), rows), rng);
    for (std::size_t i = 0; i < rows.size(); ++i) out.row(rows[i]) = mean.row(Index(i));
  });
  return out;
}

/// Returns each cell's mean latent, averaged over the members.
/// condition (N, C) -> (N, D)
inline Matrix<float> mean_latents(const ConditionalEnsemble& model, const Matrix<float>& condition, Rng& rng) {
  Matrix<float> z = Matrix<float>::Zero(condition.rows(), model.options.velocity_net.latent);
  for (const ConditionalVelocityNet& net : model.members)
    z += member_mean(net, condition, rng) / float(model.members.size());
  return z;
}

}  // namespace latentcell::conformal
