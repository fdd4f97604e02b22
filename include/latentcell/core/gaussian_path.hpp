#pragma once

#include <concepts>

#include <latentcell/core/version.hpp>

namespace LATENTCELL_NAMESPACE {

/// A Gaussian path z_t = alpha data + sigma noise at one time; noise at t = 0, data at t = 1.
struct PathCoefficients {
  double alpha = 0, sigma = 1;       ///< shares of data and noise
  double d_alpha = 1, d_sigma = -1;  ///< their derivatives in t
};

/// a z + b prediction: how a path turns what a network predicts into something else.
struct LinearMap {
  double z = 0, prediction = 1;
};

/// What belongs to a path: its point at a time.
template <class P>
concept Path = requires(const P& path, double t) {
  { path.at(t) } -> std::same_as<PathCoefficients>;
};

/// Some path, whatever its type: samplers are compiled for this one once. Valid while that path lives.
class PathRef {
 public:
  template <Path P>
  requires(!std::same_as<P, PathRef>) explicit PathRef(const P& path)
      : path_(&path), at_([](const void* of, double t) { return static_cast<const P*>(of)->at(t); }) {}

  PathCoefficients at(double t) const { return at_(path_, t); }

 private:
  const void* path_;
  PathCoefficients (*at_)(const void*, double);
};

}  // namespace latentcell
