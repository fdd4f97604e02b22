#include <latentcell/metric/neighborhood_mixing.hpp>

#include <latentcell/core/rng.hpp>

#include "support/catch.hpp"

using namespace latentcell;

namespace {

// Points of two labels, the second moved along the first axis.
Matrix<float> clouds(Index n, float apart, std::vector<int>& label) {
  Rng rng(4);
  Matrix<float> x(n, 3);
  label.clear();
  for (Index i = 0; i < n; ++i) {
    label.push_back(i % 4 == 0 ? 1 : 0);
    for (Index j = 0; j < 3; ++j) x(i, j) = float(rng.normal()) + (j == 0 && label.back() == 1 ? apart : 0.0f);
  }
  return x;
}

metric::NeighborhoodMixing mixing(const Matrix<float>& x, const std::vector<int>& label, Index k = 10) {
  return metric::neighborhood_mixing(ConstView<float>(x.data(), x.rows(), x.cols()), label, k);
}

}  // namespace

TEST_CASE("neighborhood_mixing: one where labels are dealt at random, zero where they lie apart") {
  std::vector<int> label;
  const Matrix<float> together = clouds(800, 0, label);
  const metric::NeighborhoodMixing a = mixing(together, label);
  CHECK(a.mixing > 0.93);
  CHECK(a.purity == Approx(0.75 * 0.75 + 0.25 * 0.25).margin(0.03));
  const Matrix<float> apart = clouds(800, 50, label);
  const metric::NeighborhoodMixing b = mixing(apart, label);
  CHECK(b.mixing == Approx(0).margin(1e-9));
  CHECK(b.purity == Approx(1));
  // Halfway is between, and cells without a label do not count.
  const double half = mixing(clouds(800, 2, label), label).mixing;
  CHECK(half > 0.1);
  CHECK(half < 0.9);
  std::vector<int> some = label;
  for (std::size_t i = 0; i < 400; ++i) some[i] = -1;
  const Matrix<float> rest = apart.bottomRows(400);
  CHECK(mixing(apart, some).purity == mixing(rest, {label.begin() + 400, label.end()}).purity);
}

TEST_CASE("neighborhood_mixing: one label alone, or lengths that differ, are refused") {
  std::vector<int> label;
  const Matrix<float> x = clouds(40, 0, label);
  CHECK_THROWS_WITH(mixing(x, std::vector<int>(40, 2)), ContainsText("two labels"));
  CHECK_THROWS_WITH(mixing(x, std::vector<int>(39, 2)), ContainsText("39 labels for 40"));
}
