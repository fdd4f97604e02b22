#include <latentcell/kernel/pca.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

#include <latentcell/core/random_draw.hpp>
#include <latentcell/core/threads.hpp>
#include <latentcell/kernel/log_normalize.hpp>

#include "support/catch.hpp"
#include "support/reference.hpp"

using namespace latentcell;
using kernel::fit_pca;
using kernel::Pca;
using kernel::PcaOptions;

namespace {

Counts random_counts(Index rows, Index cols, std::uint64_t seed) {
  Rng rng(seed);
  Counts out(cols);
  std::vector<double> rate(to_size(cols));
  for (double& r : rate) r = 0.3 * draw_gamma(0.5, rng);
  for (Index r = 0; r < rows; ++r) {
    const double size = std::exp(0.3 * rng.normal());
    for (Index c = 0; c < cols; ++c) {
      const double x = draw_poisson(rate[to_size(c)] * size * (1 + double(r % 3 == c % 3)), rng);
      if (x > 0) out.push(std::int32_t(c), float(x));
    }
    out.end_row();
  }
  return out;
}

Matrix<float> dense(const CountsView& x) {
  Matrix<float> out = Matrix<float>::Zero(x.rows, x.cols);
  for (Index r = 0; r < x.rows; ++r) {
    for (std::size_t k = 0; k < x.row_columns(r).size(); ++k) out(r, x.row_columns(r)[k]) = x.row_values(r)[k];
  }
  return out;
}

template <class A, class B>
void check_equal(const A& a, const B& b, double tolerance) {
  REQUIRE(a.size() == b.size());
  for (Index k = 0; k < Index(a.size()); ++k) {
    CHECK(double(a.data()[k]) == Approx(double(b.data()[k])).margin(tolerance));
  }
}

}  // namespace

TEST_CASE("pca: equals the singular value decomposition of numpy") {
  const Reference reference("metric");
  const Counts x = kernel::log_normalize(reference.counts("pca_counts"));
  Rng rng(1);
  const Pca<float> pca = fit_pca(x, {.components = 6}, rng);
  check_equal(pca.mean, reference.matrix("pca_mean"), 2e-6);
  check_equal(pca.components, reference.matrix("pca_components"), 1e-6);
  check_equal(pca.variance, reference.vector("pca_variance"), 1e-5);
  check_equal(kernel::project(pca, x.view()), reference.matrix("pca_scores"), 2e-5);
}

TEST_CASE("pca: equals Jacobi on the covariance where several rounds are needed") {
  // 400 genes and no gap in the spectrum after the first directions: the hard case for random starts.
  const Counts x = kernel::log_normalize(random_counts(150, 400, 2));
  const Matrix<float> full = dense(x);
  const Matrix<double> centred = full.cast<double>().rowwise() - full.cast<double>().colwise().mean();
  Matrix<double> gram(150, 150);
  for (Index i = 0; i < 150; ++i) {
    for (Index j = 0; j < 150; ++j) gram(i, j) = centred.row(i).dot(centred.row(j)) / 149;
  }
  const auto exact = kernel::jacobi_eigen(gram);
  Rng rng(3);
  const Pca<float> pca = fit_pca(x, {.components = 20, .oversampling = 4}, rng);
  for (std::size_t c = 0; c < 20; ++c) CHECK(pca.variance[c] == Approx(exact.values[c]).epsilon(1e-6));
  // The scores along a component are the exact left vector times its length.
  const Matrix<float> scores = kernel::project(pca, x.view());
  for (Index c = 0; c < 20; ++c) {
    double cosine = 0;
    for (Index i = 0; i < 150; ++i) cosine += double(scores(i, c)) * exact.vectors(c, i);
    CHECK(std::abs(cosine) / std::sqrt(149 * exact.values[to_size(c)]) == Approx(1.0).margin(1e-6));
  }
}

TEST_CASE("pca: components are orthonormal and their largest entry is positive") {
  const Counts x = kernel::log_normalize(random_counts(80, 200, 4));
  Rng rng(5);
  const Pca<float> pca = fit_pca(x, {.components = 12}, rng);
  for (Index a = 0; a < 12; ++a) {
    for (Index b = 0; b <= a; ++b) {
      CHECK(double(pca.components.row(a).dot(pca.components.row(b))) == Approx(a == b ? 1.0 : 0.0).margin(1e-5));
    }
    Index top = 0;
    pca.components.row(a).cwiseAbs().maxCoeff(&top);
    CHECK(pca.components(a, top) > 0.0f);
  }
}

TEST_CASE("pca: scores have zero mean and the stated variance") {
  const Counts x = kernel::log_normalize(random_counts(90, 150, 6));
  Rng rng(7);
  const Pca<float> pca = fit_pca(x, {.components = 5}, rng);
  const Matrix<float> scores = kernel::project(pca, x.view());
  for (Index c = 0; c < 5; ++c) {
    double mean = 0, square = 0;
    for (Index i = 0; i < scores.rows(); ++i) mean += double(scores(i, c)) / 90;
    for (Index i = 0; i < scores.rows(); ++i) square += std::pow(double(scores(i, c)) - mean, 2) / 89;
    CHECK(mean == Approx(0.0).margin(1e-5));
    CHECK(square == Approx(pca.variance[to_size(c)]).epsilon(1e-4));
  }
}

TEST_CASE("pca: dense and sparse rows give the same, and so do two seeds") {
  const Counts x = kernel::log_normalize(random_counts(70, 120, 8));
  const Matrix<float> full = dense(x);
  Rng a(9), b(9), c(1234);
  const PcaOptions options{.components = 8, .tolerance = 1e-8};
  const Pca<float> sparse = fit_pca(x, options, a), other = fit_pca(view(full), options, b);
  check_equal(other.components, sparse.components, 1e-6);
  check_equal(kernel::project(other, view(full)), kernel::project(sparse, x.view()), 1e-5);
  check_equal(fit_pca(x, options, c).components, sparse.components, 1e-6);
}

TEST_CASE("pca: 1 and 3 threads give the same bits") {
  const Counts x = kernel::log_normalize(random_counts(200, 2600, 10));
  const int before = threads();
  set_threads(1);
  Rng a(11), b(11);
  const Pca<float> one = fit_pca(x, {.components = 10, .tolerance = 1e-2}, a);
  const Matrix<float> one_scores = kernel::project(one, x.view());
  set_threads(3);
  const Pca<float> three = fit_pca(x, {.components = 10, .tolerance = 1e-2}, b);
  const Matrix<float> three_scores = kernel::project(three, x.view());
  set_threads(before);
  CHECK(one.components == three.components);
  CHECK(one.variance == three.variance);
  CHECK(one_scores == three_scores);
}

TEST_CASE("pca: rank below the number of components leaves variances of zero") {
  Matrix<float> x(12, 40);
  Rng rng(12);
  for (Index i = 0; i < 12; ++i) {
    const double s = rng.normal(), t = rng.normal();
    for (Index j = 0; j < 40; ++j) x(i, j) = float(s * double(j % 5) + t * double(j % 3) + 7);
  }
  const Pca<float> pca = fit_pca(view(x), {.components = 6}, rng);
  CHECK(pca.variance[1] > 1e-3);
  for (std::size_t c = 2; c < 6; ++c) CHECK(pca.variance[c] == Approx(0.0).margin(1e-8));
  for (Index k = 0; k < pca.components.size(); ++k) CHECK(std::isfinite(pca.components.data()[k]));
  const Matrix<float> same = Matrix<float>::Constant(5, 4, 2.5f);
  CHECK(fit_pca(view(same), {.components = 3}, rng).variance[0] == Approx(0.0).margin(1e-12));
}

TEST_CASE("pca: all components of few genes give the points back") {
  const Counts x = kernel::log_normalize(random_counts(30, 7, 13));
  Rng rng(14);
  const Pca<float> pca = fit_pca(x, {.components = 7}, rng);
  const Matrix<float> scores = kernel::project(pca, x.view()), full = dense(x);
  for (Index i = 0; i < 30; ++i) {
    for (Index g = 0; g < 7; ++g) {
      double sum = double(pca.mean[g]);
      for (Index c = 0; c < 7; ++c) sum += double(scores(i, c)) * double(pca.components(c, g));
      CHECK(sum == Approx(double(full(i, g))).margin(1e-5));
    }
  }
}

TEST_CASE("pca: refuses what it cannot do") {
  Rng rng(15);
  const Matrix<float> x = Matrix<float>::Random(4, 6);
  CHECK_THROWS_WITH(fit_pca(view(x), {.components = 5}, rng),
                    ContainsText("5 components of a matrix with 4 rows and 6 columns"));
  CHECK_THROWS_WITH(fit_pca(view(x), {.components = 0}, rng), ContainsText("0 components"));
  CHECK_THROWS_WITH(fit_pca(ConstView<float>(x.data(), 1, 6), {.components = 1}, rng),
                    ContainsText("at least two rows, got 1"));
  Matrix<float> bad = x;
  bad(1, 2) = std::numeric_limits<float>::infinity();
  CHECK_THROWS_WITH(fit_pca(view(bad), {.components = 2}, rng),
                    ContainsText("column 2 has values that are not finite"));
  const Pca<float> pca = fit_pca(view(x), {.components = 2}, rng);
  CHECK_THROWS_WITH(kernel::project(pca, ConstView<float>(x.data(), 6, 4)),
                    ContainsText("has 4 columns but the components have 6"));
}
