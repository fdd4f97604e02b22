#pragma once

#include <algorithm>
#include <cmath>

#include <latentcell/core/version.hpp>

namespace LATENTCELL_NAMESPACE::kernel {

/// The smallest count whose distribution function reaches u: Poisson where theta is 0, else negative binomial, with
/// zeros added where pi is above 0.     mean > 0, theta >= 0, pi in [0, 1), u in (0, 1) -> count
/// A walk up the probabilities: exact within double precision, as long as the count.
inline double count_quantile(double mean, double theta, double pi, double u) {
  u = (u - pi) / (1 - pi);
  if (u <= 0) return 0;
  const double ratio = theta > 0 ? mean / (mean + theta) : 0;
  double log_p = theta > 0 ? -theta * std::log1p(mean / theta) : -mean;
  if (u <= std::exp(log_p)) return 0;
  const double deviation = std::sqrt(mean + (theta > 0 ? mean * mean / theta : 0));
  // Far from zero the walk starts where nothing is lost in double precision.
  double count = 0;
  if (log_p < -650) {
    count = std::max(0.0, std::floor(mean - 12 * deviation));
    log_p = theta > 0 ? std::lgamma(count + theta) - std::lgamma(theta) - std::lgamma(count + 1) +
                            theta * std::log(theta / (mean + theta)) + count * std::log(ratio)
                      : count * std::log(mean) - mean - std::lgamma(count + 1);
  }
  double p = std::exp(log_p), sum = p;
  for (const double last = count + 2 * mean + 40 * deviation + 100; sum < u && count < last;) {
    p *= theta > 0 ? ratio * (count + theta) / (count + 1) : mean / (count + 1);
    sum += p;
    count += 1;
  }
  return count;
}

}  // namespace latentcell::kernel
