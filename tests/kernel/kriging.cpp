#include <latentcell/kernel/kriging.hpp>

#include <numeric>

#include "support/catch.hpp"

using namespace latentcell;
using kernel::kriging_weights;
using kernel::Variogram;

namespace {

// Expected squared error of a weighted mean of neighbours, under a variogram.
double expected_error(const Matrix<double>& between, const std::vector<double>& to, const Variogram& v,
                      const std::vector<double>& w) {
  double out = 1;
  for (std::size_t i = 0; i < w.size(); ++i) {
    out -= 2 * w[i] * (1 - v.nugget) * std::exp(-to[i] / v.range);
    for (std::size_t j = 0; j < w.size(); ++j) {
      const double same = i == j ? v.nugget : 0.0;
      out += w[i] * w[j] * ((1 - v.nugget) * std::exp(-between(Index(i), Index(j)) / v.range) + same);
    }
  }
  return out;
}

Matrix<double> distances(const std::vector<double>& x) {
  Matrix<double> out(Index(x.size()), Index(x.size()));
  for (Index i = 0; i < out.rows(); ++i) {
    for (Index j = 0; j < out.cols(); ++j) out(i, j) = std::abs(x[to_size(i)] - x[to_size(j)]);
  }
  return out;
}

}  // namespace

TEST_CASE("kriging_weights: sum to 1 and no other weights that do have a smaller expected error") {
  const std::vector<double> x{-1, 0.5, 2, 7};
  const Matrix<double> between = distances(x);
  std::vector<double> to;
  for (const double v : x) to.push_back(std::abs(v));
  for (const Variogram v : {Variogram{2, 0.3}, Variogram{10, 0.05}, Variogram{0.5, 0.8}}) {
    const std::vector<double> w = kriging_weights(between, to, v);
    CHECK(std::accumulate(w.begin(), w.end(), 0.0) == Approx(1));
    const double least = expected_error(between, to, v, w);
    for (std::size_t i = 0; i < w.size(); ++i) {
      for (std::size_t j = 0; j < w.size(); ++j) {
        if (i == j) continue;
        std::vector<double> other = w;
        other[i] += 0.01;
        other[j] -= 0.01;
        CHECK(expected_error(between, to, v, other) > least);
      }
    }
  }
}

TEST_CASE("kriging_weights: a neighbour at the location takes all without nugget; far away all weigh alike") {
  const Matrix<double> between = distances({0, 3, 4});
  const std::vector<double> here{0, 3, 4}, far{1000, 1003, 1004};
  CHECK(kriging_weights(between, here, {2, 1e-9})[0] == Approx(1).epsilon(1e-6));
  const std::vector<double> w = kriging_weights(distances({0, 3}), std::vector<double>{1000, 1003}, {2, 0.3});
  CHECK(w[0] == Approx(0.5));
  CHECK(kriging_weights(between, far, {2, 0.3})[0] > 1.0 / 3);  // 3 and 4 repeat each other
  CHECK_THROWS_WITH(kriging_weights(between, std::vector<double>{1, 2}, {}), ContainsText("among 2 neighbours"));
}
