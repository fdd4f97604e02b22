#include <latentcell/core/rng.hpp>
#include <latentcell/flow/ddpm.hpp>
#include <latentcell/flow/vp_sde.hpp>

#include "support/catch.hpp"

using namespace latentcell;

namespace {
constexpr NoiseSchedule schedules[] = {NoiseSchedule::linear, NoiseSchedule::cosine, NoiseSchedule::sigmoid};
}

TEST_CASE("VpSde: its ODE is the velocity that Ddpm's predictions stand for") {
  for (const NoiseSchedule schedule : schedules) {
    const VpSde sde{schedule};
    for (const Prediction kind : {Prediction::data, Prediction::noise, Prediction::velocity}) {
      const Ddpm path{.schedule = schedule, .prediction = kind};
      for (const double t : {0.2, 0.5, 0.9}) {
        const double z = 0.7, prediction = -0.4;
        const LinearMap data = path.denoised_from(t), velocity = path.velocity_from(t);
        const double score = sde.score_of(t, z, data.z * z + data.prediction * prediction);
        CHECK(sde.velocity(t, z, score) == Approx(velocity.z * z + velocity.prediction * prediction).epsilon(1e-9));
      }
    }
  }
}

TEST_CASE("VpSde: the forward SDE has the path's marginals, and the reverse one leads back to the data") {
  Rng rng(5);
  const int cells = 4000, steps = 400;
  const double data_mean = 1.5, data_deviation = 0.5;
  for (const NoiseSchedule schedule : schedules) {
    const VpSde sde{schedule};
    const double from = 0.98, to = 0.3;  // forward in noise: backward in t
    const auto law = [&](double t) {
      const PathCoefficients p = sde.at(t);
      return std::pair(p.alpha * data_mean,
                       std::sqrt(p.alpha * p.alpha * data_deviation * data_deviation + p.sigma * p.sigma));
    };
    double sum = 0, square = 0, back_sum = 0, back_square = 0;
    const double h = (from - to) / steps;
    for (int i = 0; i < cells; ++i) {
      double z = law(from).first + law(from).second * rng.normal();
      for (int k = 0; k < steps; ++k) {
        const double beta = sde.beta(from - (k + 0.5) * h);
        z += -beta / 2 * z * h + std::sqrt(beta * h) * rng.normal();
      }
      sum += z, square += z * z;
      for (int k = 0; k < steps; ++k) {
        const double t = to + (k + 0.5) * h;
        const auto [m, s] = law(t);
        z += sde.reverse_drift(t, z, -(z - m) / (s * s)) * h + std::sqrt(sde.beta(t) * h) * rng.normal();
      }
      back_sum += z, back_square += z * z;
    }
    const auto check = [&](double a, double b, double t) {
      const double mean = a / cells;
      CHECK(mean == Approx(law(t).first).margin(5 * law(t).second / std::sqrt(double(cells)) + 0.01));
      CHECK(std::sqrt(b / cells - mean * mean) == Approx(law(t).second).epsilon(0.06));
    };
    check(sum, square, to);
    check(back_sum, back_square, from);
  }
}
