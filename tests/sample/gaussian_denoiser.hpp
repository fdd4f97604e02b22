#pragma once

#include <cmath>

#include <latentcell/core/gaussian_path.hpp>
#include <latentcell/core/types.hpp>

namespace sample_tests {

/// The best denoiser where data are normal with this mean and deviation: all of the way from noise to data is known.
template <class P>
struct GaussianDenoiser {
  const P& path;
  double mean = 0.7, deviation = 0.4;
  latentcell::Index calls = 0;

  template <class T>
  void operator()(T t, latentcell::ConstView<T> z, latentcell::View<T> x) {
    ++calls;
    const latentcell::PathCoefficients p = path.at(double(t));
    const double variance = p.alpha * p.alpha * deviation * deviation + p.sigma * p.sigma;
    for (latentcell::Index i = 0; i < z.size(); ++i) {
      x.data()[i] = T(mean + p.alpha * deviation * deviation / variance * (double(z.data()[i]) - p.alpha * mean));
    }
  }

  /// Where the probability-flow ODE takes z from one time to another.
  double push_forward(double z, double from, double to) const {
    const auto spread = [&](const latentcell::PathCoefficients& p) {
      return std::sqrt(p.alpha * p.alpha * deviation * deviation + p.sigma * p.sigma);
    };
    const latentcell::PathCoefficients a = path.at(from), b = path.at(to);
    return b.alpha * mean + (z - a.alpha * mean) * spread(b) / spread(a);
  }
};

}  // namespace sample_tests
