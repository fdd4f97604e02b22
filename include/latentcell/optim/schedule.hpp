#pragma once

#include <algorithm>
#include <cmath>
#include <numbers>

#include <latentcell/core/types.hpp>

namespace LATENTCELL_NAMESPACE {

/// Learning rate of each step: linear warm-up for `warmup` steps, then half a cosine (Loshchilov and Hutter 2017) down
/// to `last` times the peak.
struct CosineSchedule {
  double peak = 1e-3;
  Index warmup = 0;
  Index total = 1;
  double last = 0.01;

  /// step from 0
  double operator()(Index step) const {
    if (step < warmup) return peak * double(step + 1) / double(warmup);
    const double span = std::max<double>(1.0, double(total - warmup));
    const double done = std::min(1.0, double(step - warmup) / span);
    return peak * (last + (1 - last) * 0.5 * (1 + std::cos(std::numbers::pi * done)));
  }
};

}  // namespace latentcell
