#include <latentcell/metric/component_counts.hpp>

#include <latentcell/core/threads.hpp>
#include <latentcell/kernel/log_normalize.hpp>
#include <latentcell/metric/moments.hpp>

#include "support/catch.hpp"
#include "support/reference.hpp"

using namespace latentcell;

TEST_CASE("component_counts: all components give back the rates the points stand for") {
  const Counts counts = Reference("metric").counts("pca_counts");
  const Counts x = kernel::log_normalize(counts);
  Rng rng(1);
  const kernel::Pca<float> pca = kernel::fit_pca(x, {.components = 30}, rng);
  const Matrix<float> scores = kernel::project(pca, x.view());
  const std::vector<double> library(60, 1e6);
  const Counts drawn = metric::component_counts(pca, view(scores), library, rng);
  for (Index r = 0; r < 60; ++r) {
    const double total = counts.view().row_sum(r);
    if (total == 0) continue;
    CHECK(drawn.view().row_sum(r) == Approx(1e6).epsilon(0.005));
    const auto columns = counts.view().row_columns(r);
    const auto values = counts.view().row_values(r);
    for (std::size_t k = 0; k < columns.size(); ++k) {
      double found = 0;
      for (std::size_t j = 0; j < drawn.view().row_columns(r).size(); ++j) {
        if (drawn.view().row_columns(r)[j] == columns[k]) found = double(drawn.view().row_values(r)[j]);
      }
      CHECK(found / 1e6 == Approx(double(values[k]) / total).epsilon(0.06));
    }
  }
}

TEST_CASE("component_counts: the same seed gives the same with 1 and 3 threads") {
  const Counts x = kernel::log_normalize(Reference("metric").counts("pca_counts"));
  Rng rng(2), a(3), b(3);
  const kernel::Pca<float> pca = kernel::fit_pca(x, {.components = 4}, rng);
  const Matrix<float> scores = kernel::project(pca, x.view());
  const std::vector<double> library(60, 100);
  const int before = threads();
  set_threads(1);
  const Counts one = metric::component_counts(pca, view(scores), library, a);
  set_threads(3);
  const Counts three = metric::component_counts(pca, view(scores), library, b);
  set_threads(before);
  CHECK(std::equal(one.values().begin(), one.values().end(), three.values().begin(), three.values().end()));
  CHECK_THROWS_WITH(metric::component_counts(pca, view(scores), std::vector<double>(3), rng),
                    ContainsText("3 library sizes for 60 points"));
}

TEST_CASE("draw_library_sizes: come from cells of the same label") {
  Counts counts(1);
  for (float v : {1.0f, 2.0f, 10.0f, 20.0f}) {
    counts.push(0, v);
    counts.end_row();
  }
  Rng rng(4);
  const std::vector<int> labels{0, 0, 2, 2}, wanted{0, 0, 0, 2, 2, 2};
  const std::vector<double> sizes = metric::draw_library_sizes(counts, labels, wanted, rng);
  for (std::size_t i = 0; i < 6; ++i) CHECK((i < 3 ? sizes[i] <= 2 : sizes[i] >= 10));
  CHECK_THROWS_WITH(metric::draw_library_sizes(counts, labels, std::vector<int>{1}, rng),
                    ContainsText("no cells of class 1"));
}
