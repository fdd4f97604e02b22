#include <cmath>

#include <latentcell/core/rng.hpp>
#include <latentcell/core/tensor.hpp>
#include <latentcell/flow/ddpm.hpp>
#include <latentcell/sample/integrate.hpp>

#include "sample/gaussian_denoiser.hpp"
#include "support/catch.hpp"
#include "support/made_matrix.hpp"

using namespace latentcell;

namespace {

const NoiseSchedule schedules[] = {NoiseSchedule::linear, NoiseSchedule::cosine, NoiseSchedule::sigmoid};
const Prediction predictions[] = {Prediction::noise, Prediction::data, Prediction::velocity};

}  // namespace

TEST_CASE("schedule_point: keeps the variance, falls from data to noise, and tells its own derivative") {
  for (NoiseSchedule schedule : schedules) {
    INFO("schedule " << int(schedule));
    double last = -1;
    for (double t = 0; t <= 1; t += 0.05) {
      const PathCoefficients p = schedule_point(schedule, t);
      CHECK(p.alpha * p.alpha + p.sigma * p.sigma == Approx(1).epsilon(1e-12));
      CHECK(p.alpha > last);
      last = p.alpha;
      if (t < 0.01 || t > 0.97) continue;
      const double h = 1e-6;
      const PathCoefficients before = schedule_point(schedule, t - h), after = schedule_point(schedule, t + h);
      CHECK(p.d_alpha == Approx((after.alpha - before.alpha) / (2 * h)).epsilon(1e-5));
      CHECK(p.d_sigma == Approx((after.sigma - before.sigma) / (2 * h)).epsilon(1e-5));
    }
    CHECK(schedule_point(schedule, 0).alpha < 0.06);
    CHECK(schedule_point(schedule, 1).sigma < 0.03);
  }
  REQUIRE_THROWS_WITH(schedule_point(NoiseSchedule::cosine, 1.5), ContainsText("must be in [0, 1], got 1.5"));
}

TEST_CASE("schedule_point: the shares of signal that the papers' formulas give") {
  // alpha^2 at s = 0.5, by hand: exp(-0.25 (20 - 0.1) / 2 - 0.05); cos^2(0.508 / 1.008 pi / 2) / cos^2(0.008 / 1.008 pi
  // / 2); 1/2
  const auto signal = [](NoiseSchedule s) { return std::pow(schedule_point(s, 0.5).alpha, 2); };
  CHECK(signal(NoiseSchedule::linear) == Approx(0.0790635).epsilon(1e-4));
  CHECK(signal(NoiseSchedule::cosine) == Approx(0.4938438).epsilon(1e-4));
  CHECK(signal(NoiseSchedule::sigmoid) == Approx(0.5).epsilon(1e-10));
}

TEST_CASE("Ddpm: from every prediction the data and the velocity come out again") {
  const Matrix<double> noise = support::made_matrix<double>(3, 4, 1), data = support::made_matrix<double>(3, 4, 2);
  const std::vector<double> t{0.05, 0.5, 0.95};
  for (NoiseSchedule schedule : schedules) {
    for (Prediction prediction : predictions) {
      const Ddpm path{.schedule = schedule, .prediction = prediction};
      Matrix<double> z(3, 4), target(3, 4);
      path.interpolate<double>(t, support::window(noise), support::window(data), view(z), view(target));
      for (Index b = 0; b < 3; ++b) {
        const double at = t[to_size(b)];
        const PathCoefficients p = path.at(at);
        const LinearMap to_data = path.denoised_from(at), to_velocity = path.velocity_from(at);
        CHECK((z.row(b) - p.alpha * data.row(b) - p.sigma * noise.row(b)).cwiseAbs().maxCoeff() < 1e-14);
        CHECK((to_data.z * z.row(b) + to_data.prediction * target.row(b) - data.row(b)).cwiseAbs().maxCoeff() < 1e-11);
        CHECK((to_velocity.z * z.row(b) + to_velocity.prediction * target.row(b) - p.d_alpha * data.row(b) -
               p.d_sigma * noise.row(b))
                  .cwiseAbs()
                  .maxCoeff() < 1e-9);
      }
    }
  }
}

TEST_CASE("Ddpm: min-SNR weights are those of the data's error, bounded") {
  // An error e of the data is an error alpha / sigma e of the noise and e / sigma of v: all three count the same.
  for (double t : {0.1, 0.4, 0.8, 0.99}) {
    const auto weight = [&](Prediction p) { return Ddpm{.prediction = p, .weighting = LossWeight::min_snr}.weight(t); };
    const PathCoefficients p = Ddpm{}.at(t);
    const double data = weight(Prediction::data);
    CHECK(data == Approx(std::min(5.0, std::pow(p.alpha / p.sigma, 2))));
    CHECK(weight(Prediction::noise) * std::pow(p.alpha / p.sigma, 2) == Approx(data));
    CHECK(weight(Prediction::velocity) / std::pow(p.sigma, 2) == Approx(data));
  }
  CHECK(Ddpm{}.weight(0.3) == 1);
}

TEST_CASE("Ddpm: the probability-flow velocity carries a normal distribution as it should") {
  for (NoiseSchedule schedule : schedules) {
    const Ddpm path{.schedule = schedule, .prediction = Prediction::data};
    sample_tests::GaussianDenoiser<Ddpm> denoiser{path};
    Matrix<double> z(1, 2);
    z << -1.2, 0.9;
    const Matrix<double> first = z;
    integrate(
        [&](double t, ConstView<double> at, View<double> v) {
          denoiser(t, at, v);
          const LinearMap b = path.velocity_from(t);
          for (Index i = 0; i < v.size(); ++i) v.data()[i] = b.z * at.data()[i] + b.prediction * v.data()[i];
        },
        view(z), {.method = Method::rk4, .steps = 2000});
    for (Index j = 0; j < 2; ++j) CHECK(z(0, j) == Approx(denoiser.push_forward(first(0, j), 0, 1)).epsilon(1e-5));
  }
}
