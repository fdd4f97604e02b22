#include <cmath>
#include <numbers>

#include <latentcell/op/log_normal.hpp>
#include <latentcell/op/log_normalized.hpp>

#include "support/catch.hpp"
#include "support/made_matrix.hpp"

using namespace latentcell;
using support::made_matrix;
using support::window;

TEST_CASE("log_normal, log_normal_mixture: the density as it is written in a book") {
  const Matrix<double> z = made_matrix(3, 2, 1), mean = made_matrix(3, 2, 2), lv = made_matrix(3, 2, 3),
                       logit = made_matrix(1, 3, 4);
  const auto density = [&](Index row, Index k) {
    double p = 1;
    for (Index j = 0; j < 2; ++j) {
      const double s = std::exp(lv(k, j) / 2), u = (z(row, j) - mean(k, j)) / s;
      p *= std::exp(-u * u / 2) / (s * std::sqrt(2 * std::numbers::pi));
    }
    return p;
  };
  Tape<double> tape(Mode::no_gradient);
  const auto at = [&](const Matrix<double>& m) { return tape.constant(window(m)); };
  const Var<double> one = log_normal(at(z), at(mean), at(lv)),
                    mixed = log_normal_mixture(at(z), at(mean), at(lv), at(logit));
  const double total = logit.array().exp().sum();
  for (Index b = 0; b < 3; ++b) {
    CHECK(one.value()(b, 0) == Approx(std::log(density(b, b))));
    double p = 0;
    for (Index k = 0; k < 3; ++k) p += std::exp(logit(0, k)) / total * density(b, k);
    CHECK(mixed.value()(b, 0) == Approx(std::log(p)));
  }
  REQUIRE_THROWS_WITH(log_normal(at(z), at(logit), at(lv)), ContainsText("differ"));
  REQUIRE_THROWS_WITH(log_normal_mixture(at(z), at(mean), at(lv), at(z)), ContainsText("do not fit"));
}

TEST_CASE("log_normalized: log1p of the means of either link") {
  const Matrix<double> eta = made_matrix(2, 5, 6);
  Tape<double> tape(Mode::no_gradient);
  const Var<double> soft = log_normalized(LibraryLink::softmax, tape.constant(window(eta)), 30.0),
                    plain = log_normalized(LibraryLink::exp, tape.constant(window(eta)), 30.0);
  for (Index b = 0; b < 2; ++b) {
    const double total = eta.row(b).array().exp().sum();
    for (Index g = 0; g < 5; ++g) {
      CHECK(soft.value()(b, g) == Approx(std::log1p(30 * std::exp(eta(b, g)) / total)));
      CHECK(plain.value()(b, g) == Approx(std::log1p(30 * std::exp(eta(b, g)))));
    }
  }
}
