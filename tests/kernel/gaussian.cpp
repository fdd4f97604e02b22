#include <latentcell/kernel/gaussian.hpp>

#include <cmath>
#include <limits>

#include "support/catch.hpp"
#include "support/reference.hpp"

using latentcell::kernel::gaussian_term;
using latentcell::kernel::GaussianTerm;

TEST_CASE("gaussian: agrees with mpmath") {
  const latentcell::Matrix<double> table = Reference("likelihood").matrix("gaussian");
  for (const auto row : table.rowwise()) {
    INFO("x " << row[0] << ", mean " << row[1] << ", log_sigma " << row[2]);
    const GaussianTerm<double> exact = gaussian_term(row[0], row[1], row[2]);
    CHECK(exact.log_prob == Approx(row[3]).epsilon(1e-13));
    CHECK(exact.d_mean == Approx(row[4]).epsilon(1e-13));
    CHECK(exact.d_log_sigma == Approx(row[5]).epsilon(1e-13));
    const GaussianTerm<float> term = gaussian_term(float(row[0]), float(row[1]), float(row[2]));
    CHECK(term.log_prob == Approx(row[3]).epsilon(1e-6));
    CHECK(term.d_mean == Approx(row[4]).epsilon(1e-6));
    CHECK(term.d_log_sigma == Approx(row[5]).epsilon(1e-6));
  }
}

TEST_CASE("gaussian: NaN stays NaN") {
  const float nan_value = std::numeric_limits<float>::quiet_NaN();
  CHECK(std::isnan(gaussian_term(nan_value, 0.0f, 0.0f).log_prob));
  CHECK(std::isnan(gaussian_term(0.0f, nan_value, 0.0f).log_prob));
  CHECK(std::isnan(gaussian_term(0.0f, 0.0f, nan_value).log_prob));
}
