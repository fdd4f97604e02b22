#include <latentcell/core/rng.hpp>
#include <latentcell/flow/rectified_flow.hpp>
#include <latentcell/sample/log_likelihood.hpp>

#include "support/catch.hpp"
#include "support/made_matrix.hpp"

using namespace latentcell;

namespace {

// The velocity that carries standard noise to a normal distribution of this mean and deviation along the straight path,
// in two dimensions that are then mixed by a turn: v(t, z) = mean + (t s^2 - (1 - t)) / (t^2 s^2 + (1 - t)^2) (z - t
// mean).
struct Straight {
  double mean = 0.7, deviation = 0.4;
  double slope(double t) const {
    const double s2 = deviation * deviation;
    return (t * s2 - (1 - t)) / (t * t * s2 + (1 - t) * (1 - t));
  }
  void operator()(double t, ConstView<double> z, ConstView<double> seed, View<double> v, View<double> g) const {
    v = (z.array() - t * mean).matrix() * slope(t);
    v.array() += mean;
    g = slope(t) * seed;
  }
  double log_prob(const RowVector<double>& x) const {
    return -0.5 * ((x.array() - mean) / deviation).square().sum() -
           double(x.size()) * (std::log(deviation) + 0.5 * std::log(2 * std::numbers::pi));
  }
};

}  // namespace

TEST_CASE("log_likelihood: of a normal distribution, exactly and by probes") {
  const Matrix<double> z = support::made_matrix<double>(5, 3, 1);
  const Straight field;
  Rng rng(1);
  for (Trace trace : {Trace::exact, Trace::hutchinson}) {
    const std::vector<double> found =
        log_likelihood<double>(field, support::window(z), {.trace = trace, .probes = 3, .steps = 200}, rng);
    // The Jacobian is a multiple of the identity, so that every probe is exact.
    for (Index b = 0; b < 5; ++b) CHECK(found[to_size(b)] == Approx(field.log_prob(z.row(b))).epsilon(1e-6));
  }
}

TEST_CASE("log_likelihood: probes are right on average where the Jacobian is not diagonal") {
  // dz/dt = z A: the divergence is the trace of A, whatever z.
  Matrix<double> a(2, 2);
  a << 0.5, 2, -1, 0.3;
  const auto field = [&](double, ConstView<double> z, ConstView<double> seed, View<double> v, View<double> g) {
    v = z.lazyProduct(a);
    g = seed.lazyProduct(a.transpose());
  };
  const Matrix<double> z = Matrix<double>::Zero(4000, 2);
  const auto mean_of = [&](Trace trace) {
    Rng rng(2);
    double sum = 0;
    for (double l : log_likelihood<double>(field, support::window(z), {.trace = trace, .steps = 20}, rng))
      sum += l / 4000;
    return sum;
  };
  CHECK(mean_of(Trace::exact) == Approx(-std::log(2 * std::numbers::pi) - 0.8).epsilon(1e-9));
  CHECK(mean_of(Trace::hutchinson) == Approx(mean_of(Trace::exact)).margin(0.08));  // five standard errors
  Rng rng(1);
  REQUIRE_THROWS_WITH(log_likelihood<double>(field, support::window(z), {.trace = Trace::hutchinson, .probes = 0}, rng),
                      ContainsText("probes must be at least 1, got 0"));
}
