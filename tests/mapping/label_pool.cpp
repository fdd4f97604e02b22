#include <latentcell/mapping/label_pool.hpp>

#include <algorithm>
#include <cmath>

#include <latentcell/core/rng.hpp>

#include "support/catch.hpp"

using namespace latentcell;
using mapping::fit_pool_weights;
using mapping::pool_labels;

namespace {

// Probabilities that favour the true label: `sure` of it, the rest shared; one cell in `wrong` favours the next label.
Matrix<double> part(const std::vector<int>& codes, double sure, double wrong, Rng& rng) {
  Matrix<double> out = Matrix<double>::Constant(Index(codes.size()), 3, (1 - sure) / 2);
  for (std::size_t i = 0; i < codes.size(); ++i)
    out(Index(i), rng.uniform() < wrong ? (codes[i] + 1) % 3 : codes[i]) = sure;
  return out;
}

std::vector<int> some_codes(Index n, Rng& rng) {
  std::vector<int> out;
  for (Index i = 0; i < n; ++i) out.push_back(int(rng.below(3)));
  return out;
}

std::vector<double> shares(std::vector<double> weight) {
  double sum = 0;
  for (const double w : weight) sum += w;
  for (double& w : weight) w /= sum;
  return weight;
}

}  // namespace

TEST_CASE("pool_labels: the product of the parts to the power of their weights; a part of weight 0 has no say") {
  Matrix<double> a(1, 2), b(1, 2);
  a << 0.8, 0.2;
  b << 0.4, 0.6;
  const mapping::LabelPoolOptions exact{.smoothing = 1e-12};
  const Matrix<double> both = pool_labels({a, b}, std::vector<double>{1, 1}, exact);
  CHECK(both(0, 0) == Approx(0.32 / (0.32 + 0.12)));
  CHECK(both.row(0).sum() == Approx(1));
  CHECK(pool_labels({a, b}, std::vector<double>{1, 0}, exact)(0, 0) == Approx(0.8));
  CHECK(pool_labels({a, b}, std::vector<double>{2, 0}, exact)(0, 0) == Approx(0.64 / 0.68));
  a << 1, 0;
  CHECK(pool_labels({a, b}, std::vector<double>{1, 0})(0, 1) == Approx((1.0 / 60) / (1 + 1.0 / 30)));
}

TEST_CASE("fit_pool_weights: the choice goes to the part that is right, whichever it is") {
  Rng rng(1);
  const std::vector<int> codes = some_codes(600, rng);
  for (std::size_t good = 0; good < 3; ++good) {
    std::vector<Matrix<double>> parts;
    for (std::size_t p = 0; p < 3; ++p) parts.push_back(part(codes, 0.9, p == good ? 0.02 : 0.67, rng));
    const std::vector<double> w = shares(fit_pool_weights({parts, codes, {0, 0, 0}}));
    CHECK(w[good] > 0.9);
    const std::vector<double> capped = shares(fit_pool_weights({parts, codes, {1, 0, 0}}));
    CHECK(capped[0] <= 0.5 + 1e-12);
    if (good == 0) CHECK(capped[0] == Approx(0.5));
  }
}

TEST_CASE("fit_pool_weights: parts that are equally good weigh the same; so they do without cells") {
  Rng rng(2);
  const std::vector<int> codes = some_codes(400, rng);
  std::vector<Matrix<double>> parts;
  for (int p = 0; p < 3; ++p) parts.push_back(part(codes, 0.8, 0.2, rng));
  for (const double w : shares(fit_pool_weights({parts, codes, {0, 0, 0}}))) CHECK(w == Approx(1.0 / 3).margin(0.09));
  const std::vector<Matrix<double>> none(3, Matrix<double>(0, 3));
  CHECK(fit_pool_weights({none, {}, {0, 0, 0}}) == std::vector<double>(3, 1.0 / 3));
}

TEST_CASE("fit_pool_weights: a gain within a standard error leaves the parts equal") {
  Rng rng(3);
  const std::vector<int> codes = some_codes(40, rng);
  const std::vector<Matrix<double>> parts = {part(codes, 0.7, 0.3, rng), part(codes, 0.7, 0.35, rng)};
  const auto gap = [&](double errors) {
    const std::vector<double> w = shares(fit_pool_weights({parts, codes, {0, 0}}, {.standard_errors = errors}));
    return std::abs(w[0] - w[1]);
  };
  CHECK(gap(20) == Approx(0).margin(1e-12));
  CHECK(gap(0) > 0);
}

TEST_CASE("fit_pool_weights: a pool that is too sure is made as sure as it is right") {
  Rng rng(4);
  const std::vector<int> codes = some_codes(2000, rng);
  const std::vector<Matrix<double>> parts(2, part(codes, 0.98, 0.3, rng));
  const std::vector<double> w = fit_pool_weights({parts, codes, {0, 0}});
  const Matrix<double> pooled = pool_labels(parts, w);
  double sure = 0, right = 0;
  for (Index i = 0; i < pooled.rows(); ++i) {
    Index label = 0;
    sure += pooled.row(i).maxCoeff(&label) / double(pooled.rows());
    right += double(int(label) == codes[to_size(i)]) / double(pooled.rows());
  }
  CHECK(sure == Approx(right).margin(0.08));
}

TEST_CASE("fit_pool_weights: a rare label counts as much as a common one in half of the loss") {
  std::vector<int> codes(200, 0);
  for (std::size_t i = 0; i < 10; ++i) codes[i] = 1;
  Matrix<double> common(200, 2), rare(200, 2);
  for (Index i = 0; i < 200; ++i) {
    common.row(i) << 0.95, 0.05;
    if (i < 10) {
      rare.row(i) << 0.05, 0.95;
    } else {
      rare.row(i) << 0.6, 0.4;
    }
  }
  const std::vector<double> w = shares(fit_pool_weights({{common, rare}, codes, {0, 0}}, {.standard_errors = 0}));
  CHECK(w[1] > w[0]);
  const auto in_query = [&](double of_rare) {
    return shares(fit_pool_weights({{common, rare}, codes, {0, 0}, {1 - of_rare, of_rare}}, {.standard_errors = 0}))[1];
  };
  CHECK(in_query(0.5) > in_query(0));
}

TEST_CASE("pool_labels, fit_pool_weights: parts of other shapes are refused") {
  const Matrix<double> a = Matrix<double>::Constant(2, 2, 0.5), b = Matrix<double>::Constant(3, 2, 0.5);
  CHECK_THROWS_WITH(pool_labels({a, b}, std::vector<double>{1, 1}), ContainsText("part 1 is (3, 2)"));
  CHECK_THROWS_WITH(pool_labels({a}, std::vector<double>{1, 1}), ContainsText("1 parts and 2 weights"));
  CHECK_THROWS_WITH(fit_pool_weights({{a, b}, {0, 1}, {0, 0}}), ContainsText("3 rows of probabilities for 2 labels"));
  CHECK_THROWS_WITH(fit_pool_weights({{a}, {0, 1}, {0}}, {.smoothing = 0}), ContainsText("smoothing"));
}

TEST_CASE("fit_pool_weights: a mark of optimism for each part") {
  Rng rng(3);
  const std::vector<int> codes = some_codes(20, rng);
  const std::vector<Matrix<double>> parts{part(codes, 0.9, 0.1, rng), part(codes, 0.8, 0.1, rng)};
  CHECK_THROWS_WITH(fit_pool_weights({parts, codes, {0}}), "fit_pool_weights: 2 parts and 1 marks of optimism");
}
