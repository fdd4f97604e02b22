#pragma once

#include <cmath>
#include <numbers>
#include <vector>

#include <latentcell/core/options.hpp>
#include <latentcell/core/error.hpp>
#include <latentcell/core/rng.hpp>
#include <latentcell/sample/integrate.hpp>

namespace LATENTCELL_NAMESPACE {

/// How the divergence of a velocity is found.
enum class Trace {
  exact,       ///< one product with a gradient for each dimension
  hutchinson,  ///< one for each probe: right on average (Hutchinson 1989; Grathwohl et al. 2019), for many dimensions
};

struct LogLikelihoodOptions {
  Trace trace = Trace::exact;
  Index probes = 1;             ///< of hutchinson; more: less noise
  Method method = Method::rk4;  ///< integrator
  Index steps = 50;             ///< steps back to the noise; more: more exact

  static void visit(auto& self, auto&& f) {
    f("trace", self.trace);
    f("probes", self.probes, at_least(1));
    f("method", self.method);
    f("steps", self.steps, at_least(1));
  }
};

/// log p(z) of data under a flow whose noise at t = 0 is standard normal, in nats:
///   log p(z_1) = log N(z_0) - the integral over time of the divergence of the velocity along the path
/// (Chen et al., "Neural ordinary differential equations", 2018, eq. 8; Song et al. 2021, sec. 4.3).
/// pullback(t, z, seed, v, g) writes the velocity to v and the product of seed with its Jacobian, sum_i seed_i d v_i /
/// d z_j, to g, cell by cell.   z (B, D), seed, v, g (B, D) -> (B)
template <class T, class Pullback>
std::vector<double> log_likelihood(Pullback&& pullback, ConstView<T> z, const LogLikelihoodOptions& options, Rng& rng) {
  check_options("log_likelihood", options);
  const Index batch = z.rows(), d = z.cols();
  const bool exact = options.trace == Trace::exact;
  const Index times = exact ? d : options.probes;
  // Probes stay the same along a path, so that the integrator sees a smooth function.
  std::vector<Matrix<T>> seeds(to_size(times), Matrix<T>::Zero(batch, d));
  for (Index s = 0; s < times; ++s) {
    Matrix<T>& seed = seeds[to_size(s)];
    if (exact) {
      seed.col(s).setOnes();
    } else {
      for (Index i = 0; i < seed.size(); ++i) seed.data()[i] = rng.uniform() < 0.5f ? T(-1) : T(1);
    }
  }
  Matrix<T> point(batch, d), velocity(batch, d), gradient(batch, d);
  // One column more: what the divergence adds up to.
  Matrix<T> state(batch, d + 1);
  state.leftCols(d) = z;
  state.col(d).setZero();
  const auto joint = [&](T t, ConstView<T> at, View<T> out) {
    point = at.leftCols(d);
    out.col(d).setZero();
    for (const Matrix<T>& seed : seeds) {
      pullback(t, ConstView<T>(point.data(), batch, d), ConstView<T>(seed.data(), batch, d),
               View<T>(velocity.data(), batch, d), View<T>(gradient.data(), batch, d));
      out.col(d) += (gradient.array() * seed.array()).rowwise().sum().matrix() * (exact ? T(1) : T(1) / T(times));
    }
    out.leftCols(d) = velocity;
  };
  integrate(joint, View<T>(state.data(), batch, d + 1),
            {.method = options.method, .steps = options.steps, .from = 1, .to = 0});
  std::vector<double> out;
  for (Index b = 0; b < batch; ++b) {
    const double square = state.row(b).head(d).template cast<double>().squaredNorm();
    out.push_back(-0.5 * square - 0.5 * double(d) * std::log(2 * std::numbers::pi) + double(state(b, d)));
  }
  return out;
}

}  // namespace latentcell
