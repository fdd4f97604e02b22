#include <latentcell/kernel/pairwise.hpp>

#include <vector>

#include <latentcell/core/rng.hpp>

#include "support/catch.hpp"

using namespace latentcell;

namespace {

Matrix<float> cloud(Index rows, Index cols, std::uint64_t seed) {
  Rng rng(seed);
  Matrix<float> out(rows, cols);
  for (Index k = 0; k < out.size(); ++k) out.data()[k] = float(rng.normal());
  return out;
}

}  // namespace

TEST_CASE("squared_distances: equal the sums of squared differences") {
  const Matrix<float> x = cloud(37, 5, 1), y = cloud(131, 5, 2);
  const Matrix<float> d2 = kernel::squared_distances(view(x), view(y));
  for (Index i = 0; i < x.rows(); ++i) {
    for (Index j = 0; j < y.rows(); ++j) {
      double sum = 0;
      for (Index c = 0; c < 5; ++c) sum += (double(x(i, c)) - double(y(j, c))) * (double(x(i, c)) - double(y(j, c)));
      CHECK(double(d2(i, j)) == Approx(sum).epsilon(1e-7));
    }
  }
}

TEST_CASE("each_distance: with a start every pair of one set is seen, runs before it are not") {
  const Matrix<float> x = cloud(150, 2, 3);
  std::vector<Index> seen(150, 0);
  kernel::each_distance(
      view(x), view(x), [](Index i) { return i + 1; },
      [&](Index i, Index first, Index count, const double*) {
        CHECK(first + count > i + 1);
        for (Index j = first; j < first + count; ++j) seen[to_size(i)] += j > i;
      });
  for (Index i = 0; i < 150; ++i) CHECK(seen[to_size(i)] == 149 - i);
}

TEST_CASE("each_distance: empty sets give no calls") {
  const Matrix<float> none(0, 4), some = cloud(3, 4, 4);
  int calls = 0;
  const auto count = [&](Index, Index, Index, const double*) { ++calls; };
  kernel::each_distance(view(none), view(some), count);
  kernel::each_distance(view(some), view(none), count);
  CHECK(calls == 0);
}
