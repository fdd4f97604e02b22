#include <latentcell/mapping/move_to_query.hpp>

#include <latentcell/core/rng.hpp>

#include "support/catch.hpp"

using namespace latentcell;
using mapping::move_to_query;

namespace {

struct Planted {
  Matrix<float> cells, query;
  std::vector<int> codes;
  Matrix<double> probabilities;
};

// Two labels; in the query the second lies elsewhere, and everything is `wide` times as wide.
Planted planted(Index of_second, double wide) {
  Rng rng(1);
  Planted out{Matrix<float>(400, 2), Matrix<float>(400, 2), {}, Matrix<double>::Zero(400, 2)};
  for (Index i = 0; i < 400; ++i) {
    out.codes.push_back(int(i % 2));
    const Index l = i < 400 - of_second ? 0 : 1;
    out.probabilities(i, l) = 1;
    for (Index k = 0; k < 2; ++k) {
      out.cells(i, k) = float(rng.normal() + 10 * double(i % 2));
      out.query(i, k) = float(wide * rng.normal() + (l == 0 ? 3.0 : 20.0));
    }
  }
  return out;
}

double mean_of(const Matrix<float>& x, const std::vector<int>& codes, int code, Index column) {
  double sum = 0, n = 0;
  for (std::size_t i = 0; i < codes.size(); ++i) {
    if (codes[i] == code) sum += double(x(Index(i), column)), n += 1;
  }
  return sum / n;
}

}  // namespace

TEST_CASE("move_to_query: each label comes to the query cells that are thought to have it, as wide as they are") {
  const Planted p = planted(200, 1.5);
  const Matrix<float> moved = move_to_query({p.cells, p.codes, p.query, p.probabilities});
  CHECK(mean_of(moved, p.codes, 0, 0) == Approx(3).margin(0.8));
  CHECK(mean_of(moved, p.codes, 1, 1) == Approx(20).margin(0.8));
  double square = 0;
  for (Index i = 0; i < 400; ++i) square += std::pow(double(moved(i, 0)) - mean_of(moved, p.codes, int(i % 2), 0), 2);
  CHECK(std::sqrt(square / 400) == Approx(1.5).margin(0.15));
}

TEST_CASE("move_to_query: a label that no query cell has moves as all cells do; deviations at most double") {
  const Planted p = planted(0, 50);
  const Matrix<float> moved = move_to_query({p.cells, p.codes, p.query, p.probabilities});
  const double common = double(p.query.col(0).mean()) - double(p.cells.col(0).mean());
  CHECK(mean_of(moved, p.codes, 1, 0) - mean_of(p.cells, p.codes, 1, 0) == Approx(common).margin(1e-3));
  CHECK(double(moved(0, 0)) - mean_of(moved, p.codes, 0, 0) ==
        Approx(2 * (double(p.cells(0, 0)) - mean_of(p.cells, p.codes, 0, 0))).margin(1e-3));
}

TEST_CASE("move_to_query: cells that lie where the query does stay; what does not fit is refused") {
  Planted p = planted(200, 1);
  p.query = p.cells;
  for (Index i = 0; i < 400; ++i) p.probabilities.row(i) << (i % 2 == 0 ? 1.0 : 0.0), (i % 2 == 0 ? 0.0 : 1.0);
  CHECK(move_to_query({p.cells, p.codes, p.query, p.probabilities}).isApprox(p.cells, 1e-4f));
  const Matrix<float> one = p.query.leftCols(1);
  CHECK_THROWS_WITH(move_to_query({p.cells, p.codes, one, p.probabilities}), ContainsText("query (400, 1)"));
}
